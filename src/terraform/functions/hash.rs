//! Hashes and identifiers.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::value::Value;

use super::filesystem;
use super::spec::{Call, Failure, Function, Parameter, impure, invalid, number, returns, string, text};
use crate::types::Type;

type Outcome = Result<Value, Failure>;

const TEXT: &[Parameter] = &[text("str")];
const PATH: &[Parameter] = &[text("path")];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("base64sha256", TEXT, returns::text, |call| of_text(call, sha256, in_base64)).of(0).one_way(),
    Function::new("base64sha512", TEXT, returns::text, |call| of_text(call, sha512, in_base64)).of(0).one_way(),
    Function::new("bcrypt", TEXT, returns::text, |call| impure(call, Type::Text)).rest(number("cost")).one_way(),
    Function::new("filebase64sha256", PATH, returns::text, |call| of_file(call, sha256, in_base64)).of(0),
    Function::new("filebase64sha512", PATH, returns::text, |call| of_file(call, sha512, in_base64)).of(0),
    Function::new("filemd5", PATH, returns::text, |call| of_file(call, md5, in_hex)).of(0),
    Function::new("filesha1", PATH, returns::text, |call| of_file(call, sha1, in_hex)).of(0),
    Function::new("filesha256", PATH, returns::text, |call| of_file(call, sha256, in_hex)).of(0),
    Function::new("filesha512", PATH, returns::text, |call| of_file(call, sha512, in_hex)).of(0),
    Function::new("md5", TEXT, returns::text, |call| of_text(call, md5, in_hex)).of(0).one_way(),
    Function::new("rsadecrypt", &[text("ciphertext"), text("privatekey")], returns::text, rsadecrypt),
    Function::new("sha1", TEXT, returns::text, |call| of_text(call, sha1, in_hex)).of(0).one_way(),
    Function::new("sha256", TEXT, returns::text, |call| of_text(call, sha256, in_hex)).of(0).one_way(),
    Function::new("sha512", TEXT, returns::text, |call| of_text(call, sha512, in_hex)).of(0).one_way(),
    Function::new("uuid", &[], returns::text, |call| impure(call, Type::Text)),
    Function::new("uuidv5", &[text("namespace"), text("name")], returns::text, uuidv5).of(1).one_way(),
];

type Hash = fn(&[u8]) -> Vec<u8>;
type Shown = fn(&[u8]) -> String;

fn of_text(call: &Call<'_>, hash: Hash, shown: Shown) -> Outcome {
    Ok(string(shown(&hash(call.str(0)?.as_bytes()))))
}

fn of_file(call: &Call<'_>, hash: Hash, shown: Shown) -> Outcome {
    Ok(string(shown(&hash(&filesystem::read(call)?.1))))
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    Md5::digest(bytes).to_vec()
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    Sha1::digest(bytes).to_vec()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn sha512(bytes: &[u8]) -> Vec<u8> {
    Sha512::digest(bytes).to_vec()
}

fn in_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn in_hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Nobody's private key is read here: only whether the text could be decrypted at all is checked.
fn rsadecrypt(call: &Call<'_>) -> Outcome {
    let text = call.str(0)?;
    match STANDARD.decode(text.as_bytes()) {
        Ok(_) => impure(call, Type::Text),
        Err(_) => Err(invalid(0, format!("failed to decode input {text:?}: cipher text must be base64-encoded"))),
    }
}

/// A UUID from a name and a namespace, which is one of four words or a UUID (RFC 4122, version 5).
fn uuidv5(call: &Call<'_>) -> Outcome {
    let (namespace, name) = (call.str(0)?, call.str(1)?);
    let well_known = |last: &str| format!("6ba7b81{last}-9dad-11d1-80b4-00c04fd430c8");
    let uuid = match &*namespace {
        "dns" => well_known("0"),
        "url" => well_known("1"),
        "oid" => well_known("2"),
        "x500" => well_known("4"),
        other => other.to_owned(),
    };
    let wrong = || invalid(0, format!("uuidv5() doesn't support namespace {namespace}"));
    let bare = uuid.strip_prefix("urn:uuid:").unwrap_or(&uuid);
    let bare = bare.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(bare);
    let dashes: Vec<usize> = bare.match_indices('-').map(|(at, _)| at).collect();
    let digits = bare.chars().filter(|c| *c != '-').map(|c| c.to_digit(16).map(|digit| digit as u8));
    let digits: Vec<u8> = digits.collect::<Option<_>>().ok_or_else(wrong)?;
    if digits.len() != 32 || !(dashes.is_empty() || dashes == [8, 13, 18, 23]) {
        return Err(wrong());
    }
    let namespace = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    let hash = sha1(&namespace.chain(name.bytes()).collect::<Vec<u8>>());
    let mut bytes: Vec<u8> = hash.into_iter().take(16).collect();
    for (at, (keep, set)) in [(6, (0x0f, 0x50)), (8, (0x3f, 0x80))] {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = *byte & keep | set;
        }
    }
    let hex = in_hex(&bytes);
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default().to_owned());
    Ok(string(groups.join("-")))
}
