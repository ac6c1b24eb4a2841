//! Conditions and resources compared with what a kind of request carries: the rules of each operator, of missing keys and
//! of policy variables.

use core::net::IpAddr;
use std::rc::Rc;

use ipnet::IpNet;

use crate::text::Tri;
use crate::value::Reason;

use super::condition::{Condition, Set, Test};
use super::pattern::{self, Part, Pattern, Token, Variable};
use super::policy::{Element, Item};
use super::predicate::{Atom, Matches, Predicate, Sample, Says, Strings, not, or};
use super::request::{Account, Clock, Context, Free, Question, Services, Subject, View};

impl Atom {
    fn always(truth: impl Into<Tri>) -> Self {
        Self { says: Says::Always(truth.into()), reasons: Vec::new() }
    }

    fn unsure(reason: Reason) -> Self {
        Self { says: Says::Always(Tri::Maybe), reasons: vec![reason] }
    }
}

/// What policy variables stand for in one kind of request.
fn variable(key: &str, context: &Context, question: &Question) -> Variable {
    if !key.contains(':') {
        // `${Account}`, a placeholder left in: no such key is ever in a request.
        return Variable::Absent;
    }
    match context.subject(key, question) {
        Subject::Absent => Variable::Absent,
        Subject::Text(text) => Variable::Text(text),
        Subject::Account(prefix, suffix) => Variable::Account(prefix, suffix),
        Subject::Unknown(reason) => Variable::Unknown(reason),
        _ => Variable::Unknown(Reason::new(format!("${{{key}}}"), "is chosen by the caller", None)),
    }
}

/// What a resource element says about the resource of the request.
pub fn resource(element: &Element, variables: bool, context: &Context, question: &Question) -> Atom {
    let lookup = |key: &str| variable(key, context, question);
    let mut reasons = Vec::new();
    let mut patterns = Vec::new();
    let mut vague = element.negated && element.values.is_empty();
    if vague {
        reasons.push(Reason::new("an empty list", "is not documented here", element.span));
    }
    for item in &element.values {
        match pattern::resource(item, variables, &lookup, &mut reasons) {
            Ok(found) => patterns.extend(found),
            Err(reason) => {
                reasons.push(reason);
                vague = true;
            }
        }
        reasons.extend(item.holes().cloned());
    }
    let subject = match (&question.resource, context.subject("aws:PrincipalArn", question)) {
        (Some(resource), _) => Subject::Text(resource.clone()),
        (None, subject) => subject,
    };
    texts(subject, patterns, element.negated, vague, None, reasons, question)
}

