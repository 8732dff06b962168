//! The manifest of a new bundle, from the files that it is made of.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use toml::Value;

use super::gguf::GgufHeader;
use super::known_whisper::WhisperHeader;
use super::{AsrContext, Extractor};

/// What a new bundle is made of.
#[derive(Clone, Debug)]
pub struct Draft<'d> {
    /// Its name.
    pub name: &'d str,
    /// Licence of the models, as an SPDX expression.
    pub licence: &'d str,
    /// A Whisper (ggml).
    pub asr: &'d Path,
    /// The language of the speech, as Whisper abbreviates it.
    pub language: &'d str,
    /// A language model (GGUF).
    pub language_model: &'d Path,
    /// Its audio projector (GGUF), and the prompt that has it write down the audio.
    pub projector: Option<(&'d Path, &'d str)>,
    /// The prompt before a transcript.
    pub read_prompt: &'d str,
    /// The layer whose hidden states are taken, counted from 1; the last one's without it.
    pub layer: Option<usize>,
    /// The extractors of the program.
    pub extractors: [Extractor; 2],
}

/// A manifest without hashes, and what a user should know of how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Drafted {
    /// The content of `bundle.toml`.
    pub manifest: String,
    /// What was guessed, and what is not known.
    pub notes: Vec<String>,
}

/// A file that no bundle can be made of.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be the {role}: {why}", path.display())]
pub struct DraftError {
    path: PathBuf,
    role: &'static str,
    why: String,
}

/// Names of the files in the bundle.
pub const DRAFT_FILES: [&str; 3] = ["asr.bin", "slm.gguf", "mmproj.gguf"];
/// Most tokens to generate for an utterance.
const MAX_TOKENS: usize = 64;
/// The context's length in tokens, without sound and with.
const CONTEXT_TOKENS: [usize; 2] = [512, 1024];

