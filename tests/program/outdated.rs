//! Reports that other settings made: said before they are made anew.

use crate::undertone::{clip, run};

#[test]
fn a_run_says_what_has_changed_before_it_makes_reports_anew() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out").display().to_string();
    let clip = clip("positive.mp4").display().to_string();
    let again = |set: &str| {
        let (code, _, said) = run(&["run", &clip, "--out", &out, "--set", set]);
        assert_eq!(code, 0, "{said}");
        said
    };
    assert!(!again("text.mode=none").contains("outdated"));
    assert!(!again("text.mode=none").contains("outdated"));
    let said = again("text.mode=auto");
    let expected = "1 report is outdated (text.mode: none → auto); making them anew";
    let at = said.find(expected).unwrap_or_else(|| panic!("{said}"));
    assert!(at < said.find("positive.mp4: done").unwrap(), "{said}");
    assert!(!again("text.mode=auto").contains("outdated"));
}
