//! The verdicts and values here are those of HashiCorp's parser.

use proptest::prelude::*;

use super::*;
use crate::source::Sources;
use crate::text::Piece;

fn place() -> Place {
    Place::At(Sources::default().file("a.tf".into()), 0)
}

fn file(text: &str) -> (Body, Vec<SyntaxError>) {
    parse_file(text, place())
}

fn expression(text: &str) -> Expr {
    parse_expression(text, place()).unwrap_or_else(|error| panic!("{text:?}: {}", error.message))
}

fn written(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize).unwrap()
}

/// The string that an expression of literal text only stands for.
fn string(text: &str) -> String {
    expression(text).literal().and_then(Text::as_str).unwrap_or_else(|| panic!("{text:?} is no literal")).into_owned()
}

/// The structure of an expression: operators and accesses in brackets, everything else by its first letter.
fn shape(expr: &Expr) -> String {
    let list = |of: &mut dyn Iterator<Item = &Expr>| of.map(shape).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Null => "null".into(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(value) => value.to_string(),
        ExprKind::Literal(text) => format!("{text:?}"),
        ExprKind::Template(parts) => format!("T{}", shapes(parts)),
        ExprKind::Wrap(inner) => format!("W({})", shape(inner)),
        ExprKind::Tuple(of) => format!("[{}]", list(&mut of.iter())),
        ExprKind::Object(items) => {
            let item = |item: &Item| format!("{}={}", shape(&item.key), shape(&item.value));
            format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(" "))
        }
        ExprKind::Reference(root, steps) => format!("{}{}", root.text, trail(steps)),
        ExprKind::Access(base, steps) => format!("{}{}", shape(base), trail(steps)),
        ExprKind::Call(name, of, expand) => {
            format!("{}({}{})", name.text, list(&mut of.iter()), if *expand { "..." } else { "" })
        }
        ExprKind::Conditional(of) => format!("(? {})", list(&mut of.iter())),
        ExprKind::Unary(op, of) => format!("({op:?} {})", shape(of)),
        ExprKind::Binary(op, of) => format!("({op:?} {})", list(&mut of.iter())),
        ExprKind::For(inner) => {
            let key = inner.key.as_ref().map_or(String::new(), |key| format!("{} => ", shape(key)));
            let group = if inner.group { "..." } else { "" };
            let condition = inner.condition.as_ref().map_or(String::new(), |test| format!(" if {}", shape(test)));
            format!("<for {} : {key}{}{group}{condition}>", shape(&inner.collection), shape(&inner.value))
        }
        ExprKind::Parens(inner) => format!("({})", shape(inner)),
    }
}

fn shapes(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Literal(text) => format!("{text:?}"),
        Part::Interpolation(expr) => shape(expr),
        Part::If(test, yes, no) => format!("if({} {} {})", shape(test), shapes(yes), shapes(no)),
        Part::For(inner) => format!("for({} {})", shape(&inner.collection), shapes(&inner.body)),
    };
    format!("<{}>", parts.iter().map(part).collect::<Vec<_>>().join(" "))
}

fn trail(steps: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Attribute(name) => format!(".{}", name.text),
        Step::Index(index) => format!("[{}]", shape(index)),
        Step::Splat(inner, _) => format!("*({})", trail(inner)),
    };
    steps.iter().map(step).collect()
}

