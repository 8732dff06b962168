//! `undertone import`: converts features of other toolkits to a data set to train on.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::error::CliError;
use super::exit::Exit;
use super::progress::Terminal;
use super::say;
use undertone_formats::{
    Corpus, Folders, FormatError, LabelRange, Sequences, Splits, narrow_labels, read_arrays,
    read_csd, read_mertools, read_mmsa, read_transcripts,
};
use undertone_terminal::columns;
use undertone_training::{ImportedSplit, import as write};

/// Most left-out utterances that are named.
const NAMED: usize = 5;

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Which format.
    #[command(subcommand)]
    pub format: ImportFormat,
}

/// Where the data set is written, and what can be added to it.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// Folder for the features; an interrupted import continues
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Transcripts: CSV with the columns name and text (or english, sentence, chinese), or
    /// JSON lines with id and text
    #[arg(long, value_name = "FILE")]
    pub transcripts: Option<PathBuf>,
    /// Lowest and highest label of the data set, mapped to -3 to 3: for example -1..1
    #[arg(long, value_name = "MIN..MAX", allow_hyphen_values = true)]
    pub label_range: Option<LabelRange>,
}

/// How videos are split where the format does not say.
#[derive(Debug, Args)]
pub struct SplitArgs {
    /// CSV with the columns video and split (train, val, test); other videos are left out
    #[arg(long, value_name = "FILE", conflicts_with_all = ["val_share", "test_share"])]
    pub splits: Option<PathBuf>,
    /// Share of the videos for validation
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub val_share: Option<f64>,
    /// Share of the videos for test
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub test_share: Option<f64>,
    /// Seed of the random split
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
}

/// The formats.
#[derive(Debug, Subcommand)]
pub enum ImportFormat {
    /// MMSA's pickles: `aligned_50.pkl`, `unaligned_50.pkl` (nothing in them is executed)
    Mmsa {
        /// The pickle
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The output.
        #[command(flatten)]
        out: OutArgs,
    },
    /// MERTools' layout: label.npz, and a folder of .npy files for each modality
    Npy {
        /// The labels: train_corpus, val_corpus and test_corpus, each name → val
        #[arg(long, value_name = "NPZ")]
        labels: PathBuf,
        /// Folder of audio features: NAME.npy, or frames NAME/FRAME.npy
        #[arg(long, value_name = "DIR")]
        audio: PathBuf,
        /// Folder of text features
        #[arg(long, value_name = "DIR")]
        text: PathBuf,
        /// Folder of video features
        #[arg(long, value_name = "DIR")]
        video: PathBuf,
        /// Folder of simulated text features
        #[arg(long, value_name = "DIR")]
        simulated: Option<PathBuf>,
        /// The output.
        #[command(flatten)]
        out: OutArgs,
    },
    /// Computational sequences of the CMU Multimodal SDK (.csd)
    Csd {
        /// The labels; their intervals are the utterances, their first column the sentiment
        #[arg(long, value_name = "CSD")]
        labels: PathBuf,
        /// Audio features
        #[arg(long, value_name = "CSD")]
        audio: PathBuf,
        /// Text features
        #[arg(long, value_name = "CSD")]
        text: PathBuf,
        /// Video features
        #[arg(long, value_name = "CSD")]
        video: PathBuf,
        /// How videos are split; by default 10 % are for validation and 20 % for test.
        #[command(flatten)]
        splits: SplitArgs,
        /// The output.
        #[command(flatten)]
        out: OutArgs,
    },
    /// One .npz with arrays audio, text, video, labels and names
    Arrays {
        /// The archive
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// How videos are split where there is no array `split`; by default all are for training.
        #[command(flatten)]
        splits: SplitArgs,
        /// The output.
        #[command(flatten)]
        out: OutArgs,
    },
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..1.0).contains(&share) {
        return Ok(share);
    }
    Err("a share is at least 0 and below 1".to_owned())
}

impl SplitArgs {
    /// `val` and `test` are the shares where none is given.
    fn splits(&self, val: f64, test: f64) -> Result<Splits, FormatError> {
        if let Some(path) = &self.splits {
            return Splits::read(path);
        }
        Ok(Splits::Shares {
            val: self.val_share.unwrap_or(val),
            test: self.test_share.unwrap_or(test),
            seed: self.seed,
        })
    }
}

