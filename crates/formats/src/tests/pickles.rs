//! Pickles of all protocols, and those that are refused.

use super::super::Pickle;
use super::file;

fn open(name: &str) -> Pickle {
    Pickle::open(&file(name)).unwrap()
}

fn refusal(name: &str) -> String {
    let error = Pickle::open(&file(name)).map(drop).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains(name) && message.contains("byte "),
        "{message}"
    );
    message
}

#[test]
fn every_protocol_gives_the_same_values() {
    for protocol in 0..6 {
        let pickle = open(&format!("plain-{protocol}.pkl"));
        let root = pickle.root();
        let number = |key: &str| root.get(key).unwrap().number().unwrap();
        assert_eq!(number("yes"), 1.0);
        assert_eq!(number("no"), 0.0);
        assert_eq!(number("small"), 7.0);
        assert_eq!(number("medium"), 70_000.0);
        assert_eq!(number("negative"), -3.0);
        assert_eq!(number("long"), (1_u64 << 40) as f64);
        assert_eq!(number("half"), 0.5);
        assert_eq!(number("scalar"), 1.25);
        assert_eq!(number("index"), -9.0);
        let text = |key: &str| root.get(key).unwrap().text().unwrap();
        assert_eq!(text("word"), "café €");
        assert_eq!(text("buffer"), "abc");
        assert_eq!(text("empty"), "");
        assert_eq!(
            root.get("tuple").unwrap().numbers().unwrap(),
            [1.0, 2.0, 3.0, 4.0]
        );
        let nested = root
            .get("nested")
            .unwrap()
            .get("a")
            .unwrap()
            .get("b")
            .unwrap();
        assert_eq!(nested.items().unwrap()[1].numbers().unwrap(), [1.0, 2.0]);
    }
}

#[test]
fn arrays_of_every_type_and_order() {
    for protocol in 0..6 {
        let pickle = open(&format!("plain-{protocol}.pkl"));
        let root = pickle.root();
        let array = |key: &str| root.get(key).unwrap().array().unwrap();
        for key in ["f4", "f8", "big", "f2"] {
            assert_eq!(array(key).shape(), [2, 3], "{key}");
            assert_eq!(array(key).rows(1..2).unwrap(), [3.0, 4.0, 5.0], "{key}");
        }
        assert_eq!(array("i1").numbers().unwrap(), [-1.0, 2.0]);
        assert_eq!(array("i8").numbers().unwrap(), [-1.0, 2.0]);
        assert_eq!(array("u2").numbers().unwrap(), [1.0, 65_535.0]);
        assert_eq!(array("bool").numbers().unwrap(), [1.0, 0.0]);
        let fortran = array("fortran");
        let all: Vec<f64> = (0..24).map(f64::from).collect();
        assert_eq!(fortran.numbers().unwrap(), all);
        assert_eq!(fortran.rows(1..2).unwrap(), all[12..]);
        let first: Vec<f32> = (12..20).map(|value| value as f32).collect();
        assert_eq!(fortran.row_f32(1, 2).unwrap(), first);
        assert_eq!(array("U").texts().unwrap(), ["ab", "c€"]);
        assert_eq!(array("S").texts().unwrap(), ["ab", "c"]);
        let objects = root.get("objects").unwrap().items().unwrap();
        assert_eq!(objects[0].text().unwrap(), "x");
        assert_eq!(objects[2].number().unwrap(), 3.0);
    }
}

#[test]
fn strings_and_arrays_of_python_2() {
    let pickle = open("python2.pkl");
    let root = pickle.root();
    assert_eq!(root.get("name").unwrap().text().unwrap(), "it's A");
    let data = root.get("data").unwrap().array().unwrap();
    assert_eq!(data.numbers().unwrap(), [1.5, -2.0]);
}

#[test]
fn what_would_be_executed_is_refused_by_name() {
    for protocol in [0, 2, 4] {
        let message = refusal(&format!("system-{protocol}.pkl"));
        assert!(
            message.contains("posix.system, which is refused"),
            "{message}"
        );
    }
    assert!(refusal("eval.pkl").contains("builtins.eval"));
    assert!(refusal("unknown.pkl").contains("__main__.Unknown"));
    assert!(refusal("record.pkl").contains("not supported"));
}

#[test]
fn a_checkpoint_s_classes_are_refused_in_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pkl");
    std::fs::write(&path, b"\x80\x02ccollections\nOrderedDict\n)R.").unwrap();
    let message = Pickle::open(&path).map(drop).unwrap_err().to_string();
    assert!(message.contains("collections.OrderedDict"), "{message}");
}

#[test]
fn a_billion_laughs_cost_nothing() {
    let pickle = open("laughs.pkl");
    let mut node = pickle.root();
    for _ in 0..100 {
        let mut items = node.items().unwrap();
        assert_eq!(items.len(), 10);
        node = items.swap_remove(9);
    }
    assert_eq!(node.text().unwrap(), "ha");
}

#[test]
fn depth_and_cycles_cost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep.pkl");
    let depth = 300_000;
    let mut bytes = b"\x80\x04".to_vec();
    bytes.extend(std::iter::repeat_n(b']', depth));
    bytes.extend(std::iter::repeat_n(b'a', depth - 1));
    bytes.push(b'.');
    std::fs::write(&path, bytes).unwrap();
    drop(Pickle::open(&path).unwrap());
    // A list that holds itself.
    std::fs::write(&path, b"\x80\x04]\x94h\x00a.").unwrap();
    let pickle = Pickle::open(&path).unwrap();
    assert_eq!(pickle.root().items().unwrap()[0].items().unwrap().len(), 1);
}

#[test]
fn a_short_file_cannot_ask_for_much() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unfolds.pkl");
    // 60 KB of text, encoded a hundred times over.
    let mut bytes = b"\x80\x02c_codecs\nencode\nq\x00X".to_vec();
    bytes.extend_from_slice(&60_000_u32.to_le_bytes());
    bytes.extend(std::iter::repeat_n(b'a', 60_000));
    bytes.extend_from_slice(b"U\x06latin1\x86q\x01");
    for _ in 0..100 {
        bytes.extend_from_slice(b"h\x00h\x01R0");
    }
    bytes.push(b'.');
    std::fs::write(&path, bytes).unwrap();
    let message = Pickle::open(&path).map(drop).unwrap_err().to_string();
    assert!(message.contains("would unfold"), "{message}");
}

#[test]
fn errors_say_where_something_else_was_expected() {
    let pickle = open("plain-4.pkl");
    let root = pickle.root();
    let message = |result: Result<(), super::super::FormatError>| result.unwrap_err().to_string();
    let nested = root.get("nested").unwrap().get("a").unwrap();
    assert!(
        message(nested.array().map(drop)).ends_with("nested.a: expected an array, found a dict")
    );
    assert!(message(nested.get("c").map(drop)).ends_with("nested.a: there is no \"c\", only b"));
    assert!(message(root.get("word").unwrap().number().map(drop)).ends_with("found a string"));
}

#[test]
fn announced_lengths_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.pkl");
    for opcode in [&b"\x8d"[..], b"\x8e", b"\x96"] {
        let mut bytes = b"\x80\x05".to_vec();
        bytes.extend_from_slice(opcode);
        bytes.extend_from_slice(&(1_u64 << 60).to_le_bytes());
        bytes.extend_from_slice(b"abc.");
        std::fs::write(&path, &bytes).unwrap();
        let message = Pickle::open(&path).map(drop).unwrap_err().to_string();
        assert!(message.contains("4 are left"), "{message}");
    }
}
