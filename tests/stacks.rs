//! Templates of which others are made: nested stacks, stack sets, assemblies of the AWS CDK, the Serverless Framework,
//! and templates that Terraform deploys.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use rootlint::files::Memory;
use rootlint::finding::Diagnostic;
use rootlint::report::value::answer;
use rootlint::resource::Presence;
use rootlint::scan::{self, Options, ResourceRow};
use serde_json::{Value, json};

/// The resources of all projects.
struct Scanned {
    rows: Vec<(ResourceRow, Value)>,
    errors: Vec<Diagnostic>,
    notes: Vec<Diagnostic>,
}

impl Scanned {
    fn at(path: &str, files: &[(&str, &str)], parameters: &[(&str, &str)]) -> Self {
        let files: Memory = files.iter().copied().collect();
        let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let options = Options { paths: vec![path.into()], parameters, ..Options::default() };
        let (rows, outcome) = scan::resources(&files, &options);
        let value = |row: &ResourceRow| {
            let shown: Value = serde_json::from_str(&answer(Ok(&row.attributes)).to_string()).unwrap();
            shown.get("value").cloned().unwrap_or(shown)
        };
        let rows = rows.into_iter().map(|row| (row.clone(), value(&row))).collect();
        Self { rows, errors: outcome.findings.errors, notes: outcome.findings.notes }
    }

    fn of(files: &[(&str, &str)]) -> Self {
        Self::at("", files, &[])
    }

    /// Projects and addresses.
    fn addresses(&self) -> Vec<String> {
        self.rows.iter().map(|(row, _)| format!("{}: {}", row.project, row.address)).collect()
    }

    #[track_caller]
    fn row(&self, address: &str) -> &(ResourceRow, Value) {
        let row = self.rows.iter().find(|(row, _)| &*row.address == address);
        assert!(row.is_some(), "no {address} in {:?}", self.addresses());
        row.unwrap()
    }

    #[track_caller]
    fn get(&self, address: &str, attribute: &str) -> &Value {
        &self.row(address).1[attribute]
    }

    fn codes(&self) -> Vec<&str> {
        self.errors.iter().chain(&self.notes).map(|one| one.code).collect()
    }
}

const CHILD: &str = r#"
Parameters:
  Name: {Type: String, Default: default}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
Resources:
  User: {Type: AWS::IAM::User, Properties: {UserName: !Ref Name, Groups: !Ref Names, Path: !Ref AWS::StackName}}
Outputs:
  User: {Value: !Ref User}
  Name: {Value: !Sub "${Name}-out"}
"#;

#[test]
fn parameters_go_down_and_outputs_come_back() {
    let parent = r#"
Parameters:
  Suffix: {Type: String, Default: one}
Resources:
  First:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./child.yaml, Parameters: {Name: !GetAtt Second.Outputs.Name, Names: "x, y"}}
  Second:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child.yaml, Parameters: {Name: !Sub "user-${Suffix}"}}
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !GetAtt First.Outputs.User}}
"#;
    let scanned = Scanned::of(&[("parent.yaml", parent), ("child.yaml", CHILD)]);
    assert_eq!(scanned.codes(), [""; 0]);
    // The child is not there a second time, on its own.
    let want = ["First", "Second", "Key", "Second.User", "First.User"].map(|name| format!("parent.yaml: {name}"));
    assert_eq!(scanned.addresses(), want);
    assert_eq!(*scanned.get("Second.User", "UserName"), "user-one");
    assert_eq!(*scanned.get("Second.User", "Groups"), json!(["a", "b"]));
    assert_eq!(*scanned.get("First.User", "UserName"), "user-one-out");
    assert_eq!(*scanned.get("First.User", "Groups"), json!(["x", "y"]));
    // Two stacks of one template have different users, and stack names.
    assert_eq!(scanned.get("Key", "UserName")["symbol"], "First.User.Ref");
    assert_eq!(scanned.get("Second.User", "Path")["symbol"], "Second.AWS::StackName.Ref");
}

#[test]
fn a_stack_is_there_if_its_condition_holds() {
    let parent = r#"
Parameters:
  On: {Type: String}
Conditions:
  IsOn: !Equals [!Ref On, "yes"]
Resources:
  Child: {Type: AWS::CloudFormation::Stack, Condition: IsOn, Properties: {TemplateURL: child.yaml}}
"#;
    let files = [("parent.yaml", parent), ("child.yaml", CHILD)];
    assert!(matches!(Scanned::of(&files).row("Child.User").0.presence, Presence::Possible(_)));
    assert_eq!(Scanned::at("", &files, &[("On", "yes")]).row("Child.User").0.presence, Presence::Certain);
    // A stack that is not made uses no template: the child is one of its own.
    assert_eq!(Scanned::at("", &files, &[("On", "no")]).addresses(), ["child.yaml: User"]);
}

