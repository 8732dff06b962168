//! Which GStreamer elements are installed.

use gstreamer as gst;

/// GStreamer cannot be initialised.
#[derive(Debug, thiserror::Error)]
#[error("cannot initialise GStreamer")]
pub struct MediaProbeError(#[from] gst::glib::Error);

/// GStreamer, initialised.
#[derive(Debug)]
pub struct MediaProbe(());

impl MediaProbe {
    /// Initialises GStreamer.
    ///
    /// # Errors
    /// When that fails.
    pub fn start() -> Result<Self, MediaProbeError> {
        gst::init()?;
        Ok(Self(()))
    }

    /// True when an element of this name can be made.
    #[must_use]
    pub fn has(&self, element: &str) -> bool {
        gst::ElementFactory::find(element).is_some()
    }

    /// For example "GStreamer 1.22.0".
    #[must_use]
    pub fn version(&self) -> String {
        gst::version_string().to_string()
    }
}
