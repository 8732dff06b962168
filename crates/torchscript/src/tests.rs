//! Tests with small modules, traced here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tch::{CModule, Device, IValue, Kind, Tensor};

use super::*;
use undertone_features::{AudioExtractor, FeatureError, VideoExtractor};
use undertone_types::{Face, Frame, Rect};

/// A module that does to a tensor of this shape, and others, what `body` does.
fn traced(folder: &Path, shape: &[i64], body: impl Fn(&Tensor) -> Vec<Tensor>) -> PathBuf {
    let input = Tensor::rand(shape, (Kind::Float, Device::Cpu));
    let trace = &mut |inputs: &[Tensor]| body(&inputs[0]);
    let module = CModule::create_by_tracing("Traced", "forward", &[input], trace).unwrap();
    let path = folder.join("module.pt");
    module.save(&path).unwrap();
    path
}

/// Rows of `width` sums over steps of 320 samples, through a layer.
fn frames(sound: &Tensor, width: i64) -> Tensor {
    let weights = Tensor::linspace(-1.0, 1.0, 320 * width, (Kind::Float, Device::Cpu));
    let kernel = weights.view([width, 1, 320]);
    let frames = sound
        .unsqueeze(1)
        .conv1d::<Tensor>(&kernel, None, 320, 0, 1, 1);
    frames.gelu("none").transpose(1, 2)
}

fn settings(file: PathBuf, width: usize, output: Output) -> ScriptSettings {
    ScriptSettings {
        file,
        version: 1,
        width,
        output,
    }
}

fn hearing(file: PathBuf, width: usize) -> Result<ScriptAudio, ScriptError> {
    ScriptAudio::load(settings(file, width, Output::Whole))
}

const TONE: [f32; 4000] = {
    let mut tone = [0.0; 4000];
    let mut at = 0;
    while at < tone.len() {
        tone[at] = (at % 40) as f32 / 40.0 - 0.5;
        at += 1;
    }
    tone
};

#[test]
fn a_module_that_hears_gives_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = traced(folder.path(), &[1, 16_000], |sound| vec![frames(sound, 6)]);
    let module = hearing(file, 6).unwrap();
    assert_eq!(
        (module.name(), module.version(), module.width()),
        ("torchscript", 1, 6)
    );
    let features = module.extract(&TONE).unwrap();
    assert_eq!((features.rows(), features.cols()), (12, 6));
    let expected = frames(&Tensor::from_slice(&TONE).unsqueeze(0), 6);
    let expected: Vec<f32> = expected.flatten(0, -1).try_into().unwrap();
    let pairs = features.as_slice().iter().zip(&expected);
    assert!(
        pairs
            .clone()
            .all(|(got, expected)| (got - expected).abs() < 1e-4)
    );
    assert!(pairs.clone().any(|(got, _)| *got != 0.0));
}

/// The just-in-time compiler once replaced the code after two calls.
#[test]
fn the_same_sound_always_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let file = traced(folder.path(), &[1, 16_000], |sound| {
        let frames = frames(sound, 6);
        vec![(&frames * 1.7 + 0.3).sigmoid() * frames.tanh()]
    });
    let module = Arc::new(hearing(file, 6).unwrap());
    let first = module.extract(&TONE).unwrap();
    for length in [700, 4000, 1300, 4000] {
        let other = module.extract(&TONE[..length]).unwrap();
        assert!(length != 4000 || other == first);
    }
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let module = module.clone();
            std::thread::spawn(move || module.extract(&TONE).unwrap())
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), first);
    }
}

#[test]
fn a_module_that_gives_something_else_is_refused_when_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = traced(folder.path(), &[1, 16_000], |sound| vec![frames(sound, 6)]);
    let said = hearing(wrong.clone(), 7).unwrap_err().to_string();
    for part in ["module.pt", "a second of noise", "[1, 50, 6]", "width = 7"] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let no_numbers = traced(folder.path(), &[1, 16_000], |sound| {
        vec![frames(sound, 6).abs().neg().log()]
    });
    let said = hearing(no_numbers, 6).unwrap_err().to_string();
    assert!(said.contains("not finite"), "{said}");
    // Traced for pictures: the convolution throws.
    let kernel = Tensor::ones([2, 3, 3, 3], (Kind::Float, Device::Cpu));
    let throws = traced(folder.path(), &[1, 3, 8, 8], |picture| {
        vec![picture.conv2d::<Tensor>(&kernel, None, [1, 1], [0, 0], [1, 1], 1)]
    });
    let said = hearing(throws, 6).unwrap_err().to_string();
    assert!(said.contains("it failed: ") && said.len() < 400, "{said}");
    let damaged = folder.path().join("damaged.pt");
    std::fs::write(&damaged, b"PK\x03\x04 and nothing else").unwrap();
    let said = hearing(damaged, 6).unwrap_err().to_string();
    assert!(
        said.contains("cannot load") && said.contains("damaged.pt"),
        "{said}"
    );
}