#[test]
fn values_given_to_the_run_are_not_for_nested_stacks() {
    let parent = "Resources:\n  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}\n";
    let child = "Parameters:\n  Name: {Type: String, Default: own}\nResources:\n  User:\n    Type: AWS::IAM::User\n    \
                 Properties: {UserName: !Ref Name, Path: !Ref AWS::Region}\n";
    let files = [("parent.yaml", parent), ("child.yaml", child)];
    let scanned = Scanned::at("", &files, &[("Name", "given"), ("AWS::Region", "eu-west-1")]);
    assert_eq!(*scanned.get("Child.User", "UserName"), "own");
    assert_eq!(*scanned.get("Child.User", "Path"), "eu-west-1");
}

#[test]
fn a_template_that_is_not_at_hand_is_noted_and_its_outputs_are_unknown() {
    let parent = r#"
Parameters:
  Bucket: {Type: String}
Resources:
  Gone: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: gone.yaml}}
  Packaged: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://s3.amazonaws.com/b/1.template"}}
  Unknown: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Sub "https://${Bucket}.s3.amazonaws.com/x"}}
  Outside: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ../../secret.yaml}}
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !GetAtt Gone.Outputs.User}}
"#;
    let scanned = Scanned::of(&[("a/parent.yaml", parent), ("secret.yaml", CHILD)]);
    assert_eq!(scanned.codes(), ["template-not-found"; 4]);
    let messages: Vec<_> = scanned.notes.iter().map(|note| note.message.as_str()).collect();
    for (note, why) in messages.iter().zip(["not on disk", "no file", "`Bucket`", "outside"]) {
        assert!(note.contains(why), "{note}");
    }
    assert_eq!(scanned.get("Key", "UserName")["symbol"], "Gone.Outputs.User");
}

#[test]
fn an_output_that_the_template_does_not_have_is_an_error() {
    let parent = r#"
Resources:
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !GetAtt Child.Outputs.Nobody}}
"#;
    let scanned = Scanned::of(&[("parent.yaml", parent), ("child.yaml", CHILD)]);
    assert_eq!(scanned.codes(), ["cfn-undefined-reference"]);
}

#[test]
fn errors_of_a_nested_template_are_reported_there() {
    let parent = "Resources:\n  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}\n";
    let child = "Resources:\n  User: {Type: AWS::IAM::User, Properties: {UserName: !Ref Nobody}}\n";
    let scanned = Scanned::of(&[("parent.yaml", parent), ("child.yaml", child)]);
    assert_eq!(scanned.codes(), ["cfn-undefined-reference"]);
}

#[test]
fn circles_of_templates_end() {
    let a = "Resources:\n  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: b.yaml}}\n";
    let b = "Resources:\n  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: a.yaml}}\n";
    let scanned = Scanned::of(&[("a.yaml", a), ("b.yaml", b)]);
    assert_eq!(scanned.codes(), ["cfn-stack-cycle", "cfn-stack-cycle"]);
    assert_eq!(scanned.addresses(), ["a.yaml: B", "a.yaml: B.A", "b.yaml: A", "b.yaml: A.B"]);
    // Stacks that need each other's outputs have none.
    let mutual = r#"
Resources:
  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: c.yaml, Parameters: {Name: !GetAtt B.Outputs.Name}}}
  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: c.yaml, Parameters: {Name: !GetAtt A.Outputs.Name}}}
"#;
    let scanned = Scanned::of(&[("p.yaml", mutual), ("c.yaml", CHILD)]);
    assert_eq!(scanned.rows.len(), 4);
}

