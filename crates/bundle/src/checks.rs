//! Checks of a bundle's files: content, format, widths.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::gguf::GgufHeader;
use super::known_whisper::{HEADER, MAGIC};
use super::manifest::{Manifest, NamedFile, Part, Taught};
use super::problem::BundleProblem;

/// Everything that is wrong with the files that a manifest names.
pub(super) fn check_files(folder: &Path, manifest: &Manifest) -> Vec<BundleProblem> {
    let mut problems = Vec::new();
    for named in manifest.files() {
        let path = folder.join(named.file);
        match content_problem(&path, &named) {
            // Without the file there is nothing else to check.
            Some(problem @ (BundleProblem::Missing { .. } | BundleProblem::Unreadable { .. })) => {
                problems.push(problem)
            }
            content => {
                problems.extend(content);
                problems.extend(kind_problems(&path, &named, manifest));
            }
        }
    }
    problems
}

fn content_problem(path: &Path, named: &NamedFile<'_>) -> Option<BundleProblem> {
    let (part, file) = (named.part, named.file.clone());
    match sha256_of(path) {
        Ok((got, _)) if got == named.sha256 => None,
        Ok((got, size_bytes)) => Some(BundleProblem::WrongContent {
            part,
            file,
            expected: named.sha256.to_owned(),
            got,
            size_bytes,
            from: named.from.to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(BundleProblem::Missing {
            part,
            file,
            from: named.from.to_owned(),
        }),
        Err(error) => Some(BundleProblem::Unreadable {
            part,
            file,
            error: error.to_string(),
        }),
    }
}

/// SHA-256 of a file in lower-case hexadecimal, and its size in bytes.
///
/// # Errors
/// When the file cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size_bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        size_bytes += read as u64;
    }
    let digest = hasher.finalize();
    let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hex, size_bytes))
}

fn kind_problems(path: &Path, named: &NamedFile<'_>, manifest: &Manifest) -> Vec<BundleProblem> {
    let checked = match named.part {
        Part::Asr => whisper(path),
        Part::LanguageModel => language_model(path, manifest),
        Part::Projector => projector(path, manifest),
        Part::AudioExtractor | Part::VideoExtractor => torchscript(path),
        Part::FusionConfig => fusion_config(path, manifest),
        Part::Fusion => Ok(Vec::new()),
    };
    let (part, file) = (named.part, named.file);
    match checked {
        Ok(wrong) => wrong
            .into_iter()
            .map(|width| BundleProblem::WrongWidth {
                part,
                file: file.clone(),
                what: width.what,
                expected: width.expected,
                got: width.got,
            })
            .collect(),
        Err(why) => vec![BundleProblem::Unusable {
            part,
            file: file.clone(),
            why,
        }],
    }
}

/// A width that differs from the manifest's.
struct WrongWidth {
    what: String,
    expected: usize,
    got: usize,
}

/// The widths that differ, or why the file cannot be used at all.
type Checked = Result<Vec<WrongWidth>, String>;

fn compare(what: &str, expected: usize, got: Option<u64>) -> Checked {
    let Some(got) = got.and_then(|got| usize::try_from(got).ok()) else {
        return Err(format!("it does not say the width of its {what}"));
    };
    let what = what.to_owned();
    Ok(match got == expected {
        true => Vec::new(),
        false => vec![WrongWidth {
            what,
            expected,
            got,
        }],
    })
}

fn whisper(path: &Path) -> Checked {
    let mut start = Vec::new();
    let size = File::open(path)
        .and_then(|file| {
            let size = file.metadata()?.len();
            file.take(HEADER as u64).read_to_end(&mut start)?;
            Ok(size)
        })
        .map_err(|error| error.to_string())?;
    if !start.starts_with(&MAGIC) {
        return Err("not a whisper.cpp model (ggml)".to_owned());
    }
    // whisper.cpp takes a file without tensors for a model, one that it makes tests with.
    let number = |at: usize| {
        let bytes = start.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_le_bytes(bytes)))
    };
    let (vocabulary, width) = (number(4), number(28));
    let values = vocabulary
        .zip(width)
        .map_or(0, |(words, width)| words.saturating_mul(width));
    // No format has fewer than two bits for a value.
    match size.saturating_mul(4) < values {
        true => Err(format!(
            "{size} bytes cannot hold the {values} values of its vocabulary: it is truncated, or \
             has no tensors"
        )),
        false => Ok(Vec::new()),
    }
}

