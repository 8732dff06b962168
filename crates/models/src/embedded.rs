//! Files that `build.rs` put into the program.

/// Bundle, file, content.
static FILES: &[(&str, &str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The catalogue of this program.
pub(crate) const CATALOGUE: &str = include_str!("../../../models/catalogue.toml");

/// A file of a bundle's folder in `models/`.
pub(crate) fn file(bundle: &str, file: &str) -> Option<&'static [u8]> {
    let found = FILES
        .iter()
        .find(|(of, name, _)| *of == bundle && *name == file);
    found.map(|(_, _, bytes)| *bytes)
}
