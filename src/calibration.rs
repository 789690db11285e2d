//! Calibration: maps logits to probabilities.
//!
//! `p_j = sigmoid(scale z_j - coupling L_j + shift)` with `L_j = ln Σ_{k≠j} e^{z_k}`. The three
//! numbers hold for the whole model and are fitted on held-out lines. Coupling 0 makes the labels
//! independent (Platt, 1999); scale 1 and coupling 1 give a softmax; the data decides between them.
//! The map never changes which of two labels is likelier.

use crate::simd::{self, exp, sigmoid};
use serde::{Deserialize, Serialize};

/// A model's map from logits to probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Factor on the label's own logit, over 0.
    pub scale: f32,
    /// Weight of the other labels' logits, 0 or more.
    pub coupling: f32,
    /// Added to the logit. Any finite number.
    pub shift: f32,
}

impl Default for Calibration {
    /// The plain sigmoid.
    fn default() -> Self {
        Calibration { scale: 1.0, coupling: 0.0, shift: 0.0 }
    }
}

/// The logits of one text, with the sums that coupling needs computed once.
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
    /// Returns true if the numbers are finite and keep the order of the labels.
    pub fn is_valid(&self) -> bool {
        let finite = self.scale.is_finite() && self.coupling.is_finite() && self.shift.is_finite();
        finite && self.scale > 0.0 && self.coupling >= 0.0
    }

    /// Prepares a text's logits: one pass for the top label, and one for the exponentials if labels
    /// are coupled.
    pub fn over<'a>(&self, logits: &'a [f32]) -> Calibrated<'a> {
        let top = simd::largest(logits).unwrap_or(0);
        let plain = Calibrated { logits, map: *self, top, rest: 0.0, others_of_top: 0.0 };
        if self.coupling <= 0.0 || logits.len() < 2 {
            return plain;
        }
        let rest = simd::sum_exp_but(logits, logits[top], top);
        // Far below the top logit the sum underflows, so it is taken relative to the second
        // largest.
        let others_of_top = if rest > 1e-17 {
            logits[top] + libm::logf(rest)
        } else {
            let others = logits[..top].iter().chain(&logits[top + 1..]);
            let second = others.fold(f32::NEG_INFINITY, |a, &z| if z > a { z } else { a });
            second + libm::logf(simd::sum_exp_but(logits, second, top))
        };
        Calibrated { rest, others_of_top, ..plain }
    }
}

impl Calibrated<'_> {
    /// Returns true if neither the top logit nor the sum of the others is NaN.
    #[inline]
    pub fn is_number(&self) -> bool {
        let top = self.logits.get(self.top).copied().unwrap_or(0.0);
        !(top - self.others_of_top).is_nan()
    }

    /// Returns the top label, the first of equal ones.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Returns the calibrated logit of a label.
    pub fn logit(&self, label: usize) -> f32 {
        let z = self.logits[label];
        let own = self.map.scale * z + self.map.shift;
        if self.map.coupling == 0.0 || self.logits.len() < 2 {
            return own;
        }
        let others = if label == self.top {
            self.others_of_top
        } else {
            // The top label's term is 1, so the subtraction can't cancel.
            let top = self.logits[self.top];
            top + libm::logf(1.0 + (self.rest - exp(z - top)).max(0.0))
        };
        own - self.map.coupling * others
    }

    /// Returns the probability of a label, 0 to 1.
    pub fn probability(&self, label: usize) -> f32 {
        sigmoid(self.logit(label))
    }

    /// Returns true if a label's probability is at least `least`, which must be over 0. Most labels
    /// below it are found without a logarithm or an exponential.
    pub fn is_at_least(&self, label: usize, least: f32) -> bool {
        let z = self.logit_at_most(label);
        // For z < 0, e^-z >= 1 - z + z² / 2. The constant allows for rounding.
        let certainly_less = z < 0.0 && least * (2.0 - z + 0.5 * z * z) > 1.0 + 1e-5;
        !certainly_less && self.probability(label) >= least
    }

    /// An upper bound of [`Calibrated::logit`], far cheaper to compute for any label but the top
    /// one.
    fn logit_at_most(&self, label: usize) -> f32 {
        if label == self.top || self.map.coupling == 0.0 {
            return self.logit(label);
        }
        // The other labels include the top one, so their sum is at least its logit. The constant
        // allows for rounding.
        let bound =
            self.map.scale * self.logits[label] + self.map.shift - self.map.coupling * self.logits[self.top];
        bound + 1e-4 * (1.0 + bound.abs() + self.logits[self.top].abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, term by term in float64.
    fn exact(map: Calibration, logits: &[f32], label: usize) -> f64 {
        let others = logits[..label].iter().chain(&logits[label + 1..]);
        let others: Vec<f64> = others.map(|&z| f64::from(z)).collect();
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
                for least in [1e-6, 0.1, 0.5, 0.9, 1.0, calibrated.probability(label).max(1e-30)] {
                    prop_assert_eq!(calibrated.is_at_least(label, least), calibrated.probability(label) >= least);
                }
                let larger = (0..logits.len()).all(|other| {
                    logits[other] <= logits[label] || calibrated.logit(other) >= calibrated.logit(label)
                });
                prop_assert!(larger);
            }
        }
    }
}