#[test]
fn files_that_are_accepted() {
    for text in [
        "",
        "a = 1",
        "a = 1 # c",
        "a = 1 /* c\n */",
        "a = /*/ 2 /*/ 1\n",
        "a = 1 # \r c\n",
        "a = 1\r\nb {\r\n}\r\n",
        "b {}\nb x \"y\" { a = 1 }\nb { # c\n a = 1\n}\n",
        "b { a = {\n x = 1\n} }\n",
        "a = {\n b = 1, c : 2\n \"d\" = 3 # c\n (e) = 4,\n f.g = 5\n 1 = 6 }\n",
        "a = {b = 1, b = 2}\n",
        "a = {\n for k, v in m : k => v ? 1 :\n 2\n}\n",
        "a = [ # c\n 1, # d\n]\n",
        "a = f(\n 1,\n b\n ...)\n",
        "a = p :: q :: f ( )\n",
        "a = (b\n.c\n[0]\n)\n",
        "a = b[\n0\n]\n",
        "a = [b[*\n]]\n",
        "a = b ? c : d ? e : f\n",
        "a = <<E\nE\n",
        "a = <<-E-F\nx\n \tE-F \nb = 1\n",
        "a = [<<A\n1\nA\n, <<B\n2\nB\n]\n",
        "a = \"${<<E\n${\"x\"}\nE\n}\"\n",
        "a = \"${b # c\n}\"\n",
        "ñ = é·\nа = b-c\n",
        "a = 1.5e3\nb = 1.e5\nc = d.0.e\n",
        "for = 1\nif = for.in\n",
    ] {
        let (_, errors) = file(text);
        assert!(errors.is_empty(), "{text:?}: {}", errors[0].message);
    }
}

#[test]
fn files_that_are_rejected() {
    for text in [
        "a",
        "a = ",
        "a == 1",
        "a => 1",
        "a = 1 b = 2",
        "a = 1\na = 2",
        "\"a\" = 1",
        "a = b\n.c",
        "a = b\n+ c",
        "a = b[*\n]",
        "a = b[\n*]",
        "a = b.\nc",
        "a = b.0.1",
        "a = b.*.0.1",
        "a = b.*.*",
        "a = 1.2.3",
        "a = 1e5e5",
        "a = 0x10",
        "a = .5",
        "a = [1 2]",
        "a = [for]",
        "a = [for x in y : x => x]",
        "a = [for x in y : x...]",
        "a = {for x in y : x}",
        "a = {for = 1}",
        "a = {b\n= 1}",
        "a = {b = 1\n, c = 2}",
        "a = f(b..., c)",
        "a = p::q",
        "a = b ? c",
        "a = b ? c ::d",
        "a = b & c",
        "a = 'b'",
        "a = 1 \r b",
        "a = \u{a0}1",
        "a = ²",
        "a = 1 /* c",
        "a = \"b\n\"",
        "a = \"b\r\"",
        "a = \"\\x\"",
        "a = \"\\u12\"",
        "a = \"\\ud83d\\ude00\"",
        "a = \"${b\"",
        "a = \"${b} c }${\"",
        "a = \"${b ~ }\"",
        "a = \"%{ if b }c\"",
        "a = \"%{ endif }\"",
        "a = \"%{ if b }%{ else }%{ else }%{ endif }\"",
        "a = \"%{ for b in c }%{ else }%{ endfor }\"",
        "a = \"%{ what }\"",
        "a = <<E\nb\nE",
        "a = <<E\nb\nE # c\n",
        "a = <<E # c\nb\nE\n",
        "a = <<E\nb\rc\nE\n",
        "a = << E\nb\nE\n",
        "b {",
        "b { a = 1\n}",
        "b {\n a = 1 }",
        "b { c {} }",
        "b { a = 1, c = 2 }",
        "b \"${c}\" {}",
        "b\n{}",
        "b {} c {}",
        "b 1 {}",
    ] {
        let (_, errors) = file(text);
        assert!(!errors.is_empty(), "{text:?} is accepted");
    }
}

