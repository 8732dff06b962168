//! Literals of protocol 0, which are text.

/// A string literal of Python 2, in quotes and with its escapes, as bytes.
pub(super) fn quoted(line: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = line.split_first()?;
    let (&last, inner) = rest.split_last()?;
    if !matches!(quote, b'\'' | b'"') || quote != last {
        return None;
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let escaped = match rest.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' => b'\\',
            b'\'' => b'\'',
            b'"' => b'"',
            b'x' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                (16 * high + low) as u8
            }
            _ => return None,
        };
        bytes.push(escaped);
    }
    Some(bytes)
}

/// Python's raw-unicode-escape: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub(super) fn raw_unicode(line: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        let digits = match (byte, line.get(at + 1)) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                text.push(char::from(byte));
                at += 1;
                continue;
            }
        };
        let hex = std::str::from_utf8(line.get(at + 2..at + 2 + digits)?).ok()?;
        text.push(char::from_u32(u32::from_str_radix(hex, 16).ok()?)?);
        at += 2 + digits;
    }
    Some(text)
}

/// An integer of up to 64 bits in two's complement, least significant byte first.
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    let (&last, rest) = match bytes.split_last() {
        None => return Some(0),
        Some(parts) => parts,
    };
    let sign = if last & 0x80 == 0 { 0 } else { 0xff };
    let mut wide = [sign; 8];
    let significant = if bytes.len() == 9 && last == sign {
        rest
    } else {
        bytes
    };
    wide.get_mut(..significant.len())?
        .copy_from_slice(significant);
    let value = i64::from_le_bytes(wide);
    ((value < 0) == (sign == 0xff)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_as_python_reads_them() {
        assert_eq!(quoted(br"'a\x00\n\\\''").unwrap(), b"a\0\n\\'");
        assert_eq!(quoted(b"'open"), None);
        assert_eq!(quoted(b"'"), None);
        assert_eq!(raw_unicode(b"\\u20ac\xe9x").unwrap(), "\u{20ac}\u{e9}x");
        assert_eq!(raw_unicode(b"\\ud800"), None);
        assert_eq!(integer(&[0xff]), Some(-1));
        assert_eq!(integer(&[0xff, 0x00]), Some(255));
        assert_eq!(integer(&[0; 10]), None);
        assert_eq!(integer(&[0xff; 8]), Some(-1));
        assert_eq!(
            integer(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]),
            None
        );
    }
}
