//! The order in which a provider built on Terraform's plugin SDK meets the elements of a set: by a checksum of each
//! element written out. It shows where a provider makes a list of a set.
//! <https://pkg.go.dev/github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema#HashResource>

use crate::value::{Kind, Value};

/// The elements of a set of strings or objects in the provider's order; as they are where one is not wholly known.
pub fn ordered(elements: &[Value]) -> Vec<&Value> {
    let mut coded: Vec<(String, &Value)> = Vec::new();
    for element in elements {
        let mut text = String::new();
        if write(element, &mut text).is_none() {
            return elements.iter().collect();
        }
        // An object as an element of a set is written without anything around it.
        let text = match &element.kind {
            Kind::Object(_) => text,
            _ => format!("{text};"),
        };
        coded.push((crc32(text.as_bytes()).to_string(), element));
    }
    // The codes are compared as strings, whatever numbers they are.
    coded.sort_by(|a, b| a.0.cmp(&b.0));
    coded.into_iter().map(|(_, element)| element).collect()
}

/// Writes a value the way it counts for the checksum.
fn write(value: &Value, out: &mut String) -> Option<()> {
    match &value.kind {
        Kind::Null(_) => {}
        Kind::Bool(value) => out.push(if *value { '1' } else { '0' }),
        Kind::Number(value) => out.push_str(&value.to_string()),
        Kind::Text(_) => out.push_str(&value.as_str()?),
        Kind::List(_, elements) | Kind::Tuple(elements) => {
            out.push('(');
            for element in elements.iter() {
                write(element, out)?;
                out.push(';');
            }
            out.push(')');
        }
        Kind::Set(_, elements) => {
            out.push('{');
            for element in ordered(elements) {
                write(element, out)?;
                out.push(';');
            }
            out.push('}');
        }
        Kind::Object(fields) => {
            for (name, value) in fields.iter() {
                out.push_str(name);
                out.push(':');
                write(value, out)?;
                out.push(';');
            }
        }
        Kind::Map(..) | Kind::Unknown(_) => return None,
    }
    Some(())
}

/// CRC-32 as in IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
