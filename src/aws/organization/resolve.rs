//! The projects of a scan, put together into organizations: which roots, units and accounts there are, what is attached on
//! the way to each, and whether that denies its root users a key.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::aws::iam::{
    Account as Who, Attached, Level, Organization as Known, Place, Policy, Question, Verdict, decide,
};
use crate::aws::{Facts, Model};
use crate::resource::{Mode, Presence, Site};
use crate::source::Span;
use crate::value::{Kind, Reason};

use super::declared::{Account, Attachment, Content, Ident, Organization, ServiceControlPolicy, Unit};

/// An organization as the scan shows it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The organization's block, if one manages or reads it.
    pub site: Option<Site>,
    /// Whether it is managed here.
    pub managed: bool,
    /// Where something missing is reported.
    pub anchor: Span,
    /// What to call it: an address.
    pub name: Arc<str>,
    /// The projects that are about it.
    pub projects: Vec<Arc<str>>,
    /// What was assumed to put the projects together.
    pub assumption: Option<Reason>,
    /// Why its policies have no effect.
    pub ineffective: Option<Ineffective>,
    /// Who is asked about.
    pub targets: Vec<Target>,
    /// Projects of which it is not known whether they read this organization.
    pub strangers: Vec<Site>,
    /// Whether the policies at the root alone deny it.
    root_denies: bool,
}

impl Resolved {
    /// Whether every account is covered by the policies at the root, wherever it stands.
    pub fn is_covered_at_the_root(&self) -> bool {
        self.root_denies
    }
}

/// Why no service control policy of an organization has an effect.
#[derive(Clone, Debug)]
pub struct Ineffective {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Whether the configuration says so, or only fails to say otherwise.
    pub certain: bool,
}

/// What a policy may be attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// The organization's root.
    Root,
    /// An organizational unit.
    Unit,
    /// An account.
    Account,
}

/// A root, unit or account with its verdict.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its kind.
    pub kind: TargetKind,
    /// What to call it: an id or an address.
    pub name: String,
    /// Where it is declared or mentioned.
    pub span: Option<Span>,
    /// Whether the root users in it are denied a key.
    pub verdict: Verdict,
    /// The unit at which the way to the root leaves the scan.
    pub cut: Option<String>,
    /// Whether the verdict rests on the id of an account that is not known.
    pub by_account: bool,
    /// Why it need not be covered, in the user's words.
    pub exempt: Option<String>,
    /// Why it may not exist.
    pub doubt: Option<Reason>,
}

/// The organizations in a scan that are asked about.
pub fn organizations(model: &Model<'_>) -> Vec<Resolved> {
    let mut groups = groups(model);
    if let Some(span) = model.settings.organization.required
        && !groups.iter().any(|group| group.managed)
    {
        groups.iter_mut().for_each(|group| group.managed = true);
        if groups.is_empty() {
            groups.push(Group { managed: true, anchor: Some(span), ..Group::default() });
        }
    }
    groups.iter().filter(|group| group.is_asked()).map(|group| group.resolve(model)).collect()
}

/// Projects that are about one organization.
#[derive(Default)]
struct Group<'a> {
    managed: bool,
    anchor: Option<Span>,
    organization: Option<&'a Organization>,
    facts: Vec<&'a Facts>,
    assumption: Option<Reason>,
    strangers: Vec<Site>,
}

/// Ids that are written out in a project: those of one organization.
fn literals(facts: &Facts) -> BTreeSet<&str> {
    let declared = &facts.organization;
    let targets = declared.attachments.iter().map(|attachment| &attachment.target);
    let units = declared.units.iter().flat_map(|unit| [&unit.id, &unit.parent]);
    let accounts = declared.accounts.iter().flat_map(|account| account.parent.iter().chain([&account.id]));
    let controls = declared.controls.iter().map(|control| &control.target);
    let roots = declared.organizations.iter().map(|organization| &organization.root);
    let all = targets.chain(units).chain(accounts).chain(controls).chain(roots);
    all.filter_map(|ident| ident.literal.as_deref()).collect()
}

