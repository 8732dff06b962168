//! The demo bundle out of the program.

use std::fs;
use std::path::Path;
use std::thread;

use undertone_bundle::{Bundle, named_parts};

use crate::{Places, is_unpacked_demo, unpack_demo};

fn places(cache: &Path) -> Places {
    Places {
        cache: Some(cache.to_owned()),
        ..Places::default()
    }
}

#[test]
fn it_is_the_bundle_of_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = unpack_demo(&places(folder.path())).unwrap();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/demo");
    assert!(is_unpacked_demo(&unpacked) && !is_unpacked_demo(&repository));
    let (ours, theirs) = (Bundle::open(&unpacked), Bundle::open(&repository));
    let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
    assert_eq!(ours.fingerprint(), theirs.fingerprint());
    assert_eq!(ours.former_fingerprint(), theirs.former_fingerprint());
    let named = named_parts(&unpacked).unwrap();
    assert_eq!(
        fs::read_dir(&unpacked).unwrap().count(),
        named.len() + 1,
        "nothing else is in it"
    );
}

#[test]
fn what_is_damaged_is_put_right_and_the_rest_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let places = places(folder.path());
    let unpacked = unpack_demo(&places).unwrap();
    let modified = |name: &str| {
        fs::metadata(unpacked.join(name))
            .unwrap()
            .modified()
            .unwrap()
    };
    let asr = modified("asr.bin");
    let mut slm = fs::read(unpacked.join("slm.gguf")).unwrap();
    let right = slm.clone();
    slm[1000] ^= 1;
    fs::write(unpacked.join("slm.gguf"), &slm).unwrap();
    fs::remove_file(unpacked.join("fusion.json")).unwrap();
    assert_eq!(unpack_demo(&places).unwrap(), unpacked);
    assert!(fs::read(unpacked.join("slm.gguf")).unwrap() == right);
    assert!(unpacked.join("fusion.json").exists());
    assert_eq!(modified("asr.bin"), asr);
}

#[test]
fn several_at_once_are_fine() {
    let folder = tempfile::tempdir().unwrap();
    let places = places(folder.path());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| Bundle::open(&unpack_demo(&places).unwrap()).unwrap());
        }
    });
    let unpacked = unpack_demo(&places).unwrap();
    assert_eq!(
        fs::read_dir(unpacked).unwrap().count(),
        6,
        "no temporary files are left"
    );
}

#[test]
fn without_a_cache_it_goes_to_a_private_temporary_folder() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    for places in [places(&in_the_way), Places::default()] {
        let unpacked = unpack_demo(&places).unwrap();
        assert!(unpacked.starts_with(std::env::temp_dir()));
        Bundle::open(&unpacked).unwrap();
    }
}
