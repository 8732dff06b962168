//! A picture of the face that was scored, small enough to stand in a line of a report.
//!
//! The stages carry nothing of a picture but the crop of the face that the features are made of, so
//! this is that crop: grey, and no larger than the features need. No other face and no
//! background can get into a report this way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use undertone_types::{Face, Utterance};

/// A longer side is halved (or divided further) until it is no longer than this.
const LONGEST_PX: usize = 64;

/// The face closest to the middle of an utterance, as a PNG file in a `data:` address; none where there
/// is no face.
pub(super) fn thumbnail(utterance: &Utterance) -> Option<String> {
    let middle_s = f64::midpoint(utterance.start_s, utterance.end_s);
    let faces = utterance.frames.iter();
    let faces = faces.filter_map(|frame| Some((frame.time_s, frame.face.as_ref()?)));
    let away = |time_s: f64| (time_s - middle_s).abs();
    let (_, face) = faces.min_by(|(a, _), (b, _)| away(*a).total_cmp(&away(*b)))?;
    let png = encoded(face);
    Some(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

/// The crop as a PNG file in shades of grey.
fn encoded(face: &Face) -> Vec<u8> {
    let step = face.side_px.div_ceil(LONGEST_PX).max(1);
    let side = face.side_px / step;
    let grey = |at: usize| {
        let (row, column) = (at / side * step, at % side * step);
        let block = (row..row + step).flat_map(|row| {
            let from = row * face.side_px + column;
            &face.luma[from..from + step]
        });
        let mean = block.sum::<f32>() / (step * step) as f32;
        // A cast of a float saturates.
        (mean * 255.0).round() as u8
    };
    let pixels: Vec<u8> = (0..side * side).map(grey).collect();
    let mut file = Vec::new();
    let side = u32::try_from(side).expect("no side is longer than the longest");
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .expect("memory can be written to, and there are as many pixels as the header says");
    file
}

#[cfg(test)]
mod tests {
    use undertone_types::{Frame, Rect};

    use super::*;
    use crate::fixtures::fused;

    fn frame(time_s: f64, side_px: usize, grey: f32) -> Frame {
        let bounds = Rect {
            x: 0.0,
            y: 0.0,
            width: 1.0,
            height: 1.0,
        };
        let luma = vec![grey; side_px * side_px].into();
        Frame {
            time_s,
            face: Some(Face {
                bounds,
                luma,
                side_px,
            }),
        }
    }

    fn utterance(frames: Vec<Frame>) -> Utterance {
        let utterance = fused(0, 1.0).observed.represented.transcribed.utterance;
        Utterance {
            frames,
            ..utterance
        }
    }

    /// Width and the shades of a picture in a `data:` address.
    fn read(address: &str) -> (u32, Vec<u8>) {
        let text = address.strip_prefix("data:image/png;base64,").unwrap();
        let file = STANDARD.decode(text).unwrap();
        let decoder = png::Decoder::new(std::io::Cursor::new(file));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Grayscale);
        (info.width, pixels)
    }

    #[test]
    fn the_face_in_the_middle_is_shown() {
        // From 0 to 1 s.
        let frames = vec![
            frame(0.0, 48, 0.0),
            frame(0.6, 48, 0.4),
            frame(0.9, 48, 1.0),
        ];
        let (width, pixels) = read(&thumbnail(&utterance(frames)).unwrap());
        assert_eq!((width, pixels), (48, vec![102; 48 * 48]));
    }

    #[test]
    fn a_large_face_is_shown_small_and_none_not_at_all() {
        for (side, expected) in [(1, 1), (64, 64), (65, 32), (112, 56), (224, 56)] {
            let (width, pixels) =
                read(&thumbnail(&utterance(vec![frame(0.5, side, 2.0)])).unwrap());
            assert_eq!(width, expected, "{side}");
            assert!(pixels.iter().all(|pixel| *pixel == 255));
        }
        let empty = Frame {
            time_s: 0.5,
            face: None,
        };
        assert_eq!(thumbnail(&utterance(vec![empty])), None);
    }
}
