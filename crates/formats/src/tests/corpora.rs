//! The formats of data sets.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use super::super::*;
use super::file;
use undertone_types::Split;

/// Utterances of training, validation and test.
fn counts(corpus: &Corpus) -> [usize; 3] {
    Split::ALL.map(|split| {
        let own = corpus.headings.iter().filter(|own| own.split == split);
        own.count()
    })
}

/// Rows of audio, text, simulated text and video.
fn rows(corpus: &mut Corpus, at: usize) -> [usize; 4] {
    let own = corpus.features.read(at).unwrap();
    [&own.audio, &own.text, &own.simulated, &own.video].map(|matrix| matrix.rows())
}

#[test]
fn unaligned_mmsa_has_a_length_for_each_modality() {
    let mut corpus = read_mmsa(&file("unaligned.pkl")).unwrap();
    assert_eq!((corpus.widths, counts(&corpus)), ([5, 6, 4], [8, 4, 4]));
    let first = &corpus.headings[3];
    assert_eq!(
        (first.id.as_str(), first.source.as_str()),
        ("video1$_$1", "video1")
    );
    assert_eq!(first.text, "utterance 3");
    for at in 0..16 {
        assert_eq!(
            rows(&mut corpus, at),
            [5 + at % 6, 2 + at % 4, 0, 1 + at % 5]
        );
    }
    let first = corpus.features.read(0).unwrap();
    assert_eq!(first.audio.row(0)[0], f32::NEG_INFINITY);
}

#[test]
fn a_length_that_is_no_number_is_an_error_not_an_utterance_without_sound() {
    let message = read_mmsa(&file("lengthless.pkl"))
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("the length of video1$_$0 is NaN"),
        "{message}"
    );
}

#[test]
fn arrays_refuse_a_length_that_is_not_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrays.npz");
    std::fs::copy(file("arrays.npz"), &path).unwrap();
    let archive = std::fs::File::options().read(true).write(true).open(&path);
    let mut archive = zip::ZipWriter::new_append(archive.unwrap()).unwrap();
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("video_lengths.npy", options).unwrap();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (9,)}\n";
    archive.write_all(b"\x93NUMPY\x01\0").unwrap();
    let len = u16::try_from(header.len()).unwrap();
    archive.write_all(&len.to_le_bytes()).unwrap();
    archive.write_all(header.as_bytes()).unwrap();
    for at in 0..9 {
        let length = if at == 4 { f64::NAN } else { 1.0 };
        archive.write_all(&length.to_le_bytes()).unwrap();
    }
    archive.finish().unwrap();
    let read = read_arrays(&path, &all_train()).map(drop);
    let message = read.unwrap_err().to_string();
    for part in ["arrays.npz", "video_lengths", "length of vid_1_1 is NaN"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn aligned_mmsa_is_as_long_as_its_text() {
    let mut corpus = read_mmsa(&file("aligned.pkl")).unwrap();
    for at in 0..16 {
        let words = 2 + at % 4;
        assert_eq!(rows(&mut corpus, at), [words, words, 0, words]);
    }
}

#[test]
fn a_pickle_of_something_else_says_what_it_lacks() {
    let message = read_mmsa(&file("plain-4.pkl"))
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("there is no \"train\", only none, yes"),
        "{message}"
    );
}

#[test]
fn mertools_layout_with_frames_and_gaps() {
    let folder = |name: &str| file("mertools/features").join(name);
    let folders = Folders {
        audio: folder("wavlm"),
        text: folder("vicuna"),
        video: folder("manet"),
        simulated: Some(folder("simulated")),
    };
    let mut corpus = read_mertools(&file("mertools/label.npz"), &folders).unwrap();
    assert_eq!((corpus.widths, counts(&corpus)), ([5, 6, 4], [6, 3, 3]));
    assert_eq!(rows(&mut corpus, 1), [3, 3, 3, 3]);
    assert_eq!(rows(&mut corpus, 2), [4, 4, 4, 0]);
    assert_eq!(rows(&mut corpus, 4), [1, 1, 1, 1]);
    for (remark, named) in corpus.remarks.iter().zip(["test1_corpus", "nobody_0"]) {
        assert!(remark.contains(named), "{:?}", corpus.remarks);
    }
    assert_eq!(corpus.remarks.len(), 2);
    assert_eq!(corpus.extractors["text"], "vicuna");
    let words = read_transcripts(&file("mertools/transcription.csv")).unwrap();
    assert_eq!(words["video0_1"], "words of video0_1");
}

