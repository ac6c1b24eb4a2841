//! `format` and `formatlist`: printf as Terraform has it.

use std::sync::Arc;

use dashu_int::IBig;
use unicode_segmentation::UnicodeSegmentation;

use crate::convert::{convert, length};
use crate::document::Slices;
use crate::encode;
use crate::number::Number;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Kind, Reason, Unknown, Value};

use super::pieces;
use super::spec::{Call, Failure, Function, MAX_TEXT, any, invalid, list, open, returns, text, text_value, too_large};

type Outcome = Result<Value, Failure>;

/// The widest field and the longest fraction.
const MAX_WIDTH: usize = 1 << 20;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("format", &[text("format")], returns::text, format_one).rest(any("args").nullable().partial()),
    Function::new("formatlist", &[text("format")], returns::texts, format_list).rest(any("args").nullable().partial()),
];

/// Terraform takes a null without a type for a value it does not know yet.
fn typed_arguments<'a>(call: &'a Call<'_>) -> Result<&'a [Value], Failure> {
    let arguments = call.from(1);
    if arguments.iter().any(|argument| matches!(argument.kind, Kind::Null(Type::Dynamic))) {
        let name = format!("{}()", call.name);
        return Err(open(Reason::new(name, "is given a null that has no type", Some(call.span))));
    }
    Ok(arguments)
}

fn format_one(call: &Call<'_>) -> Outcome {
    render(call, &call.text(0)?, typed_arguments(call)?).map(text_value)
}

