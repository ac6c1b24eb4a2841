//! An event of CloudTrail (CloudTrail user guide, "Record contents").

use std::borrow::Cow;

use serde_json::Value as Json;

/// An event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'e>(pub &'e Json);

impl<'e> Event<'e> {
    /// The text at a path such as `/userIdentity/type`.
    pub fn text(&self, path: &str) -> Option<&'e str> {
        self.0.pointer(path).and_then(Json::as_str).filter(|text| !text.is_empty())
    }

    /// Whether the value at a path is this text or the value that it stands for, as in `true` and `"true"`.
    pub fn is(&self, path: &str, text: &str) -> bool {
        match self.0.pointer(path) {
            Some(Json::String(found)) => found.eq_ignore_ascii_case(text),
            Some(Json::Bool(found)) => text == if *found { "true" } else { "false" },
            _ => false,
        }
    }

    /// Whether it is a sign-in.
    pub fn is_sign_in(&self) -> bool {
        self.is("/eventName", "ConsoleLogin")
    }

    /// Whether AWS refused what was asked.
    pub fn failed(&self) -> bool {
        self.text("/errorCode").is_some() || self.is("/responseElements/ConsoleLogin", "Failure")
    }

    /// The account that it is about: that of who acts, else the one whose trail has it.
    pub fn account(&self) -> Option<&'e str> {
        self.text("/userIdentity/accountId").or_else(|| self.text("/recipientAccountId"))
    }

    /// What is done, as `iam:CreateAccessKey`.
    pub fn action(&self) -> Cow<'e, str> {
        let name = self.text("/eventName").unwrap_or("?");
        match self.text("/eventSource").and_then(|source| source.split('.').next()) {
            Some(service) => Cow::Owned(format!("{service}:{name}")),
            None => Cow::Borrowed(name),
        }
    }
}
