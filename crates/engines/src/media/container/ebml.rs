//! EBML: Matroska and WebM.

use std::io::{self, Read, Seek, SeekFrom};

use super::{Container, bytes};

const SEGMENT: u64 = 0x1853_8067;
/// Elements that are looked at before giving up on a file.
const MOST_ELEMENTS: u32 = 100_000;

/// Reads the sizes of the first levels.
pub(super) fn read(file: &mut (impl Read + Seek), length: u64) -> io::Result<Container> {
    let mut at = 0;
    for _ in 0..MOST_ELEMENTS {
        if at >= length {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let Some((id, size, header)) = element(file) else {
            // Of the last element not even the header is there, or it is damaged.
            break;
        };
        at += header;
        match size {
            Some(size) if at.saturating_add(size) > length => {
                return Ok(Container {
                    breaks_off: true,
                    ..Container::default()
                });
            }
            Some(_) if id == SEGMENT => break,
            Some(size) => at += size,
            // A segment of unknown length is read on the inside; whoever wrote it could not go
            // back. A cluster of unknown length tells nothing.
            None if id == SEGMENT => {}
            None => break,
        }
    }
    Ok(Container::default())
}

/// Id, size of the content (`None`: unknown) and length of the header.
fn element(file: &mut impl Read) -> Option<(u64, Option<u64>, u64)> {
    let (id, id_length) = number(file, true)?;
    let (size, size_length) = number(file, false)?;
    let unknown = (1 << (7 * size_length)) - 1;
    Some((
        id,
        (size != unknown).then_some(size),
        id_length + size_length,
    ))
}

/// A number of variable length, and its length in bytes. `marked`: with the bit that tells the
/// length, as ids are written.
fn number(file: &mut impl Read, marked: bool) -> Option<(u64, u64)> {
    let [first] = bytes(file).ok()?;
    let length = first.leading_zeros() + 1;
    if length > 8 {
        return None;
    }
    let mask = if marked {
        0xff
    } else {
        (0xff_u16 >> length) as u8
    };
    let mut value = u64::from(first & mask);
    for _ in 1..length {
        let [next] = bytes(file).ok()?;
        value = value << 8 | u64::from(next);
    }
    Some((value, u64::from(length)))
}
