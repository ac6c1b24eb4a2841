//! What reports say about a check.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use crate::finding::Severity;

type Lazy<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// What the formats say about a check. Most runs find nothing and most findings are shown without all of this, so that it is
/// read from the check's page only once it is asked for.
pub struct Rule {
    /// The check's id.
    pub id: String,
    about: Lazy<About>,
    frameworks: Lazy<BTreeMap<String, Vec<String>>>,
}

/// The page of a check, in parts.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// One line: what it flags.
    pub title: String,
    /// Its usual severity.
    pub severity: Option<Severity>,
    /// The page's text, in Markdown.
    pub page: String,
    /// Where to read more.
    pub url: String,
    /// Whether its findings say that something is missing: the place then only stands for the project.
    pub absence: bool,
}

impl Rule {
    /// A check of which this is known.
    pub fn new(id: impl Into<String>, about: impl FnOnce() -> About + Send + 'static) -> Self {
        Self { id: id.into(), about: Lazy::new(Box::new(about)), frameworks: Lazy::new(Box::new(BTreeMap::new)) }
    }

    /// The same with the ids of the controls that the check answers, by framework.
    #[must_use]
    pub fn with_frameworks(self, frameworks: impl FnOnce() -> BTreeMap<String, Vec<String>> + Send + 'static) -> Self {
        Self { frameworks: Lazy::new(Box::new(frameworks)), ..self }
    }

    /// Its page.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The ids of the controls that the check answers, by framework.
    pub fn frameworks(&self) -> &BTreeMap<String, Vec<String>> {
        &self.frameworks
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}
