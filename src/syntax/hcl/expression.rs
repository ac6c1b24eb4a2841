//! Expressions.

use std::sync::Arc;

use super::parser::{Parsed, Parser};
use super::{BinaryOp, Expr, ExprKind, For, Item, MAX_OPERANDS, Name, Step, UnaryOp};

/// Binary operators and how strongly they bind; of tokens that start alike the longer comes first.
const OPERATORS: [(&str, u8, BinaryOp); 13] = [
    ("||", 0, BinaryOp::Or),
    ("&&", 1, BinaryOp::And),
    ("==", 2, BinaryOp::Equal),
    ("!=", 2, BinaryOp::NotEqual),
    ("<=", 3, BinaryOp::LessOrEqual),
    (">=", 3, BinaryOp::GreaterOrEqual),
    ("<", 3, BinaryOp::Less),
    (">", 3, BinaryOp::Greater),
    ("+", 4, BinaryOp::Add),
    ("-", 4, BinaryOp::Subtract),
    ("*", 5, BinaryOp::Multiply),
    ("/", 5, BinaryOp::Divide),
    ("%", 5, BinaryOp::Modulo),
];

impl Parser<'_> {
    /// An expression, with blanks around it skipped.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            parser.skip()?;
            let start = parser.at;
            let condition = parser.binary(0)?;
            parser.skip()?;
            if !parser.take("?") {
                return Ok(condition);
            }
            let yes = parser.expression()?;
            parser.skip()?;
            if !parser.take(":") {
                return parser.error_at(
                    parser.at,
                    format!("`:` is expected in a conditional expression, not {}", parser.found()),
                );
            }
            let no = parser.expression()?;
            let end = parser.end_of(&no);
            let kind = ExprKind::Conditional(Box::new([condition, yes, no]));
            Ok(Expr { kind, span: parser.place.span(start, end) })
        })
    }

    /// Where an expression that was just parsed ends (blanks after it may have been skipped already).
    fn end_of(&self, expr: &Expr) -> usize {
        match self.place {
            super::Place::At(_, base) => (expr.span.end as usize).saturating_sub(base),
            super::Place::Within(_) => self.at,
        }
    }

    /// Operands and the operators between them that bind at least as strongly as `weakest`.
    fn binary(&mut self, weakest: u8) -> Parsed<Expr> {
        let start = self.at;
        let beside = std::mem::take(&mut self.height);
        let mut left = self.with_steps()?;
        loop {
            self.skip()?;
            let may_be =
                matches!(self.peek(), Some(b'|' | b'&' | b'=' | b'!' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'%'));
            let operator = OPERATORS.iter().find(|(token, ..)| may_be && self.looking_at(token));
            let Some((token, strength, op)) = operator.filter(|(_, strength, _)| *strength >= weakest) else {
                self.height = self.height.max(beside);
                return Ok(left);
            };
            let height = std::mem::take(&mut self.height);
            if height >= MAX_OPERANDS {
                return self.error_at(self.at, format!("more than {MAX_OPERANDS} operators in one expression"));
            }
            self.at += token.len();
            self.skip()?;
            let right = self.binary(strength + 1)?;
            self.height = self.height.max(height) + 1;
            let end = self.end_of(&right);
            left = Expr { kind: ExprKind::Binary(*op, Box::new([left, right])), span: self.place.span(start, end) };
        }
    }

    /// A term and the steps after it.
    fn with_steps(&mut self) -> Parsed<Expr> {
        self.skip()?;
        let start = self.at;
        let term = self.term()?;
        let mut end = self.at;
        let steps = self.steps(&mut end)?;
        if steps.is_empty() {
            return Ok(term);
        }
        let span = self.place.span(start, end);
        let kind = match term.kind {
            ExprKind::Reference(root, none) if none.is_empty() => ExprKind::Reference(root, steps),
            _ => ExprKind::Access(Box::new(term), steps),
        };
        Ok(Expr { kind, span })
    }

    fn steps(&mut self, end: &mut usize) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            self.skip()?;
            let start = self.at;
            if self.looking_at("...") {
                return Ok(steps);
            }
            if self.take(".") {
                self.skip()?;
                if self.take("*") {
                    *end = self.at;
                    let span = self.span_from(start);
                    steps.push(Step::Splat(self.attribute_steps(end)?, span));
                } else {
                    self.attribute_step(&mut steps)?;
                    *end = self.at;
                }
            } else if self.take("[") {
                self.skip()?;
                // Newlines are ignored around an index, but not in `[*]`.
                if self.take("*") {
                    self.skip()?;
                    if !self.take("]") {
                        return self.error_at(self.at, format!("`]` is expected after `[*`, not {}", self.found()));
                    }
                    *end = self.at;
                    let span = self.span_from(start);
                    let inner = self.nested(|parser| parser.steps(end))?;
                    steps.push(Step::Splat(inner, span));
                    return Ok(steps);
                }
                let index = self.with_newlines(false, |parser| {
                    let index = parser.expression()?;
                    parser.skip()?;
                    if parser.take("]") {
                        return Ok(index);
                    }
                    parser.error_at(parser.at, format!("`]` is expected after an index, not {}", parser.found()))
                })?;
                steps.push(Step::Index(index));
                *end = self.at;
            } else {
                return Ok(steps);
            }
        }
    }

    /// What may follow `.*`: attributes and numbers only.
    fn attribute_steps(&mut self, end: &mut usize) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            self.skip()?;
            if self.looking_at("...") || !self.take(".") {
                return Ok(steps);
            }
            self.skip()?;
            if self.looking_at("*") {
                return self.error_at(self.at, "splat expressions cannot be nested with `.*`; use `[*]`");
            }
            self.attribute_step(&mut steps)?;
            *end = self.at;
        }
    }

    /// A name, or the legacy form of an index: `.0`.
    fn attribute_step(&mut self, steps: &mut Vec<Step>) -> Parsed<()> {
        let start = self.at;
        if let Some(name) = self.name() {
            steps.push(Step::Attribute(name));
            return Ok(());
        }
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.error_at(start, format!("an attribute name is expected after `.`, not {}", self.found()));
        }
        if self.number_token().contains('.') {
            return self.error_at(start, "two indexes after one another need brackets: `[0][1]`, not `.0.1`");
        }
        self.at = start;
        let kind = self.number()?;
        steps.push(Step::Index(Expr { kind, span: self.span_from(start) }));
        Ok(())
    }

    fn term(&mut self) -> Parsed<Expr> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => return self.quoted_template(),
            Some(b'<') if self.looking_at("<<") => return self.heredoc(),
            Some(b'0'..=b'9') => self.number()?,
            Some(b'(') => {
                self.at += 1;
                let inner = self.with_newlines(false, |parser| {
                    let inner = parser.expression()?;
                    parser.skip()?;
                    if parser.take(")") {
                        Ok(inner)
                    } else {
                        parser.error_at(parser.at, format!("`)` is expected, not {}", parser.found()))
                    }
                })?;
                ExprKind::Parens(Box::new(inner))
            }
            Some(b'[') => {
                self.at += 1;
                self.with_newlines(false, Self::tuple)?
            }
            Some(b'{') => {
                self.at += 1;
                self.object()?
            }
            Some(b'-') => self.unary(UnaryOp::Negate)?,
            Some(b'!') => self.unary(UnaryOp::Not)?,
            _ => match self.name() {
                Some(name) => self.named(name)?,
                None => return self.error_at(start, format!("an expression is expected here, not {}", self.found())),
            },
        };
        Ok(Expr { kind, span: self.span_from(start) })
    }

    fn unary(&mut self, op: UnaryOp) -> Parsed<ExprKind> {
        self.at += 1;
        let operand = self.nested(Self::with_steps)?;
        // Blanks after the operand were skipped to look for steps; the span ends with the operand.
        if let super::Place::At(..) = self.place {
            self.at = self.end_of(&operand);
        }
        Ok(ExprKind::Unary(op, Box::new(operand)))
    }

    /// A keyword, a function call or a reference.
    fn named(&mut self, name: Name) -> Parsed<ExprKind> {
        let after_name = self.at;
        self.skip()?;
        if self.looking_at("(") || self.looking_at("::") {
            return self.call(name);
        }
        self.at = after_name;
        Ok(match &*name.text {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            _ => ExprKind::Reference(name, Vec::new()),
        })
    }

    fn call(&mut self, first: Name) -> Parsed<ExprKind> {
        let mut full = first.text.to_string();
        let mut span = first.span;
        while self.take("::") {
            self.skip()?;
            let Some(next) = self.name() else {
                return self.error_at(self.at, "a function name is expected after `::`");
            };
            full.push_str("::");
            full.push_str(&next.text);
            span = span.to(next.span);
            self.skip()?;
        }
        if !self.take("(") {
            return self.error_at(self.at, format!("`(` is expected after a function name, not {}", self.found()));
        }
        let (arguments, expand) = self.with_newlines(false, Self::arguments)?;
        Ok(ExprKind::Call(Name { text: Arc::from(full), span }, arguments, expand))
    }

    fn arguments(&mut self) -> Parsed<(Vec<Expr>, bool)> {
        let mut arguments = Vec::new();
        loop {
            self.skip()?;
            if self.take(")") {
                return Ok((arguments, false));
            }
            arguments.push(self.expression()?);
            self.skip()?;
            if self.take("...") {
                self.skip()?;
                if self.take(")") {
                    return Ok((arguments, true));
                }
                return self.error_at(self.at, "an expanded argument must be the last: `)` is expected after `...`");
            }
            if !self.take(",") && !self.looking_at(")") {
                return self.error_at(
                    self.at,
                    format!("`,` or `)` is expected after an argument of a function, not {}", self.found()),
                );
            }
        }
    }

    fn tuple(&mut self) -> Parsed<ExprKind> {
        self.skip()?;
        if self.looking_at_word("for") {
            return self.for_expression("]");
        }
        let mut elements = Vec::new();
        loop {
            self.skip()?;
            if self.take("]") {
                return Ok(ExprKind::Tuple(elements));
            }
            elements.push(self.expression()?);
            self.skip()?;
            if !self.take(",") && !self.looking_at("]") {
                return self
                    .error_at(self.at, format!("`,` or `]` is expected after an element, not {}", self.found()));
            }
        }
    }

    fn object(&mut self) -> Parsed<ExprKind> {
        let open = self.at;
        self.skip_lines()?;
        if self.looking_at_word("for") {
            return self.with_newlines(false, |parser| parser.for_expression("}"));
        }
        self.at = open;
        self.with_newlines(true, |parser| {
            let mut items = Vec::new();
            loop {
                parser.skip_lines()?;
                if parser.take("}") {
                    return Ok(ExprKind::Object(items));
                }
                if parser.at >= parser.text.len() {
                    return parser.error_at(open.saturating_sub(1), "this `{` is not closed: `}` is missing");
                }
                items.push(parser.item()?);
                parser.skip()?;
                if !parser.take(",") && !parser.at_newline() && !parser.looking_at("}") {
                    return parser.error_at(
                        parser.at,
                        format!(
                            "a new line, `,` or `}}` is expected after an attribute of an object, not {}",
                            parser.found()
                        ),
                    );
                }
            }
        })
    }

    fn item(&mut self) -> Parsed<Item> {
        let key = self.expression()?;
        self.skip()?;
        if !self.take("=") && !self.take(":") {
            return self.error_at(
                self.at,
                format!("`=` is expected after the key of an object attribute, not {}", self.found()),
            );
        }
        let value = self.expression()?;
        // A bare name is the key itself, not a reference.
        let key = match key.kind {
            ExprKind::Reference(name, steps) if steps.is_empty() => self.bare_key(&name.text, key.span),
            ExprKind::Bool(truth) => self.bare_key(if truth { "true" } else { "false" }, key.span),
            ExprKind::Null => self.bare_key("null", key.span),
            kind => Expr { kind, span: key.span },
        };
        Ok(Item { key, value })
    }

    fn bare_key(&self, name: &str, span: crate::source::Span) -> Expr {
        Expr { kind: ExprKind::Literal(self.bare_text(name, span)), span }
    }

    fn for_expression(&mut self, close: &str) -> Parsed<ExprKind> {
        self.at += "for".len();
        let (key_name, value_name, collection) = self.for_intro()?;
        self.skip()?;
        if !self.take(":") {
            return self.error_at(self.at, format!("`:` is expected in a `for` expression, not {}", self.found()));
        }
        let mut value = self.expression()?;
        let mut key = None;
        self.skip()?;
        if self.take("=>") {
            if close == "]" {
                return self.error_at(self.at, "a `for` in square brackets has no key; use `{ for ... }`");
            }
            key = Some(std::mem::replace(&mut value, self.expression()?));
        } else if close == "}" {
            return self.error_at(self.at, format!("`=>` is expected in a `for` in braces, not {}", self.found()));
        }
        self.skip()?;
        let group = self.take("...");
        if group && key.is_none() {
            return self.error_at(self.at, "`...` groups by key and belongs into `{ for ... }`");
        }
        self.skip()?;
        let mut condition = None;
        if self.looking_at_word("if") {
            self.at += 2;
            condition = Some(self.expression()?);
            self.skip()?;
        }
        if !self.take(close) {
            return self.error_at(
                self.at,
                format!("`{close}` is expected at the end of a `for` expression, not {}", self.found()),
            );
        }
        Ok(ExprKind::For(Box::new(For { key_name, value_name, collection, key, value, group, condition })))
    }

    /// `k, v in collection`
    pub(super) fn for_intro(&mut self) -> Parsed<(Option<Name>, Name, Expr)> {
        self.skip()?;
        let Some(first) = self.name() else {
            return self.error_at(self.at, format!("a variable name is expected after `for`, not {}", self.found()));
        };
        self.skip()?;
        let mut names = (None, first);
        if self.take(",") {
            self.skip()?;
            let Some(second) = self.name() else {
                return self.error_at(self.at, format!("a variable name is expected after `,`, not {}", self.found()));
            };
            names = (Some(names.1), second);
            self.skip()?;
        }
        if !self.looking_at_word("in") {
            return self.error_at(self.at, format!("`in` is expected in a `for`, not {}", self.found()));
        }
        self.at += 2;
        let collection = self.expression()?;
        Ok((names.0, names.1, collection))
    }
}
