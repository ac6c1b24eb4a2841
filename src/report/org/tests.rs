//! Every form of a small tree, with names that mean harm.

use super::*;

const HOSTILE: &str = "</summary><script>alert(1)</script>\"'&\u{202e}\u{1b}[2J\n::error::x";

fn node(name: &str, parent: Option<usize>, depth: usize, mark: Mark) -> Node {
    let (witness, place, decided) = (None, None, None);
    Node { kind: "unit", name: name.into(), parent, depth, mark, reason: HOSTILE.into(), witness, place, decided }
}

fn answer(nodes: Vec<Node>) -> Answer {
    let (name, projects, notes) = (HOSTILE.to_owned(), vec!["org".to_owned()], vec![HOSTILE.to_owned()]);
    Answer { trees: vec![Tree { name, projects, managed: true, notes, nodes }], errors: Vec::new() }
}

fn small() -> Answer {
    answer(vec![
        node("the root", None, 0, Mark::NotDenied),
        node("prod", Some(0), 1, Mark::Denied),
        node("inner", Some(1), 2, Mark::Conditional),
        node(HOSTILE, Some(2), 3, Mark::Unknown),
        node("test", Some(0), 1, Mark::Exempt),
    ])
}

#[test]
fn text_is_one_line_a_node() {
    let text = small().human(Style::default());
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[2].starts_with("  ✗ not denied  the root: "), "{text}");
    assert!(lines[4].starts_with("      ≈ conditional  inner"), "{text}");
    assert_eq!(lines[7], "  1 denied, 1 not denied, 1 conditional, 1 unknown, 1 exempt");
    assert_eq!(lines.len(), 8);
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    let colored = small().human(Style { colors: true, ..Style::default() });
    assert!(colored.contains("\u{1b}[32m✓ denied\u{1b}[0m") && !colored.contains("[2J\n"));
}

#[test]
fn json_keeps_what_was_written() {
    let json: serde_json::Value = serde_json::from_str(&small().json()).unwrap();
    let nodes = &json["organizations"][0]["nodes"];
    assert_eq!(nodes[3]["name"], HOSTILE);
    assert_eq!((&nodes[2]["parent"], &nodes[2]["verdict"]), (&serde_json::json!(1), &serde_json::json!("conditional")));
}

#[test]
fn dot_quotes_every_name() {
    let dot = small().dot();
    assert!(!dot.contains(['\u{1b}', '\u{202e}']) && dot.contains("\\\\u{202e}"));
    assert!(dot.contains("n0_0 -> n0_1;") && dot.contains("n0_2 -> n0_3;"));
    // Outside of strings there is nothing but what this module writes.
    let mut outside = String::new();
    let mut quoted = false;
    let mut chars = dot.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                chars.next();
            }
            '"' => quoted = !quoted,
            c if !quoted => outside.push(c),
            _ => {}
        }
    }
    assert!(!quoted && !outside.contains("script") && !outside.contains("alert"), "{outside}");
}

/// The elements of a page, opened and closed; what is no known element is a hole in the escaping.
fn balanced(page: &str) -> usize {
    let mut open: Vec<&str> = Vec::new();
    let mut deepest = 0;
    let body = page.split("</head>").nth(1).unwrap();
    for part in body.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        assert!(
            ["body", "html", "h1", "h2", "p", "span", "ul", "li", "details", "summary", "div", "code"].contains(&name),
            "{tag}"
        );
        match tag.starts_with('/') {
            true if name == "html" => {}
            true => assert_eq!(open.pop(), Some(name)),
            false => open.push(name),
        }
        deepest = deepest.max(open.len());
    }
    assert!(open.is_empty(), "{open:?}");
    deepest
}

#[test]
fn the_page_holds_every_node_and_no_element_of_others() {
    let page = html(&small());
    assert!(balanced(&page) > 10);
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    assert!(page.contains("default-src 'none'"));
    assert_eq!(page.matches("<details class=").count(), 5);
    assert_eq!(page.matches("&lt;script&gt;").count(), 8);
    for (class, sign) in [("denied", "✓"), ("not-denied", "✗"), ("conditional", "≈"), ("unknown", "?")] {
        let start = format!("<details class=\"{class}\"><summary><span class=\"sign\">{sign}</span>");
        assert!(page.contains(&start), "{class}");
    }
}

#[test]
fn a_deep_tree_is_no_trouble() {
    let nodes = (0..20_000).map(|depth: usize| node("x", depth.checked_sub(1), depth, Mark::Denied)).collect();
    let deep = answer(nodes);
    assert!(balanced(&html(&deep)) < 300);
    assert!(deep.human(Style::default()).lines().all(|line| line.len() < 300));
    assert_eq!(deep.outcome(), Outcome::Denied);
}

#[test]
fn the_outcome_is_the_worst_that_is_certain() {
    let of = |marks: &[Mark]| answer(marks.iter().map(|mark| node("x", None, 0, *mark)).collect()).outcome();
    assert_eq!(of(&[Mark::Never, Mark::Denied, Mark::Passed]), Outcome::Denied);
    assert_eq!(of(&[Mark::Denied, Mark::Unknown, Mark::Conditional]), Outcome::NotDenied);
    assert_eq!(of(&[Mark::Denied, Mark::Unknown]), Outcome::Unknown);
    assert_eq!(of(&[Mark::Never]), Outcome::Unknown);
    assert_eq!(Answer::default().outcome(), Outcome::Unknown);
}
