//! What SAM resources become, by the library. Each rule was seen in what AWS's own translator makes of a template.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use rootlint::files::Memory;
use rootlint::report::value::answer;
use rootlint::resource::Presence;
use rootlint::scan::{self, Options, ResourceRow};
use rootlint::source::LineIndex;
use serde_json::{Value, json};

/// What a template becomes.
struct Made {
    rows: Vec<(ResourceRow, Value)>,
    text: String,
    errors: Vec<String>,
    notes: Vec<String>,
}

const TRANSFORM: &str = "Transform: AWS::Serverless-2016-10-31\n";

impl Made {
    fn with(text: &str, parameters: &[(&str, &str)]) -> Self {
        let text = format!("{TRANSFORM}{text}");
        let files: Memory = [("t.yaml", text.as_str())].into_iter().collect();
        let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let options = Options { paths: vec!["".into()], parameters, ..Options::default() };
        let (rows, outcome) = scan::resources(&files, &options);
        let value = |row: &ResourceRow| {
            let shown: Value = serde_json::from_str(&answer(Ok(&row.attributes)).to_string()).unwrap();
            shown.get("value").cloned().unwrap_or(shown)
        };
        let messages = |all: Vec<rootlint::finding::Diagnostic>| all.into_iter().map(|one| one.message).collect();
        Self {
            rows: rows.into_iter().map(|row| (row.clone(), value(&row))).collect(),
            text,
            errors: messages(outcome.findings.errors),
            notes: messages(outcome.findings.notes),
        }
    }

    /// What it becomes in a region that is known.
    fn of(text: &str) -> Self {
        let made = Self::with(text, &[("AWS::Region", "eu-west-1")]);
        assert_eq!(made.errors, Vec::<String>::new());
        made
    }

    fn kinds(&self) -> Vec<String> {
        let mut all: Vec<_> = self.rows.iter().map(|(row, _)| format!("{} {}", row.address, row.kind)).collect();
        all.sort();
        all
    }

    #[track_caller]
    fn row(&self, address: &str) -> &(ResourceRow, Value) {
        let row = self.rows.iter().find(|(row, _)| &*row.address == address);
        assert!(row.is_some(), "no {address} in {:?}", self.kinds());
        row.unwrap()
    }

    #[track_caller]
    fn get(&self, address: &str, attribute: &str) -> &Value {
        &self.row(address).1[attribute]
    }

    /// The line on which the name of a resource stands, or what it was made for.
    fn line(&self, address: &str) -> u32 {
        LineIndex::new(&self.text).position(&self.text, self.row(address).0.span.start).line
    }
}

fn trust(service: &str) -> Value {
    let principal = json!({"Service": [service]});
    let statement = json!([{"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": principal}]);
    json!({"Version": "2012-10-17", "Statement": statement})
}

