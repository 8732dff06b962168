//! Folders as people have them: what may not be read, links, other files, odd names.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::undertone::{clip, root, run};

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The program with these arguments, bound by permissions even where the test runs as root.
fn run_bound_by_permissions(arguments: &[&str]) -> (i32, String, String) {
    let program = env!("CARGO_BIN_EXE_undertone");
    let mut command = match rustix::process::geteuid().is_root() {
        true => {
            let mut command = Command::new("setpriv");
            command.args([
                "--bounding-set=-dac_override,-dac_read_search",
                "--inh-caps=-dac_override,-dac_read_search",
                program,
            ]);
            command
        }
        false => Command::new(program),
    };
    command.args(arguments).current_dir(root());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("it was not killed");
    (code, text(output.stdout), text(output.stderr))
}

#[test]
fn a_subfolder_that_may_not_be_read_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    let locked = input.join("lost+found");
    fs::create_dir_all(&locked).unwrap();
    fs::copy(clip("positive.mp4"), input.join("good.mp4")).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).unwrap();
    let (input, out_text) = (text(&input), text(&out));
    let said = run_bound_by_permissions(&["run", &input, "--out", &out_text]);
    let excluding = ["run", &input, "--out", &out_text, "--set"];
    let excluding = [&excluding[..], &["files.exclude=[\"lost+found/\"]"]].concat();
    let excluded = run_bound_by_permissions(&excluding);
    let only_locked = run_bound_by_permissions(&["run", &text(&locked), "--out", &out_text]);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();

    let (code, shown, warned) = said;
    assert_eq!(code, 1, "{warned}");
    assert!(warned.contains("lost+found\" cannot be read: "), "{warned}");
    assert!(shown.contains("not read: 1"), "{shown}");
    assert!(out.join("good.mp4.jsonl").exists());
    // It is not even tried when it is excluded.
    let (code, shown, warned) = excluded;
    assert_eq!(code, 0, "{warned}");
    assert!(!warned.contains("cannot be read"), "{warned}");
    assert!(
        shown.contains("passed over: 1 folder by files.exclude"),
        "{shown}"
    );
    // Named itself, it is an error.
    let (code, _, said) = only_locked;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("lost+found\" cannot be read: "), "{said}");
}

#[test]
fn links_and_other_files_are_counted_and_links_followed_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (input, elsewhere) = (folder.path().join("in"), folder.path().join("elsewhere"));
    fs::create_dir_all(&input).unwrap();
    fs::create_dir_all(&elsewhere).unwrap();
    fs::copy(clip("audio-only.m4a"), input.join("book.M4B")).unwrap();
    fs::copy(clip("positive.mp4"), elsewhere.join("linked.mp4")).unwrap();
    symlink(&elsewhere, input.join("cam")).unwrap();
    symlink("/no/such/share", input.join("gone")).unwrap();
    for name in ["a.txt", "b.TXT", "c.jpg"] {
        fs::write(input.join(name), name).unwrap();
    }
    let out = folder.path().join("out");
    let (input_text, out_text) = (text(&input), text(&out));
    let (code, shown, said) = run(&["run", &input_text, "--out", &out_text]);
    assert_eq!(code, 0, "{said}");
    assert!(
        shown.contains("passed over: 3 files: 2 .txt, 1 .jpg; 1 link (files.follow"),
        "{shown}"
    );
    assert!(out.join("book.M4B.jsonl").exists());
    assert!(!out.join("cam").exists());
    let follow = [
        "run",
        &input_text,
        "--out",
        &out_text,
        "--set",
        "files.follow=true",
    ];
    let (code, shown, said) = run(&follow);
    assert!(out.join("cam/linked.mp4.jsonl").exists(), "{said}");
    assert_eq!(code, 1, "the broken link counts as incomplete: {said}");
    assert!(said.contains("in/gone\" cannot be followed: "), "{said}");
    assert!(shown.contains("not read: 1"), "{shown}");
}

#[test]
fn names_neither_break_nor_turn_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir_all(&input).unwrap();
    let name = "a\n[9 of 9] b.mp4: done\u{1b}[2J\u{202e}.mp4";
    fs::write(input.join(name), "no media").unwrap();
    let (input, out_text) = (text(&input), text(&out));
    let (code, shown, said) = run(&["run", &input, "--out", &out_text]);
    assert_eq!(code, 1, "{said}");
    let (_, status, _) = run(&["status", "--out", &out_text]);
    let escaped = "a\\n[9 of 9] b.mp4: done\\u{1b}[2J\\u{202e}.mp4";
    for text in [&shown, &said, &status] {
        assert!(text.contains(escaped), "{text:?}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        assert!(!text.contains("\n[9 of 9]"), "{text:?}");
    }
}
