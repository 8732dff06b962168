//! Makes the program and its tests find libtorch without `LD_LIBRARY_PATH`: the
//! folder that torch-sys linked against becomes an rpath of every artefact.

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    let folder = std::env::var("DEP_TCH_LIBTORCH_LIB").ok().or_else(|| {
        std::env::var("LIBTORCH")
            .ok()
            .map(|root| format!("{root}/lib"))
    });
    if let Some(folder) = folder {
        // A link (`.libtorch`) may point into a cache: the real path survives its removal.
        let folder =
            std::fs::canonicalize(&folder).map_or(folder, |real| real.display().to_string());
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
