//! Embeds the folders of `models/` that belong to bundles of the catalogue: every file beside a
//! `bundle.toml`. The demo bundle is embedded by `src/demo.rs`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let models = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../../models");
    let mut list = String::from("&[\n");
    for folder in sorted(&models)? {
        let bundle = name(&folder);
        if bundle == "demo" || !folder.join("bundle.toml").is_file() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", folder.display());
        for file in sorted(&folder)? {
            let (path, file) = (file.canonicalize()?, name(&file));
            // Writing to a text cannot fail.
            let _ = writeln!(
                list,
                "    ({bundle:?}, {file:?}, include_bytes!({path:?})),"
            );
        }
    }
    list.push_str("]\n");
    println!(
        "cargo::rerun-if-changed={}",
        models.join("catalogue.toml").display()
    );
    fs::write(Path::new(&variable("OUT_DIR")?).join("embedded.rs"), list)
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
