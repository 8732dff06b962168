//! What `extract` and `calibrate` share: labelled clips and texts, taken through a bundle's engines.

use std::cell::Cell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use super::progress::Terminal;
use super::settings::SettingsArgs;
use crate::assembly::{self, SessionThreads, SpeechModels};
use crate::labelled::{ClipEngines, ClipProgress, LabelledError, OnClip, OnText, TextEngines};
use undertone_bundle::Bundle;
use undertone_config::Config;
use undertone_formats::{
    LabelRange, LabelTable, LabelledClip, LabelledText, narrow_labels, read_labels,
};
use undertone_telemetry::start_logging;
use undertone_training::WordsLost;
use undertone_types::Failure;

/// Which clips and texts, and the settings of the engines.
#[derive(Debug, Args)]
pub struct LabelledArgs {
    /// Tables of labels: of clips (CSV with the columns file, label or valence, and if known text,
    /// speech (none where nothing is said), split and source; or MMSA-FET's label.csv), each beside
    /// its clips; or of texts (the columns text, label or valence, and if known split, source and
    /// id). Columns may be separated by commas, semicolons or tabs
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
    /// Lowest and highest label of the tables, mapped to -3 to 3: for example -1..1
    #[arg(long, value_name = "MIN..MAX", allow_hyphen_values = true)]
    pub label_range: Option<LabelRange>,
    /// Where settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// Labelled clips and texts and a bundle, all checked.
pub(super) struct Labelled {
    pub(super) bundle: Bundle,
    pub(super) clips: Vec<LabelledClip>,
    pub(super) texts: Vec<LabelledText>,
    config: Config,
    terminal: Terminal,
}

impl Labelled {
    pub(super) fn open(args: &LabelledArgs) -> Result<Self, CliError> {
        let terminal = Terminal::new();
        let config = args.settings.load()?;
        start_logging(&config.log, terminal.clone())?;
        let open = assembly::open_bundle_for_extraction;
        let bundle = assembly::open_setting(&config.bundle, open)?;
        let mut labelled = Self {
            bundle,
            clips: Vec::new(),
            texts: Vec::new(),
            config,
            terminal,
        };
        for table in &args.labels {
            let read = read_labels(table, args.label_range.unwrap_or_default())?;
            labelled.add(table, read);
        }
        labelled.check_ids()?;
        labelled.doubt(args.label_range);
        Ok(labelled)
    }

    fn add(&mut self, table: &Path, read: LabelTable) {
        match read {
            LabelTable::Clips(clips) => self.clips.extend(clips),
            LabelTable::Texts(texts, why) => {
                let (table, count) = (table.display(), texts.len());
                let line = format!("{table}: {count} texts without clips, since {why}");
                self.terminal.line(&line);
                self.texts.extend(texts);
            }
        }
    }

    /// A row that stands twice would be left out as one that is done.
    fn check_ids(&self) -> Result<(), CliError> {
        let clips = self.clips.iter().map(|clip| &clip.id);
        let mut seen = HashSet::new();
        let mut ids = clips.chain(self.texts.iter().map(|text| &text.id));
        match ids.find(|id| !seen.insert(*id)) {
            None => Ok(()),
            Some(id) => Err(CliError::usage(format!(
                "two rows of the tables have the id {id}; name each table and each row once, and \
                 keep tables of the same name in folders of different names"
            ))),
        }
    }

    /// Warns where the labels may be of another range.
    fn doubt(&self, range: Option<LabelRange>) {
        let clips = self.clips.iter().map(|clip| f64::from(clip.label));
        let texts = self.texts.iter().map(|text| f64::from(text.label));
        if range.is_none()
            && let Some(warning) = narrow_labels(clips.chain(texts))
        {
            self.terminal.line(&format!("warning: {warning}"));
        }
    }

    /// Loads the engines, lets `work` process the clips, and shows progress; returns how many
    /// clips failed.
    pub(super) fn each_clip(
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
        work(&self.clips, &engines, &mut |progress, clip, result| {
            self.show(progress, "clips", &clip.id, result, &failures);
        })?;
        Ok(failures.get())
    }

    /// Loads the language model alone, lets `work` process the texts, and shows progress; returns
    /// how many texts failed.
    pub(super) fn each_text(
        &self,
        words_lost: Option<WordsLost>,
        work: impl FnOnce(&[LabelledText], &TextEngines<'_>, OnText<'_>) -> Result<(), LabelledError>,
    ) -> Result<usize, CliError> {
        let manifest = &self.bundle.manifest;
        let engines = TextEngines {
            language: &assembly::text_reader(&self.bundle, SessionThreads::ONE.represent)?,
            widths: [manifest.audio.width, manifest.video.width],
            words_lost,
            threads: self.config.threads.budget(),
        };
        let failures = Cell::new(0);
        work(&self.texts, &engines, &mut |progress, text, result| {
            self.show(progress, "texts", &text.id, result, &failures);
        })?;
        Ok(failures.get())
    }

    fn show(
        &self,
        progress: &ClipProgress,
        what: &str,
        id: &str,
        result: &Result<(), Failure>,
        failures: &Cell<usize>,
    ) {
        if let Err(failure) = result {
            failures.set(failures.get() + 1);
            self.terminal.line(&format!("{id}: {failure}"));
        }
        let ClipProgress { done, total, .. } = progress;
        // A table of texts may have tens of thousands.
        let every = (total / 50).clamp(50, 1000);
        if done % every == 0 || done == total {
            let per_s = progress.per_s();
            let line = format!("[{done}/{total}] {per_s:.1} {what}/s");
            self.terminal.line(&line);
        }
    }
}
