//! Weights of the method's released PyTorch code, as a network of ours.
//!
//! Both are the same layers under other names. Theirs has no normalisers (ours change nothing
//! until they are fitted), and modules that its forward pass never calls.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tch::Tensor;

use super::TrainError;
use undertone_formats::{Weights, read_state_dict};
use undertone_fusion::{
    Checkpoint, FusionConfig, Network, NetworkConfig, Widths, write_checkpoint,
};

/// How many problems a message names.
const NAMED: usize = 8;
/// Before each name where the network was trained on several GPUs.
const PARALLEL: &str = "module.";
/// Our modalities, which are inputs 0, 1 and 2 there.
const MODALITIES: [&str; 3] = ["audio", "text", "video"];
/// Our queries 0 to 6.
const QUERIES: [&str; 7] = ["fused", "at", "tv", "av", "audio", "text", "video"];
/// Modules that their forward pass never calls. The two autoencoders are among them, so they
/// were never trained: a network of these weights has none.
const UNUSED: [&str; 6] = [
    "fc_out_e",
    "fc_out_ev",
    "prelu",
    "layer_normali",
    "missing_text_imagination_mlp",
    "missing_cross_text_query_imagination_mlp",
];

/// A network that was made of released weights.
#[derive(Clone, Debug)]
pub struct ReleasedWeights {
    /// The weights' file.
    pub weights: PathBuf,
    /// The config's file.
    pub config: PathBuf,
    /// What the network is.
    pub network: FusionConfig,
    /// Tensors of the checkpoint that nothing calls, in their own names.
    pub unused: Vec<String>,
}

