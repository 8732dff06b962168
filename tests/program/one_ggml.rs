//! The program must hold one ggml: whisper.cpp and llama.cpp each bundle a copy, and
//! two in one program clash or misbehave. See ARCHITECTURE.md, "One ggml".

use std::process::Command;

#[test]
fn the_program_defines_ggml_once() {
    let output = Command::new("nm")
        .args(["--defined-only", env!("CARGO_BIN_EXE_undertone")])
        .output()
        .expect("nm comes with g++, which building needs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let symbols = String::from_utf8_lossy(&output.stdout);
    for symbol in ["ggml_init", "gguf_init_from_file", "ggml_backend_sched_new"] {
        let definitions = symbols
            .lines()
            .filter(|line| line.split(' ').next_back() == Some(symbol))
            .count();
        assert_eq!(definitions, 1, "{symbol} is defined {definitions} times");
    }
    // The last is ggml's fast product of matrices, which it leaves out unless told.
    let engines = [
        "whisper_full_with_state",
        "llama_decode",
        "mtmd_tokenize",
        "llamafile_sgemm",
    ];
    for engine in engines {
        assert!(
            symbols.lines().any(|line| line.ends_with(engine)),
            "{engine} is missing"
        );
    }
}

#[test]
fn the_program_starts_without_a_library_path() {
    let output = Command::new(env!("CARGO_BIN_EXE_undertone"))
        .arg("--version")
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("undertone "));
}

#[test]
fn the_program_looks_for_libtorch_where_it_is_installed() {
    let output = Command::new("readelf")
        .args(["--dynamic", env!("CARGO_BIN_EXE_undertone")])
        .output()
        .expect("readelf comes with g++, which building needs");
    let said = String::from_utf8_lossy(&output.stdout);
    let paths = said.lines().find(|line| line.contains("PATH)"));
    let first = paths.and_then(|line| line.split(['[', ':', ']']).nth(2));
    assert_eq!(first, Some("$ORIGIN/../lib/undertone"), "{paths:?}");
}
