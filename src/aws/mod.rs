//! What projects mean in AWS: access keys, users, organizations, service control policies, rotation. Speaks AWS,
//! not Terraform: both front ends feed it through [`crate::resource`].

use std::sync::{Arc, OnceLock};

use crate::finding::Findings;
use crate::resource::{Language, ModuleCall, Project, Provider, Resource, Texts};
use crate::source::Span;
use crate::value::Value;

pub mod access_key;
pub mod cloudtrail;
pub mod credential_report;
pub mod credentials;
pub mod exposure;
#[cfg(test)]
pub(crate) mod fake;
pub mod iam;
pub mod identity;
mod index;
mod join;
mod known_modules;
mod leaves;
pub mod monitoring;
pub mod organization;
pub mod programs;
pub mod rotation;

/// What the user says about the world outside the scan (`rootlint.toml`).
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `[organization]`
    pub organization: OrganizationSettings,
    /// `[rotation]`
    pub rotation: RotationSettings,
    /// `[monitoring] elsewhere = "reason"`.
    pub monitoring: Option<Elsewhere>,
    /// `[accounts]`: in which account a project is deployed.
    pub accounts: Vec<(Arc<str>, Arc<str>)>,
    /// The clock's earliest time, in seconds since 1970 [default: the system's].
    pub now: Option<i64>,
}

/// `[organization]`
#[derive(Clone, Debug, Default)]
pub struct OrganizationSettings {
    /// `required = true`: an organization is expected to be managed in this repository; where the key stands.
    pub required: Option<Span>,
    /// Projects (paths) that are one organization.
    pub projects: Vec<Arc<str>>,
    /// `accounts`: ids of accounts that belong to it.
    pub accounts: Vec<String>,
    /// Targets (ids) that need not be covered, each with a reason.
    pub exempt: Vec<(String, String)>,
    /// `full-aws-access = "detached"`.
    pub full_aws_access_detached: bool,
    /// `elsewhere = "reason"`.
    pub elsewhere: Option<Elsewhere>,
}

/// `[rotation]`
#[derive(Clone, Debug)]
pub struct RotationSettings {
    /// `max-age-days`: keys must be replaced at least that often.
    pub max_age_days: u32,
    /// `accept`: what is enough.
    pub accept: Accept,
    /// `elsewhere = "reason"`.
    pub elsewhere: Option<Elsewhere>,
}

impl Default for RotationSettings {
    fn default() -> Self {
        Self { max_age_days: 90, accept: Accept::default(), elsewhere: None }
    }
}

/// `[rotation] accept`: what has to happen to an old key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accept {
    /// `"rotates"`: it is replaced by a new one.
    pub rotates: bool,
    /// `"revokes"`: it is switched off or deleted.
    pub revokes: bool,
}

impl Default for Accept {
    fn default() -> Self {
        Self { rotates: true, revokes: true }
    }
}

/// What a check looks for is in another repository, the user says.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The reason, in the user's words.
    pub reason: String,
    /// Where it is written.
    pub span: Span,
}

/// What one project declares. Outlives the project.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The project's path.
    pub project: Arc<str>,
    /// Whether it is a project of another repository, known by its facts.
    pub abroad: bool,
    /// The project's language.
    pub language: Language,
    /// Access keys of IAM users (and of root, as some intend).
    pub keys: Vec<access_key::AccessKey>,
    /// IAM users.
    pub users: access_key::Users,
    /// Organization, units, accounts, policies, attachments.
    pub organization: organization::Declared,
    /// What rotates, revokes or detects old keys.
    pub rotation: Vec<rotation::Mechanism>,
    /// With which credentials the project is deployed, or programs that it deploys run.
    pub credentials: Vec<credentials::Use>,
    /// Where the secrets of keys can be read.
    pub exposures: Vec<exposure::Exposure>,
    /// What records events, and who is told of them.
    pub monitoring: monitoring::Declared,
    /// Programs that have to do with access keys.
    pub programs: Vec<programs::Program>,
}

/// Everything the checks look at.
#[derive(Debug)]
pub struct Model<'a> {
    /// What the user says.
    pub settings: &'a Settings,
    /// What each project declares, in order of their paths.
    pub facts: &'a [Facts],
    /// Whether what other repositories declare is judged, too, and not only taken into account.
    pub everywhere: bool,
    organizations: OnceLock<Vec<organization::Resolved>>,
    made: OnceLock<access_key::Made>,
}

