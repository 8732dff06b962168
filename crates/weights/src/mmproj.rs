//! llama.cpp's audio input of the kind `glma`: the encoder of a Whisper and a projector to the width
//! of a language model.
//!
//! Source: `tools/mtmd/clip.cpp` and `tools/mtmd/models/whisper-enc.cpp` of llama.cpp.

use std::path::Path;

use crate::change::{self, Change};
use crate::gguf::{ALIGNMENT, Header};
use crate::output::{Output, Precision, ggml_shape};
use crate::store::Store;
use crate::{Tensor, WeightsError, WhisperWeights, hugging_face};

/// Whisper's layer norms.
const EPSILON: f32 = 1e-5;

/// What makes a language model's embeddings of an encoder's positions: a layer norm, `stack`
/// neighbouring positions joined, linear, GELU, linear; and two vectors of its own around them.
#[derive(Debug)]
pub struct Projector {
    store: Store,
    audio_width: usize,
    hidden_width: usize,
    output_width: usize,
    stack: usize,
    has_ctc: bool,
}

/// What a projector that was trained with CTC knows of its tokens: their numbers, the bias of each, and the
/// rule: the factor on nearness, the length of a vector that is as likely a blank as not, and the odds
/// against a blank of each unit beyond it.
const CTC: [&str; 3] = ["ctc.tokens", "ctc.bias", "ctc.rule"];

/// The projector's tensors in its file, and in llama.cpp's.
const TENSORS: [(&str, &str); 8] = [
    ("norm_pre.weight", "mm.a.norm_pre.weight"),
    ("norm_pre.bias", "mm.a.norm_pre.bias"),
    ("mlp.1.weight", "mm.a.mlp.1.weight"),
    ("mlp.1.bias", "mm.a.mlp.1.bias"),
    ("mlp.2.weight", "mm.a.mlp.2.weight"),
    ("mlp.2.bias", "mm.a.mlp.2.bias"),
    ("boi", "v.boi"),
    ("eoi", "v.eoi"),
];

impl Projector {
    /// Reads a projector (safetensors): `norm_pre.weight` and `norm_pre.bias` of the encoder's
    /// width *w*, `mlp.1.weight` [hidden, *stack* · *w*] and `mlp.1.bias`, `mlp.2.weight`
    /// [output, hidden] and `mlp.2.bias`, and the vectors before and after the audio, `boi` and
    /// `eoi` [1, output]. One that was trained with CTC against the embeddings of tokens also has
    /// `ctc.tokens` and `ctc.bias` `[tokens]`, and `ctc.rule` `[3]`: the factor on nearness, the length of a
    /// vector that is as likely a blank as not, and the odds against a blank of each unit beyond it. One
    /// that was trained together with changes to the encoder's linear layers has `LAYER.up` `[rows, rank]`
    /// and `LAYER.down` `[rank, columns]` of each, named as OpenAI's `LAYER.weight`.
    ///
    /// # Errors
    /// When it cannot be read, a tensor is missing or left over, or the shapes do not fit together.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let store = hugging_face::read(path)?;
        let [audio_width] = sides(&store, "norm_pre.weight")?;
        let [hidden_width, stacked] = sides(&store, "mlp.1.weight")?;
        let [output_width, _] = sides(&store, "mlp.2.weight")?;
        if audio_width == 0 || stacked == 0 || stacked % audio_width != 0 {
            return Err(store.error(format!(
                "\"mlp.1.weight\" takes {stacked} numbers: not a multiple of the encoder's width of \
                 {audio_width} (\"norm_pre.weight\")"
            )));
        }
        let stack = stacked / audio_width;
        let shapes: [&[usize]; 8] = [
            &[audio_width],
            &[audio_width],
            &[hidden_width, stacked],
            &[hidden_width],
            &[output_width, hidden_width],
            &[output_width],
            &[1, output_width],
            &[1, output_width],
        ];
        for ((name, _), shape) in TENSORS.iter().zip(shapes) {
            let found = store.get(name)?.shape();
            if found != shape {
                return Err(store.error(format!(
                    "{name:?} has the shape {found:?} instead of {shape:?}"
                )));
            }
        }
        let has_ctc = check_ctc(&store)?;
        let is_own = |name: &&str| {
            TENSORS.iter().any(|(own, _)| own == name)
                || has_ctc && CTC.contains(name)
                || change::is_part(name)
        };
        if let Some(name) = store.names().find(|name| !is_own(name)) {
            return Err(store.error(format!("it has a tensor {name:?}, which no projector has")));
        }
        Ok(Self {
            store,
            audio_width,
            hidden_width,
            output_width,
            stack,
            has_ctc,
        })
    }

    /// Width of the encoder that it was trained with.
    #[must_use]
    pub fn audio_width(&self) -> usize {
        self.audio_width
    }

    /// Width between its two linear layers.
    #[must_use]
    pub fn hidden_width(&self) -> usize {
        self.hidden_width
    }

    /// Width of the language model that it was trained for.
    #[must_use]
    pub fn output_width(&self) -> usize {
        self.output_width
    }

    /// Positions of the encoder that become one.
    #[must_use]
    pub fn stack(&self) -> usize {
        self.stack
    }

    fn check(&self, weights: &WhisperWeights) -> Result<(), WeightsError> {
        let sizes = weights.dimensions();
        if self.audio_width != sizes.audio_width {
            let encoder = weights.path().display();
            return Err(self.store.error(format!(
                "it was trained with an encoder of width {}; {encoder} has {}",
                self.audio_width, sizes.audio_width
            )));
        }
        // llama.cpp ends the process otherwise.
        if !sizes.audio_context.is_multiple_of(self.stack) {
            return Err(self.store.error(format!(
                "it joins {} positions, which do not divide the encoder's {}",
                self.stack, sizes.audio_context
            )));
        }
        Ok(())
    }
}