/// Reads a checkpoint of the method's released code and writes `fusion.safetensors` and
/// `fusion.json` to a folder. Widths are those of its tensors; there is no imagination.
///
/// # Errors
/// When the file is no such checkpoint, or tensors are missing, unknown or of a wrong shape;
/// they are named as they are there.
pub fn import_weights(checkpoint: &Path, out: &Path) -> Result<ReleasedWeights, TrainError> {
    let refused = |problems: Vec<String>| TrainError::Weights {
        path: checkpoint.to_owned(),
        problems,
    };
    let theirs = without_prefix(read_state_dict(checkpoint)?);
    let (network, unused) = rename(&theirs).map_err(refused)??;
    std::fs::create_dir_all(out).map_err(|source| TrainError::Write {
        path: out.to_owned(),
        source,
    })?;
    let [weights, config] = ["fusion.safetensors", "fusion.json"].map(|name| out.join(name));
    if let Some(path) = [&weights, &config].into_iter().find(|path| path.exists()) {
        return Err(TrainError::Occupied { path: path.clone() });
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

fn without_prefix(theirs: BTreeMap<String, Weights>) -> BTreeMap<String, Weights> {
    let is_parallel = theirs.keys().all(|name| name.starts_with(PARALLEL));
    let short = |name: String| match name.strip_prefix(PARALLEL) {
        Some(rest) if is_parallel => rest.to_owned(),
        _ => name,
    };
    theirs
        .into_iter()
        .map(|(name, own)| (short(name), own))
        .collect()
}

/// What a network needs: its own error inside, problems of the checkpoint outside.
type Renamed = Result<Result<(Network, Vec<String>), TrainError>, Vec<String>>;

/// Makes a network of tensors under their names.
fn rename(theirs: &BTreeMap<String, Weights>) -> Renamed {
    let network = match Network::new(config(theirs)?, 0) {
        Ok(network) => network,
        Err(error) => return Ok(Err(error.into())),
    };
    let names = names();
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    let mut tensors = Vec::new();
    for (own, tensor) in network.tensors() {
        let (module, kind) = own.rsplit_once('.').unwrap_or((&own, ""));
        // The normalisers stay as they are.
        let Some(name) = names.get(module).map(|module| theirs_of(module, kind)) else {
            continue;
        };
        let size: Vec<usize> = tensor.size().iter().map(|&side| side as usize).collect();
        match theirs.get(&name) {
            None => problems.push(format!("{name} is missing")),
            Some(weights) if trimmed(&weights.shape) != trimmed(&size) => {
                let shape = &weights.shape;
                problems.push(format!("{name} is {shape:?}, expected {size:?}"));
            }
            Some(weights) => tensors.push((tensor, weights)),
        }
        used.insert(name);
    }
    let is_known = |name: &str| {
        let module = |known: &str| {
            name.strip_prefix(known)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        UNUSED.iter().any(|known| module(known))
    };
    let (unused, unknown): (Vec<String>, Vec<String>) = (theirs.keys())
        .filter(|name| !used.contains(*name))
        .cloned()
        .partition(|name| is_known(name));
    problems.extend(unknown.iter().map(|name| format!("{name} is unknown")));
    if !problems.is_empty() {
        let more = problems.len().saturating_sub(NAMED);
        problems.truncate(NAMED);
        problems.extend((more > 0).then(|| format!("and {more} more")));
        return Err(problems);
    }
    Ok(fill(tensors).map(|()| (network, unused)))
}

fn fill(tensors: Vec<(Tensor, &Weights)>) -> Result<(), TrainError> {
    tch::no_grad(|| {
        for (mut tensor, weights) in tensors {
            let values = Tensor::from_slice(&weights.values).f_reshape(tensor.size())?;
            tensor.f_copy_(&values)?;
        }
        Ok(())
    })
}

/// The config that fits to the shapes.
fn config(theirs: &BTreeMap<String, Weights>) -> Result<FusionConfig, Vec<String>> {
    let mut problems = Vec::new();
    let mut side = |name: &str, axis: usize| match theirs.get(name).map(|own| &own.shape) {
        Some(shape) if shape.len() == 2 => shape[axis],
        Some(shape) => {
            problems.push(format!("{name} is {shape:?}, expected a matrix"));
            0
        }
        None => {
            problems.push(format!("{name} is missing"));
            0
        }
    };
    let widths = Widths {
        audio: side("frame_dim_reshape_0.weight", 1),
        text: side("frame_dim_reshape_1.weight", 1),
        video: side("frame_dim_reshape_2.weight", 1),
    };
    let network = NetworkConfig {
        model_width: side("frame_dim_reshape_0.weight", 0),
        fused_width: side("fc_out_v.weight", 1),
        contrast_width: side("orgin_linear_change.2.weight", 0),
        imagination: false,
        // Their features are neither normalised nor limited.
        feature_limit: 0.0,
        ..NetworkConfig::default()
    };
    if problems.is_empty() {
        Ok(FusionConfig::new(widths, network))
    } else {
        Err(problems)
    }
}

/// Our modules by name, and theirs.
fn names() -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut add = |own: String, theirs: String| names.insert(own, theirs);
    for (at, m) in MODALITIES.iter().enumerate() {
        add(format!("project.{m}"), format!("frame_dim_reshape_{at}"));
        add(format!("pool.{m}"), format!("fra2utt_{at}"));
        add(format!("pool.{m}.key"), format!("fra2utt_{at}.input_proj"));
        add(
            format!("cross.{m}.key"),
            format!("cross_att_fra2utt_{at}.input_proj"),
        );
        add(
            format!("cross.{m}.query"),
            format!("cross_att_fra2utt_{at}.query_proj"),
        );
        // A layer in two or three of theirs is ReLU or dropout.
        for layer in 0..2 {
            let there = 3 * layer;
            add(format!("pool.{m}.mlp.{layer}"), format!("{m}_mlp.{there}"));
            add(
                format!("cross.{m}.mlp.{layer}"),
                format!("cross_{m}_mlp.{there}"),
            );
        }
    }
    for layer in 0..2 {
        add(
            format!("attention.{layer}"),
            format!("attention_mlp.{}", 3 * layer),
        );
        add(
            format!("combine.{layer}"),
            format!("cross_attention_mlp.{}", 3 * layer),
        );
        add(
            format!("contrast.{layer}"),
            format!("orgin_linear_change.{}", 2 * layer),
        );
    }
    for (at, query) in QUERIES.iter().enumerate() {
        add(
            format!("query.{at}.0"),
            format!("cross_{query}_query_mlp.0"),
        );
    }
    for (own, theirs) in [
        ("alpha", "fc_att"),
        ("beta", "cross_fc_att"),
        ("score", "fc_out_v"),
    ] {
        add(own.to_owned(), theirs.to_owned());
    }
    names
}

/// Their name of a tensor of one of their modules.
fn theirs_of(module: &str, kind: &str) -> String {
    match kind {
        "context" => format!("{module}.attention_context_vector"),
        kind => format!("{module}.{kind}"),
    }
}

/// A shape without the axes of one before it: a learned vector is `[1, d]` there.
fn trimmed(mut shape: &[usize]) -> &[usize] {
    while let [1, rest @ ..] = shape
        && !rest.is_empty()
    {
        shape = rest;
    }
    shape
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
    fn every_tensor_of_ours_comes_from_theirs() {
        let theirs = read_state_dict(&released()).unwrap();
        let (network, unused) = rename(&theirs).unwrap().unwrap();
        let names = names();
        for (own, tensor) in network.trainable() {
            let (module, kind) = own.rsplit_once('.').unwrap();
            let weights = &theirs[&theirs_of(&names[module], kind)];
            let values = Vec::<f32>::try_from(tensor.flatten(0, -1)).unwrap();
            assert_eq!(values, weights.values, "{own}");
        }
        assert_eq!(unused.len(), 23);
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
        assert!(matches!(error, TrainError::Occupied { .. }), "{error}");
    }

    #[test]
    fn several_gpus_leave_a_prefix() {
        let theirs = read_state_dict(&released()).unwrap();
        let parallel = theirs
            .iter()
            .map(|(name, own)| (format!("module.{name}"), own.clone()));
        assert_eq!(without_prefix(parallel.collect()), theirs);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut theirs = read_state_dict(&released()).unwrap();
        let fc = theirs.remove("fc_att.bias").unwrap();
        theirs.insert("lstm.weight".to_owned(), fc);
        theirs.get_mut("fc_out_v.bias").unwrap().shape = vec![7];
        let problems = rename(&theirs).map(drop).unwrap_err();
        assert_eq!(
            problems,
            [
                "fc_att.bias is missing",
                "fc_out_v.bias is [7], expected [1]",
                "lstm.weight is unknown"
            ]
        );
    }
}
