//! `undertone watch`: keeps the reports of folders up to date, for months.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use crossbeam_channel::{Receiver, unbounded};
use signal_hook::consts::{SIGHUP, SIGINT, SIGIO, SIGTERM, SIGUSR1};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use super::caveats::say_caveats;
use super::error::{CliError, Context};
use super::exit::Exit;
use super::progress::Terminal;
use super::settings::SettingsArgs;
use super::worker;
use crate::assembly::{self, Ready};
use crate::trial::ensure_tried;
use undertone_config::Pages;
use undertone_daemon::{
    Call, Daemon, Ending, Reload, Root, StateFolder, Watching, check_hooks, roots,
};
use undertone_live::{Live, Serving};
use undertone_reports::{RunMark, sweep};
use undertone_telemetry::start_logging;

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Folders to watch, with all folders below them; they need not exist yet
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Folder for the reports; created if missing
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Where settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn watch(args: &WatchArgs) -> Result<Exit, CliError> {
    let Ready { config, bundle } = Ready::new(args.settings.load(), assembly::open_bundle)?;
    check_hooks(&config.hooks)?;
    let roots = roots(&args.folders, &args.out)?;
    start_logging(&config.log, std::io::stderr)?;
    ensure_tried(&bundle, |line| tracing::info!("{line}"))?;
    let state = StateFolder::open(&args.out)?;
    let calls = listen().context("cannot listen for signals")?;
    let swept = sweep(&args.out);
    if swept > 0 {
        tracing::info!(files = swept, "removed temporary files of a killed daemon");
    }
    say_caveats(&bundle, &config.log, &Terminal::new());
    show_live(&config.pages, &roots, &args.out)?;
    let workshop = worker::workshop(&config, Arc::new(|| Box::new(std::io::stderr())))?;
    let watching = Watching {
        roots,
        out: args.out.clone(),
        mark: Arc::new(RunMark::new(&config, &bundle)),
        config,
        workshop,
        reload: reload(args.settings.clone()),
        calls,
    };
    // The daemon needs only the manifest's data; the worker loads the models.
    drop(bundle);
    Ok(match Daemon::new(watching, state)?.run()? {
        Ending::Drained | Ending::Interrupted(0) => Exit::Done,
        Ending::Interrupted(_) => Exit::Interrupted,
    })
}

/// Serves the pages of the reports, where that is asked for.
fn show_live(pages: &Pages, roots: &[Root], out: &Path) -> Result<(), CliError> {
    if pages.listen.is_empty() {
        return Ok(());
    }
    let state = out.to_owned();
    let live = Live {
        out: out.to_owned(),
        recordings: roots.iter().map(|root| root.path.clone()).collect(),
        status: Box::new(move || serde_json::to_value(StateFolder::read_status(&state)?).ok()),
    };
    let Serving { url, is_loopback } = live.serve(&pages.listen)?;
    tracing::info!(%url, "showing the reports");
    if !is_loopback {
        tracing::warn!(
            "whoever reaches {url} reads every transcript and plays every recording, without a password: \
             set `pages.listen` to 127.0.0.1, or put a proxy that asks for a password before it"
        );
    }
    Ok(())
}

/// Reads settings and bundle again, the same way as at the start.
fn reload(settings: SettingsArgs) -> Reload {
    Box::new(move || {
        let Ready { config, bundle } = Ready::new(settings.load(), assembly::open_bundle)
            .map_err(|error| error.to_string())?;
        ensure_tried(&bundle, |line| tracing::info!("{line}"))
            .map_err(|error| error.to_string())?;
        let mark = Arc::new(RunMark::new(&config, &bundle));
        Ok((config, mark))
    })
}

fn listen() -> std::io::Result<Receiver<Call>> {
    let came = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the second signal finds the flag set by the first.
        flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, came.clone())?;
        flag::register(signal, came.clone())?;
    }
    // The kernel sends SIGIO when a program waits for a lease; leases are released at once.
    flag::register(SIGIO, Arc::default())?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1])?;
    let (tell, calls) = unbounded();
    let body = move || {
        for signal in signals.forever() {
            let call = match signal {
                SIGHUP => Call::Reload,
                SIGUSR1 => Call::Scan,
                _ => Call::Stop,
            };
            // Nobody listens only when the daemon ends.
            let _ = tell.send(call);
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(body)?;
    Ok(calls)
}