#[test]
fn a_function_has_a_role_with_the_policies_it_names() {
    let made = Made::of(
        r#"
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.13
      InlineCode: "x"
      PermissionsBoundary: arn:aws:iam::111122223333:policy/Limit
      RolePath: /functions/
      VpcConfig: {SubnetIds: [subnet-1]}
      Tags: {Team: keys}
      Policies:
        - AdministratorAccess
        - AWSLambdaRole
        - AWSLambdaBasicExecutionRole
        - DynamoDBReadPolicy: {TableName: users}
        - Statement: [{Effect: Allow, Action: "iam:CreateAccessKey", Resource: "*"}]
"#,
    );
    assert_eq!(made.kinds(), ["F AWS::Lambda::Function", "FRole AWS::IAM::Role"]);
    assert_eq!(*made.get("FRole", "AssumeRolePolicyDocument"), trust("lambda.amazonaws.com"));
    let managed = json!([
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaRole",
    ]);
    assert_eq!(*made.get("FRole", "ManagedPolicyArns"), managed);
    let inline = made.get("FRole", "Policies");
    // The index is that of the entry, whatever it is.
    assert_eq!(inline[0]["PolicyName"], "FRolePolicy3");
    let statement = &inline[0]["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Action"][0], "dynamodb:GetItem");
    let table = &statement["Resource"][1]["$text"];
    assert_eq!((&table[0], &table[2]), (&json!("arn:aws:dynamodb:eu-west-1:"), &json!(":table/users/index/*")));
    assert_eq!(inline[1]["PolicyName"], "FRolePolicy4");
    assert_eq!(inline[1]["PolicyDocument"]["Statement"][0]["Action"], "iam:CreateAccessKey");
    assert_eq!(*made.get("FRole", "Path"), "/functions/");
    assert_eq!(*made.get("FRole", "PermissionsBoundary"), "arn:aws:iam::111122223333:policy/Limit");
    let tags = json!([{"Key": "lambda:createdBy", "Value": "SAM"}, {"Key": "Team", "Value": "keys"}]);
    assert_eq!((made.get("FRole", "Tags"), made.get("F", "Tags")), (&tags, &tags));
    assert_eq!(made.get("F", "Role")["symbol"], "FRole.Arn");
    assert_eq!(*made.get("F", "Code"), json!({"ZipFile": "x"}));
    assert_eq!(made.get("F", "Policies"), &Value::Null);
    assert_eq!((made.line("F"), made.line("FRole")), (4, 4));
}

#[test]
fn the_partition_is_not_guessed() {
    let text = r#"
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.13, InlineCode: "x", Tracing: Active}
"#;
    let known = |region: &str| Made::with(text, &[("AWS::Region", region)]).get("FRole", "ManagedPolicyArns").clone();
    assert_eq!(known("eu-west-1")[1], "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess");
    assert_eq!(known("cn-north-1")[1], "arn:aws-cn:iam::aws:policy/AWSXRayDaemonWriteAccess");
    let unknown = Made::with(text, &[]).get("FRole", "ManagedPolicyArns").clone();
    assert_eq!(unknown[0]["$text"][1]["symbol"], "AWS::Partition.Ref");
    assert!(unknown[1]["$unknown"].as_str().unwrap().contains("AWS::Partition"), "{unknown}");
}

#[test]
fn what_depends_on_a_parameter_without_value_is_unknown() {
    let text = r#"
Parameters:
  Mode: {Type: String}
  Secure: {Type: String, AllowedValues: ["yes", "no"]}
Conditions:
  IsSecure: !Equals [!Ref Secure, "yes"]
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: IsSecure
    Properties:
      Handler: a.b
      Runtime: python3.13
      InlineCode: "x"
      Tracing: !Ref Mode
      Policies: [!If [IsSecure, ReadOnlyAccess, AdministratorAccess]]
"#;
    let made = Made::with(text, &[("AWS::Region", "eu-west-1")]);
    let managed = made.get("FRole", "ManagedPolicyArns");
    assert!(managed[1]["$unknown"].as_str().unwrap().contains("Mode"), "{managed}");
    assert!(managed[2]["$unknown"].as_str().unwrap().contains("Secure"), "{managed}");
    assert!(matches!(made.row("FRole").0.presence, Presence::Possible(_)));
    let made = Made::with(text, &[("AWS::Region", "eu-west-1"), ("Mode", "Disabled"), ("Secure", "yes")]);
    assert_eq!(made.get("FRole", "ManagedPolicyArns")[1], "arn:aws:iam::aws:policy/ReadOnlyAccess");
    let made = Made::with(text, &[("Secure", "no")]);
    assert!(made.rows.is_empty(), "{:?}", made.kinds());
}

