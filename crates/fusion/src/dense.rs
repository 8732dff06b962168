//! Dense layers over many frames, with their gradients written out.

use tch::nn::Linear;
use tch::{Kind, Tensor};

use super::Precision;

/// W `[outputs, inputs]` and b of a dense layer, in the precision of one step.
#[derive(Debug)]
pub(super) struct Weights {
    /// With elements of the step's precision, like `bias`.
    weight: Tensor,
    bias: Tensor,
}

/// The gradients of W and b, summed over chunks; `None` before the first.
#[derive(Debug, Default)]
pub(super) struct DenseGradient(Option<(Tensor, Tensor)>);

impl Weights {
    /// Those of a layer, detached from libtorch's graph.
    pub(super) fn of(layer: &Linear, precision: Precision) -> Self {
        let outputs = layer.ws.size()[0];
        let bias = match &layer.bs {
            Some(bias) => bias.detach(),
            None => Tensor::zeros([outputs], (Kind::Float, layer.ws.device())),
        };
        Self {
            weight: layer.ws.detach().to_kind(precision.kind()),
            bias: bias.to_kind(precision.kind()),
        }
    }

    /// Another handle on the same tensors.
    pub(super) fn share(&self) -> Self {
        Self {
            weight: self.weight.shallow_clone(),
            bias: self.bias.shallow_clone(),
        }
    }

    /// A tensor with the elements that the other methods take.
    pub(super) fn narrow(&self, tensor: &Tensor) -> Tensor {
        tensor.to_kind(self.weight.kind())
    }

    /// x Wᵀ + b, from narrow x.
    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, Some(&self.bias))
            .to_kind(Kind::Float)
    }

    /// The gradient of x, from the narrow gradient of the outputs.
    pub(super) fn backward(&self, outputs: &Tensor) -> Tensor {
        outputs.matmul(&self.weight).to_kind(Kind::Float)
    }
}

impl DenseGradient {
    /// Adds the gradients of one chunk, from its inputs `[.., inputs]` and the gradient of its
    /// outputs `[.., outputs]`: `narrow` for W, and `outputs` in full precision for b.
    pub(super) fn add(&mut self, inputs: &Tensor, narrow: &Tensor, outputs: &Tensor) {
        let inputs = inputs.flatten(0, -2);
        let narrow = narrow.flatten(0, -2);
        let outputs = outputs.flatten(0, -2);
        let of_bias = outputs.sum_dim_intlist([0_i64].as_slice(), false, Kind::Float);
        let product = || narrow.tr().matmul(&inputs).to_kind(Kind::Float);
        let Some((weight, bias)) = &mut self.0 else {
            self.0 = Some((product(), of_bias));
            return;
        };
        let _ = match inputs.kind() {
            Kind::Float => weight.addmm_(&narrow.tr(), &inputs),
            _ => weight.g_add_(&product()),
        };
        let _ = bias.g_add_(&of_bias);
    }

    /// The sum of several, in their order.
    pub(super) fn sum(parts: impl Iterator<Item = Self>) -> Self {
        parts.fold(Self::default(), |mut sum, part| {
            sum.merge(part);
            sum
        })
    }

    fn merge(&mut self, other: Self) {
        match (&mut self.0, other.0) {
            (Some((weight, bias)), Some((more, more_bias))) => {
                let _ = weight.g_add_(&more);
                let _ = bias.g_add_(&more_bias);
            }
            (None, Some(other)) => self.0 = Some(other),
            (_, None) => {}
        }
    }

    /// A loss whose gradient by the layer is this gradient.
    pub(super) fn as_loss(&self, layer: &Linear) -> Option<Tensor> {
        let (weight, bias) = self.0.as_ref()?;
        let mut loss = dot(&layer.ws, weight);
        if let Some(layer) = &layer.bs {
            loss += dot(layer, bias);
        }
        Some(loss)
    }
}

/// Σ a·b: as a loss its gradient by a is b.
pub(super) fn dot(a: &Tensor, b: &Tensor) -> Tensor {
    (a * b).sum(Kind::Float)
}
