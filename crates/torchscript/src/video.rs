//! Faces.

use tch::{Kind, TchError, Tensor};

use crate::error::{RunError, ScriptError};
use crate::module::{Module, ScriptSettings};
use undertone_features::{FeatureError, VideoExtractor};
use undertone_types::{FACE_SIDE_PX, Face, Frame, Matrix};

/// How a module wants to see a face: `(brightness · scale − mean) / std`, for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceInput {
    /// Width and height in pixels.
    pub side_px: usize,
    /// 1, or 3 with the same brightness in each: faces have no colour here.
    pub channels: usize,
    /// What brightness in [0, 1] is multiplied with.
    pub scale: f64,
    /// Of each channel; empty for 0.
    pub mean: Vec<f64>,
    /// Of each channel; empty for 1.
    pub std: Vec<f64>,
}

/// A module that sees: a face `[1, channels, side, side]` → `width` values.
#[derive(Debug)]
pub struct ScriptVideo {
    module: Module,
    input: FaceInput,
}

impl ScriptVideo {
    /// Loads a module and tries it on a grey face.
    ///
    /// # Errors
    /// When libtorch cannot load it, or it does not give as many values as are asked for.
    pub fn load(settings: ScriptSettings, input: FaceInput) -> Result<Self, ScriptError> {
        let grey = [0.5; FACE_SIDE_PX * FACE_SIDE_PX];
        let named = "a grey face";
        let path = settings.file.clone();
        let module = Module::load(settings, || picture(&grey, FACE_SIDE_PX, &input), named)?;
        let extractor = Self { module, input };
        match extractor.row(&grey, FACE_SIDE_PX) {
            Ok(_) => Ok(extractor),
            Err(error) => Err(ScriptError::Trial {
                path,
                input: named,
                reason: error.reason(),
            }),
        }
    }

    /// Faces one by one: a face's values must not depend on those of others.
    fn row(&self, luma: &[f32], side_px: usize) -> Result<Matrix, RunError> {
        let features = self.module.run(picture(luma, side_px, &self.input)?)?;
        match features.rows() {
            1 => Ok(features),
            rows => Err(RunError::Module(format!(
                "it gave {rows} rows for one face"
            ))),
        }
    }
}

impl VideoExtractor for ScriptVideo {
    fn name(&self) -> &'static str {
        "torchscript"
    }

    fn version(&self) -> u32 {
        self.module.settings.version
    }

    fn width(&self) -> usize {
        self.module.settings.width
    }

    fn extract(&self, frames: &[Frame]) -> Result<Matrix, FeatureError> {
        let (mut values, mut rows) = (Vec::new(), 0);
        for Face { luma, side_px, .. } in frames.iter().filter_map(|frame| frame.face.as_ref()) {
            if luma.len() != side_px * side_px {
                return Err(FeatureError::CropSize { side_px: *side_px });
            }
            let row = self.row(luma, *side_px);
            let row = row.map_err(|error| error.of_features(self.module.path()))?;
            values.extend_from_slice(row.as_slice());
            rows += 1;
        }
        Ok(Matrix::new(rows, self.width(), values).expect("each face adds one row of this width"))
    }
}

fn picture(luma: &[f32], side_px: usize, input: &FaceInput) -> Result<Tensor, TchError> {
    let side = |px: usize| i64::try_from(px).unwrap_or(i64::MAX);
    let (from, to) = (side(side_px), side(input.side_px));
    let mut picture = Tensor::f_from_slice(luma)?.f_view([1, 1, from, from])?;
    if from < to {
        picture = picture.f_upsample_bilinear2d([to, to], false, None, None)?;
    } else if from > to {
        // Every pixel counts when it shrinks.
        picture = picture.f_internal_upsample_bilinear2d_aa([to, to], false, None, None)?;
    }
    let channels = side(input.channels);
    let each = |values: &[f64]| -> Result<Tensor, TchError> {
        let values = Tensor::f_from_slice(values)?.f_to_kind(Kind::Float)?;
        values.f_view([1, channels, 1, 1])
    };
    picture = (picture * input.scale).f_expand([1, channels, to, to], false)?;
    if !input.mean.is_empty() {
        picture = picture.f_sub(&each(&input.mean)?)?;
    }
    if !input.std.is_empty() {
        picture = picture.f_div(&each(&input.std)?)?;
    }
    picture.f_contiguous()
}
