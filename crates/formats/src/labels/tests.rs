use super::*;

fn table(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn read_clips(path: &Path) -> Vec<LabelledClip> {
    match read_labels(path, LabelRange::default()).unwrap() {
        LabelTable::Clips(clips) => clips,
        other => panic!("{other:?}"),
    }
}

#[test]
fn columns_are_found_by_name() {
    let (folder, path) =
        table("source,file,text,valence,split\nx,a.mp4,\"well, fine\",1.5,val\ny,b.mkv,,-3,test\n");
    let clips = read_clips(&path);
    assert_eq!(clips[0].path, folder.path().join("a.mp4"));
    assert_eq!(clips[0].text.as_deref(), Some("well, fine"));
    assert_eq!((clips[0].label, clips[0].split), (1.5, Split::Val));
    assert_eq!(
        (clips[0].source.as_str(), clips[1].source.as_str()),
        ("x", "y")
    );
    assert_eq!(
        (clips[1].text.as_deref(), clips[1].split),
        (None, Split::Test)
    );
}

#[test]
fn a_bad_row_is_named() {
    let (_folder, path) = table("file,label\na.mp4,0\nb.mp4,12\n");
    let error = read_labels(&path, LabelRange::default())
        .unwrap_err()
        .to_string();
    let expected = "line 3: the label must be a number from -3 to 3, got 12; --label-range";
    assert!(error.contains(expected), "{error}");
    let (_folder, path) = table("file,label\na.mp4,good\n");
    let error = read_labels(&path, LabelRange::default()).unwrap_err();
    assert!(
        std::error::Error::source(&error).is_none(),
        "it would be said twice"
    );
    let said = error.to_string();
    assert!(
        said.ends_with("line 2: column 2: invalid float literal"),
        "{said}"
    );
}

#[test]
fn the_separator_is_found_and_named() {
    for separator in [";", "\t"] {
        let lines = ["file,label,text", "a.mp4,1.5,\"well, fine\"", "b.mp4,-1,no"];
        let text = lines.map(|line| line.replace(',', separator)).join("\n");
        let (_folder, path) = table(&text);
        let clips = read_clips(&path);
        assert_eq!((clips.len(), clips[0].label), (2, 1.5));
    }
    let (_folder, path) = table("datei;label\na.mp4;1\n");
    let said = read_labels(&path, LabelRange::default())
        .unwrap_err()
        .to_string();
    assert!(
        said.ends_with("no column `file`; its columns, separated by semicolons, are: datei, label"),
        "{said}"
    );
    let (_folder, path) = table("file|label\na.mp4|1\n");
    let said = read_labels(&path, LabelRange::default())
        .unwrap_err()
        .to_string();
    assert!(
        said.ends_with("separated by commas, are: file|label"),
        "{said}"
    );
}

#[test]
fn a_table_without_clips_is_an_error() {
    for text in [
        "",
        "file,label\n",
        "text,label\n",
        "video_id,clip_id,text,label\n",
    ] {
        let (_folder, path) = table(text);
        let error = read_labels(&path, LabelRange::default()).unwrap_err();
        assert!(matches!(error, LabelError::Empty { .. }), "{error}");
    }
}

#[test]
fn labels_of_another_range_are_mapped() {
    let (_folder, path) = table("file,label\na.mp4,-0.5\nb.mp4,1\n");
    let read = read_labels(&path, "-1..1".parse().unwrap()).unwrap();
    assert_eq!(read.labels().collect::<Vec<_>>(), [-1.5, 3.0]);
    let (_folder, path) = table("file,label\na.mp4,2\n");
    let said = read_labels(&path, "-1..1".parse().unwrap())
        .unwrap_err()
        .to_string();
    assert!(said.ends_with("from -1 to 1, got 2"), "{said}");
}

#[test]
fn speech_none_says_that_nothing_is_said_and_a_blank_text_says_nothing() {
    let (_folder, path) = table("file,label,text,speech\na.wav,0,,none\nb.wav,0,  ,\n");
    let clips = read_clips(&path);
    assert_eq!(clips[0].text.as_deref(), Some(""));
    assert_eq!(clips[1].text, None);
    let (_folder, path) = table("file,label,text,speech\na.wav,0,hello,none\n");
    let error = read_labels(&path, LabelRange::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 2: the column speech says none, but"));
}
