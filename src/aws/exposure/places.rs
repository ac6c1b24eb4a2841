//! What the attributes of resources are to a secret: a place that is made for secrets, or one where it can be read.
//!
//! The first row that fits decides. An attribute that no row speaks of is not judged.

use std::sync::Arc;

use crate::aws::leaves::plain;
use crate::resource::Role;
use crate::text::Tri;
use crate::value::{Reason, Value};

/// Where a secret can be read, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the place is: "in clear in ...".
    pub what: &'static str,
    /// Who reads it there: the rest of the sentence.
    pub who: &'static str,
}

/// What an attribute is to a secret.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    /// Made for secrets, or not a place of its own.
    Safe,
    /// It can be read.
    Clear(Place),
    /// It can be read unless the resource says something.
    SafeIf(Condition, Place),
    /// Not known.
    Unknown,
}

/// An attribute and the value, in any case, with which a place is made for secrets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    attribute: &'static [&'static str],
    value: &'static str,
}

/// A type (`*` at its end stands for anything), the names that lead to an attribute (and to all that is in it), and what
/// it is.
type Row = (&'static str, &'static str, Verdict);

const fn clear(what: &'static str, who: &'static str) -> Verdict {
    Verdict::Clear(Place { what, who })
}

const fn safe_if(attribute: &'static [&'static str], value: &'static str, place: Place) -> Verdict {
    Verdict::SafeIf(Condition { attribute, value }, place)
}

const SAFE: Verdict = Verdict::Safe;

const PARAMETER: Place = Place {
    what: "an SSM parameter that is not a SecureString",
    who: "everybody who may read parameters or their history reads it",
};
const FILE: Verdict = clear("a file", "it stays on the disk of the machine that runs Terraform");
const OBJECT: Verdict = clear("an object in S3", "everybody who may read the bucket reads it");
const CONTAINER: Verdict =
    clear("the definition of a container", "everybody who may describe it reads it; containers take secrets by ARN");
const DEFINITION: Verdict = clear("a definition", "everybody who may describe the resource reads it");
const MAP: Verdict = clear("a ConfigMap", "everybody who may read the namespace's configuration reads it");
const VARIABLE: Place =
    Place { what: "a variable that is no secret", who: "it is shown in the settings and in the logs of jobs" };
const TRIGGERS: Verdict = clear("triggers", "they are kept and printed as plain values");

const ENVIRONMENT: Verdict =
    clear("environment variables", "everybody who may read the configuration reads them, and so does every process");
const USER_DATA: Verdict =
    clear("user data", "every process on the instance reads it, and everybody who may describe the instance");
const TAGS: Verdict = clear("tags", "everybody who may list the resource reads them");
const TEXT: Verdict = clear("a name or description", "everybody who may list the resource reads it");

