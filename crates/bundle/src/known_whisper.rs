//! What the header of a Whisper says of it, and what is known of OpenAI's Whispers by their sizes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::AsrContext;

/// First bytes of whisper.cpp's files: "ggml" as a little-endian number.
pub(super) const MAGIC: [u8; 4] = *b"lmgg";
/// Bytes of a header: the magic and eleven numbers.
pub(super) const HEADER: usize = 48;

/// Layers and width of the encoders that OpenAI has trained, on windows of 30 s. Distilled and
/// fine-tuned Whispers have one of these.
const ENCODERS: [[u32; 2]; 5] = [[4, 384], [6, 512], [12, 768], [24, 1024], [32, 1280]];

/// By words of the vocabulary and layers of the decoder: the decoder's heads that follow the audio
/// (layer, a point, head), as OpenAI lists them (`whisper/__init__.py`; also in whisper.cpp). The two
/// large Whispers before
/// the third have the same sizes and different heads, and are left out.
const HEADS: [(u32, u32, &str); 10] = [
    (51_864, 4, "1.0 2.0 2.5 3.0 3.1 3.2 3.3 3.4"),
    (51_865, 4, "2.2 3.0 3.2 3.3 3.4 3.5"),
    (51_864, 6, "3.3 4.7 5.1 5.5 5.7"),
    (51_865, 6, "3.1 4.2 4.3 4.7 5.1 5.2 5.4 5.6"),
    (
        51_864,
        12,
        "6.6 7.0 7.3 7.8 8.2 8.5 8.7 9.0 9.4 9.8 9.10 10.0 10.1 10.2 10.3 10.6 10.11 11.2 11.4",
    ),
    (51_865, 12, "5.3 5.9 8.0 8.4 8.7 8.8 9.0 9.7 9.9 10.5"),
    (
        51_864,
        24,
        "11.4 14.1 14.12 14.14 15.4 16.0 16.4 16.9 17.12 17.14 18.7 18.10 18.15 20.0 20.3 20.9 \
         20.14 21.12",
    ),
    (51_865, 24, "13.15 15.4 15.15 16.1 20.0 23.4"),
    (
        51_866,
        32,
        "7.0 10.17 12.18 13.12 16.1 17.14 19.11 21.4 24.1 25.6",
    ),
    (51_866, 4, "2.4 2.11 3.3 3.6 3.11 3.14"),
];

/// The sizes of a Whisper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WhisperHeader {
    vocabulary: u32,
    encoder: [u32; 2],
    decoder_layers: u32,
}

impl WhisperHeader {
    /// Reads the header of a file; `None` where it is not of whisper.cpp.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut start = Vec::new();
        File::open(path)?
            .take(HEADER as u64)
            .read_to_end(&mut start)?;
        if start.len() < HEADER || !start.starts_with(&MAGIC) {
            return Ok(None);
        }
        let numbers = start.as_chunks::<4>().0;
        let number = |at: usize| u32::from_le_bytes(numbers[at]);
        Ok(Some(Self {
            vocabulary: number(1),
            encoder: [number(5), number(3)],
            decoder_layers: number(9),
        }))
    }

    /// How much it was trained to hear at once: 30 s, where it has the encoder of a real Whisper.
    pub(super) fn context(self) -> AsrContext {
        match ENCODERS.contains(&self.encoder) {
            true => AsrContext::Full,
            false => AsrContext::Short,
        }
    }

    /// Whether it knows English alone.
    pub(super) fn is_english(self) -> bool {
        self.vocabulary < 51_865
    }

    /// The heads that give the times of words, as `[layer, head]`, as far as they are known.
    pub(super) fn alignment_heads(self) -> Vec<[u32; 2]> {
        let is_this = |(vocabulary, layers, _): &&(u32, u32, _)| {
            *vocabulary == self.vocabulary && *layers == self.decoder_layers
        };
        let is_real = self.context() == AsrContext::Full;
        let known = HEADS.iter().find(is_this).filter(|_| is_real);
        let heads = known.map_or("", |(_, _, heads)| *heads);
        let pair = |said: &str| {
            let (layer, head) = said.split_once('.')?;
            Some([layer.parse().ok()?, head.parse().ok()?])
        };
        heads.split_whitespace().filter_map(pair).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(numbers: [u32; 11]) -> Option<WhisperHeader> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("asr.bin");
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        let bytes: Vec<u8> = MAGIC.into_iter().chain(bytes).collect();
        std::fs::write(&path, bytes).unwrap();
        WhisperHeader::read(&path).unwrap()
    }

    #[test]
    fn openais_whispers_are_known_by_their_sizes() {
        let base = header([51_865, 1500, 512, 8, 6, 448, 512, 8, 6, 80, 1]).unwrap();
        assert_eq!(base.context(), AsrContext::Full);
        assert_eq!(
            (base.is_english(), base.alignment_heads().len()),
            (false, 8)
        );
        let tiny_en = header([51_864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1]).unwrap();
        assert_eq!(
            (tiny_en.is_english(), tiny_en.alignment_heads()[0]),
            (true, [1, 0])
        );
        let turbo = header([51_866, 1500, 1280, 20, 32, 448, 1280, 20, 4, 128, 1]).unwrap();
        assert_eq!(turbo.alignment_heads()[0], [2, 4]);
    }

    #[test]
    fn of_others_no_heads_are_known() {
        let distilled = header([51_864, 1500, 768, 12, 12, 448, 768, 12, 2, 80, 1]).unwrap();
        assert_eq!(distilled.context(), AsrContext::Full);
        assert!(distilled.alignment_heads().is_empty());
        let small = header([51_864, 1500, 128, 4, 3, 128, 128, 4, 4, 80, 1]).unwrap();
        assert_eq!(small.context(), AsrContext::Short);
        assert!(small.alignment_heads().is_empty());
        let large = header([51_865, 1500, 1280, 20, 32, 448, 1280, 20, 32, 80, 1]).unwrap();
        assert!(large.alignment_heads().is_empty());
    }
}