#[test]
fn a_sound_that_is_too_short_is_told_from_a_failing_engine() {
    let folder = tempfile::tempdir().unwrap();
    let file = traced(folder.path(), &[1, 16_000], |sound| vec![frames(sound, 6)]);
    let module = hearing(file, 6).unwrap();
    let error = module.extract(&TONE[..100]).unwrap_err();
    assert!(matches!(error, FeatureError::Model { .. }), "{error}");
    let silent = module.extract(&[f32::NAN; 700]).unwrap_err();
    assert!(silent.to_string().contains("not finite"), "{silent}");
    let full = tch::TchError::Torch(
        "[enforce fail] . DefaultCPUAllocator: can't allocate memory: you tried …\nmore".into(),
    );
    let error = error::RunError::from(full).of_features(Path::new("voice.pt"));
    assert!(matches!(error, FeatureError::Engine { .. }), "{error}");
}

#[test]
fn a_value_is_picked_from_several() {
    let matrix = |value: i64| Tensor::full([3, 2], value, (Kind::Float, Device::Cpu));
    let tuple = || IValue::Tuple(vec![IValue::Tensor(matrix(1)), IValue::Tensor(matrix(2))]);
    let list = || IValue::TensorList(vec![matrix(1), matrix(2)]);
    let entry = |name: &str, value| {
        (
            IValue::String(name.to_owned()),
            IValue::Tensor(matrix(value)),
        )
    };
    let entries = || IValue::GenericDict(vec![entry("last", 1), entry("hidden", 2)]);
    let named = |name: &str| Output::Named(name.to_owned());
    for (value, output) in [
        (tuple(), Output::At(1)),
        (list(), Output::At(1)),
        (entries(), named("hidden")),
        (IValue::Tensor(matrix(2)), Output::Whole),
    ] {
        let picked = module::pick(value, &output).unwrap();
        assert_eq!(picked.double_value(&[0, 0]), 2.0);
    }
    for (value, output, part) in [
        (
            tuple(),
            Output::Whole,
            "2 values: say which value with `layer`",
        ),
        (list(), Output::At(2), "no value 2"),
        (tuple(), named("hidden"), "no dictionary"),
        (
            entries(),
            Output::Whole,
            "a dictionary of last, hidden: say which",
        ),
        (
            entries(),
            named("first"),
            "no value first in what it gave (last, hidden)",
        ),
        (IValue::Int(7), Output::Whole, "not a tensor"),
    ] {
        let said = module::pick(value, &output).unwrap_err().reason();
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

fn frame(time_s: f64, luma: impl Fn(usize) -> f32) -> Frame {
    let bounds = Rect {
        x: 0.2,
        y: 0.2,
        width: 0.3,
        height: 0.3,
    };
    let face = Face {
        bounds,
        luma: (0..48 * 48).map(luma).collect(),
        side_px: 48,
    };
    Frame {
        time_s,
        face: Some(face),
    }
}

#[test]
fn a_module_that_sees_gives_a_row_for_each_face() {
    let folder = tempfile::tempdir().unwrap();
    // The mean of each channel, and the mean of the left half.
    let file = traced(folder.path(), &[1, 3, 64, 64], |picture| {
        let whole = picture.mean_dim([2, 3].as_slice(), false, Kind::Float);
        let left = picture
            .narrow(3, 0, 32)
            .mean_dim([2, 3].as_slice(), false, Kind::Float);
        vec![Tensor::cat(&[whole, left], 1)]
    });
    let input = FaceInput {
        side_px: 64,
        channels: 3,
        scale: 255.0,
        mean: vec![100.0, 0.0, 0.0],
        std: vec![1.0, 1.0, 2.0],
    };
    let load =
        |width, input| ScriptVideo::load(settings(file.clone(), width, Output::Whole), input);
    let module = load(6, input.clone()).unwrap();
    let absent = Frame {
        time_s: 0.5,
        face: None,
    };
    let half = |at: usize| if at % 48 < 24 { 1.0 } else { 0.0 };
    let features = module
        .extract(&[frame(0.0, |_| 0.4), absent, frame(1.0, half)])
        .unwrap();
    assert_eq!((features.rows(), features.cols()), (2, 6));
    let expected = [
        [2.0, 102.0, 51.0, 2.0, 102.0, 51.0],
        [27.5, 127.5, 63.75, 155.0, 255.0, 127.5],
    ];
    for (row, expected) in expected.iter().enumerate() {
        let pairs = features.row(row).iter().zip(expected);
        for (got, expected) in pairs {
            // The edge between the halves is a little blurred.
            assert!((got - expected).abs() < 1.5, "{:?}", features.row(row));
        }
    }
    assert!(module.extract(&[]).unwrap().is_empty());
    let said = load(7, input.clone()).unwrap_err().to_string();
    assert!(
        said.contains("a grey face") && said.contains("[1, 6]"),
        "{said}"
    );
    let narrow = FaceInput {
        side_px: 24,
        ..input
    };
    let said = load(6, narrow).unwrap_err().to_string();
    assert!(said.contains("it failed"), "{said}");
}
