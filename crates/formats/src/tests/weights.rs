//! PyTorch's checkpoints.

use super::super::read_state_dict;
use super::file;

#[test]
fn a_state_dict_is_read_by_name() {
    let weights = read_state_dict(&file("released.pt")).unwrap();
    assert_eq!(weights["frame_dim_reshape_0.weight"].shape, [8, 5]);
    assert_eq!(weights["fra2utt_0.attention_context_vector"].shape, [1, 8]);
    assert_eq!(weights["prelu.weight"].values, [0.25; 6]);
}

#[test]
fn every_kind_of_tensor_beside_an_optimiser() {
    let weights = read_state_dict(&file("kinds.pt")).unwrap();
    let values = |name: &str| weights[name].values.clone();
    assert_eq!(values("f2"), [1.5, -2.0]);
    assert_eq!(values("bf"), [1.5, -2.0]);
    assert_eq!(values("f8"), [1.5]);
    assert_eq!(values("i8"), [7.0]);
    assert_eq!(weights["turned"].shape, [3, 2]);
    assert_eq!(values("turned"), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert_eq!(values("part"), [2.0, 3.0]);
    assert_eq!(values("parameter"), [1.0]);
    assert_eq!(
        (weights["scalar"].shape.len(), values("scalar")),
        (0, vec![4.0])
    );
}

#[test]
fn other_files_are_refused() {
    let message = |name| read_state_dict(&file(name)).unwrap_err().to_string();
    assert!(message("old.pt").contains("PyTorch 1.6"));
    assert!(message("arrays.npz").contains("no data.pkl"));
}
