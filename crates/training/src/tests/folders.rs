//! Data set folders: what is written is read, what is wrong is named.

use std::fs;

use super::*;

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let info = write_dataset(folder.path(), [70, 3, 2]);
    assert_eq!(info.utterances, Some(75));
    let dataset = Dataset::open(folder.path()).unwrap();
    assert_eq!(dataset.info(), &info);
    assert_eq!(dataset.split(Split::Val), [70, 71, 72]);
    for (at, split) in [(0, Split::Train), (71, Split::Val), (74, Split::Test)] {
        assert_eq!(dataset.example(at).unwrap(), example(at, split));
    }
    assert_eq!(dataset.check().unwrap().non_finite, []);
}

#[test]
fn values_that_are_not_finite_are_zeroed_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = DatasetWriter::open(folder.path(), info()).unwrap();
    let mut bad = example(0, Split::Train);
    bad.audio = Matrix::from_rows(&[[f32::NEG_INFINITY, 1.0, f32::NAN, 2.0]]);
    assert_eq!(writer.add(bad).unwrap(), 2);
    writer.finish().unwrap();
    let dataset = Dataset::open(folder.path()).unwrap();
    assert_eq!(
        dataset.example(0).unwrap().audio.row(0),
        [0.0, 1.0, 0.0, 2.0]
    );
    let found = dataset.check().unwrap().non_finite;
    let id = "clip$_$0".to_owned();
    assert_eq!(found, [NonFinite { id, count: 2 }]);
}

#[test]
fn wrong_widths_labels_and_duplicates_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = DatasetWriter::open(folder.path(), info()).unwrap();
    let mut wide = example(1, Split::Train);
    wide.simulated = Matrix::from_rows(&[[0.0; 7]]);
    let message = writer.add(wide).unwrap_err().to_string();
    assert_eq!(message, "text of clip$_$1 is 7 wide, the data set has 6");
    let mut unlabelled = example(1, Split::Train);
    unlabelled.label = f32::NAN;
    let message = writer.add(unlabelled).unwrap_err().to_string();
    assert_eq!(message, "the label of clip$_$1 is not finite");
    writer.add(example(1, Split::Train)).unwrap();
    let message = writer.add(example(1, Split::Val)).unwrap_err().to_string();
    assert_eq!(message, "duplicate ids: clip$_$1");
}

#[test]
fn duplicates_in_an_index_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), [2, 0, 0]);
    let index = folder.path().join("index.jsonl");
    let text = fs::read_to_string(&index).unwrap().replace("$_$1", "$_$0");
    fs::write(&index, text).unwrap();
    let message = Dataset::open(folder.path()).unwrap_err().to_string();
    assert_eq!(message, "duplicate ids: clip$_$0");
}

#[test]
fn a_killed_extraction_goes_on() {
    let (cut, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_dataset(whole.path(), [5, 0, 0]);
    let mut writer = DatasetWriter::open(cut.path(), info()).unwrap();
    for number in 0..3 {
        writer.add(example(number, Split::Train)).unwrap();
    }
    writer.flush().unwrap();
    drop(writer);
    assert!(matches!(
        Dataset::open(cut.path()),
        Err(DatasetError::Unfinished { .. })
    ));
    // The kill came in the middle of a line.
    let index = cut.path().join("index.jsonl");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, &text[..text.len() - 20]).unwrap();

    let mut writer = DatasetWriter::open(cut.path(), info()).unwrap();
    for number in 0..5 {
        let id = format!("clip$_${number}");
        assert_eq!(writer.contains(&id), number < 2);
        if !writer.contains(&id) {
            writer.add(example(number, Split::Train)).unwrap();
        }
    }
    writer.finish().unwrap();
    let (cut, whole) = (
        Dataset::open(cut.path()).unwrap(),
        Dataset::open(whole.path()).unwrap(),
    );
    for at in 0..5 {
        assert_eq!(cut.example(at).unwrap(), whole.example(at).unwrap());
    }
}

#[test]
fn another_data_set_is_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), [1, 0, 0]);
    let mut other = info();
    other.bundle.fingerprint = "1".to_owned();
    let message = DatasetWriter::open(folder.path(), other)
        .unwrap_err()
        .to_string();
    assert!(message.contains("its bundle is"), "{message}");
}

#[test]
fn a_data_set_that_names_its_bundle_as_before_is_continued_under_that_name() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), [1, 0, 0]);
    let mut now = info();
    now.bundle.fingerprint = "1".to_owned();
    now.former_fingerprint = Some(info().bundle.fingerprint);
    let writer = DatasetWriter::open(folder.path(), now).unwrap();
    assert_eq!(writer.finish().unwrap().bundle, info().bundle);
}

#[test]
fn a_truncated_shard_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), [3, 0, 0]);
    let shard = folder.path().join("shard-00000.safetensors");
    let bytes = fs::read(&shard).unwrap();
    fs::write(&shard, &bytes[..bytes.len() - 4]).unwrap();
    let message = Dataset::open(folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("shard-00000.safetensors is not a whole"),
        "{message}"
    );
}

#[test]
fn an_index_that_promises_too_much_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), [1, 0, 0]);
    let index = folder.path().join("index.jsonl");
    let text = fs::read_to_string(&index).unwrap();
    let rows = example(0, Split::Train).audio.rows();
    let text = text.replace(&format!("\"audio\":{rows}"), "\"audio\":77");
    fs::write(&index, text).unwrap();
    let dataset = Dataset::open(folder.path()).unwrap();
    let message = dataset.example(0).unwrap_err().to_string();
    assert!(message.contains("index.jsonl says 77"), "{message}");
}

/// A large data set has more shards than a process may have open files.
#[test]
fn an_open_data_set_keeps_no_file_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = DatasetWriter::open(folder.path(), info()).unwrap();
    for number in 0..5 {
        writer.add(example(number, Split::Train)).unwrap();
        writer.flush().unwrap();
    }
    writer.finish().unwrap();
    let dataset = Dataset::open(folder.path()).unwrap();
    assert_eq!(dataset.example(3).unwrap(), example(3, Split::Train));
    let open: Vec<_> = (fs::read_dir("/proc/self/fd").unwrap().flatten())
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter(|target| target.starts_with(folder.path()))
        .collect();
    assert!(open.is_empty(), "{open:?}");
}
