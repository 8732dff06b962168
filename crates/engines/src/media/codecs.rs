//! Names of codecs, and the Debian packages that contain their decoders.

use gstreamer as gst;

/// A stream for which no decoder is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Undecoded {
    /// Media type, for example `video/x-h264`.
    pub(super) media_type: String,
    /// Codec name for people, as the plugin names it.
    pub(super) codec: String,
    /// The Debian package with a decoder.
    pub(super) package: &'static str,
}

impl Undecoded {
    /// From a `missing-plugin` message.
    pub(super) fn from_message(structure: &gst::StructureRef) -> Option<Self> {
        if structure.name() != "missing-plugin" {
            return None;
        }
        let caps = structure.get::<gst::Caps>("detail").ok()?;
        let name = structure.get::<String>("name").unwrap_or_default();
        let media_type = caps.structure(0)?.name().to_string();
        let codec = name.strip_suffix(" decoder").unwrap_or(&name);
        let codec = if codec.is_empty() { &media_type } else { codec };
        Some(Self {
            codec: codec.to_owned(),
            package: package(&media_type),
            media_type,
        })
    }

    /// Whether the demuxer itself does not know the codec, as where its name is damaged.
    pub(super) fn is_unknown(&self) -> bool {
        self.media_type.ends_with("-unknown")
    }

    /// Whether the stream is encrypted: no plugin can decode it.
    pub(super) fn is_encrypted(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            "application/x-cenc" | "application/x-cbcs" | "application/x-webm-enc"
        )
    }
}

/// The package with a decoder; by default the one with FFmpeg's.
fn package(media_type: &str) -> &'static str {
    match media_type {
        "audio/x-opus" | "audio/x-vorbis" | "video/x-theora" => "gstreamer1.0-plugins-base",
        "video/x-vp8" | "video/x-vp9" | "audio/x-flac" | "audio/x-speex" | "video/x-dv"
        | "audio/x-wavpack" | "image/jpeg" | "audio/x-alaw" | "audio/x-mulaw" => {
            "gstreamer1.0-plugins-good"
        }
        "video/x-av1" | "audio/x-dts" | "audio/x-midi" | "audio/x-siren" | "audio/x-ac4" => {
            "gstreamer1.0-plugins-bad"
        }
        "audio/AMR" | "audio/AMR-WB" => "gstreamer1.0-plugins-ugly",
        _ => "gstreamer1.0-libav",
    }
}

/// The codec's name from the tags of a pad; `otherwise` without such a tag.
pub(super) fn codec_name(tags: &[gst::TagList], audio: bool, otherwise: &str) -> String {
    let name = tags.iter().find_map(|tags| {
        if audio {
            tags.get::<gst::tags::AudioCodec>()
                .map(|value| value.get().to_owned())
        } else {
            tags.get::<gst::tags::VideoCodec>()
                .map(|value| value.get().to_owned())
        }
    });
    name.unwrap_or_else(|| otherwise.to_owned())
}

/// The container's name from the tags of a pad.
pub(super) fn container_name(tags: &[gst::TagList]) -> Option<String> {
    tags.iter().find_map(|tags| {
        tags.get::<gst::tags::ContainerFormat>()
            .map(|value| value.get().to_owned())
    })
}

/// True for containers that state their exact length; for MP3 and MPEG streams it is an
/// estimate.
pub(super) fn states_true_length(media_type: &str) -> bool {
    matches!(
        media_type,
        "video/quicktime"
            | "audio/x-m4a"
            | "application/x-3gp"
            | "video/x-matroska"
            | "audio/x-matroska"
            | "video/webm"
            | "audio/webm"
            | "video/x-msvideo"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::gst::init;

    fn message(media_type: &str, name: &str) -> gst::Structure {
        gst::Structure::builder("missing-plugin")
            .field("type", "decoder")
            .field("detail", gst::Caps::new_empty_simple(media_type))
            .field("name", name)
            .build()
    }

    #[test]
    fn a_missing_plugin_names_codec_and_package() {
        init().unwrap();
        let missing = Undecoded::from_message(&message("audio/x-eac3", "E-AC-3 decoder")).unwrap();
        assert_eq!(missing.codec, "E-AC-3");
        assert_eq!(missing.package, "gstreamer1.0-libav");
        assert!(!missing.is_unknown());
        let unknown = Undecoded::from_message(&message("video/x-avi-unknown", "")).unwrap();
        assert!(unknown.is_unknown());
        let missing = Undecoded::from_message(&message("video/x-vp9", "")).unwrap();
        assert_eq!(missing.codec, "video/x-vp9");
        assert_eq!(missing.package, "gstreamer1.0-plugins-good");
    }

    #[test]
    fn encrypted_media_are_recognised() {
        init().unwrap();
        let missing = Undecoded::from_message(&message("application/x-cenc", "")).unwrap();
        assert!(missing.is_encrypted());
    }
}
