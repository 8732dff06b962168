//! `undertone models pull`.

use std::io;
use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;

use super::megabytes;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::progress::Terminal;
use crate::cli::say;
use undertone_models::{Catalogue, DEMO, Licence, Network, Places, Progress, Pull, Pulled};

/// Without a terminal, progress is told whenever this share of a file has come.
const SHARES: u64 = 4;

/// Arguments of `models pull`.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// A name that `undertone models` lists
    pub name: String,
    /// Take the models from this folder (DIR/whisper-base/model.bin and so on), without a network
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Accept the licences that are shown
    #[arg(long, visible_alias = "accept-license")]
    pub accept_licence: bool,
}

pub(super) fn pull(
    args: &PullArgs,
    places: &Places,
    catalogue: &Catalogue,
) -> Result<Exit, CliError> {
    if args.name == DEMO {
        say("demo is in the program: there is nothing to get\n")?;
        return Ok(Exit::Done);
    }
    let terminal = Terminal::new();
    let mut shown = Shown::new(&terminal);
    let pull = Pull {
        catalogue,
        places,
        from: args.from.as_deref(),
        accepted: args.accept_licence,
        network: Network::default(),
    };
    let pulled = pull.pull(&args.name, &mut |progress| shown.tell(progress))?;
    drop(shown);
    done(&args.name, &pulled)?;
    Ok(Exit::Done)
}

fn done(name: &str, pulled: &Pulled) -> io::Result<()> {
    let (Pulled::New(folder) | Pulled::There(folder)) = pulled;
    let state = match pulled {
        Pulled::New(_) => "installed",
        Pulled::There(_) => "there already, complete",
    };
    say(&format!(
        "{name}: {state}, {}\nundertone run RECORDINGS --out REPORTS --set bundle={name}\n",
        folder.display()
    ))
}

/// Shows what a pull says: a bar on a terminal, plain lines otherwise.
struct Shown<'t> {
    terminal: &'t Terminal,
    bar: Option<ProgressBar>,
    size_bytes: u64,
    told: u64,
}

impl<'t> Shown<'t> {
    fn new(terminal: &'t Terminal) -> Self {
        Self {
            terminal,
            bar: None,
            size_bytes: 0,
            told: 0,
        }
    }

    fn tell(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Terms(licences) => self.terms(licences),
            Progress::Waiting => self.line("another process is getting it: waiting"),
            Progress::Fetching {
                file,
                have_bytes,
                size_bytes,
            } => self.begin(file, have_bytes, size_bytes),
            Progress::Fetched { have_bytes } => self.advance(have_bytes),
            Progress::Retrying { why, after } => {
                let seconds = after.as_secs();
                self.line(&format!("{why}; trying again in {seconds} s"));
            }
            Progress::Checking { file } => self.line(&format!("checking {file}")),
            Progress::Making { file } => self.line(&format!("making {file}")),
        }
    }

    /// Those that must be accepted in full, of the others where they are.
    fn terms(&self, licences: &[&Licence]) {
        for licence in licences {
            match licence.must_accept {
                true => self.line(&format!("\n{}", licence.summary())),
                false => self.line(&format!("licence: {}, {}", licence.name, licence.text)),
            }
        }
    }

    fn begin(&mut self, file: &str, have_bytes: u64, size_bytes: u64) {
        self.clear();
        (self.size_bytes, self.told) = (size_bytes, share(have_bytes, size_bytes));
        let template = "{bar:30} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left, {msg}";
        self.bar = self.terminal.bar(size_bytes as usize, template);
        match &self.bar {
            Some(bar) => {
                bar.set_message(file.to_owned());
                bar.set_position(have_bytes);
                bar.reset_eta();
            }
            None => {
                let there = match have_bytes {
                    0 => String::new(),
                    have => format!(", {} of it are there", megabytes(have)),
                };
                self.line(&format!("getting {file}, {}{there}", megabytes(size_bytes)));
            }
        }
    }

    fn advance(&mut self, have_bytes: u64) {
        if let Some(bar) = &self.bar {
            return bar.set_position(have_bytes);
        }
        let share = share(have_bytes, self.size_bytes);
        if share > self.told && share < SHARES {
            self.line(&format!("{} %", share * 100 / SHARES));
        }
        self.told = share;
    }

    fn line(&self, text: &str) {
        self.terminal.line(text);
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Whole shares of a file that are there.
fn share(have_bytes: u64, size_bytes: u64) -> u64 {
    have_bytes * SHARES / size_bytes.max(1)
}
