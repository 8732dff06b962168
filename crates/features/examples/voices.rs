//! Measures voices for `models/recipes/speakers.py`.
//!
//! Standard input holds utterances, each as a number of samples (u32) and the samples (f32, mono,
//! 16 kHz), all little-endian. A line comes out for each: its time steps and its features, or
//! nothing where there is no voice.

use std::io::{self, BufReader, BufWriter, Read, Write};

use undertone_features::VoiceMeasure;

fn main() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    let measure = VoiceMeasure::default();
    let mut length = [0; 4];
    while input.read_exact(&mut length).is_ok() {
        let mut bytes = vec![0; 4 * u32::from_le_bytes(length) as usize];
        input.read_exact(&mut bytes)?;
        let samples: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        if let Some(voice) = measure.measure(&samples) {
            write!(output, "{}", voice.steps)?;
            for value in voice.features {
                write!(output, " {value}")?;
            }
        }
        writeln!(output)?;
    }
    output.flush()
}
