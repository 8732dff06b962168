//! Files that the program brings along for a bundle.

use std::fs;

use undertone_weights::fixtures::{Numbers, write_safetensors};
use undertone_weights::{Dtype, Projector, WhisperWeights, write_mmproj};

use super::bundles::{Case, NAME, SOURCES};
use super::{network, sha256};
use crate::convert::{Given, make};
use crate::{Catalogue, MadeFile, Make, Pull};

/// As a network and its papers come with the program.
#[test]
fn a_file_of_the_programs_own_is_installed_under_terms_of_its_own() {
    let mut case = Case::new([&[], &[], &[]]);
    let own = case.catalogue.bundles[0].manifest().unwrap().as_bytes();
    let text = |licence: &str| {
        format!(
            "schema = 1\n[[licences]]\nname = \"Ours\"\nmust_accept = true\ntext = \"t\"\n\
             terms = \"Research.\"\n[[bundles]]\nname = \"en\"\ntitle = \"\"\n{licence}\
             [[bundles.files]]\nname = \"fusion.json\"\nmake = \"copy\"\n\
             from = [\"bundle.toml\"]\nsize_bytes = {}\nsha256 = {:?}\n",
            own.len(),
            sha256(own)
        )
    };
    let error = Catalogue::read(&text("")).unwrap_err().to_string();
    assert!(
        error.contains("its own file \"bundle.toml\" needs a licence"),
        "{error}"
    );
    let error = Catalogue::read(&text("licence = \"Mine\"\n"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("\"Mine\" is not described"), "{error}");

    case.catalogue = Catalogue::read(&text("licence = \"Ours\"\n")).unwrap();
    let pull = Pull {
        catalogue: &case.catalogue,
        places: &case.places,
        from: None,
        accepted: false,
        network: network(),
    };
    let error = pull.pull(NAME, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("Ours"), "{error}");
    case.pull(None).unwrap();
    let installed = |name: &str| fs::read(case.place().join(name)).unwrap();
    assert!(installed("fusion.json") == own);
    let terms = String::from_utf8(installed("LICENCES.txt")).unwrap();
    assert!(
        terms.contains("of this program (see README.md): Ours"),
        "{terms}"
    );
    assert!(terms.contains("Research."), "{terms}");
}

#[test]
fn an_audio_input_is_made_of_a_source_and_a_projector_of_the_program() {
    let case = Case::new([&[], &[], &[]]);
    let folder = case.folder.path();
    let projector = folder.join("projector.safetensors");
    let shapes = [
        ("norm_pre.weight", vec![8]),
        ("norm_pre.bias", vec![8]),
        ("mlp.1.weight", vec![3, 16]),
        ("mlp.1.bias", vec![3]),
        ("mlp.2.weight", vec![4, 3]),
        ("mlp.2.bias", vec![4]),
        ("boi", vec![1, 4]),
        ("eoi", vec![1, 4]),
    ];
    let numbers = |shape: Vec<usize>| {
        let values = vec![0.5; shape.iter().product()];
        Numbers { shape, values }
    };
    let tensors = shapes.map(|(name, shape)| (name.to_owned(), numbers(shape)));
    write_safetensors(&tensors.into(), Dtype::F32, &projector);
    let whisper = case.source_folder().join(SOURCES[0]);
    let expected = folder.join("expected");
    let weights = WhisperWeights::open(&whisper).unwrap();
    write_mmproj(&weights, &Projector::open(&projector).unwrap(), &expected).unwrap();

    let out = folder.join("out");
    fs::create_dir(&out).unwrap();
    let file = MadeFile {
        name: "mmproj.gguf".to_owned(),
        make: Make::Mmproj,
        from: Vec::new(),
        size_bytes: 0,
        sha256: String::new(),
    };
    let own: &'static [u8] = fs::read(&projector).unwrap().leak();
    let given = [Given::Lent(whisper), Given::Embedded(own)];
    make(&file, &given, &out.join("mmproj.gguf")).unwrap();
    assert!(fs::read(out.join("mmproj.gguf")).unwrap() == fs::read(expected).unwrap());
    let left: Vec<_> = fs::read_dir(&out).unwrap().collect();
    assert_eq!(
        left.len(),
        1,
        "the projector is not left beside it: {left:?}"
    );
}
