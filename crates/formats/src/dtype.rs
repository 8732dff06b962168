//! NumPy's element types, and how to read elements from bytes.

use half::f16;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Float,
    /// bfloat16, which only PyTorch has.
    Brain,
    Signed,
    Unsigned,
    Bool,
    /// Bytes, padded with zeros (`S`).
    Bytes,
    /// UTF-32, padded with zeros (`U`).
    Text,
    /// Python objects (`O`).
    Object,
}

/// The type of an array's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dtype {
    pub(super) kind: Kind,
    /// Bytes per element.
    pub(super) size: usize,
    pub(super) is_big_endian: bool,
}

impl Dtype {
    /// Understands NumPy's short names: `<f4`, `f8`, `|b1`, `>U12`, `O`.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "elements of type {name:?} are not supported; store numbers, bools, strings or objects"
            )
        };
        let (is_big_endian, rest) = match name.as_bytes().first() {
            Some(b'>' | b'!') => (true, &name[1..]),
            Some(b'<' | b'=' | b'|') => (false, &name[1..]),
            _ => (false, name),
        };
        let mut letters = rest.chars();
        let letter = letters.next().ok_or_else(unknown)?;
        let count: Option<usize> = letters.as_str().parse().ok();
        let (kind, size) = match (letter, count) {
            ('f', Some(size @ (2 | 4 | 8))) => (Kind::Float, size),
            ('i', Some(size @ (1 | 2 | 4 | 8))) => (Kind::Signed, size),
            ('u', Some(size @ (1 | 2 | 4 | 8))) => (Kind::Unsigned, size),
            ('b', Some(1)) | ('?', None) => (Kind::Bool, 1),
            ('S' | 'a', Some(size @ 1..)) => (Kind::Bytes, size),
            ('U', Some(size @ 1..)) => (Kind::Text, size.checked_mul(4).ok_or_else(unknown)?),
            ('O', None | Some(8 | 4)) => (Kind::Object, 8),
            _ => return Err(unknown()),
        };
        Ok(Self {
            kind,
            size,
            is_big_endian,
        })
    }

    /// Whether elements are numbers.
    pub(super) fn is_number(self) -> bool {
        !matches!(self.kind, Kind::Bytes | Kind::Text | Kind::Object)
    }

    /// One element as a number; 0 for strings and objects.
    pub(super) fn number(self, bytes: &[u8]) -> f64 {
        // Widened to 64 bits, least significant byte first.
        let mut wide = [0; 8];
        let is_negative = match bytes {
            _ if self.kind != Kind::Signed => false,
            [first, ..] if self.is_big_endian => first & 0x80 != 0,
            [.., last] => last & 0x80 != 0,
            [] => false,
        };
        if is_negative {
            wide = [0xff; 8];
        }
        for (at, wide) in wide.iter_mut().enumerate().take(bytes.len()) {
            let from = if self.is_big_endian {
                bytes.len() - 1 - at
            } else {
                at
            };
            *wide = bytes[from];
        }
        let bits = u64::from_le_bytes(wide);
        match (self.kind, self.size) {
            (Kind::Float, 2) => f16::from_bits(bits as u16).to_f64(),
            (Kind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Kind::Float, _) => f64::from_bits(bits),
            (Kind::Brain, _) => half::bf16::from_bits(bits as u16).to_f64(),
            (Kind::Signed, _) => bits as i64 as f64,
            (Kind::Unsigned, _) => bits as f64,
            (Kind::Bool, _) => f64::from(u8::from(bits != 0)),
            (Kind::Bytes | Kind::Text | Kind::Object, _) => 0.0,
        }
    }

    /// One element as text, without its padding; bytes that are not UTF-8 are replaced.
    pub(super) fn text(self, bytes: &[u8]) -> String {
        if self.kind == Kind::Text {
            let (fours, _) = bytes.as_chunks::<4>();
            let code = |four: &[u8; 4]| {
                if self.is_big_endian {
                    u32::from_be_bytes(*four)
                } else {
                    u32::from_le_bytes(*four)
                }
            };
            let letters = fours.iter().map(code);
            let text: String = letters
                .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            return text.trim_end_matches('\0').to_owned();
        }
        let text = String::from_utf8_lossy(bytes);
        text.trim_end_matches('\0').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_types_and_both_ends() {
        let number = |name: &str, bytes: &[u8]| Dtype::parse(name).unwrap().number(bytes);
        assert_eq!(number("<f4", &1.5_f32.to_le_bytes()), 1.5);
        assert_eq!(number(">f8", &(-2.25_f64).to_be_bytes()), -2.25);
        assert_eq!(number("f2", &[0x00, 0x3e]), 1.5);
        assert_eq!(number(">i2", &(-3_i16).to_be_bytes()), -3.0);
        assert_eq!(number("i8", &(-5_i64).to_le_bytes()), -5.0);
        assert_eq!(number("|u1", &[200]), 200.0);
        assert_eq!(number("|b1", &[1]), 1.0);
        assert_eq!(
            Dtype::parse(">U2")
                .unwrap()
                .text(&[0, 0, 0, 65, 0, 0, 0, 0]),
            "A"
        );
        assert_eq!(Dtype::parse("S3").unwrap().text(b"ab\0"), "ab");
    }

    #[test]
    fn other_types_are_named() {
        for name in ["V8", "<M8[ns]", "f16", "c8", "", "U0", "é4"] {
            assert!(
                Dtype::parse(name).unwrap_err().contains("not supported"),
                "{name}"
            );
        }
    }
}
