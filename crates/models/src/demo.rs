//! The demo bundle, which is in the program.
//!
//! The engines load files, so it is unpacked into the user's cache: a folder of its own for each
//! content, named by the hash of its manifest (which has those of the models). Every file is
//! compared, byte by byte, each time, and written again where it is missing or other: each file
//! appears whole or not at all, and always the same, so several processes may do so at once.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use undertone_bundle::MANIFEST_NAME;
use undertone_types::write_atomically;

use crate::Places;

/// The name of the bundle in the program.
pub const DEMO: &str = "demo";
/// Digits of the manifest's hash in the folder's name.
const DIGITS: usize = 16;

macro_rules! demo_files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../models/demo/", $name)))),+]
    };
}

/// The manifest, and what it names.
static FILES: &[(&str, &[u8])] = demo_files![
    "bundle.toml",
    "asr.bin",
    "slm.gguf",
    "mmproj.gguf",
    "fusion.safetensors",
    "fusion.json",
];

/// The demo bundle cannot be unpacked.
#[derive(Debug, thiserror::Error)]
#[error(
    "the demo bundle cannot be unpacked into {}{}; set XDG_CACHE_HOME to a folder that can be written to",
    folder.display(),
    instead.as_ref().map(|folder| format!(" nor into {}", folder.display())).unwrap_or_default()
)]
pub struct DemoError {
    /// Where it belongs.
    pub folder: PathBuf,
    /// Where it was tried instead.
    pub instead: Option<PathBuf>,
    /// Why not.
    pub source: io::Error,
}

/// The demo bundle's manifest.
#[must_use]
pub fn demo_manifest() -> &'static str {
    FILES
        .iter()
        .find(|(name, _)| *name == MANIFEST_NAME)
        .and_then(|(_, bytes)| std::str::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// Size of the demo bundle's files.
#[must_use]
pub fn demo_size_bytes() -> u64 {
    FILES.iter().map(|(_, bytes)| bytes.len() as u64).sum()
}

/// True for the folder into which the demo bundle is unpacked: what is changed in it does not last.
#[must_use]
pub fn is_unpacked_demo(folder: &Path) -> bool {
    folder
        .file_name()
        .is_some_and(|name| *name == *folder_name())
}

fn folder_name() -> String {
    let hash = blake3::hash(demo_manifest().as_bytes()).to_hex();
    format!("{DEMO}-{}", &hash[..DIGITS])
}

/// Unpacks the demo bundle where it is not yet, and returns its folder. Where the cache cannot be
/// written to, or without a home, that is a private folder for temporary files.
///
/// # Errors
/// When neither can be written to.
pub fn unpack_demo(places: &Places) -> Result<PathBuf, DemoError> {
    let name = folder_name();
    let temporary = || {
        let user = rustix::process::geteuid().as_raw();
        std::env::temp_dir().join(format!("undertone-{user}"))
    };
    let Some(cache) = &places.cache else {
        let folder = temporary();
        return unpack_privately(&folder, &name).map_err(|source| DemoError {
            folder,
            instead: None,
            source,
        });
    };
    let folder = cache.join(&name);
    unpack(&folder).map(|()| folder.clone()).or_else(|_| {
        let instead = temporary();
        unpack_privately(&instead, &name).map_err(|source| DemoError {
            folder,
            instead: Some(instead),
            source,
        })
    })
}

/// Unpacks into a folder that others cannot write to.
fn unpack_privately(private: &Path, name: &str) -> io::Result<PathBuf> {
    match fs::DirBuilder::new().mode(0o700).create(private) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let facts = fs::symlink_metadata(private)?;
    let is_own = facts.is_dir()
        && facts.uid() == rustix::process::geteuid().as_raw()
        && facts.permissions().mode() & 0o022 == 0;
    if !is_own {
        return Err(io::Error::other("somebody else can write to it"));
    }
    let folder = private.join(name);
    unpack(&folder)?;
    Ok(folder)
}

fn unpack(folder: &Path) -> io::Result<()> {
    let is_wrong = |(name, bytes): &&(&str, &[u8])| {
        let path = folder.join(name);
        let has_size = fs::metadata(&path).is_ok_and(|facts| facts.len() == bytes.len() as u64);
        !(has_size && fs::read(&path).is_ok_and(|found| found == *bytes))
    };
    let wrong: Vec<_> = FILES.iter().filter(is_wrong).collect();
    if !wrong.is_empty() {
        fs::create_dir_all(folder)?;
    }
    for (name, bytes) in wrong {
        write_atomically(&folder.join(name), bytes)?;
    }
    Ok(())
}