/// DESIGN, "When two projects are one organization".
fn groups<'a>(model: &Model<'a>) -> Vec<Group<'a>> {
    let together = &model.settings.organization.projects;
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut readers = Vec::new();
    for facts in model.facts {
        let declared = &facts.organization;
        let managed: Vec<&Organization> =
            declared.organizations.iter().filter(|organization| organization.mode == Mode::Managed).collect();
        for organization in &managed {
            let organization = Some(*organization);
            groups.push(Group { managed: true, organization, facts: vec![facts], ..Group::default() });
        }
        let says_something = !declared.organizations.is_empty()
            || !declared.units.is_empty()
            || !declared.accounts.is_empty()
            || !declared.attachments.is_empty()
            || !declared.policies.is_empty()
            || !declared.controls.is_empty();
        if managed.is_empty() && says_something {
            readers.push(facts);
        }
    }
    let managed = groups.len();
    for facts in readers {
        let own = literals(facts);
        let is_named = together.contains(&facts.project);
        let known = groups.iter().position(|group| {
            group
                .facts
                .iter()
                .any(|other| (is_named && together.contains(&other.project)) || !literals(other).is_disjoint(&own))
        });
        let reads = facts.organization.organizations.first();
        let about_some = reads.is_some() || !own.is_empty();
        if let Some(group) = known.and_then(|at| groups.get_mut(at)) {
            group.facts.push(facts);
        } else if managed == 1 && about_some {
            if let Some(group) = groups.first_mut() {
                group.facts.push(facts);
                let project = if facts.project.is_empty() { "." } else { &*facts.project };
                let why = "is taken to be about the one organization that the scan manages";
                group.assumption.get_or_insert(Reason::new(project, why, None));
            }
        } else if managed > 1
            && let Some(reads) = reads
        {
            for group in groups.iter_mut().take(managed) {
                group.strangers.push(reads.site.clone());
            }
        } else {
            groups.push(Group { organization: reads, facts: vec![facts], ..Group::default() });
        }
    }
    groups
}

/// A root, unit or account.
struct Node<'a> {
    kind: TargetKind,
    id: &'a Ident,
    parent: Option<&'a Ident>,
    site: Option<&'a Site>,
}

/// A level with its policies, as [`Level`] wants them.
#[derive(Clone)]
struct Layer {
    id: String,
    policies: Vec<(Arc<Policy>, Option<Reason>)>,
    full_access: bool,
}

