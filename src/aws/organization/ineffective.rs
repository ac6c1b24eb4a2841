//! Why the policies of an organization have no effect, whatever they say.

use crate::resource::Language;
use crate::source::Span;

/// Why no service control policy of an organization has an effect.
#[derive(Clone, Debug)]
pub struct Ineffective {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Whether the configuration says so, or only fails to say otherwise.
    pub certain: bool,
    /// Whether it is the feature set; else the policy types.
    pub feature_set: bool,
}

impl Ineffective {
    /// What to write.
    pub(super) fn help(&self, language: Language) -> String {
        match (self.feature_set, language) {
            (true, Language::CloudFormation) => "write FeatureSet: ALL".into(),
            (true, Language::Manifest | Language::Workflow) => "enable all features of the organization".into(),
            (true, Language::Terraform) => "write feature_set = \"ALL\"".into(),
            (false, _) => "write enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]".into(),
        }
    }
}
