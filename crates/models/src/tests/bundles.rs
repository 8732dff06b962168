//! Whole bundles: from servers, from folders, again, at the same time, and away.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;
use undertone_weights::fixtures::{
    made_up, small_sizes, words, write_ctranslate2_whisper, write_words,
};
use undertone_weights::{Dtype, Vocabulary, WhisperWeights, write_ggml};

use super::server::{Answer, Server};
use super::{network, sha256};
use crate::{Catalogue, Origin, Places, Pull, PullError, Pulled, installed, remove};

/// A bundle of a made-up Whisper and a language model of three bytes, whose sources are on servers
/// and in a folder. It has the name, and so the manifest, of one in the program.
pub(super) struct Case {
    pub(super) folder: TempDir,
    pub(super) servers: Vec<Server>,
    pub(super) catalogue: Catalogue,
    pub(super) places: Places,
}

pub(super) const NAME: &str = "en";
pub(super) const SOURCES: [&str; 3] = [
    "whisper/model.bin",
    "whisper/vocabulary.json",
    "llm/model.gguf",
];

impl Case {
    /// The servers' first answers, one list for each source.
    pub(super) fn new(answers: [&[Answer]; 3]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        fs::create_dir_all(from.join("whisper")).unwrap();
        fs::create_dir_all(from.join("llm")).unwrap();
        let [weights, vocabulary, llm] = SOURCES.map(|source| from.join(source));
        let sizes = small_sizes(51_865);
        write_ctranslate2_whisper(&sizes, &made_up(&sizes), Dtype::F32, &weights, |_| {});
        write_words(&words(false), &vocabulary);
        fs::write(&llm, b"llm").unwrap();
        let ggml = folder.path().join("ggml");
        let (read, known) = (
            WhisperWeights::open(&weights),
            Vocabulary::open(&vocabulary),
        );
        write_ggml(&read.unwrap(), &known.unwrap(), &ggml).unwrap();

        let contents = SOURCES.map(|source| fs::read(from.join(source)).unwrap());
        let servers: Vec<Server> = contents
            .iter()
            .zip(answers)
            .map(|(content, answers)| Server::start(content, answers))
            .collect();
        let source = |n: usize| {
            let (name, content) = (SOURCES[n].split_once('/').unwrap().1, &contents[n]);
            format!(
                "[[sources.files]]\nname = {name:?}\nurl = {:?}\nsize_bytes = {}\nsha256 = {:?}\n",
                servers[n].url(SOURCES[n]),
                content.len(),
                sha256(content)
            )
        };
        let made = |name: &str, make: &str, from: &[&str], content: &[u8]| {
            format!(
                "[[bundles.files]]\nname = {name:?}\nmake = {make:?}\nfrom = {from:?}\n\
                 size_bytes = {}\nsha256 = {:?}\n",
                content.len(),
                sha256(content)
            )
        };
        let text = [
            "schema = 1\n\
             [[licences]]\nname = \"MIT\"\ntext = \"t\"\nterms = \"Free.\"\n\
             [[licences]]\nname = \"Hard\"\nmust_accept = true\ntext = \"t\"\nterms = \"Obey.\"\n\
             [[sources]]\nfolder = \"whisper\"\norigin = \"o\"\nlicence = \"MIT\"\n",
            &source(0),
            &source(1),
            "[[sources]]\nfolder = \"llm\"\norigin = \"p\"\nlicence = \"Hard\"\n",
            &source(2),
            "[[bundles]]\nname = \"en\"\ntitle = \"made up\"\n",
            &made(
                "asr.bin",
                "whisper-ggml",
                &SOURCES[..2],
                &fs::read(&ggml).unwrap(),
            ),
            &made("slm.gguf", "copy", &SOURCES[2..], &contents[2]),
        ];
        let places = Places {
            data: Some(folder.path().join("data")),
            ..Places::default()
        };
        Self {
            catalogue: Catalogue::read(&text.concat()).unwrap(),
            places,
            servers,
            folder,
        }
    }

    pub(super) fn source_folder(&self) -> PathBuf {
        self.folder.path().join("from")
    }

    pub(super) fn place(&self) -> PathBuf {
        self.folder.path().join("data/bundles").join(NAME)
    }

    pub(super) fn pull(&self, from: Option<&Path>) -> Result<Pulled, PullError> {
        let pull = Pull {
            catalogue: &self.catalogue,
            places: &self.places,
            from,
            accepted: true,
            network: network(),
        };
        pull.pull(NAME, &mut |_| {})
    }