/// What a condition says in one kind of request.
pub fn condition(condition: &Condition, variables: bool, context: &Context, question: &Question) -> Atom {
    let operator = &condition.operator;
    if !operator.documented {
        let why = "differs in case from the documented operator, which AWS does not define";
        return Atom::unsure(Reason::new(&*operator.name, why, condition.span));
    }
    let subject = context.subject(&condition.key, question);
    if let Subject::Unknown(reason) = &subject {
        return Atom::unsure(Reason { span: condition.span, ..reason.clone() });
    }
    if operator.test == Test::Null {
        return null(condition, subject == Subject::Absent);
    }
    if subject == Subject::Absent {
        return missing(condition);
    }
    if operator.set.is_none() && matches!(subject, Subject::Path | Subject::Services(Services::All)) {
        let why = "has several values, and AWS defines no comparison with them without ForAnyValue or ForAllValues";
        return Atom::unsure(Reason::new(&*condition.key, why, condition.span));
    }
    let lookup = |key: &str| variable(key, context, question);
    let mut reasons: Vec<Reason> = condition.values.iter().flat_map(Item::holes).cloned().collect();
    let values: Vec<Vec<Part>> =
        condition.values.iter().filter_map(|item| pattern::resolve(item, variables, &lookup, &mut reasons)).collect();
    let negated = operator.negated;
    match operator.test {
        Test::Numeric(order) => match subject {
            Subject::Age => {
                let (numbers, vague) = known(&values, number, negated, &mut reasons, condition);
                when(Free::Age, Matches::Number(order, numbers), negated, vague, reasons)
            }
            Subject::Clock(clock @ Clock::Epoch) => {
                let (times, vague) = known(&values, number, negated, &mut reasons, condition);
                when(Free::Clock, Matches::Time(clock, order, times), negated, vague, reasons)
            }
            Subject::Text(text) => match number(&text) {
                Some(own) => {
                    let (numbers, vague) = known(&values, number, negated, &mut reasons, condition);
                    constant(numbers.iter().any(|value| order.holds(&own, value)), negated, vague, reasons)
                }
                None => mismatch(condition),
            },
            Subject::Account(prefix, _) if !prefix.is_empty() => mismatch(condition),
            Subject::Clock(_) | Subject::Address(_) => mismatch(condition),
            _ => Atom::unsure(uncompared(condition)),
        },
        Test::Date(order) => match subject {
            Subject::Clock(clock) => {
                let (times, vague) = known(&values, time, negated, &mut reasons, condition);
                when(Free::Clock, Matches::Time(clock, order, times), negated, vague, reasons)
            }
            _ => mismatch(condition),
        },
        Test::Ip => match subject {
            Subject::Address(key) => {
                let (nets, vague) = known(&values, network, negated, &mut reasons, condition);
                when(Free::Address(key), Matches::Address(nets), negated, vague, reasons)
            }
            Subject::Chosen(..) => Atom::unsure(uncompared(condition)),
            _ => mismatch(condition),
        },
        Test::Binary => Atom::unsure(uncompared(condition)),
        Test::Equals | Test::EqualsIgnoreCase | Test::Like | Test::Arn | Test::Bool => {
            let wild = operator.test == Test::Like;
            match subject {
                Subject::Address(key) => {
                    let text = |text: &str| written_address(text, wild);
                    let (nets, vague) = strings(&values, text, &mut reasons, condition);
                    when(Free::Address(key), Matches::Address(nets), negated, vague, reasons)
                }
                Subject::Age | Subject::Clock(_) if !(wild && values.iter().any(|v| v == &[Part::Written('*')])) => {
                    Atom::unsure(uncompared(condition))
                }
                Subject::Age | Subject::Clock(_) => Atom::always(!negated),
                subject => compared(condition, subject, &values, reasons, question),
            }
        }
        Test::Null => Atom::always(false),
    }
}

/// Strings, truth values and ARNs.
fn compared(
    condition: &Condition,
    subject: Subject,
    values: &[Vec<Part>],
    mut reasons: Vec<Reason>,
    question: &Question,
) -> Atom {
    let operator = &condition.operator;
    let mut patterns = Vec::new();
    let mut vague = false;
    for parts in values {
        match operator.test {
            Test::Arn if parts == &[Part::Written('*')] => {
                let why = "has a bare `*`, which AWS does not document (an ARN has six segments)";
                reasons.push(Reason::new(&*operator.name, why, condition.span));
                vague = true;
            }
            Test::Arn => patterns.extend(pattern::arn(parts)),
            Test::Like => patterns.push(pattern::string(parts, true, false)),
            Test::EqualsIgnoreCase => patterns.push(pattern::string(parts, false, true)),
            Test::Bool => {
                let pattern = pattern::string(parts, false, true);
                if or(pattern.matches("true"), pattern.matches("false")) != Tri::No {
                    patterns.push(pattern);
                }
            }
            _ => patterns.push(pattern::string(parts, false, false)),
        }
    }
    let is_arn = match &subject {
        Subject::Text(text) => text.matches(':').count() >= 5,
        Subject::Account(prefix, _) => !prefix.is_empty(),
        Subject::Arn(_) => true,
        Subject::Chosen(Free::Text(key), ..) => *key == "aws:SourceVpcArn",
        _ => false,
    };
    if operator.test == Test::Arn && operator.negated && !is_arn {
        return mismatch(condition);
    }
    texts(subject, patterns, operator.negated, vague, operator.set, reasons, question)
}

