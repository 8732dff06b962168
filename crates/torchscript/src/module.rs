//! A module: loaded once, shared by threads, run on one input at a time.

use std::path::{Path, PathBuf};

use tch::{CModule, Device, IValue, Kind, TchError, Tensor};

use crate::error::{RunError, ScriptError, short};
use undertone_types::Matrix;

/// A module's file, and which of its values are the features.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptSettings {
    /// TorchScript file.
    pub file: PathBuf,
    /// The version that the bundle gives its features.
    pub version: u32,
    /// Values per time step.
    pub width: usize,
    /// Which value of its output.
    pub output: Output,
}

/// Which value of a module's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The only one.
    Whole,
    /// Of a tuple or list, from 0.
    At(usize),
    /// Of a dictionary.
    Named(String),
}

/// A loaded module.
#[derive(Debug)]
pub(super) struct Module {
    module: CModule,
    pub(super) settings: ScriptSettings,
}

impl Module {
    /// Loads a module and tries it on `input`, which `named` names for people.
    pub(super) fn load(
        settings: ScriptSettings,
        input: impl FnOnce() -> Result<Tensor, TchError>,
        named: &'static str,
    ) -> Result<Self, ScriptError> {
        let path = settings.file.clone();
        let load = |error: TchError| ScriptError::Load {
            path: path.clone(),
            reason: short(&error),
        };
        // It would measure the first calls, and replace the code for the later ones.
        tch::jit::f_set_profiling_mode(false).map_err(load)?;
        let mut module = CModule::load_on_device(&settings.file, Device::Cpu).map_err(load)?;
        module.f_set_eval().map_err(load)?;
        let module = Self { module, settings };
        match input()
            .map_err(RunError::from)
            .and_then(|input| module.run(input))
        {
            Ok(_) => Ok(module),
            Err(error) => Err(ScriptError::Trial {
                path,
                input: named,
                reason: error.reason(),
            }),
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.settings.file
    }

    /// The features of one input: at least one row of finite values.
    pub(super) fn run(&self, input: Tensor) -> Result<Matrix, RunError> {
        let width = self.settings.width;
        let given = tch::no_grad(|| {
            // Both hold for the calling thread only.
            tch::set_num_threads(1);
            tch::jit::f_set_graph_executor_optimize(false)?;
            self.module.forward_is(&[IValue::Tensor(input)])
        })?;
        let tensor = pick(given, &self.settings.output)?;
        let shape = tensor.size();
        let rows = rows(&shape, width).ok_or_else(|| {
            RunError::Module(format!(
                "it gave values of shape {shape:?}, which are not rows of width = {width}; \
                 correct `width` or `layer` in bundle.toml, or export another module"
            ))
        })?;
        if rows == 0 {
            return Err(RunError::Module("it gave no time step".to_owned()));
        }
        let tensor = tensor.f_to_kind(Kind::Float)?.f_contiguous()?;
        let mut values = vec![0.0; rows * width];
        tensor.f_copy_data(&mut values, rows * width)?;
        if values.iter().any(|value: &f32| !value.is_finite()) {
            return Err(RunError::Module(
                "it gave values that are not finite".to_owned(),
            ));
        }
        Ok(Matrix::new(rows, width, values).expect("as many values as were asked for"))
    }
}

/// How many rows of `width` values a shape holds: `[width]`, `[rows, width]`, or either behind
/// dimensions of 1.
fn rows(shape: &[i64], width: usize) -> Option<usize> {
    let mut shape = shape;
    while let (true, [1, rest @ ..]) = (shape.len() > 2, shape) {
        shape = rest;
    }
    let size = |dimension: i64| usize::try_from(dimension).ok();
    match *shape {
        [last] => (size(last)? == width).then_some(1),
        [rows, last] => (size(last)? == width).then_some(size(rows)?),
        _ => None,
    }
}

pub(super) fn pick(value: IValue, output: &Output) -> Result<Tensor, RunError> {
    let several = |what: &str| {
        RunError::Module(format!(
            "it gave {what}: say which value with `layer` in bundle.toml"
        ))
    };
    let chosen = match (output, value) {
        (Output::Whole, IValue::Tensor(tensor)) => return Ok(tensor),
        (Output::Whole, IValue::Tuple(values) | IValue::GenericList(values)) => {
            return Err(several(&format!("{} values", values.len())));
        }
        (Output::Whole, IValue::TensorList(values)) => {
            return Err(several(&format!("{} values", values.len())));
        }
        (Output::Whole, IValue::GenericDict(entries)) => {
            let names = names(&entries).join(", ");
            return Err(several(&format!("a dictionary of {names}")));
        }
        (Output::At(index), IValue::Tuple(values) | IValue::GenericList(values)) => {
            let count = values.len();
            let value = values.into_iter().nth(*index);
            value.ok_or_else(|| missing(&index.to_string(), &format!("{count} values")))?
        }
        (Output::At(index), IValue::TensorList(values)) => {
            let count = values.len();
            let value = values.into_iter().nth(*index).map(IValue::Tensor);
            value.ok_or_else(|| missing(&index.to_string(), &format!("{count} values")))?
        }
        (Output::Named(name), IValue::GenericDict(entries)) => {
            let known = names(&entries).join(", ");
            let mut entries = entries.into_iter();
            let is_it = |key: &IValue| matches!(key, IValue::String(key) if key == name);
            let found = entries.find(|(key, _)| is_it(key));
            found.ok_or_else(|| missing(name, &known))?.1
        }
        (Output::At(index), _) => return Err(missing(&index.to_string(), "no list of values")),
        (Output::Named(name), _) => return Err(missing(name, "no dictionary")),
        (Output::Whole, other) => other,
    };
    match chosen {
        IValue::Tensor(tensor) => Ok(tensor),
        _ => Err(RunError::Module(
            "it gave something that is not a tensor".to_owned(),
        )),
    }
}

fn missing(layer: &str, given: &str) -> RunError {
    RunError::Module(format!(
        "there is no value {layer} in what it gave ({given}); correct `layer` in bundle.toml"
    ))
}

fn names(entries: &[(IValue, IValue)]) -> Vec<String> {
    let keys = entries.iter().map(|(key, _)| key);
    keys.filter_map(|key| match key {
        IValue::String(name) => Some(name.clone()),
        _ => None,
    })
    .collect()
}