#[test]
fn templates_that_double_are_too_many() {
    let mut files: Vec<(String, String)> = Vec::new();
    for level in 0..20 {
        let next = level + 1;
        let stack = |name: &str| {
            format!("  {name}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: t{next}.yaml}}}}\n")
        };
        files.push((format!("t{level}.yaml"), format!("Resources:\n{}{}", stack("A"), stack("B"))));
    }
    files.push(("t20.yaml".into(), "Resources:\n  U: {Type: AWS::IAM::User}\n".into()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let scanned = Scanned::at("t0.yaml", &files, &[]);
    assert!(scanned.codes().iter().all(|code| *code == "cfn-too-deep"), "{:?}", scanned.codes());
    assert!(!scanned.codes().is_empty());
    assert!(scanned.rows.len() < 5000, "{}", scanned.rows.len());
}

#[test]
fn a_template_that_is_handed_itself_ends() {
    let body = "Parameters: {B: {Type: String}}\nResources:\n  S:\n    Type: AWS::CloudFormation::StackSet\n    \
                Properties: {TemplateBody: !Ref B, Parameters: [{ParameterKey: B, ParameterValue: !Ref B}]}\n";
    let root = format!("Parameters: {{B: {{Type: String, Default: {}}}}}\n", serde_json::Value::from(body));
    let root = root + body.split_once('\n').unwrap().1;
    let scanned = Scanned::of(&[("t.yaml", &root)]);
    assert_eq!(scanned.codes(), ["cfn-too-deep"]);
    assert_eq!(scanned.rows.len(), 33);
}

#[test]
fn a_stack_set_deploys_to_accounts_of_its_own() {
    let template = r#"
Resources:
  Here: {Type: AWS::IAM::User, Properties: {Path: !Ref AWS::AccountId}}
  Set:
    Type: AWS::CloudFormation::StackSet
    Properties:
      Parameters: [{ParameterKey: Name, ParameterValue: ci}]
      TemplateBody: |
        Parameters:
          Name: {Type: String}
        Resources:
          User: {Type: AWS::IAM::User, Properties: {UserName: !Ref Name, Path: !Ref AWS::AccountId, Region: !Ref "AWS::Region"}}
  Filed: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateURL: child.yaml}}
"#;
    let files = [("t.yaml", template), ("child.yaml", CHILD)];
    let scanned = Scanned::at("", &files, &[("AWS::Region", "eu-west-1"), ("AWS::AccountId", "111122223333")]);
    assert_eq!(scanned.codes(), [""; 0]);
    assert_eq!(*scanned.get("Here", "Path"), "111122223333");
    assert_eq!(*scanned.get("Set.User", "UserName"), "ci");
    assert_eq!(scanned.get("Set.User", "Path")["symbol"], "Set.AWS::AccountId.Ref");
    assert_eq!(scanned.get("Set.User", "Region")["symbol"], "Set.AWS::Region.Ref");
    assert_eq!(*scanned.get("Filed.User", "UserName"), "default");
}

#[test]
fn an_assembly_names_templates_that_git_ignores() {
    let manifest = r#"{"version": "36", "artifacts": {
        "S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json"}},
        "assembly-P": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-P"}}}}"#;
    let inner = r#"{"version": "36", "artifacts": {
        "T": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "T.template.json"}}}}"#;
    let template = r#"{"Resources": {"User": {"Type": "AWS::IAM::User"}}}"#;
    let files = [
        (".gitignore", "*.template.json\n"),
        ("cdk.out/manifest.json", manifest),
        ("cdk.out/S.template.json", template),
        ("cdk.out/assembly-P/manifest.json", inner),
        ("cdk.out/assembly-P/T.template.json", template),
        ("cdk.out/other.template.json", template),
    ];
    let scanned = Scanned::of(&files);
    assert_eq!(scanned.addresses(), ["cdk.out/S.template.json: User", "cdk.out/assembly-P/T.template.json: User"]);
}

#[test]
fn variables_of_the_serverless_framework_are_followed_in_its_file() {
    let config = r#"
service: keys
provider: {name: aws, stage: "${opt:stage, 'test'}"}
custom:
  names: {test: tester, live: worker}
  policy: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}
  loop: ${self:custom.loop}
resources:
  Resources:
    Literal: {Type: AWS::IAM::User, Properties: {UserName: "u-${self:provider.stage}", Path: !Sub "/${AWS::Region}/"}}
    Whole: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: "${self:custom.policy}"}}
    Env: {Type: AWS::IAM::User, Properties: {UserName: "x-${env:NAME, 'y'}", Path: "${ssm:/path}"}}
    Loop: {Type: AWS::IAM::User, Properties: {UserName: "${self:custom.loop}", Path: "${file(../../out.yml):a}"}}
"#;
    let scanned = Scanned::of(&[("serverless.yml", config)]);
    assert_eq!(*scanned.get("Literal", "UserName"), "u-test");
    assert_eq!(scanned.get("Literal", "Path")["$text"][1]["symbol"], "AWS::Region.Ref");
    assert_eq!(scanned.get("Whole", "PolicyDocument")["Statement"][0]["Action"], "*");
    let unknown = "`${env:NAME, 'y'}` is filled in by the Serverless Framework";
    assert_eq!(*scanned.get("Env", "UserName"), json!({"$text": ["x-", {"$unknown": unknown}]}));
    assert!(scanned.get("Env", "Path")["$unknown"].as_str().unwrap().contains("ssm:/path"));
    assert!(scanned.get("Loop", "UserName").get("$unknown").is_some());
    assert!(scanned.get("Loop", "Path").get("$unknown").is_some());
}