/// A string of the request against patterns.
fn texts(
    subject: Subject,
    mut patterns: Vec<Pattern>,
    negated: bool,
    mut vague: bool,
    set: Option<Set>,
    mut reasons: Vec<Reason>,
    question: &Question,
) -> Atom {
    let whole = View::Whole;
    let plain = |patterns, prefix, suffix, view| Matches::Text {
        strings: Strings::new(patterns, prefix, suffix),
        view,
        services: None,
    };
    let loose = |pattern: Pattern| {
        // An account within a pattern for another string: it may match for some accounts, not for others.
        if !pattern.has_account() && !pattern.has_other() {
            return pattern;
        }
        let is_account = |token: &Token| matches!(token, Token::Account | Token::Other);
        let token = |token: &Token| if is_account(token) { Token::Hole } else { token.clone() };
        Pattern::new(pattern.tokens.iter().map(token).collect(), pattern.fold)
    };
    let no_other = match &subject {
        Subject::Text(text) => !names_other(text, question),
        Subject::Account(prefix, suffix) => !names_other(prefix, question) && !names_other(suffix, question),
        _ => false,
    };
    if no_other {
        patterns.retain(|pattern| !pattern.has_other());
    }
    match subject {
        // `Resource: "*"` of every statement is no question.
        Subject::Account(..) | Subject::Chosen(..) | Subject::Arn(_) if patterns.iter().any(Pattern::is_any) => {
            Atom { says: Says::Always((!negated).into()), reasons }
        }
        Subject::Text(text) => {
            let patterns: Vec<Pattern> = patterns.into_iter().map(loose).collect();
            let predicate =
                Predicate { test: plain(patterns, String::new(), String::new(), whole), negated, vague, set: None };
            Atom { says: Says::Always(predicate.holds(&Sample::Text(text))), reasons }
        }
        Subject::Account(prefix, suffix) => {
            let (with, without): (Vec<Pattern>, Vec<Pattern>) = patterns.into_iter().partition(Pattern::has_account);
            for pattern in with {
                match pattern.matches_account(&prefix, &suffix) {
                    Tri::Yes => return Atom { says: Says::Always((!negated).into()), reasons },
                    Tri::No => {}
                    Tri::Maybe => vague = true,
                }
            }
            if vague && reasons.is_empty() {
                reasons.push(Reason::new("the account's id", "is not known", None));
            }
            when(Free::Account, plain(without, prefix, suffix, whole), negated, vague, reasons)
        }
        Subject::Chosen(free, prefix, view) => {
            let patterns = patterns.into_iter().map(loose).collect();
            when(free, plain(patterns, prefix.into(), String::new(), view), negated, vague, reasons)
        }
        Subject::Arn(prefix) => {
            let patterns = patterns.into_iter().map(loose).collect();
            when(Free::Account, plain(patterns, prefix, String::new(), whole), negated, vague, reasons)
        }
        Subject::Path => {
            let patterns = patterns.into_iter().map(loose).collect();
            when(Free::Path, plain(patterns, String::new(), String::new(), whole), negated, vague, reasons)
        }
        Subject::Services(which) => {
            let patterns = patterns.into_iter().map(loose).collect();
            let strings = Strings::new(patterns, String::new(), String::new());
            let test = Matches::Text { strings, view: whole, services: Some(which) };
            Atom { says: Says::When(Free::Services, Rc::new(Predicate { test, negated, vague, set })), reasons }
        }
        _ => Atom { says: Says::Always(Tri::Maybe), reasons },
    }
}

/// Whether the id of another account than the one of the request may stand in a text: twelve digits.
fn names_other(text: &str, question: &Question) -> bool {
    let is_own = |id: &str| question.account == Account::Known(id.into());
    text.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() >= 12 && !is_own(digits))
}

fn when(free: Free, test: Matches, negated: bool, vague: bool, reasons: Vec<Reason>) -> Atom {
    if let (Matches::Text { strings, .. }, false) = (&test, vague)
        && strings.is_empty()
    {
        return Atom { says: Says::Always(negated.into()), reasons };
    }
    Atom { says: Says::When(free, Rc::new(Predicate { test, negated, vague, set: None })), reasons }
}

fn constant(positive: bool, negated: bool, vague: bool, reasons: Vec<Reason>) -> Atom {
    let positive = if vague { or(positive.into(), Tri::Maybe) } else { positive.into() };
    Atom { says: Says::Always(if negated { not(positive) } else { positive }), reasons }
}

/// `Null`: `"true"` asks for the key to be missing.
fn null(condition: &Condition, absent: bool) -> Atom {
    let mut found = Tri::No;
    for value in &condition.values {
        found = or(
            found,
            match value.as_known() {
                Some(text) => (text.eq_ignore_ascii_case("true") && absent
                    || text.eq_ignore_ascii_case("false") && !absent)
                    .into(),
                None => Tri::Maybe,
            },
        );
    }
    Atom { says: Says::Always(found), reasons: condition.values.iter().flat_map(Item::holes).cloned().collect() }
}