#[test]
fn a_role_that_is_given_is_not_made() {
    let made = Made::of(
        r#"
Parameters:
  Own: {Type: String, Default: "no"}
Conditions:
  HasRole: !Equals [!Ref Own, "yes"]
Globals:
  Function: {Handler: a.b, Runtime: python3.13, InlineCode: "x"}
Resources:
  Given:
    Type: AWS::Serverless::Function
    Properties: {Role: "arn:aws:iam::111122223333:role/r", Policies: AdministratorAccess}
  Perhaps:
    Type: AWS::Serverless::Function
    Properties: {Role: !If [HasRole, "arn:aws:iam::111122223333:role/r", !Ref AWS::NoValue]}
  Not:
    Type: AWS::Serverless::Function
    Properties: {Role: !If [HasRole, !Ref AWS::NoValue, "arn:aws:iam::111122223333:role/r"]}
"#,
    );
    let roles: Vec<_> = made.kinds().into_iter().filter(|kind| kind.ends_with("Role")).collect();
    assert_eq!(roles, ["PerhapsRole AWS::IAM::Role"]);
    assert_eq!(made.get("Perhaps", "Role")["symbol"], "PerhapsRole.Arn");
    assert_eq!(*made.get("Not", "Role"), "arn:aws:iam::111122223333:role/r");
}

#[test]
fn globals_are_merged_into_what_a_resource_says() {
    let made = Made::of(
        r#"
Globals:
  Function:
    Handler: general.handler
    Runtime: python3.13
    InlineCode: "x"
    Layers: [one]
    Environment: {Variables: {A: general, B: general}}
    PermissionsBoundary: general
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: own.handler
      Layers: [two]
      Environment: {Variables: {B: own}}
  Free:
    Type: AWS::Serverless::Function
    IgnoreGlobals: [PermissionsBoundary]
    Properties: {Handler: own.handler}
  Bare:
    Type: AWS::Serverless::Function
    IgnoreGlobals: "*"
    Properties: {Handler: own.handler}
"#,
    );
    assert_eq!((made.get("F", "Handler"), made.get("F", "Runtime")), (&json!("own.handler"), &json!("python3.13")));
    assert_eq!(*made.get("F", "Layers"), json!(["one", "two"]));
    assert_eq!(*made.get("F", "Environment"), json!({"Variables": {"A": "general", "B": "own"}}));
    assert_eq!(*made.get("FRole", "PermissionsBoundary"), "general");
    assert_eq!(
        (made.get("FreeRole", "PermissionsBoundary"), made.get("Free", "Runtime")),
        (&Value::Null, &json!("python3.13"))
    );
    assert_eq!(*made.get("Bare", "Runtime"), Value::Null);
}

#[test]
fn events_become_rules_schedules_and_permissions() {
    let made = Made::of(
        r#"
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.13
      InlineCode: "x"
      Events:
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day), Enabled: false, Input: "{}"}}
        Root: {Type: EventBridgeRule, Properties: {Pattern: {detail: {userIdentity: {type: [Root]}}}, RuleName: root}}
        Weekly: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(7 days)}}
        Stream: {Type: Kinesis, Properties: {Stream: arn:aws:kinesis:eu-west-1:111122223333:stream/s, StartingPosition: LATEST}}
        Alarm: {Type: SNS, Properties: {Topic: arn:aws:sns:eu-west-1:111122223333:t}}