#[test]
fn expressions_have_the_structure_of_terraform() {
    for (text, expected) in [
        ("1 + 2 * 3 - 4", "(Subtract (Add 1 (Multiply 2 3)) 4)"),
        ("a || b && c == d < e + f", "(Or a (And b (Equal c (Less d (Add e f)))))"),
        ("!a == b", "(Equal (Not a) b)"),
        ("-a.b[0] * 2", "(Multiply (Negate a.b[0]) 2)"),
        ("a ? b : c ? d : e", "(? a b (? c d e))"),
        ("a ? b ? c : d : e", "(? a (? b c d) e)"),
        ("\na\n+ b\n", "(Add a b)"),
        ("a.*.b.0[1].c", "a*(.b[0])[1].c"),
        ("a[*].b[1].*.c", "a*(.b[1]*(.c))"),
        ("a[\"b\"][c].1e3", "a[\"b\"][c][1000]"),
        ("{a = 1}.a", "{\"a\"=1}.a"),
        ("f(a, b...)[0]", "f(a b...)[0]"),
        ("p::f()", "p::f()"),
        ("{ true = 1, (null) = 2, \"${a}\" = 3, b.c : 4 }", "{\"true\"=1 (null)=2 W(a)=3 b.c=4}"),
        ("{ for k, v in m : k => v... if v }", "<for m : k => v... if v>"),
        ("\"${a}\"", "W(a)"),
        ("\"${a}${b}\"", "T<a b>"),
        ("\" ${~ a}\"", "T<\"\" a>"),
        ("\"a%{ if b }c%{ else }${d}%{ endif }\"", "T<\"a\" if(b <\"c\"> <d>)>"),
        ("\"%{ for x in y ~}  ${x} %{~ endfor }\"", "T<for(y <\"\" x \"\">)>"),
        ("<<E\n${a}\nE\n", "T<a \"\\n\">"),
        ("<<E\n$${a} %%{b} $$${c} $d\nE\n", "\"${a} %{b} $${c} $d\\n\""),
    ] {
        assert_eq!(shape(&expression(text)), expected, "{text}");
    }
}

#[test]
fn strings_have_the_characters_that_terraform_sees() {
    for (text, expected) in [
        (r#""\n\r\t\"\\\u00e9\U0001F600""#, "\n\r\t\"\\é😀"),
        (r#""$ $$ % %% $${ %%{ $$${ $$$${""#, "$ $$ % %% ${ %{ $${ $$${"),
        ("<<E\n\\n \"\r\n$\nE\n", "\\n \"\r\n$\n"),
        ("<<-E\n    a\n   \n\n      b\n  E\n", "a\n   \n\n  b\n"),
        ("<<-E\n\t\ta\n  \tb\n E\n", "a\n\tb\n"),
        ("<<-E\n  a\nb\n  E\n", "  a\nb\n"),
        ("<<-E\n    $${a}\n  b\nE\n", "  ${a}\nb\n"),
        ("<<-E\n   \nE\n", "   \n"),
        ("<<E\n$E\n  E\n", "$E\n"),
    ] {
        assert_eq!(string(text), expected, "{text:?}");
    }
}

#[test]
fn trimming_takes_the_white_space_of_one_line_in_front_and_of_one_piece_behind() {
    for (text, expected) in [
        ("\"a \\n ${~ b ~} \\n c\"", "T<\"a\" b \"c\">"),
        ("<<E\na \n ${~ b ~} \n c\nE\n", "T<\"a \\n\" b \" c\\n\">"),
        ("<<E\na$ \n${~ b}\nE\n", "T<\"a$ \" b \"\\n\">"),
        ("<<-E\n  a\n  ${b}\n   ${~ c}\n  E\n", "T<\"  a\\n  \" b \"\\n\" c \"\\n\">"),
    ] {
        assert_eq!(shape(&expression(text)), expected, "{text:?}");
    }
    // A bare template goes by lines as well; after a lone carriage return nothing has a meaning.
    let template = |text| shape(&parse_template(text, place()).unwrap());
    assert_eq!(template("a\n ${~ b ~} \n c"), "T<\"a\\n\" b \" c\">");
    assert_eq!(template("${a}b\r${c} $${d"), "T<a \"b\\r${c} ${d\">");
    assert_eq!(template("a$"), "\"a$\"");
}

#[test]
fn strings_are_in_normal_form_c() {
    assert_eq!(string("\"an\u{303}o\""), "año");
    assert_eq!(string("\"an\\u0303o\""), "año");
    assert_eq!(string("<<E\nn$\u{303}\u{212b}\nE\n"), "n$\u{303}Å\n");
    let ExprKind::Object(items) = expression("{ n\u{303} = 1 }").kind else { panic!() };
    assert_eq!(shape(&items[0].key), "\"ñ\"");
    // A label stays as it is written.
    let (body, _) = file("b \"n\u{303}\" {}\n");
    assert_eq!(&*body.blocks[0].labels[0].text, "n\u{303}");
    // What changed is not exact, but known to be somewhere in the literal.
    let text = "\"an\u{303}o\"";
    let pieces: Vec<Piece> = expression(text).literal().unwrap().pieces().collect();
    let [Piece::Literal(piece)] = &pieces[..] else { panic!() };
    assert!(!piece.exact);
    assert_eq!(written(text, piece.span.unwrap()), "an\u{303}o");
}

#[test]
fn pieces_of_literals_are_exact_between_escapes() {
    let text = "\"ab\\ncd$${e\"";
    let pieces = expression(text).literal().unwrap().pieces().collect::<Vec<_>>();
    let pieces: Vec<(&str, &str, bool)> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(literal) => (&*literal.text, written(text, literal.span.unwrap()), literal.exact),
            _ => panic!(),
        })
        .collect();
    assert_eq!(
        pieces,
        [("ab", "ab", true), ("\n", "\\n", false), ("cd", "cd", true), ("${", "$${", false), ("e", "e", true)]
    );
}

