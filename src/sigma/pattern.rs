//! Texts of rules with their wildcards: `*` is any text, `?` one character, `\*` and `\?` are themselves.

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Any text.
    Star,
    /// Any character.
    One,
    /// This character.
    Char(char),
}

/// A text with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    cased: bool,
    /// The text, if there are no wildcards but perhaps one at each end.
    plain: Option<String>,
}

/// Where a value may go on beside a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// Nowhere.
    Nothing,
    /// After it: `startswith`.
    After,
    /// Before it: `endswith`.
    Before,
    /// On both sides: `contains`.
    Both,
}

/// The lower case of a character, as it is compared.
fn lower(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase()
}

impl Pattern {
    /// Reads a text of a rule.
    pub fn new(text: &str, around: Around, cased: bool) -> Self {
        let mut parts = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('\\', Some(next @ ('*' | '?' | '\\'))) => {
                    parts.push(Part::Char(*next));
                    chars.next();
                }
                ('*', _) => parts.push(Part::Star),
                ('?', _) => parts.push(Part::One),
                (c, _) => parts.push(Part::Char(c)),
            }
        }
        Self::whole(parts, around, cased)
    }

    /// A text in which nothing is a wildcard.
    pub fn literal(text: &str, around: Around, cased: bool) -> Self {
        Self::whole(text.chars().map(Part::Char).collect(), around, cased)
    }

    fn whole(mut parts: Vec<Part>, around: Around, cased: bool) -> Self {
        if matches!(around, Around::Before | Around::Both) {
            parts.insert(0, Part::Star);
        }
        if matches!(around, Around::After | Around::Both) {
            parts.push(Part::Star);
        }
        parts.dedup_by(|a, b| *a == Part::Star && *b == Part::Star);
        if !cased {
            let fold = |part: Part| match part {
                Part::Char(c) => lower(c).map(Part::Char).collect(),
                other => vec![other],
            };
            parts = parts.into_iter().flat_map(fold).collect();
        }
        let mut inner = parts.as_slice();
        if let [Part::Star, rest @ ..] = inner {
            inner = rest;
        }
        if let [rest @ .., Part::Star] = inner {
            inner = rest;
        }
        let char = |part: &Part| match part {
            Part::Char(c) => Some(*c),
            _ => None,
        };
        let plain = inner.iter().map(char).collect();
        Self { parts, cased, plain }
    }

    /// Whether a value matches.
    pub fn matches(&self, value: &str) -> bool {
        if self.cased {
            return self.matches_folded(value);
        }
        // Most values are short ASCII.
        if value.is_ascii() {
            return self.matches_folded(&value.to_ascii_lowercase());
        }
        self.matches_folded(&value.chars().flat_map(lower).collect::<String>())
    }

    fn matches_folded(&self, value: &str) -> bool {
        if let Some(plain) = &self.plain {
            return match (self.is_open_before(), self.is_open_after()) {
                (false, false) => value == plain,
                (false, true) => value.starts_with(plain),
                (true, false) => value.ends_with(plain),
                (true, true) => value.contains(plain),
            };
        }
        // Each star takes as little as it can; only the last one met ever has to take more.
        let value: Vec<char> = value.chars().collect();
        let (mut part, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let fits = match (self.parts.get(part), value.get(at)) {
                (Some(Part::Star), _) => {
                    retry = Some((part + 1, at));
                    part += 1;
                    continue;
                }
                (Some(Part::One), Some(_)) => true,
                (Some(Part::Char(c)), Some(found)) => c == found,
                (None, None) => return true,
                _ => false,
            };
            if fits {
                (part, at) = (part + 1, at + 1);
                continue;
            }
            match &mut retry {
                Some((star, taken)) if *taken < value.len() => {
                    *taken += 1;
                    (part, at) = (*star, *taken);
                }
                _ => return false,
            }
        }
    }

    fn is_open_before(&self) -> bool {
        self.parts.first() == Some(&Part::Star)
    }

    fn is_open_after(&self) -> bool {
        self.parts.last() == Some(&Part::Star)
    }

    /// The whole text that is matched, but for its case, if there is only one.
    pub fn only(&self) -> Option<&str> {
        self.plain.as_deref().filter(|_| !self.is_open_before() && !self.is_open_after())
    }

    /// The stretches without wildcards.
    pub fn stretches(&self) -> Vec<String> {
        let mut all = vec![String::new()];
        for part in &self.parts {
            match (part, all.last_mut()) {
                (Part::Char(c), Some(last)) => last.push(*c),
                _ => all.push(String::new()),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(pattern: &str, value: &str) -> bool {
        Pattern::new(pattern, Around::Nothing, false).matches(value)
    }

    #[test]
    fn wildcards_and_their_escapes() {
        assert!(is("Root", "rOOT") && !is("Root", "Roo") && !is("Root", "Root "));
        assert!(is("a*c", "abbc") && is("a*c", "ac") && !is("a*c", "acb"));
        assert!(is("a?c", "abc") && !is("a?c", "ac") && is("?", "ü"));
        assert!(is("*b*b*", "xbyb") && !is("*b*b*", "xb"));
        assert!(is(r"a\*c", "a*c") && !is(r"a\*c", "abc"));
        assert!(is(r"a\\*", r"a\bcd") && is(r"C:\x", r"c:\X"));
        assert!(is("", "") && !is("", "a") && is("*", "") && is("**", "x"));
        assert!(is("ÄB", "äb") && is("straße*", "STRAßE 1"));
    }

    #[test]
    fn what_may_stand_around() {
        let matches = |around, value: &str| Pattern::new("b?", around, false).matches(value);
        assert!(matches(Around::Both, "abcd") && matches(Around::After, "bcd") && matches(Around::Before, "abc"));
        assert!(!matches(Around::After, "abc") && !matches(Around::Before, "bcd") && !matches(Around::Nothing, "bcd"));
        let contains = |value: &str| Pattern::new("b", Around::Both, true).matches(value);
        assert!(contains("abc") && contains("b") && !contains("aBc"));
        assert!(
            Pattern::literal("*", Around::Both, true).matches("a*")
                && !Pattern::literal("*", Around::Both, true).matches("a")
        );
    }

    #[test]
    fn time_grows_with_both_lengths_only() {
        let pattern = "a*".repeat(200) + "?b";
        assert!(!is(&pattern, &"a".repeat(20_000)));
    }

    #[test]
    fn what_must_stand_in_a_value_is_known() {
        let pattern = |text: &str| Pattern::new(text, Around::Nothing, false);
        assert_eq!(pattern("Root").only(), Some("root"));
        assert_eq!(pattern("Root*").only(), None);
        assert_eq!(pattern("a?Bc*").stretches(), ["a", "bc", ""]);
    }
}
