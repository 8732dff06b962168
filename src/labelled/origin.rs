//! What a data set records of the bundle that made it.

use undertone_bundle::Bundle;
use undertone_fusion::Widths;
use undertone_training::{BundleId, DatasetInfo, WordsLost, extractors};

/// The origin of a data set of clips.
#[must_use]
pub fn origin_of_clips(bundle: &Bundle) -> DatasetInfo {
    let manifest = &bundle.manifest;
    let widths = Widths {
        audio: manifest.audio.width,
        text: manifest.text_width(),
        video: manifest.video.width,
    };
    let id = BundleId {
        name: manifest.name.clone(),
        fingerprint: bundle.features_fingerprint(),
    };
    DatasetInfo {
        former_fingerprint: Some(bundle.former_features_fingerprint()),
        ..DatasetInfo::new(widths, extractors(manifest), id)
    }
}

/// The origin of a data set of texts: it names only what reads them, and whether their simulated
/// text is the same words with some lost.
#[must_use]
pub fn origin_of_texts(bundle: &Bundle, words_lost: Option<WordsLost>) -> DatasetInfo {
    let mut info = origin_of_clips(bundle);
    info.extractors.retain(|what, _| what == "text");
    let lost = words_lost.map(|lost| (WordsLost::KEY.to_owned(), lost.to_string()));
    info.extractors.extend(lost);
    info
}
