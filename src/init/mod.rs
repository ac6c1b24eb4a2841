//! What `rootlint init` writes: a configuration, a workflow, and a service control policy that is decided by the engine before
//! anybody reads it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::aws::iam::Verdict;
use crate::aws::organization::Resolved;
use crate::files::{Files, Memory, Overlay};
use crate::finding::Diagnostic;
use crate::resource::{Language, Site};
use crate::scan::{self, Options};

/// What the first line of every file starts with, by which `--force` knows its own.
pub const MARK: &str = "# Written by `rootlint init`";

/// A commented configuration in which nothing is set.
pub const CONFIG: &str = include_str!("rootlint.toml");

const WORKFLOW: &str = include_str!("rootlint.yml");
const TERRAFORM: &str = include_str!("deny-root-access-keys.tf");
const CLOUDFORMATION: &str = include_str!("deny-root-access-keys.yaml");

/// What stands in the workflow where the action is not known.
pub const UNKNOWN_ACTION: &str =
    "OWNER/rootlint@COMMIT # to be replaced: the repository that holds rootlint, and a commit of it";

/// The name of the Terraform file.
const TERRAFORM_FILE: &str = "deny-root-access-keys.tf";
/// The name of the template.
const TEMPLATE_FILE: &str = "deny-root-access-keys.yaml";

/// The workflow that runs the action.
pub fn workflow(action: &str, branch: &str) -> String {
    WORKFLOW.replace("{action}", action).replace("{branch}", branch)
}

/// A policy that denies root users their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The file, relative to the root.
    pub path: Utf8PathBuf,
    /// Its text.
    pub text: String,
    /// What it is attached to, in words.
    pub attached: String,
    /// What is to be done with it.
    pub next: String,
}

/// The languages of the projects in view.
pub fn languages(files: &dyn Files, options: &Options) -> Vec<Language> {
    let (rows, _) = scan::resources(files, options);
    let mut found: Vec<Language> = rows
        .iter()
        .map(|row| if row.kind.contains("::") { Language::CloudFormation } else { Language::Terraform })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The policy in a language, in the folder of the organization in view if its code can hold it, else in `folder`.
///
/// # Errors
/// In words, when the engine does not say that every account is covered once it is written.
pub fn guard(files: &dyn Files, options: &Options, folder: &Utf8Path, language: Language) -> Result<Guard, String> {
    match language {
        Language::CloudFormation => template(folder),
        _ => terraform(files, options, folder),
    }
}

/// The only organization in view, if a file beside it can attach a policy to its root.
fn beside(organizations: &[Resolved]) -> Option<&Site> {
    let mut sites = organizations.iter().filter_map(|organization| organization.site.as_ref());
    let site = sites.next().filter(|_| organizations.len() == 1)?;
    let plain =
        site.language == Language::Terraform && !site.address.contains('[') && !site.address.starts_with("module.");
    (plain && site.kind.ends_with("organizations_organization")).then_some(site)
}

fn terraform(files: &dyn Files, options: &Options, folder: &Utf8Path) -> Result<Guard, String> {
    let (organizations, ..) = scan::organizations(files, options);
    let (folder, text, attached) = match beside(&organizations) {
        Some(site) => {
            let folder = if &*site.project == "." { Utf8Path::new("") } else { Utf8Path::new(&*site.project) };
            let root = if site.kind.starts_with("awscc_") { "root_id" } else { "roots[0].id" };
            let text = TERRAFORM.replace("{root}", &format!("{}.{root}", site.address));
            (folder, text, format!("the root of `{}`", site.address))
        }
        None => {
            let read = "data \"aws_organizations_organization\" \"deny_root_access_keys\" {}\n";
            let root = "data.aws_organizations_organization.deny_root_access_keys.roots[0].id";
            let (head, rest) = TERRAFORM.split_once("resource ").unwrap_or_default();
            let text = format!("{head}{read}\nresource {rest}").replace("{root}", root);
            (folder, text, "the root of the organization that Terraform's account is in".to_owned())
        }
    };
    let path = folder.join(TERRAFORM_FILE);
    let with = Overlay::new(files, path.clone(), text.clone().into_bytes());
    let options = Options { paths: vec![folder.to_owned()], ..options.clone() };
    let (before, _, were) = scan::organizations(files, &options);
    let (found, _, outcome) = scan::organizations(&with, &options);
    let known = &were.findings.errors;
    let is_new =
        |error: &&Diagnostic| !known.iter().any(|known| (known.code, &known.message) == (error.code, &error.message));
    if let Some(error) = outcome.findings.errors.iter().find(is_new) {
        return Err(format!("with {path}, the module would not be valid: {}", error.message));
    }
    covers_all(&found, before.len())?;
    Ok(Guard { path, text, attached, next: "look at it, then `terraform plan`".to_owned() })
}

fn template(folder: &Utf8Path) -> Result<Guard, String> {
    let path = folder.join(TEMPLATE_FILE);
    // Any root will do: what decides is what the policy says.
    let mut alone = Options { paths: vec![Utf8PathBuf::new()], ..Options::default() };
    alone.parameters = vec![("RootId".to_owned(), "r-ab12".to_owned())];
    alone.config.required = Some(0..0);
    let files: Memory = [(TEMPLATE_FILE, CLOUDFORMATION)].into_iter().collect();
    let (found, _, outcome) = scan::organizations(&files, &alone);
    if let Some(error) = outcome.findings.errors.first() {
        return Err(format!("the template is not valid: {}", error.message));
    }
    covers_all(&found, 1)?;
    Ok(Guard {
        path,
        text: CLOUDFORMATION.to_owned(),
        attached: "the root whose id is the parameter `RootId`".to_owned(),
        next: "deploy it in the management account, in one Region, with RootId from `aws organizations list-roots`"
            .to_owned(),
    })
}

/// Whether every account of every organization is covered, now that the policy is there.
fn covers_all(found: &[Resolved], at_least: usize) -> Result<(), String> {
    let off = found.iter().find_map(|organization| organization.ineffective.as_ref());
    if let Some(off) = off {
        return Err(format!("the policy would have no effect: {}; change that first", off.message));
    }
    let targets = || found.iter().flat_map(|organization| &organization.targets);
    if let Some(target) =
        targets().find(|target| !matches!(target.verdict, Verdict::Denied(_)) && target.exempt.is_none())
    {
        return Err(format!(
            "the policy would not be enough: whether root is denied a key in {} is not certain even with it; `rootlint org` \
             says more",
            target.name
        ));
    }
    if found.len() < at_least.max(1) || targets().next().is_none() {
        return Err("the policy could not be decided: no organization is in view with it".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
