//! Logits → probabilities that mean what they say.
//!
//! `p_j = sigmoid(scale z_j - coupling L_j + shift)` with `L_j = ln Σ_{k≠j} e^{z_k}`: three numbers for the whole model, fitted on
//! held-out lines. Coupling 0 makes the labels independent (Platt, 1999); scale and coupling 1 make them a softmax; where in
//! between the truth lies is for the data to say. The map never changes which of two labels is likelier.

use crate::simd::{exp, sigmoid};
use serde::{Deserialize, Serialize};

/// Index of the largest logit, the first of equals; `None` without any.
pub fn best(logits: &[f32]) -> Option<usize> {
    (0..logits.len()).reduce(|a, b| if logits[b] > logits[a] { b } else { a })
}

/// A model's map from logits to probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Over 0.
    pub scale: f32,
    /// 0 or more; how much the other labels' logits count against one.
    pub coupling: f32,
    /// Any finite number.
    pub shift: f32,
}

impl Default for Calibration {
    /// The plain sigmoid.
    fn default() -> Self {
        Calibration { scale: 1.0, coupling: 0.0, shift: 0.0 }
    }
}

/// The logits of one text with what their coupling needs, computed once.
#[derive(Debug, Clone, Copy)]
pub struct Calibrated<'a> {
    logits: &'a [f32],
    map: Calibration,
    top: usize,
    /// `Σ e^{z_k - z_top}` over all but the top label.
    rest: f32,
    /// `L` of the top label.
    others_of_top: f32,
}

impl Calibration {
    /// Whether the numbers are finite and keep the order of the labels.
    pub fn is_valid(&self) -> bool {
        let finite = self.scale.is_finite() && self.coupling.is_finite() && self.shift.is_finite();
        finite && self.scale > 0.0 && self.coupling >= 0.0
    }

    /// Looks at a text's logits: once over all of them, or not at all without coupling.
    pub fn over<'a>(&self, logits: &'a [f32]) -> Calibrated<'a> {
        let plain = Calibrated { logits, map: *self, top: 0, rest: 0.0, others_of_top: 0.0 };
        let (true, Some(top)) = (self.coupling > 0.0 && logits.len() > 1, best(logits)) else { return plain };
        let second = others(logits, top).fold(f32::NEG_INFINITY, |a, z| if z > a { z } else { a });
        let sum_over = |base: f32| others(logits, top).map(|z| exp(z - base)).sum::<f32>();
        let rest = sum_over(logits[top]);
        // Far behind the top label the terms of `rest` run out of digits; it takes their own largest to add them up.
        let near = logits[top] - second < 40.0;
        let others_of_top =
            if near { logits[top] + libm::logf(rest) } else { second + libm::logf(sum_over(second)) };
        Calibrated { top, rest, others_of_top, ..plain }
    }
}

fn others(logits: &[f32], but: usize) -> impl Iterator<Item = f32> {
    logits[..but].iter().chain(&logits[but + 1..]).copied()
}

impl Calibrated<'_> {
    /// The calibrated logit of a label.
    pub fn logit(&self, label: usize) -> f32 {
        let z = self.logits[label];
        let own = self.map.scale * z + self.map.shift;
        if self.map.coupling == 0.0 || self.logits.len() < 2 {
            return own;
        }
        let others = if label == self.top {
            self.others_of_top
        } else {
            // The top label's term is 1, so what is left can't cancel out.
            let top = self.logits[self.top];
            top + libm::logf(1.0 + (self.rest - exp(z - top)).max(0.0))
        };
        own - self.map.coupling * others
    }

    /// The probability of a label.
    pub fn probability(&self, label: usize) -> f32 {
        sigmoid(self.logit(label))
    }

    /// A number that [`Calibrated::logit`] is never over, far cheaper for labels that are not the top one.
    pub(crate) fn logit_at_most(&self, label: usize) -> f32 {
        if label == self.top || self.map.coupling == 0.0 {
            return self.logit(label);
        }
        // The others hold the top label, so they sum up to no less than it. Rounding is given its due.
        let bound =
            self.map.scale * self.logits[label] + self.map.shift - self.map.coupling * self.logits[self.top];
        bound + 1e-4 * (1.0 + bound.abs() + self.logits[self.top].abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Term by term in float64.
    fn exact(map: Calibration, logits: &[f32], label: usize) -> f64 {
        let others: Vec<f64> = others(logits, label).map(f64::from).collect();
        let largest = others.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        let sum = largest + libm::log(others.iter().map(|z| libm::exp(z - largest)).sum());
        let coupled = if others.is_empty() { 0.0 } else { f64::from(map.coupling) * sum };
        f64::from(map.scale) * f64::from(logits[label]) + f64::from(map.shift) - coupled
    }

    #[test]
    fn without_coupling_it_is_the_scaled_sigmoid_and_with_ones_the_softmax() {
        let logits = [1.0, -0.5, 3.0];
        let plain = Calibration { scale: 2.0, coupling: 0.0, shift: -1.0 }.over(&logits);
        assert_eq!(plain.probability(1), sigmoid(-2.0));
        let softmax = Calibration { scale: 1.0, coupling: 1.0, shift: 0.0 }.over(&logits);
        let sum: f32 = (0..3).map(|label| softmax.probability(label)).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    }

    #[test]
    fn a_lone_label_is_not_coupled() {
        let map = Calibration { scale: 1.0, coupling: 0.8, shift: 0.5 };
        assert_eq!(map.over(&[1.0]).logit(0), 1.5);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn float32_gives_what_float64_gives_however_far_the_logits_are_apart(
            logits in prop::collection::vec(prop_oneof![-30.0f32..30.0, -1000.0f32..1000.0, Just(7.0)], 1..40),
            scale in 0.1f32..3.0, coupling in 0.0f32..2.0, shift in -3.0f32..3.0,
        ) {
            let map = Calibration { scale, coupling, shift };
            let calibrated = map.over(&logits);
            let largest = logits.iter().fold(1.0f64, |a, &b| a.max(f64::from(b).abs()));
            for label in 0..logits.len() {
                let (found, wanted) = (f64::from(calibrated.logit(label)), exact(map, &logits, label));
                prop_assert!((found - wanted).abs() < 2e-6 * 6.0 * largest, "{found} {wanted}");
                prop_assert!(calibrated.logit_at_most(label) >= calibrated.logit(label));
                let larger = (0..logits.len()).all(|other| {
                    logits[other] <= logits[label] || calibrated.logit(other) >= calibrated.logit(label)
                });
                prop_assert!(larger);
            }
        }
    }
}
