//! A bundle whose language model gets to see words alone.

use std::fs;
use std::path::Path;

use crate::undertone::{clip, root, run};

/// The demo bundle, whose language model sees text in the form of words.
fn bundle_of_words(folder: &Path) -> String {
    fs::create_dir(folder).unwrap();
    for entry in fs::read_dir(root().join("models/demo")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let manifest = folder.join("bundle.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let of_words = text.replace("max_tokens =", "text_form = \"words\"\nmax_tokens =");
    fs::write(&manifest, of_words).unwrap();
    format!("bundle={}", folder.display())
}

#[test]
fn what_data_sets_write_and_what_is_said_are_the_same_words() {
    let folder = tempfile::tempdir().unwrap();
    let setting = bundle_of_words(&folder.path().join("words"));
    fs::copy(clip("positive.mp4"), folder.path().join("a.mp4")).unwrap();
    let features = |name: &str, text: &str| {
        let path = |file: String| folder.path().join(file).display().to_string();
        let (labels, out) = (path(format!("{name}.csv")), path(name.to_owned()));
        fs::write(&labels, format!("file,label,text\na.mp4,2.5,\"{text}\"\n")).unwrap();
        let (code, _, said) = run(&["extract", &labels, "--out", &out, "--set", &setting]);
        assert_eq!(code, 0, "{said}");
        fs::read(folder.path().join(name).join("shard-00000.safetensors")).unwrap()
    };
    let plain = features("plain", "i think the novel was wonderful");
    let written = features("written", "[Music] I THINK: the novel (uhh) was wonderful!");
    assert!(plain == written, "features of the same words differ");
    assert!(plain != features("others", "i think the novel was awful"));
}
