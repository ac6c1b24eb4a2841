//! GitHub workflows and composite actions: the commands that their jobs run, as a project of its own.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>

use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8Path;

use crate::document::{self, Scalars};
use crate::resource::{Attributes, Language, Meta, Mode, Presence, Project, Provider, Resource, Site};
use crate::source::{FileId, Span};
use crate::syntax::node::Node;
use crate::syntax::yaml;
use crate::value::{Fields, Value};

/// What a job is called as a resource. Its attributes are `steps`, `env`, `shell` and `working-directory`.
pub const JOB: &str = "github_workflow_job";

/// A workflow.
#[derive(Debug)]
pub struct Workflow {
    path: Arc<str>,
    folder: String,
    jobs: Vec<Job>,
}

#[derive(Debug)]
struct Job {
    address: Arc<str>,
    header: Span,
    span: Span,
    attributes: Fields,
}

/// Whether a file is a workflow that runs commands, or an action made of them.
pub fn recognise(path: &Utf8Path, text: &str) -> bool {
    let in_workflows = path.parent().is_some_and(|folder| folder.ends_with(".github/workflows"));
    let is_action = matches!(path.file_name(), Some("action.yml" | "action.yaml")) && text.contains("composite");
    (in_workflows || is_action) && text.contains("run:")
}

impl Workflow {
    /// Reads a workflow; nothing if it is none, or no YAML: then it runs nothing.
    pub fn load(path: &Utf8Path, text: &str, file: FileId) -> Option<Self> {
        let documents = yaml::parse(text, file).ok()?;
        let root = documents.first()?;
        // Commands run in a checkout of the repository that the workflow is part of.
        let folder = path.ancestors().find(|folder| folder.file_name() == Some(".github"));
        let folder = folder.and_then(Utf8Path::parent).map(|folder| folder.to_string()).unwrap_or_default();
        let value = |node: &Node| document::from_node(node, text, Scalars::CloudFormation);
        let mut jobs = Vec::new();
        for (key, job) in root.get("jobs").and_then(Node::as_mapping).unwrap_or_default() {
            let Some(name) = key.as_str() else { continue };
            jobs.push(Job::of(format!("jobs.{name}").into(), key.span, job, Some(root), &value));
        }
        if let Some(runs) = root.get("runs") {
            jobs.push(Job::of("runs".into(), runs.span, runs, None, &value));
        }
        (!jobs.is_empty()).then(|| Self { path: path.as_str().into(), folder, jobs })
    }
}

impl Job {
    fn of(address: Arc<str>, header: Span, job: &Node, outer: Option<&Node>, value: &dyn Fn(&Node) -> Value) -> Self {
        let mut attributes = Fields::default();
        if let Some(steps) = job.get("steps") {
            attributes.insert("steps".into(), None, value(steps));
        }
        let mut environment = Fields::default();
        for node in [outer, Some(job)].into_iter().flatten() {
            let all = node.get("env").map(value);
            for (name, field) in all.as_ref().and_then(Value::fields).into_iter().flat_map(Fields::fields) {
                environment.replace(Arc::clone(name), field.key_span, field.value.clone());
            }
            let defaults = node.get("defaults").and_then(|defaults| defaults.get("run"));
            for name in ["shell", "working-directory"] {
                if let Some(node) = defaults.and_then(|defaults| defaults.get(name)) {
                    attributes.replace(name.into(), None, value(node));
                }
            }
        }
        attributes.insert("env".into(), None, Value::object(environment));
        Self { address, header, span: header.to(job.span), attributes }
    }
}

impl Project for Workflow {
    fn path(&self) -> &Arc<str> {
        &self.path
    }

    fn language(&self) -> Language {
        Language::Workflow
    }

    fn folder(&self) -> Option<String> {
        Some(self.folder.clone())
    }

    fn resources<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'p>> {
        let resource = |job: &'p Job| Resource {
            site: Site {
                project: Arc::clone(&self.path),
                language: Language::Workflow,
                address: Arc::clone(&job.address),
                block: Arc::clone(&job.address),
                kind: JOB.into(),
                header: job.header,
                span: job.span,
                presence: Presence::Certain,
                calls: Arc::from([]),
            },
            mode: Mode::Managed,
            provider: Arc::new(Provider::default()),
            meta: Arc::new(Meta::default()),
            attributes: Rc::new(Properties(&job.attributes)),
        };
        self.jobs.iter().filter(|_| wanted(JOB)).map(resource).collect()
    }
}

struct Properties<'p>(&'p Fields);

impl Attributes for Properties<'_> {
    fn get(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_else(Value::null)
    }

    fn all(&self) -> Value {
        Value::object(self.0.clone())
    }
}
