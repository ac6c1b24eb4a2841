//! `rootlint init`.

use camino::{Utf8Path, Utf8PathBuf};
use clap::ArgMatches;

use super::{FINE, Outcomes, print};
use crate::cli::{self, ScpLanguage};
use crate::files::{FileError, Files, create};
use crate::init::{CONFIG, MARK, UNKNOWN_ACTION, guard, languages, workflow};
use crate::input::{self, Prepared};
use crate::report::shown::{disarm, line};
use crate::resource::Language;

const WORKFLOW_PATH: &str = ".github/workflows/rootlint.yml";

/// The largest file that is looked at for who wrote it.
const MAX_HEAD: u64 = 1 << 20;

/// A file to be written, and what to do then.
struct Planned {
    path: Utf8PathBuf,
    text: String,
    next: Option<String>,
}

pub(super) fn init(arguments: &cli::Init, matches: &ArgMatches) -> Outcomes {
    let paths = [arguments.path.clone()];
    let named = input::Named { paths: &paths, stdin: None, rules_from: None };
    let prepared = input::prepare(&named, &arguments.input, matches)?;
    let folder = prepared.options.paths.first().cloned().unwrap_or_default();
    if !prepared.files.is_folder(&folder) {
        return Err(format!("{}: is not a folder", arguments.path));
    }
    let all = planned(arguments, &prepared, &folder)?;
    let mut text = String::new();
    let mut next = Vec::new();
    for file in &all {
        let path = line(file.path.as_str());
        if arguments.dry_run {
            text.push_str(&format!("--- {path}\n{}\n", file.text));
            next.extend(&file.next);
            continue;
        }
        let own = arguments.force && is_own(&*prepared.files, &file.path);
        match create(&prepared.options.root, &file.path, file.text.as_bytes(), own) {
            Ok(()) => {
                text.push_str(&format!("wrote {path}\n"));
                next.extend(&file.next);
            }
            Err(FileError::Exists) => {
                let why = match arguments.force {
                    true => "`rootlint init` did not write it",
                    false => "--force replaces what `rootlint init` wrote",
                };
                text.push_str(&format!("left {path} as it is: {why}\n"));
            }
            Err(error) => return Err(format!("{}: {error}", file.path)),
        }
    }
    let check = "see what there is: rootlint check".to_owned();
    next.push(&check);
    text.push_str("\nNext:\n");
    next.iter().for_each(|step| text.push_str(&format!("- {step}\n")));
    print(&disarm(&text))?;
    Ok(FINE)
}

fn planned(arguments: &cli::Init, prepared: &Prepared, folder: &Utf8Path) -> Result<Vec<Planned>, String> {
    let action = arguments.action.as_deref();
    let replace = format!("put the repository and the commit of rootlint's action into {WORKFLOW_PATH}");
    let mut all = vec![
        Planned { path: folder.join("rootlint.toml"), text: CONFIG.to_owned(), next: None },
        Planned {
            path: WORKFLOW_PATH.into(),
            text: workflow(action.unwrap_or(UNKNOWN_ACTION), &arguments.branch),
            next: action.is_none().then_some(replace),
        },
    ];
    if let Some(wanted) = arguments.scp {
        let language = language(wanted, prepared)?;
        let guard = guard(&*prepared.files, &prepared.options, folder, language)?;
        let next = format!(
            "{}: {}; it is attached to {}, and with it every account in view is denied root's access keys",
            line(guard.path.as_str()),
            guard.next,
            line(&guard.attached)
        );
        all.push(Planned { path: guard.path, text: guard.text, next: Some(next) });
    }
    Ok(all)
}

fn language(wanted: ScpLanguage, prepared: &Prepared) -> Result<Language, String> {
    match wanted {
        ScpLanguage::Terraform => Ok(Language::Terraform),
        ScpLanguage::Cloudformation => Ok(Language::CloudFormation),
        ScpLanguage::Auto => {
            match languages(&*prepared.files, &prepared.options)[..] {
                [one] => Ok(one),
                [] => Err("no code is in view to tell the language by: say --scp terraform or --scp cloudformation"
                    .to_owned()),
                _ => Err("the code is in several languages: say --scp terraform or --scp cloudformation".to_owned()),
            }
        }
    }
}

/// Whether `rootlint init` wrote a file.
fn is_own(files: &dyn Files, path: &Utf8Path) -> bool {
    files.read(path, MAX_HEAD).is_ok_and(|bytes| bytes.starts_with(MARK.as_bytes()))
}