#[test]
fn spans_cover_what_is_written() {
    let text = "b  x \"y\" { # c\n  a = ( 1 + -c.d [0] ) /* e */ ? [f] : g :: h(i)\n  k = <<E\nx\n E\n} # l\n";
    let (body, errors) = file(text);
    assert!(errors.is_empty());
    let block = &body.blocks[0];
    assert_eq!(written(text, block.header), "b  x \"y\"");
    assert_eq!(written(text, block.labels[1].span), "\"y\"");
    assert!(written(text, block.span).starts_with("b  x") && written(text, block.span).ends_with("E\n}"));
    let [a, k] = &block.body.attributes[..] else { panic!() };
    assert_eq!(written(text, a.name.span), "a");
    assert_eq!(written(text, a.value.span), "( 1 + -c.d [0] ) /* e */ ? [f] : g :: h(i)");
    assert_eq!(written(text, k.value.span), "<<E\nx\n E");
    let ExprKind::Conditional(parts) = &a.value.kind else { panic!() };
    let [test, yes, no] = &**parts;
    assert_eq!(written(text, test.span), "( 1 + -c.d [0] )");
    assert_eq!(written(text, yes.span), "[f]");
    let ExprKind::Call(name, ..) = &no.kind else { panic!() };
    assert_eq!(written(text, name.span), "g :: h");
    let ExprKind::Binary(_, operands) = &test.bare().kind else { panic!() };
    assert_eq!(written(text, test.bare().span), "1 + -c.d [0]");
    let ExprKind::Unary(_, operand) = &operands[1].kind else { panic!() };
    assert_eq!(written(text, operand.span), "c.d [0]");
}

#[test]
fn an_error_costs_one_block() {
    let text = "a \"1\" {\n x = \n}\nb \"2\" {\n x = \"${\"\n y = 1\n}\nc \"3\" {\n x = 1\n}\nd = 1\nd = 2\ne {}\n";
    let (body, errors) = file(text);
    let kinds: Vec<&str> = body.blocks.iter().map(|block| &*block.kind.text).collect();
    assert_eq!(kinds, ["c", "e"]);
    assert_eq!(body.attributes.len(), 1);
    let lines: Vec<usize> =
        errors.iter().map(|error| text.get(..error.span.start as usize).unwrap().matches('\n').count() + 1).collect();
    assert_eq!(lines, [2, 5, 12]);
}

/// Expressions nested as deep as is allowed need more stack than a test has.
fn with_deep_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(64 << 20).spawn(test).unwrap().join().unwrap();
}

