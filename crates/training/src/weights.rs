//! A network of the method's released PyTorch weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tch::Tensor;

use undertone_formats::{FormatError, Released};
use undertone_fusion::{
    Checkpoint, FusionConfig, FusionError, Network, NetworkConfig, Widths, write_checkpoint,
};

use crate::files::{FileError, create_folder};

/// A network that was made of released weights.
#[derive(Clone, Debug)]
pub struct ReleasedWeights {
    /// The weights' file.
    pub weights: PathBuf,
    /// The config's file.
    pub config: PathBuf,
    /// What the network is.
    pub network: FusionConfig,
    /// Names of the checkpoint's tensors that its forward pass never uses.
    pub unused: Vec<String>,
}

/// Weights that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The checkpoint is damaged, or of another network.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The folder has a network already.
    #[error("{} already exists; choose another folder", path.display())]
    Occupied {
        /// Which file.
        path: PathBuf,
    },
    /// The network cannot be made or written.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// The folder cannot be made.
    #[error(transparent)]
    File(#[from] FileError),
}

impl WeightsError {
    /// Whether another command line would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Format(error) => error.is_usage(),
            Self::Occupied { .. } => true,
            Self::Fusion(_) | Self::File(_) => false,
        }
    }
}

/// Reads a checkpoint of the method's released code and writes `fusion.safetensors` and
/// `fusion.json` to a folder. The widths are those of its tensors; there is no imagination.
///
/// # Errors
/// When the file is not such a checkpoint, or tensors are missing, unknown or of another shape;
/// the message uses the checkpoint's names. Also when `out` has a network already.
pub fn import_weights(checkpoint: &Path, out: &Path) -> Result<ReleasedWeights, WeightsError> {
    let (network, unused) = network(&Released::read(checkpoint)?)?;
    create_folder(out)?;
    let [weights, config] = ["fusion.safetensors", "fusion.json"].map(|name| out.join(name));
    if let Some(path) = [&weights, &config].into_iter().find(|path| path.exists()) {
        return Err(WeightsError::Occupied { path: path.clone() });
    }
    write_checkpoint(&weights, &Checkpoint::of(&network))?;
    network.config().write(&config)?;
    Ok(ReleasedWeights {
        weights,
        config,
        network: network.config().clone(),
        unused,
    })
}

/// The network with these weights, and what of them it does not use.
fn network(released: &Released) -> Result<(Network, Vec<String>), WeightsError> {
    let sizes = released.sizes()?;
    let [audio, text, video] = sizes.widths;
    let config = NetworkConfig {
        model_width: sizes.model,
        fused_width: sizes.fused,
        contrast_width: sizes.contrast,
        imagination: false,
        // Their features are neither normalised nor limited.
        feature_limit: 0.0,
        ..NetworkConfig::default()
    };
    let network = Network::new(FusionConfig::new(Widths { audio, text, video }, config), 0)?;
    let own = network.tensors();
    let renamed = released.renamed(&shapes(&own))?;
    tch::no_grad(|| {
        for (name, weights) in &renamed.tensors {
            let mut tensor = own[name].shallow_clone();
            let values = Tensor::from_slice(&weights.values).f_reshape(tensor.size())?;
            tensor.f_copy_(&values)?;
        }
        Ok::<_, FusionError>(())
    })?;
    Ok((network, renamed.unused))
}

fn shapes(tensors: &BTreeMap<String, Tensor>) -> BTreeMap<String, Vec<usize>> {
    let shape = |tensor: &Tensor| {
        let sides = tensor.size().into_iter();
        sides.map(|side| side as usize).collect()
    };
    (tensors.iter())
        .map(|(name, tensor)| (name.clone(), shape(tensor)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_fusion::Scorer;

    fn released() -> PathBuf {
        let file = "../formats/src/tests/files/released.pt";
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
    }

    #[test]
    fn every_trained_tensor_comes_from_the_checkpoint() {
        let released = Released::read(&released()).unwrap();
        let (network, unused) = network(&released).unwrap();
        assert_eq!(unused.len(), 23);
        let trainable = network.trainable();
        let theirs = released.renamed(&shapes(&trainable)).unwrap().tensors;
        for (own, tensor) in trainable {
            let values = Vec::<f32>::try_from(tensor.flatten(0, -1)).unwrap();
            assert_eq!(values, theirs[&own].values, "{own}");
        }
    }

    #[test]
    fn the_written_network_scores() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("network");
        let made = import_weights(&released(), &out).unwrap();
        let network = &made.network;
        assert_eq!(network.widths.as_array(), [&5, &6, &4]);
        let net = &network.network;
        assert_eq!(
            (net.model_width, net.fused_width, net.contrast_width),
            (8, 4, 2)
        );
        Scorer::load(&made.weights, &made.config, 1).unwrap();
        let error = import_weights(&released(), &out).unwrap_err();
        assert!(matches!(error, WeightsError::Occupied { .. }), "{error}");
    }
}
