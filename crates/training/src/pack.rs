//! A trained network and the models that its features came from, as a bundle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, value};

use super::provenance::PROVENANCE;
use super::{Provenance, TrainError};
use crate::error::write_file;
use undertone_bundle::{Bundle, MANIFEST_NAME, Manifest, Purpose, sha256_of};
use undertone_fusion::{Modality, Scorer};

/// What the new bundle is called and good for; `None` keeps what the base says.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// Short name, for reports.
    pub name: Option<String>,
    /// Version, for reports.
    pub version: Option<String>,
    /// What it is good for.
    pub purpose: Option<Purpose>,
    /// Licence of the models, as an SPDX expression.
    pub licence: Option<String>,
    /// What a user should know.
    pub notes: Option<String>,
}

/// A key of the manifest that names a file, and the key of its hash.
const HASHES: [(&str, &str); 3] = [
    ("file", "sha256"),
    ("projector_file", "projector_sha256"),
    ("config_file", "config_sha256"),
];

/// Which extractor makes which features of a bundle, with its version; language model and
/// projector by their hashes, each with what it is asked.
#[must_use]
pub fn extractors(manifest: &Manifest) -> BTreeMap<String, String> {
    let named = |name: &str, version: u32| format!("{name} {version}");
    let (audio, video) = (&manifest.audio, &manifest.video);
    let language = &manifest.language_model;
    let asked = |sha256: &str, prompt: &str| format!("{sha256} asked {prompt:?}");
    BTreeMap::from([
        ("audio".to_owned(), named(&audio.extractor, audio.version)),
        ("video".to_owned(), named(&video.extractor, video.version)),
        (
            "text".to_owned(),
            asked(&language.sha256, &language.read_prompt),
        ),
        (
            "simulated text".to_owned(),
            asked(&language.projector_sha256, &language.simulate_prompt),
        ),
    ])
}

/// Makes the bundle `out` of the base's models, gate and prompts and of a trained network:
/// copies, hashes, and keeps the network's provenance beside it. The manifest's comments stay.
///
/// # Errors
/// When the network was trained on features that this base does not make, `out` exists, or a
/// file cannot be read or written.
pub fn pack(base: &Bundle, network: &Path, naming: &Naming, out: &Path) -> Result<(), TrainError> {
    if out.exists() {
        return Err(TrainError::Exists {
            path: out.to_owned(),
        });
    }
    fits(&base.manifest, network)?;
    // Beside its place under another name until it is whole.
    let parent = out.parent().filter(|path| !path.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let failed = |source| write_error(out, source);
    std::fs::create_dir_all(parent).map_err(failed)?;
    let folder = tempfile::Builder::new()
        .prefix(".packing-")
        .tempdir_in(parent)
        .map_err(failed)?;
    for name in base.manifest.feature_files() {
        copy(&base.folder.join(name), &folder.path().join(name))?;
    }
    for name in ["fusion.safetensors", "fusion.json", PROVENANCE] {
        copy(&network.join(name), &folder.path().join(name))?;
    }
    let manifest = base.folder.join(MANIFEST_NAME);
    let mut document = read(&manifest)?;
    rename(&mut document, naming);
    document["fusion"] = fusion();
    let manifest = folder.path().join(MANIFEST_NAME);
    write_file(&manifest, document.to_string().as_bytes())?;
    seal(folder.path())?;
    Bundle::open(folder.path())?;
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .map_err(failed)?;
    std::fs::rename(folder.path(), out).map_err(failed)?;
    // It has another name now: nothing is left to remove.
    let _ = folder.keep();
    Ok(())
}

/// Writes the SHA-256 of every file that a bundle's manifest names into it; comments and
/// everything else stay. Returned are the files, as the manifest names them.
///
/// # Errors
/// When the manifest is no TOML, or a file cannot be read.
pub fn seal(folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let path = folder.join(MANIFEST_NAME);
    let mut document = read(&path)?;
    let mut sealed = Vec::new();
    for (_, section) in document.iter_mut() {
        let Some(section) = section.as_table_like_mut() else {
            continue;
        };
        for (file, hash) in HASHES {
            let Some(name) = section.get(file).and_then(Item::as_str).map(PathBuf::from) else {
                continue;
            };
            let part = folder.join(&name);
            let (sha256, _) = sha256_of(&part).map_err(|source| read_error(&part, source))?;
            section.insert(hash, value(sha256));
            sealed.push(name);
        }
    }
    write_file(&path, document.to_string().as_bytes())?;
    Ok(sealed)
}

/// Whether the base makes what the network was trained on.
fn fits(manifest: &Manifest, network: &Path) -> Result<(), TrainError> {
    let provenance = Provenance::read(network)?;
    let unfit = |reason: String| TrainError::Unfit {
        path: network.to_owned(),
        reason,
    };
    if provenance.is_stand_in() {
        let reason = "its simulated text came from a ridge map, not from a language model; train \
                      with data.simulated = \"given\"";
        return Err(unfit(reason.to_owned()));
    }
    let own = extractors(manifest);
    for (what, theirs) in &provenance.extractors {
        let ours = own.get(what).map_or("nothing", String::as_str);
        if ours != theirs {
            let reason = format!(
                "its {what} features are by {theirs}, this base has {ours}; take features with \
                 this base and train again"
            );
            return Err(unfit(reason));
        }
    }
    let config = network.join("fusion.json");
    // Also that its weights are whole and its own.
    let widths = Scorer::load(&network.join("fusion.safetensors"), &config, 1)?.widths();
    for (modality, expected) in [
        (Modality::Audio, manifest.audio.width),
        (Modality::Text, manifest.language_model.width),
        (Modality::Video, manifest.video.width),
    ] {
        let got = *widths.get(modality);
        if got != expected {
            return Err(unfit(format!(
                "it takes {modality} {got} wide, this base gives {expected}"
            )));
        }
    }
    Ok(())
}

fn rename(document: &mut DocumentMut, naming: &Naming) {
    let purpose = naming.purpose.map(|purpose| purpose.name().to_owned());
    for (key, given) in [
        ("name", naming.name.clone()),
        ("version", naming.version.clone()),
        ("purpose", purpose),
        ("licence", naming.licence.clone()),
        ("notes", naming.notes.clone()),
    ] {
        if let Some(given) = given {
            document[key] = value(given);
        }
    }
}

/// The manifest's section about the network; its hashes come from [`seal`].
fn fusion() -> Item {
    let mut table = Table::new();
    table["file"] = value("fusion.safetensors");
    table["sha256"] = value("");
    table["config_file"] = value("fusion.json");
    table["config_sha256"] = value("");
    table["from"] = value(format!("undertone train; see {PROVENANCE}"));
    Item::Table(table)
}

fn read(path: &Path) -> Result<DocumentMut, TrainError> {
    let text = std::fs::read_to_string(path).map_err(|source| read_error(path, source))?;
    text.parse()
        .map_err(|error: toml_edit::TomlError| TrainError::Manifest {
            path: path.to_owned(),
            reason: error.to_string(),
        })
}

fn copy(from: &Path, to: &Path) -> Result<(), TrainError> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
    }
    let failed = |source| TrainError::Copy {
        from: from.to_owned(),
        to: to.to_owned(),
        source,
    };
    std::fs::copy(from, to).map(drop).map_err(failed)
}

fn read_error(path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Read {
        path: path.to_owned(),
        source,
    }
}

fn write_error(path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Write {
        path: path.to_owned(),
        source,
    }
}
