//! The parts of a Terraform address.

/// An address, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// The modules that lead to it, outermost first: `module.a["x"]`.
    pub(super) module: Vec<&'a str>,
    /// The resource's name.
    pub(super) name: &'a str,
    /// The instance's key as it is written: `0`, `"a"`.
    pub(super) index: Option<&'a str>,
}

impl<'a> Address<'a> {
    /// Takes an address apart; what is none has a name and nothing else.
    pub(super) fn parse(address: &'a str) -> Self {
        let mut parsed = Self::default();
        let mut rest = address;
        while let Some(after) = rest.strip_prefix("module.") {
            let (name, more) = step(after);
            let length = "module.".len() + name.len();
            parsed.module.push(rest.get(..length).unwrap_or(rest));
            rest = more;
        }
        let name = rest.split_once('.').map_or(rest, |(_, name)| name);
        (parsed.name, parsed.index) = match name.split_once('[') {
            Some((name, index)) => (name, index.strip_suffix(']')),
            None => (name, None),
        };
        parsed
    }
}

/// The text up to the next dot that stands in no brackets, and what follows it.
fn step(text: &str) -> (&str, &str) {
    let (mut quoted, mut escaped, mut inside) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if inside => quoted = !quoted,
            b'[' if !quoted => inside = true,
            b']' if !quoted => inside = false,
            b'.' if !inside => {
                return (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_hold_dots_and_brackets() {
        let parsed = Address::parse(r#"module.a["x].y.\"z"].module.b[0].aws_iam_user.u["k.l"]"#);
        assert_eq!(parsed.module, [r#"module.a["x].y.\"z"]"#, "module.b[0]"]);
        assert_eq!((parsed.name, parsed.index), ("u", Some(r#""k.l""#)));
        let plain = Address::parse("aws_iam_user.u");
        assert_eq!(plain, Address { module: Vec::new(), name: "u", index: None });
    }
}
