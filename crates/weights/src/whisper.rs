//! A Whisper's weights, whichever file they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::hugging_face::{self, Config};
use crate::naming::{self, Place};
use crate::store::Store;
use crate::{Dimensions, Tensor, WeightsError, ctranslate2};

/// The model file in a folder of CTranslate2.
const CTRANSLATE2: &str = "model.bin";
/// The model file in a folder of Hugging Face.
const SAFETENSORS: &str = "model.safetensors";
/// Width of a head in every Whisper of OpenAI, where a file does not say how many there are.
const HEAD_WIDTH: usize = 64;
/// More blocks than any Whisper has.
const MOST_LAYERS: usize = 1000;

/// A Whisper: its sizes, and its tensors by OpenAI's names (`encoder.blocks.0.attn.query.weight`).
/// All that [`Dimensions::tensors`] names are there, in these shapes.
#[derive(Debug)]
pub struct WhisperWeights {
    path: PathBuf,
    dimensions: Dimensions,
    tensors: BTreeMap<String, Tensor>,
}

impl WhisperWeights {
    /// Reads the headings of a Whisper of CTranslate2 (`model.bin`) or Hugging Face
    /// (`model.safetensors`, with `config.json` beside it for the number of heads).
    /// `path` is the file, or a folder that holds one of the two.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or is not a Whisper: every tensor must have the shape
    /// that the others ask for, and none may be left over.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let path = model_file(path)?;
        let source = if path.extension().is_some_and(|end| end == "safetensors") {
            Source::hugging_face(&path)?
        } else {
            Source {
                store: ctranslate2::read(&path)?,
                place: naming::ctranslate2,
                prefix: "",
                config: Config::default(),
            }
        };
        let dimensions = source.dimensions()?;
        let tensors = source.tensors(&dimensions)?;
        Ok(Self {
            path,
            dimensions,
            tensors,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its sizes.
    #[must_use]
    pub fn dimensions(&self) -> &Dimensions {
        &self.dimensions
    }

    /// A tensor by OpenAI's name.
    ///
    /// # Errors
    /// When a Whisper of these sizes has none of that name.
    pub fn tensor(&self, name: &str) -> Result<&Tensor, WeightsError> {
        (self.tensors.get(name))
            .ok_or_else(|| WeightsError::content(&self.path, format!("it has no tensor {name:?}")))
    }
}

/// The model file that `path` is, or that lies in the folder `path`.
fn model_file(path: &Path) -> Result<PathBuf, WeightsError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let found: Vec<_> = [CTRANSLATE2, SAFETENSORS]
        .map(|name| path.join(name))
        .into_iter()
        .filter(|file| file.is_file())
        .collect();
    match found.as_slice() {
        [file] => Ok(file.clone()),
        [] => Err(WeightsError::content(
            path,
            format!(
                "there is neither {CTRANSLATE2} (CTranslate2) nor {SAFETENSORS} (Hugging Face); a \
                 model in several safetensors files must be saved as one"
            ),
        )),
        _ => Err(WeightsError::content(
            path,
            format!("there are both {CTRANSLATE2} and {SAFETENSORS}: name the file that is meant"),
        )),
    }
}

/// A file with a Whisper, and how it names tensors.
struct Source {
    store: Store,
    place: fn(&str) -> Place,
    prefix: &'static str,
    config: Config,
}

impl Source {
    fn hugging_face(path: &Path) -> Result<Self, WeightsError> {
        let store = hugging_face::read(path)?;
        // The bare model, without its output layer, is saved without the prefix.
        let has_prefix = store.names().any(|name| name.starts_with("model."));
        Ok(Self {
            store,
            place: naming::hugging_face,
            prefix: if has_prefix { "model." } else { "" },
            config: Config::read(path.parent().unwrap_or(Path::new(".")))?,
        })
    }

    fn place(&self, name: &str) -> Place {
        let Place { name, part } = (self.place)(name);
        Place {
            name: format!("{}{name}", self.prefix),
            part,
        }
    }

    fn find(&self, name: &str) -> Result<Tensor, WeightsError> {
        let place = self.place(name);
        let stored = self.store.get(&place.name)?;
        let Some((index, of)) = place.part else {
            return Ok(stored.clone());
        };
        stored.part(index, of).ok_or_else(|| {
            let (name, shape) = (&place.name, stored.shape());
            (self.store).error(format!("{name:?} has the shape {shape:?}: not {of} in one"))
        })
    }

