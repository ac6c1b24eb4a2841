//! What a project declares, whatever language it is written in.

use std::rc::Rc;
use std::sync::Arc;

use crate::source::Span;
use crate::text::Text;
use crate::value::{Reason, Symbol, Value};

/// What the id of a long-term access key starts with
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
pub const KEY_START: &str = "AKIA";

/// The language of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Terraform or OpenTofu.
    Terraform,
    /// CloudFormation, SAM included.
    CloudFormation,
    /// A manifest of an organization, for whatever tool.
    Manifest,
    /// A GitHub workflow.
    Workflow,
}

/// Whether something is managed by the project or only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The project creates it.
    Managed,
    /// A data source: the project reads it.
    Data,
}

/// Whether a resource will exist. An absent one (`count = 0`, a false condition) is never listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It will.
    Certain,
    /// It depends on something unknown.
    Possible(Reason),
}

impl Presence {
    /// Present only if both are.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match self {
            Self::Certain => other.clone(),
            Self::Possible(_) => self.clone(),
        }
    }
}

/// Which resource instance a fact or a finding is about, and where it is declared. Cheap to clone, outlives the project.
#[derive(Clone, Debug)]
pub struct Site {
    /// The project's path: a Terraform root module's folder, a template's or manifest's file.
    pub project: Arc<str>,
    /// The project's language.
    pub language: Language,
    /// The instance's address: `module.a["x"].aws_iam_user.u[0]`, or a logical ID.
    pub address: Arc<str>,
    /// The block's address, without instance keys of its own.
    pub block: Arc<str>,
    /// The resource's type: `aws_iam_user`, `AWS::IAM::User`.
    pub kind: Arc<str>,
    /// The block's header (`resource "aws_iam_user" "u"`), or the logical ID.
    pub header: Span,
    /// The whole block.
    pub span: Span,
    /// Whether the instance will exist.
    pub presence: Presence,
    /// Headers of the module calls that lead to the block, outermost first.
    pub calls: Arc<[Span]>,
}

/// Where a resource is deployed, as far as the configuration says.
#[derive(Clone, Debug, Default)]
pub struct Provider {
    /// The provider configuration's address (`aws`, `aws.security`), resolved through module calls.
    pub name: Arc<str>,
    /// The region.
    pub region: Option<Value>,
    /// The account id, where the role or the accounts allowed name one.
    pub account: Option<Value>,
    /// The partition, as far as region or role tell.
    pub partition: Option<Value>,
    /// The role assumed, whose ARN names the account.
    pub assume_role: Option<Value>,
}

/// Evaluates attributes on demand.
pub trait Attributes {
    /// The value of a top-level attribute or nested block type. Never absent: an unset optional attribute is null, a
    /// computed one is unknown. Nested blocks are a list (or set) of objects, a CloudFormation property its value.
    fn get(&self, name: &str) -> Value;

    /// All attributes as one object.
    fn all(&self) -> Value;

    /// The names of the attributes that are written, or computed of what is written.
    fn written(&self) -> Vec<Arc<str>> {
        self.all().fields().into_iter().flat_map(|fields| fields.keys().cloned()).collect()
    }

    /// The programs that Terraform runs once the resource is made, or before it is destroyed.
    fn provisioners(&self) -> Vec<Provisioner> {
        Vec::new()
    }
}

/// A `provisioner` block.
#[derive(Clone, Debug)]
pub struct Provisioner {
    /// `local-exec`, `remote-exec`.
    pub kind: Arc<str>,
    /// The block's header.
    pub header: Span,
    /// Its arguments, as one object.
    pub arguments: Value,
}

/// The files of the scan, for what a configuration runs.
pub trait Texts {
    /// The text of a file, by its path from the root of the scan. Nothing outside of the root is read.
    fn text(&self, path: &str) -> Option<Text>;

    /// The paths of the files in a folder, sorted.
    fn files(&self, folder: &str) -> Vec<String>;
}

/// One resource instance of a project.
#[derive(Clone)]
pub struct Resource<'p> {
    /// What and where it is.
    pub site: Site,
    /// Managed or read.
    pub mode: Mode,
    /// Where it is deployed.
    pub provider: Arc<Provider>,
    /// What else the block says.
    pub meta: Arc<Meta>,
    /// Its attributes.
    pub attributes: Rc<dyn Attributes + 'p>,
}

impl Resource<'_> {
    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Value {
        self.attributes.get(name)
    }

    /// The resource's type.
    pub fn kind(&self) -> &str {
        &self.site.kind
    }
}