#[test]
fn a_list_of_resources_is_one_template_and_its_files_are_no_others() {
    let config =
        "service: s\nprovider: {name: aws}\nresources:\n  - ${file(a.yml)}\n  - ${file(b.yml):part}\n  - Outputs: {}\n";
    let a = "Resources:\n  A: {Type: AWS::IAM::User}\n";
    let b = "part:\n  Resources:\n    B: {Type: AWS::IAM::User, Properties: {UserName: !Ref A}}\n";
    let scanned = Scanned::of(&[("serverless.yml", config), ("a.yml", a), ("b.yml", b)]);
    assert_eq!(scanned.addresses(), ["serverless.yml: A", "serverless.yml: B"]);
    assert_eq!(scanned.get("B", "UserName")["symbol"], "A.Ref");
}

#[test]
fn templates_inside_terraform_are_projects_of_their_own() {
    let main = r#"
variable "open" {}
resource "aws_cloudformation_stack" "heredoc" {
  name          = "a"
  parameters    = { Name = var.open }
  template_body = <<-EOT
    Parameters:
      Name: {Type: String}
    Resources:
      User: {Type: AWS::IAM::User, Properties: {UserName: !Sub "x-$${Name}"}}
  EOT
}
resource "aws_cloudformation_stack_set" "interpolated" {
  name          = "b"
  template_body = jsonencode({ Resources = { User = { Type = "AWS::IAM::User", Properties = { UserName = "y-${var.open}", Path = "/p/" } } } })
}
resource "aws_cloudformation_stack" "filed" {
  count         = 2
  name          = "c"
  template_body = file("${path.module}/c.yaml")
  parameters    = { Name = "n${count.index}" }
}
resource "aws_cloudformation_stack" "elsewhere" {
  name         = "d"
  template_url = "https://example.com/d.yaml"
}
resource "aws_cloudformation_stack" "open" {
  name          = "e"
  template_body = var.open
}
"#;
    let scanned = Scanned::of(&[("infra/main.tf", main), ("infra/c.yaml", CHILD)]);
    let stacks: Vec<String> = scanned.addresses().into_iter().filter(|row| row.contains("stack:")).collect();
    let want = [
        "infra/stack:aws_cloudformation_stack.filed[0]: User",
        "infra/stack:aws_cloudformation_stack.filed[1]: User",
        "infra/stack:aws_cloudformation_stack.heredoc: User",
        "infra/stack:aws_cloudformation_stack_set.interpolated: User",
    ];
    assert_eq!(stacks, want);
    // The file is part of the stacks, and no template of its own.
    assert!(!scanned.addresses().contains(&"infra/c.yaml: User".into()), "{:?}", scanned.addresses());
    let user = |project: &str| {
        let row = scanned.rows.iter().find(|(row, _)| row.project.ends_with(project) && &*row.address == "User");
        row.unwrap().1.clone()
    };
    let unknown = json!({"$unknown": "`var.open` has no value"});
    let name = user("heredoc")["UserName"]["$text"].clone();
    assert_eq!((&name[0], &name[1]["$unknown"]), (&json!("x-"), &unknown["$unknown"]));
    let user_of = user("interpolated");
    assert_eq!((&user_of["UserName"]["$text"][0], &user_of["Path"]), (&json!("y-"), &json!("/p/")));
    assert_eq!((&user("filed[0]")["UserName"], &user("filed[1]")["UserName"]), (&json!("n0"), &json!("n1")));
    assert_eq!(scanned.codes(), ["template-not-found", "template-not-found"]);
}

#[test]
fn a_stack_of_terraform_is_deployed_where_the_run_says_and_a_stack_set_is_not() {
    let main = |kind: &str| {
        let body = "jsonencode({ Resources = { U = { Type = \"AWS::IAM::User\", Properties = { Path = { Ref = \"AWS::Region\" } } } } })";
        format!("resource \"{kind}\" \"s\" {{\n  name = \"s\"\n  template_body = {body}\n}}\n")
    };
    let path = |kind: &str| {
        let text = main(kind);
        Scanned::at("", &[("main.tf", &text)], &[("AWS::Region", "eu-west-1")]).get("U", "Path").clone()
    };
    assert_eq!(path("aws_cloudformation_stack"), "eu-west-1");
    assert!(path("aws_cloudformation_stack_set").get("$unknown").is_some());
}
