//! Reads files of facts, and refuses those that nobody vouches for.

use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use minisign_verify::{PublicKey, Signature};

use super::join::{Joined, Problem};
use crate::named::stream;
use crate::named::walk::{Input, inputs};

/// The largest file of facts, unpacked.
const MAX_BYTES: u64 = 4 << 30;

/// The ends of the names of facts in folders.
const ENDS: [&str; 4] = [".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"];

/// What the signature of a file ends with.
const SIGNATURE: &str = "minisig";

/// The largest signature.
const MAX_SIGNATURE: u64 = 16 << 10;

/// Whose facts are believed, and for how long.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Public keys of minisign; with any, facts that none of them has signed are refused.
    pub keys: Vec<PublicKey>,
    /// Facts that are older are refused.
    pub max_age_days: Option<u32>,
}

/// Reads a public key of minisign: the line that begins with `RW`.
///
/// # Errors
/// In words, when it is none.
pub fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::from_base64(text.trim()).map_err(|error| error.to_string())
}

/// Reads the facts in files, and in the files of folders that end in `.jsonl` or `.ndjson`, also packed by gzip.
///
/// # Errors
/// In words, when something named does not exist. What is wrong in a file is a problem of what is read.
pub fn read(named: &[Utf8PathBuf], trust: &Trust, now: Timestamp) -> Result<Joined, String> {
    let (files, left) = inputs(named)?;
    let mut joined = Joined::default();
    for (name, error) in left.unreadable {
        joined.complain(Problem { code: "file-unreadable", message: error, file: name.to_path_buf(), line: 1 });
    }
    for input in files {
        if !input.is_named && !ENDS.iter().any(|end| input.name.as_str().ends_with(end)) {
            continue;
        }
        match bytes(&input, trust) {
            Ok(bytes) => joined.add(&input.name, &bytes),
            Err((code, message)) => {
                joined.complain(Problem { code, message, file: input.name.to_path_buf(), line: 1 });
            }
        }
    }
    joined = joined.reduced();
    if let Some(days) = trust.max_age_days {
        for (name, age) in joined.forget_stale(days, now) {
            let message = format!(
                "the facts of {name} are {age} days old: they are refused, since `[facts] max-age-days` is {days}"
            );
            joined.complain(Problem { code: "facts-stale", message, file: "<facts>".into(), line: 1 });
        }
    }
    Ok(joined)
}

type Refused = (&'static str, String);

/// What is in a file, unpacked, if it is to be believed: what is signed is the file as it lies there.
fn bytes(input: &Input, trust: &Trust) -> Result<Vec<u8>, Refused> {
    let unreadable = |message: String| ("file-unreadable", message);
    let mut packed = Vec::new();
    let file = input.open().map_err(|error| unreadable(error.to_string()))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut packed).map_err(|error| unreadable(error.to_string()))?;
    if !trust.keys.is_empty() {
        verify(input, &packed, trust)?;
    }
    if !packed.starts_with(&[0x1F, 0x8B]) && !packed.starts_with(b"\xEF\xBB\xBF") && packed.len() as u64 <= MAX_BYTES {
        return Ok(packed);
    }
    let text = stream::open(std::io::Cursor::new(packed)).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    text.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(unreadable(crate::files::FileError::TooLarge(MAX_BYTES).to_string()));
    }
    Ok(bytes)
}

/// Whether one of the keys has signed these bytes, by the file beside them that ends in `.minisig`.
fn verify(input: &Input, bytes: &[u8], trust: &Trust) -> Result<(), Refused> {
    let refused =
        |why: String| ("facts-unsigned", format!("{why}: these facts are refused, since `[facts] keys` is set"));
    let beside = Utf8Path::new(input.name.as_str()).file_name().unwrap_or_default();
    let beside = format!("{beside}.{SIGNATURE}");
    let file = input.beside(&beside).map_err(|error| refused(format!("there is no signature {beside} ({error})")))?;
    let mut text = String::new();
    file.take(MAX_SIGNATURE).read_to_string(&mut text).map_err(|error| refused(error.to_string()))?;
    let signature = Signature::decode(&text).map_err(|error| refused(format!("{beside} is no signature ({error})")))?;
    let is_good = |key: &PublicKey| key.verify(bytes, &signature, false).is_ok();
    match trust.keys.iter().any(is_good) {
        true => Ok(()),
        false => Err(refused(format!("{beside} is of none of the keys, or of other facts"))),
    }
}