/// Whether it has what belongs to CTC: all of it or nothing.
fn check_ctc(store: &Store) -> Result<bool, WeightsError> {
    if CTC.iter().all(|name| store.find(name).is_none()) {
        return Ok(false);
    }
    let [tokens] = sides(store, CTC[0])?;
    let [biases] = sides(store, CTC[1])?;
    let [rule] = sides(store, CTC[2])?;
    match (tokens == biases, rule) {
        (true, 3) => Ok(true),
        _ => Err(store.error(format!(
            "{:?}, {:?} and {:?} have {tokens}, {biases} and {rule} numbers: as many biases as tokens are \
             needed, and 3",
            CTC[0], CTC[1], CTC[2]
        ))),
    }
}

fn sides<const N: usize>(store: &Store, name: &str) -> Result<[usize; N], WeightsError> {
    let shape = store.get(name)?.shape();
    (shape.try_into())
        .map_err(|_| store.error(format!("{name:?} has the shape {shape:?}, not {N} sides")))
}

/// A tensor on its way into the file.
struct Part<'a> {
    source: &'a Path,
    /// Its name where it comes from, for messages.
    name: String,
    target: String,
    tensor: &'a Tensor,
    change: Option<Change<'a>>,
    sides: Vec<usize>,
    precision: Precision,
}

impl<'a> Part<'a> {
    fn new(source: &'a Path, name: &str, target: String, tensor: &'a Tensor) -> Self {
        // llama.cpp adds the learned vectors to single-precision results as they are.
        let precision = match name {
            "boi" | "eoi" => Precision::F32,
            name => Precision::of(name, tensor.shape()),
        };
        Self {
            source,
            name: name.to_owned(),
            target,
            tensor,
            change: None,
            sides: ggml_shape(name, tensor.shape()),
            precision,
        }
    }

    fn bytes(&self) -> u64 {
        self.tensor.len() as u64 * self.precision.size()
    }

    fn write(&self, out: &mut Output) -> Result<(), WeightsError> {
        match self.change {
            None => out.tensor(self.source, &self.name, self.tensor, self.precision)?,
            Some(change) => {
                let values = change.applied_to(self.tensor)?;
                out.values(self.source, &self.name, &values, self.precision)?;
            }
        }
        let padding = self.bytes().next_multiple_of(ALIGNMENT) - self.bytes();
        out.put(&vec![0; padding as usize])
    }
}