    /// The names of everything in the bundle, and of everything beside it.
    pub(super) fn assert_installed(&self) {
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        let place = self.place();
        assert_eq!(
            names(&place),
            ["LICENCES.txt", "asr.bin", "bundle.toml", "slm.gguf"]
        );
        assert_eq!(names(place.parent().unwrap()), [".en.lock", "en"]);
        let ggml = fs::read(self.folder.path().join("ggml")).unwrap();
        assert!(fs::read(place.join("asr.bin")).unwrap() == ggml);
        assert_eq!(fs::read(place.join("slm.gguf")).unwrap(), b"llm");
        let terms = fs::read_to_string(place.join("LICENCES.txt")).unwrap();
        assert!(
            terms.contains("Free.") && terms.contains("Obey."),
            "{terms}"
        );
    }

    pub(super) fn requests(&self) -> Vec<usize> {
        self.servers
            .iter()
            .map(|server| server.asked().len())
            .collect()
    }
}

#[test]
fn a_bundle_comes_over_the_network_and_only_once() {
    let case = Case::new([&[Answer::Drop(50)], &[], &[]]);
    assert_eq!(case.pull(None).unwrap(), Pulled::New(case.place()));
    case.assert_installed();
    assert_eq!(case.pull(None).unwrap(), Pulled::There(case.place()));
    assert_eq!(case.requests(), [2, 1, 1]);
    let origin = Origin::Folder(case.place());
    assert!(
        installed(&case.places)
            .iter()
            .any(|found| found.origin == origin)
    );
}

#[test]
fn a_bundle_comes_out_of_a_folder_without_a_network() {
    let case = Case::new([&[], &[], &[]]);
    assert_eq!(
        case.pull(Some(&case.source_folder())).unwrap(),
        Pulled::New(case.place())
    );
    case.assert_installed();
    assert_eq!(case.requests(), [0, 0, 0]);
    assert!(
        case.source_folder().join(SOURCES[2]).exists(),
        "what was lent is still there"
    );
}

#[test]
fn what_has_come_is_kept_for_the_next_attempt() {
    let case = Case::new([&[], &[], &[Answer::Status(404)]]);
    let error = case.pull(None).unwrap_err().to_string();
    assert!(error.contains("404"), "{error}");
    assert!(!case.place().exists());
    case.pull(None).unwrap();
    case.assert_installed();
    assert_eq!(case.requests(), [1, 1, 2]);
}

#[test]
fn nothing_is_fetched_before_the_licence_is_accepted() {
    let case = Case::new([&[], &[], &[]]);
    let pull = Pull {
        catalogue: &case.catalogue,
        places: &case.places,
        from: None,
        accepted: false,
        network: network(),
    };
    let error = pull.pull(NAME, &mut |_| {}).unwrap_err();
    assert!(error.is_usage());
    assert!(
        error.to_string().contains("Hard") && !error.to_string().contains("MIT"),
        "{error}"
    );
    assert_eq!(case.requests(), [0, 0, 0]);
    assert!(!case.places.data.as_ref().unwrap().exists());
    let error = pull.pull("fr", &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "there is no bundle \"fr\"; there are en");
}

#[test]
fn two_at_the_same_time_fetch_once() {
    let case = Case::new([&[], &[], &[]]);
    let mut outcomes: Vec<Pulled> = thread::scope(|scope| {
        let pulls = [(); 2].map(|()| scope.spawn(|| case.pull(None).unwrap()));
        pulls.map(|pull| pull.join().unwrap()).into()
    });
    outcomes.sort_by_key(|outcome| matches!(outcome, Pulled::There(_)));
    assert_eq!(
        outcomes,
        [Pulled::New(case.place()), Pulled::There(case.place())]
    );
    case.assert_installed();
    assert_eq!(case.requests(), [1, 1, 1]);
}

#[test]
fn a_damaged_bundle_is_made_good_and_keeps_what_was_fitted_for_it() {
    let case = Case::new([&[], &[], &[]]);
    let from = case.source_folder();
    case.pull(Some(&from)).unwrap();
    let manifest = case.place().join("bundle.toml");
    let shipped = fs::read_to_string(&manifest).unwrap();
    let fitted = shipped.replace("\nbias = ", "\nbias = 1.5 # was ");
    assert_ne!(fitted, shipped);
    fs::write(&manifest, &fitted).unwrap();
    assert_eq!(case.pull(Some(&from)).unwrap(), Pulled::There(case.place()));
    fs::write(case.place().join("asr.bin"), "damaged").unwrap();
    assert_eq!(case.pull(Some(&from)).unwrap(), Pulled::New(case.place()));
    case.assert_installed();
    assert_eq!(fs::read_to_string(&manifest).unwrap(), fitted);

    fs::write(&manifest, of_another_version(&fitted)).unwrap();
    assert_eq!(case.pull(Some(&from)).unwrap(), Pulled::New(case.place()));
    assert_eq!(fs::read_to_string(&manifest).unwrap(), shipped);
}

