//! Holds the source to ARCHITECTURE.md: imports between rooms go one way, and only the
//! engines (and who works with tensors) name native crates.

use std::path::Path;

use crate::undertone::root;

/// Each room and what it may import, itself and `flow` aside.
const ROOMS: &[(&str, &[&str])] = &[
    ("flow", &[]),
    ("config", &[]),
    ("bundle", &[]),
    ("features", &[]),
    ("formats", &[]),
    ("fusion", &[]),
    ("engines", &[]),
    ("telemetry", &["config"]),
    ("reports", &["config", "bundle"]),
    ("discovery", &["config", "reports"]),
    (
        "stages",
        &[
            "config", "bundle", "reports", "features", "fusion", "engines",
        ],
    ),
    (
        "topology",
        &[
            "config",
            "bundle",
            "features",
            "fusion",
            "engines",
            "telemetry",
            "stages",
        ],
    ),
    (
        "daemon",
        &[
            "config",
            "reports",
            "discovery",
            "telemetry",
            "stages",
            "topology",
        ],
    ),
    (
        "training",
        &["config", "bundle", "formats", "fusion", "engines", "stages"],
    ),
    (
        "cli",
        &[
            "config",
            "bundle",
            "reports",
            "discovery",
            "features",
            "formats",
            "fusion",
            "engines",
            "telemetry",
            "stages",
            "topology",
            "training",
            "daemon",
        ],
    ),
];

/// Native crates and the rooms that may name them.
const CRATES: &[(&str, &[&str])] = &[
    ("gstreamer::", &["engines"]),
    ("whisper_rs::", &["engines"]),
    ("llama_cpp_2::", &["engines"]),
    ("tch::", &["fusion", "training"]),
];

/// Lines of code (no comments) of a room's files, tests of the room left out.
fn lines(room: &str) -> Vec<(String, String)> {
    let folder = root().join("src").join(room);
    let mut lines = Vec::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        let path = entry.path();
        let is_test = path.components().any(|part| {
            let name = Path::new(part.as_os_str()).file_stem().unwrap_or_default();
            name == "tests"
        });
        if path.extension().is_none_or(|extension| extension != "rs") || is_test {
            continue;
        }
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        lines.extend(code.map(|line| (name.clone(), line.to_owned())));
    }
    assert!(!lines.is_empty(), "{room} is empty");
    lines
}

#[test]
fn imports_go_one_way() {
    for (room, allowed) in ROOMS {
        for (file, line) in lines(room) {
            for (other, _) in ROOMS {
                let is_free = other == room || *other == "flow" || allowed.contains(other);
                assert!(
                    is_free || !line.contains(&format!("crate::{other}::")),
                    "{file}: {room} must not import {other}: {line}"
                );
            }
        }
    }
}

#[test]
fn native_crates_stay_in_their_rooms() {
    for (room, _) in ROOMS {
        for (file, line) in lines(room) {
            for (name, rooms) in CRATES {
                let names_it = line.match_indices(name).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                });
                assert!(
                    rooms.contains(room) || !names_it,
                    "{file}: {room} must not name {name}: {line}"
                );
            }
        }
    }
}

#[test]
fn every_room_is_on_the_map() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            let room = entry.file_name().into_string().unwrap();
            assert!(ROOMS.iter().any(|(known, _)| *known == room), "{room}");
            assert!(
                map.contains(&format!("`src/{room}/`")),
                "{room} is not on the map"
            );
        }
    }
}
