//! What the language model costs: CPU time of reading a transcript and of simulating one, and
//! memory.
//!
//! `cargo bench --bench language -- MODEL PROJECTOR [READ_PROMPT SIMULATE_PROMPT]`, both GGUF files.
//! One thread, so that no CPU time is spent on waiting for another.

use std::path::PathBuf;

use anyhow::{Context, Result};
use undertone::assembly::{audio_window, ctc_vocabulary};
use undertone_engines::llama::{
    LanguageError, LanguageModel, Llama, LlamaSettings, Prompt, SimulateSettings,
};

const TRANSCRIPT: &str = "the film was far better than anything i had expected from it";
const ROUNDS: u32 = 10;
const TOKENS: usize = 20;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (model, projector, read, simulate) = match arguments[..] {
        [model, projector] => (model, projector, "{transcript}", "{audio}\n"),
        [model, projector, read, simulate] => (model, projector, read, simulate),
        // `cargo bench` alone only checks that this builds.
        _ => {
            eprintln!("MODEL PROJECTOR [READ_PROMPT SIMULATE_PROMPT]");
            return Ok(());
        }
    };
    let load = |max_tokens| {
        Llama::load(LlamaSettings {
            model: PathBuf::from(model),
            simulate: Some(SimulateSettings {
                projector: PathBuf::from(projector),
                window: audio_window(projector.as_ref()),
                ctc: ctc_vocabulary(projector.as_ref()),
                prompt: Prompt::simulate(simulate)?,
            }),
            read: Prompt::read(read)?,
            text_form: undertone_types::TextForm::AsWritten,
            layer: None,
            context_tokens: 512,
            max_tokens,
            threads: 1,
        })
        .context("the model cannot be loaded")
    };
    let (start_mib, _) = memory_mib()?;
    let (prefix_only, llama) = (load(0)?, load(TOKENS)?);
    let (model_mib, _) = memory_mib()?;
    println!("models, twice        {:8.1} MiB", model_mib - start_mib);
    let mut session = llama.session()?;
    session.read("warm", &[])?;
    report("read 12 words", || session.read(TRANSCRIPT, &[]))?;
    let long = [TRANSCRIPT; 20].join(" ");
    report("read 240 words", || session.read(&long, &[]))?;
    let audio: Vec<f32> = (0..96_000)
        .map(|n| 0.1 * (n as f32 * (0.05 + n as f32 * 6e-7)).sin())
        .collect();
    let tokens = session.simulate(&audio)?.hidden.rows();
    report(&format!("simulate {tokens} tokens"), || {
        session.simulate(&audio)
    })?;
    let (session_mib, peak_mib) = memory_mib()?;
    let session_mib = session_mib - model_mib;
    println!("session, projector   {session_mib:8.1} MiB; peak of all {peak_mib:.1} MiB");
    let mut session = prefix_only.session()?;
    session.simulate(&audio)?;
    report("simulate 0 tokens", || session.simulate(&audio))?;
    Ok(())
}

/// Prints the CPU time of one call.
fn report<T>(name: &str, mut call: impl FnMut() -> Result<T, LanguageError>) -> Result<()> {
    let start = cpu_s()?;
    for _ in 0..ROUNDS {
        call()?;
    }
    let each = (cpu_s()? - start) / f64::from(ROUNDS);
    println!("{name:20} {each:8.3} s of CPU");
    Ok(())
}

/// CPU time of this process so far, to 10 ms: fields 14 and 15 of `/proc/self/stat` (proc(5)).
fn cpu_s() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(')').context("/proc/self/stat")?;
    let ticks: Vec<f64> = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// Resident memory now and at most, in MiB.
fn memory_mib() -> Result<(f64, f64)> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| -> Result<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("/proc/self/status")?.parse::<f64>()? / 1024.0)
    };
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}