/// The manifest with another version of the bundle.
fn of_another_version(manifest: &str) -> String {
    let other = |line: &str| match line.starts_with("version = \"") {
        true => "version = \"other\"".to_owned(),
        false => line.to_owned(),
    };
    let lines: Vec<String> = manifest.lines().map(other).collect();
    lines.join("\n")
}

#[test]
fn of_a_bundle_of_another_version_what_is_the_same_is_not_fetched_again() {
    let case = Case::new([&[], &[], &[]]);
    case.pull(None).unwrap();
    let manifest = case.place().join("bundle.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, of_another_version(&text)).unwrap();
    fs::write(case.place().join("slm.gguf"), "damaged").unwrap();
    assert_eq!(case.pull(None).unwrap(), Pulled::New(case.place()));
    case.assert_installed();
    assert_eq!(fs::read_to_string(&manifest).unwrap(), text);
    assert_eq!(case.requests(), [1, 1, 2]);
}

#[test]
fn a_bundle_of_somebodys_own_is_not_touched() {
    let case = Case::new([&[], &[], &[]]);
    fs::create_dir_all(case.place()).unwrap();
    fs::write(case.place().join("bundle.toml"), "mine").unwrap();
    let error = case.pull(Some(&case.source_folder())).unwrap_err();
    assert!(error.to_string().contains("not put there by"), "{error}");
    let error = remove(NAME, &case.places, &case.catalogue).unwrap_err();
    assert!(
        error.is_usage() && error.to_string().contains("by hand"),
        "{error}"
    );
    assert_eq!(fs::read(case.place().join("bundle.toml")).unwrap(), b"mine");
}

#[test]
fn files_that_were_given_are_checked_and_left_alone() {
    let case = Case::new([&[], &[], &[]]);
    let from = case.source_folder();
    let llm = from.join(SOURCES[2]);
    fs::write(&llm, b"LLM").unwrap();
    let error = case.pull(Some(&from)).unwrap_err().to_string();
    assert!(
        error.contains(llm.to_str().unwrap()) && error.contains(&sha256(b"LLM")),
        "{error}"
    );
    assert!(!error.contains("removed") && llm.exists(), "{error}");
    fs::remove_file(&llm).unwrap();
    let error = case.pull(Some(&from)).unwrap_err().to_string();
    let url = case.servers[2].url(SOURCES[2]);
    assert!(
        error.contains(llm.to_str().unwrap()) && error.contains(&url),
        "{error}"
    );
    assert!(!case.place().exists());
}

#[test]
fn a_conversion_that_comes_out_otherwise_is_not_installed() {
    let mut case = Case::new([&[], &[], &[]]);
    case.catalogue.bundles[0].files[0].sha256 = sha256(b"other");
    let error = case
        .pull(Some(&case.source_folder()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("asr.bin") && error.contains("other content"),
        "{error}"
    );
    assert!(!case.place().exists());
}

#[test]
fn a_data_folder_that_cannot_be_written_to_is_named() {
    let case = Case::new([&[], &[], &[]]);
    let data = case.places.data.as_ref().unwrap();
    fs::write(data, "in the way").unwrap();
    let error = case.pull(Some(&case.source_folder())).unwrap_err();
    assert!(
        matches!(error, PullError::Disk { .. }) && !error.is_usage(),
        "{error}"
    );
    assert!(
        error.to_string().contains(data.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn a_bundle_goes_with_all_that_was_left_of_it() {
    let case = Case::new([&[], &[], &[Answer::Status(404)]]);
    case.pull(None).unwrap_err();
    remove(NAME, &case.places, &case.catalogue).unwrap();
    case.pull(None).unwrap();
    assert_eq!(
        case.requests(),
        [2, 2, 2],
        "an unfinished download was removed"
    );
    assert_eq!(
        remove(NAME, &case.places, &case.catalogue).unwrap(),
        case.place()
    );
    let left: Vec<_> = fs::read_dir(case.place().parent().unwrap())
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "only the lock: {left:?}");
    let error = remove(NAME, &case.places, &case.catalogue).unwrap_err();
    assert!(
        error.to_string().contains("there is no bundle en"),
        "{error}"
    );
    assert!(remove("demo", &case.places, &case.catalogue).is_err());
}