    /// The sizes, from the shapes of tensors; [`tensors`](Self::tensors) checks the others
    /// against them.
    fn dimensions(&self) -> Result<Dimensions, WeightsError> {
        let [audio_context, audio_width] = self.shape("encoder.positional_embedding")?;
        let [text_context, text_width] = self.shape("decoder.positional_embedding")?;
        let [vocabulary, _] = self.shape("decoder.token_embedding.weight")?;
        let [_, mels, _] = self.shape("encoder.conv1.weight")?;
        let sizes = [
            audio_context,
            audio_width,
            text_context,
            text_width,
            vocabulary,
            mels,
        ];
        // The files that are written hold sizes as 32-bit integers.
        if sizes.iter().any(|&size| size == 0 || size > 1 << 24) {
            return Err(self.store.error(format!("impossible sizes: {sizes:?}")));
        }
        Ok(Dimensions {
            vocabulary,
            mels,
            audio_context,
            audio_width,
            audio_heads: self.heads("encoder", audio_width)?,
            audio_layers: self.layers("encoder")?,
            text_context,
            text_width,
            text_heads: self.heads("decoder", text_width)?,
            text_layers: self.layers("decoder")?,
        })
    }

    fn shape<const N: usize>(&self, name: &str) -> Result<[usize; N], WeightsError> {
        let tensor = self.find(name)?;
        tensor.shape().try_into().map_err(|_| {
            let (name, shape) = (self.place(name).name, tensor.shape());
            self.store
                .error(format!("{name:?} has the shape {shape:?}, not {N} sides"))
        })
    }

    fn layers(&self, half: &str) -> Result<usize, WeightsError> {
        let is_there = |layer: &usize| {
            let first = self.place(&format!("{half}.blocks.{layer}.mlp.0.weight"));
            self.store.find(&first.name).is_some()
        };
        let count = (0..MOST_LAYERS).take_while(is_there).count();
        match count {
            0 => Err(self.store.error(format!("its {half} has no blocks"))),
            count => Ok(count),
        }
    }

    /// The number of attention heads: CTranslate2 stores it, Hugging Face has it in `config.json`.
    fn heads(&self, half: &str, width: usize) -> Result<usize, WeightsError> {
        let stored = (self.store.find(&format!("{half}/num_heads"))).and_then(Tensor::integer);
        let configured = match half {
            "encoder" => self.config.encoder_attention_heads,
            _ => self.config.decoder_attention_heads,
        };
        let heads = match stored {
            Some(heads) => usize::try_from(heads?).unwrap_or(0),
            None => configured.unwrap_or(width / HEAD_WIDTH),
        };
        if heads == 0 || !width.is_multiple_of(heads) {
            return Err((self.store).error(format!(
                "its {half} of width {width} cannot have {heads} attention heads (they are \
                 {HEAD_WIDTH} wide, unless CTranslate2's file or config.json says how many)"
            )));
        }
        Ok(heads)
    }

    /// All tensors of a Whisper of these sizes.
    fn tensors(&self, sizes: &Dimensions) -> Result<BTreeMap<String, Tensor>, WeightsError> {
        let mut used = BTreeSet::new();
        let mut tensors = BTreeMap::new();
        for (name, shape) in sizes.tensors() {
            let tensor = self.find(&name)?;
            let place = self.place(&name);
            if tensor.shape() != shape {
                let (stored, found) = (&place.name, tensor.shape());
                return Err(self.store.error(format!(
                    "{name:?} (in {stored:?}) has the shape {found:?} instead of {shape:?}"
                )));
            }
            used.insert(place.name);
            tensors.insert(name, tensor);
        }
        self.check_key_biases(sizes)?;
        self.check_rest(&used, &tensors)?;
        Ok(tensors)
    }

    /// CTranslate2 stacks biases of query, key and value. A Whisper's keys have none: zeros.
    fn check_key_biases(&self, sizes: &Dimensions) -> Result<(), WeightsError> {
        let audio = (0..sizes.audio_layers).map(|layer| format!("encoder.blocks.{layer}.attn"));
        let text = (0..sizes.text_layers).flat_map(|layer| {
            ["attn", "cross_attn"].map(|kind| format!("decoder.blocks.{layer}.{kind}"))
        });
        for attention in audio.chain(text) {
            let name = format!("{attention}.key.bias");
            if self.place(&name).part.is_none() {
                continue;
            }
            let bias = self.find(&name)?.values()?;
            if bias.iter().any(|&value| value != 0.0) {
                let reason = format!("{name:?} is not zero: a Whisper's keys have no bias");
                return Err(self.store.error(reason));
            }
        }
        Ok(())
    }

    /// Nothing may be left over but flags, and the output layer when it is the embedding.
    fn check_rest(
        &self,
        used: &BTreeSet<String>,
        tensors: &BTreeMap<String, Tensor>,
    ) -> Result<(), WeightsError> {
        for name in self.store.names().filter(|name| !used.contains(*name)) {
            let tensor = self.store.get(name)?;
            if tensor.shape().is_empty() {
                continue;
            }
            if !["decoder/projection/weight", "proj_out.weight"].contains(&name) {
                return Err(self.store.error(format!(
                    "it has a tensor {name:?}, which no Whisper has (a quantised model, or an \
                     adapter that was not merged?)"
                )));
            }
            if !tensor.equals(&tensors["decoder.token_embedding.weight"])? {
                return Err(self.store.error(format!(
                    "{name:?} is not the embedding: whisper.cpp has no output layer of its own"
                )));
            }
        }
        Ok(())
    }
}
