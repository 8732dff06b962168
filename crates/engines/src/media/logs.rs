//! GStreamer's log messages as events of this program's log (target `gstreamer`).

use gstreamer as gst;

/// Forwards warnings and errors. With `GST_DEBUG` set, GStreamer writes its own log instead, as
/// the user then expects.
pub(super) fn bridge() {
    if std::env::var_os("GST_DEBUG").is_some() {
        return;
    }
    gst::log::remove_default_log_function();
    gst::log::set_default_threshold(gst::DebugLevel::Warning);
    gst::log::add_log_function(|category, level, _, _, _, object, message| {
        let (category, message) = (category.name(), message.get().unwrap_or_default());
        let element = object.map_or_else(String::new, ToString::to_string);
        match level {
            gst::DebugLevel::Error => {
                tracing::error!(target: "gstreamer", category, element, "{message}");
            }
            _ => tracing::warn!(target: "gstreamer", category, element, "{message}"),
        }
    });
}
