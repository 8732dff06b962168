//! A trained network and the models that its features came from, as a bundle.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike, TomlError, value};

use super::provenance::PROVENANCE;
use super::{Provenance, WordsLost};
use crate::files::{FileError, create_folder, read_text, write_file};
use undertone_bundle::{
    Bundle, BundleErrors, MANIFEST_NAME, Manifest, Purpose, extractor_identity, sha256_of,
};
use undertone_fusion::{FusionConfig, FusionError, Modality, Scorer};
use undertone_types::TextForm;

/// What the manifest of the new bundle says of it; `None` keeps the base's value.
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

/// A bundle that cannot be packed or sealed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The place for the new bundle is taken.
    #[error("{} already exists; choose another folder", path.display())]
    Exists {
        /// Which place.
        path: PathBuf,
    },
    /// The network was trained on features that the bundle does not make.
    #[error("the network in {} does not fit the bundle: {reason}", path.display())]
    Unfit {
        /// The network's folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The network cannot be loaded.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// The manifest is not TOML.
    #[error("{} is not valid TOML", path.display())]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Why, with the line.
        source: Box<TomlError>,
    },
    /// A file could not be copied.
    #[error("cannot copy {} to {}", from.display(), to.display())]
    Copy {
        /// Which file.
        from: PathBuf,
        /// To where.
        to: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The packed bundle does not hold together.
    #[error(transparent)]
    Bundle(#[from] BundleErrors),
}

impl PackError {
    /// Whether another command line would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Exists { .. } => true,
            Self::Unfit { .. }
            | Self::Fusion(_)
            | Self::Manifest { .. }
            | Self::Copy { .. }
            | Self::File(_)
            | Self::Bundle(_) => false,
        }
    }
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
    let asked = |sha256: &str, prompt: &str| format!("{sha256} asked {prompt:?}");
    let mut made = BTreeMap::from([
        ("audio".to_owned(), extractor_identity(&manifest.audio)),
        ("video".to_owned(), extractor_identity(&manifest.video)),
    ]);
    if let Some(language) = &manifest.language_model {
        let mut read = asked(&language.sha256, &language.read_prompt);
        if language.text_form == TextForm::Words {
            read.push_str(" in words");
        }
        if let Some(layer) = language.layer {
            read.push_str(&format!(" of layer {layer}"));
        }
        made.insert("text".to_owned(), read);
        if let Some(projector) = &language.projector_sha256 {
            let simulated = asked(projector, &language.simulate_prompt);
            made.insert("simulated text".to_owned(), simulated);
        }
    }
    made
}

/// Makes the bundle `out` from the base's models, gate and prompts and from a trained network:
/// copies and hashes the files, and adds the network's provenance. The manifest keeps its
/// comments.
///
/// # Errors
/// When the network was trained on features that this base does not make, `out` exists, or a
/// file cannot be read or written.
pub fn pack(base: &Bundle, network: &Path, naming: &Naming, out: &Path) -> Result<(), PackError> {
    if out.exists() {
        return Err(PackError::Exists {
            path: out.to_owned(),
        });
    }
    fits(&base.manifest, network)?;
    // Under another name until it is whole.
    let parent = out.parent().filter(|path| !path.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    create_folder(parent)?;
    let folder = tempfile::Builder::new()
        .prefix(".packing-")
        .tempdir_in(parent)
        .map_err(FileError::write(parent))?;
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
    // Temporary folders are private.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))
        .map_err(FileError::write(out))?;
    std::fs::rename(folder.path(), out).map_err(FileError::write(out))?;
    // Renamed: nothing is left to remove.
    let _ = folder.keep();
    Ok(())
}

/// Writes the SHA-256 of every file that a bundle's manifest names into the manifest, and which
/// modalities no data taught its network; changes nothing else in it. Gives the files, as the
/// manifest names them.
///
/// # Errors
/// When the manifest is not TOML, a file cannot be read, or the network's config is none.
pub fn seal(folder: &Path) -> Result<Vec<PathBuf>, PackError> {
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
            let (sha256, _) = sha256_of(&part).map_err(FileError::read(&part))?;
            section.insert(hash, value(sha256));
            sealed.push(name);
        }
    }
    if let Some(network) = document.get_mut("fusion").and_then(Item::as_table_like_mut) {
        say_untrained(network, folder)?;
    }
    write_file(&path, document.to_string().as_bytes())?;
    Ok(sealed)
}

/// The manifest's keys that say whether data taught the network a modality.
const TAUGHT: [(&str, Modality); 3] = [
    ("voice", Modality::Audio),
    ("words", Modality::Text),
    ("face", Modality::Video),
];

/// Says in the manifest's section about the network what the network's config says.
fn say_untrained(network: &mut dyn TableLike, folder: &Path) -> Result<(), PackError> {
    let Some(name) = network.get("config_file").and_then(Item::as_str) else {
        return Ok(());
    };
    let untrained = FusionConfig::read(&folder.join(name))?.untrained;
    for (key, modality) in TAUGHT {
        match untrained.contains(&modality) {
            true => network.insert(key, value("untrained")),
            false => network.remove(key),
        };
    }
    Ok(())
}

/// Checks that the base makes the features that the network was trained on.
fn fits(manifest: &Manifest, network: &Path) -> Result<(), PackError> {
    let provenance = Provenance::read(network)?;
    let unfit = |reason: String| PackError::Unfit {
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
        // Words can be lost whatever the base simulates.
        if WordsLost::made(theirs) {
            continue;
        }
        let ours = own.get(what).map_or("nothing", String::as_str);
        if ours != theirs {
            let reason = format!(
                "its {what} features are by {theirs}, this base has {ours}; extract features with \
                 this base and train again"
            );
            return Err(unfit(reason));
        }
    }
    let config = network.join("fusion.json");
    // Loading also checks that the weights are whole and fit the config.
    let widths = Scorer::load(&network.join("fusion.safetensors"), &config, 1)?.widths();
    for (modality, expected) in [
        (Modality::Audio, manifest.audio.width),
        (Modality::Text, manifest.text_width()),
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

/// The manifest's section about the network; [`seal`] adds its hashes and what it was not taught.
fn fusion() -> Item {
    let mut table = Table::new();
    table["file"] = value("fusion.safetensors");
    table["sha256"] = value("");
    table["config_file"] = value("fusion.json");
    table["config_sha256"] = value("");
    table["from"] = value(format!("undertone train; see {PROVENANCE}"));
    Item::Table(table)
}

fn read(path: &Path) -> Result<DocumentMut, PackError> {
    read_text(path)?
        .parse()
        .map_err(|source| PackError::Manifest {
            path: path.to_owned(),
            source: Box::new(source),
        })
}

fn copy(from: &Path, to: &Path) -> Result<(), PackError> {
    if let Some(folder) = to.parent() {
        create_folder(folder)?;
    }
    std::fs::copy(from, to).map_err(|source| PackError::Copy {
        from: from.to_owned(),
        to: to.to_owned(),
        source,
    })?;
    Ok(())
}
