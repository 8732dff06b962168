//! Paths in JSON: file names are bytes, JSON is text.
//!
//! Bytes that are not UTF-8, control characters and `%` become `%XX`; everything else stays
//! as it is, so that ordinary names can be read. For `#[serde(with = "escape")]`.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, Serializer};

/// The path as text that [`unescape`] reads back to the same bytes.
#[must_use]
pub fn escape(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '%' | '\0'..='\x1f' | '\x7f' => byte(&mut text, letter as u8),
                letter => text.push(letter),
            }
        }
        for invalid in chunk.invalid() {
            byte(&mut text, *invalid);
        }
    }
    text
}

fn byte(text: &mut String, byte: u8) {
    write!(text, "%{byte:02X}").expect("writing to a string never fails");
}

/// The path that was escaped.
#[must_use]
pub fn unescape(text: &str) -> PathBuf {
    OsString::from_vec(percent_decode_str(text).collect()).into()
}

/// Writes a path.
///
/// # Errors
/// The serialiser's own.
pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&escape(path))
}

/// Reads a path.
///
/// # Errors
/// When it is not text.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    String::deserialize(deserializer).map(|text| unescape(&text))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn any_name_is_read_back_and_plain_ones_stay_plain() {
        assert_eq!(escape(Path::new("jour/été 1.mp4")), "jour/été 1.mp4");
        let odd = Path::new(OsStr::from_bytes(b"caf\xe9/100%\n\xc3\xa9.mp4"));
        assert_eq!(escape(odd), "caf%E9/100%25%0Aé.mp4");
        assert_eq!(unescape(&escape(odd)), odd);
    }
}