"#,
    );
    assert_eq!(
        made.kinds(),
        [
            "F AWS::Lambda::Function",
            "FAlarm AWS::SNS::Subscription",
            "FAlarmPermission AWS::Lambda::Permission",
            "FDaily AWS::Events::Rule",
            "FDailyPermission AWS::Lambda::Permission",
            "FRole AWS::IAM::Role",
            "FRoot AWS::Events::Rule",
            "FRootPermission AWS::Lambda::Permission",
            "FStream AWS::Lambda::EventSourceMapping",
            "FWeekly AWS::Scheduler::Schedule",
            "FWeeklyRole AWS::IAM::Role",
        ]
    );
    assert_eq!(*made.get("FDaily", "ScheduleExpression"), "rate(1 day)");
    assert_eq!(*made.get("FDaily", "State"), "DISABLED");
    let target = &made.get("FDaily", "Targets")[0];
    assert_eq!((&target["Id"], &target["Input"]), (&json!("FDailyLambdaTarget"), &json!("{}")));
    assert_eq!(target["Arn"]["symbol"], "F.Arn");
    assert_eq!(*made.get("FRoot", "EventPattern"), json!({"detail": {"userIdentity": {"type": ["Root"]}}}));
    assert_eq!(*made.get("FRoot", "Name"), "root");
    assert_eq!(*made.get("FRootPermission", "Principal"), "events.amazonaws.com");
    assert_eq!(made.get("FRootPermission", "SourceArn")["symbol"], "FRoot.Arn");
    assert_eq!(*made.get("FWeekly", "ScheduleExpression"), "rate(7 days)");
    assert_eq!(made.get("FWeekly", "Target")["RoleArn"]["symbol"], "FWeeklyRole.Arn");
    assert_eq!(*made.get("FWeeklyRole", "AssumeRolePolicyDocument"), trust("scheduler.amazonaws.com"));
    let policy = &made.get("FWeeklyRole", "Policies")[0];
    assert_eq!(policy["PolicyName"], "FWeeklyLambdaPolicy");
    assert_eq!(policy["PolicyDocument"]["Statement"][0]["Action"], "lambda:InvokeFunction");
    let managed = made.get("FRole", "ManagedPolicyArns");
    assert_eq!(managed[1], "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole");
    assert_eq!((made.line("FDaily"), made.line("FWeeklyRole")), (11, 13));
}

#[test]
fn events_of_an_alias_call_the_alias() {
    let made = Made::of(
        r#"
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.13
      InlineCode: "x"
      AutoPublishAlias: live
      DeploymentPreference: {Type: Canary10Percent5Minutes}
      Events:
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Named:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Ref F.Alias, Description: !GetAtt F.Version.Version, Name: !GetAtt FRole.Arn}
"#,
    );
    assert_eq!(made.get("FDaily", "Targets")[0]["Arn"]["symbol"], "FAliaslive.Ref");
    assert_eq!(made.get("Named", "Value")["symbol"], "FAliaslive.Ref");
    assert_eq!(made.get("Named", "Description")["symbol"], "FVersion.Version");
    assert_eq!(made.get("Named", "Name")["symbol"], "FRole.Arn");
    assert_eq!(*made.get("CodeDeployServiceRole", "AssumeRolePolicyDocument"), trust("codedeploy.amazonaws.com"));
}

#[test]
fn a_state_machine_has_a_role_and_its_events_have_one_each() {
    let made = Made::of(
        r#"
Resources:
  S:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Succeed}}}
      Tracing: {Enabled: true}
      Policies: [LambdaInvokePolicy: {FunctionName: rotate}]
      Events:
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
        Weekly: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(7 days)}}
"#,
    );
    assert_eq!(*made.get("SRole", "AssumeRolePolicyDocument"), trust("states.amazonaws.com"));
    assert_eq!(*made.get("SRole", "ManagedPolicyArns"), json!(["arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"]));
    assert_eq!(made.get("SRole", "Policies")[0]["PolicyName"], "SRolePolicy0");
    assert_eq!(made.get("S", "RoleArn")["symbol"], "SRole.Arn");
    assert_eq!(made.get("SDaily", "Targets")[0]["RoleArn"]["symbol"], "SDailyRole.Arn");
    let start = &made.get("SDailyRole", "Policies")[0];
    assert_eq!(start["PolicyName"], "SDailyRoleStartExecutionPolicy");
    assert_eq!(start["PolicyDocument"]["Statement"][0]["Resource"]["symbol"], "S.Ref");
    assert_eq!(made.get("SWeeklyRole", "Policies")[0]["PolicyName"], "SWeeklyStartExecutionPolicy");
}

