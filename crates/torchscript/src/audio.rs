//! Sound.

use tch::{TchError, Tensor};

use crate::error::ScriptError;
use crate::module::{Module, ScriptSettings};
use undertone_features::{AudioExtractor, FeatureError, second_of_noise};
use undertone_types::Matrix;

/// A module that hears: `[1, samples]` at 16 kHz, in [−1, 1] → `[time, width]`.
#[derive(Debug)]
pub struct ScriptAudio(Module);

impl ScriptAudio {
    /// Loads a module and tries it on a second of noise.
    ///
    /// # Errors
    /// When libtorch cannot load it, or it does not give rows of the width that is asked for.
    pub fn load(settings: ScriptSettings) -> Result<Self, ScriptError> {
        let module = Module::load(
            settings,
            || samples(&second_of_noise()),
            "a second of noise",
        )?;
        Ok(Self(module))
    }
}

impl AudioExtractor for ScriptAudio {
    fn name(&self) -> &'static str {
        "torchscript"
    }

    fn version(&self) -> u32 {
        self.0.settings.version
    }

    fn width(&self) -> usize {
        self.0.settings.width
    }

    fn extract(&self, sound: &[f32]) -> Result<Matrix, FeatureError> {
        let input = samples(sound).map_err(Into::into);
        let features = input.and_then(|input| self.0.run(input));
        features.map_err(|error| error.of_features(self.0.path()))
    }
}

fn samples(sound: &[f32]) -> Result<Tensor, TchError> {
    Tensor::f_from_slice(sound)?.f_unsqueeze(0)
}
