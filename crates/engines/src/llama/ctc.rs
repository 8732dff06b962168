//! The words that a projector hears: connectionist temporal classification (Graves et al., 2006)
//! against the embeddings of the language model's tokens.

use llama_cpp_2::token::LlamaToken;

use super::LanguageError;
use super::evaluator::Evaluator;

/// The tokens at whose embeddings a projector's vectors were trained to point.
#[derive(Clone, Debug, PartialEq)]
pub struct CtcVocabulary {
    /// Tokens of the language model, each with a bias.
    pub tokens: Vec<(i32, f32)>,
    /// What the cosine of vector and embedding counts, beside the bias.
    pub scale: f32,
    /// A vector of this length (Euclidean) is as likely a blank, where nothing new is said, as not.
    pub blank_below: f32,
    /// How much each unit of length beyond that speaks against a blank (logarithm of the odds).
    pub steepness: f32,
}

/// The vocabulary with the directions of its embeddings.
pub(super) struct Speller {
    vocabulary: CtcVocabulary,
    /// `[tokens, width]`, of length 1 each.
    directions: Vec<f32>,
    width: usize,
}

impl Speller {
    pub(super) fn new(
        vocabulary: &CtcVocabulary,
        evaluator: &mut Evaluator<'_>,
    ) -> Result<Self, LanguageError> {
        let tokens = vocabulary
            .tokens
            .iter()
            .map(|(token, _)| LlamaToken(*token));
        let embeddings = evaluator.embeddings(&tokens.collect::<Vec<_>>())?;
        Ok(Self::of(
            vocabulary.clone(),
            embeddings,
            evaluator.input_width(),
        ))
    }

    fn of(vocabulary: CtcVocabulary, mut embeddings: Vec<f32>, width: usize) -> Self {
        for embedding in embeddings.chunks_exact_mut(width) {
            let length = length(embedding).max(f32::MIN_POSITIVE);
            embedding.iter_mut().for_each(|value| *value /= length);
        }
        Self {
            vocabulary,
            directions: embeddings,
            width,
        }
    }

    /// The likeliest token at each vector, without blanks and repetitions of what goes on.
    pub(super) fn spell(&self, vectors: &[f32]) -> Vec<LlamaToken> {
        let (mut spelled, mut last) = (Vec::new(), None);
        for vector in vectors.chunks_exact(self.width) {
            let token = self.nearest(vector);
            if token != last {
                spelled.extend(token);
            }
            last = token;
        }
        spelled
    }

    /// The likeliest token at a vector; `None` where a blank is likelier.
    fn nearest(&self, vector: &[f32]) -> Option<LlamaToken> {
        let length = length(vector);
        // However sure the token.
        let against_blank = (length - self.vocabulary.blank_below) * self.vocabulary.steepness;
        if against_blank < 0.0 {
            return None;
        }
        let scale = self.vocabulary.scale / length;
        let directions = self.directions.chunks_exact(self.width);
        let scored = directions.zip(&self.vocabulary.tokens);
        let scores: Vec<f32> = scored
            .map(|(direction, (_, bias))| scale * dot(direction, vector) + bias)
            .collect();
        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]))?;
        // Minus the logarithm of its probability among the tokens.
        let others: f32 = scores.iter().map(|one| (one - scores[best]).exp()).sum();
        let token = LlamaToken(self.vocabulary.tokens[best].0);
        (against_blank > others.ln()).then_some(token)
    }
}

/// The dot product of two vectors of one length. It is summed in lanes, which the processor adds at once: one
/// sum would have to be added up number by number.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for (sum, (a, b)) in sums.iter_mut().zip(left.iter().zip(right)) {
            *sum += a * b;
        }
    }
    let rest = left_rest.iter().zip(right_rest).map(|(a, b)| a * b);
    sums.into_iter().chain(rest).sum()
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speller(biases: [f32; 2]) -> Speller {
        let vocabulary = CtcVocabulary {
            tokens: vec![(7, biases[0]), (9, biases[1])],
            scale: 10.0,
            blank_below: 1.0,
            steepness: 4.0,
        };
        Speller::of(vocabulary, vec![3.0, 0.0, 0.0, 0.5], 2)
    }

    fn spelled(speller: &Speller, vectors: &[[f32; 2]]) -> Vec<i32> {
        let tokens = speller.spell(vectors.as_flattened());
        tokens.into_iter().map(|token| token.0).collect()
    }

    #[test]
    fn a_dot_product_is_of_all_numbers() {
        let numbers: Vec<f32> = (1..=37_u8).map(f32::from).collect();
        let squares: f32 = numbers.iter().map(|value| value * value).sum();
        assert_eq!(dot(&numbers, &numbers), squares);
        assert_eq!(dot(&[], &[]), 0.0);
    }

    #[test]
    fn a_token_counts_once_until_a_blank_or_another_comes() {
        let (a, b, blank) = ([4.0, 0.1], [0.1, 1.2], [0.5, 0.0]);
        let speller = speller([0.0, 0.0]);
        assert_eq!(
            spelled(&speller, &[blank, a, a, blank, a, b, b, a]),
            [7, 7, 9, 7]
        );
        assert!(spelled(&speller, &[blank, blank]).is_empty());
    }

    #[test]
    fn a_token_that_is_hardly_likelier_than_others_gives_way_to_a_blank() {
        let speller = speller([0.0, 0.0]);
        // Between two tokens: each has one half, against odds of e^0.4 and e^1.2 for a word.
        let between = |length: f32| [length * 0.5_f32.sqrt(); 2];
        assert!(spelled(&speller, &[between(1.1)]).is_empty());
        assert_eq!(spelled(&speller, &[between(1.3)]).len(), 1);
        assert_eq!(spelled(&speller, &[[1.1, 0.0]]), [7]);
    }

    #[test]
    fn a_bias_decides_between_tokens_that_are_as_near() {
        let between = [2.0, 2.0];
        assert_eq!(spelled(&speller([0.1, 0.0]), &[between]), [7]);
        assert_eq!(spelled(&speller([0.0, 0.1]), &[between]), [9]);
    }
}
