//! `undertone extract`: features of labelled clips and texts, to train a fusion network on.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::labelled::{Labelled, LabelledArgs};
use crate::labelled::{extract as extract_clips, extract_texts, origin_of_clips, origin_of_texts};
use undertone_training::{DatasetWriter, WordsLost};

/// Arguments of `extract`.
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// The labelled clips or texts.
    #[command(flatten)]
    pub labelled: LabelledArgs,
    /// Folder for the features; clips and texts that are in it already are not extracted again
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Give texts a simulated text as well: the same words, of which this share (0 to 1) is lost
    /// at random, as recognition loses them
    #[arg(long, value_name = "SHARE")]
    pub words_lost: Option<WordsLost>,
}

pub(super) fn extract(args: &ExtractArgs) -> Result<Exit, CliError> {
    let labelled = Labelled::open(&args.labelled)?;
    let (clips, lost) = (!labelled.clips.is_empty(), args.words_lost);
    if clips && lost.is_some() {
        return Err(CliError::usage(
            "--words-lost is for texts, and some of the tables are of clips, whose text is simulated \
             from their sound; extract these to another folder and train on both",
        ));
    }
    let origin = match clips {
        true => origin_of_clips(&labelled.bundle),
        false => origin_of_texts(&labelled.bundle, lost),
    };
    let mut writer = DatasetWriter::open(&args.out, origin)?;
    let mut failures = 0;
    if clips {
        failures += labelled.each_clip(|clips, engines, on_clip| {
            extract_clips(clips, engines, &mut writer, on_clip)
        })?;
    }
    if !labelled.texts.is_empty() {
        failures += labelled.each_text(lost, |texts, engines, on_text| {
            extract_texts(texts, engines, &mut writer, on_text)
        })?;
    }
    writer.finish()?;
    Ok(if failures == 0 {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}