impl std::fmt::Debug for Resource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resource({})", self.site.address)
    }
}

/// Meta-arguments that the AWS layer reads.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// `lifecycle.replace_triggered_by`: each reference with its span, as an address in the block's own module instance
    /// (`module.m.time_static.x.id`).
    pub replace_triggered_by: Vec<(Arc<str>, Span)>,
    /// References (`type.name`, absolute) in each argument of the block.
    pub references: Vec<Reference>,
}

/// An argument of a resource that mentions another resource.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The argument.
    pub argument: Arc<str>,
    /// The block address of the resource mentioned, absolute.
    pub target: Arc<str>,
    /// Where.
    pub span: Span,
}

/// A call of a module whose code is not at hand.
#[derive(Clone)]
pub struct ModuleCall<'p> {
    /// The call: its type is `module`.
    pub site: Site,
    /// Where the module comes from, as it is written.
    pub source: Arc<str>,
    /// The version asked for; null if none is.
    pub version: Value,
    /// The provider `aws` that it is given or inherits.
    pub provider: Arc<Provider>,
    /// Its inputs; null where none is given.
    pub inputs: Rc<dyn Attributes + 'p>,
}

/// What a block is that is no resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A value that the project hands out.
    Output,
    /// A command or a file that is used when a resource is made or destroyed.
    Provisioner,
    /// What a template says of a resource beside its properties.
    Metadata,
    /// What is passed to the parameters of a stack that do not say that they are secret.
    StackParameters,
    /// The inputs of a module whose code is not at hand.
    ModuleInputs,
    /// The configuration of a provider.
    Provider,
    /// Where the state is kept.
    Backend,
}

/// A block that is no resource, or a part of a resource that is no attribute.
#[derive(Clone, Debug)]
pub struct Block {
    /// What it is.
    pub role: Role,
    /// The block, or the resource that it is a part of. The type is that of a provider, a backend, a provisioner.
    pub site: Site,
    /// Its arguments and nested blocks, as an object.
    pub arguments: Value,
}

/// Where a project keeps its state, and which states it reads: each by a text that is the same for the same state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// Its own, if others can reach it.
    pub keeps: Option<String>,
    /// The addresses of data sources, and what they read.
    pub reads: Vec<(Arc<str>, String)>,
}

/// A project that has been read: the unit of evaluation and of memory.
pub trait Project {
    /// Its path: a root module's folder, a template's or manifest's file.
    fn path(&self) -> &Arc<str>;

    /// Its language.
    fn language(&self) -> Language;

    /// The resource instances whose type `wanted` accepts, managed ones and data sources, in a stable order.
    fn resources<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'p>>;

    /// Shows, one after the other, those of the resource instances whose type `wanted` accepts that may have a value, by
    /// whatever way, from a resource of a type that `sources` accepts or from a module whose code is not at hand: found
    /// without evaluating anything, so that there may be some too many. Ends once `visit` returns false.
    fn visit_drawing_on(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        _sources: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(&Resource<'_>) -> bool,
    ) {
        self.resources(wanted).iter().all(visit);
    }

    /// The calls of modules whose code is not at hand, and whose source `wanted` accepts.
    fn module_calls<'p>(&'p self, _wanted: &dyn Fn(&str) -> bool) -> Vec<ModuleCall<'p>> {
        Vec::new()
    }

    /// The states that it keeps and reads.
    fn states(&self) -> States {
        States::default()
    }

    /// The blocks that `wanted` accepts and that are there for sure or perhaps. Those of modules that are called only where
    /// they matter to the project: an output of a called module is none.
    fn blocks(&self, _wanted: &dyn Fn(Role) -> bool) -> Vec<Block> {
        Vec::new()
    }

    /// Whether it imports from another project a credential that `wanted` accepts.
    fn imports_secret(&self, _wanted: &dyn Fn(&Symbol) -> bool) -> bool {
        false
    }

    /// Whether [`KEY_START`] stands in what was read: else no long-term key need be looked for.
    fn mentions_keys(&self) -> bool {
        true
    }

    /// Looks at what no other question has asked for: what is wrong in it is not reported.
    fn aside(&self, look: &mut dyn FnMut()) {
        look();
    }

    /// The resource instances that have provisioners, whatever their type.
    fn provisioned<'p>(&'p self) -> Vec<Resource<'p>> {
        Vec::new()
    }

    /// The folder that paths in the project start from, relative to the root of the scan; none if it has no files.
    fn folder(&self) -> Option<String> {
        None
    }

    /// Evaluates also what no resource asks for, for the errors in it.
    fn evaluate_everything(&self) {}
}
