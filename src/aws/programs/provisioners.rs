//! Provisioners: `local-exec` runs where Terraform runs, `remote-exec` on the machine that was made.
//! <https://developer.hashicorp.com/terraform/language/resources/provisioners/local-exec>

use super::{Caller, Carriers, joined, lines, read};
use crate::resource::{Provisioner, Resource};
use crate::script::{self, Found, Language};
use crate::value::Value;

/// Reads the provisioners of a resource.
pub(super) fn read_all(resource: &Resource<'_>, carriers: &mut Carriers<'_>) {
    for provisioner in resource.attributes.provisioners() {
        let get = |name: &str| {
            let fields = provisioner.arguments.fields();
            fields.and_then(|fields| fields.get(name).cloned()).unwrap_or_else(Value::null)
        };
        let (caller, found) = match &*provisioner.kind {
            "local-exec" => (Caller::Anybody("whoever applies this configuration"), local(&get, carriers)),
            "remote-exec" => (Caller::Anybody("the machine that it runs on"), remote(&provisioner, &get, carriers)),
            _ => continue,
        };
        carriers.add(resource, format!("the `{}` provisioner", provisioner.kind), caller, found);
    }
}

/// `command`, which `interpreter` runs in `working_dir`.
fn local(get: &dyn Fn(&str) -> Value, carriers: &Carriers<'_>) -> Found {
    let folder = match (&carriers.folder, get("working_dir").as_str()) {
        (Some(folder), Some(inner)) => Some(super::inner(folder, &inner)),
        (Some(folder), None) if get("working_dir").is_null() => Some(folder.clone()),
        _ => None,
    };
    let place = carriers.place(folder).with_environment(&get("environment"));
    let command = get("command");
    let interpreter = get("interpreter");
    match interpreter.elements() {
        Some(words) if !words.is_empty() => {
            let words: Vec<Value> = words.iter().cloned().chain([command]).collect();
            script::read_command(&words, &place)
        }
        _ => read(&command, Language::Shell, &place),
    }
}

/// `inline` commands, or files that are copied to the machine: `script`, `scripts`.
fn remote(_: &Provisioner, get: &dyn Fn(&str) -> Value, carriers: &Carriers<'_>) -> Found {
    let inline = get("inline");
    if !inline.is_null() {
        return read(&lines(&inline), Language::Shell, &carriers.place(None));
    }
    let one = [get("script")];
    let several = get("scripts");
    let place = carriers.place(carriers.folder.clone());
    let paths = several.elements().unwrap_or_default().iter().chain(&one).filter_map(Value::as_str);
    joined(paths.map(|path| script::read_file(&path, &place)))
}
