//! Where recordings or reports lie: a folder, or a prefix in a bucket.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::FleetError;

const SCHEME: &str = "s3://";

/// A place for recordings or reports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A folder, which every machine of the fleet sees under the same path.
    Folder(PathBuf),
    /// Part of an object store.
    Bucket {
        /// Name of the bucket.
        bucket: String,
        /// What all names begin with, without slashes at its ends; may be empty.
        prefix: String,
    },
}

impl Place {
    /// Reads `s3://BUCKET[/PREFIX]`, or the path of a folder.
    ///
    /// # Errors
    /// When an address is not complete.
    pub fn parse(text: &Path) -> Result<Self, FleetError> {
        let Some(address) = text.to_str().and_then(|text| text.strip_prefix(SCHEME)) else {
            let folder = std::path::absolute(text).unwrap_or_else(|_| text.to_owned());
            return Ok(Self::Folder(folder));
        };
        let wrong = |problem| FleetError::StoreAddress {
            address: text.to_string_lossy().into_owned(),
            problem,
        };
        let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
        if bucket.is_empty() {
            return Err(wrong("there is no bucket"));
        }
        let prefix = prefix.trim_matches('/');
        if prefix.contains("//") {
            return Err(wrong("there are two slashes in a row"));
        }
        Ok(Self::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "{SCHEME}{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "{SCHEME}{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_buckets_are_told_apart() {
        let place = |text: &str| Place::parse(Path::new(text));
        assert_eq!(place("/in").unwrap(), Place::Folder("/in".into()));
        let bucket = place("s3://talks/2024/").unwrap();
        assert_eq!(bucket.to_string(), "s3://talks/2024");
        assert_eq!(place(&bucket.to_string()).unwrap(), bucket);
        assert_eq!(place("s3://talks").unwrap().to_string(), "s3://talks");
        assert!(place("s3:///x").unwrap_err().is_usage());
        assert!(place("s3://talks/a//b").unwrap_err().is_usage());
    }
}
