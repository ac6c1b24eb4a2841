//! Manifests that say which service control policies an organization has: org-formation, Landing Zone Accelerator on
//! AWS, Customizations for AWS Control Tower, AWS Deployment Framework.
//!
//! Each becomes a project whose resources have the shape of CloudFormation's (`AWS::Organizations::Policy` with `Content`
//! and `TargetIds`), so that nobody after this module needs to know the tools. Two properties are our own, since no
//! resource of AWS has them: `Strategy` of a policy (`allow-list` detaches FullAWSAccess from its targets, `deny-list`
//! attaches it) and `RootId` of an organization.

mod control_tower;
mod deployment_framework;
mod landing_zone;
mod org_formation;
mod reader;
mod resources;
mod tasks;
mod units;
mod value;
mod variables;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::Files;
use crate::finding::Findings;
use crate::resource::{Language, Project, Resource};
use crate::source::{Sources, mentions};

use reader::Reader;
use resources::Resources;

/// The tool that a manifest is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// org-formation: a template with an `Organization` of its own.
    OrgFormation,
    /// Landing Zone Accelerator on AWS: `organization-config.yaml` stands for all its files.
    LandingZoneAccelerator,
    /// Customizations for AWS Control Tower: `manifest.yaml`.
    ControlTower,
    /// AWS Deployment Framework: `adfconfig.yml`, or the first `scp.json`.
    DeploymentFramework,
}

/// The tool that the file at `path` may be a manifest of, by its name and a search for bytes.
pub fn recognise(files: &dyn Files, path: &Utf8Path, text: &str) -> Option<Tool> {
    let has = |needle: &str| mentions(text, needle);
    match path.file_name()? {
        "organization-config.yaml" | "organization-config.yml" if has("organizationalUnits") => {
            Some(Tool::LandingZoneAccelerator)
        }
        "manifest.yaml" | "manifest.yml"
            if has("organization_policies") || has("deploy_method") && has("resource_file") =>
        {
            Some(Tool::ControlTower)
        }
        "adfconfig.yml" | "scp.json" if deployment_framework::is_first(files, path) => Some(Tool::DeploymentFramework),
        _ if (has("OC::ORG::") || has("2010-09-09-OC")) && org_formation::is_organization(files, path, text) => {
            Some(Tool::OrgFormation)
        }
        _ => None,
    }
}

/// A manifest as a project.
#[derive(Debug)]
pub struct Manifest {
    path: Arc<str>,
    resources: Resources,
}

/// What reading a manifest gave.
#[derive(Debug)]
pub struct Loaded {
    /// Nothing where the file turned out to be no manifest, or cannot be read as one.
    pub manifest: Option<Manifest>,
    /// Errors and notes.
    pub findings: Findings,
    /// The files that were read.
    pub files: Vec<Utf8PathBuf>,
}

impl Manifest {
    /// Reads the manifest in the file at `path`, and the files that it refers to below the root.
    pub fn load(files: &dyn Files, sources: &Sources, path: &Utf8Path, text: &str, tool: Tool) -> Loaded {
        let reader = Reader::new(files, sources);
        let project: Arc<str> = path.as_str().into();
        let read = match tool {
            Tool::OrgFormation => org_formation::read,
            Tool::LandingZoneAccelerator => landing_zone::read,
            Tool::ControlTower => control_tower::read,
            Tool::DeploymentFramework => deployment_framework::read,
        };
        let resources = read(&reader, path, text, &project).filter(|resources| !resources.is_empty());
        let (findings, files) = reader.finish();
        Loaded { manifest: resources.map(|resources| Self { path: project, resources }), findings, files }
    }
}

impl Project for Manifest {
    fn path(&self) -> &Arc<str> {
        &self.path
    }

    fn language(&self) -> Language {
        Language::Manifest
    }

    fn resources<'p>(&'p self, wanted: &dyn Fn(&str) -> bool) -> Vec<Resource<'p>> {
        self.resources.all(wanted)
    }
}