/// What an operator says when the request does not carry the key.
fn missing(condition: &Condition) -> Atom {
    let operator = &condition.operator;
    match operator.set {
        Some(Set::All) => Atom::always(true),
        Some(Set::Any) if operator.if_exists => {
            let why = "is not documented for a key that is missing";
            Atom::unsure(Reason::new(&*operator.name, why, condition.span))
        }
        Some(Set::Any) => Atom::always(false),
        None => Atom::always(operator.if_exists || operator.negated),
    }
}

/// A key of another type than the operator's: nothing matches. What the `Not` form then says is not documented.
fn mismatch(condition: &Condition) -> Atom {
    if condition.operator.negated { Atom::unsure(uncompared(condition)) } else { Atom::always(false) }
}

fn uncompared(condition: &Condition) -> Reason {
    let why = format!("is compared with `{}`, for which AWS documents no result", condition.operator.name);
    Reason::new(&*condition.key, why, condition.span)
}

/// The values that `read` understands, and whether one is unknown. What it does not understand matches nothing; what a
/// `Not` operator makes of it is not documented.
fn known<T>(
    values: &[Vec<Part>],
    read: impl Fn(&str) -> Option<T>,
    negated: bool,
    reasons: &mut Vec<Reason>,
    condition: &Condition,
) -> (Vec<T>, bool) {
    let mut found = Vec::new();
    let mut vague = false;
    for parts in values {
        match plain(parts) {
            None => vague = true,
            Some(text) => match read(text.trim()) {
                Some(value) => found.push(value),
                None if negated => {
                    vague = true;
                    let why = format!("is no value for `{}`", condition.operator.name);
                    reasons.push(Reason::new(text, why, condition.span));
                }
                None => {}
            },
        }
    }
    (found, vague)
}

/// Like [`known`], where `read` may say that it cannot tell.
fn strings<T>(
    values: &[Vec<Part>],
    read: impl Fn(&str) -> Result<Option<Vec<T>>, ()>,
    reasons: &mut Vec<Reason>,
    condition: &Condition,
) -> (Vec<T>, bool) {
    let mut found = Vec::new();
    let mut vague = false;
    for parts in values {
        match plain(parts).map(|text| read(&text)) {
            Some(Ok(values)) => found.extend(values.into_iter().flatten()),
            None => vague = true,
            Some(Err(())) => {
                vague = true;
                reasons.push(uncompared(condition));
            }
        }
    }
    (found, vague)
}

/// The characters, if all are known.
fn plain(parts: &[Part]) -> Option<String> {
    let part = |part: &Part| match part {
        Part::Written(character) | Part::Literal(character) => Some(*character),
        Part::Hole | Part::Account | Part::Other => None,
    };
    parts.iter().map(part).collect()
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A date as W3C's profile of ISO 8601 has it, or seconds since 1970 (IAM User Guide, "Date condition operators").
pub fn time(text: &str) -> Option<f64> {
    if text.len() > 4 && text.parse::<u64>().is_ok() {
        return number(text);
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_millisecond() as f64 / 1000.0);
    }
    let day = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.into(),
    };
    format!("{day}T00:00:00Z").parse::<jiff::Timestamp>().ok().map(|timestamp| timestamp.as_second() as f64)
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(|net: IpNet| net.trunc())
}

/// The addresses whose usual spelling a string pattern matches, where that is a block: `203.0.113.7`, `10.*`, `*`.
fn written_address(text: &str, wild: bool) -> Result<Option<Vec<IpNet>>, ()> {
    if !wild || !text.contains(['*', '?']) {
        let address = text.parse::<IpAddr>().ok().filter(|address| address.to_string() == text);
        return Ok(address.map(|address| vec![IpNet::from(address)]));
    }
    if text == "*" {
        return Ok(Some(["0.0.0.0/0", "::/0"].iter().filter_map(|net| net.parse().ok()).collect()));
    }
    let Some(octets) = text.strip_suffix(".*").filter(|octets| !octets.contains(['*', '?'])) else { return Err(()) };
    let count = octets.split('.').count();
    let zeros = ".0".repeat(4usize.saturating_sub(count));
    let address = format!("{octets}{zeros}").parse::<IpAddr>().map_err(|_| ())?;
    IpNet::new(address, u8::try_from(count * 8).map_err(|_| ())?).map(|net| Some(vec![net])).map_err(|_| ())
}
