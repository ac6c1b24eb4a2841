//! CloudFormation templates through the real binary: how they are written, what they take from other files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use assert_cmd::Command;
use serde_json::{Value, json};

fn run(files: &[(&str, &[u8])], arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let mut command = Command::cargo_bin("rootlint").unwrap();
    command.current_dir(folder.path()).args(arguments).args(["--format", "json"]);
    let output = command.timeout(std::time::Duration::from_secs(120)).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The resources as `address: attributes`, and the errors as `code line:column`.
fn resources(files: &[(&str, &[u8])], arguments: &[&str]) -> (Vec<(String, Value)>, Vec<String>) {
    let report = run(files, &[&["resources", "."], arguments].concat());
    let rows = report["resources"].as_array().unwrap();
    let rows = rows.iter().map(|row| (row["address"].as_str().unwrap().to_owned(), row["attributes"].clone()));
    (rows.collect(), errors(&report))
}

fn errors(report: &Value) -> Vec<String> {
    let place = |error: &Value| {
        let start = &error["location"]["start"];
        format!("{} {}:{}", error["code"].as_str().unwrap(), start["line"], start["column"])
    };
    report["errors"].as_array().unwrap().iter().map(place).collect()
}

/// One template in the file `t.yaml`.
fn template(text: &str) -> (Vec<(String, Value)>, Vec<String>) {
    resources(&[("t.yaml", text.as_bytes())], &[])
}

const USER: &str = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  U:\n    Type: AWS::IAM::User\n    Properties:\n      UserName: root\n";

fn user(name: &str) -> Vec<(String, Value)> {
    vec![("U".to_owned(), json!({"UserName": name}))]
}

#[test]
fn a_template_is_read_however_it_is_written() {
    let cases: [(&str, Vec<u8>, &[&str]); 6] = [
        ("CRLF", USER.replace('\n', "\r\n").into_bytes(), &[]),
        ("a byte order mark", format!("\u{feff}{USER}").into_bytes(), &[]),
        ("a comment and a second document", format!("# first\n---\n{USER}---\nother: 1\n").into_bytes(), &[]),
        (
            "a repeated key",
            USER.replace("UserName: root", "UserName: ci\n      UserName: root").into_bytes(),
            &["cfn-repeated-key 7:7"],
        ),
        (
            "an anchor and a merge key",
            USER.replace("Resources:", "Metadata: &m {UserName: root}\nResources:")
                .replace("      UserName: root", "      <<: *m")
                .into_bytes(),
            &[],
        ),
        ("a tag around a mapping", USER.replace("root", "!Join ['', [ro, !Sub ot]]").into_bytes(), &[]),
    ];
    for (what, content, expected) in cases {
        assert_eq!(
            resources(&[("t.yaml", &content)], &[]),
            (user("root"), expected.iter().map(|code| (*code).to_owned()).collect()),
            "{what}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_an_error_where_it_is() {
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(USER.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(resources(&[("t.yaml", &utf16)], &[]), (vec![], vec!["not-utf8 1:1".to_owned()]));
    let without_mark: Vec<u8> = USER.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(resources(&[("t.yaml", &without_mark)], &[]).1.len(), 1);
    // A tab where only blanks may stand; what comes before and after it is read all the same.
    let tab = format!("{USER}  V:\n\tType: AWS::IAM::User\n  W:\n    Type: AWS::IAM::Group\n");
    let (rows, errors) = template(&tab);
    assert_eq!(errors, ["yaml-syntax 8:1"]);
    assert_eq!(rows.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["U", "W"]);
    // A section that is none does not lose the others.
    let (rows, errors) = template(&format!("Mappings: [1]\nConditions: x\nParameters: 7\n{USER}"));
    assert_eq!(rows, user("root"));
    assert_eq!(errors, ["cfn-invalid-section 1:11", "cfn-invalid-section 2:13", "cfn-invalid-section 3:13"]);
    let mut bomb = "Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("  a{level}: &a{level} [{aliases}]\n");
    }
    let (rows, errors) = template(&format!("{bomb}{USER}"));
    assert_eq!((rows, errors.len()), (user("root"), 1), "{errors:?}");
    let deep = format!("{USER}      Path: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(template(&deep).1.len(), 1);
}

#[test]
fn ids_and_dates_stay_strings() {
    let text = USER.replace(
        "UserName: root",
        "A: 012345678901\n      B: 123456789012\n      C: 2012-10-17\n      D: 0123\n      E: 12\n      F: true\n      G: yes\n      H: 1.10",
    );
    let expected = json!({"A": "012345678901", "B": "123456789012", "C": "2012-10-17", "D": "0123", "E": 12, "F": true, "G": "yes", "H": "1.10"});
    assert_eq!(template(&text), (vec![("U".to_owned(), expected)], vec![]));
}

#[test]
fn one_key_is_one_finding_in_every_language() {
    let terraform = "resource \"aws_iam_access_key\" \"k\" {\n  user = \"root\"\n}\n";
    let yaml = "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: root # why\n";
    let json = "{\"Resources\": {\"Key\": {\"Type\": \"AWS::IAM::AccessKey\",\n  \"Properties\": {\"UserName\": \"root\"}}}}\n";
    let files: [(&str, &[u8]); 3] =
        [("a/main.tf", terraform.as_bytes()), ("b.yaml", yaml.as_bytes()), ("c.json", json.as_bytes())];
    let report = run(&files, &["check", ".", "--only", "root-access-key"]);
    let findings = report["findings"].as_array().unwrap();
    let places: Vec<_> = findings.iter().map(|finding| finding["location"].clone()).collect();
    let place = |path: &str, line: u32, from: u32, to: u32| json!({"path": path, "start": {"line": line, "column": from}, "end": {"line": line, "column": to}});
    assert_eq!(places, [place("a/main.tf", 2, 10, 16), place("b.yaml", 5, 17, 21), place("c.json", 2, 30, 36)]);
    for finding in findings {
        for field in ["check", "severity", "confidence", "message", "help", "witness", "related"] {
            assert_eq!(finding[field], findings[0][field], "{field}");
        }
    }
}

#[test]
fn values_cross_from_template_to_template() {
    let users = "Parameters: {X: {Type: String}}\nResources: {U: {Type: 'AWS::IAM::User', Properties: {UserName: root}}}\nOutputs:\n  A: {Value: !Ref U, Export: {Name: !Sub 'u-${AWS::Region}'}}\n  B: {Value: root, Export: {Name: plain}}\n  C: {Value: root, Export: {Name: twice}}\n  D: {Value: root, Export: {Name: !Sub '${AWS::StackName}-x'}}\n";
    let more = "Resources: {T: {Type: 'AWS::SNS::Topic'}}\nOutputs:\n  C: {Value: ci, Export: {Name: twice}}\n  E: {Value: !Sub ['${V}!', {V: !ImportValue plain}], Export: {Name: through}}\n  F: {Value: !ImportValue back, Export: {Name: forth}}\n";
    let last = "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {P: !ImportValue through, Q: !ImportValue back}}}\nOutputs: {G: {Value: !ImportValue forth, Export: {Name: back}}}\n";
    let keys = "Parameters: {S: {Type: String, Default: s}}\nResources:\n  K:\n    Type: AWS::SNS::Topic\n    Properties:\n      A: !ImportValue {'Fn::Sub': 'u-${AWS::Region}'}\n      B: !ImportValue plain\n      C: !ImportValue twice\n      D: !ImportValue {'Fn::Sub': '${S}-x'}\n      E: !ImportValue through\n      F: !ImportValue forth\n      G: !ImportValue {'Fn::Sub': '${AWS::StackName}-x'}\n";
    let files: [(&str, &[u8]); 4] = [
        ("users.yaml", users.as_bytes()),
        ("a/more.yaml", more.as_bytes()),
        ("z.yaml", last.as_bytes()),
        ("keys.yaml", keys.as_bytes()),
    ];
    let (rows, errors) = resources(&files, &[]);
    assert_eq!(errors, Vec::<String>::new());
    let of = |address: &str| &rows.iter().find(|(name, value)| name == address && *value != json!({})).unwrap().1;
    let key = of("K");
    assert_eq!(key["A"]["symbol"], "U.Ref");
    assert_eq!((&key["B"], &key["E"]), (&json!("root"), &json!("root!")));
    let why = |value: &Value| value["$unknown"].as_str().unwrap().to_owned();
    assert_eq!(why(&key["C"]), "`twice` is exported by more than one template of the scan");
    assert_eq!(why(&key["D"]), "`s-x` is exported by no template of the scan");
    assert_eq!(why(&key["F"]), "`forth` comes through templates that import from each other");
    assert!(why(&key["G"]).starts_with("`AWS::StackName`"));
    assert_eq!(why(&of("T")["Q"]), "`back` comes through templates that import from each other");
    assert_eq!(of("T")["P"], "root!");
    // Given the stack's name, its exports are known by name.
    let (rows, _) = resources(&files, &["--parameter", "AWS::StackName=s"]);
    let key = &rows.iter().find(|(name, _)| name == "K").unwrap().1;
    assert_eq!((&key["D"], &key["G"]), (&json!("root"), &json!("root")));
}

#[test]
fn parameters_come_from_files_of_every_form() {
    let text = USER.replace("Resources:", "Parameters: {Who: {Type: String}}\nResources:").replace("root", "!Ref Who");
    let with = |files: &[(&str, &str)], arguments: &[&str]| {
        let all: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(path, content)| (*path, content.as_bytes()))
            .chain([("template.yaml", text.as_bytes())])
            .collect();
        let (rows, errors) = resources(&all, arguments);
        (rows[0].1["UserName"].as_str().unwrap_or("?").to_owned(), errors)
    };
    let good = |name: &str| (name.to_owned(), Vec::<String>::new());
    let file = ["--parameter-overrides", "p.json"];
    assert_eq!(with(&[("p.json", "[{\"ParameterKey\": \"Who\", \"ParameterValue\": \"a\"}]")], &file), good("a"));
    assert_eq!(with(&[("p.json", "{\"Parameters\": {\"Who\": \"a\"}}")], &file), good("a"));
    assert_eq!(with(&[("p.json", "{\"Who\": \"a\"}")], &[&file[..], &["--parameter", "Who=b"]].concat()), good("b"));
    assert_eq!(with(&[("p.json", "{\"Who\": [")], &file), ("?".into(), vec!["json-syntax 1:10".into()]));
    let dev = "[dev.deploy.parameters]\nparameter_overrides = \"Who=d\"\n";
    let both = format!("{dev}[prod.deploy.parameters]\nparameter_overrides = [\"Who=p\"]\n");
    assert_eq!(with(&[("samconfig.toml", dev)], &[]), good("d"));
    assert_eq!(with(&[("samconfig.toml", dev)], &["--parameter", "Who=b"]), good("b"));
    assert_eq!(with(&[("samconfig.toml", &both)], &[]), good("?"));
    assert_eq!(with(&[("samconfig.toml", &both)], &["--parameter-overrides", "samconfig.toml#prod"]), good("p"));
    let ambiguous = with(&[("samconfig.toml", &both)], &["--parameter-overrides", "samconfig.toml"]);
    assert_eq!(ambiguous, ("?".into(), vec!["bad-parameters 1:1".into()]));
}