impl Draft<'_> {
    /// Writes the manifest: as much as can be known of the files, and cautious guesses.
    ///
    /// # Errors
    /// When a file is not what it is meant to be.
    pub fn write(&self) -> Result<Drafted, DraftError> {
        let whisper = self.whisper()?;
        let width = self.width()?;
        let mut notes = Vec::new();
        let mut text = String::new();
        self.head(&mut text);
        self.asr(&mut text, whisper, &mut notes);
        self.language_model(&mut text, width);
        self.extractors(&mut text);
        text.push_str(GATE);
        notes.push(GATE_NOTE.to_owned());
        Ok(Drafted {
            manifest: text,
            notes,
        })
    }

    fn whisper(&self) -> Result<WhisperHeader, DraftError> {
        let wrong = |why: String| DraftError {
            path: self.asr.to_owned(),
            role: "speech recogniser",
            why,
        };
        let header = WhisperHeader::read(self.asr).map_err(|error| wrong(error.to_string()))?;
        let header =
            header.ok_or_else(|| wrong("it is not a whisper.cpp model (ggml)".to_owned()))?;
        if header.is_english() && self.language != "en" {
            let language = self.language;
            return Err(wrong(format!(
                "it knows English alone, and not {language:?}"
            )));
        }
        Ok(header)
    }

    /// Width of the language model's hidden states.
    fn width(&self) -> Result<u64, DraftError> {
        let wrong = |why: String| DraftError {
            path: self.language_model.to_owned(),
            role: "language model",
            why,
        };
        let header = GgufHeader::read(self.language_model);
        let header = header.map_err(|error| wrong(error.to_string()))?;
        if let Some(problem) = self.layer.and_then(|layer| header.layer_problem(layer)) {
            return Err(wrong(problem));
        }
        match header.text("general.architecture") {
            Some("clip") => Err(wrong("it is a projector, not a language model".to_owned())),
            _ => header
                .output_width()
                .ok_or_else(|| wrong("it does not say how wide its hidden states are".to_owned())),
        }
    }

    fn head(&self, text: &mut String) {
        text.push_str("# Made by `undertone new-bundle`.\nschema = 1\n");
        let notes = "Made by `undertone new-bundle`; its gate was not fitted to recordings.";
        for (key, value) in [
            ("name", self.name),
            ("version", "1"),
            ("purpose", "general"),
            ("licence", self.licence),
            ("notes", notes),
        ] {
            put(text, key, value);
        }
    }

    fn asr(&self, text: &mut String, whisper: WhisperHeader, notes: &mut Vec<String>) {
        text.push_str("\n[asr]\n");
        put(text, "kind", "whisper");
        put(text, "file", DRAFT_FILES[0]);
        put(text, "sha256", "");
        put(text, "from", &name_of(self.asr));
        put(text, "language", self.language);
        let context = match whisper.context() {
            AsrContext::Full => "full",
            AsrContext::Short => {
                notes.push(
                    "the recogniser has none of the sizes of OpenAI's Whispers: it hears each utterance \
                     alone (context = \"short\"); write \"full\" if it was trained on windows of 30 s"
                        .to_owned(),
                );
                "short"
            }
        };
        put(text, "context", context);
        let heads = whisper.alignment_heads();
        match heads.is_empty() {
            true => notes.push(
                "which heads of the recogniser give the times of words is not known: there are no \
                 times, and the words of utterances that it hears together are divided by their \
                 lengths (alignment_heads)"
                    .to_owned(),
            ),
            false => put_value(text, "alignment_heads", &heads_value(&heads)),
        }
    }

    fn language_model(&self, text: &mut String, width: u64) {
        text.push_str("\n[language_model]\n");
        put(text, "file", DRAFT_FILES[1]);
        put(text, "sha256", "");
        if let Some((_, prompt)) = self.projector {
            put(text, "projector_file", DRAFT_FILES[2]);
            put(text, "projector_sha256", "");
            put(text, "simulate_prompt", prompt);
        }
        put(text, "from", &name_of(self.language_model));
        put(text, "read_prompt", self.read_prompt);
        text.push_str("# Data sets and recognisers write the same words in different ways.\n");
        put(text, "text_form", "words");
        if let Some(layer) = self.layer {
            let _ = writeln!(text, "layer = {layer}");
        }
        let context = CONTEXT_TOKENS[usize::from(self.projector.is_some())];
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "width = {width}\nmax_tokens = {MAX_TOKENS}\ncontext_tokens = {context}"
        );
    }

    fn extractors(&self, text: &mut String) {
        for (section, extractor) in ["audio", "video"].iter().zip(&self.extractors) {
            let Extractor {
                extractor,
                version,
                width,
                ..
            } = extractor;
            let _ = write!(text, "\n[{section}]\n");
            put(text, "extractor", extractor);
            let _ = writeln!(text, "version = {version}\nwidth = {width}");
        }
    }
}

/// Trusts what Whisper itself is sure of: a mean probability of 80 % for each of its tokens
/// and few words twice. Repetition is the surest sign of invented text.
const GATE: &str = r#"
# Not fitted: it trusts transcripts of whose tokens the recogniser was sure, at 80 % in the mean, and
# that hardly repeat themselves. `undertone calibrate LABELS --set bundle=FOLDER --write` fits it to
# recordings whose words are known, some of them noisy.
[gate]
threshold = 0.7
bias = 3.08

[gate.weights]
mean_log_prob = 10.0
min_log_prob = 0.0
no_speech = 0.0
repetition = -10.0
chars_per_s = 0.0
voiced_share = 0.0
"#;

const GATE_NOTE: &str = "the gate is not fitted: a transcript is trusted where the recogniser gives \
    its tokens a mean probability of 80 %; what is not trusted is not read";

fn put(text: &mut String, key: &str, value: &str) {
    put_value(text, key, &Value::from(value));
}

