//! Makes the program and its tests find libtorch without `LD_LIBRARY_PATH`.
//!
//! An installed program has it in `../lib/undertone`. For everything else the folder that
//! torch-sys linked against becomes an rpath too; `make install` leaves it out, since it is
//! in the cache of whoever builds.

fn main() {
    for variable in [
        "DEP_TCH_LIBTORCH_LIB",
        "LIBTORCH",
        "UNDERTONE_INSTALLED_RPATH",
    ] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/../lib/undertone");
    if std::env::var_os("UNDERTONE_INSTALLED_RPATH").is_some() {
        return;
    }
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