/// The documentation of each provider; for CloudFormation, the reference of resource types.
const ROWS: &[Row] = &[
    // Made for secrets.
    ("aws_secretsmanager_secret_version", "secret_string", SAFE),
    ("aws_secretsmanager_secret_version", "secret_binary", SAFE),
    ("aws_secretsmanager_secret_version", "secret_string_wo", SAFE),
    ("awscc_secretsmanager_secret", "secret_string", SAFE),
    ("AWS::SecretsManager::Secret", "SecretString", SAFE),
    ("aws_kms_ciphertext", "plaintext", SAFE),
    ("aws_ssm_parameter", "value", safe_if(&["type"], "SecureString", PARAMETER)),
    ("aws_ssm_parameter", "value_wo", safe_if(&["type"], "SecureString", PARAMETER)),
    ("azurerm_key_vault_secret", "value", SAFE),
    ("google_secret_manager_secret_version", "secret_data", SAFE),
    ("vault_generic_secret", "data_json", SAFE),
    ("vault_kv_secret", "data_json", SAFE),
    ("vault_kv_secret_v2", "data_json", SAFE),
    ("doppler_secret", "value", SAFE),
    ("onepassword_item", "password", SAFE),
    ("onepassword_item", "section", SAFE),
    ("github_actions_secret", "", SAFE),
    ("github_actions_environment_secret", "", SAFE),
    ("github_actions_organization_secret", "", SAFE),
    ("github_codespaces_secret", "", SAFE),
    ("github_codespaces_organization_secret", "", SAFE),
    ("github_codespaces_user_secret", "", SAFE),
    ("github_dependabot_secret", "", SAFE),
    ("github_dependabot_organization_secret", "", SAFE),
    ("circleci_environment_variable", "value", SAFE),
    ("circleci_context_environment_variable", "value", SAFE),
    ("kubernetes_secret", "data", SAFE),
    ("kubernetes_secret", "binary_data", SAFE),
    ("kubernetes_secret_v1", "data", SAFE),
    ("kubernetes_secret_v1", "binary_data", SAFE),
    ("kubernetes_secret_v1_data", "data", SAFE),
    ("helm_release", "set_sensitive", SAFE),
    ("heroku_config_association", "sensitive_vars", SAFE),
    ("azuredevops_variable_group", "variable.secret_value", SAFE),
    ("tfe_variable", "value", safe_if(&["sensitive"], "true", VARIABLE)),
    ("gitlab_project_variable", "value", safe_if(&["masked"], "true", VARIABLE)),
    ("gitlab_group_variable", "value", safe_if(&["masked"], "true", VARIABLE)),
    ("gitlab_instance_variable", "value", safe_if(&["masked"], "true", VARIABLE)),
    ("bitbucket_repository_variable", "value", safe_if(&["secured"], "true", VARIABLE)),
    ("bitbucket_deployment_variable", "value", safe_if(&["secured"], "true", VARIABLE)),
    (
        "kubernetes_manifest",
        "manifest",
        safe_if(
            &["manifest", "kind"],
            "Secret",
            Place { what: "a Kubernetes object that is no Secret", who: "everybody who may read the object reads it" },
        ),
    ),
    // What only passes it on: where it ends up is judged there.
    ("terraform_data", "output", SAFE),
    ("*", "tags_all", SAFE),
    // In clear.
    ("aws_ssm_parameter", "insecure_value", Verdict::Clear(PARAMETER)),
    ("awscc_ssm_parameter", "value", Verdict::Clear(PARAMETER)),
    (
        "AWS::SSM::Parameter",
        "Value",
        clear(
            "an SSM parameter",
            "CloudFormation makes no SecureString, so everybody who may read parameters or their history reads it",
        ),
    ),
    ("local_file", "", FILE),
    ("local_sensitive_file", "", FILE),
    ("archive_file", "", FILE),
    ("aws_s3_object", "content", OBJECT),
    ("aws_s3_object", "content_base64", OBJECT),
    ("aws_s3_bucket_object", "content", OBJECT),
    ("aws_s3_bucket_object", "content_base64", OBJECT),
    ("aws_ecs_task_definition", "container_definitions", CONTAINER),
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions", CONTAINER),
    ("aws_batch_job_definition", "container_properties", CONTAINER),
    ("aws_batch_job_definition", "ecs_properties", CONTAINER),
    ("AWS::Batch::JobDefinition", "ContainerProperties", CONTAINER),
    ("aws_glue_job", "default_arguments", DEFINITION),
    ("aws_glue_job", "non_overridable_arguments", DEFINITION),
    ("AWS::Glue::Job", "DefaultArguments", DEFINITION),
    ("aws_ssm_document", "content", DEFINITION),
    ("AWS::SSM::Document", "Content", DEFINITION),
    ("aws_sfn_state_machine", "definition", DEFINITION),
    ("AWS::StepFunctions::StateMachine", "Definition", DEFINITION),
    ("AWS::StepFunctions::StateMachine", "DefinitionString", DEFINITION),
    ("AWS::StepFunctions::StateMachine", "DefinitionSubstitutions", DEFINITION),
    ("aws_codebuild_project", "source.buildspec", DEFINITION),
    ("AWS::CodeBuild::Project", "Source.BuildSpec", DEFINITION),
    ("aws_lambda_function", "description", TEXT),
    ("AWS::Lambda::Function", "Code", clear("the code of a function", "everybody who may download the code reads it")),
    ("aws_cloudwatch_event_target", "input", DEFINITION),
    ("aws_scheduler_schedule", "target.input", DEFINITION),
    ("AWS::Events::Rule", "Targets", DEFINITION),
    ("AWS::Scheduler::Schedule", "Target", DEFINITION),
    ("aws_dynamodb_table_item", "item", clear("an item of a table", "everybody who may read the table reads it")),
    ("aws_appconfig_hosted_configuration_version", "content", DEFINITION),
    ("aws_imagebuilder_component", "data", DEFINITION),
    ("aws_elastic_beanstalk_environment", "setting", ENVIRONMENT),
    ("AWS::ElasticBeanstalk::Environment", "OptionSettings", ENVIRONMENT),
    ("github_actions_variable", "value", Verdict::Clear(VARIABLE)),
    ("github_actions_environment_variable", "value", Verdict::Clear(VARIABLE)),
    ("github_actions_organization_variable", "value", Verdict::Clear(VARIABLE)),
    ("azuredevops_variable_group", "variable.value", Verdict::Clear(VARIABLE)),
    ("heroku_config_association", "vars", Verdict::Clear(VARIABLE)),
    ("kubernetes_config_map", "data", MAP),
    ("kubernetes_config_map", "binary_data", MAP),
    ("kubernetes_config_map_v1", "data", MAP),
    ("kubernetes_config_map_v1", "binary_data", MAP),
    ("kubernetes_config_map_v1_data", "data", MAP),
    ("null_resource", "triggers", TRIGGERS),
    ("terraform_data", "triggers_replace", TRIGGERS),
    ("terraform_data", "input", clear("the input of terraform_data", "its output is no longer sensitive")),
    ("*", "keepers", TRIGGERS),
    // Shown wherever the resource is.
    ("*", "user_data", USER_DATA),
    ("*", "user_data_base64", USER_DATA),
    ("*", "custom_data", USER_DATA),
    ("*", "metadata_startup_script", USER_DATA),
    ("*", "tags", TAGS),
    ("*", "labels", TAGS),
    ("*", "annotations", TAGS),
    ("*", "name", TEXT),
    ("*", "name_prefix", TEXT),
    ("*", "description", TEXT),
    ("AWS::*", "Tags", TAGS),
    ("AWS::*", "Name", TEXT),
    ("AWS::*", "Description", TEXT),
    // Judged by what is passed: see the role.
    ("AWS::CloudFormation::Stack", "Parameters", SAFE),
    ("AWS::CloudFormation::StackSet", "ParameterOverrides", SAFE),
    ("AWS::CloudFormation::StackSet", "Parameters", SAFE),
];

