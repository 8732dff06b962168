//! whisper.cpp's model file.
//!
//! Magic, eleven sizes, mel filters, vocabulary, tensors. Little-endian; every count is of 32 bits.
//! Source: `whisper_model_load` in `src/whisper.cpp`, and `models/convert-pt-to-ggml.py` of
//! whisper.cpp.

use std::path::Path;

use crate::mel::{BINS, mel_filters};
use crate::output::{Output, Precision, ggml_shape};
use crate::{Vocabulary, WeightsError, WhisperWeights};

/// "ggml" as a number.
const MAGIC: u32 = 0x6767_6d6c;
/// Half-precision weights.
const MOSTLY_F16: usize = 1;

/// Writes a Whisper as a model of whisper.cpp, large tensors in half precision. The same weights
/// and words always give the same bytes; the file appears when it is complete.
///
/// # Errors
/// When the weights cannot be read or do not fit half precision, when the vocabulary belongs to
/// another kind of Whisper, or when the disk refuses.
pub fn write_ggml(
    weights: &WhisperWeights,
    vocabulary: &Vocabulary,
    path: &Path,
) -> Result<(), WeightsError> {
    let sizes = weights.dimensions();
    vocabulary.check(sizes.vocabulary)?;
    if sizes.audio_width != sizes.text_width {
        return Err(WeightsError::content(
            weights.path(),
            "encoder and decoder differ in width, which whisper.cpp does not support",
        ));
    }
    let mut out = Output::create(path)?;
    out.put(&MAGIC.to_le_bytes())?;
    for size in [
        sizes.vocabulary,
        sizes.audio_context,
        sizes.audio_width,
        sizes.audio_heads,
        sizes.audio_layers,
        sizes.text_context,
        sizes.text_width,
        sizes.text_heads,
        sizes.text_layers,
        sizes.mels,
        MOSTLY_F16,
    ] {
        out.number(size)?;
    }
    out.number(sizes.mels)?;
    out.number(BINS)?;
    for weight in mel_filters(sizes.mels) {
        out.put(&weight.to_le_bytes())?;
    }
    out.number(vocabulary.words().len())?;
    for word in vocabulary.words() {
        out.number(word.len())?;
        out.put(word)?;
    }
    for (name, shape) in sizes.tensors() {
        let precision = Precision::of(&name, &shape);
        let sides = ggml_shape(&name, &shape);
        out.number(sides.len())?;
        out.number(name.len())?;
        out.number(precision.ggml_type() as usize)?;
        for side in sides {
            out.number(side)?;
        }
        out.put(name.as_bytes())?;
        out.tensor(weights.path(), &name, weights.tensor(&name)?, precision)?;
    }
    out.commit()
}
