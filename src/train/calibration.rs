//! Held-out logits → the numbers that make a probability of 0.5 the right cut, and the reject point.

use super::dataset::Targets;

/// Probabilities are `sigmoid(scale * logit + shift)` (Platt, 1999, over all line-label pairs).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Calibration {
    pub(super) scale: f64,
    pub(super) shift: f64,
}

/// What is left as it is: for few lines, and for the reference.
pub(super) const IDENTITY: Calibration = Calibration { scale: 1.0, shift: 0.0 };

/// Fewer held-out lines than this say too little.
pub(super) const LEAST_LINES: usize = 20;

/// The logits of held-out lines, row by row.
pub(super) struct Heldout<'a> {
    pub(super) logits: &'a [f32],
    pub(super) lines: &'a [usize],
    pub(super) targets: &'a Targets,
}

impl<'a> Heldout<'a> {
    fn in_scope(&self) -> impl Iterator<Item = (&'a [f32], &'a [u32])> {
        let (labels, targets) = (self.targets.names.len(), self.targets);
        let rows = self.logits.chunks(labels).zip(self.lines);
        rows.map(|(row, &line)| (row, targets.of_line[line].as_slice()))
            .filter(|(_, wanted)| !wanted.is_empty())
    }

    /// Share of the in-scope lines whose best label is one of theirs; `None` without any.
    pub(super) fn accuracy(&self) -> Option<f64> {
        let (mut right, mut all) = (0u32, 0u32);
        for (row, wanted) in self.in_scope() {
            all += 1;
            right +=
                u32::from(crate::decision::best(row).is_some_and(|best| wanted.contains(&(best as u32))));
        }
        (all > 0).then(|| f64::from(right) / f64::from(all))
    }

    /// Share of the in-scope lines whose label set at a logit of 0 is right; the score of a model that answers sets.
    pub(super) fn exact(&self) -> Option<f64> {
        let (mut right, mut all) = (0u32, 0u32);
        for (row, wanted) in self.in_scope() {
            all += 1;
            right +=
                u32::from((0..).zip(row).all(|(label, &logit)| (logit >= 0.0) == wanted.contains(&label)));
        }
        (all > 0).then(|| f64::from(right) / f64::from(all))
    }

    /// Fits scale and shift by maximum likelihood (Newton's method, from the identity).
    pub(super) fn calibrate(&self) -> Calibration {
        if self.in_scope().count() < LEAST_LINES {
            return IDENTITY;
        }
        let (mut scale, mut shift) = (IDENTITY.scale, IDENTITY.shift);
        for _ in 0..30 {
            let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for (row, wanted) in self.in_scope() {
                for (label, &logit) in (0..).zip(row) {
                    let z = f64::from(logit);
                    let p = 1.0 / (1.0 + libm::exp(-(scale * z + shift)));
                    let error = p - if wanted.contains(&label) { 1.0 } else { 0.0 };
                    let weight = p * (1.0 - p);
                    g0 += error * z;
                    g1 += error;
                    h00 += weight * z * z;
                    h01 += weight * z;
                    h11 += weight;
                }
            }
            // A pinch of prior keeps separable data from running away.
            let prior = 1e-3;
            (g0, g1) = (g0 + prior * (scale - IDENTITY.scale), g1 + prior * (shift - IDENTITY.shift));
            (h00, h11) = (h00 + prior, h11 + prior);
            let determinant = h00 * h11 - h01 * h01;
            let (d0, d1) = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
            (scale, shift) = ((scale - d0).clamp(0.05, 20.0), (shift - d1).clamp(-20.0, 20.0));
            let step = d0.abs() + d1.abs();
            if step.is_nan() || step < 1e-9 {
                break;
            }
        }
        // A map that is not increasing would turn the ranking round; held-out lines that ask for one say nothing.
        if scale > 0.05 && scale < 20.0 && scale.is_finite() && shift.is_finite() {
            Calibration { scale, shift }
        } else {
            IDENTITY
        }
    }

