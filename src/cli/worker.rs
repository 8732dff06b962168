//! `undertone worker`: the process that scores for `undertone run` and `undertone watch`; not
//! started by hand.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, unbounded};
use rustix::process::{Signal, set_parent_process_death_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};

use super::error::{CliError, Context};
use super::exit::Exit;
use crate::assembly::{self, SessionThreads, SpeechModels};
use crate::worker::{Service, serve};
use undertone_config::{Config, Isolation};
use undertone_daemon::{Event, Order, Setup, WorkerLog, Workshop};
use undertone_reports::RunMark;
use undertone_telemetry::start_logging;

pub(super) fn worker() -> Result<Exit, CliError> {
    depend_on_parent()?;
    let tell = speak()?;
    let mut orders = BufReader::new(io::stdin()).lines();
    let Some(Order::Begin(setup)) = orders
        .next()
        .transpose()?
        .map(|line| order(&line))
        .transpose()?
    else {
        return Err(CliError::usage(
            "`undertone worker` is started by `undertone run` and `watch`, not by hand",
        ));
    };
    start_logging(&setup.config.log, io::stderr)?;
    let (give, taken) = unbounded();
    std::thread::Builder::new()
        .name("orders".to_owned())
        .spawn(move || hear(orders, &give))?;
    serve_here(*setup, &taken, &tell)?;
    Ok(Exit::Done)
}

/// What makes workers, as the settings say; `log` opens what their standard error is passed on to.
pub(super) fn workshop(config: &Config, log: WorkerLog) -> Result<Workshop, CliError> {
    Ok(match config.worker.isolation {
        Isolation::Process => Workshop::Process(log),
        Isolation::None => {
            // GStreamer must be initialised before the process has other threads.
            drop(assembly::media_sources(config)?);
            Workshop::Thread(Arc::new(|setup, orders, tell| {
                serve_here(setup, orders, tell).map_err(|error| error.to_string())
            }))
        }
    })
}

/// Loads the models and works in this process until the orders end.
fn serve_here(
    setup: Setup,
    orders: &Receiver<Order>,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<(), CliError> {
    let Setup { config, out } = setup;
    let bundle = assembly::open_setting(&config.bundle, assembly::open_bundle)?;
    let media = assembly::media_sources(&config)?;
    let speech = SpeechModels::load(&bundle, SessionThreads::of_chain(&config))?;
    let service = Service {
        chain: assembly::chain(&config, &bundle),
        engines: speech.engines(&config, &bundle, media)?,
        mark: Arc::new(RunMark::new(&config, &bundle)),
        out,
    };
    serve(service, orders, tell);
    Ok(())
}

/// Ends with the process that started this one, stops only when that says so, and is the first to be killed when the machine runs out of memory.
pub(super) fn depend_on_parent() -> Result<(), CliError> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Started as /proc/self/exe it would be called `exe` in lists of processes.
    rustix::thread::set_name(c"undertone")?;
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] {
        signal_hook::flag::register(signal, Arc::default())?;
    }
    // Raising the score is always permitted; the file exists on Linux only.
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    Ok(())
}

/// Standard output for this program alone; what native libraries write there goes to standard
/// error.
pub(super) fn own_stdout() -> Result<File, CliError> {
    let out = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3).context("no standard output")?;
    rustix::stdio::dup2_stdout(io::stderr()).context("no standard error")?;
    Ok(File::from(out))
}

/// Events go to standard output.
fn speak() -> Result<impl Fn(Event) + Sync, CliError> {
    let events = Mutex::new(own_stdout()?);
    Ok(move |event| {
        let mut line = match serde_json::to_vec(&event) {
            Ok(line) => line,
            Err(error) => return tracing::error!(%error, ?event, "an event cannot be written"),
        };
        line.push(b'\n');
        let mut events = events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.write_all(&line).is_err() {
            // The parent is gone.
            std::process::exit(Exit::Interrupted as i32);
        }
    })
}

fn hear(lines: impl Iterator<Item = io::Result<String>>, give: &Sender<Order>) {
    let mut last = None;
    for line in lines.map_while(Result::ok) {
        match order(&line) {
            Ok(said) => {
                last = Some(matches!(said, Order::Finish | Order::FinishOpen));
                if give.send(said).is_err() {
                    return;
                }
            }
            Err(error) => tracing::error!("{error}"),
        }
    }
    if last != Some(true) {
        // The parent is gone.
        std::process::exit(Exit::Interrupted as i32);
    }
}

fn order(line: &str) -> Result<Order, CliError> {
    serde_json::from_str(line).context("the parent sent something that is not an order")
}
