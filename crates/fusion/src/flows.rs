//! The layers of the network and how a batch passes through them (paper, "The network").

use tch::nn::{Linear, Module, Path};
use tch::{Kind, Tensor};

use super::attend::{AttentionGradient, Tape, attend};
use super::compute::Compute;
use super::cross::{Cross, cross};
use super::dense::dot;
use super::imagination::{Imagination, imagination};
use super::layers::{Mlp, linear, mlp};
use super::normaliser::Normaliser;
use super::pooling::{Pooling, pooling};
use super::projection::{Projection, projection};
use super::{Frames, FusionConfig, Modality, Noise, Rng, Trio};
use undertone_types::Flow;

/// How many unified queries there are: all, three pairs, three single modalities.
const QUERIES: usize = 7;
/// The text query's position among them.
const TEXT_QUERY: i64 = 5;

/// The output of one flow for a batch.
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
    /// The text cross-attention of all queries, `[batch, 7, h]`.
    pub text_cross: Tensor,
    /// Modality attention α, `[batch, 3]`; 0 for an absent modality.
    pub weights: Tensor,
    /// Whether the flow was given anything of an utterance, `[batch]`; if not, its output is a
    /// constant.
    pub given: Vec<bool>,
}

/// All layers; both flows pass through the same.
#[derive(Debug)]
pub(super) struct Flows {
    projections: Trio<Projection>,
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
        projections: Trio::from_fn(|m| projection(p, m, width(m), net, rng)),
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

/// Which utterances have frames of any modality.
fn given(frames: &Trio<&Frames>) -> Vec<bool> {
    let any = |at: usize| {
        let mut modalities = frames.as_array().into_iter();
        modalities.any(|frames| !frames.sequences[at].is_empty())
    };
    (0..frames.text.sequences.len()).map(any).collect()
}

/// The queries of a flow, made from its pooled frames.
#[derive(Debug)]
pub(super) struct Queries {
    /// The seven queries, `[batch, 7, d]`, transformed for each modality.
    pub(super) by_modality: Trio<Tensor>,
    /// The text query after its perceptron, `[batch, d]`.
    text_query: Tensor,
    /// Modality attention α, `[batch, 3]`.
    weights: Tensor,
}

impl Flows {
    /// The normaliser of a modality.
    pub(super) fn normaliser(&mut self, modality: Modality) -> &mut Normaliser {
        &mut self.projections.get_mut(modality).normaliser
    }

    /// The projection of a modality (step 1), which both flows share.
    pub(super) fn projection(&self, modality: Modality) -> &Projection {
        self.projections.get(modality)
    }

    /// Runs a batch through one flow, outside of libtorch's graph.
    pub(super) fn forward(
        &self,
        frames: &Trio<&Frames>,
        flow: Flow,
        noise: &mut Noise,
        compute: Compute,
    ) -> FlowOutput {
        tch::no_grad(|| {
            let (pooled, _) = self.pool(frames, noise, compute, false);
            let queries = self.make_queries(&pooled, frames, flow, noise);
            let (found, _) = self.cross_attend(frames, &queries, noise, compute, false);
            self.finish(&found, queries, frames, flow, noise)
        })
    }

    /// Pools the frames of each modality to `[batch, 1, d]` (first half of step 2).
    pub(super) fn pool(
        &self,
        frames: &Trio<&Frames>,
        noise: &mut Noise,
        compute: Compute,
        keep: bool,
    ) -> (Trio<Tensor>, Tape) {
        let layers = self.poolings.as_ref().map(|pooling| &pooling.attention);
        let queries = self.poolings.as_ref().map(Pooling::query);
        attend(frames, &layers, &queries, noise, compute, keep)
    }