    /// The largest reject point that lets at least `keep` of the in-scope lines through, in calibrated logits; minus
    /// infinity, which rejects nothing, for fewer lines than can tell: the lowest of three would reject a quarter.
    pub(super) fn reject_point(&self, keep: f64, calibration: Calibration) -> f32 {
        let mut scores: Vec<f32> =
            self.in_scope().map(|(row, _)| crate::decision::reject_score(true, row)).collect();
        if scores.len() < LEAST_LINES {
            return f32::NEG_INFINITY;
        }
        scores.sort_unstable_by(f32::total_cmp);
        let drop = ((1.0 - keep) * scores.len() as f64 + 1e-9) as usize;
        let point = scores[drop.min(scores.len() - 1)];
        (f64::from(point) * calibration.scale + calibration.shift) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::random::{Purpose, Random};

    fn targets(lines: &[&[&str]]) -> Targets {
        Targets::new(lines.iter().copied()).unwrap()
    }

    #[test]
    fn calibration_finds_the_map_that_made_the_labels() {
        // Labels drawn with probability sigmoid(2 z - 1); the last name only makes every line in scope.
        let mut random = Random::new(5, Purpose::Weights);
        let (mut logits, mut lines) = (vec![], vec![]);
        for _ in 0..20_000 {
            let z = random.normal() * 2.0;
            let p = 1.0 / (1.0 + libm::exp(-(2.0 * f64::from(z) - 1.0)));
            let positive = f64::from(random.unit()) < p;
            lines.push(if positive { vec!["a", "in"] } else { vec!["in"] });
            logits.extend(if lines.len() == 1 && !positive { [40.0, z] } else { [z, 40.0] });
        }
        lines[0] = vec!["a", "in"];
        let lines: Vec<&[&str]> = lines.iter().map(|l| &l[..]).collect();
        let all: Vec<usize> = (0..lines.len()).collect();
        let found = Heldout { logits: &logits, lines: &all, targets: &targets(&lines) }.calibrate();
        assert!((found.scale - 2.0).abs() < 0.1 && (found.shift + 1.0).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn the_reject_point_keeps_the_share_asked_for() {
        let names: Vec<[&str; 1]> = (0..100).map(|_| ["a"]).collect();
        let lines: Vec<&[&str]> = names.iter().map(|n| &n[..]).collect();
        let logits: Vec<f32> = (0..100).map(|i| i as f32).collect();
        let all: Vec<usize> = (0..100).collect();
        let targets = targets(&lines);
        let heldout = Heldout { logits: &logits, lines: &all, targets: &targets };
        assert_eq!(heldout.reject_point(0.95, IDENTITY), 5.0);
        assert_eq!(heldout.reject_point(1.0, IDENTITY), 0.0);
        assert_eq!(heldout.reject_point(0.95, Calibration { scale: 2.0, shift: -1.0 }), 9.0);
        let few = Heldout { logits: &logits[..19], lines: &all[..19], ..heldout };
        assert_eq!(few.reject_point(0.95, IDENTITY), f32::NEG_INFINITY);
    }

    #[test]
    fn few_or_perfect_lines_leave_sensible_numbers() {
        let few = targets(&[&["a"], &["b"]]);
        let heldout = Heldout { logits: &[3.0, -3.0, -3.0, 3.0], lines: &[0, 1], targets: &few };
        assert_eq!(heldout.calibrate(), IDENTITY);
        assert_eq!((heldout.accuracy(), heldout.exact()), (Some(1.0), Some(1.0)));
        let names: Vec<[&str; 1]> = (0..50).map(|i| if i % 2 == 0 { ["a"] } else { ["b"] }).collect();
        let lines: Vec<&[&str]> = names.iter().map(|n| &n[..]).collect();
        let logits: Vec<f32> =
            (0..50).flat_map(|i| if i % 2 == 0 { [5.0, -5.0] } else { [-5.0, 5.0] }).collect();
        let all: Vec<usize> = (0..50).collect();
        let perfect = Heldout { logits: &logits, lines: &all, targets: &targets(&lines) }.calibrate();
        assert!(perfect.scale.is_finite() && perfect.scale >= 1.0, "{perfect:?}");
    }
}