impl<'a> Model<'a> {
    /// A model of these facts, which are in order of their projects' paths.
    pub fn new(settings: &'a Settings, facts: &'a [Facts]) -> Self {
        Self { settings, facts, everywhere: false, organizations: OnceLock::new(), made: OnceLock::new() }
    }

    /// Whether what a project declares is judged.
    pub fn is_judged(&self, facts: &Facts) -> bool {
        self.everywhere || !facts.abroad
    }

    /// Whether a project is one of another repository, known by its facts.
    pub fn is_abroad(&self, project: &str) -> bool {
        self.facts_of(project).is_some_and(|facts| facts.abroad)
    }

    /// The organizations that are asked about, decided once for all checks. Checks run side by side, and all but the
    /// first wait here: deciding must not hand work to their threads.
    pub fn organizations(&self) -> &[organization::Resolved] {
        self.organizations.get_or_init(|| organization::organizations(self))
    }

    /// The users that are made, by their names.
    pub(in crate::aws) fn users_made(&self) -> &access_key::Made {
        self.made.get_or_init(|| access_key::Made::of(self.facts))
    }

    /// What the project at `path` declares.
    pub fn facts_of(&self, path: &str) -> Option<&'a Facts> {
        let index = self.facts.binary_search_by(|facts| facts.project.as_ref().cmp(path)).ok()?;
        self.facts.get(index)
    }
}

/// Whether resources of this type are read at all: no other is evaluated.
pub fn wanted(kind: &str) -> bool {
    access_key::wanted(kind)
        || organization::wanted(kind)
        || rotation::wanted(kind)
        || programs::wanted(kind)
        || monitoring::wanted(kind)
}

/// Reads a project, with the files that its programs are in.
pub fn read(project: &dyn Project, texts: &dyn Texts, settings: &Settings, out: &mut Findings) -> Facts {
    let (resources, modules) = parts(project, settings);
    let facts = declared(project.path(), project.language(), &resources, &modules, out);
    with_programs(facts, project, &resources, texts, out)
}

/// What is read of a project: its resources, and the modules that are not on disk. Where neither says in which account they
/// are, the configuration may.
pub fn parts<'p>(project: &'p dyn Project, settings: &Settings) -> (Vec<Resource<'p>>, Vec<ModuleCall<'p>>) {
    let mut resources = project.resources(&wanted);
    let mut modules = project.module_calls(&known_modules::wanted);
    let account = settings.accounts.iter().find(|(known, _)| known == project.path()).map(|(_, account)| account);
    if let Some(account) = account {
        let provider = |provider: &mut Arc<Provider>| {
            if access_key::account(provider).is_none() {
                Arc::make_mut(provider).account = Some(Value::text(account));
            }
        };
        resources.iter_mut().for_each(|resource| provider(&mut resource.provider));
        modules.iter_mut().for_each(|call| provider(&mut call.provider));
    }
    (resources, modules)
}

/// What resources, and modules that are not on disk, declare, wherever they are read from.
pub fn declared(
    project: &Arc<str>,
    language: Language,
    resources: &[Resource<'_>],
    modules: &[ModuleCall<'_>],
    out: &mut Findings,
) -> Facts {
    let modules = known_modules::read(modules);
    let mut keys = access_key::keys(resources);
    keys.extend(modules.keys);
    let mut rotation = rotation::mechanisms(resources);
    rotation.extend(modules.rotation);
    let mut monitoring = monitoring::declared(resources);
    monitoring.modules = modules.monitoring;
    Facts {
        project: Arc::clone(project),
        abroad: false,
        language,
        keys,
        users: access_key::users(resources),
        organization: organization::declared(resources, out),
        rotation,
        monitoring,
        programs: Vec::new(),
        credentials: Vec::new(),
        exposures: Vec::new(),
    }
}

/// The same with what only the project itself can tell: what it runs, with which credentials, and which it gives away.
pub fn with_programs(
    mut facts: Facts,
    project: &dyn Project,
    resources: &[Resource<'_>],
    texts: &dyn Texts,
    out: &mut Findings,
) -> Facts {
    facts.programs = programs::programs(project, resources, texts);
    facts.programs.iter().flat_map(programs::Program::problems).for_each(|note| out.note(note));
    facts.keys.extend(programs::keys(&facts.programs));
    // The last questions, since they leave no errors behind.
    facts.credentials = credentials::read(project);
    facts.credentials.extend(credentials::of_programs(&facts.programs, &facts.credentials));
    facts.exposures = exposure::read(project);
    facts
}