#[test]
fn nesting_has_a_limit_and_trees_within_it_are_dropped_safely() {
    with_deep_stack(|| {
        let many = 100_000;
        for (open, end) in [
            ("(", ""),
            ("[", ""),
            ("{a=", ""),
            ("!", "a"),
            ("-", "1"),
            ("1+", "1"),
            ("f(", ""),
            ("a?", ""),
            ("a?b:", "c"),
            ("\"${", ""),
            ("<<E\n${", ""),
            ("[for x in ", ""),
            ("a[", ""),
        ] {
            let error = parse_expression(&(open.repeat(many) + end), place()).unwrap_err();
            assert!(error.message.contains("more than"), "{open:?}: {}", error.message);
        }
        for text in [format!("a{}", "[*]".repeat(many)), format!("\"{}", "%{if a}".repeat(many))] {
            let error = parse_expression(&text, place()).unwrap_err();
            assert!(error.message.contains("more than"), "{}", error.message);
        }
        let (_, errors) = file(&"b {\n".repeat(many));
        assert!(errors[0].message.contains("more than"));
        // Steps do not nest, and neither do elements.
        assert!(parse_expression(&format!("a{}", ".b".repeat(many)), place()).is_ok());
        assert!(parse_expression(&format!("[{}]", "1,".repeat(many)), place()).is_ok());
        // Chains of different strength and in brackets count together.
        let chain = |from: usize, token: &str| format!("{}1", format!("1{token}").repeat(from));
        assert!(parse_expression(&chain(MAX_OPERANDS, "+"), place()).is_ok());
        assert!(parse_expression(&format!("{}+1", chain(MAX_OPERANDS, "*")), place()).is_err());
        assert!(parse_expression(&format!("({})+1", chain(MAX_OPERANDS, "+")), place()).is_err());
        let list = format!("[{}]", format!("{},", chain(1000, "+")).repeat(20));
        assert!(parse_expression(&list, place()).is_ok());
    });
}

#[test]
fn what_is_not_written_byte_for_byte_is_where_it_is_said_to_be() {
    let within = Span::new(Sources::default().file("a.tf".into()), 5, 9);
    let expr = parse_template("a${b.c}\u{e9}", Place::Within(within)).unwrap();
    assert_eq!(expr.span, within);
    let ExprKind::Template(parts) = &expr.kind else { panic!() };
    let Part::Interpolation(inner) = &parts[1] else { panic!() };
    assert_eq!(inner.span, within);
    let error = parse_expression("(a", Place::Within(within)).unwrap_err();
    assert_eq!(error.span, within);
}

const TOKENS: &[&str] = &[
    "\"",
    "${",
    "${~",
    "%{",
    "~}",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    ".",
    "...",
    ",",
    "=",
    "=>",
    "==",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "?",
    ":",
    "::",
    "&&",
    "||",
    "<",
    ">=",
    "\n",
    "\r\n",
    "\r",
    " ",
    "#",
    "//",
    "/*",
    "*/",
    "<<E\n",
    "<<-E\n",
    "E\n",
    "for",
    "in",
    "if",
    "else",
    "endif",
    "endfor",
    "a",
    "b-c",
    "0",
    "1.5",
    "1e3",
    "null",
    "$",
    "$${",
    "%%{",
    "\\",
    "\\n",
    "\\u00e9",
    "é",
    "\u{303}",
    "\u{a0}",
    "@",
    "a = ",
    "a {\n",
    "\"${",
    "%{ if a }",
    "%{ for a in b }",
];

proptest! {
    #[test]
    fn nothing_that_is_written_can_hurt(tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..60)) {
        let text = tokens.concat();
        let (body, mut errors) = file(&text);
        errors.extend(parse_expression(&text, place()).err());
        errors.extend(parse_template(&text, place()).err());
        for error in errors {
            prop_assert!(text.get(error.span.start as usize..error.span.end as usize).is_some(), "{}", error.message);
            prop_assert!(!error.message.is_empty());
        }
        for block in &body.blocks {
            prop_assert!(written(&text, block.span).starts_with(&*block.kind.text));
            prop_assert_eq!(written(&text, block.span).chars().last(), Some('}'));
        }
        for attribute in &body.attributes {
            prop_assert_eq!(written(&text, attribute.name.span), &*attribute.name.text);
            prop_assert!(text.get(attribute.value.span.start as usize..attribute.value.span.end as usize).is_some());
        }
    }
}
