//! How the work on frames is done: where, on how many threads, and in which numbers.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind};

/// The numbers in which frames are multiplied with weights. Everything else (sums, weights,
/// gradients, the optimiser) is always 32 bits wide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits, the upper half of an `f32`: to three digits.
    Bf16,
}

impl Precision {
    /// libtorch's name for it.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::F32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }

    /// Whether this machine is known to be faster with it than with [`Self::F32`]. With AMX
    /// it is several times faster; the older AVX-512 instructions for it are slower, and
    /// without either libtorch computes it step by step. libtorch asks the system for leave to
    /// use AMX, and does without where that is refused.
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
    /// Where the weights are, and the frames while they are worked on.
    pub(super) device: Device,
    /// Threads, at least 1.
    pub(super) threads: usize,
    pub(super) precision: Precision,
}
