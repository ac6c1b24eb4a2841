//! Templates resolved as CloudFormation resolves them.

use super::*;
use crate::document;
use crate::resource::{Presence, Project, Resource};
use crate::source::{FileId, Sources, Span};
use crate::value::{Kind, Value};

fn file() -> FileId {
    Sources::default().file("t.yaml".into())
}

mod parameters;
mod parts;

fn load(text: &str, given: &[(&str, &str)]) -> Template {
    let given = given.iter().map(|(name, value)| Given {
        name: (*name).into(),
        value: (*value).into(),
        span: Span::new(file(), 0, value.len()),
    });
    let (template, errors) = Template::load("t.yaml".into(), text.into(), file(), &given.collect());
    assert_eq!(errors, []);
    template.expect("a template")
}

/// A value in a few words: JSON, with `?name` for what is unknown.
fn show(value: &Value) -> String {
    match &value.kind {
        Kind::Null(_) => "null".into(),
        Kind::Bool(truth) => truth.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => format!("{text:?}").replace("\\\"", "'"),
        Kind::Unknown(unknown) => format!("?{}", unknown.reason.missing),
        Kind::Tuple(values) | Kind::List(_, values) | Kind::Set(_, values) => {
            format!("[{}]", values.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", show(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

const DECLARED: &str = r#"
Parameters:
  Name: {Type: String, Default: ci}
  Empty: {Type: String, Default: ""}
  Bare: {Type: String}
  Stage: {Type: String, AllowedValues: [dev, prod]}
  Names: {Type: CommaDelimitedList, Default: "a, b,c"}
  Size: {Type: Number, Default: 5}
  Blank: {Type: CommaDelimitedList, Default: ""}
  Id: {Type: String, Default: 012345678901}
  Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /img}
  Secret: {Type: String, NoEcho: true, Default: hush}
Mappings:
  M: {one: {k: v, l: [x, y]}, 111122223333: {k: w}}
  N: {dev: {k: same}, prod: {k: same, empty: }}
Conditions:
  Yes: !Equals [!Ref Name, ci]
  No: !Not [!Condition Yes]
  Open: !Equals [!Ref Bare, x]
  Never: !Equals [!Ref Stage, test]
  Either: !Or [!Condition Open, !Condition Yes]
  Both: {Fn::And: [{Condition: Open}, {Condition: "No"}]}
Resources:
  User: {Type: "AWS::IAM::User"}
  R:
    Type: AWS::IAM::User
    Properties:
      P: "#;

/// The value of one property in a template with the declarations above, and the errors that it makes.
fn property(expression: &str) -> (Value, Vec<&'static str>) {
    let text = format!("{DECLARED}{expression}\n");
    let template = load(&text, &[]);
    let resources = template.resources(&|_| true);
    let value = resources.iter().find(|resource| &*resource.site.address == "R").expect("R").get("P");
    (value, template.take_errors().into_iter().map(|error| error.code).collect())
}

#[test]
fn functions() {
    for (expression, expected) in [
        ("!Ref Name", "\"ci\""),
        ("{Ref: Size}", "5"),
        ("!Ref Id", "\"012345678901\""),
        ("!Ref Names", "[\"a\", \"b\", \"c\"]"),
        ("!Ref Bare", "?Bare"),
        ("!Ref Image", "?Image"),
        ("!Ref User", "?User"),
        ("!Ref AWS::Region", "?AWS::Region"),
        ("[a, !Ref AWS::NoValue, b]", "[\"a\", \"b\"]"),
        ("{a: !Ref AWS::NoValue, b: 1}", "{b: 1}"),
        ("!GetAtt User.Arn", "?User.Arn"),
        ("{Fn::GetAtt: [User, Outputs.X]}", "?User.Outputs.X"),
        (
            "!Sub 'arn:${AWS::Partition}:iam::${!aws:username}-${Name}'",
            "\"arn:${AWS::Partition}:iam::${aws:username}-ci\"",
        ),
        ("!Sub ['${X}/${Name}/${User.Arn}', {X: !Join ['+', !Ref Names]}]", "\"a+b+c/ci/${User.Arn}\""),
        ("!Sub '${Bare}'", "?Bare"),
        ("!Sub 'a ${'", "\"a ${\""),
        ("!Join [':', [a, !Ref Size, !Ref Bare, true]]", "\"a:5:${Bare}:true\""),
        ("!Select [1, !Split [., x.y.z]]", "\"y\""),
        ("!Select ['0', !GetAZs '']", "?Fn::GetAZs"),
        ("!Select [0, !Split ['-', !Sub 'root-${Bare}']]", "\"root\""),
        ("!Select [1, !Split ['-', !Sub 'root-${Bare}']]", "?Bare"),
        ("!Select [5, !Split [':', !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root']]", "\"root\""),
        ("!Select [1, !Split ['-', !Sub 'a-b${AWS::Region}']]", "?AWS::Region"),
        ("!Join ['', !Split [',', !Sub '${Bare},x']]", "?Bare"),
        ("!If [Open, same, same]", "\"same\""),
        ("!If [Open, [a], [a]]", "[\"a\"]"),
        ("!If [Open, {a: 1}, {a: 2}]", "?Bare"),
        ("!If [Open, '1', 1]", "?Bare"),
        ("!FindInMap [M, one, !Ref Bare]", "?Bare"),
        ("!FindInMap [M, !Ref Bare, k, {DefaultValue: v}]", "?Bare"),
        ("!FindInMap [N, !Ref Bare, k]", "\"same\""),
        ("!FindInMap [N, !Ref Stage, k, {DefaultValue: same}]", "\"same\""),
        ("{Fn::Length: !Split ['.', !Ref Bare]}", "?Bare"),
        ("!Ref Blank", "[\"\"]"),
        ("!Split [',', !Ref Bare]", "?Bare"),
        ("!FindInMap [M, one, l]", "[\"x\", \"y\"]"),
        ("!FindInMap [M, '111122223333', k]", "\"w\""),
        ("!FindInMap [M, !Ref AWS::AccountId, k]", "?AWS::AccountId"),
        ("!FindInMap [M, two, k, {DefaultValue: d}]", "\"d\""),
        ("!If [Yes, !Ref Name, other]", "\"ci\""),
        ("!If [No, a, !Ref AWS::NoValue]", "null"),
        ("!If [Open, a, b]", "?Bare"),
        ("!If [Never, a, b]", "\"b\""),
        ("!If [Either, a, b]", "\"a\""),
        ("!If [Both, a, b]", "\"b\""),
        ("!Base64 {'Fn::Sub': 'x${Name}'}", "\"<\"eGNp\">\""),
        ("!Cidr [10.0.0.0/16, 3, 8]", "[\"10.0.0.0/24\", \"10.0.1.0/24\", \"10.0.2.0/24\"]"),
        ("!Select [1, !Cidr ['2001:db8::/56', 2, 64]]", "\"2001:db8:0:1::/64\""),
        ("{Fn::Length: !Ref Names}", "3"),
        ("!ImportValue {'Fn::Sub': '${Name}-x'}", "?ci-x"),
        ("{Fn::ToJsonString: {b: !Ref Bare, a: [1, 'q\"']}}", "\"<\"{'b':'${Bare}','a':[1,'q\\\\'']}\">\""),
        ("'{{resolve:ssm:/p:1}}'", "?{{resolve:ssm:/p:1}}"),
        ("!Sub 'a{{resolve:ssm:/${Bare}}}b'", "\"a${{{resolve:...}}}b\""),
        (
            "{Fn::ForEach::L: [N, !Ref Names, {'K${N}': !Sub '${N}-${Name}'}]}",
            "{Ka: \"a-ci\", Kb: \"b-ci\", Kc: \"c-ci\"}",
        ),
        ("{Fn::Transform: {Name: AWS::Include}}", "?AWS::Include"),
        ("{Fn::Transform: {Name: Mine}, a: 1}", "?Mine"),
        ("2012-10-17", "\"2012-10-17\""),
        ("111122223333", "\"111122223333\""),
        ("{Condition: {StringEquals: {k: v}}}", "{Condition: {StringEquals: {k: \"v\"}}}"),
    ] {
        let (value, errors) = property(expression);
        assert_eq!((show(&value).as_str(), errors), (expected, vec![]), "{expression}");
    }
}

#[test]
fn what_cloudformation_refuses_is_an_error_and_unknown() {
    for (expression, code) in [
        ("!Ref Nobody", "cfn-undefined-reference"),
        ("!GetAtt Nobody.Arn", "cfn-undefined-reference"),
        ("!Sub '${Nobody}-x'", "cfn-undefined-reference"),
        ("!Ref AWS::Nothing", "cfn-undefined-reference"),
        ("!Select [3, !Ref Names]", "cfn-select-range"),
        ("!Select [-1, !Ref Names]", "cfn-invalid-function"),
        ("!FindInMap [M, two, k]", "cfn-mapping-key"),
        ("!FindInMap [O, two, k]", "cfn-mapping-key"),
        ("!FindInMap [N, prod, empty]", "cfn-mapping-key"),
        ("{Fn::ToJsonString: !Ref Name}", "cfn-invalid-function"),
        ("!Select [7, !Split ['-', 'a-b']]", "cfn-select-range"),
        ("!If [Nothing, a, b]", "cfn-undefined-condition"),
        ("!Join [a]", "cfn-invalid-function"),
        ("!Sub '${Names}'", "cfn-invalid-function"),
        ("!Cidr [10.0.0.0/24, 3, 8]", "cfn-invalid-function"),
        ("!Nonsense x", "cfn-unknown-function"),
    ] {
        let (value, errors) = property(expression);
        assert_eq!(errors, [code], "{expression}");
        assert!(value.first_unknown().is_some(), "{expression}");
    }
}

/// The source text of a span.
#[test]
fn org_formation_has_functions_of_its_own() {
    let text = "AWSTemplateFormatVersion: 2010-09-09-OC\nResources:\n  A:\n    Type: A::B::C\n    Properties:\n      P: !ReadFile p.json\n";
    let template = load(text, &[]);
    let value = template.resources(&|_| true)[0].get("P");
    assert_eq!((show(&value).as_str(), template.take_errors().len()), ("?!ReadFile", 0));
}

fn at(text: &str, span: Option<Span>) -> &str {
    span.and_then(|span| text.get(span.start as usize..span.end as usize)).unwrap_or("nowhere")
}

#[test]
fn values_know_the_way_they_took() {
    let text = r#"
Parameters:
  Who: {Type: String, Default: root}
Mappings: {M: {a: {b: root}}}
Conditions: {C: !Equals [x, x]}
Resources:
  K:
    Type: AWS::IAM::AccessKey
    Properties:
      A: !Ref Who
      B: !FindInMap [M, a, b]
      C: !If [C, !Ref Who, x]
      D: !Sub "a-${Who}"
      E: |
        {"x": "root"}
"#;
    let template = load(text, &[]);
    let key = template.resources(&|kind| kind == "AWS::IAM::AccessKey").remove(0);
    let way = |name: &str| {
        let value = key.get(name);
        let mut way = vec![at(text, value.origin.span).to_owned()];
        way.extend(value.origin.chain().map(|hop| format!("{} `{}`", hop.what, at(text, hop.span))));
        way.join(", ")
    };
    assert_eq!(way("A"), "!Ref Who, default of parameter Who `root`");
    assert_eq!(way("B"), "!FindInMap [M, a, b], entry of mapping M.a.b `root`");
    assert_eq!(way("C"), "!If [C, !Ref Who, x], chosen by condition C `!Ref Who`, default of parameter Who `root`");
    let text_of = |name: &str| key.get(name).as_text().expect("a text").clone();
    assert_eq!(text_of("D").span_of(2, 6), text_of("A").span_of(0, 4));
    let policy = document::read(&key.get("E")).expect("JSON");
    assert_eq!(at(text, policy.fields().unwrap().get("x").unwrap().origin.span), "\"root\"");
    assert_eq!(at(text, Some(key.site.header)), "K");
}

#[test]
fn given_values_win_and_decide_pseudo_parameters() {
    let text = format!("{DECLARED}!Sub '${{AWS::Partition}} ${{AWS::Region}} ${{Name}} ${{Image}}'\n");
    let given = [("AWS::Region", "cn-north-1"), ("Name", "x"), ("Name", "me"), ("Image", "/other")];
    let template = load(&text, &given);
    let value = template.resources(&|_| true).pop().unwrap().get("P");
    assert_eq!(show(&value), "\"aws-cn cn-north-1 me ${Image}\"");
    let (secret, _) = property("!Join ['', [a, !Ref Secret]]");
    assert!(secret.marks.is_hidden());
    let wrong = load(&text, &[("Stage", "moon")]);
    assert_eq!(wrong.take_errors()[0].code, "cfn-parameter-value");
}

#[test]
fn conditions_decide_what_exists() {
    let text = format!(
        "{DECLARED}x\n  A: {{Type: 'A::B::C', Condition: No}}\n  B: {{Type: 'A::B::C', Condition: Open}}\n  C: {{Type: 'A::B::C', Condition: Either}}\n"
    );
    let template = load(&text, &[]);
    let all: Vec<_> = template.resources(&|kind| kind == "A::B::C");
    let shown = all.iter().map(|resource: &Resource<'_>| match &resource.site.presence {
        Presence::Certain => resource.site.address.to_string(),
        Presence::Possible(reason) => format!("{}?{}", resource.site.address, reason.missing),
    });
    assert_eq!(shown.collect::<Vec<_>>(), ["B?Bare", "C"]);
}

#[test]
fn loops_make_resources() {
    let text = r#"
Parameters: {Teams: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Outer:
    - N
    - [a, "b-c"]
    - Fn::ForEach::Inner:
        - M
        - [x, y]
        - "U${N}&{M}": {Type: "AWS::IAM::User", Properties: {UserName: !Sub "${N}${M}", Path: "/${N}/"}}
      "K&{N}": {Type: "AWS::IAM::AccessKey", Properties: {UserName: !Ref {"Fn::Sub": "U${N}x"}}}
  Fn::ForEach::Unknown: [T, !Ref Teams, {"T${T}": {Type: "AWS::IAM::Group", Properties: {GroupName: !Ref T}}}]
"#;
    let template = load(text, &[]);
    let shown = template
        .resources(&|_| true)
        .iter()
        .map(|resource| {
            let possible = if resource.site.presence == Presence::Certain { "" } else { "?" };
            format!("{}{possible} {}", resource.site.address, show(&resource.attributes.all()))
        })
        .collect::<Vec<_>>();
    assert_eq!(
        shown,
        [
            "Uax {Path: \"/a/\", UserName: \"ax\"}",
            "Uay {Path: \"/a/\", UserName: \"ay\"}",
            "Ka {UserName: ?Uax}",
            "Ub-cx {Path: \"/b-c/\", UserName: \"b-cx\"}",
            "Ub-cy {Path: \"/b-c/\", UserName: \"b-cy\"}",
            "Kbc {UserName: ?Ub-cx}",
            "T*? {GroupName: ?Teams}",
        ]
    );
    assert_eq!(template.take_errors(), []);
}

#[test]
fn endless_things_end() {
    let cycle =
        "Conditions: {A: !Not [!Condition B], B: !Condition A}\nResources: {U: {Type: 'A::B::C', Condition: A}}\n";
    let template = load(cycle, &[]);
    assert!(matches!(template.resources(&|_| true)[0].site.presence, Presence::Possible(_)));
    assert_eq!(template.take_errors()[0].code, "cfn-condition-cycle");
    // A chain is no cycle, but may be too long for the stack.
    let mut chain = "Resources: {U: {Type: 'A::B::C', Condition: C0}}\nConditions:\n".to_owned();
    for n in 0..20_000 {
        chain += &format!("  C{n}: !Condition C{}\n", n + 1);
    }
    let template = load(&chain, &[]);
    template.resources(&|_| true);
    assert!(template.take_errors().iter().any(|error| error.code == "cfn-too-deep"));
    // Loops multiply.
    let items = vec!["x"; 100].join(",");
    let mut body = "{A: 1}".to_owned();
    for level in 0..8 {
        body = format!("{{Fn::ForEach::L{level}: [V{level}, [{items}], {body}]}}");
    }
    let template = load(&format!("Resources: {{U: {{Type: 'A::B::C', Properties: {body}}}}}"), &[]);
    template.resources(&|_| true)[0].get("A");
    assert!(template.take_errors().iter().any(|error| error.code == "cfn-too-deep"));
    // The deepest tree that parses is evaluated, in YAML and in JSON.
    let deep = format!(
        r#"{{"Resources": {{"U": {{"Type": "A::B::C", "Properties": {{"P": {}1{}}}}}}}}}"#,
        "[".repeat(251),
        "]".repeat(251)
    );
    let template = load(&deep, &[]);
    assert!(template.resources(&|_| true)[0].get("P").is_wholly_known());
    let calls = format!(
        "Resources: {{U: {{Type: 'A::B::C', Properties: {{P: {}x{}}}}}}}",
        "{Fn::Base64: ".repeat(120),
        "}".repeat(120)
    );
    let template = load(&calls, &[]);
    template.resources(&|_| true)[0].get("P");
    assert_eq!(template.take_errors()[0].message, "this makes a string longer than any template");
    // A string that doubles with each loop.
    let mut body = "{A: !Ref V0}".to_owned();
    for level in 0..60 {
        let outer = level + 1;
        body = format!("{{Fn::ForEach::L: [V{level}, [!Sub '${{V{outer}}}${{V{outer}}}'], {body}]}}");
    }
    let text = format!("Resources: {{U: {{Type: 'A::B::C', Properties: {{Fn::ForEach::L: [V60, [xx], {body}]}}}}}}");
    let template = load(&text, &[]);
    template.resources(&|_| true)[0].get("A");
    assert_eq!(template.take_errors()[0].message, "this makes a string longer than any template");
}

#[test]
fn one_bad_part_does_not_lose_the_others() {
    let text = "Parameters: []\nConditions: {C: !Equals [1]}\nResources:\n  A: {Properties: {}}\n  B: {Type: 'A::B::C', Properties: {P: 1}}\n";
    let template = load(text, &[]);
    assert_eq!(template.resources(&|_| true).len(), 1);
    let codes: Vec<_> = template.take_errors().iter().map(|error| error.code).collect();
    assert_eq!(codes, ["cfn-invalid-section", "cfn-invalid-resource", "cfn-invalid-function"]);
    // A syntax error costs the resource it is in.
    let text = "AWSTemplateFormatVersion: x\nOutputs:\n  O: {Value: 1}\nResources:\n  A:\n    Type: A::B::C\n  B:\n    Type: A::B::C\n     Bad: 1\n  C:\n    Type: A::B::C\n    Properties: {P: here}\n";
    let (template, errors) = Template::load("t.yaml".into(), text.into(), file(), &Vec::new());
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code, "yaml-syntax");
    let template = template.unwrap();
    let names: Vec<_> =
        template.resources(&|_| true).iter().map(|resource| resource.site.address.to_string()).collect();
    assert_eq!(names, ["A", "C"]);
    assert_eq!(template.outputs().len(), 1);
    let value = template.resources(&|_| true)[1].get("P");
    assert_eq!(at(text, value.origin.span), "here");
}

#[test]
fn templates_are_told_from_other_files() {
    let none = |text: &str| Template::load("x.yaml".into(), text.into(), file(), &Vec::new());
    for text in
        ["a: [", "kind: Deployment\nResources: {a: {limits: 1}}", "{\"Resources\": [", "- a\n- b\n", "", "Resources: 1"]
    {
        let (template, errors) = none(text);
        assert!(template.is_none() && errors.is_empty(), "{text}: {errors:?}");
    }
    let broken = "{\"AWSTemplateFormatVersion\": \"x\", \"Resources\": {\"A\" 1}}";
    let (template, errors) = none(broken);
    assert!(template.is_none());
    assert_eq!((errors[0].code, at(broken, Some(errors[0].span))), ("json-syntax", "1"));
    assert!(recognise("Resources:\n  A:\n    Type: AWS::IAM::User\n"));
    let (template, errors) = none("# one\n---\na: 1\n---\nResources: {A: {Type: 'A::B::C', Type: 'A::B::D'}}\n");
    assert_eq!(template.unwrap().resources(&|_| true)[0].kind(), "A::B::D");
    assert_eq!(errors[0].code, "cfn-repeated-key");
}

#[test]
fn yaml_and_json_are_the_same_template() {
    let json = r#"{"Resources": {"U": {"Type": "AWS::IAM::User", "Properties": {"UserName": {"Fn::Sub": "${AWS::StackName}-u"}, "Tags": [{"Key": "a", "Value": 1}]}}}}"#;
    let yaml = "Resources:\n  U:\n    Type: AWS::IAM::User\n    Properties:\n      UserName: !Sub ${AWS::StackName}-u\n      Tags:\n      - {Key: a, Value: 1}\n";
    let all = |text: &str| show(&load(text, &[]).resources(&|_| true)[0].attributes.all());
    assert_eq!(all(json), all(yaml));
}

#[test]
fn references_are_listed_by_property() {
    let text = "Resources:\n  U: {Type: 'AWS::IAM::User'}\n  K: {Type: 'AWS::IAM::AccessKey', DependsOn: U, Properties: {UserName: !Sub '${U}', Serial: 1}}\n";
    let template = load(text, &[]);
    let resources = template.resources(&|_| true);
    let references =
        resources[1].meta.references.iter().map(|reference| format!("{} {}", reference.argument, reference.target));
    assert_eq!(references.collect::<Vec<_>>(), ["UserName U", "DependsOn U"]);
    assert_eq!(resources[1].get("UserName").symbol().unwrap().to_string(), "U.Ref");
}