    /// From pooled frames to queries (second half of step 2 to step 4).
    pub(super) fn make_queries(
        &self,
        pooled: &Trio<Tensor>,
        frames: &Trio<&Frames>,
        flow: Flow,
        noise: &mut Noise,
    ) -> Queries {
        let mut pooled = Trio::from_fn(|m| {
            let present = &frames.get(m).present;
            self.poolings.get(m).forward(pooled.get(m), present, noise)
        });
        let mut present = frames.as_array().map(|f| f.present.shallow_clone());
        if let Some([imagination, _]) = self.imaginations(flow) {
            pooled.text = imagination.forward(&pooled, noise);
            // Imagined text is present even where there is no text.
            present[1] = present[1].ones_like();
        }
        let weights = self.weigh(&pooled, noise) * Tensor::cat(&present, 1);
        let (queries, text_query) = self.queries(&pooled, &weights, noise);
        Queries {
            by_modality: self.crosses.as_ref().map(|cross| cross.query(&queries)),
            text_query,
            weights,
        }
    }

    /// Attention of the queries over the frames, `[batch, 7, d]` (first half of step 5).
    pub(super) fn cross_attend(
        &self,
        frames: &Trio<&Frames>,
        queries: &Queries,
        noise: &mut Noise,
        compute: Compute,
        keep: bool,
    ) -> (Trio<Tensor>, Tape) {
        let layers = self.crosses.as_ref().map(|cross| &cross.attention);
        attend(frames, &layers, &queries.by_modality, noise, compute, keep)
    }

    /// From the attention's output to the score (second half of step 5 to step 7).
    pub(super) fn finish(
        &self,
        found: &Trio<Tensor>,
        queries: Queries,
        frames: &Trio<&Frames>,
        flow: Flow,
        noise: &mut Noise,
    ) -> FlowOutput {
        let mut found = Trio::from_fn(|m| {
            let present = &frames.get(m).present;
            self.crosses.get(m).forward(found.get(m), present, noise)
        });
        if let Some([_, imagination]) = self.imaginations(flow) {
            found.text = imagination.forward(&found, noise);
        }
        let fused = self.combine(&found, &queries.weights, noise);
        let contrast = self.contrast[1].forward(&self.contrast[0].forward(&fused).relu());
        FlowOutput {
            score: self.score.forward(&fused).squeeze_dim(1),
            fused,
            contrast,
            text_query: queries.text_query,
            text_cross: found.text,
            weights: queries.weights,
            given: given(frames),
        }
    }

    fn imaginations(&self, flow: Flow) -> Option<&[Imagination; 2]> {
        match flow {
            Flow::TextMissing => self.imaginations.as_ref(),
            Flow::Complete => None,
        }
    }

    /// Losses whose gradients by the layers of [`Self::pool`] are the given ones.
    pub(super) fn pooling_losses(&self, gradient: &AttentionGradient) -> Vec<Tensor> {
        let mut losses = Vec::new();
        for modality in Modality::ALL {
            let pooling = self.poolings.get(modality);
            losses.extend(gradient.keys.get(modality).as_loss(&pooling.attention.key));
            losses.push(dot(
                &pooling.query(),
                &gradient.queries.get(modality).sum_dim_intlist(
                    [0_i64].as_slice(),
                    true,
                    Kind::Float,
                ),
            ));
        }
        losses
    }

    /// Losses whose gradients by the layers of [`Self::cross_attend`] are the given ones.
    pub(super) fn cross_losses(
        &self,
        queries: &Trio<Tensor>,
        gradient: &AttentionGradient,
    ) -> Vec<Tensor> {
        let mut losses = Vec::new();
        for modality in Modality::ALL {
            let cross = self.crosses.get(modality);
            losses.extend(gradient.keys.get(modality).as_loss(&cross.attention.key));
            losses.push(dot(queries.get(modality), gradient.queries.get(modality)));
        }
        losses
    }

    /// Modality attention (step 3): α `[batch, 3]`, not normalised.
    fn weigh(&self, pooled: &Trio<Tensor>, noise: &mut Noise) -> Tensor {
        let all = Tensor::cat(&pooled.as_array(), 1);
        self.alpha.forward(&self.attention.forward(&all, noise))
    }

    /// The seven queries `[batch, 7, d]` (step 4), and the text query alone.
    fn queries(
        &self,
        pooled: &Trio<Tensor>,
        weights: &Tensor,
        noise: &mut Noise,
    ) -> (Tensor, Tensor) {
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