impl<'a> Group<'a> {
    fn units(&self) -> impl Iterator<Item = &'a Unit> {
        self.facts.iter().flat_map(|facts| &facts.organization.units)
    }

    fn accounts(&self) -> impl Iterator<Item = &'a Account> {
        self.facts.iter().flat_map(|facts| &facts.organization.accounts)
    }

    fn attachments(&self) -> impl Iterator<Item = &'a Attachment> {
        self.facts.iter().flat_map(|facts| &facts.organization.attachments)
    }

    fn policies(&self) -> impl Iterator<Item = &'a ServiceControlPolicy> {
        self.facts.iter().flat_map(|facts| &facts.organization.policies)
    }

    /// Whether the organization is asked about: it is managed here, or read by a scan that guards something.
    fn is_asked(&self) -> bool {
        let guards = self.facts.iter().any(|facts| {
            let declared = &facts.organization;
            let manages = declared.policies.iter().any(|policy| !policy.site.address.contains("data."));
            manages || !declared.attachments.is_empty() || !declared.controls.is_empty()
        });
        self.managed || guards
    }

    fn is_root(&self, ident: &Ident) -> bool {
        let organizations = || self.facts.iter().flat_map(|facts| &facts.organization.organizations);
        ident.literal.as_ref().is_some_and(|id| id.starts_with("r-"))
            || organizations().any(|organization| organization.root.is(ident))
            || self.organization.is_some_and(|organization| organization.root.is(ident))
    }

    fn unit(&self, ident: &Ident) -> Option<&'a Unit> {
        self.units().find(|unit| unit.id.is(ident))
    }

    /// What is known to be something else than a given node.
    fn is_declared(&self, ident: &Ident) -> bool {
        self.is_root(ident) || self.unit(ident).is_some() || self.accounts().any(|account| account.id.is(ident))
    }

    /// The units from below the root down to `from`, and where the way leaves the scan.
    fn way(&self, from: &'a Ident) -> (Vec<&'a Ident>, Option<String>) {
        let mut way = Vec::new();
        let mut at = from;
        // Organizations nest at most five units deep.
        for _ in 0..16 {
            if self.is_root(at) {
                way.reverse();
                return (way, None);
            }
            way.push(at);
            match self.unit(at) {
                Some(unit) => at = &unit.parent,
                None => break,
            }
        }
        way.reverse();
        (way, Some(at.name()))
    }

    /// Whether an attachment to `target` is one to the node: surely, or with a doubt.
    fn hits(&self, target: &Ident, kind: TargetKind, node: Option<&Ident>) -> Option<Option<Reason>> {
        let sure = match node {
            Some(node) => node.is(target),
            None => self.is_root(target),
        };
        if sure {
            return Some(None);
        }
        if self.is_declared(target) {
            return None;
        }
        match &target.literal {
            Some(id) => {
                let fits = match kind {
                    TargetKind::Root => id.starts_with("r-"),
                    TargetKind::Unit => id.starts_with("ou-"),
                    TargetKind::Account => id.len() == 12 && id.chars().all(|digit| digit.is_ascii_digit()),
                };
                let node = node.filter(|node| node.literal.is_none())?;
                fits.then(|| Some(Reason::new(&**id, format!("may be {}", node.name()), target.span)))
            }
            None => {
                let why = || Reason::new(target.name(), "is not known to be this target or another", target.span);
                Some(Some(target.reason.clone().unwrap_or_else(why)))
            }
        }
    }

    /// What is attached to a node; `None` is the root.
    fn layer(&self, kind: TargetKind, node: Option<&Ident>, model: &Model<'_>) -> Layer {
        let id = node.map_or_else(|| "the root".into(), Ident::name);
        let full_access = !model.settings.organization.full_aws_access_detached;
        let mut layer = Layer { id, policies: Vec::new(), full_access };
        for attachment in self.attachments() {
            let Some(mut doubt) = self.hits(&attachment.target, kind, node) else { continue };
            if let Presence::Possible(reason) = &attachment.site.presence {
                doubt.get_or_insert_with(|| reason.clone());
            }
            if attachment.policy.literal.as_deref() == Some("p-FullAWSAccess") {
                layer.full_access |= doubt.is_none();
                continue;
            }
            let mut known = self.policies().filter(|policy| policy.id.is(&attachment.policy)).peekable();
            if known.peek().is_none() {
                let why = || Reason::new(attachment.policy.name(), "is not in the scan", attachment.policy.span);
                let reason = attachment.policy.reason.clone().unwrap_or_else(why);
                let policy = Policy::unknown(reason, attachment.policy.span);
                layer.policies.push((Arc::new(policy), doubt.clone()));
            }
            for policy in known {
                let mut doubt = doubt.clone().or_else(|| policy.doubt.clone());
                if let Presence::Possible(reason) = &policy.site.presence {
                    doubt.get_or_insert_with(|| reason.clone());
                }
                let content = match &policy.content {
                    Content::Policy(content) => Arc::clone(content),
                    Content::Invalid(reason) => Arc::new(Policy::unknown(reason.clone(), Some(policy.site.header))),
                };
                layer.policies.push((content, doubt));
            }
        }
        for control in self.facts.iter().flat_map(|facts| &facts.organization.controls) {
            let Some(mut doubt) = self.hits(&control.target, kind, node) else { continue };
            if let Presence::Possible(reason) = &control.site.presence {
                doubt.get_or_insert_with(|| reason.clone());
            }
            layer.policies.push((Arc::clone(&control.policy), doubt));
        }
        layer
    }

    /// Why the policies have no effect (Organizations User Guide, "Enabling a policy type").
    fn ineffective(&self) -> (Option<Ineffective>, Option<Reason>) {
        let Some(organization) = self.organization.filter(|organization| organization.mode == Mode::Managed) else {
            return (None, None);
        };
        let at = |span: Option<Span>| span.unwrap_or(organization.site.header);
        if organization.feature_set.as_str().as_deref() == Some("CONSOLIDATED_BILLING") {
            let message = "its feature set is `CONSOLIDATED_BILLING`, which has no service control policies".into();
            let span = at(organization.feature_set.origin.primary());
            return (Some(Ineffective { message, span, certain: true }), None);
        }
        let types = &organization.policy_types;
        let doubt = organization.feature_set.as_unknown().or_else(|| types.first_unknown());
        let named = types.elements().unwrap_or_default();
        let is_enabled = named.iter().any(|kind| kind.as_str().as_deref() == Some("SERVICE_CONTROL_POLICY"));
        match &types.kind {
            _ if is_enabled => (None, None),
            Kind::Null(_) => {
                let message = "it does not enable `SERVICE_CONTROL_POLICY` in `enabled_policy_types`".into();
                (Some(Ineffective { message, span: organization.site.header, certain: false }), None)
            }
            _ => match doubt {
                Some(unknown) => (None, Some(unknown.reason.clone())),
                None => {
                    let message = "`enabled_policy_types` does not hold `SERVICE_CONTROL_POLICY`".into();
                    (Some(Ineffective { message, span: at(types.origin.primary()), certain: true }), None)
                }
            },
        }
    }

    /// Who is asked about (DESIGN, "Who is asked").
    fn nodes(&self) -> Vec<Node<'a>> {
        let mut nodes: Vec<Node<'a>> = Vec::new();
        for unit in self.units() {
            if !nodes.iter().any(|node| node.id.is(&unit.id)) {
                let (parent, site) = (Some(&unit.parent), Some(&unit.site));
                nodes.push(Node { kind: TargetKind::Unit, id: &unit.id, parent, site });
            }
        }
        let controls = self.facts.iter().flat_map(|facts| &facts.organization.controls).map(|control| &control.target);
        let parents = self.units().map(|unit| &unit.parent);
        let above = self.accounts().filter_map(|account| account.parent.as_ref());
        let mentioned =
            self.attachments().map(|attachment| &attachment.target).chain(controls).chain(parents).chain(above);
        for ident in mentioned {
            let is_unit = ident.literal.as_ref().is_some_and(|id| id.starts_with("ou-"));
            if is_unit && !nodes.iter().any(|node| node.id.is(ident)) {
                nodes.push(Node { kind: TargetKind::Unit, id: ident, parent: None, site: None });
            }
        }
        for account in self.accounts() {
            let (parent, site) = (account.parent.as_ref(), Some(&account.site));
            nodes.push(Node { kind: TargetKind::Account, id: &account.id, parent, site });
        }
        nodes
    }

    fn resolve(&self, model: &Model<'_>) -> Resolved {
        let (ineffective, doubt) = self.ineffective();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut question = Question::root_key(Who::Any, i64::try_from(now).unwrap_or(i64::MAX));
        if let Some(partition) = self.facts.iter().find_map(|facts| facts.organization.partition) {
            question.partition = partition.into();
        }
        let id = self.facts.iter().flat_map(|facts| &facts.organization.organizations).find_map(|o| o.id.clone());
        question.organization = id.map(Known::Known);
        let mut judge = Judge {
            group: self,
            model,
            question,
            off: ineffective.is_some(),
            doubt,
            layers: HashMap::new(),
            verdicts: HashMap::new(),
        };
        let nodes = self.nodes();
        let root_counts = nodes.is_empty()
            || self.accounts().any(|account| account.parent.as_ref().is_none_or(|parent| self.is_root(parent)));
        let mut targets = Vec::new();
        let in_view = self.managed
            || self.organization.is_some()
            || self.attachments().any(|attachment| self.is_root(&attachment.target));
        let root = judge.root();
        let root_denies = in_view && matches!(root.verdict, Verdict::Denied(_));
        if root_counts && in_view {
            targets.push(root);
        }
        targets.extend(nodes.iter().map(|node| judge.target(node)));
        let first = self.facts.first();
        let site = self.organization.map(|organization| organization.site.clone());
        let first_site = || {
            let policies = self.policies().map(|policy| &policy.site);
            policies.chain(self.attachments().map(|attachment| &attachment.site)).min_by_key(|site| site.header.start)
        };
        let shown = site.as_ref().or_else(first_site);
        let nowhere = || Span::start_of(crate::source::Sources::default().file("".into()));
        Resolved {
            managed: self.managed,
            anchor: self.anchor.or(shown.map(|site| site.header)).unwrap_or_else(nowhere),
            name: shown.map_or_else(|| Arc::from("[organization]"), |site| Arc::clone(&site.block)),
            projects: match first {
                Some(_) => self.facts.iter().map(|facts| Arc::clone(&facts.project)).collect(),
                None => Vec::new(),
            },
            assumption: self.assumption.clone(),
            ineffective,
            targets,
            strangers: self.strangers.clone(),
            root_denies,
            site,
        }
    }
}