fn language_model(path: &Path, manifest: &Manifest) -> Checked {
    let header = GgufHeader::read(path).map_err(|error| error.to_string())?;
    if header.text("general.architecture") == Some("clip") {
        return Err("it is a projector, not a language model".to_owned());
    }
    let layer = manifest
        .language_model
        .as_ref()
        .and_then(|model| model.layer);
    if let Some(problem) = layer.and_then(|layer| header.layer_problem(layer)) {
        return Err(problem);
    }
    let expected = manifest.text_width();
    compare("hidden states", expected, header.output_width())
}

fn projector(path: &Path, manifest: &Manifest) -> Checked {
    let header = GgufHeader::read(path).map_err(|error| error.to_string())?;
    if header.text("general.architecture") != Some("clip") {
        return Err("it is not a projector (general.architecture is not clip)".to_owned());
    }
    if header.flag("clip.has_audio_encoder") != Some(true) {
        return Err("it has no audio encoder".to_owned());
    }
    let expected = manifest.text_width();
    compare("audio embeddings", expected, header.output_width())
}

/// A TorchScript module is a zip archive in one folder, with its code and constants.
fn torchscript(path: &Path) -> Checked {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let archive = ZipArchive::new(BufReader::new(file))
        .map_err(|error| format!("not a TorchScript module: {error}"))?;
    let has = |wanted: &dyn Fn(&str) -> bool| {
        let mut names = archive.file_names().filter_map(Result::ok);
        names.any(|name| name.split_once('/').is_some_and(|(_, inner)| wanted(inner)))
    };
    if has(&|name| name == "constants.pkl") && has(&|name| name.starts_with("code/")) {
        return Ok(Vec::new());
    }
    Err(
        "not a TorchScript module but another archive, perhaps a checkpoint: export it with \
         models/recipes/export_torchscript.py"
            .to_owned(),
    )
}

fn fusion_config(path: &Path, manifest: &Manifest) -> Checked {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let config: serde_json::Value =
        serde_json::from_reader(file).map_err(|error| format!("not valid JSON: {error}"))?;
    let parts = [
        ("audio", manifest.audio.width),
        ("text", manifest.text_width()),
        ("video", manifest.video.width),
    ];
    let mut wrong = Vec::new();
    for (modality, expected) in parts {
        let got = config["widths"][modality].as_u64();
        wrong.extend(compare(&format!("{modality} input"), expected, got)?);
    }
    match untaught(&config, manifest) {
        Some(why) => Err(why),
        None => Ok(wrong),
    }
}

/// What is wrong where network and manifest do not agree on what data taught the network.
fn untaught(config: &serde_json::Value, manifest: &Manifest) -> Option<String> {
    let in_network: Vec<&str> = match &config["untrained"] {
        serde_json::Value::Array(modalities) => {
            modalities.iter().filter_map(|m| m.as_str()).collect()
        }
        _ => Vec::new(),
    };
    let fusion = manifest.fusion.as_ref()?;
    let (modality, _) = fusion.taught().into_iter().find(|(modality, taught)| {
        in_network.contains(modality) != (*taught == Taught::Untrained)
    })?;
    let [network, other] = match in_network.contains(&modality) {
        true => ["untrained", "trained"],
        false => ["trained", "untrained"],
    };
    Some(format!(
        "its {modality} is {network}, and {other} in the manifest's [fusion]; `undertone bundle` with \
         the folder of the bundle puts that right"
    ))
}
