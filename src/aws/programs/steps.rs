//! Steps of GitHub workflows: commands that a runner runs, with the credentials that earlier steps set up.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>

use super::{Caller, Carriers, read, with_placeholders};
use crate::aws::join::inside;
use crate::resource::Resource;
use crate::script::{Language, interpreter_of};
use crate::value::{Kind, Value};

/// What a job of a workflow is called as a resource: see [`crate::workflow`].
const JOB: &str = "github_workflow_job";

/// The action that takes up a role. <https://github.com/aws-actions/configure-aws-credentials>
const CONFIGURE: &str = "aws-actions/configure-aws-credentials";

/// Whether this part reads resources of the type.
pub(super) fn wanted(kind: &str) -> bool {
    kind == JOB
}

/// Reads the steps of a job.
pub(super) fn read_all(job: &Resource<'_>, carriers: &mut Carriers<'_>) {
    const RUNNER: Caller = Caller::Anybody("the workflow");
    let mut caller = RUNNER;
    for step in job.get("steps").elements().unwrap_or_default() {
        let uses = inside(step, &["uses"]);
        if uses.as_str().is_some_and(|action| action.starts_with(CONFIGURE)) {
            let with = |name: &str| inside(step, &["with", name]);
            let role = with("role-to-assume");
            let is_root =
                role.as_text().is_some_and(|role| role.ends_with_ignore_case(":root") == crate::text::Tri::Yes);
            caller = match role.is_null() || is_root {
                true => RUNNER,
                false => Caller::Role("runs with the role in `role-to-assume`".into()),
            };
            continue;
        }
        let script = with_placeholders(&inside(step, &["run"]), "${{", "}}");
        if script.as_text().is_none() {
            continue;
        }
        let mut place = carriers.place(carriers.folder.clone());
        for environment in [job.get("env"), inside(step, &["env"])] {
            for (name, value) in environment.fields().into_iter().flat_map(|fields| fields.iter()) {
                place.variables.push((name.clone(), with_placeholders(value, "${{", "}}")));
            }
        }
        let own = inside(step, &["working-directory"]);
        let folder = if own.is_null() { job.get("working-directory") } else { own };
        if let Some(folder) = folder.as_str() {
            place.folder = carriers.folder.as_deref().map(|root| super::inner(root, &folder));
        }
        let own = inside(step, &["shell"]);
        let shell = if own.is_null() { job.get("shell") } else { own };
        let Some(language) = language(&shell) else { continue };
        let found = read(&script, language, &place);
        carriers.add(job, "the workflow", caller.clone(), found);
    }
}

/// The language of a step: `bash`, `python`, `bash -e {0}`.
fn language(shell: &Value) -> Option<Language> {
    match &shell.kind {
        Kind::Null(_) => Some(Language::Shell),
        _ => interpreter_of(shell.as_str()?.split_whitespace().next()?),
    }
}
