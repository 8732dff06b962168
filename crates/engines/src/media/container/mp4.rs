//! MP4, QuickTime and their kin (ISO/IEC 14496-12).

use std::io::{self, Read, Seek, SeekFrom};

use super::{Container, Edit, Patch, Track, bytes};

const NS_PER_S: u128 = 1_000_000_000;
/// Edits that are read of a list.
const MOST_EDITS: u32 = 64;

/// Whether a file whose first box is of this kind is of this family.
pub(super) fn starts_with(kind: &[u8]) -> bool {
    matches!(
        kind,
        b"ftyp" | b"styp" | b"moov" | b"moof" | b"mdat" | b"free" | b"skip" | b"wide" | b"pnot"
    )
}

/// Reads the boxes around the media, and the edit lists.
pub(super) fn read(file: &mut (impl Read + Seek), length: u64) -> io::Result<Container> {
    let mut movie = Movie::default();
    let mut container = Container::default();
    let mut media = false;
    let mut at = 0;
    while let Some(found) = Found::at(file, at, length) {
        match &found.kind {
            b"moov" => read_boxes(file, &found, &mut |file, inner| movie.take(file, inner))?,
            b"mdat" => media = true,
            b"moof" => movie.fragmented = true,
            _ => {}
        }
        if found.end > length {
            container.breaks_off = true;
            break;
        }
        at = found.end;
    }
    // Of the header of a box less is there than a header takes.
    container.breaks_off |= at < length && length - at < 8 && media;
    container.lacks_index = media && movie.tracks.is_empty() && !movie.fragmented;
    movie.conclude(&mut container);
    Ok(container)
}

/// A box.
#[derive(Clone, Copy, Debug)]
struct Found {
    kind: [u8; 4],
    /// Where it starts; its content; where it ends.
    start: u64,
    content: u64,
    end: u64,
}

impl Found {
    /// The box at `at`, in something that ends at `limit`.
    fn at(file: &mut (impl Read + Seek), at: u64, limit: u64) -> Option<Self> {
        if at.checked_add(8)? > limit {
            return None;
        }
        file.seek(SeekFrom::Start(at)).ok()?;
        let size = u64::from(u32::from_be_bytes(bytes(file).ok()?));
        let kind = bytes(file).ok()?;
        let (size, header) = match size {
            0 => (limit - at, 8),
            1 => (u64::from_be_bytes(bytes(file).ok()?), 16),
            size => (size, 8),
        };
        (size >= header).then_some(Self {
            kind,
            start: at,
            content: at + header,
            end: at.checked_add(size)?,
        })
    }
}

/// Calls `take` with each box inside of another.
fn read_boxes<F: Read + Seek>(
    file: &mut F,
    outer: &Found,
    take: &mut dyn FnMut(&mut F, &Found) -> io::Result<()>,
) -> io::Result<()> {
    let mut at = outer.content;
    while let Some(found) = Found::at(file, at, outer.end) {
        take(file, &found)?;
        at = found.end;
    }
    Ok(())
}

/// What is in `moov`.
#[derive(Debug, Default)]
struct Movie {
    /// Units per second of the clock of the container.
    scale: u32,
    /// Where its length is written, and in how many bytes.
    length_at: Option<(u64, usize)>,
    tracks: Vec<RawTrack>,
    fragmented: bool,
}

/// What is in `trak`, in the units of the file.
#[derive(Debug, Default)]
struct RawTrack {
    id: u32,
    enabled: bool,
    media: bool,
    scale: u32,
    length: u64,
    /// Length on the container's clock, start in the track (−1: nothing is shown), and whether it
    /// is shown at its own speed.
    edits: Vec<(u64, i64, bool)>,
    edits_at: Option<u64>,
}

impl Movie {
    fn take<F: Read + Seek>(&mut self, file: &mut F, found: &Found) -> io::Result<()> {
        match &found.kind {
            b"mvhd" => {
                let (scale, _, at) = scale_and_length(file, found)?;
                (self.scale, self.length_at) = (scale, Some(at));
            }
            b"mvex" => self.fragmented = true,
            b"trak" => {
                let mut track = RawTrack::default();
                read_boxes(file, found, &mut |file, inner| track.take(file, inner))?;
                self.tracks.push(track);
            }
            _ => {}
        }
        Ok(())
    }

    /// Tracks and patches. The edit lists are hidden from GStreamer, which then plays all of every
    /// track, where each shows one stretch of its track; others are left to GStreamer.
    fn conclude(self, container: &mut Container) {
        let media = || self.tracks.iter().filter(|track| track.media);
        let simple = !self.fragmented && media().all(|track| track.edit(self.scale).is_some());
        container.tracks = self
            .tracks
            .iter()
            .map(|track| {
                let edit = track
                    .edit(self.scale)
                    .filter(|_| simple && track.edits_at.is_some());
                Track {
                    id: track.id,
                    enabled: track.enabled,
                    end_s: (!self.fragmented)
                        .then(|| track.end_s(self.scale))
                        .flatten(),
                    edit,
                }
            })
            .collect();
        let Some((length_at, width)) = self.length_at.filter(|_| simple) else {
            return;
        };
        let hidden = media().filter_map(|track| track.edits_at);
        container.patches.extend(hidden.map(|start| Patch {
            offset: start + 4,
            bytes: b"free".to_vec(),
        }));
        if container.patches.is_empty() {
            return;
        }
        let lengths = media().map(|track| rescale(track.length, track.scale, self.scale));
        let longest = lengths.max().unwrap_or(0).saturating_add(1);
        container.patches.push(Patch {
            offset: length_at,
            bytes: match width {
                8 => longest.to_be_bytes().to_vec(),
                _ => u32::try_from(longest)
                    .unwrap_or(u32::MAX - 1)
                    .to_be_bytes()
                    .to_vec(),
            },
        });
    }
}

