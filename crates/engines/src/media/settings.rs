//! Settings of decoding. Most come from the configuration; only those that it does not have get
//! a default here.

/// Settings of decoding.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaSettings {
    /// Sampled frames per second, at most.
    pub frames_per_second: u32,
    /// Width to which frames are scaled down before faces are detected, in pixels.
    pub frame_width_px: u32,
    /// Decoding fails when it delivers nothing for this long, in seconds.
    pub stall_s: f64,
    /// Threads per decoder; 0 lets the decoder choose.
    pub decoder_threads: u32,
    /// The audio track that is read, from 1; 0 for the default one if it has sound, else the first
    /// that has.
    pub audio_track: u32,
    /// Settings of face detection.
    pub faces: FaceSettings,
}

/// Settings of face detection.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceSettings {
    /// Haar cascade for frontal faces.
    pub cascade: String,
    /// Smallest face, in pixels of the scaled frame.
    pub min_px: u32,
    /// Detections that must overlap to count as a face: more is stricter.
    pub min_neighbours: u32,
    /// Factor between the sizes that are tried; nearer to 1 is slower and finds more.
    pub scale_step: f64,
    /// Margin around the face box in the crop, as a share of its size, on each side.
    pub margin: f32,
}

impl Default for FaceSettings {
    fn default() -> Self {
        Self {
            cascade: "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml".into(),
            min_px: 30,
            min_neighbours: 3,
            scale_step: 1.25,
            margin: 0.1,
        }
    }
}
