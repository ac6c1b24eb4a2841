//! Parameter files in every form.

use super::*;
use crate::files::Memory;

/// `name=value@source` of each value, and the messages of the errors with their sources.
fn read_file(name: &str, content: &str, environment: Option<&str>) -> (Vec<String>, Vec<String>) {
    let mut files = Memory::default();
    files.insert(name, content);
    let sources = Sources::default();
    let file = ParameterFile { path: name.into(), environment: environment.map(str::to_owned) };
    let (parameters, errors) = collect(&files, &sources, &[file], &[]);
    let at = |span: Span| content.get(span.start as usize..span.end as usize).unwrap_or("nowhere");
    let given = parameters.iter().map(|given| format!("{}={} at {}", given.name, given.value, at(given.span)));
    let errors = errors.iter().map(|error| format!("{} {} at {}", error.code, error.message, at(error.span)));
    (given.collect(), errors.collect())
}

fn read_good(name: &str, content: &str) -> Vec<String> {
    let (given, errors) = read_file(name, content, None);
    assert_eq!(errors, Vec::<String>::new(), "{content}");
    given
}

#[test]
fn json_forms() {
    for content in [
        r#"[{"ParameterKey": "A", "ParameterValue": "x y"}, {"ParameterKey": "B", "UsePreviousValue": true}]"#,
        r#"{"Parameters": {"A": "x y"}, "Tags": {"A": "z"}}"#,
        "\u{feff}{\"A\": \"x y\"}",
    ] {
        assert_eq!(read_good("p.json", content), ["A=x y at x y"], "{content}");
    }
    assert_eq!(read_good("p.json", r#"["A=x,y", "B=1"]"#), ["A=x,y at x,y", "B=1 at 1"]);
    assert_eq!(read_good("p.yaml", "A: x y\nB: 012\n"), ["A=x y at x y", "B=012 at 012"]);
}

#[test]
fn pairs_as_on_a_command_line() {
    let content = "A=x B=\"a b\" # no\nC=\nParameterKey=D,ParameterValue=1,2 'E=it is'\n";
    assert_eq!(
        read_good("p.txt", content),
        ["A=x at x", "B=a b at B=\"a b\"", "C= at ", "D=1,2 at 1,2", "E=it is at 'E=it is'"]
    );
}

#[test]
fn samconfig() {
    let one = "version = 0.1\n[dev.deploy.parameters]\nparameter_overrides = \"A=x B=\\\"a b\\\"\"\n";
    assert_eq!(read_good("samconfig.toml", one), ["A=x at \"A=x B=\\\"a b\\\"\"", "B=a b at \"A=x B=\\\"a b\\\"\""]);
    let two = "[default.global.parameters]\nparameter_overrides = ['A=g']\n[default.deploy.parameters]\nparameter_overrides = ['A=x', 'B=y']\n[prod.deploy.parameters]\nparameter_overrides = {A = 'p', N = 3}\n";
    assert_eq!(read_good("samconfig.toml", two), ["A=x at x", "B=y at y"]);
    let (given, _) = read_file("samconfig.toml", two, Some("prod"));
    assert_eq!(given, ["A=p at p", "N=3 at 3"]);
    let (given, errors) = read_file("samconfig.toml", two, Some("test"));
    assert!(given.is_empty());
    assert_eq!(errors, ["bad-parameters no environment `test` here has `parameter_overrides`: default, prod have at "]);
    let several = two.replace("default", "dev");
    assert!(read_file("samconfig.toml", &several, None).1[0].contains("which environment?"));
}

#[test]
fn what_is_no_parameter_is_said_where_it_is() {
    for (name, content, expected) in [
        ("p.json", "[1]", "bad-parameters this is no parameter: it has not the form `Key=Value` at 1"),
        ("p.json", "{\"A\": [1]}", "bad-parameters a parameter's value must be a string at [1]"),
        (
            "p.json",
            "[{\"ParameterKey\": \"A\", \"ParameterValue\": {}}]",
            "bad-parameters the value of parameter `A` must be a string at {\"ParameterKey\": \"A\", \"ParameterValue\": {}}",
        ),
        (
            "p.json",
            "[{\"ParameterKey\": \"A\"}]",
            "bad-parameters this is no parameter: it has no `ParameterKey` and `ParameterValue` at {\"ParameterKey\": \"A\"}",
        ),
        ("p.json", "7", "bad-parameters parameters are a list or an object at 7"),
        ("p.txt", "A", "bad-parameters this is no parameter: it has not the form `Key=Value` at A"),
        (
            "c.toml",
            "[a.deploy.parameters]\nparameter_overrides = 1",
            "bad-parameters `parameter_overrides` is a string or a list of strings at 1",
        ),
    ] {
        assert_eq!(read_file(name, content, None).1, [expected], "{content}");
    }
    assert!(read_file("p.json", "{", None).1[0].starts_with("json-syntax"));
    assert!(read_file("c.toml", "a = ", None).1[0].starts_with("bad-parameters"));
}

#[test]
fn a_samconfig_beside_its_template_gives_values_if_it_is_unambiguous() {
    let beside_with = |template: &str, content: &str| {
        let mut files = Memory::default();
        files.insert("app/samconfig.toml", content);
        let (parameters, errors) = beside(&files, &Sources::default(), Utf8Path::new(template));
        assert_eq!(errors, []);
        parameters.iter().map(|given| given.value.to_string()).collect::<Vec<_>>().join(" ")
    };
    let one = "[dev.deploy.parameters]\nparameter_overrides = 'A=x'\n[prod.deploy.parameters]\nregion = 'r'\n";
    assert_eq!(beside_with("app/template.yaml", one), "x");
    assert_eq!(beside_with("app/other.yaml", one), "");
    assert_eq!(beside_with("template.yaml", one), "");
    let named = format!("{one}[dev.global.parameters]\ntemplate_file = './other.yaml'\n");
    assert_eq!(beside_with("app/other.yaml", &named), "x");
    assert_eq!(beside_with("app/template.yaml", &named), "");
    let two = format!("{one}parameter_overrides = 'A=y'\n");
    assert_eq!(beside_with("app/template.yaml", &two), "");
}
