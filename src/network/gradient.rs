//! The contribution of each feature to a logit: integrated gradients (Sundararajan et al., 2017).
//!
//! The gradients of the logits are averaged along the line from the zero vector to the features.
//! With ReLU, the logits are piecewise linear along that line, and the ends of the pieces can be
//! computed. One gradient in each piece, weighted by the piece's length, gives the exact average
//! without many small steps.

use super::float32::{FloatLayer, FloatNetwork};
use crate::simd;
use crate::vectorizer::FeatureVector;

/// Approximate maximum number of pieces; the sample's network has about 200. A network built to
/// have more gets coarser steps rather than unbounded time.
const MAX_PIECES: usize = 4096;

impl FloatNetwork {
    /// Returns the gradient of each logit, averaged along the line from the zero vector to
    /// `features`. The dot product of a gradient and `features` is the logit of `features` minus
    /// the logit of the zero vector.
    pub fn mean_gradients(&self, features: &FeatureVector) -> Vec<FeatureVector> {
        let [first, ..] = &self.hidden;
        // With respect to the outputs of the first layer, which is a linear map of the features.
        let mut means = vec![vec![0.0; first.biases.len()]; self.output.biases.len()];
        for ends in self.corners(features).windows(2) {
            let (middle, length) = (0.5 * (ends[0] + ends[1]), ends[1] - ends[0]);
            let active = self.active(&features.map(|feature| feature * middle));
            for (mean, row) in means.iter_mut().zip(self.output.rows()) {
                simd::axpy(length, &self.back_to_first(row, &active), mean);
            }
        }
        let mut linear = self.linear.iter().flat_map(FloatLayer::rows);
        let gradient = |mean: &Vec<f32>| {
            let mut gradient = [0.0; crate::shape::DIMENSIONS];
            first.back(mean, &mut gradient);
            if let Some(row) = linear.next() {
                simd::axpy(1.0, row, &mut gradient);
            }
            gradient
        };
        means.iter().map(gradient).collect()
    }

    /// Returns which units of each hidden layer are active.
    fn active(&self, features: &FeatureVector) -> Vec<Vec<bool>> {
        let mut input = features.to_vec();
        let of_layer = |layer: &FloatLayer| {
            input = layer.outputs(&input);
            input.iter_mut().for_each(|value| *value = rectified(*value));
            input.iter().map(|&value| value > 0.0).collect()
        };
        self.hidden.iter().map(of_layer).collect()
    }

    /// Backpropagates the gradient with respect to the last hidden layer's outputs to the inputs of
    /// the first layer's ReLU.
    fn back_to_first(&self, gradient: &[f32], active: &[Vec<bool>]) -> Vec<f32> {
        let mut gradient = gradient.to_vec();
        for (depth, (layer, active)) in self.hidden.iter().zip(active).enumerate().rev() {
            for (value, &active) in gradient.iter_mut().zip(active) {
                *value = if active { *value } else { 0.0 };
            }
            if depth > 0 {
                let mut before = vec![0.0; layer.inputs];
                layer.back(&gradient, &mut before);
                gradient = before;
            }
        }
        gradient
    }

    /// Returns the ends of the pieces, as shares of the line: 0, 1, and each point where a unit
    /// switches on or off.
    fn corners(&self, features: &FeatureVector) -> Vec<f32> {
        let mut corners = vec![(0.0, vec![0.0; features.len()]), (1.0, features.to_vec())];
        for layer in &self.hidden {
            corners.iter_mut().for_each(|(_, values)| *values = layer.outputs(values));
            corners = rectify(&corners);
        }
        corners.into_iter().map(|(at, _)| at).collect()
    }
}

fn rectified(value: f32) -> f32 {
    if value > 0.0 { value } else { 0.0 }
}