#[test]
fn transcripts_that_match_nothing_are_named() {
    let mut corpus = read_mmsa(&file("aligned.pkl")).unwrap();
    let ids: Vec<String> = (corpus.headings.iter().map(|own| own.id.clone())).collect();
    let said: BTreeMap<String, String> = (ids.iter())
        .map(|id| (id.clone(), format!("words of {id}")))
        .collect();
    corpus.add_words(said.clone(), Path::new("said.csv"));
    assert_eq!(corpus.headings[3].text, format!("words of {}", ids[3]));
    assert_eq!(corpus.remarks, Vec::<String>::new());

    let mut other = said;
    other.remove(&ids[0]);
    other.insert("nobody".to_owned(), "hello".to_owned());
    corpus.add_words(other, Path::new("said.csv"));
    assert_eq!(
        corpus.remarks,
        [
            "no utterance for 1 transcripts in said.csv: nobody".to_owned(),
            format!("no transcript in said.csv for 1 utterances: {}", ids[0]),
        ]
    );
}

#[test]
fn a_file_of_another_width_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in [
        ("a_0", "wavlm/video0_0"),
        ("a_1", "wavlm/video0_1"),
        ("a_2", "vicuna/video0_2"),
    ] {
        let from = file("mertools/features").join(format!("{from}.npy"));
        std::fs::copy(from, folder.path().join(format!("{name}.npy"))).unwrap();
    }
    let folders = Folders {
        audio: folder.path().to_owned(),
        text: folder.path().to_owned(),
        video: folder.path().to_owned(),
        simulated: None,
    };
    let read = read_mertools(&file("mertools/label.npz"), &folders);
    let message = read.map(drop).unwrap_err().to_string();
    assert!(
        message.contains("a_2.npy: it is 6 wide, most of its folder 5"),
        "{message}"
    );
}

#[test]
fn arrays_with_and_without_splits() {
    let mut corpus = read_arrays(&file("arrays.npz"), &all_train()).unwrap();
    assert_eq!((corpus.widths, counts(&corpus)), ([5, 6, 4], [9, 0, 0]));
    assert_eq!(rows(&mut corpus, 8), [1, 1, 0, 3]);
    assert_eq!(corpus.headings[8].source, "vid_2");
    let shares = Splits::Shares {
        val: 0.3,
        test: 0.3,
        seed: 1,
    };
    let corpus = read_arrays(&file("arrays.npz"), &shares).unwrap();
    assert_eq!(counts(&corpus), [3, 3, 3]);
    let corpus = read_arrays(&file("arrays-split.npz"), &all_train()).unwrap();
    assert_eq!(counts(&corpus), [5, 2, 2]);
    let corpus = read_arrays(&file("arrays-objects.npz"), &all_train()).unwrap();
    assert_eq!(corpus.headings[0].id, "vid_0_0");
    let words = read_transcripts(&file("arrays.jsonl")).unwrap();
    assert_eq!(words.len(), 9);
    let read = read_arrays(&file("mertools/label.npz"), &all_train());
    let message = read.map(drop).unwrap_err().to_string();
    assert!(
        message.contains("names or ids") && message.contains("train_corpus"),
        "{message}"
    );
}

#[test]
fn computational_sequences_are_cut_by_the_labels() {
    let paths = Sequences {
        labels: file("csd/labels.csd"),
        audio: file("csd/audio.csd"),
        text: file("csd/text.csd"),
        video: file("csd/video.csd"),
    };
    let splits = Splits::read(&file("csd/splits.csv")).unwrap();
    let mut corpus = read_csd(&paths, &splits).unwrap();
    assert_eq!((corpus.widths, counts(&corpus)), ([5, 6, 4], [3, 3, 3]));
    assert_eq!(corpus.headings[1].id, "vid0[1]");
    // 0.1 s of audio, 0.5 s of text, a picture every 0.25 s; from 1 s to 2.5 s.
    let [audio, text, _, video] = rows(&mut corpus, 1);
    assert!((15..=17).contains(&audio), "{audio}");
    assert_eq!((text, video), (3, 6));
    assert_eq!(rows(&mut corpus, 4)[3], 0, "a video without pictures");
}

#[test]
fn the_study_s_own_arrays_where_they_are() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/mosi/mosi_utterance_train.npz");
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return;
    }
    let mut corpus = read_arrays(&path, &all_train()).unwrap();
    assert_eq!(
        (corpus.widths, corpus.headings.len()),
        ([73, 100, 100], 1447)
    );
    assert_eq!(rows(&mut corpus, 1446), [1, 1, 0, 1]);
}
