//! A part of an S3-compatible store: names below a prefix.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore as _,
    ObjectStoreExt as _, RetryConfig,
};
use undertone_config::Fleet;
use undertone_reports::escape::escape;
use undertone_types::error_chain;

use crate::FleetError;
use crate::job::Version;

/// Longest time without a byte.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one request is tried again by itself: errors of the server, refused connections.
const TRIED_AGAIN: Duration = Duration::from_secs(30);

/// What went wrong with the store; in each case another time may be different.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It has not what was asked for.
    #[error("it is not there")]
    Gone,
    /// It has another version of what was asked for.
    #[error("it has been replaced meanwhile")]
    Changed,
    /// The store, or the way there.
    #[error("{0}")]
    Failed(String),
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Gone,
            object_store::Error::Precondition { .. } => Self::Changed,
            other => Self::Failed(error_chain(&other).join(": ")),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Gone,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// A prefix of a bucket.
#[derive(Clone)]
pub struct Bucket {
    store: AmazonS3,
    bucket: String,
    prefix: Key,
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

impl Bucket {
    /// Nothing is asked of the store yet.
    ///
    /// # Errors
    /// When settings and environment do not say how to reach it.
    pub fn open(bucket: &str, prefix: &str, settings: &Fleet) -> Result<Self, FleetError> {
        // The first to ask decides for the process; ureq and NATS bring the same one along.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let unusable = |reason: String| FleetError::Store {
            place: format!("s3://{bucket}"),
            reason,
            hint: "see `fleet.store_endpoint` and the settings below it",
        };
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        if !settings.store_endpoint.is_empty() {
            builder = builder.with_endpoint(&settings.store_endpoint);
        }
        if !settings.store_region.is_empty() {
            builder = builder.with_region(&settings.store_region);
        }
        if !settings.store_credentials.is_empty() {
            builder = with_credentials(builder, Path::new(&settings.store_credentials))?;
        }
        // Whoever writes http:// wants it.
        let options = ClientOptions::new()
            .with_allow_http(true)
            .with_timeout_disabled()
            .with_read_timeout(SILENCE)
            .with_connect_timeout(Duration::from_secs(10));
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 8,
            retry_timeout: TRIED_AGAIN,
        };
        let store = builder
            .with_client_options(options)
            .with_retry(retry)
            .build()
            .map_err(|error| unusable(error_chain(&error).join(": ")))?;
        Ok(Self {
            store,
            bucket: bucket.to_owned(),
            prefix: Key::parse(prefix).map_err(|error| unusable(error.to_string()))?,
        })
    }

    /// The address of a name, for people.
    pub fn url_of(&self, name: &Path) -> String {
        match self.key(name) {
            Ok(key) => format!("s3://{}/{key}", self.bucket),
            Err(_) => format!("{self}/{}", escape(name)),
        }
    }

    /// Everything below the prefix, in pages, by name.
    pub fn list(&self) -> BoxStream<'static, Result<(String, Version), StoreError>> {
        let prefix = self.prefix.clone();
        let named = move |meta: ObjectMeta| {
            let parts: Option<Vec<_>> = meta
                .location
                .prefix_match(&prefix)
                .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect());
            let name = parts.unwrap_or_default().join("/");
            (name, version(&meta))
        };
        let prefix = (!self.prefix.is_root()).then_some(&self.prefix);
        let objects = self.store.list(prefix);
        objects.map_ok(named).map_err(StoreError::from).boxed()
    }

    /// The version of a name.
    pub async fn head(&self, name: &Path) -> Result<Version, StoreError> {
        Ok(version(&self.store.head(&self.key(name)?).await?))
    }

    /// The content of a name, as a stream; only of this version where one is given.
    pub async fn read(
        &self,
        name: &Path,
        version: &Version,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        let options = GetOptions {
            if_match: version.etag.as_deref().map(quoted),
            ..GetOptions::default()
        };
        let result = self.store.get_opts(&self.key(name)?, options).await?;
        Ok(result.into_stream().map_err(StoreError::from).boxed())
    }

    /// The first bytes of a name, at most `most`.
    pub async fn beginning(&self, name: &Path, most: u64) -> Result<Bytes, StoreError> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..most)),
            ..GetOptions::default()
        };
        let result = self.store.get_opts(&self.key(name)?, options).await?;
        Ok(result.bytes().await?)
    }

    /// Puts content under a name; readers see all of it or what was there before.
    pub async fn put(&self, name: &Path, content: Vec<u8>) -> Result<(), StoreError> {
        self.store.put(&self.key(name)?, content.into()).await?;
        Ok(())
    }

    /// Removes a name; one that is not there is no error.
    pub async fn remove(&self, name: &Path) -> Result<(), StoreError> {
        match self.store.delete(&self.key(name)?).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Names are kept as they are where a store can have them.
    fn key(&self, name: &Path) -> Result<Key, StoreError> {
        let plain = name
            .to_str()
            .filter(|text| !text.contains(char::is_control));
        let text = plain.map_or_else(|| escape(name), ToOwned::to_owned);
        let key = Key::parse(&text).map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(self.prefix.parts().chain(key.parts()).collect())
    }
}

