//! What comes from elsewhere: included files, macros, exports of other templates; and what loops make.

use super::*;
use crate::files::Memory;

/// The resources of `t/t.yaml` with the files beside it, and the codes of the errors.
fn included(template: &str, files: &[(&str, &str)]) -> (Vec<String>, Vec<&'static str>) {
    let files: Memory = files.iter().copied().collect();
    let sources = Sources::default();
    let beside = Beside { files: &files, sources: &sources };
    let path = "t/t.yaml".into();
    let (loaded, errors) = Template::load_beside(beside, path, template.into(), sources.file(path), &Vec::new());
    let loaded = loaded.expect("a template");
    let resources = loaded.resources(&|_| true);
    let shown = resources.iter().map(|resource| {
        let possible = if resource.site.presence == Presence::Certain { "" } else { "?" };
        format!("{}{possible} {}", resource.site.address, show(&resource.attributes.all()))
    });
    let shown = shown.collect();
    (shown, errors.iter().chain(&loaded.take_errors()).map(|error| error.code).collect())
}

const INCLUDE: &str = "Fn::Transform: {Name: AWS::Include, Parameters: {Location:";

#[test]
fn an_included_file_stands_in_its_place() {
    let files = [
        ("t/props.yaml", "UserName: !Sub '${P}-x'\nPath: |\n  /a/\n"),
        ("more.json", "{\"B\": {\"Type\": \"A::B::C\"}}"),
        ("t/list.yaml", "- a\n- b\n"),
        ("t/top.yaml", "Parameters: {P: {Type: String, Default: root}}\nResources: {D: {Type: A::B::C}}\n"),
        ("t/nests.yaml", "K: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: list.yaml}}}\n"),
    ];
    let text = format!(
        "Transform: {{Name: AWS::Include, Parameters: {{Location: ./top.yaml}}}}\nResources:\n  {INCLUDE} ../more.json}}}}\n  A:\n    Type: A::B::C\n    Properties:\n      {INCLUDE} props.yaml}}}}\n      Groups: {{{INCLUDE} list.yaml}}}}}}\n      Tag: !Transform {{Name: AWS::Include, Parameters: {{Location: list.yaml}}}}\n  C: {{Type: A::B::C, Properties: {{{INCLUDE} nests.yaml}}}}}}}}\n"
    );
    let (resources, errors) = included(&text, &files);
    assert_eq!(errors, Vec::<&str>::new());
    assert_eq!(
        resources,
        [
            "B {}",
            "A {Groups: [\"a\", \"b\"], Path: \"/a/\\n\", Tag: [\"a\", \"b\"], UserName: \"root-x\"}",
            // An included file includes nothing.
            "C {K: ?list.yaml}",
            "D {}",
        ]
    );
}

#[test]
fn what_cannot_be_included_is_unknown_or_an_error() {
    let files = [("t/bad.yaml", "a: ["), ("t/list.yaml", "- a\n")];
    let one = |location: &str, more: &str| {
        let text = format!(
            "Resources:\n  A:\n    Type: A::B::C\n    Properties:\n      {INCLUDE} {location}}}}}\n{more}  B: {{Type: A::B::C}}\n"
        );
        let (resources, errors) = included(&text, &files);
        assert_eq!(resources[1], "B {}");
        (resources[0].clone(), errors)
    };
    let more = "      K: 1\n";
    assert_eq!(one("s3://b/k", more), ("A ?s3://b/k".into(), vec![]));
    assert_eq!(one("!Ref X", ""), ("A ?AWS::Include".into(), vec![]));
    assert_eq!(one("none.yaml", more), ("A ?none.yaml".into(), vec!["file-unreadable"]));
    assert_eq!(one("../../x.yaml", ""), ("A ?../../x.yaml".into(), vec!["file-unreadable"]));
    assert_eq!(one("bad.yaml", ""), ("A ?bad.yaml".into(), vec!["yaml-syntax"]));
    // A list does not go between keys.
    assert_eq!(one("list.yaml", more), ("A ?list.yaml".into(), vec![]));
}

#[test]
fn files_that_are_included_again_and_again_are_too_much() {
    let large = format!("a: {}\n", "x".repeat(5 << 20));
    let text = format!(
        "Resources: {{A: {{Type: A::B::C, Properties: {{x: {{{INCLUDE} l.yaml}}}}}}, y: {{{INCLUDE} l.yaml}}}}}}}}}}}}\n"
    );
    let (_, errors) = included(&text, &[("t/l.yaml", &large)]);
    assert_eq!(errors, ["cfn-too-deep"]);
}

