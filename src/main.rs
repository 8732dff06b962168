//! The program; everything is in the library, so that tests can reach it.

fn main() -> std::process::ExitCode {
    // SAFETY: no other thread runs yet.
    unsafe { undertone_engines::media::silence_opencv() };
    undertone::cli::main().into()
}