/// Writes the encoder of a Whisper, with the projector's changes to it, and the projector as an audio input of llama.cpp (`mmproj`),
/// large tensors in half precision. The same weights always give the same bytes; the file appears
/// when it is complete.
///
/// # Errors
/// When the projector belongs to another encoder, changes what the encoder does not have, or joins positions in a number that does not
/// divide the encoder's, when weights cannot be read or do not fit half precision, or when the disk
/// refuses.
pub fn write_mmproj(
    weights: &WhisperWeights,
    projector: &Projector,
    path: &Path,
) -> Result<(), WeightsError> {
    projector.check(weights)?;
    let mut parts = Vec::new();
    for (name, _) in weights.dimensions().tensors() {
        if let Some(target) = target(&name) {
            let tensor = weights.tensor(&name)?;
            let change = Change::of(&projector.store, &name, tensor.shape())?;
            let part = Part::new(weights.path(), &name, target, tensor);
            parts.push(Part { change, ..part });
        }
    }
    change::check_targets(
        &projector.store,
        parts.iter().map(|part| part.name.as_str()),
    )?;
    for (name, target) in TENSORS {
        let tensor = projector.store.get(name)?;
        parts.push(Part::new(
            projector.store.path(),
            name,
            target.to_owned(),
            tensor,
        ));
    }
    let mut header = keys(weights, projector);
    for name in CTC.iter().filter(|_| projector.has_ctc) {
        let values = projector.store.get(name)?.values()?;
        header.f32_list(&format!("undertone.{name}"), &values);
    }
    for part in &parts {
        let kind = part.precision.ggml_type();
        header.tensor(&part.target, &part.sides, kind, part.bytes());
    }
    let mut out = Output::create(path)?;
    out.put(&header.finish())?;
    for part in &parts {
        part.write(&mut out)?;
    }
    out.commit()
}

fn keys(weights: &WhisperWeights, projector: &Projector) -> Header {
    let sizes = weights.dimensions();
    let mut header = Header::default();
    header.text("general.architecture", "clip");
    header.flag("clip.has_audio_encoder", true);
    header.flag("clip.has_vision_encoder", false);
    header.text("clip.projector_type", "glma");
    header.flag("clip.use_gelu", true);
    for (key, value) in [
        ("embedding_length", sizes.audio_width),
        ("feed_forward_length", 4 * sizes.audio_width),
        ("block_count", sizes.audio_layers),
        ("projection_dim", projector.output_width),
        ("num_mel_bins", sizes.mels),
        ("attention.head_count", sizes.audio_heads),
        ("projector.stack_factor", projector.stack),
    ] {
        header.u32(&format!("clip.audio.{key}"), value as u32);
    }
    header.f32("clip.audio.attention.layer_norm_epsilon", EPSILON);
    header
}

/// What llama.cpp calls a tensor of a Whisper; `None` for those of the decoder.
fn target(name: &str) -> Option<String> {
    let name = name.strip_prefix("encoder.")?;
    if name == "positional_embedding" {
        return Some("a.position_embd.weight".to_owned());
    }
    let (module, parameter) = name.rsplit_once('.')?;
    let module = match module {
        "conv1" => "conv1d.1".to_owned(),
        "conv2" => "conv1d.2".to_owned(),
        "ln_post" => "post_ln".to_owned(),
        block => {
            let (number, module) = block.strip_prefix("blocks.")?.split_once('.')?;
            let module = match module {
                "attn_ln" => "ln1",
                "attn.query" => "attn_q",
                "attn.key" => "attn_k",
                "attn.value" => "attn_v",
                "attn.out" => "attn_out",
                "mlp_ln" => "ln2",
                "mlp.0" => "ffn_up",
                "mlp.2" => "ffn_down",
                _ => return None,
            };
            format!("blk.{number}.{module}")
        }
    };
    Some(format!("a.{module}.{parameter}"))
}
