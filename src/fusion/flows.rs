//! The layers of the network and how a batch passes through them (paper, "The network").

use tch::Tensor;
use tch::nn::{Linear, Module, Path};

use super::cross::{Cross, cross};
use super::imagination::{Imagination, imagination};
use super::layers::{Mlp, linear, mlp};
use super::normaliser::{Normaliser, normaliser};
use super::pooling::{Pooling, pooling};
use super::{Frames, FusionConfig, Modality, Noise, Padded, Rng, Trio};
use crate::flow::Flow;

/// How many unified queries there are: all, three pairs, three single modalities.
const QUERIES: usize = 7;
/// Where the text query stands among them.
const TEXT_QUERY: i64 = 5;

/// What one flow gives for a batch.
#[derive(Debug)]
pub struct FlowOutput {
    /// `[batch]`, not clamped.
    pub score: Tensor,
    /// The fused vector z, `[batch, h]`.
    pub fused: Tensor,
    /// For the contrastive loss, `[batch, 64]`.
    pub contrast: Tensor,
    /// The text query after its perceptron, `[batch, d]`.
    pub text_query: Tensor,
    /// What all queries found in the text, `[batch, 7, h]`.
    pub text_cross: Tensor,
    /// Modality attention α, `[batch, 3]`; 0 for a modality that gave nothing.
    pub weights: Tensor,
}

/// All layers; both flows pass through the same.
#[derive(Debug)]
pub(super) struct Flows {
    normalisers: Trio<Normaliser>,
    projections: Trio<Linear>,
    poolings: Trio<Pooling>,
    attention: Mlp,
    alpha: Linear,
    queries: Vec<Mlp>,
    crosses: Trio<Cross>,
    combine: Mlp,
    beta: Linear,
    score: Linear,
    contrast: [Linear; 2],
    imaginations: Option<[Imagination; 2]>,
}

pub(super) fn flows(p: &Path<'_>, config: &FusionConfig, rng: &mut Rng) -> Flows {
    let net = &config.network;
    let (d, h, k) = (net.model_width, net.fused_width, net.contrast_width);
    let width = |m: Modality| *config.widths.get(m);
    let dropout = net.mlp_dropout;
    Flows {
        normalisers: Trio::from_fn(|m| normaliser(&(p / "norm" / m), width(m))),
        projections: Trio::from_fn(|m| linear(&(p / "project" / m), width(m), d, rng)),
        poolings: Trio::from_fn(|m| pooling(&(p / "pool" / m), net, rng)),
        attention: mlp(&(p / "attention"), &[3 * d, d, d], dropout, rng),
        alpha: linear(&(p / "alpha"), d, 3, rng),
        queries: (0..QUERIES)
            .map(|q| mlp(&(p / "query" / q), &[d, d], dropout, rng))
            .collect(),
        crosses: Trio::from_fn(|m| cross(&(p / "cross" / m), net, rng)),
        combine: mlp(&(p / "combine"), &[QUERIES * h, d, h], dropout, rng),
        beta: linear(&(p / "beta"), h, QUERIES, rng),
        score: linear(&(p / "score"), h, 1, rng),
        contrast: [(0, h), (1, k)].map(|(i, n)| linear(&(p / "contrast" / i), n, k, rng)),
        imaginations: net.imagination.then(|| {
            [("pooled", d), ("cross", h)]
                .map(|(name, n)| imagination(&(p / "imagine" / name), n, dropout, rng))
        }),
    }
}

impl Flows {
    /// The normaliser of a modality.
    pub(super) fn normaliser(&mut self, modality: Modality) -> &mut Normaliser {
        match modality {
            Modality::Audio => &mut self.normalisers.audio,
            Modality::Text => &mut self.normalisers.text,
            Modality::Video => &mut self.normalisers.video,
        }
    }

    /// Projects the frames of a modality (step 1); both flows may use the result.
    pub(super) fn project(&self, modality: Modality, input: &Padded) -> Frames {
        let x = self.normalisers.get(modality).forward(&input.frames);
        Frames {
            x: self.projections.get(modality).forward(&x),
            mask: input.mask.shallow_clone(),
            present: input.present.shallow_clone(),
        }
    }

    /// Runs a batch through one flow.
    pub(super) fn forward(
        &self,
        frames: &Trio<&Frames>,
        flow: Flow,
        noise: &mut Noise,
    ) -> FlowOutput {
        let imaginations = match flow {
            Flow::TextMissing => self.imaginations.as_ref(),
            Flow::Complete => None,
        };
        let mut pooled = Trio::from_fn(|m| self.poolings.get(m).forward(frames.get(m), noise));
        let mut present = frames.as_array().map(|f| f.present.shallow_clone());
        if let Some([imagination, _]) = imaginations {
            pooled.text = imagination.forward(&pooled, noise);
            // Imagined text is there even where no text was.
            present[1] = present[1].ones_like();
        }
        let weights = self.weigh(&pooled, noise) * Tensor::cat(&present, 1);
        let (queries, text_query) = self.ask(&pooled, &weights, noise);
        let mut found =
            Trio::from_fn(|m| self.crosses.get(m).forward(&queries, frames.get(m), noise));
        if let Some([_, imagination]) = imaginations {
            found.text = imagination.forward(&found, noise);
        }
        let fused = self.combine(&found, &weights, noise);
        let contrast = self.contrast[1].forward(&self.contrast[0].forward(&fused).relu());
        FlowOutput {
            score: self.score.forward(&fused).squeeze_dim(1),
            fused,
            contrast,
            text_query,
            text_cross: found.text,
            weights,
        }
    }

    /// Modality attention (step 3): α `[batch, 3]`, not normalised.
    fn weigh(&self, pooled: &Trio<Tensor>, noise: &mut Noise) -> Tensor {
        let all = Tensor::cat(&pooled.as_array(), 1);
        self.alpha.forward(&self.attention.forward(&all, noise))
    }

    /// The seven queries `[batch, 7, d]` (step 4), and the text query alone.
    fn ask(&self, pooled: &Trio<Tensor>, weights: &Tensor, noise: &mut Noise) -> (Tensor, Tensor) {
        let [a, t, v] = pooled.as_array();
        let [wa, wt, wv] = [0, 1, 2].map(|m| weights.narrow(1, m, 1));
        let (fa, ft, fv) = (a * wa, t * wt, v * wv);
        let views = [
            &fa + &ft + &fv,
            &fa + &ft,
            &ft + &fv,
            &fa + &fv,
            a.shallow_clone(),
            t.shallow_clone(),
            v.shallow_clone(),
        ];
        let queries: Vec<Tensor> = (self.queries.iter().zip(&views))
            .map(|(mlp, view)| mlp.forward(view, noise))
            .collect();
        let queries = Tensor::stack(&queries, 1);
        let text_query = queries.select(1, TEXT_QUERY);
        (queries, text_query)
    }

    /// Weighs modalities, then queries (step 6): z `[batch, h]`.
    fn combine(&self, found: &Trio<Tensor>, weights: &Tensor, noise: &mut Noise) -> Tensor {
        let [a, t, v] = found.as_array();
        let [wa, wt, wv] = [0, 1, 2].map(|m| weights.narrow(1, m, 1).unsqueeze(-1));
        let all = a * wa + t * wt + v * wv;
        let beta = self.combine.forward(&all.flatten(1, 2), noise);
        let beta = self.beta.forward(&beta).unsqueeze(1);
        beta.bmm(&all).squeeze_dim(1)
    }
}