#[test]
fn a_connector_gives_one_end_rights_on_the_other() {
    let made = Made::of(
        r#"
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.13, InlineCode: "x"}
    Connectors:
      ToTable: {Properties: {Destination: {Id: T}, Permissions: [Read]}}
  T:
    Type: AWS::Serverless::SimpleTable
  Q:
    Type: AWS::SQS::Queue
  Both:
    Type: AWS::Serverless::Connector
    Properties: {Source: {Id: Q}, Destination: [{Id: F}], Permissions: [Read, Write]}
"#,
    );
    assert_eq!(made.get("FToTablePolicy", "Roles")[0]["symbol"], "FRole.Ref");
    let statement = &made.get("FToTablePolicy", "PolicyDocument")["Statement"][0];
    assert_eq!(statement["Action"][0], "dynamodb:GetItem");
    assert_eq!(statement["Resource"][0]["symbol"], "T.Arn");
    // The role is that of the end that reads.
    assert_eq!(made.get("BothPolicyDestination0", "Roles")[0]["symbol"], "FRole.Ref");
    assert_eq!(made.get("BothPolicyDestination0", "PolicyDocument")["Statement"][0]["Resource"][0]["symbol"], "Q.Arn");
}

#[test]
fn a_graphql_api_has_roles_for_its_log_and_its_sources() {
    let made = Made::of(
        r#"
Resources:
  G:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaInline: "type Query { a: String }"
      Auth: {Type: AWS_IAM}
      DataSources:
        DynamoDb: {Users: {TableName: users}}
"#,
    );
    let log = "arn:aws:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs";
    assert_eq!(*made.get("GCloudWatchRole", "ManagedPolicyArns"), json!([log]));
    assert_eq!(*made.get("GUsersDynamoDBDataSourceRole", "AssumeRolePolicyDocument"), trust("appsync.amazonaws.com"));
    let policy = made.get("GUsersDynamoDBDataSourceToTableConnectorPolicy", "PolicyDocument");
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_not_known_of_sam_is_said_and_kept() {
    let made = Made::with(
        r#"
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.13
      InlineCode: "x"
      Brandnew: kept
      Policies:
        - FrobnicatePolicy: {Name: x}
        - {Version: "2012-10-17", Id: x}
      Events:
        Later: {Type: Telepathy, Properties: {}}
  N:
    Type: AWS::Serverless::Novelty
    Properties: {A: b}
"#,
        &[],
    );
    assert_eq!(*made.get("F", "Brandnew"), "kept");
    assert!(made.get("FRole", "Policies")[0]["PolicyDocument"].get("$unknown").is_some());
    assert!(made.get("FRole", "Policies")[1]["PolicyDocument"].get("$unknown").is_some());
    assert_eq!(*made.get("N", "A"), "b");
    assert_eq!(made.errors, ["this is no policy that the transform of SAM knows (F)"]);
    let notes = made.notes.join("\n");
    for what in ["FrobnicatePolicy", "event of `F`", "AWS::Serverless::Novelty"] {
        assert!(notes.contains(what), "{what}: {notes}");
    }
    assert_eq!(made.notes.len(), 3);
}

#[test]
fn a_name_that_the_transform_gives_must_be_free() {
    let made = Made::with(
        r#"
Resources:
  FRole: {Type: AWS::SNS::Topic}
  F:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.13, InlineCode: "x"}
"#,
        &[],
    );
    assert_eq!(made.errors, ["the transform of SAM makes a second resource `FRole`"]);
    assert_eq!(&*made.row("FRole").0.kind, "AWS::SNS::Topic");
}

#[test]
fn loops_are_multiplied_out_before_the_transform() {
    let made = Made::of(
        r#"
Resources:
  Fn::ForEach::All:
    - Name
    - [A, B]
    - F${Name}:
        Type: AWS::Serverless::Function
        Properties: {Handler: !Sub "${Name}.h", Runtime: python3.13, InlineCode: "x", Policies: [!Ref Name]}
"#,
    );
    assert_eq!((made.get("FA", "Handler"), made.get("FB", "Handler")), (&json!("A.h"), &json!("B.h")));
    assert_eq!(made.get("FBRole", "ManagedPolicyArns")[1], "B");
}