impl RawTrack {
    fn take<F: Read + Seek>(&mut self, file: &mut F, found: &Found) -> io::Result<()> {
        match &found.kind {
            b"tkhd" => {
                let [version, _, _, flags] = bytes(file)?;
                self.enabled = flags & 1 == 1;
                let times = if version == 1 { 16 } else { 8 };
                file.seek(SeekFrom::Current(times))?;
                self.id = u32::from_be_bytes(bytes(file)?);
            }
            b"edts" => {
                self.edits_at = Some(found.start);
                read_boxes(file, found, &mut |file, inner| match &inner.kind {
                    b"elst" => self.take_edits(file),
                    _ => Ok(()),
                })?;
            }
            b"mdia" => read_boxes(file, found, &mut |file, inner| self.take_media(file, inner))?,
            _ => {}
        }
        Ok(())
    }

    fn take_edits(&mut self, file: &mut impl Read) -> io::Result<()> {
        let [version, _, _, _] = bytes(file)?;
        let count = u32::from_be_bytes(bytes(file)?);
        for _ in 0..count.min(MOST_EDITS) {
            let (length, start) = if version == 1 {
                (
                    u64::from_be_bytes(bytes(file)?),
                    i64::from_be_bytes(bytes(file)?),
                )
            } else {
                let length = u32::from_be_bytes(bytes(file)?);
                (length.into(), i32::from_be_bytes(bytes(file)?).into())
            };
            let rate: [u8; 4] = bytes(file)?;
            self.edits.push((length, start, rate == [0, 1, 0, 0]));
        }
        Ok(())
    }

    fn take_media<F: Read + Seek>(&mut self, file: &mut F, found: &Found) -> io::Result<()> {
        match &found.kind {
            b"mdhd" => (self.scale, self.length, _) = scale_and_length(file, found)?,
            b"hdlr" => {
                let [_, _, _, _, _, _, _, _, kind @ ..]: [u8; 12] = bytes(file)?;
                self.media = matches!(&kind, b"soun" | b"vide");
            }
            _ => {}
        }
        Ok(())
    }

    /// The stretch that the edit list shows; all without a list. `None` where there are several.
    fn edit(&self, movie_scale: u32) -> Option<Edit> {
        if self.scale == 0 || movie_scale == 0 {
            return None;
        }
        let (mut at, mut shown) = (0_u64, None);
        for &(length, start, plain) in &self.edits {
            match u64::try_from(start) {
                Err(_) if shown.is_none() => at = at.saturating_add(length),
                // Nothing is shown after the end.
                Err(_) => {}
                Ok(start) if shown.is_none() && plain => shown = Some((start, length)),
                Ok(_) => return None,
            }
        }
        if shown.is_none() && at > 0 {
            return None;
        }
        let (start, length) = shown.unwrap_or((0, 0));
        Some(Edit {
            at_ns: nanoseconds(at, movie_scale),
            from_ns: nanoseconds(start, self.scale),
            length_ns: (length > 0).then(|| nanoseconds(length, movie_scale)),
        })
    }

    /// When it ends, on the clock of the container.
    fn end_s(&self, movie_scale: u32) -> Option<f64> {
        let end_ns = if self.edits.is_empty() {
            (self.scale > 0).then(|| nanoseconds(self.length, self.scale))?
        } else {
            let listed: u64 = self.edits.iter().map(|edit| edit.0).sum();
            (movie_scale > 0).then(|| nanoseconds(listed, movie_scale))?
        };
        (end_ns > 0).then_some(end_ns as f64 / 1e9)
    }
}

/// Units per second and length of `mvhd` or `mdhd`; and where the length is, in how many bytes.
fn scale_and_length<F: Read + Seek>(
    file: &mut F,
    found: &Found,
) -> io::Result<(u32, u64, (u64, usize))> {
    let [version, _, _, _] = bytes(file)?;
    let wide = version == 1;
    file.seek(SeekFrom::Current(if wide { 16 } else { 8 }))?;
    let scale = u32::from_be_bytes(bytes(file)?);
    if wide {
        let length = u64::from_be_bytes(bytes(file)?);
        Ok((scale, length, (found.content + 24, 8)))
    } else {
        let length = u32::from_be_bytes(bytes(file)?);
        Ok((scale, length.into(), (found.content + 16, 4)))
    }
}

fn nanoseconds(units: u64, scale: u32) -> u64 {
    let ns = u128::from(units) * NS_PER_S / u128::from(scale.max(1));
    u64::try_from(ns).unwrap_or(u64::MAX)
}

fn rescale(units: u64, from: u32, to: u32) -> u64 {
    let scaled = (u128::from(units) * u128::from(to)).div_ceil(u128::from(from.max(1)));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}
