//! What a pull says while it works.

use std::time::Duration;

use crate::Licence;

/// What is happening, for whoever shows it.
#[derive(Debug)]
pub enum Progress<'p> {
    /// The bundle is to be got, under these terms.
    Terms(&'p [&'p Licence]),
    /// Another process gets the same bundle; it is waited for.
    Waiting,
    /// A file begins to be fetched; some of it may be there from before.
    Fetching {
        /// `FOLDER/FILE`.
        file: &'p str,
        /// Bytes that are there already.
        have_bytes: u64,
        /// Its size.
        size_bytes: u64,
    },
    /// More of that file has come.
    Fetched {
        /// Bytes that are there.
        have_bytes: u64,
    },
    /// The transfer broke off and is tried again.
    Retrying {
        /// Why.
        why: &'p str,
        /// After this long.
        after: Duration,
    },
    /// A file is read and its hash compared.
    Checking {
        /// `FOLDER/FILE`, or the bundle's file.
        file: &'p str,
    },
    /// A file of the bundle is made of its sources.
    Making {
        /// The bundle's file.
        file: &'p str,
    },
}
