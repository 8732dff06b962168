//! A sampled video frame, reduced to what the features need.

use std::sync::Arc;

/// Width and height of a face crop in pixels.
pub const FACE_SIDE_PX: usize = 48;

/// A box in the picture, as shares of its width and height, in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// A face that was found in a frame, cropped.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// Where in the picture.
    pub bounds: Rect,
    /// The crop, scaled to `side_px` × `side_px`, luma in [0, 1], row-major.
    pub luma: Arc<[f32]>,
    /// Width and height of the crop in pixels.
    pub side_px: usize,
}

/// One sampled frame. The picture itself is not carried: it is dropped as soon as
/// the face has been cut out, so that memory does not grow with the recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Presentation time on the recording's clock, in seconds.
    pub time_s: f64,
    /// The largest face, if one was found.
    pub face: Option<Face>,
}
