//! JSON in a page, such that no text in it can end its element.

use std::io::{self, Write};

use serde::Serialize;

/// Writes a value as JSON with `<` escaped. In JSON a `<` occurs in strings only, where the escape
/// means the same; without it neither `</script>` nor `<!--` can be written, and nothing else ends
/// a script element or changes how it is read.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(Escaping(out), value).map_err(io::Error::from)
}

struct Escaping<'a>(&'a mut dyn Write);

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (number, part) in bytes.split(|byte| *byte == b'<').enumerate() {
            if number > 0 {
                self.0.write_all(br"\u003c")?;
            }
            self.0.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_element_and_all_is_read_back() {
        let text = "a </script><!-- <script> ]]> \u{2028} \\u003c \"q\" & é <";
        let mut json = Vec::new();
        write_json(&mut json, &text).unwrap();
        let json = String::from_utf8(json).unwrap();
        assert!(!json.contains('<'), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
