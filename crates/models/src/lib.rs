//! The bundles that there are: which, where they lie, and how they are got.
//!
//! The demo bundle is in the program and unpacked when it is needed ([`unpack_demo`]). Others are in the
//! catalogue ([`Catalogue`], `models/catalogue.toml`): [`Pull`] fetches their sources over the
//! network or takes them from a folder, converts them, checks every byte, and puts the bundle into
//! the user's data folder ([`Places`]), where [`resolve()`] finds it by its name.
//!
//! This is the only crate that uses a network, and only when asked to. What must not live here:
//! what the conversions do (see `weights`), checks of a bundle's content (see `bundle`), engines.

mod catalogue;
mod convert;
mod demo;
mod download;
mod embedded;
mod error;
mod installed;
mod licence;
mod lock;
mod places;
mod progress;
mod pull;
mod resolve;
mod source;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, CatalogueError, Entry, MadeFile, Make, Source, SourceFile};
pub use demo::{DEMO, DemoError, demo_manifest, demo_size_bytes, is_unpacked_demo, unpack_demo};
pub use download::Network;
pub use error::PullError;
pub use installed::{Installed, Origin, RemoveError, installed, remove};
pub use licence::Licence;
pub use places::Places;
pub use progress::Progress;
pub use pull::{Pull, Pulled};
pub use resolve::{NoBundle, resolve};
