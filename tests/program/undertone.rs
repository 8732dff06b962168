//! Runs the program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A sample clip.
pub fn clip(name: &str) -> PathBuf {
    root().join("tests/clips").join(name)
}

/// The program with arguments, started in the repository.
pub fn command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
    command
        .args(arguments)
        .current_dir(root())
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("UNDERTONE_LOG")
        .stdin(Stdio::null());
    command
}

/// What it answered: exit code, standard output, standard error.
pub fn run<S: AsRef<OsStr>>(arguments: &[S]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        status.code().expect("it was not killed"),
        text(stdout),
        text(stderr),
    )
}
