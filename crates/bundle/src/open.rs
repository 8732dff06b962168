//! Opens a bundle: reads the manifest, checks every file, gives paths and fingerprints.

use std::path::{Path, PathBuf};

use super::checks::check_files;
use super::fingerprint;
use super::manifest::{LanguageModel, Manifest, Part, SCHEMA_VERSION};
use super::problem::{BundleErrors, BundleProblem};
use super::{Extractor, Gate};

/// Name of the manifest in a bundle's folder.
pub const MANIFEST_NAME: &str = "bundle.toml";

/// What a bundle must have besides complete files that fit together.
#[derive(Clone, Debug, PartialEq)]
pub struct Demands {
    /// Whether its fusion network, where it has one, must be usable; if not, the network may
    /// be damaged, or made for other features.
    pub fusion: bool,
    /// The audio extractor that the program has. A TorchScript module can always be used.
    pub audio: Option<Extractor>,
    /// The video extractor that the program has. A TorchScript module can always be used.
    pub video: Option<Extractor>,
}

impl Default for Demands {
    fn default() -> Self {
        Self {
            fusion: true,
            audio: None,
            video: None,
        }
    }
}

impl Demands {
    fn unmet(&self, manifest: &Manifest) -> Vec<BundleProblem> {
        let extractors = [
            ("audio", &self.audio, &manifest.audio),
            ("video", &self.video, &manifest.video),
        ];
        extractors
            .into_iter()
            .filter_map(|(modality, known, named)| {
                let known = known.as_ref().filter(|known| *known != named)?;
                if named.is_torchscript() {
                    return None;
                }
                Some(BundleProblem::OtherExtractor {
                    modality,
                    named: named.to_string(),
                    known: known.to_string(),
                })
            })
            .collect()
    }
}

/// A bundle whose files are complete and fit together.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    former_fingerprint: String,
}

impl Bundle {
    /// Opens a bundle to score with.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn open(folder: &Path) -> Result<Self, BundleErrors> {
        Self::open_with(folder, &Demands::default())
    }

    /// Opens a bundle that meets all demands.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn open_with(folder: &Path, demands: &Demands) -> Result<Self, BundleErrors> {
        let failed = |problems| BundleErrors {
            folder: folder.to_owned(),
            problems,
        };
        let (manifest, text) = read_manifest(folder).map_err(|problem| failed(vec![problem]))?;
        let mut problems = check_manifest(&manifest);
        problems.extend(demands.unmet(&manifest));
        problems.extend(check_files(folder, &manifest));
        let is_fusion = |part| matches!(part, Some(Part::Fusion | Part::FusionConfig));
        problems.retain(|problem| demands.fusion || !is_fusion(problem.part()));
        if !problems.is_empty() {
            return Err(failed(problems));
        }
        Ok(Self {
            folder: folder.to_owned(),
            former_fingerprint: fingerprint::former::of_bundle(&manifest, &text),
            manifest,
        })
    }

    /// Reads the manifest alone, of a bundle whose files were checked a moment ago.
    ///
    /// # Errors
    /// When there is no manifest or it is not valid.
    pub fn unchecked(folder: &Path) -> Result<Self, BundleErrors> {
        let (manifest, text) = read_manifest(folder).map_err(|problem| BundleErrors {
            folder: folder.to_owned(),
            problems: vec![problem],
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            former_fingerprint: fingerprint::former::of_bundle(&manifest, &text),
            manifest,
        })
    }

    /// Identifies the bundle: BLAKE3 over what its manifest means, the hashes of its models
    /// included.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint::of_bundle(&self.manifest)
    }

    /// The fingerprint that earlier versions of this program gave this bundle: reports with it
    /// were made by the same models.
    #[must_use]
    pub fn former_fingerprint(&self) -> &str {
        &self.former_fingerprint
    }

    /// Identifies what makes features of a recording: its recogniser, language model and
    /// extractors with their settings. Gate and fusion network come after the features and
    /// do not count, so that a bundle can go on extracting once they were fitted.
    #[must_use]
    pub fn features_fingerprint(&self) -> String {
        fingerprint::of_features(&self.manifest)
    }

    /// What earlier versions of this program gave as
    /// [`features_fingerprint`](Self::features_fingerprint).
    #[must_use]
    pub fn former_features_fingerprint(&self) -> String {
        fingerprint::former::of_features(&self.manifest)
    }

    /// When a transcript is trusted.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.manifest.gate
    }

    /// Where a part is; `None` where the bundle has none.
    #[must_use]
    pub fn path(&self, part: Part) -> Option<PathBuf> {
        let files = self.manifest.files();
        let named = files.iter().find(|named| named.part == part)?;
        Some(self.folder.join(named.file))
    }

    /// The speech recogniser's file.
    #[must_use]
    pub fn asr(&self) -> PathBuf {
        self.folder.join(&self.manifest.asr.file)
    }
}

