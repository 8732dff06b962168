//! Asks GStreamer which elements this machine has.

use gstreamer as gst;

/// GStreamer does not start.
#[derive(Debug, thiserror::Error)]
#[error("GStreamer does not start")]
pub struct MediaProbeError(#[from] gst::glib::Error);

/// A GStreamer that runs.
#[derive(Debug)]
pub struct MediaProbe(());

impl MediaProbe {
    /// Starts GStreamer.
    ///
    /// # Errors
    /// When it does not start.
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
