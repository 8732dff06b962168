//! `undertone new-bundle`: a bundle of any Whisper and any language model, its network trained on
//! labelled texts, in one command. What must not live here: how texts are read, networks trained
//! and bundles packed; this only puts them in a row.

mod base;
mod outcome;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::labelled::{Labelled, LabelledArgs};
use super::progress::Terminal;
use super::settings::SettingsArgs;
use super::train::View;
use super::{say, signals};
use crate::assembly::open_bundle;
use crate::labelled::{deal_splits, extract_texts, origin_of_texts};
use crate::trial::ensure_tried;
use undertone_formats::LabelRange;
use undertone_training::{
    Dataset, DatasetWriter, Naming, StopReason, TrainConfig, WordsLost, pack, train,
};
use undertone_types::Split;

/// What stands in for simulated text in training, where no sound is: the same words, some lost.
const WORDS_LOST: &str = "0.3";

/// Arguments of `new-bundle`.
#[derive(Debug, Args)]
pub struct NewBundleArgs {
    /// A Whisper in whisper.cpp's format (ggml)
    #[arg(long, value_name = "FILE")]
    pub asr: PathBuf,
    /// A language model that llama.cpp runs (GGUF)
    #[arg(long, value_name = "FILE")]
    pub language_model: PathBuf,
    /// The language model's audio projector (GGUF, often called mmproj): it simulates the text
    /// where a transcript is not trusted. Without one, such utterances have no score
    #[arg(long, value_name = "FILE")]
    pub projector: Option<PathBuf>,
    /// Tables of labelled texts: the columns text, label or valence, and if known split, source and
    /// id; or MMSA's
    #[arg(long, required = true, num_args = 1.., value_name = "TABLE")]
    pub texts: Vec<PathBuf>,
    /// Lowest and highest label of the tables, mapped to -3 to 3: for example -1..1
    #[arg(long, value_name = "MIN..MAX", allow_hyphen_values = true)]
    pub label_range: Option<LabelRange>,
    /// Folder of the new bundle. DIR.work holds what is done until then: interrupted, the same
    /// command goes on
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Name that reports give; by default that of the folder
    #[arg(long)]
    pub name: Option<String>,
    /// Language of the recordings, as Whisper abbreviates it
    #[arg(long, value_name = "CODE", default_value = "en")]
    pub language: String,
    /// The prompt before a transcript; ends in {transcript}
    #[arg(long, value_name = "TEXT", default_value = "{transcript}")]
    pub read_prompt: String,
    /// The layer of the language model whose hidden states are read, counted from 1; the last one without
    /// it. Of Gemma 3 270M one in the middle knows more of sentiment, and is read in half the time
    #[arg(long, value_name = "N")]
    pub layer: Option<usize>,
    /// The prompt that has the language model write down the audio, which stands at {audio}. Models
    /// that follow instructions want the form that they were trained with
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "{audio} Transcript:",
        requires = "projector"
    )]
    pub simulate_prompt: String,
    /// Licence of the models, as an SPDX expression
    #[arg(long, value_name = "SPDX", default_value = "LicenseRef-unknown")]
    pub licence: String,
    /// Where settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn new_bundle(args: &NewBundleArgs) -> Result<Exit, CliError> {
    let terminal = Terminal::new();
    if args.out.exists() {
        let out = args.out.display();
        return Err(CliError::usage(format!(
            "{out} already exists; choose another folder"
        )));
    }
    let work = base::work_folder(&args.out);
    let notes = base::prepare(args, &work)?;
    let mut labelled = open_texts(args, &work)?;
    if let Some(said) = deal_splits(&mut labelled.texts) {
        terminal.line(&said);
    }
    ensure_tried(&labelled.bundle, |line| terminal.line(line))?;
    let features = work.join("features");
    read(args, &labelled, &features, &terminal)?;
    let dataset = Dataset::open(&features)?;
    let network = work.join("network");
    if let Some(exit) = teach(&dataset, &network, &terminal)? {
        return Ok(exit);
    }
    pack(&labelled.bundle, &network, &Naming::default(), &args.out)?;
    let packed = open_bundle(&args.out)?;
    ensure_tried(&packed, |line| terminal.line(line))?;
    say(&outcome::table(&dataset, &network)?)?;
    say(&outcome::next(&args.out, &work, &packed, &notes))?;
    Ok(Exit::Done)
}

/// The texts, and the bundle that reads them.
fn open_texts(args: &NewBundleArgs, work: &Path) -> Result<Labelled, CliError> {
    let mut settings = args.settings.clone();
    let base = work.join(base::BASE).display().to_string();
    settings.set.push(("bundle".to_owned(), base));
    let labelled = Labelled::open(&LabelledArgs {
        labels: args.texts.clone(),
        label_range: args.label_range,
        settings,
    })?;
    match labelled.clips.is_empty() {
        true => Ok(labelled),
        false => Err(CliError::usage(
            "--texts takes tables of texts, and one of these is of clips; for clips there are \
             `undertone extract`, `train` and `bundle` (docs/training.md)",
        )),
    }
}

/// Has the language model read the texts that it has not yet read.
fn read(
    args: &NewBundleArgs,
    labelled: &Labelled,
    features: &Path,
    terminal: &Terminal,
) -> Result<(), CliError> {
    let begun = Instant::now();
    // Without a projector nothing is ever simulated.
    let lost = args
        .projector
        .as_ref()
        .and(WORDS_LOST.parse::<WordsLost>().ok());
    let origin = origin_of_texts(&labelled.bundle, lost);
    let mut writer = DatasetWriter::open(features, origin)?;
    let texts = labelled.texts.len();
    let left = labelled
        .texts
        .iter()
        .filter(|text| writer.text(&text.id).is_none())
        .count();
    if left == 0 {
        terminal.line(&format!("all {texts} texts were read before"));
    }
    let failed = labelled.each_text(lost, |texts, engines, on_text| {
        extract_texts(texts, engines, &mut writer, on_text)
    })?;
    writer.finish()?;
    if left > 0 {
        let took = begun.elapsed().as_secs_f64();
        terminal.line(&format!(
            "{left} texts read in {took:.0} s, {failed} of them left out"
        ));
    }
    Ok(())
}

/// Trains the network, or goes on with it; an exit code where it was interrupted.
fn teach(dataset: &Dataset, network: &Path, terminal: &Terminal) -> Result<Option<Exit>, CliError> {
    let begun = Instant::now();
    let config = TrainConfig::for_texts(dataset.split(Split::Train).len());
    let stop = signals::listen()?;
    let mut view = View::new();
    let summary = train(&config, dataset, network, true, &mut |event| {
        view.show(&event);
        match stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    view.clear();
    if summary.reason == StopReason::Interrupted {
        terminal.line("stopped; the same command goes on where this one was");
        return Ok(Some(Exit::Interrupted));
    }
    let took = begun.elapsed().as_secs_f64();
    terminal.line(&format!("{} epochs in {took:.0} s", summary.epochs));
    Ok(None)
}
