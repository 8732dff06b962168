//! The two places where the network handles memory directly.

use std::mem::MaybeUninit;

use half::bf16;
use tch::{Device, Kind, Tensor};

/// An element type of tensors that an `f32` can be rounded to.
pub(super) trait Value: Copy {
    /// libtorch's element type. (tch's own `Element::KIND` is wrong for [`bf16`].)
    const KIND: Kind;
    /// The nearest to `value`.
    fn of(value: f32) -> Self;
}

impl Value for f32 {
    const KIND: Kind = Kind::Float;

    fn of(value: f32) -> Self {
        value
    }
}

impl Value for bf16 {
    const KIND: Kind = Kind::BFloat16;

    /// For finite values; twice as fast as [`bf16::from_f32`], which also handles NaN.
    fn of(value: f32) -> Self {
        let bits = value.to_bits();
        // Ties go to the even neighbour.
        let half = 0x7fff + ((bits >> 16) & 1);
        Self::from_bits((bits.wrapping_add(half) >> 16) as u16)
    }
}

/// A tensor of this shape. `fill` must write every value. (tch's way from a slice to a tensor
/// zeroes the tensor first, and then copies.)
pub(super) fn filled<T: Value>(size: &[i64], fill: impl FnOnce(&mut [MaybeUninit<T>])) -> Tensor {
    let tensor = Tensor::empty(size, (T::KIND, Device::Cpu));
    let start = tensor.data_ptr().cast::<MaybeUninit<T>>();
    if !start.is_null() {
        // SAFETY: a new tensor is contiguous, has room for its `numel` values, and nothing else
        // refers to it yet.
        fill(unsafe { std::slice::from_raw_parts_mut(start, tensor.numel()) });
    }
    tensor
}

/// Makes the allocator keep memory that a step frees for the next step. By default glibc returns
/// large blocks to the system at once, and the system clears every page again: a tenth of a
/// step.
pub fn keep_freed_memory() {
    #[cfg(target_env = "gnu")]
    for setting in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: sets a parameter of the allocator, which accepts any number.
        unsafe { libc::mallopt(setting, 1 << 30) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_as_libtorch_does() {
        let values = [
            0.0,
            1.0,
            -1.003_906_3,
            1.003_906_3,
            1.011_718_8,
            3.0e38,
            1e-40,
            -7.7,
        ];
        let ours = filled::<bf16>(&[8], |to| {
            for (to, value) in to.iter_mut().zip(values) {
                to.write(bf16::of(value));
            }
        });
        assert_eq!(ours, Tensor::from_slice(&values).to_kind(Kind::BFloat16));
    }

    #[test]
    fn a_tensor_holds_what_was_written() {
        let tensor = filled::<f32>(&[2, 3], |values| {
            for (at, value) in values.iter_mut().enumerate() {
                value.write(at as f32);
            }
        });
        assert_eq!(tensor.size(), [2, 3]);
        let values = Vec::<f32>::try_from(tensor.flatten(0, 1)).unwrap();
        assert_eq!(values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(filled::<f32>(&[0, 3], |_| {}).size(), [0, 3]);
    }
}
