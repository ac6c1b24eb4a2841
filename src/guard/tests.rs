use crate::source::{Sources, Span};

use super::*;

fn problem(text: &str) -> String {
    RuleFile::parse("policy/a.guard".into(), text, true).unwrap_err()
}

fn fine(text: &str) -> RuleFile {
    RuleFile::parse("policy/a.guard".into(), text, true).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn what_refers_to_itself_is_refused_with_its_place() {
    for (text, expected) in [
        ("let x = %x\nrule a { %x exists }", "1:5: this refers to itself: %x -> %x"),
        ("let x = %y.z\nlet y = %x\nrule a { %x exists }", "1:5: this refers to itself: %x -> %y -> %x"),
        // The variable in the block hides the one outside.
        ("let x = Resources\nrule a {\n  let x = %x.y\n  %x exists\n}", "3:7: this refers to itself: %x -> %x"),
        ("rule a {\n  Resources.* {\n    let x = this[ a == %x ]\n    %x exists\n  }\n}", "3:9: this refers to itself"),
        ("let x = count(%x)\nrule a { %x exists }", "1:5: this refers to itself"),
        ("rule a {\n a\n}", "1:1: this refers to itself: a -> a"),
        ("rule a {\n b\n}\nrule b when !a { Resources exists }", "1:1: this refers to itself: a -> b -> a"),
        ("rule p(x) { p(%x) }\nrule a { p(Resources) }", "1:1: this refers to itself: p -> p"),
        ("rule p(x) {\n a\n}\nrule a { p(Resources) }", "this refers to itself"),
    ] {
        let found = problem(text);
        assert!(found.starts_with("policy/a.guard:") && found.contains(expected), "{text}\n{found}");
    }
    // The same names in other blocks are other variables.
    fine(
        "rule a { let x = Resources\n let y = %x\n %y exists }\nrule b { let y = Resources\n let x = %y\n %x exists }",
    );
    fine("let x = Resources\nrule a { let y = %x\n %y exists }\nrule b {\n a\n}\nrule c {\n a\n b\n}");
}

#[test]
fn what_would_take_too_deep_or_too_long_is_refused() {
    let chain = |length: usize| {
        let lets = (1..length).map(|n| format!("let v{n} = %v{}\n", n - 1)).collect::<String>();
        format!("let v0 = Resources\n{lets}rule a {{ %v{} exists }}", length - 1)
    };
    fine(&chain(50));
    assert!(problem(&chain(100)).contains("a chain of more than 64 variables and rules"));
    assert!(problem(&chain(50_000)).contains("a chain of more than 64"));
    // Each calls the one before twice.
    let calls = |length: usize| {
        let rules =
            (1..length).map(|n| format!("rule p{n}(x) {{\n p{0}(%x)\n p{0}(%x)\n}}\n", n - 1)).collect::<String>();
        format!("rule p0(x) {{ %x exists }}\n{rules}rule a {{ p{}(Resources) }}", length - 1)
    };
    fine(&calls(5));
    assert!(problem(&calls(30)).contains("calls rules with parameters more than 10000 times"));
    for nested in ["{", "[", "(", "a[ ", "x {", "let x = [", "when x {", "{a:", "f("] {
        let text = format!("rule a {{ x == {}", nested.repeat(100_000));
        assert!(problem(&text).contains("nested"), "{nested}");
    }
    let parts = format!("rule a {{ Resources{} exists }}", ".x".repeat(100));
    assert!(problem(&parts).contains("a query here has more than 64 parts"));
    let large = format!("rule a {{ x == '{}' }}", "x".repeat(1 << 20));
    assert!(problem(&large).contains("a rule file may have 1048576 bytes"));
}

#[test]
fn what_is_not_there_is_refused_with_its_place() {
    for (text, expected) in [
        (
            "rule a {\n  %usrs exists\n}\nlet users = Resources",
            "2:3: nothing here is named `%usrs`; did you mean `users`?",
        ),
        ("rule a {\n  other_rule\n}", "2:3: there is no rule `other_rule`"),
        ("rule a { p(Resources) }\nrule p(x, y) { %x exists }", "the rule `p` has 2 parameters, not 1"),
        ("rule a { q(Resources) }", "there is no rule `q` with parameters"),
        ("rule p(x) { %x exists }\nrule a {\n p\n}", "the rule `p` has parameters: call it as `p(...)`"),
        ("rule a { x == }", "1:"),
        ("rule a {\n  x exists\n", "policy/a.guard:"),
        ("rule a { x == 'open }", "1:15: this string does not end"),
        ("rule a { x == /(/ }", "from here on this is no Guard rule"),
        ("# severity: grave\nrule a { x exists }", "1:1: `grave` is no severity; known are critical, high"),
        (
            "let t = join(Resources.*.Name, ',')\nlet j = json_parse(%t)\nrule a { %j exists }",
            "json_parse() beside join() is not supported",
        ),
    ] {
        let found = problem(text);
        assert!(found.contains(expected), "{text}\n{found}");
    }
    // What a query captures and what a caller has may be used.
    fine("let x = Resources[ name | Type == 'A' ]\nrule a { %name exists }");
    fine("rule p(x) { %x == %mine }\nrule a { let mine = 1\n p(Resources.a) }");
    assert!(fine("").rules.is_empty() && fine("# nothing\n").rules.is_empty());
}

#[test]
fn rules_have_ids_and_may_not_share_them() {
    let file =
        fine("Resources exists\n# Said.\nrule a when Resources exists { Resources exists }\nrule a { x exists }");
    let ids: Vec<&str> = file.rules.iter().map(|rule| &*rule.id).collect();
    assert_eq!(ids, ["guard/a/default", "guard/a"]);
    assert_eq!(file.rules.last().map(|rule| (&*rule.title, &*rule.place)), Some(("Said.", "policy/a.guard:3")));
    let mut all = Ruleset::default();
    all.add(file.clone()).unwrap();
    all.add(file).unwrap();
    let other = RuleFile::parse("b.guard".into(), "rule a { x exists }", true).unwrap();
    assert_eq!(all.add(other).unwrap_err(), "b.guard:1: the rule `a` is also in policy/a.guard:3");
}

/// The statuses that a test of these rules has, over an input in YAML.
fn statuses(rules: &str, input: &str, names: &[&str]) -> Vec<Result<String, String>> {
    let expected: String = names.iter().map(|name| format!("      {name}: PASS\n")).collect();
    let input: String = input.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("- name: t\n  input:\n{input}  expectations:\n    rules:\n{expected}");
    let base = Span::start_of(Sources::default().virtual_file("t", &text));
    let all = cases(&fine(rules), &text, false, base).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    all.into_iter().flat_map(|case| case.outcomes).map(|outcome| outcome.actual).collect()
}

#[test]
fn what_the_engine_is_not_written_for_is_an_error_and_the_rest_goes_on() {
    let rules = "let one = 1\nrule odd { Resources.*[0][ a == 1 ] exists }\nrule wrong { Resources.*.Number empty }\n\
                 rule fine { Resources exists }\nrule literal { %one == 2 }";
    let found = statuses(rules, "Resources:\n  A:\n    Number: 5\n", &["fine", "wrong", "literal"]);
    assert_eq!(found.first(), Some(&Ok("PASS".to_owned())));
    assert!(matches!(found.get(1), Some(Err(error)) if error.contains("EMPTY")), "{found:?}");
    assert_eq!(found.get(2), Some(&Ok("FAIL".to_owned())));
}

#[test]
fn inputs_are_read_as_the_engine_s_own_program_reads_them() {
    let rules = "rule at { Resources.A.At.'Fn::GetAtt'[1] == 'Arn' }\nrule yes { Resources.A.Yes == true }\n\
                 rule text { Resources.A.Id is_string }\nrule number { Resources.A.N == r(4,6) }\n\
                 rule reference { Resources.A.R.Ref == 'B' }\nrule none { Resources.A.None is_null }";
    let input = "Resources:\n  A:\n    At: !GetAtt B.Arn\n    Yes: true\n    Id: \"111122223333\"\n    N: 5\n    R: !Ref B\n    None:\n";
    let found = statuses(rules, input, &["at", "yes", "text", "number", "reference", "none"]);
    assert!(found.iter().all(|status| *status == Ok("PASS".to_owned())), "{found:?}");
}
