//! RIFF: WAV and AVI.

use std::io::{self, Read, Seek, SeekFrom};

use super::{Container, bytes};

/// Sizes from here on stand for "unknown": programs that cannot go back write them.
const UNKNOWN: u32 = 0x7fff_0000;

/// Reads the chunks of the first RIFF element.
pub(super) fn read(file: &mut (impl Read + Seek), length: u64) -> io::Result<Container> {
    let _riff: [u8; 4] = bytes(file)?;
    let size = u32::from_le_bytes(bytes(file)?);
    let form: [u8; 4] = bytes(file)?;
    if &form != b"WAVE" {
        return Ok(Container {
            breaks_off: runs_past(size, 8, length),
            ..Container::default()
        });
    }
    let mut bytes_per_s = 0;
    let mut at = 12;
    while at + 8 <= length {
        file.seek(SeekFrom::Start(at))?;
        let kind: [u8; 4] = bytes(file)?;
        let size = u32::from_le_bytes(bytes(file)?);
        match &kind {
            b"fmt " => {
                let [_, _, _, _, _, _, _, _, rate @ ..]: [u8; 12] = bytes(file)?;
                bytes_per_s = u32::from_le_bytes(rate);
            }
            b"data" if runs_past(size, at + 8, length) => {
                return Ok(Container {
                    breaks_off: true,
                    declared_s: (bytes_per_s > 0).then(|| f64::from(size) / f64::from(bytes_per_s)),
                    ..Container::default()
                });
            }
            _ => {}
        }
        at += 8 + u64::from(size) + u64::from(size % 2);
    }
    Ok(Container::default())
}

/// Whether a chunk of `size` bytes that starts at `at` ends behind the file; a byte that pads
/// it may be missing.
fn runs_past(size: u32, at: u64, length: u64) -> bool {
    (1..UNKNOWN).contains(&size) && at + u64::from(size) > length + 1
}
