//! Weights in safetensors files, with checks that say what differs.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tch::{Kind, Tensor};

use super::error::write_file;
use super::{FusionError, Network};

/// How names of the tensors of imagination begin.
const IMAGINATION: &str = "imagine.";
/// How many differences a message names.
const NAMED: usize = 6;

/// What a safetensors file holds.
#[derive(Debug, Default)]
pub struct Checkpoint {
    /// Tensors by name, all `f32`.
    pub tensors: BTreeMap<String, Tensor>,
    /// Strings by key.
    pub metadata: BTreeMap<String, String>,
}

/// Writes tensors and metadata to one safetensors file, whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write_checkpoint(path: &Path, checkpoint: &Checkpoint) -> Result<(), FusionError> {
    let mut plain = Vec::with_capacity(checkpoint.tensors.len());
    for (name, tensor) in &checkpoint.tensors {
        let shape: Vec<usize> = tensor.size().iter().map(|&side| side as usize).collect();
        let values = Vec::<f32>::try_from(tensor.detach().to_kind(Kind::Float).flatten(0, -1))?;
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        plain.push((name, shape, bytes));
    }
    let damaged = |source| FusionError::Damaged {
        path: path.to_owned(),
        source,
    };
    let mut views = Vec::with_capacity(plain.len());
    for (name, shape, bytes) in &plain {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(damaged)?;
        views.push((name.as_str(), view));
    }
    let metadata: HashMap<String, String> = checkpoint.metadata.clone().into_iter().collect();
    let metadata = (!metadata.is_empty()).then_some(metadata);
    let bytes = safetensors::serialize(views, metadata).map_err(damaged)?;
    write_file(path, &bytes)
}

/// Reads a safetensors file.
///
/// # Errors
/// When the file cannot be read, is damaged, or holds another type than `f32`.
pub fn read_checkpoint(path: &Path) -> Result<Checkpoint, FusionError> {
    let bytes = std::fs::read(path).map_err(|source| FusionError::Read {
        path: path.to_owned(),
        source,
    })?;
    let damaged = |source| FusionError::Damaged {
        path: path.to_owned(),
        source,
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
    let file = SafeTensors::deserialize(&bytes).map_err(damaged)?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            let kind = view.dtype();
            return Err(FusionError::Mismatch(format!(
                "{name} is {kind:?}, not F32"
            )));
        }
        let shape: Vec<i64> = view.shape().iter().map(|&side| side as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &shape, Kind::Float)?;
        tensors.insert(name, tensor);
    }
    let metadata = header.metadata().clone().unwrap_or_default();
    Ok(Checkpoint {
        tensors,
        metadata: metadata.into_iter().collect(),
    })
}

impl Checkpoint {
    /// The weights of a network, with the statistics of its normalisers.
    #[must_use]
    pub fn of(network: &Network) -> Self {
        Self {
            tensors: network.tensors(),
            metadata: BTreeMap::new(),
        }
    }

    /// Without the tensors of imagination, which a network may have had and leave out.
    #[must_use]
    pub fn without_imagination(&self) -> Self {
        let tensors = self.tensors.iter();
        let others = tensors.filter(|(name, _)| !name.starts_with(IMAGINATION));
        Self {
            tensors: others
                .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
                .collect(),
            metadata: self.metadata.clone(),
        }
    }

    /// Copies the tensors into a network that has exactly these.
    ///
    /// # Errors
    /// Names the tensors that are missing, unknown or of another shape.
    pub fn fill(&self, network: &Network) -> Result<(), FusionError> {
        let own = network.tensors();
        let differences = differences(&own, &self.tensors);
        if !differences.is_empty() {
            return Err(FusionError::Mismatch(summary(&differences)));
        }
        tch::no_grad(|| {
            for (name, mut tensor) in own {
                tensor.f_copy_(&self.tensors[&name])?;
            }
            Ok(())
        })
    }
}

/// One fragment for each tensor that differs.
fn differences(own: &BTreeMap<String, Tensor>, file: &BTreeMap<String, Tensor>) -> Vec<String> {
    let missing = own
        .iter()
        .filter_map(|(name, tensor)| match file.get(name) {
            None => Some(format!("{name} is missing")),
            Some(other) if other.size() != tensor.size() => Some(format!(
                "{name} is {:?}, expected {:?}",
                other.size(),
                tensor.size()
            )),
            Some(_) => None,
        });
    let unknown = file
        .keys()
        .filter(|name| !own.contains_key(*name))
        .map(|name| format!("{name} is unknown"));
    missing.chain(unknown).collect()
}

fn summary(differences: &[String]) -> String {
    let mut text = differences[..differences.len().min(NAMED)].join("; ");
    if differences.len() > NAMED {
        text.push_str(&format!("; and {} more", differences.len() - NAMED));
    }
    text
}