/// Formats once for each element of the list arguments, which have the same length.
fn format_list(call: &Call<'_>) -> Outcome {
    let (template, arguments) = (call.text(0)?, typed_arguments(call)?);
    let mut count: Option<(usize, usize)> = None;
    for (at, argument) in arguments.iter().enumerate() {
        let listed = matches!(argument.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_)) && !argument.is_null();
        let unknown = match &argument.kind {
            Kind::Unknown(unknown) => listed || unknown.ty == Type::Dynamic,
            _ => false,
        };
        match (length(argument), argument.first_unknown()) {
            (None, Some(unknown)) if listed => return Err(Failure::Unknown(unknown)),
            (_, Some(first)) if unknown => return Err(Failure::Unknown(first)),
            (Some(length), _) if listed => match count {
                None => count = Some((at, length)),
                Some((other, expected)) if expected != length => {
                    let (at, other) = (at + 1, other + 1);
                    return Err(invalid(
                        at,
                        format!(
                            "argument {at} has length {length}, which is inconsistent with argument {other} of length \
                             {expected}"
                        ),
                    ));
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    let count = count.map_or(1, |(_, length)| length);
    let mut results = Vec::with_capacity(count);
    let mut size = 0;
    for row in 0..count {
        let pick = |argument: &Value| match argument.elements() {
            Some(elements) => elements.get(row).cloned().unwrap_or_else(Value::null),
            None => argument.clone(),
        };
        let picked: Vec<Value> = arguments.iter().map(pick).collect();
        let text = render(call, &template, &picked).map_err(|failure| match failure {
            Failure::Call(message) if !arguments.is_empty() => {
                Failure::Call(format!("error on format iteration {row}: {message}"))
            }
            other => other,
        });
        let text = match text {
            Err(Failure::Unknown(unknown)) => Text::unknown(pieces::changed(&unknown)),
            text => text?,
        };
        size += text.known_len();
        if size > MAX_TEXT {
            return Err(too_large());
        }
        results.push(text_value(text));
    }
    Ok(list(Type::Text, results))
}

/// One verb: `%[flags][width][.precision][[argument]]letter`.
#[derive(Default)]
struct Verb {
    raw: String,
    offset: usize,
    argument: usize,
    mode: char,
    zero: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Fills the verbs in.
fn render(call: &Call<'_>, template: &Text, arguments: &[Value]) -> Result<Text, Failure> {
    let result = render_known(call, template, arguments);
    // Terraform looks no further once an argument is unknown.
    match (result, arguments.iter().find_map(Value::first_unknown)) {
        (Err(Failure::Call(_) | Failure::Argument(..)), Some(unknown)) => Err(Failure::Unknown(unknown)),
        (result, _) => result,
    }
}

fn render_known(call: &Call<'_>, template: &Text, arguments: &[Value]) -> Result<Text, Failure> {
    let Some(source) = template.as_str() else {
        return Err(template.unknown_part().map_or_else(|| "string required".into(), Failure::Unknown));
    };
    let cuts = Slices::new(template);
    let mut parts: Vec<Text> = Vec::new();
    let copy = |parts: &mut Vec<Text>, start: usize, end: usize| {
        if start < end {
            parts.push(cuts.text(start..end));
        }
    };
    let mut size = 0;
    let (mut next, mut highest, mut at) = (1, 0, 0);
    while let Some(found) = source.get(at..).and_then(|rest| rest.find('%')) {
        let start = at + found;
        copy(&mut parts, at, start);
        if source.get(start + 1..).is_some_and(|rest| rest.starts_with('%')) {
            copy(&mut parts, start, start + 1);
            at = start + 2;
            continue;
        }
        let verb = parse(&source, start, next)?;
        at = start + verb.raw.len();
        next = verb.argument + 1;
        highest = highest.max(verb.argument);
        let part = verb.apply(arguments)?;
        size += part.known_len();
        if size > MAX_TEXT {
            return Err(too_large());
        }
        parts.push(part);
    }
    copy(&mut parts, at, source.len());
    if highest < arguments.len() {
        let used = match highest {
            0 => "no verbs in format string".to_owned(),
            used => format!("only {used} used by format string"),
        };
        let extra = call.arguments.len() - arguments.len() + highest;
        return Err(invalid(extra, format!("too many arguments; {used}")));
    }
    Ok(Text::concat(&parts))
}

fn parse(source: &str, start: usize, next: usize) -> Result<Verb, Failure> {
    let mut verb = Verb { offset: start, argument: next, ..Verb::default() };
    let mut chars = source.char_indices().skip_while(|(at, _)| *at <= start).peekable();
    let digits = |chars: &mut std::iter::Peekable<_>| -> Result<Option<usize>, Failure> {
        digits_of(chars).map_or(Ok(None), |digits| {
            let value = digits.parse::<usize>().ok().filter(|value| *value <= MAX_WIDTH);
            value.map(Some).ok_or_else(|| format!("the number {digits} in the format string is too large").into())
        })
    };
    while let Some((_, flag)) = chars.next_if(|(_, c)| matches!(c, '0' | '#' | '-' | '+' | ' ')) {
        match flag {
            '0' => verb.zero = true,
            '#' => verb.sharp = true,
            '-' => verb.minus = true,
            '+' => verb.plus = true,
            _ => verb.space = true,
        }
    }
    verb.width = digits(&mut chars)?;
    if chars.next_if(|(_, c)| *c == '.').is_some() {
        verb.precision = Some(digits(&mut chars)?.unwrap_or(0));
    }
    if chars.next_if(|(_, c)| *c == '[').is_some() {
        verb.argument = digits(&mut chars)?.filter(|argument| *argument > 0).unwrap_or(0);
        if verb.argument == 0 || chars.next_if(|(_, c)| *c == ']').is_none() {
            return Err(unrecognized(source, chars.peek()));
        }
    }
    match chars.next_if(|(_, c)| c.is_ascii_alphabetic()) {
        Some((at, mode)) => {
            verb.mode = mode;
            verb.raw = source.get(start..=at).unwrap_or_default().to_owned();
            Ok(verb)
        }
        None => Err(unrecognized(source, chars.peek())),
    }
}

fn digits_of(chars: &mut std::iter::Peekable<impl Iterator<Item = (usize, char)>>) -> Option<String> {
    let mut digits = String::new();
    while let Some((_, digit)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
        digits.push(digit);
    }
    (!digits.is_empty()).then_some(digits)
}

fn unrecognized(source: &str, at: Option<&(usize, char)>) -> Failure {
    match at {
        Some((at, c)) => format!("unrecognized format character {c:?} at offset {at}").into(),
        None => format!("invalid format string starting at offset {}", source.len()).into(),
    }
}

impl Verb {
    fn unsupported(&self, why: impl std::fmt::Display) -> Failure {
        format!("unsupported value for {:?} at {}: {why}", self.raw, self.offset).into()
    }

    fn converted(&self, value: &Value, ty: &Type) -> Result<Value, Failure> {
        convert(value, ty).map_err(|error| self.unsupported(error.message))
    }

    fn apply(&self, arguments: &[Value]) -> Result<Text, Failure> {
        let Some(value) = arguments.get(self.argument - 1) else {
            return Err(format!(
                "not enough arguments for {:?} at {}: need index {} but have {} total",
                self.raw,
                self.offset,
                self.argument,
                arguments.len()
            )
            .into());
        };
        if value.is_null() && self.mode != 'v' {
            return Err(self.unsupported("null value cannot be formatted"));
        }
        match self.mode {
            'v' => self.as_is(value),
            't' => match self.converted(value, &Type::Bool)?.kind {
                Kind::Bool(truth) => Ok(Text::from(if truth { "true" } else { "false" })),
                _ => hole(value),
            },
            's' | 'q' => self.characters(value),
            'b' | 'd' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'g' | 'G' => {
                match self.converted(value, &Type::Number)?.kind {
                    Kind::Number(number) if matches!(self.mode, 'b' | 'd' | 'o' | 'x' | 'X') => {
                        let integer = number.to_integer().ok_or_else(|| self.unsupported("an integer is required"))?;
                        Ok(Text::from(self.integer(&integer)))
                    }
                    Kind::Number(number) => Ok(Text::from(self.float(&number))),
                    _ => hole(value),
                }
            }
            mode => Err(format!("unsupported format verb {mode:?} in {:?} at offset {}", self.raw, self.offset).into()),
        }
    }

    fn as_is(&self, value: &Value) -> Result<Text, Failure> {
        let text = match &value.kind {
            Kind::Text(text) if !self.sharp => text.clone(),
            Kind::Unknown(unknown) if !self.sharp && unknown.ty == Type::Text => Text::unknown(Arc::clone(unknown)),
            Kind::Unknown(_) => return hole(value),
            Kind::Number(number) if !self.sharp => {
                let decimal = number.shortest_decimal().ok_or_else(|| self.unsupported("no finite number"))?;
                Text::from(decimal.general(None))
            }
            _ => encode::json_text(value).map_err(|error| self.unsupported(error))?,
        };
        self.padded(text)
    }

    fn characters(&self, value: &Value) -> Result<Text, Failure> {
        let converted = self.converted(value, &Type::Text)?;
        let mut text = match &converted.kind {
            Kind::Text(text) => text.clone(),
            Kind::Unknown(unknown) => Text::unknown(Arc::clone(unknown)),
            _ => return Err(self.unsupported("string required")),
        };
        if let Some(count) = self.precision.filter(|count| *count > 0) {
            let known = known_text(&text)?;
            let end = known.grapheme_indices(true).nth(count).map_or(known.len(), |(at, _)| at);
            text = pieces::slice(&text, 0, end);
        }
        if self.mode == 'q' {
            text = encode::json_text(&text_value(text)).map_err(|error| self.unsupported(error))?;
        }
        self.padded(text)
    }

    fn padded(&self, text: Text) -> Result<Text, Failure> {
        let Some(width) = self.width else {
            return Ok(text);
        };
        let missing = width.saturating_sub(known_text(&text)?.graphemes(true).count());
        let padding = Text::from((if self.zero { "0" } else { " " }).repeat(missing));
        Ok(if self.minus { Text::concat([&text, &padding]) } else { Text::concat([&padding, &text]) })
    }

    fn sign(&self, negative: bool) -> &'static str {
        match () {
            () if negative => "-",
            () if self.plus => "+",
            () if self.space => " ",
            () => "",
        }
    }

    fn integer(&self, value: &IBig) -> String {
        let magnitude = value.clone().into_parts().1;
        let (base, prefix) = match self.mode {
            'b' => (2, "0b"),
            'o' => (8, "0"),
            'x' => (16, "0x"),
            'X' => (16, "0X"),
            _ => (10, ""),
        };
        let mut digits = magnitude.in_radix(base).to_string();
        if self.mode == 'X' {
            digits.make_ascii_uppercase();
        }
        let prefix = if self.sharp { prefix } else { "" };
        let sign = self.sign(value < &IBig::ZERO);
        if self.precision == Some(0) && digits == "0" {
            return String::new();
        }
        let mut zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let length = sign.len() + prefix.len() + zeros + digits.len();
        let missing = self.width.unwrap_or(0).saturating_sub(length);
        let (mut left, mut right) = (0, 0);
        if self.minus {
            right = missing;
        } else if self.zero && self.precision.is_none() {
            zeros = missing;
        } else {
            left = missing;
        }
        let [left, right] = [left, right].map(|count| " ".repeat(count));
        format!("{left}{sign}{prefix}{}{digits}{right}", "0".repeat(zeros))
    }

    fn float(&self, value: &Number) -> String {
        let negative = value.is_negative();
        let places = self.precision.unwrap_or(6);
        let digits = match (self.mode, self.precision) {
            _ if !value.is_finite() => Some("Inf".to_owned()),
            ('e' | 'E', _) => {
                value.abs().exact_decimal().map(|d| d.rounded(places as isize + 1).scientific(Some(places)))
            }
            ('f', _) => value.abs().exact_decimal().map(|d| d.rounded(d.point + places as isize).plain(Some(places))),
            (_, None) => value.abs().shortest_decimal().map(|d| d.general(None)),
            (_, Some(count)) => value.abs().exact_decimal().map(|d| d.general(Some(count))),
        };
        let mut digits = digits.unwrap_or_default();
        if matches!(self.mode, 'E' | 'G') {
            digits.make_ascii_uppercase();
        }
        let sign = self.sign(negative);
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
        match () {
            () if self.minus => format!("{sign}{digits}{}", " ".repeat(missing)),
            () if self.zero && value.is_finite() => format!("{sign}{}{digits}", "0".repeat(missing)),
            () => format!("{}{sign}{digits}", " ".repeat(missing)),
        }
    }
}

fn known_text(text: &Text) -> Result<std::borrow::Cow<'_, str>, Failure> {
    match (text.as_str(), text.unknown_part()) {
        (Some(known), _) => Ok(known),
        (None, Some(unknown)) => Err(Failure::Unknown(unknown)),
        (None, None) => Err("string required".into()),
    }
}

/// The place of an unknown that is printed in some form.
fn hole(value: &Value) -> Result<Text, Failure> {
    let unknown: Arc<Unknown> = value.first_unknown().ok_or("unsupported value")?;
    Ok(Text::unknown(pieces::changed(&unknown)))
}