fn put_value(text: &mut String, key: &str, value: &Value) {
    let _ = writeln!(text, "{key} = {value}");
}

fn heads_value(heads: &[[u32; 2]]) -> Value {
    let pair = |[layer, head]: &[u32; 2]| Value::from(vec![i64::from(*layer), i64::from(*head)]);
    Value::Array(heads.iter().map(pair).collect())
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::gguf::tests::sample;
    use super::super::{MANIFEST_NAME, Manifest};
    use super::*;
    use undertone_types::TextForm;

    struct Files(tempfile::TempDir);

    impl Files {
        fn new() -> Self {
            let files = Self(tempfile::tempdir().unwrap());
            let sizes: [u32; 11] = [51_865, 1500, 512, 8, 6, 448, 512, 8, 6, 80, 1];
            let sizes = sizes.iter().flat_map(|size| size.to_le_bytes());
            let whisper: Vec<u8> = b"lmgg".iter().copied().chain(sizes).collect();
            std::fs::write(files.path("w.bin"), whisper).unwrap();
            let model = sample("llama", "llama.embedding_length", 128);
            std::fs::write(files.path("a \"good\" one.gguf"), model).unwrap();
            let projector = sample("clip", "clip.audio.projection_dim", 128);
            std::fs::write(files.path("p.gguf"), projector).unwrap();
            files
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn draft(
            &self,
            model: &str,
            projector: bool,
            language: &str,
        ) -> Result<Drafted, DraftError> {
            let projector_path = self.path("p.gguf");
            Draft {
                name: "mine",
                licence: "MIT",
                asr: &self.path("w.bin"),
                language,
                language_model: &self.path(model),
                projector: projector.then_some((&*projector_path, "{audio}\nwrite:\t")),
                read_prompt: "{transcript}",
                layer: None,
                extractors: [
                    Extractor::built_in("prosody", 1, 40),
                    Extractor::built_in("face-shape", 1, 144),
                ],
            }
            .write()
        }
    }

    #[test]
    fn a_draft_is_a_manifest() {
        let files = Files::new();
        let drafted = files.draft("a \"good\" one.gguf", true, "de").unwrap();
        let manifest: Manifest = toml::from_str(&drafted.manifest).unwrap();
        let model = manifest.language_model.as_ref().unwrap();
        assert_eq!((model.width, model.text_form), (128, TextForm::Words));
        assert_eq!(model.simulate_prompt, "{audio}\nwrite:\t");
        assert_eq!(model.from, "a \"good\" one.gguf");
        assert_eq!(manifest.asr.context, AsrContext::Full);
        assert_eq!(manifest.asr.alignment_heads.len(), 8);
        assert_eq!(manifest.gate.problem(), None);
        assert_eq!(drafted.notes, [GATE_NOTE]);
        let without = files.draft("a \"good\" one.gguf", false, "de").unwrap();
        assert!(
            !without.manifest.contains("projector"),
            "{}",
            without.manifest
        );
        std::fs::write(files.path(MANIFEST_NAME), without.manifest).unwrap();
        let problems = super::super::Bundle::open(files.0.path()).unwrap_err();
        assert!(
            problems.to_string().contains("\"slm.gguf\" is missing"),
            "{problems}"
        );
    }

    #[test]
    fn files_of_another_kind_are_named() {
        let files = Files::new();
        let said = |model: &str| files.draft(model, false, "en").unwrap_err().to_string();
        let projector = said("p.gguf");
        assert!(
            projector.contains("p.gguf cannot be the language model"),
            "{projector}"
        );
        assert!(projector.ends_with("it is a projector, not a language model"));
        assert!(said("w.bin").ends_with("not a GGUF file"));
        std::fs::copy(files.path("p.gguf"), files.path("w.bin")).unwrap();
        let whisper = said("a \"good\" one.gguf");
        assert!(
            whisper.ends_with("it is not a whisper.cpp model (ggml)"),
            "{whisper}"
        );
    }
}