/// Decides target after target, each level and each unit once.
struct Judge<'g, 'a, 'm> {
    group: &'g Group<'a>,
    model: &'m Model<'m>,
    question: Question,
    off: bool,
    doubt: Option<Reason>,
    layers: HashMap<String, Layer>,
    verdicts: HashMap<String, Verdict>,
}

impl<'a> Judge<'_, 'a, '_> {
    fn layer(&mut self, kind: TargetKind, node: Option<&Ident>) -> Layer {
        let key = format!("{kind:?} {}", node.map_or_else(String::new, Ident::name));
        if let Some(layer) = self.layers.get(&key) {
            return layer.clone();
        }
        let mut layer = self.group.layer(kind, node, self.model);
        if self.off {
            layer.policies.clear();
            layer.full_access = true;
        }
        if let Some(reason) = &self.doubt {
            for (_, doubt) in &mut layer.policies {
                doubt.get_or_insert_with(|| reason.clone());
            }
        }
        self.layers.insert(key, layer.clone());
        layer
    }

    fn decide(&self, layers: &[Layer], question: &Question) -> Verdict {
        let levels: Vec<Level<'_>> = layers
            .iter()
            .map(|layer| Level {
                id: layer.id.clone(),
                policies: layer
                    .policies
                    .iter()
                    .map(|(policy, doubt)| Attached { policy, doubt: doubt.clone() })
                    .collect(),
                full_access: layer.full_access,
            })
            .collect();
        decide(&levels, question)
    }

