//! The mel filters, against librosa's.

use sha2::{Digest, Sha256};

use super::super::mel_filters;

/// Hashes of `librosa.filters.mel(sr=16000, n_fft=400, n_mels=n) + 0.0` as little-endian
/// single-precision numbers; OpenAI's `mel_filters.npz` holds the same.
#[test]
fn the_filters_are_librosas_to_the_bit() {
    for (mels, expected) in [
        (
            80,
            "85818f156f7e189453901a515e4726d270d307f976e161cf9403e8caab405498",
        ),
        (
            128,
            "e399c2d72d2f7375e503c296d8453cefcc0c1e47a9c1a0a09e0d70f59c820f20",
        ),
    ] {
        let filters = mel_filters(mels);
        let bytes: Vec<u8> = filters
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let sum: String = (Sha256::digest(bytes).iter())
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(sum, expected, "{mels} filters");
    }
}

/// Some of the numbers behind the hashes, for who has to look.
#[test]
fn single_weights_are_librosas() {
    let close = |found: f32, expected: f32| (found - expected).abs() < 1e-9;
    let filters = mel_filters(80);
    for (row, bin, expected) in [
        (0, 0, 0.0),
        (0, 1, 0.024_862_595),
        (1, 1, 0.001_990_822),
        (44, 51, 0.007_608_683),
        (68, 125, 0.003_910_962_5),
        (79, 199, 0.000_448_759),
    ] {
        let found = filters[row * 201 + bin];
        assert!(close(found, expected), "{row}, {bin}: {found}");
    }
}