/// Applies ReLU to a function that is linear between `corners`, each a position with its values.
/// Adds a corner wherever a value changes its sign.
fn rectify(corners: &[(f32, Vec<f32>)]) -> Vec<(f32, Vec<f32>)> {
    let mut all: Vec<(f32, Vec<f32>)> = vec![];
    for (i, (start, from)) in corners.iter().enumerate() {
        all.push((*start, from.iter().map(|&value| rectified(value)).collect()));
        let Some((end, to)) = corners.get(i + 1).filter(|_| all.len() < MAX_PIECES) else { continue };
        let crossing = |(a, b): (&f32, &f32)| if (*a > 0.0) == (*b > 0.0) { 0.0 } else { a / (a - b) };
        let mut crossings: Vec<f32> = from.iter().zip(to).map(crossing).collect();
        crossings.retain(|share| *share > 0.0 && *share < 1.0);
        crossings.sort_unstable_by(f32::total_cmp);
        crossings.dedup();
        all.extend(crossings.into_iter().map(|share| {
            let between = from.iter().zip(to).map(|(a, b)| rectified(a + share * (b - a)));
            (start + share * (end - start), between.collect())
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::{HIDDEN, INPUTS, Layer, Network};
    use super::*;

    const LABELS: usize = 5;

    /// Pseudorandom numbers, -1 to 1.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..count).map(next).collect()
    }

    /// Weights, scales and biases of the layers, the skip connection last.
    fn layers() -> Vec<(Vec<i8>, Vec<f32>, Vec<f32>)> {
        let outputs = [HIDDEN[0], HIDDEN[1], HIDDEN[2], LABELS, LABELS];
        let shapes = outputs.into_iter().zip(INPUTS.into_iter().chain([INPUTS[0]]));
        let layer = |(seed, (outputs, inputs)): (u32, (usize, usize))| {
            let weights = numbers(outputs * inputs, seed).iter().map(|w| (w * 127.0) as i8).collect();
            let scale = 1.5 / 127.0 / (inputs as f32).sqrt();
            (weights, vec![scale; outputs], numbers(outputs, seed + 100).iter().map(|b| 0.05 * b).collect())
        };
        (1..).zip(shapes).map(layer).collect()
    }

    fn network(layers: &[(Vec<i8>, Vec<f32>, Vec<f32>)], linear: bool) -> Network<'_> {
        let layer = |i: usize| {
            let (weights, scales, biases) = &layers[i];
            Layer { weights, scales, biases: if i == 4 { &[] } else { biases } }
        };
        Network { hidden: [layer(0), layer(1), layer(2)], output: layer(3), linear: linear.then(|| layer(4)) }
    }

    fn features(seed: u32) -> FeatureVector {
        let mut features = [0.0; 256];
        features.copy_from_slice(&numbers(256, seed));
        let norm = simd::dot(&features, &features).sqrt();
        features.map(|feature| feature / norm)
    }

    fn logits(network: &FloatNetwork, features: &FeatureVector) -> Vec<f32> {
        let mut logits = vec![0.0; LABELS];
        network.logits(features, &mut logits);
        logits
    }

    #[test]
    fn what_the_features_add_is_the_whole_difference_to_the_zero_vector() {
        let layers = layers();
        for (linear, seed) in [(false, 7), (true, 8), (true, 9)] {
            let network = FloatNetwork::new(&network(&layers, linear));
            let features = features(seed);
            let (here, zero) = (logits(&network, &features), logits(&network, &[0.0; 256]));
            assert!(network.corners(&features).len() > 50, "a line without corners would prove little");
            for (label, gradient) in network.mean_gradients(&features).iter().enumerate() {
                let (added, wanted) = (simd::dot(gradient, &features), here[label] - zero[label]);
                assert!((added - wanted).abs() < 1e-5 * (1.0 + wanted.abs()), "{added} {wanted}");
            }
        }
    }

    #[test]
    fn each_gradient_is_the_mean_of_finite_differences_along_the_line() {
        let layers = layers();
        let network = FloatNetwork::new(&network(&layers, true));
        let features = features(11);
        let found = network.mean_gradients(&features);
        const STEPS: usize = 400;
        const WIDTH: f32 = 1.0 / 64.0;
        for feature in [0, 17, 101, 255] {
            let mut means = [0.0f64; LABELS];
            for step in 0..STEPS {
                let at = (step as f32 + 0.5) / STEPS as f32;
                let shifted = |by: f32| {
                    let mut there = features.map(|value| value * at);
                    there[feature] += by;
                    logits(&network, &there)
                };
                for ((mean, up), down) in means.iter_mut().zip(shifted(WIDTH)).zip(shifted(-WIDTH)) {
                    *mean += f64::from((up - down) / (2.0 * WIDTH)) / STEPS as f64;
                }
            }
            for (label, mean) in means.iter().enumerate() {
                let gradient = f64::from(found[label][feature]);
                assert!((gradient - mean).abs() < 0.02 * (0.1 + mean.abs()), "{gradient} {mean}");
            }
        }
    }

    #[test]
    fn a_network_of_some_labels_is_that_part_of_the_whole() {
        let layers = layers();
        let network = network(&layers, true);
        let (whole, part) = (FloatNetwork::new(&network), FloatNetwork::of_labels(&network, &[3, 1]));
        let features = features(3);
        let (all, mut some) = (logits(&whole, &features), [0.0; 2]);
        part.logits(&features, &mut some);
        assert_eq!(some, [all[3], all[1]]);
        let all = whole.mean_gradients(&features);
        assert_eq!(part.mean_gradients(&features), [all[3], all[1]]);
    }
}