    fn exempt(&self, names: &[Option<&str>]) -> Option<String> {
        let exempt = &self.model.settings.organization.exempt;
        exempt.iter().find(|(target, _)| names.contains(&Some(target))).map(|(_, reason)| reason.clone())
    }

    fn root(&mut self) -> Target {
        let layers = [self.layer(TargetKind::Root, None)];
        let id = self.group.organization.and_then(|organization| organization.root.literal.clone());
        Target {
            kind: TargetKind::Root,
            exempt: self.exempt(&[id.as_deref(), Some("root")]),
            name: id.map_or_else(|| "the root".into(), |id| format!("the root {id}")),
            span: self.group.organization.map(|organization| organization.site.header),
            verdict: self.decide(&layers, &self.question),
            cut: None,
            by_account: false,
            doubt: None,
        }
    }

    fn target(&mut self, node: &Node<'a>) -> Target {
        let is_account = node.kind == TargetKind::Account;
        let (way, cut) = match (is_account, node.parent) {
            (true, Some(parent)) => self.group.way(parent),
            (true, None) => (Vec::new(), None),
            (false, _) => self.group.way(node.id),
        };
        let mut layers = vec![self.layer(TargetKind::Root, None)];
        if cut.is_some() {
            // What is attached above is not in the scan; it may only deny more.
            layers.clear();
        }
        for unit in &way {
            layers.push(self.layer(TargetKind::Unit, Some(unit)));
        }
        let above: Vec<String> = layers.iter().map(|layer| layer.id.clone()).collect();
        let above = above.join("/");
        let own = if is_account { Some(self.layer(TargetKind::Account, Some(node.id))) } else { None };
        let mut question = self.question.clone();
        if let Some(Known::Known(id)) = &question.organization
            && cut.is_none()
            && let Some(path) = way.iter().map(|unit| unit.literal.clone()).collect::<Option<Vec<String>>>()
            && let Some(root) = self.group.organization.and_then(|organization| organization.root.literal.clone())
            && is_account
        {
            let units: String = path.iter().map(|unit| format!("{unit}/")).collect();
            question.place = Place::Known(format!("{id}/{root}/{units}"));
        }
        let general = match self.verdicts.get(&above) {
            Some(verdict) => verdict.clone(),
            None => {
                let verdict = self.decide(&layers, &self.question);
                self.verdicts.insert(above, verdict.clone());
                verdict
            }
        };
        let mut by_account = false;
        let adds = own.as_ref().is_some_and(|own| !own.policies.is_empty() || !own.full_access);
        let verdict = match (&general, own) {
            (_, None) => general,
            (Verdict::Denied(_), _) => general,
            (Verdict::NotDenied(_), _) if !adds => general,
            (_, Some(own)) => {
                layers.push(own);
                if let Some(id) = node.id.literal.clone() {
                    question.account = Who::Known(id);
                }
                let verdict = self.decide(&layers, &question);
                if matches!(verdict, Verdict::Conditional(_)) && question.account == Who::Any {
                    // Denied for an account that no policy names: it rests on this account's id.
                    let other = Question { account: Who::Known("000000000001".into()), ..question };
                    by_account = matches!(self.decide(&layers, &other), Verdict::Denied(_));
                }
                verdict
            }
        };
        let address = node.site.map(|site| site.address.to_string());
        Target {
            kind: node.kind,
            exempt: self.exempt(&[node.id.literal.as_deref(), address.as_deref()]),
            name: address.unwrap_or_else(|| node.id.name()),
            span: node.site.map(|site| site.header).or(node.id.span),
            verdict,
            cut,
            by_account,
            doubt: match node.site.map(|site| &site.presence) {
                Some(Presence::Possible(reason)) => Some(reason.clone()),
                _ => None,
            },
        }
    }
}
