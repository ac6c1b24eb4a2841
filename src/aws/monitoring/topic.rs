//! Whether what an alarm or a rule does reaches somebody.

use std::collections::HashMap;

use super::All;
use super::declared::Topic;
use super::seen::{Break, Seen};
use crate::aws::join::{Link, symbols};
use crate::text::Tri;
use crate::value::{Reason, Value};

impl All<'_> {
    /// Whether an action or a target, one of the values of `list`, reaches somebody. A topic must have subscribers, as far as it is in view;
    /// anything else is taken to be read.
    pub fn reaches(&self, list: &Link, action: &Value) -> Seen {
        let link = list.only(action);
        let mut unsure = None;
        for (topic, means) in self.known_topics().meant_by(&link) {
            match means {
                Tri::Yes => return self.is_read(topic, action),
                Tri::Maybe => {
                    let reason = link.unknown().or_else(|| topic.name.first_unknown().map(|open| open.reason.clone()));
                    unsure = unsure.or(reason);
                }
                Tri::No => {}
            }
        }
        // What a data source or another resource gives is there.
        if !symbols(action).is_empty() || action.as_str().is_some() {
            return Seen::Yes;
        }
        match unsure.or_else(|| link.unknown()) {
            Some(reason) => Seen::Unsure(reason),
            None => Seen::Yes,
        }
    }

    /// Whether something in view subscribes to a topic.
    fn is_subscribed(&self, topic: &Topic) -> Tri {
        let subscribed = self.indexes.subscribed.get_or_init(|| {
            let mut found = HashMap::new();
            for (topic, means) in self.subscriptions().flat_map(|own| self.known_topics().meant_by(own)) {
                let known = found.entry(std::ptr::from_ref(topic)).or_insert(means);
                *known = if means == Tri::Yes { means } else { *known };
            }
            found
        });
        subscribed.get(&std::ptr::from_ref(topic)).copied().unwrap_or(Tri::No)
    }

    fn is_read(&self, topic: &Topic, action: &Value) -> Seen {
        let called = format!("topic `{}`", topic.site.block);
        if topic.key.as_text().is_some_and(|key| key.ends_with_ignore_case("alias/aws/sns") == Tri::Yes) {
            let why = format!("{called} is encrypted with AWS's own key, which lets no other service publish to it");
            return Seen::No(Break::always(why, topic.key.origin.primary()));
        }
        let written = topic.subscriptions.elements().is_some_and(|all| !all.is_empty());
        let subscribed = self.is_subscribed(topic);
        if written || subscribed == Tri::Yes {
            return Seen::Yes;
        }
        if let Some(unsure) = Seen::unsure(&topic.subscriptions) {
            return unsure;
        }
        if subscribed == Tri::Maybe {
            let why = "may have a subscription in view, whose topic is not known";
            return Seen::Unsure(Reason::new(&*topic.site.block, why, Some(topic.site.header)));
        }
        let reason = Reason::new(&*topic.site.block, "has no subscription in view", Some(topic.site.header));
        let span = action.origin.primary().unwrap_or(topic.site.header);
        Seen::No(Break::always(format!("{called} has no subscription"), Some(span)).unless(reason))
    }
}
