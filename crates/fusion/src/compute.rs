//! How the work on frames is done: on which device, on how many threads, in which precision.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind};

/// The precision in which frames are multiplied with weights. Everything else (sums, weights,
/// gradients, the optimiser) always has 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits, the upper half of an `f32`: three decimal digits.
    Bf16,
}

impl Precision {
    /// libtorch's element type.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::F32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }

    /// Whether this processor is known to be no slower with it than with [`Self::F32`]. bf16 is
    /// several times faster with AMX, slower with the older AVX-512 instructions, and slowest
    /// with neither. (libtorch asks the system for permission to use AMX, and does without where
    /// it is refused.)
    #[must_use]
    pub fn pays(self) -> bool {
        let flags = || std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        match self {
            Self::F32 => true,
            Self::Bf16 => flags().split_whitespace().any(|flag| flag == "amx_bf16"),
        }
    }
}

/// How the work on frames is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compute {
    /// Where the weights are, and the frames during the work on them.
    pub(super) device: Device,
    /// Threads, at least 1.
    pub(super) threads: usize,
    pub(super) precision: Precision,
}
