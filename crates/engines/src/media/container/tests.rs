use std::io::Cursor;

use super::*;

fn read(bytes: &[u8]) -> Container {
    Container::of(&mut Cursor::new(bytes), bytes.len() as u64).unwrap()
}

fn atom(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let size = u32::try_from(content.len() + 8).unwrap();
    [&size.to_be_bytes()[..], kind, &content].concat()
}

/// A track of 15.36 s at 12,800 units per second.
fn track(edits: &[(u32, i32, u16)]) -> Vec<u8> {
    let tkhd = [&[0, 0, 0, 3][..], &[0; 8], &7_u32.to_be_bytes(), &[0; 64]].concat();
    let mut list = [
        &[0; 4][..],
        &u32::try_from(edits.len()).unwrap().to_be_bytes(),
    ]
    .concat();
    for (length, start, rate) in edits {
        list.extend(length.to_be_bytes());
        list.extend(start.to_be_bytes());
        list.extend(rate.to_be_bytes());
        list.extend([0, 0]);
    }
    let header = [
        &[0; 12][..],
        &12_800_u32.to_be_bytes(),
        &196_608_u32.to_be_bytes(),
        &[0; 4],
    ];
    let kind = [&[0; 8][..], b"vide", &[0; 12]].concat();
    let media = atom(
        b"mdia",
        &[&atom(b"mdhd", &header), &atom(b"hdlr", &[&kind])],
    );
    let edits = atom(b"edts", &[&atom(b"elst", &[&list])]);
    atom(b"trak", &[&atom(b"tkhd", &[&tkhd]), &edits, &media])
}

fn movie(edits: &[(u32, i32, u16)]) -> Vec<u8> {
    let header = [
        &[0; 12][..],
        &1000_u32.to_be_bytes(),
        &13_360_u32.to_be_bytes(),
        &[0; 80],
    ];
    let moov = atom(b"moov", &[&atom(b"mvhd", &header), &track(edits)]);
    [
        atom(b"ftyp", &[b"isom", &[0; 4]]),
        atom(b"mdat", &[&[0; 100]]),
        moov,
    ]
    .concat()
}

#[test]
fn a_trimmed_track_is_shown_from_its_edit_on() {
    let whole = movie(&[(13_360, 25_600, 1)]);
    let container = read(&whole);
    let track = container.track("0123abc/007").unwrap();
    assert!(track.enabled && !container.breaks_off && !container.lacks_index);
    assert_eq!(track.end_s, Some(13.36));
    let edit = track.edit.unwrap();
    assert_eq!((edit.at_ns, edit.from_ns), (0, 2_000_000_000));
    assert_eq!(edit.length_ns, Some(13_360_000_000));
    // The demuxer is to see neither the list nor the shortened length.
    let [list, length] = container.patches.as_slice() else {
        panic!("{container:?}");
    };
    let at = usize::try_from(list.offset).unwrap();
    assert_eq!(
        (&whole[at..at + 4], &list.bytes[..]),
        (&b"edts"[..], &b"free"[..])
    );
    let at = usize::try_from(length.offset).unwrap();
    assert_eq!(whole[at..at + 4], 13_360_u32.to_be_bytes());
    assert_eq!(length.bytes, 15_361_u32.to_be_bytes());
}

#[test]
fn an_empty_edit_delays_a_track() {
    let edit = read(&movie(&[(20_000, -1, 1), (4480, 0, 1)])).tracks[0]
        .edit
        .unwrap();
    assert_eq!((edit.at_ns, edit.from_ns), (20_000_000_000, 0));
    assert_eq!(
        read(&movie(&[(20_000, -1, 1), (4480, 0, 1)])).tracks[0].end_s,
        Some(24.48)
    );
}

#[test]
fn lists_of_several_stretches_are_left_to_gstreamer() {
    for edits in [&[(1000, 0, 1), (1000, 25_600, 1)][..], &[(1000, 0, 2)]] {
        let container = read(&movie(edits));
        assert_eq!(container.patches, []);
        assert_eq!(container.tracks[0].edit, None);
    }
}

#[test]
fn a_movie_that_breaks_off_or_was_never_finished_is_known() {
    let whole = movie(&[(13_360, 0, 1)]);
    assert!(read(&whole[..whole.len() - 3]).breaks_off);
    let unfinished = read(&whole[..80]);
    assert!(unfinished.breaks_off && unfinished.lacks_index);
}

#[test]
fn damaged_sizes_end_the_reading() {
    let mut whole = movie(&[(13_360, 0, 1)]);
    for at in 0..whole.len() {
        let byte = std::mem::replace(&mut whole[at], 0xff);
        let _ = Container::of(&mut Cursor::new(&whole), whole.len() as u64);
        whole[at] = byte;
    }
}

#[test]
fn a_wave_file_that_breaks_off_states_its_length() {
    let format = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0];
    let head = [
        &b"RIFF\x24\xfa\0\0WAVEfmt \x10\0\0\0"[..],
        &format,
        b"data\0\xfa\0\0",
    ]
    .concat();
    let whole = [&head[..], &[0; 64_000]].concat();
    assert_eq!(read(&whole), Container::default());
    let half = read(&whole[..30_000]);
    assert!(half.breaks_off);
    assert_eq!(half.declared_s, Some(4.0));
    // Written by a program that could not go back.
    let mut endless = whole.clone();
    endless[40..44].copy_from_slice(&[0xff; 4]);
    assert_eq!(read(&endless), Container::default());
}

#[test]
fn a_matroska_file_that_breaks_off_is_known() {
    let ebml = [0x1a, 0x45, 0xdf, 0xa3, 0x84, 1, 2, 3, 4];
    let cluster = [&[0x1f, 0x43, 0xb6, 0x75, 0x88][..], &[0; 8]].concat();
    let known = [&ebml[..], &[0x18, 0x53, 0x80, 0x67, 0x8d], &cluster].concat();
    assert!(!read(&known).breaks_off);
    assert!(read(&known[..known.len() - 2]).breaks_off);
    let unknown = [
        0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ];
    let endless = [&ebml[..], &unknown, &cluster, &cluster].concat();
    assert!(!read(&endless).breaks_off);
    assert!(read(&endless[..endless.len() - 2]).breaks_off);
}
