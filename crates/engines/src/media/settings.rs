//! What can be set about decoding. The values come from the configuration; only what it does
//! not offer has a default here.

/// How recordings are taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaSettings {
    /// Sampled frames per second, at most.
    pub frames_per_second: u32,
    /// Width to which pictures are reduced before faces are looked for, in pixels.
    pub frame_width_px: u32,
    /// Decoding that makes no progress for so long is given up, in seconds.
    pub stall_s: f64,
    /// Threads per decoder; 0 lets the decoder choose.
    pub decoder_threads: u32,
    /// How faces are found.
    pub faces: FaceSettings,
}

/// How faces are found.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceSettings {
    /// Haar cascade for frontal faces.
    pub cascade: String,
    /// Smallest face in pixels of the reduced picture.
    pub min_px: u32,
    /// Neighbouring hits that make a face, less one: more is stricter.
    pub min_neighbours: u32,
    /// Factor between two sizes that are tried; nearer to 1 is slower and finds more.
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
