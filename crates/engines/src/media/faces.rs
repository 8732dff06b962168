//! Faces: from the messages of `facedetect` to small grey crops.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use gstreamer as gst;

use undertone_types::{FACE_SIDE_PX, Face, Rect};

/// Most frames between the detector and the tap.
const WAITING: usize = 32;

/// A face box in pixels of the reduced picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PixelBox {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Face boxes by the running time of their frames: the message is posted before the frame
/// leaves the detector.
#[derive(Debug, Default)]
pub(super) struct FoundFaces(Mutex<VecDeque<(u64, Option<PixelBox>)>>);

impl FoundFaces {
    /// Takes a `facedetect` message.
    pub(super) fn note(&self, structure: &gst::StructureRef) {
        let Ok(running_time) = structure.get::<u64>("running-time") else {
            return;
        };
        let largest = boxes(structure)
            .into_iter()
            .max_by_key(|b| b.width * b.height);
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back((running_time, largest));
        if waiting.len() > WAITING {
            waiting.pop_front();
        }
    }

    /// The largest face of the frame at this running time.
    pub(super) fn take(&self, running_time: gst::ClockTime) -> Option<PixelBox> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = waiting
            .iter()
            .position(|(time, _)| *time == running_time.nseconds())?;
        waiting.drain(..=place).next_back()?.1
    }
}

fn boxes(structure: &gst::StructureRef) -> Vec<PixelBox> {
    let Ok(list) = structure.get::<gst::List>("faces") else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|value| {
            let face = value.get::<gst::Structure>().ok()?;
            let field = |name| face.get::<u32>(name).ok();
            Some(PixelBox {
                x: field("x")?,
                y: field("y")?,
                width: field("width")?,
                height: field("height")?,
            })
        })
        .collect()
}

/// A picture in packed RGB, rows `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picture<'a> {
    pub(super) rgb: &'a [u8],
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) stride: usize,
}

impl Picture<'_> {
    /// Cuts a face out, with a margin (a share of its size) on each side, as luma.
    pub(super) fn crop(&self, found: PixelBox, margin: f32) -> Face {
        let (width, height) = (self.width as f32, self.height as f32);
        let bounds = Rect {
            x: found.x as f32 / width,
            y: found.y as f32 / height,
            width: found.width as f32 / width,
            height: found.height as f32 / height,
        };
        let left = found.x as f32 - margin * found.width as f32;
        let top = found.y as f32 - margin * found.height as f32;
        let step_x = found.width as f32 * (1.0 + 2.0 * margin) / FACE_SIDE_PX as f32;
        let step_y = found.height as f32 * (1.0 + 2.0 * margin) / FACE_SIDE_PX as f32;
        let mut luma = Vec::with_capacity(FACE_SIDE_PX * FACE_SIDE_PX);
        for row in 0..FACE_SIDE_PX {
            for column in 0..FACE_SIDE_PX {
                let x = left + column as f32 * step_x;
                let y = top + row as f32 * step_y;
                luma.push(self.mean_luma(x, y, step_x, step_y));
            }
        }
        Face {
            bounds,
            luma: luma.into(),
            side_px: FACE_SIDE_PX,
        }
    }

    /// Mean luma of a small box, sampled at about one point per pixel.
    fn mean_luma(&self, x: f32, y: f32, width: f32, height: f32) -> f32 {
        let (columns, rows) = (width.ceil().max(1.0), height.ceil().max(1.0));
        let mut sum = 0.0;
        for row in 0..rows as usize {
            for column in 0..columns as usize {
                let at_x = x + (column as f32 + 0.5) * width / columns;
                let at_y = y + (row as f32 + 0.5) * height / rows;
                sum += self.luma_between(at_x - 0.5, at_y - 0.5);
            }
        }
        sum / (rows * columns)
    }

    /// Bilinear interpolation; pixels beyond the edge equal those on it.
    fn luma_between(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let right = (left + 1).min(self.width - 1);
        let bottom = (top + 1).min(self.height - 1);
        let (along, down) = (x - left as f32, y - top as f32);
        let upper = self.luma(left, top) * (1.0 - along) + self.luma(right, top) * along;
        let lower = self.luma(left, bottom) * (1.0 - along) + self.luma(right, bottom) * along;
        upper * (1.0 - down) + lower * down
    }

    fn luma(&self, x: usize, y: usize) -> f32 {
        let at = y * self.stride + 3 * x;
        let [r, g, b] = [0, 1, 2].map(|i| f32::from(self.rgb[at + i]));
        (0.299 * r + 0.587 * g + 0.114 * b) / 255.0
    }
}

#[cfg(test)]
mod tests {
    use gstreamer::prelude::*;

    use super::*;
    use crate::media::gst::init;

    fn message(running_time: u64, sizes: &[u32]) -> gst::Structure {
        let faces = sizes.iter().map(|&size| {
            gst::Structure::builder("face")
                .field("x", size)
                .field("y", 1u32)
                .field("width", size)
                .field("height", size)
                .build()
        });
        gst::Structure::builder("facedetect")
            .field("running-time", running_time)
            .field(
                "faces",
                gst::List::new(faces.map(|face| face.to_send_value())),
            )
            .build()
    }

    #[test]
    fn the_largest_face_goes_to_its_own_frame() {
        init().unwrap();
        let found = FoundFaces::default();
        found.note(&message(10, &[5]));
        found.note(&message(20, &[30, 40, 35]));
        found.note(&message(30, &[]));
        let face = found.take(gst::ClockTime::from_nseconds(20)).unwrap();
        assert_eq!(face.width, 40);
        assert_eq!(found.take(gst::ClockTime::from_nseconds(10)), None);
        assert_eq!(found.take(gst::ClockTime::from_nseconds(30)), None);
    }

    #[test]
    fn a_crop_keeps_brightness_and_sides() {
        // Left half black, right half white; rows padded by two bytes.
        let (width, height, stride) = (64, 64, 64 * 3 + 2);
        let mut rgb = vec![0; height * stride];
        for y in 0..height {
            rgb[y * stride + 32 * 3..y * stride + 64 * 3].fill(255);
        }
        let picture = Picture {
            rgb: &rgb,
            width,
            height,
            stride,
        };
        let found = PixelBox {
            x: 16,
            y: 16,
            width: 32,
            height: 32,
        };
        let face = picture.crop(found, 0.25);
        assert_eq!(face.luma.len(), 48 * 48);
        assert_eq!((face.bounds.x, face.bounds.width), (0.25, 0.5));
        for row in face.luma.chunks(48) {
            assert!(row[..23].iter().all(|&luma| luma == 0.0));
            assert!(row[25..].iter().all(|&luma| (luma - 1.0).abs() < 1e-6));
        }
    }

    #[test]
    fn a_face_at_the_edge_stays_inside() {
        let rgb = vec![128; 20 * 20 * 3];
        let picture = Picture {
            rgb: &rgb,
            width: 20,
            height: 20,
            stride: 60,
        };
        let face = picture.crop(
            PixelBox {
                x: 10,
                y: 10,
                width: 10,
                height: 10,
            },
            0.5,
        );
        assert!(
            face.luma
                .iter()
                .all(|luma| (luma - 128.0 / 255.0).abs() < 1e-5)
        );
    }
}
