//! What a file gives once it is unpacked, whatever its name says.

use std::io::{BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// How much is read at once.
const BUFFER: usize = 64 << 10;

/// The text of a file: unpacked if it is gzip, of one or more members, and without a byte order mark.
///
/// # Errors
/// What the system says to the first reads. Later ones, and damaged gzip, are errors of the reader that is given back.
pub fn open(file: impl Read + Send + 'static) -> std::io::Result<Box<dyn Read + Send>> {
    let mut file = BufReader::with_capacity(BUFFER, file);
    if file.fill_buf()?.starts_with(&[0x1F, 0x8B]) {
        return unmarked(MultiGzDecoder::new(file));
    }
    unmarked(file)
}

fn unmarked(mut text: impl Read + Send + 'static) -> std::io::Result<Box<dyn Read + Send>> {
    let mut first = Vec::new();
    (&mut text).take(3).read_to_end(&mut first)?;
    if first == b"\xEF\xBB\xBF" {
        first.clear();
    }
    Ok(Box::new(Cursor::new(first).chain(text)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>) -> (String, bool) {
        let mut text = Vec::new();
        let whole = open(std::io::Cursor::new(bytes)).and_then(|mut file| file.read_to_end(&mut text)).is_ok();
        (String::from_utf8(text).unwrap(), whole)
    }

    #[test]
    fn files_are_unpacked_by_what_they_hold() {
        let whole = |text: &str| (text.to_owned(), true);
        assert_eq!(read(b"{}".to_vec()), whole("{}"));
        assert_eq!(read("\u{feff}{\"a\": 1}".as_bytes().to_vec()), whole("{\"a\": 1}"));
        assert_eq!(read(Vec::new()), whole(""));
        assert_eq!(read(b"x".to_vec()), whole("x"));
        assert_eq!(read(packed("\u{feff}{}")), whole("{}"));
        // Logs that are joined with `cat` have several members.
        assert_eq!(read([packed("{\"a\":1}\n"), packed("{\"b\":2}\n")].concat()), whole("{\"a\":1}\n{\"b\":2}\n"));
    }

    #[test]
    fn what_comes_before_a_damage_is_given() {
        let mut bytes = [packed("{\"a\":1}\n"), packed("{\"b\":2}\n")].concat();
        bytes.truncate(bytes.len() - 12);
        let (text, whole) = read(bytes);
        assert!(text.starts_with("{\"a\":1}\n") && !whole);
    }
}