/// The files that a bundle's manifest names, whether they exist or not.
///
/// # Errors
/// When there is no manifest or it is not valid.
pub fn named_parts(folder: &Path) -> Result<Vec<(Part, PathBuf)>, BundleProblem> {
    let (manifest, _) = read_manifest(folder)?;
    let files = manifest.files();
    Ok(files
        .iter()
        .map(|named| (named.part, named.file.clone()))
        .collect())
}

fn read_manifest(folder: &Path) -> Result<(Manifest, String), BundleProblem> {
    let path = folder.join(MANIFEST_NAME);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| BundleProblem::NoManifest(format!("{}: {error}", path.display())))?;
    // A later format would fail on its first new key; naming its version is clearer.
    let schema = toml::from_str::<toml::Table>(&text)
        .ok()
        .and_then(|table| table.get("schema")?.as_integer());
    if let Some(schema) = schema.filter(|schema| *schema != i64::from(SCHEMA_VERSION)) {
        return Err(BundleProblem::Manifest(format!(
            "{MANIFEST_NAME} has schema {schema}, this program reads schema {SCHEMA_VERSION}"
        )));
    }
    match toml::from_str(&text) {
        Ok(manifest) => Ok((manifest, text)),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text[..start.min(text.len())].matches('\n').count();
            let message = error.message();
            Err(BundleProblem::Manifest(format!(
                "{MANIFEST_NAME}:{line}: {message}"
            )))
        }
    }
}

fn check_manifest(manifest: &Manifest) -> Vec<BundleProblem> {
    let model = manifest.language_model.as_ref();
    let of_model = |size: fn(&LanguageModel) -> usize| model.map_or(1, size);
    let sizes = [
        ("language_model.width", of_model(|model| model.width)),
        (
            "language_model.max_tokens",
            of_model(|model| model.max_tokens),
        ),
        (
            "language_model.context_tokens",
            of_model(|model| model.context_tokens),
        ),
        (
            "language_model.layer",
            of_model(|model| model.layer.unwrap_or(1)),
        ),
    ];
    let mut problems: Vec<String> = sizes
        .iter()
        .filter(|(_, size)| *size == 0)
        .map(|(key, _)| format!("{key} must be at least 1, got 0"))
        .collect();
    problems.extend(manifest.audio.problems("audio"));
    problems.extend(manifest.video.problems("video"));
    match model {
        Some(model) => problems.extend(check_language_model(model)),
        None if manifest.fusion.is_some() => {
            problems.push("[fusion] needs a [language_model] beside it".to_owned());
        }
        None => {}
    }
    problems.extend(manifest.gate.problem());
    problems.into_iter().map(BundleProblem::Manifest).collect()
}

fn check_language_model(model: &LanguageModel) -> Vec<String> {
    let mut problems = Vec::new();
    if model.max_tokens >= model.context_tokens {
        problems.push(format!(
            "language_model.max_tokens must be less than its context_tokens, got {} and {}",
            model.max_tokens, model.context_tokens
        ));
    }
    if model.projector_file.is_some() != model.projector_sha256.is_some() {
        problems.push(
            "language_model.projector_file and projector_sha256 must both be there, or neither"
                .to_owned(),
        );
    }
    if model.projector_file.is_some() && model.simulate_prompt.is_empty() {
        problems.push("language_model.simulate_prompt is needed with a projector".to_owned());
    }
    problems
}

#[cfg(test)]
mod tests;
