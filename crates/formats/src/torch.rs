//! PyTorch's checkpoints (.pt, .pth): the weights by name. Nothing in them is executed.

use std::collections::BTreeMap;
use std::path::Path;

use super::FormatError;
use super::archive::Archive;
use super::array::product;
use super::bytes::Bytes;
use super::pickle::{Arena, Dialect, Document, Node, Storage, TensorView, Value};

/// Keys under which checkpoints keep their weights beside an optimiser's state.
const STATE_DICTS: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// How many times larger than its file a checkpoint's tensors may be: half-precision numbers
/// become twice as large, and tensors may share their storage.
const SHARED: u64 = 8;
/// Bytes that the tensors of even the smallest checkpoint may have.
const SLACK: u64 = 1 << 20;

/// A tensor of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Its sides, slowest first.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f32>,
}

/// Reads the weights of a checkpoint: a state dict, or a dict that has one as `state_dict`,
/// `model_state_dict` or `model`. Values that are not tensors are left out.
///
/// # Errors
/// When the file is not such a checkpoint, or holds more than tensors and plain values.
pub fn read_state_dict(path: &Path) -> Result<BTreeMap<String, Weights>, FormatError> {
    refuse_old(path)?;
    let mut archive = Archive::open(path)?;
    let pickle = (archive.names().iter())
        .find(|name| *name == "data.pkl" || name.ends_with("/data.pkl"))
        .cloned()
        .ok_or_else(|| archive.error("not a PyTorch checkpoint: the archive has no data.pkl"))?;
    let prefix = pickle.trim_end_matches("data.pkl").to_owned();
    let is_big_endian = match archive.member(&format!("{prefix}byteorder"))? {
        Some(order) => order.len() == 3 && order.to_vec()? == b"big",
        None => false,
    };
    let bytes = archive.member(&pickle)?;
    let bytes = bytes.ok_or_else(|| archive.error("data.pkl is missing"))?;
    let document = Document::read(bytes, "", Dialect::Torch)?;
    let mut weights = BTreeMap::new();
    // Tensors may share a storage: thousands of them would be a small file, but much memory.
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    let mut left = size.saturating_mul(SHARED).saturating_add(SLACK);
    let mut unpacked = BTreeMap::new();
    for (name, node) in state_dict(&document)?.entries()? {
        let Value::Tensor(tensor) = node.value else {
            continue;
        };
        let Arena {
            tensors, storages, ..
        } = &document.arena;
        let view = &tensors[tensor];
        let mut storage = storages[view.storage].clone();
        storage.dtype.is_big_endian = is_big_endian;
        if !unpacked.contains_key(&storage.key) {
            let data = archive.member(&format!("{prefix}data/{}", storage.key))?;
            let data = data.ok_or_else(|| node.error("its numbers are missing"))?;
            unpacked.insert(storage.key.clone(), data);
        }
        let count = view
            .shape
            .iter()
            .fold(4_u64, |all, &side| all.saturating_mul(side as u64));
        left = (left.checked_sub(count))
            .ok_or_else(|| node.error("the tensors hold far more than the file"))?;
        let tensor = gather(view, &storage, &unpacked[&storage.key])?;
        let tensor = tensor.ok_or_else(|| node.error("it reaches beyond its numbers"))?;
        weights.insert(name, tensor);
    }
    if weights.is_empty() {
        return Err(archive.error("it has no weights; save model.state_dict()"));
    }
    Ok(weights)
}

/// Refuses the bare pickles that PyTorch wrote before version 1.6.
fn refuse_old(path: &Path) -> Result<(), FormatError> {
    let bytes = Bytes::open(path)?;
    let mut start = [0; 2];
    if bytes.len() >= 2 {
        bytes.read(0, &mut start)?;
    }
    if start == *b"PK" {
        return Ok(());
    }
    Err(FormatError::Content {
        path: path.to_owned(),
        reason: "not a checkpoint of PyTorch 1.6 or later (a zip archive); load it in PyTorch and \
                 save its state dict again"
            .to_owned(),
    })
}

/// The dict that holds tensors.
fn state_dict(document: &Document) -> Result<Node<'_>, FormatError> {
    let root = document.root();
    for key in STATE_DICTS {
        if let Some(node) = root.find(key)?
            && matches!(node.value, Value::Dict(_))
        {
            return Ok(node);
        }
    }
    Ok(root)
}

/// Copies a view out of its storage; `None` when it reaches beyond it.
fn gather(
    view: &TensorView,
    storage: &Storage,
    data: &Bytes,
) -> Result<Option<Weights>, FormatError> {
    let size = storage.dtype.size;
    let count = product(&view.shape);
    let elements = (data.len() / size as u64) as usize;
    let last = last(view);
    // This also bounds the count: a stride of 0 could repeat one element any number of times.
    let (Some(count), Some(last)) = (count, last) else {
        return Ok(None);
    };
    if count > elements || (count > 0 && last >= elements) || view.shape.len() != view.strides.len()
    {
        return Ok(None);
    }
    let mut values = Vec::with_capacity(count);
    let bytes = data.to_vec()?;
    for number in 0..count {
        let (mut rest, mut at) = (number, view.offset);
        for (&side, &stride) in view.shape.iter().zip(&view.strides).rev() {
            at += (rest % side) * stride;
            rest /= side;
        }
        let element = &bytes[at * size..(at + 1) * size];
        values.push(storage.dtype.number(element) as f32);
    }
    Ok(Some(Weights {
        shape: view.shape.clone(),
        values,
    }))
}

/// The farthest element that a view touches.
fn last(view: &TensorView) -> Option<usize> {
    let sides = view.shape.iter().zip(&view.strides);
    sides
        .map(|(&side, &stride)| side.saturating_sub(1).checked_mul(stride))
        .try_fold(view.offset, |sum, step| sum.checked_add(step?))
}