fn version(meta: &ObjectMeta) -> Version {
    // Lists are finer than what is said of a single object.
    let modified = jiff::Timestamp::from_second(meta.last_modified.timestamp());
    Version {
        size_bytes: meta.size,
        modified: modified.ok(),
        etag: (meta.e_tag.as_deref()).map(|etag| etag.trim_matches('"').to_owned()),
    }
}

/// As the store wants it back.
fn quoted(etag: &str) -> String {
    match etag.starts_with("W/") {
        true => etag.to_owned(),
        false => format!("\"{etag}\""),
    }
}

/// Credentials of a file of the AWS tools: the profile that `AWS_PROFILE` names.
fn with_credentials(builder: AmazonS3Builder, path: &Path) -> Result<AmazonS3Builder, FleetError> {
    let unusable = |reason: String| FleetError::SettingFile {
        setting: "fleet.store_credentials",
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    let profile = std::env::var("AWS_PROFILE").unwrap_or_else(|_| "default".to_owned());
    let value = |key| value_of(&text, &profile, key);
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(id), Some(secret)) => {
            let builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret);
            Ok(match value("aws_session_token") {
                Some(token) => builder.with_token(token),
                None => builder,
            })
        }
        _ => Err(unusable(format!(
            "it has no aws_access_key_id and aws_secret_access_key below [{profile}]"
        ))),
    }
}

fn value_of<'t>(text: &'t str, profile: &str, key: &str) -> Option<&'t str> {
    let mut in_profile = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            in_profile = section.trim_end_matches(']').trim() == profile;
        } else if let Some((name, value)) = line.split_once('=')
            && in_profile
            && name.trim() == key
        {
            return Some(value.trim());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_those_of_the_profile() {
        let text = "[other]\naws_access_key_id = no\n[default]\n aws_access_key_id=AK\n\
                    aws_secret_access_key = a=b\n";
        assert_eq!(value_of(text, "default", "aws_access_key_id"), Some("AK"));
        assert_eq!(
            value_of(text, "default", "aws_secret_access_key"),
            Some("a=b")
        );
        assert_eq!(value_of(text, "other", "aws_secret_access_key"), None);
    }

    #[test]
    fn names_are_kept_where_a_store_can_have_them() {
        let settings = undertone_config::Config::load(None, &[]).unwrap().fleet;
        let bucket = Bucket::open("talks", "2024", &settings).unwrap();
        assert_eq!(
            bucket.url_of(Path::new("day/été #1 100%.mp4")),
            "s3://talks/2024/day/été #1 100%.mp4"
        );
        assert_eq!(bucket.url_of(Path::new("a\nb")), "s3://talks/2024/a%0Ab");
    }
}
