//! Which of many resources an argument may mean, without a look at each: of a thousand repositories, hardly any.

use std::collections::{BTreeSet, HashMap};

use super::join::{Link, symbols};
use crate::resource::Site;
use crate::text::Tri;
use crate::value::Value;

/// Resources of one kind, by all that makes [`Link::means`] say anything but no.
pub struct Index<'a, T> {
    all: Vec<&'a T>,
    names: Names<'a, T>,
    by_site: HashMap<(&'a str, &'a str), Vec<usize>>,
    /// In lower case.
    by_name: HashMap<String, Vec<usize>>,
    /// Those whose name is not known.
    unnamed: Vec<usize>,
}

/// What a resource is meant by.
type Names<'a, T> = fn(&'a T) -> (&'a Site, &'a Value);

impl<'a, T> Index<'a, T> {
    /// Of all these.
    pub fn of(all: impl Iterator<Item = &'a T>, names: Names<'a, T>) -> Self {
        let mut index =
            Self { all: all.collect(), names, by_site: HashMap::new(), by_name: HashMap::new(), unnamed: Vec::new() };
        for (at, one) in index.all.iter().enumerate() {
            let (site, name) = names(one);
            index.by_site.entry((&*site.project, &*site.address)).or_default().push(at);
            match name.as_str() {
                Some(name) => index.by_name.entry(name.to_ascii_lowercase()).or_default().push(at),
                None => index.unnamed.push(at),
            }
        }
        index
    }

    /// Those that a link means or may mean, in their order.
    pub fn meant_by(&self, link: &Link) -> impl Iterator<Item = (&'a T, Tri)> {
        self.by_all([link]).map(|(one, [means])| (one, means))
    }

    /// Those that one of several links means or may mean, in their order, with what each does.
    pub fn by_all<const N: usize>(&self, links: [&Link; N]) -> impl Iterator<Item = (&'a T, [Tri; N])> {
        let candidates: BTreeSet<usize> = links.iter().flat_map(|link| self.candidates(link)).collect();
        candidates.into_iter().filter_map(move |at| {
            let one = *self.all.get(at)?;
            let (site, name) = (self.names)(one);
            let means = links.map(|link| link.means(site, name));
            means.iter().any(|means| *means != Tri::No).then_some((one, means))
        })
    }

    /// Those that it certainly means.
    pub fn certain(&self, link: &Link) -> impl Iterator<Item = &'a T> {
        self.meant_by(link).filter(|(_, means)| *means == Tri::Yes).map(|(one, _)| one)
    }

    /// The numbers of all but those that it cannot mean.
    fn candidates(&self, link: &Link) -> BTreeSet<usize> {
        let own = symbols(&link.value);
        if own.is_empty() && link.value.as_unknown().is_some() {
            return (0..self.all.len()).collect();
        }
        let mut found: BTreeSet<usize> = self.unnamed.iter().copied().collect();
        for symbol in &own {
            found.extend(self.by_site.get(&(&*symbol.project, &*symbol.address)).into_iter().flatten());
        }
        if let Some(text) = link.value.as_text() {
            let (end, whole) = text.known_suffix();
            let end = end.to_ascii_lowercase();
            let mut named = |name: &str| found.extend(self.by_name.get(name).into_iter().flatten());
            if whole {
                named(&end);
            }
            // An ARN ends in a name.
            let marks = end.char_indices().filter(|(_, char)| matches!(char, '/' | ':'));
            marks.for_each(|(at, mark)| named(end.get(at + mark.len_utf8()..).unwrap_or_default()));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::resource::{Language, Presence};
    use crate::source::{Sources, Span};
    use crate::text::Text;
    use crate::types::Type;
    use crate::value::{Kind, Reason, Symbol, Unknown};

    fn site(project: &str, address: &str) -> Site {
        let span = Span::new(Sources::default().file("main.tf".into()), 0, 0);
        Site {
            project: project.into(),
            language: Language::Terraform,
            address: address.into(),
            block: address.into(),
            kind: "aws_sns_topic".into(),
            header: span,
            span,
            presence: Presence::Certain,
            calls: Arc::default(),
        }
    }

    /// A name, an ARN, what another resource gives, what nobody knows, and strings with such in them.
    fn value() -> impl Strategy<Value = Value> {
        let unknown = |symbol| {
            let reason = Reason::new("var.x", "has no value", None);
            Value::new(Kind::Unknown(Arc::new(Unknown { ty: Type::Text, not_null: true, symbol, among: None, reason })))
        };
        let symbol = |(project, address): (&str, &str)| Symbol {
            project: project.into(),
            address: address.into(),
            kind: "aws_sns_topic".into(),
            attribute: "arn".into(),
        };
        let word = prop::sample::select(vec!["a", "B", "b", "x/a", "arn:aws:sns:r:1:a", "arn:aws:sns:r:1:B", ""]);
        let place = (prop::sample::select(vec!["p", "q"]), prop::sample::select(vec!["t.a", "t.b"]));
        let whole = prop_oneof![
            3 => word.prop_map(Value::text),
            1 => place.prop_map(move |place| unknown(Some(symbol(place)))),
            1 => Just(unknown(None)),
            1 => Just(Value::null()),
        ];
        (whole, prop::sample::select(vec!["", "/a", ":b", "a"])).prop_map(|(value, end)| match value.as_text() {
            Some(text) if !end.is_empty() => {
                Value::new(Kind::Text(Text::concat([text, &Text::literal(end, None, false)])))
            }
            _ => value,
        })
    }

    proptest! {
        #[test]
        fn what_is_no_candidate_is_not_meant(
            named in prop::collection::vec((prop::sample::select(vec!["p", "q", "r"]), prop::sample::select(vec!["t.a", "t.b", "t.c"]), value()), 0..6),
            (project, value) in (prop::sample::select(vec!["p", "q", "s"]), value()),
        ) {
            let all: Vec<(Site, Value)> = named.into_iter().map(|(project, address, name)| (site(project, address), name)).collect();
            let link = Link::of_project(&project.into(), value);
            let index = Index::of(all.iter(), |(site, name)| (site, name));
            let meant: Vec<_> = all.iter().map(|(site, name)| link.means(site, name)).filter(|means| *means != Tri::No).collect();
            prop_assert_eq!(index.meant_by(&link).map(|(_, means)| means).collect::<Vec<_>>(), meant);
        }
    }
}
