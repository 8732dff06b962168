//! Tests of extractors that are TorchScript modules.

use super::*;
use crate::{Layer, extractor_identity};

/// A zip archive with members of these names.
fn archive(names: &[&str]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(
            *name,
            options.compression_method(zip::CompressionMethod::Stored),
        )
        .unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The manifest with a TorchScript module that gives the same widths.
fn with_module(folder: &Path, text: &str, members: &[&str], keys: &str) -> String {
    let sha256 = put(folder, "face.pt", &archive(members));
    text.replace(
        "extractor = \"face-hog\"",
        &format!("extractor = \"torchscript\"\nfile = \"face.pt\"\nsha256 = \"{sha256}\"\n{keys}"),
    )
}

const MODULE: [&str; 2] = ["face/constants.pkl", "face/code/__torch__.py"];

#[test]
fn an_extractor_may_be_a_torchscript_module() {
    let (folder, text) = bundle();
    let of = |keys: &str| with_module(folder.path(), &text, &MODULE, keys);
    let module = of("side_px = 64\nlayer = \"hidden\"");
    let fingerprint = fingerprint_of(folder.path(), &module);
    let demands = Demands {
        video: Some(Extractor::built_in("face-hog", 1, 60)),
        ..Demands::default()
    };
    let bundle = Bundle::open_with(folder.path(), &demands).unwrap();
    let path = folder.path().join("face.pt");
    assert_eq!(bundle.path(Part::VideoExtractor), Some(path.clone()));
    assert_eq!(bundle.path(Part::AudioExtractor), None);
    let video = &bundle.manifest.video;
    assert_eq!(video.layer, Some(Layer::Named("hidden".to_owned())));
    assert!(
        bundle
            .manifest
            .feature_files()
            .contains(&&std::path::PathBuf::from("face.pt"))
    );
    let identity = extractor_identity(video);
    std::fs::copy(&path, folder.path().join("other.pt")).unwrap();
    let renamed = module.replace("face.pt", "other.pt");
    assert_eq!(fingerprint_of(folder.path(), &renamed), fingerprint);
    let other = of("side_px = 48\nlayer = \"hidden\"");
    assert_ne!(fingerprint_of(folder.path(), &other), fingerprint);
    let other = Bundle::open(folder.path()).unwrap();
    assert_ne!(extractor_identity(&other.manifest.video), identity);
    assert_ne!(other.features_fingerprint(), bundle.features_fingerprint());
}

#[test]
fn what_is_wrong_with_a_module_is_named() {
    let (folder, text) = bundle();
    let said = |members: &[&str], keys: &str| {
        let text = with_module(folder.path(), &text, members, keys);
        std::fs::write(folder.path().join(MANIFEST_NAME), text).unwrap();
        problems(folder.path()).join("\n")
    };
    for (keys, part) in [
        ("", "video.side_px is needed"),
        ("side_px = 0", "video.side_px must be in 8–1024, got 0"),
        (
            "side_px = 48\nchannels = 4",
            "video.channels must be 1 or 3, got 4",
        ),
        (
            "side_px = 48\nchannels = 3\nmean = [0.5]",
            "for each of 3 channels, got 1",
        ),
        ("side_px = 48\nstd = [0.0]", "std not 0"),
        (
            "side_px = 48\nrate_hz = 16000",
            "video.rate_hz is only for [audio]",
        ),
    ] {
        let said = said(&MODULE, keys);
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let checkpoint = said(&["face/data.pkl", "face/data/0"], "side_px = 48");
    assert!(checkpoint.contains("video extractor \"face.pt\" cannot be used: not a TorchScript"));
    put(folder.path(), "face.pt", b"something else");
    assert!(problems(folder.path())[0].contains("truncated or changed"));
    let write = |text: String| std::fs::write(folder.path().join(MANIFEST_NAME), text).unwrap();
    write(text.replace("width = 40", "width = 40\nlayer = 3"));
    assert!(problems(folder.path())[0].contains("audio.layer is only for extractor"));
    write(text.replace(
        "extractor = \"prosody\"",
        "extractor = \"torchscript\"\nrate_hz = 8000",
    ));
    let said = problems(folder.path()).join("\n");
    assert!(said.contains("audio.file is needed") && said.contains("audio.rate_hz must be 16000"));
}