impl ImportFormat {
    fn out(&self) -> &OutArgs {
        match self {
            Self::Mmsa { out, .. }
            | Self::Npy { out, .. }
            | Self::Csd { out, .. }
            | Self::Arrays { out, .. } => out,
        }
    }

    fn open(&self) -> Result<Corpus, FormatError> {
        match self {
            Self::Mmsa { file, .. } => read_mmsa(file),
            Self::Npy {
                labels,
                audio,
                text,
                video,
                simulated,
                ..
            } => {
                let folders = Folders {
                    audio: audio.clone(),
                    text: text.clone(),
                    video: video.clone(),
                    simulated: simulated.clone(),
                };
                read_mertools(labels, &folders)
            }
            Self::Csd {
                labels,
                audio,
                text,
                video,
                splits,
                ..
            } => {
                let sequences = Sequences {
                    labels: labels.clone(),
                    audio: audio.clone(),
                    text: text.clone(),
                    video: video.clone(),
                };
                read_csd(&sequences, &splits.splits(0.1, 0.2)?)
            }
            Self::Arrays { file, splits, .. } => read_arrays(file, &splits.splits(0.0, 0.0)?),
        }
    }
}

pub(super) fn import(args: &ImportArgs) -> Result<Exit, CliError> {
    let terminal = Terminal::new();
    let out = args.format.out();
    let mut corpus = args.format.open()?;
    if let Some(path) = &out.transcripts {
        let words = read_transcripts(path)?;
        corpus.add_words(words, path);
    }
    match out.label_range {
        Some(range) => map_labels(&mut corpus, range)?,
        None => {
            let labels = corpus.headings.iter().map(|heading| heading.label);
            let narrow = narrow_labels(labels).map(|warning| format!("warning: {warning}"));
            corpus.remarks.extend(narrow);
        }
    }
    for remark in &corpus.remarks {
        terminal.line(remark);
    }
    let total = corpus.headings.len();
    let mut on_utterance = |done: usize| {
        if done.is_multiple_of(1000) {
            terminal.line(&format!("[{done}/{total}]"));
        }
    };
    let splits = write(&mut corpus, &out.out, &mut on_utterance)?;
    for split in &splits {
        split_remarks(split)
            .iter()
            .for_each(|line| terminal.line(line));
    }
    say(&summary(&corpus.widths, &splits))?;
    say(&format!("{}\n", out.out.display()))?;
    Ok(Exit::Done)
}

/// Maps the labels to −3 to 3.
fn map_labels(corpus: &mut Corpus, range: LabelRange) -> Result<(), CliError> {
    for heading in &mut corpus.headings {
        heading.label = range.score(heading.label).ok_or_else(|| {
            let (id, label) = (&heading.id, heading.label);
            CliError::usage(format!(
                "the label of {id} must be a number from {range}, got {label}"
            ))
        })?;
    }
    Ok(())
}

/// Warnings about a split.
fn split_remarks(split: &ImportedSplit) -> Vec<String> {
    let mut lines = Vec::new();
    let name = split.split;
    if !split.empty.is_empty() {
        let (count, first) = (
            split.empty.len(),
            &split.empty[..split.empty.len().min(NAMED)],
        );
        lines.push(format!(
            "{name}: left out {count} without any features: {}",
            first.join(", ")
        ));
    }
    if split.zeroed > 0 {
        lines.push(format!(
            "{name}: {} values were not finite and became 0",
            split.zeroed
        ));
    }
    if split.present > 0 {
        lines.push(format!("{name}: {} were there already", split.present));
    }
    lines
}

/// A table with a row for each split.
fn summary(widths: &[usize; 3], splits: &[ImportedSplit]) -> String {
    let headings = [
        "split",
        "utterances",
        "no audio",
        "no text",
        "no simulated",
        "no video",
        "zeroed",
    ];
    let mut rows = vec![headings.map(str::to_owned)];
    rows.extend(splits.iter().map(|split| {
        let without = split.without;
        [
            split.split.to_string(),
            split.utterances.to_string(),
            without.audio.to_string(),
            without.text.to_string(),
            without.simulated.to_string(),
            without.video.to_string(),
            split.zeroed.to_string(),
        ]
    }));
    let [audio, text, video] = widths;
    format!(
        "{}widths: audio {audio}, text {text}, video {video}\n",
        columns(&rows)
    )
}
