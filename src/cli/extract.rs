//! `undertone extract`: features of labelled clips, to train a fusion network on.

use std::path::PathBuf;

use clap::Args;

use super::clips::{Clips, ClipsArgs};
use super::error::CliError;
use super::exit::Exit;
use crate::labelled::extract as extract_clips;
use undertone_fusion::Widths;
use undertone_training::{BundleId, DatasetInfo, DatasetWriter, extractors};

/// Arguments of `extract`.
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// The labelled clips.
    #[command(flatten)]
    pub clips: ClipsArgs,
    /// Folder for the features; clips that are in it already are not extracted again
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

pub(super) fn extract(args: &ExtractArgs) -> Result<Exit, CliError> {
    let clips = Clips::open(&args.clips)?;
    let mut writer = DatasetWriter::open(&args.out, clips.dataset())?;
    let failures = clips.each(|labelled, engines, on_clip| {
        extract_clips(labelled, engines, &mut writer, on_clip)
    })?;
    writer.finish()?;
    Ok(if failures == 0 {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

impl Clips {
    /// The origin that the data set records.
    fn dataset(&self) -> DatasetInfo {
        let manifest = &self.bundle.manifest;
        let widths = Widths {
            audio: manifest.audio.width,
            text: manifest.text_width(),
            video: manifest.video.width,
        };
        let bundle = BundleId {
            name: manifest.name.clone(),
            fingerprint: self.bundle.features_fingerprint(),
        };
        DatasetInfo {
            former_fingerprint: Some(self.bundle.former_features_fingerprint()),
            ..DatasetInfo::new(widths, extractors(manifest), bundle)
        }
    }
}
