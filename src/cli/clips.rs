//! What `extract` and `calibrate` share: labelled clips, taken through a bundle's engines.

use std::cell::Cell;
use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::progress::Terminal;
use super::settings::SettingsArgs;
use crate::assembly::{self, SessionThreads, SpeechModels};
use crate::labelled::{ClipEngines, ClipProgress, LabelledError, OnClip};
use undertone_bundle::Bundle;
use undertone_config::Config;
use undertone_formats::{LabelRange, LabelledClip, narrow_labels, read_labels};
use undertone_telemetry::start_logging;

/// Which clips, and the settings of the engines.
#[derive(Debug, Args)]
pub struct ClipsArgs {
    /// Tables of labels (CSV with the columns file, label or valence, and if known text, speech
    /// (none where nothing is said), split and source; or MMSA-FET's label.csv), each beside its
    /// clips. Columns may be separated by commas, semicolons or tabs
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
    /// Lowest and highest label of the tables, mapped to -3 to 3: for example -1..1
    #[arg(long, value_name = "MIN..MAX", allow_hyphen_values = true)]
    pub label_range: Option<LabelRange>,
    /// Where settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// Labelled clips and a bundle, both checked.
pub(super) struct Clips {
    pub(super) bundle: Bundle,
    config: Config,
    terminal: Terminal,
    labelled: Vec<LabelledClip>,
}

impl Clips {
    pub(super) fn open(args: &ClipsArgs) -> Result<Self, CliError> {
        let terminal = Terminal::new();
        let config = args.settings.load()?;
        start_logging(&config.log, terminal.clone())?;
        let open = assembly::open_bundle_for_extraction;
        let bundle = assembly::open_setting(&config.bundle, open)?;
        let mut labelled = Vec::new();
        for table in &args.labels {
            labelled.extend(read_labels(table, args.label_range.unwrap_or_default())?);
        }
        if args.label_range.is_none()
            && let Some(warning) = narrow_labels(labelled.iter().map(|clip| clip.label.into()))
        {
            terminal.line(&format!("warning: {warning}"));
        }
        Ok(Self {
            bundle,
            config,
            terminal,
            labelled,
        })
    }

    /// Loads the engines, lets `work` process the clips, and shows progress; returns how many
    /// clips failed.
    pub(super) fn each(
        &self,
        work: impl FnOnce(&[LabelledClip], &ClipEngines<'_>, OnClip<'_>) -> Result<(), LabelledError>,
    ) -> Result<usize, CliError> {
        // Every thread takes a clip through all engines: one core each.
        let speech = SpeechModels::load(&self.bundle, SessionThreads::ONE)?;
        // Before any thread starts, so that a missing plugin is one clear error.
        drop(assembly::media(&self.config)?);
        let gate = assembly::gate(&self.config, &self.bundle);
        let media = || assembly::media(&self.config).expect("it could be made a moment ago");
        let engines = ClipEngines {
            media: &media,
            recogniser: &speech.whisper,
            language: speech.language(),
            observer: &|| speech.observer.clone(),
            gate: &gate,
            decode: (&self.config).into(),
            threads: self.config.threads.budget(),
        };
        let failures = Cell::new(0);
        work(&self.labelled, &engines, &mut |progress, clip, result| {
            if let Err(failure) = result {
                failures.set(failures.get() + 1);
                self.terminal.line(&format!("{}: {failure}", clip.id));
            }
            let ClipProgress { done, total, .. } = progress;
            if done % 50 == 0 || done == total {
                let per_s = progress.per_s();
                self.terminal
                    .line(&format!("[{done}/{total}] {per_s:.1} clips/s"));
            }
        })?;
        Ok(failures.get())
    }
}
