//! The media elements that the program needs, and the Debian packages that have them.

/// Name, what it is for, Debian package.
type Element = (&'static str, &'static str, &'static str);

/// What the pipelines name: without any of these nothing can be read.
pub(super) const NEEDED: &[Element] = &[
    ("filesrc", "reading files", "libgstreamer1.0-0"),
    ("queue", "buffering", "libgstreamer1.0-0"),
    ("decodebin", "finding decoders", "gstreamer1.0-plugins-base"),
    ("appsink", "handing over", "gstreamer1.0-plugins-base"),
    ("audioconvert", "sound", "gstreamer1.0-plugins-base"),
    ("audioresample", "sound", "gstreamer1.0-plugins-base"),
    ("videorate", "pictures", "gstreamer1.0-plugins-base"),
    ("videoscale", "pictures", "gstreamer1.0-plugins-base"),
    ("videoconvert", "pictures", "gstreamer1.0-plugins-base"),
    ("videoflip", "upright pictures", "gstreamer1.0-plugins-good"),
    ("facedetect", "faces", "gstreamer1.0-opencv"),
];

/// What single formats need: without one of these, recordings of that kind fail.
pub(super) const FORMATS: &[Element] = &[
    ("qtdemux", "MP4, MOV", "gstreamer1.0-plugins-good"),
    ("matroskademux", "MKV, WebM", "gstreamer1.0-plugins-good"),
    ("avidemux", "AVI", "gstreamer1.0-plugins-good"),
    ("wavparse", "WAV", "gstreamer1.0-plugins-good"),
    ("oggdemux", "Ogg", "gstreamer1.0-plugins-base"),
    ("tsdemux", "MPEG-TS", "gstreamer1.0-plugins-bad"),
    ("asfdemux", "WMV", "gstreamer1.0-plugins-ugly"),
    ("h264parse", "H.264", "gstreamer1.0-plugins-bad"),
    ("avdec_h264", "H.264", "gstreamer1.0-libav"),
    ("avdec_h265", "H.265", "gstreamer1.0-libav"),
    ("vp8dec", "VP8", "gstreamer1.0-plugins-good"),
    ("vp9dec", "VP9", "gstreamer1.0-plugins-good"),
    ("av1dec", "AV1", "gstreamer1.0-plugins-bad"),
    ("avdec_aac", "AAC", "gstreamer1.0-libav"),
    ("mpg123audiodec", "MP3", "gstreamer1.0-plugins-good"),
    ("opusdec", "Opus", "gstreamer1.0-plugins-base"),
    ("vorbisdec", "Vorbis", "gstreamer1.0-plugins-base"),
    ("flacdec", "FLAC", "gstreamer1.0-plugins-good"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_element_is_listed_twice() {
        let mut names: Vec<&str> = NEEDED
            .iter()
            .chain(FORMATS)
            .map(|(name, ..)| *name)
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NEEDED.len() + FORMATS.len());
    }
}
