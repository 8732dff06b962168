//! Files that are cut off, changed or random: an error or a value, never a panic or a hang.

use std::path::Path;

use proptest::prelude::*;

use super::super::*;
use super::file;

/// Reads everything that is in a pickle, as far as it goes.
fn visit(node: &Node<'_>, left: &mut usize) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    drop((node.number(), node.text(), node.numbers(), node.texts()));
    if let Ok(array) = node.array() {
        let leading = array.leading();
        if leading > 0 {
            drop((array.rows(0..1), array.row_f32(leading - 1, 2)));
        }
    }
    for (_, child) in node.entries().unwrap_or_default() {
        visit(&child, left);
    }
    for child in node.items().unwrap_or_default() {
        visit(&child, left);
    }
}

fn read_pickle(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pkl");
    std::fs::write(&path, bytes).unwrap();
    if let Ok(pickle) = Pickle::open(&path) {
        visit(&pickle.root(), &mut 200);
    }
    read_all_of(read_mmsa(&path));
}

fn read_all_of(corpus: Result<Corpus, FormatError>) {
    if let Ok(mut corpus) = corpus {
        for at in 0..corpus.headings.len() {
            drop(corpus.features.read(at));
        }
    }
}

fn with_bytes(bytes: &[u8], read: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    std::fs::write(&path, bytes).unwrap();
    read(&path);
}

fn read_archive(bytes: &[u8]) {
    with_bytes(bytes, |path| {
        drop(read_state_dict(path));
        read_all_of(read_arrays(path, &all_train()));
    });
}

fn read_sequence(bytes: &[u8]) {
    with_bytes(bytes, |path| {
        let paths = Sequences {
            labels: file("csd/labels.csd"),
            audio: path.to_owned(),
            text: path.to_owned(),
            video: path.to_owned(),
        };
        read_all_of(read_csd(&paths, &all_train()));
    });
}

#[test]
fn a_file_cut_off_anywhere_is_an_error() {
    for name in ["plain-0.pkl", "plain-2.pkl", "plain-5.pkl", "python2.pkl"] {
        let bytes = std::fs::read(file(name)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pkl");
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            assert!(Pickle::open(&path).is_err(), "{name} cut after {len} bytes");
        }
    }
    let bytes = std::fs::read(file("arrays.npz")).unwrap();
    for len in (0..bytes.len()).step_by(7) {
        with_bytes(&bytes[..len], |path| {
            assert!(
                read_arrays(path, &all_train()).is_err(),
                "cut after {len} bytes"
            );
        });
    }
}

/// A file with some of its bytes replaced.
fn changed(names: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (prop::sample::select(names), changes).prop_map(|(name, changes)| {
        let mut bytes = std::fs::read(file(name)).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_pickles_never_panic(bytes in changed(&[
        "plain-0.pkl", "plain-1.pkl", "plain-2.pkl", "plain-3.pkl", "plain-4.pkl", "plain-5.pkl",
        "python2.pkl", "laughs.pkl", "system-4.pkl", "unaligned.pkl", "aligned.pkl",
    ])) {
        read_pickle(&bytes);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_pickle(&bytes);
        read_archive(&bytes);
    }

    #[test]
    fn random_opcodes_never_panic(bytes in prop::collection::vec(
        prop::sample::select(b"().01]}eabcdghijklpqrstuNIJKMLFGSTUVXBCQR\x80\x81\x85\x86\x87\x88\x8a\x8c\x8d\x8e\x93\x94\x95\x96\n0a'\x00\x01\x02".to_vec()),
        0..60,
    )) {
        read_pickle(&bytes);
    }

    #[test]
    fn changed_archives_never_panic(bytes in changed(&[
        "arrays.npz", "arrays-split.npz", "arrays-objects.npz", "kinds.pt",
    ])) {
        read_archive(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn changed_sequences_never_panic(bytes in changed(&["csd/video.csd"])) {
        read_sequence(&bytes);
    }
}

#[test]
fn a_string_that_stands_in_a_list_a_million_times_is_refused() {
    // {"train": {"id": [s, s, s, …]}} with one string of 4 kB, kept as item 0 of the memo.
    let mut bytes = b"\x80\x02}U\x05train}U\x02id](".to_vec();
    bytes.extend([b'X', 0, 16, 0, 0]);
    bytes.extend([b'x'; 4096]);
    bytes.extend(b"q\x00");
    bytes.extend(b"h\x00".repeat(100_000));
    bytes.extend(b"ess.");
    with_bytes(&bytes, |path| {
        let pickle = Pickle::open(path).unwrap();
        let train = pickle.root().find("train").unwrap().unwrap();
        let ids = train.find("id").unwrap().unwrap();
        let message = ids.texts().unwrap_err().to_string();
        assert!(message.contains("more text"), "{message}");
    });
}
