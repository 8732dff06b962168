//! [`FaceShape`]: what the face looks like and how it moves.
//!
//! | columns | what |
//! | --- | --- |
//! | 0–95 | edges of the whole face: 4 × 4 cells, 6 directions |
//! | 96–131 | edges around the mouth: 3 × 2 cells, 6 directions |
//! | 132–143 | where the face is, its size and brightness, and how they changed since the face before |

use super::hog::{Gradients, Region};
use super::{FeatureError, VideoExtractor};
use undertone_types::{FACE_SIDE_PX, Face, Frame, Matrix};

const WHOLE: Region = Region {
    left: 0,
    top: 0,
    cell: FACE_SIDE_PX / 4,
    across: 4,
    down: 4,
};
const MOUTH: Region = Region {
    left: 12,
    top: 28,
    cell: 8,
    across: 3,
    down: 2,
};
const GEOMETRY: usize = 12;
const WIDTH: usize = WHOLE.width() + MOUTH.width() + GEOMETRY;
/// After a longer time without a face, the next one is not compared with the one before.
const SAME_FACE_S: f64 = 1.0;

/// Shape and movement of the face in each sampled frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaceShape;

impl VideoExtractor for FaceShape {
    fn name(&self) -> &'static str {
        "face-shape"
    }

    fn version(&self) -> u32 {
        1
    }

    fn width(&self) -> usize {
        WIDTH
    }

    fn extract(&self, frames: &[Frame]) -> Result<Matrix, FeatureError> {
        let mut rows = Vec::new();
        let mut count = 0;
        let mut before: Option<(f64, &Face)> = None;
        for frame in frames {
            let Some(face) = &frame.face else { continue };
            if face.side_px != FACE_SIDE_PX || face.luma.len() != FACE_SIDE_PX * FACE_SIDE_PX {
                return Err(FeatureError::CropSize {
                    side_px: face.side_px,
                });
            }
            let known = before
                .filter(|(time_s, _)| frame.time_s - time_s <= SAME_FACE_S)
                .map(|(_, face)| face);
            let gradients = Gradients::new(&face.luma, face.side_px);
            gradients.describe(WHOLE, &mut rows);
            gradients.describe(MOUTH, &mut rows);
            rows.extend(geometry(face, known));
            before = Some((frame.time_s, face));
            count += 1;
        }
        Ok(Matrix::new(count, WIDTH, rows).expect("each face adds one row of this width"))
    }
}

/// Place, size, brightness and their changes, scaled to about [−3, 3].
fn geometry(face: &Face, before: Option<&Face>) -> [f32; GEOMETRY] {
    let (x, y) = centre(face);
    let size = face.bounds.width.max(1e-3);
    let (bright, contrast) = brightness(&face.luma);
    let (mouth, mouth_contrast) = brightness(&region(face, MOUTH));
    let mut values = [0.0; GEOMETRY];
    values[..7].copy_from_slice(&[
        (x - 0.5) * 4.0,
        (y - 0.5) * 4.0,
        (size / 0.3).log2(),
        (bright - 0.5) * 4.0,
        contrast * 5.0,
        (mouth - bright) * 10.0,
        mouth_contrast * 5.0,
    ]);
    if let Some(before) = before {
        let (old_x, old_y) = centre(before);
        let old_size = before.bounds.width.max(1e-3);
        values[7..].copy_from_slice(&[
            ((x - old_x) / size * 5.0).clamp(-5.0, 5.0),
            ((y - old_y) / size * 5.0).clamp(-5.0, 5.0),
            ((size / old_size).log2() * 5.0).clamp(-5.0, 5.0),
            difference(&face.luma, &before.luma) * 10.0,
            difference(&region(face, MOUTH), &region(before, MOUTH)) * 10.0,
        ]);
    }
    values
}

fn centre(face: &Face) -> (f32, f32) {
    let bounds = face.bounds;
    (
        bounds.x + bounds.width / 2.0,
        bounds.y + bounds.height / 2.0,
    )
}

fn region(face: &Face, region: Region) -> Vec<f32> {
    let rows = face.luma.chunks(face.side_px).skip(region.top);
    rows.take(region.down * region.cell)
        .flat_map(|row| &row[region.left..region.left + region.across * region.cell])
        .copied()
        .collect()
}

/// Mean and standard deviation.
fn brightness(luma: &[f32]) -> (f32, f32) {
    let count = luma.len() as f32;
    let mean = luma.iter().sum::<f32>() / count;
    let variance = luma.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / count;
    (mean, variance.sqrt())
}

/// Mean absolute difference.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_types::Rect;

    fn frame(time_s: f64, x: f32, luma: f32) -> Frame {
        Frame {
            time_s,
            face: Some(Face {
                bounds: Rect {
                    x,
                    y: 0.3,
                    width: 0.3,
                    height: 0.4,
                },
                luma: (0..48 * 48).map(|i| luma * (i % 7) as f32 / 7.0).collect(),
                side_px: 48,
            }),
        }
    }

    #[test]
    fn frames_without_a_face_have_no_row() {
        let gap = Frame {
            time_s: 0.25,
            face: None,
        };
        let frames = [frame(0.0, 0.3, 1.0), gap, frame(0.5, 0.36, 1.0)];
        let matrix = FaceShape.extract(&frames).unwrap();
        assert_eq!((matrix.rows(), matrix.cols()), (2, 144));
        assert_eq!(matrix.row(0)[139], 0.0);
        assert!(
            (matrix.row(1)[139] - 1.0).abs() < 1e-4,
            "moved a fifth of its width"
        );
        assert!(FaceShape.extract(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_face_after_a_pause_has_not_moved() {
        let frames = [frame(0.0, 0.1, 1.0), frame(5.0, 0.6, 1.0)];
        let matrix = FaceShape.extract(&frames).unwrap();
        assert!(matrix.row(1)[139..].iter().all(|&change| change == 0.0));
    }

    #[test]
    fn values_are_finite_and_moderate_even_for_flat_faces() {
        let frames = [
            frame(0.0, 0.0, 0.0),
            frame(0.25, 0.7, 1.0),
            frame(0.5, 0.7, 0.01),
        ];
        let matrix = FaceShape.extract(&frames).unwrap();
        assert!(
            matrix
                .as_slice()
                .iter()
                .all(|v| v.is_finite() && v.abs() < 20.0)
        );
    }

    #[test]
    fn a_crop_of_another_size_is_refused() {
        let mut wrong = frame(0.0, 0.1, 1.0);
        wrong.face.as_mut().unwrap().side_px = 32;
        let error = FaceShape.extract(&[wrong]).unwrap_err();
        assert!(error.to_string().contains("48×48"), "{error}");
    }
}