/// Types that hold nothing of their own: what is in them is judged where it ends up.
const PASSED_OVER: &[&str] = &[
    "aws_iam_policy_document",
    "cloudinit_config",
    "null_data_source",
    "template_cloudinit_config",
    "template_file",
    "terraform_remote_state",
];

/// Names, at any depth, of what a service hands to programs as their environment. Without case and underscores.
const ENVIRONMENTS: &[&str] =
    &["environment", "environmentvariable", "environmentvariables", "runtimeenvironmentvariables"];

/// Names, at any depth, of user data. Without case and underscores.
const USER_DATAS: &[&str] = &["userdata", "userdatabase64"];

/// Names of arguments that are made for a secret: the provider keeps them as one. Without case and underscores.
const CREDENTIAL_NAMES: &[&str] = &[
    "apikey",
    "authtoken",
    "awssecretaccesskey",
    "awssecretkey",
    "clientsecret",
    "pass",
    "password",
    "s3secretkey",
    "secret",
    "secretaccesskey",
    "secretkey",
    "secretstring",
    "secretvalue",
    "smtppass",
    "smtppassword",
    "token",
];

/// What a block that is no resource is to a secret; nothing is known of the inputs of a module.
pub(super) fn of_role(role: Role) -> Option<Place> {
    let (what, who) = match role {
        Role::Output => ("an output", "everybody who may read the outputs or the log of a run reads it"),
        Role::Provisioner => ("a provisioner", "what it runs or writes can be read on that machine and in its logs"),
        Role::Metadata => ("metadata", "everybody who may describe the stack's resources reads it"),
        Role::StackParameters => {
            ("a parameter of a stack without NoEcho", "everybody who may describe the stack reads it")
        }
        Role::ModuleInputs | Role::Provider | Role::Backend => return None,
    };
    Some(Place { what, who })
}

/// Whether a provisioner signs in to the machine with it.
pub(super) fn is_credential_of_connection(names: &[Arc<str>]) -> bool {
    names.first().is_some_and(|name| &**name == "connection") && is_made_for_a_secret(names)
}

/// Whether resources of a type hold nothing of their own.
pub(super) fn is_passed_over(kind: &str) -> bool {
    PASSED_OVER.contains(&kind)
}

/// What an attribute is to a secret.
pub(super) fn of_attribute(kind: &str, names: &[Arc<str>]) -> Verdict {
    let row = ROWS.iter().find(|(of, path, _)| fits(of, kind) && leads_to(path, names));
    if let Some((_, _, verdict)) = row {
        return *verdict;
    }
    let any = |known: &[&str]| names.iter().any(|name| known.contains(&&*plain(name)));
    if any(ENVIRONMENTS) {
        ENVIRONMENT
    } else if any(USER_DATAS) {
        USER_DATA
    } else if is_made_for_a_secret(names) {
        SAFE
    } else {
        Verdict::Unknown
    }
}

fn is_made_for_a_secret(names: &[Arc<str>]) -> bool {
    names.last().is_some_and(|name| CREDENTIAL_NAMES.contains(&&*plain(name)))
}

fn fits(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == pattern,
    }
}

fn leads_to(path: &str, names: &[Arc<str>]) -> bool {
    let mut names = names.iter();
    path.split('.').filter(|step| !step.is_empty()).all(|step| names.next().is_some_and(|name| **name == *step))
}

impl Condition {
    fn value(&self, all: &Value) -> Option<Value> {
        let mut value = all.clone();
        for name in self.attribute {
            value = match value.fields() {
                Some(fields) => fields.get(name)?.clone(),
                None => return Some(value),
            };
        }
        Some(value)
    }

    /// Whether the resource says it.
    pub(super) fn holds(&self, all: &Value) -> Tri {
        let Some(value) = self.value(all).filter(|value| !value.is_null()) else { return Tri::No };
        match (value.as_text(), value.as_bool(), value.as_unknown()) {
            (Some(text), ..) => text.equals_ignore_case(self.value),
            (_, Some(truth), _) => (truth.to_string() == self.value).into(),
            (.., Some(_)) => Tri::Maybe,
            _ => Tri::No,
        }
    }

    /// Why it is not known whether the resource says it.
    pub(super) fn reason(&self, all: &Value) -> Option<Reason> {
        Some(self.value(all)?.as_unknown()?.reason.clone())
    }
}