#[test]
fn a_macro_may_change_what_it_is_given() {
    let body = "Resources:\n  A: {Type: A::B::C, Properties: {P: !Ref Made}}\n  B: {Type: A::B::C}\n";
    let of = |text: &str| included(text, &[]);
    assert_eq!(of(&format!("Transform: [Mine]\n{body}")).0, ["A? {P: ?Made}", "B? {}"]);
    assert_eq!(of(&format!("Transform: {{Name: Mine, Parameters: {{}}}}\n{body}")).0, ["A? {P: ?Made}", "B? {}"]);
    let (resources, errors) = of(&format!("Transform: [AWS::LanguageExtensions]\n{body}"));
    assert_eq!((&*resources[1], &*errors), ("B {}", &["cfn-undefined-reference"][..]));
    let (resources, errors) = of(&body.replace("  A:", "  Fn::Transform: {Name: Mine}\n  A:"));
    assert_eq!((&*resources.join(" "), errors), ("A? {P: ?Made} B? {}", vec![]));
    // What is added to a section does not change the others.
    let (resources, errors) =
        of(&body.replace("  A:", "  Fn::Transform: {Name: AWS::Include, Parameters: {Location: 's3://b/k'}}\n  A:"));
    assert_eq!((&*resources.join(" "), errors), ("A {P: ?Made} B {}", vec![]));
    let (resources, _) = of(&body.replace("B: {Type", "B: {Fn::Transform: {Name: Mine}, Type"));
    assert_eq!(resources[1], "B? {}");
}

#[test]
fn the_name_of_an_export_is_known_as_far_as_both_stacks_know_it() {
    let name = |text: &str| {
        let template = load(
            &format!(
                "Parameters: {{X: {{Type: String}}}}\nResources: {{A: {{Type: A::B::C}}}}\nOutputs: {{O: {{Value: 1, Export: {{Name: {text}}}}}}}\n"
            ),
            &[],
        );
        template.exports().first().and_then(|(name, _)| export_name(name))
    };
    assert_eq!(name("a-b").as_deref(), Some("a-b"));
    assert_eq!(name("!Sub 'a-${AWS::Region}'"), name("!Join ['-', [a, !Ref 'AWS::Region']]"));
    assert_ne!(name("!Sub 'a-${AWS::Region}'"), name("'a-${AWS::Region}'"));
    assert_ne!(name("!Sub 'a-${AWS::Region}'"), name("!Sub 'a-${AWS::AccountId}'"));
    assert!(name("!Sub '${AWS::Region}'").is_some());
    assert_eq!(name("!Sub 'a-${AWS::StackName}'"), None);
    assert_eq!(name("!Sub 'a-${X}'"), None);
    assert_eq!(name("!Sub 'a-${A}'"), None);
}

#[test]
fn imports_are_what_is_handed_in() {
    let text = "Resources: {A: {Type: A::B::C, Properties: {P: !ImportValue one, Q: !ImportValue {Fn::Sub: 'two-${AWS::Region}'}}}}\n";
    let template = load(text, &[]);
    template.evaluate_all();
    let asked = template.asked_exports();
    assert_eq!(asked.len(), 2);
    assert_eq!(show(&template.resources(&|_| true)[0].get("Q")), "?two-${AWS::Region}");
    let value = Value::text("v").at(Span::start_of(file()));
    template.hand_in(&[(asked[0].clone(), Import::Value(value)), (asked[1].clone(), Import::Unknown("is elsewhere"))]);
    let resource = template.resources(&|_| true).remove(0);
    assert_eq!(show(&resource.get("P")), "\"v\"");
    let hops: Vec<_> = resource.get("P").origin.chain().map(|hop| hop.what.to_string()).collect();
    assert_eq!(hops, ["export one"]);
    let unknown = resource.get("Q").as_unknown().expect("unknown");
    assert_eq!(unknown.reason.to_string(), "`two-${AWS::Region}` is elsewhere");
    template.evaluate_all();
    assert_eq!(template.asked_exports(), Vec::<std::sync::Arc<str>>::new());
}

#[test]
fn what_a_loop_makes_twice_is_an_error() {
    for (body, expected) in [
        ("Fn::ForEach::L: [X, [a, b], {'R${X}': {Type: A::B::C}}]", &[][..]),
        ("Fn::ForEach::L: [X, [a, a], {'R${X}': {Type: A::B::C}}]", &["cfn-repeated-key"]),
        ("Ra: {Type: A::B::C}, Fn::ForEach::L: [X, [a], {'R${X}': {Type: A::B::C}}]", &["cfn-repeated-key"]),
        ("A: {Type: A::B::C, Properties: {Fn::ForEach::L: [X, [a, b], {k: 1}]}}", &["cfn-repeated-key"]),
        ("Fn::ForEach::L: [P, [a], {'R${P}': {Type: A::B::C}}]", &["cfn-invalid-function"]),
        ("Fn::ForEach::L: [X, [a], {Fn::ForEach::M: [X, [b], {'R${X}': {Type: A::B::C}}]}]", &["cfn-invalid-function"]),
    ] {
        let template = load(&format!("Parameters: {{P: {{Type: String}}}}\nResources: {{{body}}}\n"), &[]);
        template.evaluate_all();
        let codes: Vec<_> = template.take_errors().iter().map(|error| error.code).collect();
        assert_eq!(codes, expected, "{body}");
    }
    // A loop's variable is a string, whatever its list holds.
    let text = "Resources: {Fn::ForEach::L: [X, [1, true], {'R${X}': {Type: A::B::C, Properties: {P: !Ref X}}}]}\n";
    let shown: Vec<_> = load(text, &[]).resources(&|_| true).iter().map(|resource| show(&resource.get("P"))).collect();
    assert_eq!(shown, ["\"1\"", "\"true\""]);
}
