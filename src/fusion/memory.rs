//! The two places where the network meets memory directly.

use std::mem::MaybeUninit;

use tch::{Device, Kind, Tensor};

/// A tensor of this shape whose values `fill` writes, all of them. tch's own way from a slice
/// to a tensor zeroes the tensor first and then copies.
pub(super) fn filled(size: &[i64], fill: impl FnOnce(&mut [MaybeUninit<f32>])) -> Tensor {
    let tensor = Tensor::empty(size, (Kind::Float, Device::Cpu));
    let start = tensor.data_ptr().cast::<MaybeUninit<f32>>();
    if !start.is_null() {
        // SAFETY: a new tensor is contiguous, has room for its `numel` floats, and nobody else
        // knows it yet.
        fill(unsafe { std::slice::from_raw_parts_mut(start, tensor.numel()) });
    }
    tensor
}

/// Lets the allocator keep what a step frees for the next step. By default glibc hands large
/// blocks back to the system at once, which then clears every page again: a tenth of a step.
pub fn keep_freed_memory() {
    const BLOCKS: libc::c_int = 1 << 30;
    // SAFETY: sets two numbers of the allocator.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, BLOCKS);
        libc::mallopt(libc::M_TRIM_THRESHOLD, BLOCKS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_holds_what_was_written() {
        let tensor = filled(&[2, 3], |values| {
            for (at, value) in values.iter_mut().enumerate() {
                value.write(at as f32);
            }
        });
        assert_eq!(tensor.size(), [2, 3]);
        let values = Vec::<f32>::try_from(tensor.flatten(0, 1)).unwrap();
        assert_eq!(values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(filled(&[0, 3], |_| {}).size(), [0, 3]);
    }
}
