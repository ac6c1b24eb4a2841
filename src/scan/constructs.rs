//! Findings in what the AWS CDK wrote name the construct, and where it was made.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::{Findings, Related};

/// What the constructs of resources are: by project and address.
pub(super) type Constructs = HashMap<(Arc<str>, Arc<str>), Vec<Related>>;

/// Adds to each finding the construct that it is about.
pub(super) fn name(findings: &mut Findings, constructs: &Constructs) {
    if constructs.is_empty() {
        return;
    }
    for finding in &mut findings.findings {
        for project in &finding.projects {
            let key = (Arc::clone(project), Arc::clone(&finding.resource));
            for place in constructs.get(&key).into_iter().flatten() {
                if !finding.related.contains(place) {
                    finding.related.push(place.clone());
                }
            }
        }
    }
}
