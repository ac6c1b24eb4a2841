//! User data: what a machine runs when it starts.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Caller, Carriers, Place, joined, lines, read};
use crate::aws::join::{given, inside};
use crate::document;
use crate::resource::{Mode, Resource};
use crate::script::{self, Found, Language};
use crate::text::Text;
use crate::value::{Kind, Value};

/// A type that is a machine: where its user data is, and where its instance profile.
struct Machine {
    kind: &'static str,
    data: &'static [&'static [&'static str]],
    profile: &'static [&'static str],
}

/// Terraform's AWS provider and the CloudFormation resource reference.
const MACHINES: &[Machine] = &[
    Machine {
        kind: "aws_instance",
        data: &[&["user_data"], &["user_data_base64"]],
        profile: &["iam_instance_profile"],
    },
    Machine {
        kind: "aws_spot_instance_request",
        data: &[&["user_data"], &["user_data_base64"]],
        profile: &["iam_instance_profile"],
    },
    Machine {
        kind: "aws_launch_configuration",
        data: &[&["user_data"], &["user_data_base64"]],
        profile: &["iam_instance_profile"],
    },
    Machine { kind: "aws_launch_template", data: &[&["user_data"]], profile: &["iam_instance_profile"] },
    Machine { kind: "aws_lightsail_instance", data: &[&["user_data"]], profile: &[] },
    Machine { kind: "AWS::EC2::Instance", data: &[&["UserData"]], profile: &["IamInstanceProfile"] },
    Machine {
        kind: "AWS::EC2::LaunchTemplate",
        data: &[&["LaunchTemplateData", "UserData"]],
        profile: &["LaunchTemplateData", "IamInstanceProfile"],
    },
    Machine { kind: "AWS::AutoScaling::LaunchConfiguration", data: &[&["UserData"]], profile: &["IamInstanceProfile"] },
];

/// Data sources that put user data together from parts.
const PARTS: [&str; 2] = ["cloudinit_config", "template_cloudinit_config"];

/// Whether this part reads resources of the type.
pub(super) fn wanted(kind: &str) -> bool {
    MACHINES.iter().any(|machine| machine.kind == kind) || PARTS.contains(&kind)
}

/// Reads user data.
pub(super) fn read_all(resource: &Resource<'_>, carriers: &mut Carriers<'_>) {
    let place = carriers.place(None);
    if PARTS.contains(&resource.kind()) {
        let parts = resource.get("part");
        let found =
            parts.elements().unwrap_or_default().iter().map(|part| user_data(&inside(part, &["content"]), &place));
        let found = joined(found.collect::<Vec<_>>());
        return carriers.add(resource, "the user data", Caller::Anybody("the machine that it runs on"), found);
    }
    let Some(machine) = MACHINES.iter().find(|machine| machine.kind == resource.kind()) else { return };
    if resource.mode != Mode::Managed {
        return;
    }
    let at = |path: &[&str]| match path.split_first() {
        Some((first, [])) => given(resource, first),
        Some((first, rest)) => inside(&given(resource, first), rest),
        None => Value::null(),
    };
    let found = joined(machine.data.iter().map(|path| user_data(&at(path), &place)).collect::<Vec<_>>());
    carriers.add(resource, "the user data", of_profile(&at(machine.profile)), found);
}

/// With an instance profile, a program has the credentials of a role, unless it brings others.
fn of_profile(profile: &Value) -> Caller {
    let is_empty = profile.is_null()
        || profile.as_str().is_some_and(|name| name.is_empty())
        || profile.elements().is_some_and(<[Value]>::is_empty);
    if is_empty {
        return Caller::Anybody("the machine that it runs on");
    }
    let why = "runs with the role of the machine's instance profile".to_owned();
    match profile.as_unknown().filter(|unknown| unknown.symbol.is_none() && !unknown.not_null) {
        Some(unknown) => Caller::Perhaps(why, unknown.reason.clone()),
        None => Caller::Role(why),
    }
}

/// The text that a value is the encoded form of, else the value.
pub(super) fn decoded(value: &Value) -> Value {
    let Some(text) = value.as_text() else { return value.clone() };
    if let Some(encoded) = text.as_encoded() {
        return if encoded.value.as_text().is_some() { encoded.value.clone() } else { value.clone() };
    }
    let known = text.as_str().filter(|known| known.len() >= 8 && !known.contains([' ', '#']));
    let decoded = known.and_then(|known| STANDARD.decode(known.replace(['\n', '\r'], "").as_bytes()).ok());
    match decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(plain) => {
            let text = Text::literal(plain, value.origin.written(), false);
            Value::new(Kind::Text(text)).with_origin(value.origin.clone())
        }
        None => value.clone(),
    }
}

/// A script, or what cloud-init makes of a document. <https://cloudinit.readthedocs.io/en/latest/explanation/format/>
fn user_data(value: &Value, place: &Place<'_>) -> Found {
    let value = decoded(value);
    let Some(text) = value.as_text() else { return Found::default() };
    let (known, _) = text.known_prefix();
    if known.trim_start().starts_with("#cloud-config") {
        return document::read_yaml(&value).map(|document| cloud_config(&document, place)).unwrap_or_default();
    }
    let language = if known.starts_with("#!") { script::language_of("", text) } else { Some(Language::Shell) };
    language.map(|language| read(&value, language, place)).unwrap_or_default()
}

fn cloud_config(document: &Value, place: &Place<'_>) -> Found {
    let mut place = place.clone();
    for file in inside(document, &["write_files"]).elements().unwrap_or_default() {
        if let (Some(path), Some(text)) =
            (inside(file, &["path"]).as_str(), decoded(&inside(file, &["content"])).as_text())
        {
            place.written.push((path.into_owned(), text.clone()));
        }
    }
    let commands = ["bootcmd", "runcmd"].map(|name| document.fields().and_then(|fields| fields.get(name).cloned()));
    let run = |commands: Value| {
        let (lists, texts): (Vec<Value>, Vec<Value>) =
            commands.elements().unwrap_or_default().iter().cloned().partition(|one| one.elements().is_some());
        let text = lines(&Value::new(Kind::Tuple(Arc::new(texts))));
        let lists = lists.iter().map(|words| script::read_command(words.elements().unwrap_or_default(), &place));
        joined(lists.chain([read(&text, Language::Shell, &place)]).collect::<Vec<_>>())
    };
    joined(commands.into_iter().flatten().map(run).collect::<Vec<_>>())
}
