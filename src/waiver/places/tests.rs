use super::*;
use crate::source::Sources;

const KNOWN: &[&str] = &["root-access-key"];
const SAID: &str = "ignore[root-access-key] reason=\"x\"";

/// What each waiver of a file reaches, or what is wrong with it.
fn reached(path: &str, text: &str) -> Vec<String> {
    let file = Sources::default().file(path.into());
    let found = in_file(path, text, file, KNOWN);
    let reach = |found: &Found| text.get(found.reach.start as usize..found.reach.end as usize).unwrap().to_owned();
    found
        .iter()
        .map(|found| found.directive.as_ref().map_or_else(|bad| bad.message.clone(), |_| reach(found)))
        .collect()
}

#[test]
fn a_line_is_its_own_or_the_next_one() {
    let text =
        format!("a = 1 # rootlint: {SAID}\n# rootlint: {SAID}\n# more\nb = 2\nc = 3\n# rootlint: {SAID}\n\nd = 4\n");
    let own = format!("a = 1 # rootlint: {SAID}");
    assert_eq!(reached("a.tf", &text), [own.as_str(), "b = 2", ""]);
}

#[test]
fn a_block_is_around_or_below() {
    let inside = format!(
        "block \"x\" {{\n  inner {{\n    # rootlint: {}\n    a = 1\n  }}\n}}",
        SAID.replace("ignore", "ignore-block")
    );
    assert!(reached("a.tf", &inside).first().unwrap().starts_with("inner {"));
    let below = format!("# rootlint: {}\nblock \"x\" {{\n  a = 1\n}}\n", SAID.replace("ignore", "ignore-block"));
    assert_eq!(reached("a.tf", &below), ["block \"x\" {\n  a = 1\n}"]);
}

#[test]
fn text_is_no_comment() {
    let text = format!("a = \"# rootlint: {SAID}\"\nb = <<E\n# rootlint: {SAID}\nE\n");
    assert_eq!(reached("a.tf", &text), Vec::<String>::new());
    let text = format!("a: '# rootlint: {SAID}'\nb: |\n  # rootlint: {SAID}\n");
    assert_eq!(reached("a.yaml", &text), Vec::<String>::new());
}

#[test]
fn scripts_have_comments_too() {
    let text = format!("aws iam x # rootlint: {SAID}\necho 'rootlint: {SAID}'\n");
    let own = format!("aws iam x # rootlint: {SAID}");
    assert_eq!(reached("a.sh", &text), [own]);
}

#[test]
fn broken_files_and_odd_ends_do_no_harm() {
    for text in
        ["# rootlint:", "# rootlint: ignore[", "/* rootlint: */", "a = {{{ # rootlint: x", "\u{feff}# rootlint: y"]
    {
        for path in ["a.tf", "a.yaml", "a.json", "a.sh", "a.template", "a.md", "a"] {
            let _ = reached(path, text);
        }
    }
    assert_eq!(reached("a.md", &format!("# rootlint: {SAID}")), Vec::<String>::new());
}

#[test]
fn what_a_waiver_stands_at_does_not_depend_on_lines() {
    let anchor = |text: &str| {
        let file = Sources::default().file("a.tf".into());
        in_file("a.tf", text, file, KNOWN).first().unwrap().anchor.clone()
    };
    let one = format!("r \"a\" {{\n  user = \"x\" # rootlint: {SAID}\n}}\n");
    assert_eq!(anchor(&one), anchor(&format!("\n\n{one}")));
    assert_ne!(anchor(&one), anchor(&one.replace("r \"a\"", "r \"b\"")));
    assert_ne!(anchor(&one), anchor(&one.replace("\"x\"", "\"y\"")));
}
