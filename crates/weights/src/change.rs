//! Changes of low rank to an encoder's linear layers, which a projector's training made.
//!
//! Source: Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models* (arXiv 2106.09685): a matrix
//! of weights *W* becomes *W* + *up* · *down*.

use crate::store::Store;
use crate::{Tensor, WeightsError};

const WEIGHT: &str = ".weight";
const UP: &str = ".up";
const DOWN: &str = ".down";

/// Whether a tensor of this name belongs to a change.
pub(crate) fn is_part(name: &str) -> bool {
    name.starts_with("encoder.") && (name.ends_with(UP) || name.ends_with(DOWN))
}

/// The change to one matrix: `up` `[rows, rank]` and `down` `[rank, columns]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'s> {
    up: &'s Tensor,
    down: &'s Tensor,
}

impl<'s> Change<'s> {
    /// The change that `store` has for the matrix `name` of `shape`, if it has one.
    pub(crate) fn of(
        store: &'s Store,
        name: &str,
        shape: &[usize],
    ) -> Result<Option<Self>, WeightsError> {
        let Some(layer) = name.strip_suffix(WEIGHT) else {
            return Ok(None);
        };
        let (up, down) = (format!("{layer}{UP}"), format!("{layer}{DOWN}"));
        if store.find(&up).is_none() && store.find(&down).is_none() {
            return Ok(None);
        }
        let change = Self {
            up: store.get(&up)?,
            down: store.get(&down)?,
        };
        match (change.up.shape(), change.down.shape(), shape) {
            ([rows, rank], [same, columns], [all, wide])
                if (rank, rows, columns) == (same, all, wide) =>
            {
                Ok(Some(change))
            }
            (up, down, _) => Err(store.error(format!(
                "its change to {name:?} {shape:?} is of {up:?} times {down:?}"
            ))),
        }
    }

    /// `tensor`'s numbers with the change, row-major.
    pub(crate) fn applied_to(&self, tensor: &Tensor) -> Result<Vec<f32>, WeightsError> {
        let (mut values, up, down) = (tensor.values()?, self.up.values()?, self.down.values()?);
        let (rank, columns) = (self.up.shape()[1], self.down.shape()[1]);
        let rows = values.chunks_exact_mut(columns);
        for (row, factors) in rows.zip(up.chunks_exact(rank)) {
            for (factor, direction) in factors.iter().zip(down.chunks_exact(columns)) {
                for (value, along) in row.iter_mut().zip(direction) {
                    *value += factor * along;
                }
            }
        }
        Ok(values)
    }
}

/// An error about the first change of `store` that is to none of the matrices in `names`.
pub(crate) fn check_targets<'n>(
    store: &Store,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Result<(), WeightsError> {
    for part in store.names().filter(|name| is_part(name)) {
        let layer = part.trim_end_matches(UP).trim_end_matches(DOWN);
        if !names
            .clone()
            .any(|name| name.strip_suffix(WEIGHT) == Some(layer))
        {
            return Err(store.error(format!(
                "it changes {layer:?}, which the encoder does not have"
            )));
        }
    }
    Ok(())
}
