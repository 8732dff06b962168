//! Weights of the method's released PyTorch code, under the names of this program's network.
//!
//! Both are the same layers under other names. The released code has no normalisers, and it
//! has modules that its forward pass never calls.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{FormatError, Weights, read_state_dict};

/// How many problems a message names.
const NAMED: usize = 8;
/// Before each name where the network was trained on several GPUs.
const PARALLEL: &str = "module.";
/// Our modalities, which are inputs 0, 1 and 2 there.
const MODALITIES: [&str; 3] = ["audio", "text", "video"];
/// Our queries 0 to 6.
const QUERIES: [&str; 7] = ["fused", "at", "tv", "av", "audio", "text", "video"];
/// Modules that their forward pass never calls. The two autoencoders are among them, so they
/// were never trained: a network of these weights has no imagination.
const UNUSED: [&str; 6] = [
    "fc_out_e",
    "fc_out_ev",
    "prelu",
    "layer_normali",
    "missing_text_imagination_mlp",
    "missing_cross_text_query_imagination_mlp",
];

/// A checkpoint of the released code, still under its own names.
#[derive(Clone, Debug)]
pub struct Released {
    path: PathBuf,
    theirs: BTreeMap<String, Weights>,
}

/// The sizes of a released network, from the shapes of its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleasedSizes {
    /// Widths of audio, text and video.
    pub widths: [usize; 3],
    /// Width of projected frames.
    pub model: usize,
    /// Width of the fused vector.
    pub fused: usize,
    /// Width of the vector for the contrastive loss.
    pub contrast: usize,
}

/// Tensors under this program's names.
#[derive(Clone, Debug)]
pub struct Renamed {
    /// By our name; the normalisers have none.
    pub tensors: BTreeMap<String, Weights>,
    /// Names of the checkpoint's tensors that its forward pass never uses.
    pub unused: Vec<String>,
}

impl Released {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// When the file is not a checkpoint of PyTorch, or holds more than tensors and plain values.
    pub fn read(path: &Path) -> Result<Self, FormatError> {
        Ok(Self {
            path: path.to_owned(),
            theirs: without_prefix(read_state_dict(path)?),
        })
    }

    /// The sizes of the network that these weights belong to.
    ///
    /// # Errors
    /// When tensors that tell them are missing or not matrices.
    pub fn sizes(&self) -> Result<ReleasedSizes, FormatError> {
        let mut problems = Vec::new();
        let mut side = |name: &str, axis: usize| {
            match self.theirs.get(name).map(|own| own.shape.as_slice()) {
                Some(shape @ [_, _]) => return shape[axis],
                Some(shape) => problems.push(format!("{name} is {shape:?}, expected a matrix")),
                None => problems.push(format!("{name} is missing")),
            }
            0
        };
        let sizes = ReleasedSizes {
            widths: [0, 1, 2].map(|at| side(&format!("frame_dim_reshape_{at}.weight"), 1)),
            model: side("frame_dim_reshape_0.weight", 0),
            fused: side("fc_out_v.weight", 1),
            contrast: side("orgin_linear_change.2.weight", 0),
        };
        self.without(problems).map(|()| sizes)
    }

    /// The tensors under this program's names. `expected` are the names and shapes of the
    /// network's tensors.
    ///
    /// # Errors
    /// When tensors are missing, unknown or of another shape; the message uses their names.
    pub fn renamed(&self, expected: &BTreeMap<String, Vec<usize>>) -> Result<Renamed, FormatError> {
        let names = names();
        let mut problems = Vec::new();
        let mut used = BTreeSet::new();
        let mut tensors = BTreeMap::new();
        for (own, shape) in expected {
            let (module, kind) = own.rsplit_once('.').unwrap_or((own, ""));
            // The released code has no normalisers.
            let Some(name) = names.get(module).map(|module| theirs_of(module, kind)) else {
                continue;
            };
            match self.theirs.get(&name) {
                None => problems.push(format!("{name} is missing")),
                Some(weights) if trimmed(&weights.shape) != trimmed(shape) => {
                    let found = &weights.shape;
                    problems.push(format!("{name} is {found:?}, expected {shape:?}"));
                }
                Some(weights) => drop(tensors.insert(own.clone(), weights.clone())),
            }
            used.insert(name);
        }
        let (unused, unknown): (Vec<String>, Vec<String>) = (self.theirs.keys())
            .filter(|name| !used.contains(*name))
            .cloned()
            .partition(|name| is_never_called(name));
        problems.extend(unknown.iter().map(|name| format!("{name} is unknown")));
        self.without(problems).map(|()| Renamed { tensors, unused })
    }

    /// An error that names the first problems, if there are any.
    fn without(&self, mut problems: Vec<String>) -> Result<(), FormatError> {
        if problems.is_empty() {
            return Ok(());
        }
        let more = problems.len().saturating_sub(NAMED);
        problems.truncate(NAMED);
        problems.extend((more > 0).then(|| format!("and {more} more")));
        Err(FormatError::Content {
            path: self.path.clone(),
            reason: format!(
                "it is not a network of the released code: {}",
                problems.join("; ")
            ),
        })
    }
}

fn without_prefix(theirs: BTreeMap<String, Weights>) -> BTreeMap<String, Weights> {
    let is_parallel = theirs.keys().all(|name| name.starts_with(PARALLEL));
    let short = |name: String| match name.strip_prefix(PARALLEL) {
        Some(rest) if is_parallel => rest.to_owned(),
        _ => name,
    };
    (theirs.into_iter())
        .map(|(name, own)| (short(name), own))
        .collect()
}

/// Whether a tensor belongs to a module that the forward pass never calls.
fn is_never_called(name: &str) -> bool {
    let inside = |module: &&str| {
        name.strip_prefix(*module)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    UNUSED.iter().any(inside)
}

/// Our modules by name, and the names of theirs.
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

/// Their name for a tensor of one of their modules.
fn theirs_of(module: &str, kind: &str) -> String {
    match kind {
        "context" => format!("{module}.attention_context_vector"),
        kind => format!("{module}.{kind}"),
    }
}

/// A shape without leading axes of length 1: a learned vector is `[1, d]` there.
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
    use crate::tests::file;

    /// What a network of these sizes would expect: the checkpoint's own tensors, by our names.
    fn expected(released: &Released) -> BTreeMap<String, Vec<usize>> {
        let mut expected = BTreeMap::new();
        for (own, module) in names() {
            for kind in ["weight", "bias", "context"] {
                if let Some(weights) = released.theirs.get(&theirs_of(&module, kind)) {
                    expected.insert(format!("{own}.{kind}"), weights.shape.clone());
                }
            }
        }
        expected
    }

    #[test]
    fn several_gpus_leave_a_prefix() {
        let theirs = read_state_dict(&file("released.pt")).unwrap();
        let parallel = (theirs.iter()).map(|(name, own)| (format!("module.{name}"), own.clone()));
        assert_eq!(without_prefix(parallel.collect()), theirs);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut released = Released::read(&file("released.pt")).unwrap();
        let expected = expected(&released);
        assert_eq!(released.renamed(&expected).unwrap().unused.len(), 23);
        let fc = released.theirs.remove("fc_att.bias").unwrap();
        released.theirs.insert("lstm.weight".to_owned(), fc);
        released.theirs.get_mut("fc_out_v.bias").unwrap().shape = vec![7];
        let message = released.renamed(&expected).unwrap_err().to_string();
        let problems = "fc_att.bias is missing; fc_out_v.bias is [7], expected [1]; \
                        lstm.weight is unknown";
        assert!(message.ends_with(problems), "{message}");
    }
}
