//! Adam, written out so that its state can be saved, which tch's Adam does not allow.

use std::collections::BTreeMap;

use tch::Tensor;

const FIRST: f64 = 0.9;
const SECOND: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Adam (Kingma and Ba, 2015) with the L2 penalty in the gradient, as PyTorch's `Adam`.
#[derive(Debug)]
pub struct Adam {
    weights: BTreeMap<String, Tensor>,
    first: BTreeMap<String, Tensor>,
    second: BTreeMap<String, Tensor>,
    steps: u32,
    weight_decay: f64,
}

impl Adam {
    /// For these weights, with moments of zero.
    #[must_use]
    pub fn new(weights: BTreeMap<String, Tensor>, weight_decay: f64) -> Self {
        let zeros = || {
            let zero = |(name, tensor): (&String, &Tensor)| (name.clone(), tensor.zeros_like());
            tch::no_grad(|| weights.iter().map(zero).collect())
        };
        Self {
            first: zeros(),
            second: zeros(),
            weights,
            steps: 0,
            weight_decay,
        }
    }

    /// Sets the gradients to zero.
    pub fn zero_gradients(&mut self) {
        for tensor in self.weights.values_mut() {
            tensor.zero_grad();
        }
    }

    /// One step along the gradients; weights without a gradient stay as they are.
    pub fn step(&mut self, rate: f64) {
        self.steps += 1;
        let count = f64::from(self.steps);
        let first_scale = rate / (1.0 - FIRST.powf(count));
        let second_scale = (1.0 - SECOND.powf(count)).sqrt();
        tch::no_grad(|| {
            for (name, weight) in &mut self.weights {
                let gradient = weight.grad();
                if !gradient.defined() {
                    continue;
                }
                let gradient = gradient + &*weight * self.weight_decay;
                let (Some(first), Some(second)) =
                    (self.first.get_mut(name), self.second.get_mut(name))
                else {
                    continue;
                };
                *second *= SECOND;
                let _ = second.addcmul_(&gradient, &(&gradient * (1.0 - SECOND)));
                let _ = first.lerp_(&gradient, 1.0 - FIRST);
                let mut divisor = second.sqrt();
                divisor /= -(second_scale * first_scale);
                divisor -= EPSILON / first_scale;
                let _ = weight.addcdiv_(first, &divisor);
            }
        });
    }

    /// Steps taken.
    pub(super) fn steps(&self) -> u32 {
        self.steps
    }

    /// Both moments by name, to save or to load them.
    pub(super) fn moments(&self) -> BTreeMap<String, Tensor> {
        let named = |kind: &str, moments: &BTreeMap<String, Tensor>| {
            let name = |(name, tensor): (&String, &Tensor)| {
                (format!("{kind}.{name}"), tensor.shallow_clone())
            };
            moments.iter().map(name).collect::<BTreeMap<_, _>>()
        };
        let mut all = named("first", &self.first);
        all.extend(named("second", &self.second));
        all
    }

    /// Sets the number of steps that saved moments belong to.
    pub(super) fn set_steps(&mut self, steps: u32) {
        self.steps = steps;
    }
}

#[cfg(test)]
mod tests {
    use tch::nn::{Adam as Theirs, OptimizerConfig, VarStore};
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn it_steps_as_libtorchs_adam_does() {
        let start = Tensor::from_slice(&[1.0_f32, -2.0, 3.0]);
        let target = Tensor::from_slice(&[0.5_f32, 0.5, 0.5]);
        let loss = |weight: &Tensor| (weight - &target).pow_tensor_scalar(4).sum(Kind::Float);

        let store = VarStore::new(Device::Cpu);
        let theirs = store.root().var_copy("w", &start);
        let mut optimiser = Theirs {
            wd: 0.1,
            ..Theirs::default()
        }
        .build(&store, 0.05)
        .unwrap();

        let ours = start.copy().set_requires_grad(true);
        let named = BTreeMap::from([("w".to_owned(), ours.shallow_clone())]);
        let mut adam = Adam::new(named, 0.1);
        for _ in 0..20 {
            optimiser.backward_step(&loss(&theirs));
            adam.zero_gradients();
            loss(&ours).backward();
            adam.step(0.05);
        }
        assert!(ours.allclose(&theirs, 1e-5, 1e-6, false), "{ours} {theirs}");
        assert_eq!(adam.steps(), 20);
    }
}
