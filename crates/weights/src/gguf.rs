//! Files of llama.cpp: a header of keys and values, headings of tensors, tensors.
//!
//! Source: `docs/gguf.md` of ggml, version 3.

/// Tensors begin at multiples of this.
pub(crate) const ALIGNMENT: u64 = 32;
const VERSION: u32 = 3;

/// A header that grows; [`finish`](Self::finish) makes the bytes that come before the tensors.
#[derive(Default)]
pub(crate) struct Header {
    entries: Vec<u8>,
    entry_count: u64,
    headings: Vec<u8>,
    tensor_count: u64,
    /// Where the next tensor begins, from the first one.
    offset: u64,
}

impl Header {
    pub(crate) fn u32(&mut self, key: &str, value: u32) {
        self.entry(key, 4, &value.to_le_bytes());
    }

    pub(crate) fn f32(&mut self, key: &str, value: f32) {
        self.entry(key, 6, &value.to_le_bytes());
    }

    pub(crate) fn f32_list(&mut self, key: &str, values: &[f32]) {
        let mut value = 6_u32.to_le_bytes().to_vec();
        value.extend((values.len() as u64).to_le_bytes());
        value.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        self.entry(key, 9, &value);
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) {
        self.entry(key, 7, &[u8::from(value)]);
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.entry(key, 8, &text(value));
    }

    fn entry(&mut self, key: &str, kind: u32, value: &[u8]) {
        self.entries.extend(text(key));
        self.entries.extend(kind.to_le_bytes());
        self.entries.extend(value);
        self.entry_count += 1;
    }

    /// Announces a tensor: its sides, fastest first, its type and its size in bytes.
    pub(crate) fn tensor(&mut self, name: &str, sides: &[usize], kind: u32, bytes: u64) {
        self.headings.extend(text(name));
        self.headings.extend((sides.len() as u32).to_le_bytes());
        for &side in sides {
            self.headings.extend((side as u64).to_le_bytes());
        }
        self.headings.extend(kind.to_le_bytes());
        self.headings.extend(self.offset.to_le_bytes());
        self.offset = (self.offset + bytes).next_multiple_of(ALIGNMENT);
        self.tensor_count += 1;
    }

    /// What comes before the first tensor.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.tensor_count.to_le_bytes());
        bytes.extend(self.entry_count.to_le_bytes());
        bytes.extend(self.entries);
        bytes.extend(self.headings);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT as usize), 0);
        bytes
    }
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}
