//! Which tensors a Whisper has, and their shapes.

/// The sizes of a Whisper. In its own terms: `n_vocab`, `n_audio_ctx` and so on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dimensions {
    /// Tokens, the marks for languages and times among them.
    pub vocabulary: usize,
    /// Bins of the mel spectrogram.
    pub mels: usize,
    /// Positions of the encoder: 1500 in 30 s.
    pub audio_context: usize,
    /// Width of the encoder.
    pub audio_width: usize,
    /// Heads of the encoder's attention.
    pub audio_heads: usize,
    /// Blocks of the encoder.
    pub audio_layers: usize,
    /// Tokens that the decoder can take, its prompt among them.
    pub text_context: usize,
    /// Width of the decoder.
    pub text_width: usize,
    /// Heads of the decoder's attention.
    pub text_heads: usize,
    /// Blocks of the decoder.
    pub text_layers: usize,
}

/// Width of a Whisper's kernel of convolution.
const KERNEL: usize = 3;

impl Dimensions {
    /// The tensors of such a Whisper with their shapes (slowest side first), named as in OpenAI's
    /// code and in the order of OpenAI's checkpoints, which whisper.cpp's files keep.
    #[must_use]
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (audio, text) = (self.audio_width, self.text_width);
        let mut list = List(Vec::new());
        list.add("decoder.positional_embedding", [self.text_context, text]);
        list.add("encoder.positional_embedding", [self.audio_context, audio]);
        list.add("decoder.token_embedding.weight", [self.vocabulary, text]);
        for layer in 0..self.text_layers {
            let block = format!("decoder.blocks.{layer}");
            list.block(&block, text);
            list.norm(&format!("{block}.cross_attn_ln"), text);
            // Keys and values are made of what the encoder wrote.
            list.attention(&format!("{block}.cross_attn"), text, audio);
        }
        list.norm("decoder.ln", text);
        list.add("encoder.conv1.weight", [audio, self.mels, KERNEL]);
        list.add("encoder.conv1.bias", [audio]);
        list.add("encoder.conv2.weight", [audio, audio, KERNEL]);
        list.add("encoder.conv2.bias", [audio]);
        for layer in 0..self.audio_layers {
            list.block(&format!("encoder.blocks.{layer}"), audio);
        }
        list.norm("encoder.ln_post", audio);
        list.0
    }
}

struct List(Vec<(String, Vec<usize>)>);

impl List {
    fn add<const N: usize>(&mut self, name: &str, shape: [usize; N]) {
        self.0.push((name.to_owned(), shape.to_vec()));
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.add(&format!("{name}.weight"), [width]);
        self.add(&format!("{name}.bias"), [width]);
    }

    fn linear(&mut self, name: &str, out: usize, width: usize) {
        self.add(&format!("{name}.weight"), [out, width]);
        self.add(&format!("{name}.bias"), [out]);
    }

    fn attention(&mut self, name: &str, width: usize, source: usize) {
        self.linear(&format!("{name}.query"), width, width);
        // A key's bias would change nothing: the softmax removes it.
        self.add(&format!("{name}.key.weight"), [width, source]);
        self.linear(&format!("{name}.value"), width, source);
        self.linear(&format!("{name}.out"), width, width);
    }

    fn block(&mut self, name: &str, width: usize) {
        self.norm(&format!("{name}.mlp_ln"), width);
        self.linear(&format!("{name}.mlp.0"), 4 * width, width);
        self.linear(&format!("{name}.mlp.2"), width, 4 * width);
        self.norm(&format!("{name}.attn_ln"), width);
        self.attention(&format!("{name}.attn"), width, width);
    }
}
