//! What a waiver says: `ignore[CHECK, ...] reason="..." until=2027-01-31 owner="..."`.

use std::ops::Range;

use jiff::civil::Date;

use crate::config::{day, no_day};
use crate::suggest::did_you_mean;

/// What comes before a waiver in a comment.
pub const MARK: &str = "rootlint:";

/// How far a waiver reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `ignore`: its line, or the next one if it stands alone.
    Line,
    /// `ignore-block`: the block that it stands in or directly above.
    Block,
    /// `ignore-file`: the whole file.
    File,
}

const WORDS: [(&str, Word); 3] = [("ignore", Word::Line), ("ignore-block", Word::Block), ("ignore-file", Word::File)];

/// A waiver without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// How far it reaches.
    pub word: Word,
    /// The checks whose findings it waives.
    pub checks: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds (UTC).
    pub until: Option<Date>,
    /// Whom to ask.
    pub owner: Option<String>,
}

/// What is wrong with a waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In words.
    pub message: String,
    /// Where in the text.
    pub range: Range<usize>,
}

/// Reads a waiver; `text` is what follows [`MARK`]. `known` are the ids of all checks.
///
/// # Errors
/// Whatever is not exactly as documented: a waiver that is half understood might waive something else.
pub fn parse(text: &str, known: &[&str]) -> Result<Directive, Problem> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    let start = reader.at;
    let name = reader.while_is(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let Some((_, word)) = WORDS.iter().find(|(word, _)| *word == name) else {
        let hint = did_you_mean(name, WORDS.map(|(word, _)| word));
        let hint = if hint.is_empty() { "; known are ignore, ignore-block, ignore-file".to_owned() } else { hint };
        return Err(reader.problem(start, format!("unknown word `{name}`{hint}")));
    };
    let checks = checks(&mut reader, known)?;
    let mut directive = Directive { word: *word, checks, reason: String::new(), until: None, owner: None };
    let mut given: Vec<&str> = Vec::new();
    loop {
        reader.blanks();
        let start = reader.at;
        if reader.rest().is_empty() {
            break;
        }
        let key = reader.while_is(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let is_pair = reader.take('=');
        if key.is_empty() || !is_pair {
            return Err(reader.problem(start, "expected reason=\"...\", until=DATE or owner=\"...\"".to_owned()));
        }
        if given.contains(&key) {
            return Err(reader.problem(start, format!("`{key}` is given twice")));
        }
        let at = reader.at;
        let value = reader.value()?;
        match key {
            "reason" => directive.reason = value,
            "owner" => directive.owner = Some(value),
            "until" => {
                let date = day(&value).ok_or_else(|| reader.problem(at, no_day(&value)))?;
                directive.until = Some(date);
            }
            _ => {
                let hint = did_you_mean(key, ["reason", "until", "owner"]);
                let hint = if hint.is_empty() { "; known are reason, until, owner".to_owned() } else { hint };
                return Err(reader.problem(start, format!("unknown key `{key}`{hint}")));
            }
        }
        given.push(key);
    }
    if directive.reason.trim().is_empty() {
        return Err(reader.problem(0, "a reason is missing: reason=\"...\"".to_owned()));
    }
    Ok(directive)
}

/// What is said of a check that does not exist.
pub fn unknown_check(id: &str, known: &[&str]) -> String {
    format!("there is no check `{id}`{}", did_you_mean(id, known.iter().copied()))
}

fn checks(reader: &mut Reader<'_>, known: &[&str]) -> Result<Vec<String>, Problem> {
    if !reader.take('[') {
        return Err(reader.problem(reader.at, "the checks are missing: ignore[CHECK, ...]".to_owned()));
    }
    let mut checks = Vec::new();
    loop {
        reader.blanks();
        let start = reader.at;
        let id = reader.while_is(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '/' | '.'));
        if !known.contains(&id) {
            let message = match id {
                "" => "the name of a check is missing".to_owned(),
                "*" => "a waiver names its checks: `*` would also waive what is not known yet".to_owned(),
                _ => unknown_check(id, known),
            };
            return Err(reader.problem(start, message));
        }
        checks.push(id.to_owned());
        reader.blanks();
        if reader.take(']') {
            return Ok(checks);
        }
        if !reader.take(',') {
            return Err(reader.problem(reader.at, "expected `,` or `]`".to_owned()));
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn while_is(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let len = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.while_is(char::is_whitespace);
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    /// A quoted text, or a word.
    fn value(&mut self) -> Result<String, Problem> {
        let start = self.at;
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return Ok(self.while_is(|c| !c.is_whitespace()).to_owned());
        };
        self.take(quote);
        let mut value = String::new();
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices() {
            match c {
                _ if escaped => {
                    escaped = false;
                    value.push(c);
                }
                '\\' => escaped = true,
                c if c == quote => {
                    self.at += offset + c.len_utf8();
                    return Ok(value);
                }
                c => value.push(c),
            }
        }
        self.at = self.text.len();
        Err(self.problem(start, "this quotation does not end".to_owned()))
    }

    fn problem(&self, start: usize, message: String) -> Problem {
        Problem { message, range: start..self.at.max(start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["root-access-key", "unrotated-access-key"];

    fn refused(text: &str) -> (String, String) {
        let problem = parse(text, KNOWN).unwrap_err();
        (problem.message, text.get(problem.range).unwrap().to_owned())
    }

    #[test]
    fn everything_is_read() {
        let text = " ignore-block[ root-access-key,unrotated-access-key ] reason=\"it's \\\"so\\\"\" until=2027-01-31 owner='a b' ";
        let directive = parse(text, KNOWN).unwrap();
        assert_eq!(directive.word, Word::Block);
        assert_eq!(directive.checks, ["root-access-key", "unrotated-access-key"]);
        assert_eq!(directive.reason, "it's \"so\"");
        assert_eq!(directive.until, Some(jiff::civil::date(2027, 1, 31)));
        assert_eq!(directive.owner.as_deref(), Some("a b"));
        assert_eq!(parse("ignore[root-access-key] reason=x", KNOWN).unwrap().reason, "x");
        let own = ["guard/no_users", "guard/iam.v2/default"];
        assert_eq!(parse("ignore[guard/no_users, guard/iam.v2/default] reason=x", &own).unwrap().checks, own);
    }

    #[test]
    fn what_is_wrong_is_shown_where_it_is() {
        let fine = "ignore[root-access-key] reason=\"x\"";
        assert!(parse(fine, KNOWN).is_ok());
        assert_eq!(refused("ignor[root-access-key]").1, "ignor");
        assert!(refused("ignor[root-access-key]").0.contains("did you mean `ignore`?"));
        assert!(refused("ignore reason=\"x\"").0.contains("the checks are missing"));
        assert_eq!(refused("ignore[root-acces-key] reason=\"x\"").1, "root-acces-key");
        assert!(refused("ignore[root-acces-key] reason=\"x\"").0.contains("did you mean `root-access-key`?"));
        assert!(refused("ignore[] reason=\"x\"").0.contains("missing"));
        assert!(refused("ignore[*] reason=\"x\"").0.contains("names its checks"));
        assert!(refused("ignore[root-access-key").0.contains("expected `,` or `]`"));
        assert!(refused("ignore[root-access-key]").0.contains("a reason is missing"));
        assert!(refused("ignore[root-access-key] reason=\" \"").0.contains("a reason is missing"));
        assert_eq!(refused(&format!("{fine} until=2027-1-31")).1, "2027-1-31");
        assert_eq!(refused(&format!("{fine} until=tomorrow")).1, "tomorrow");
        assert!(refused(&format!("{fine} reason=\"y\"")).0.contains("twice"));
        assert!(refused(&format!("{fine} ownr=\"y\"")).0.contains("did you mean `owner`?"));
        assert!(refused(&format!("{fine} because I said so")).0.contains("expected reason="));
        assert!(refused("ignore[root-access-key] reason=\"x").0.contains("does not end"));
    }
}
