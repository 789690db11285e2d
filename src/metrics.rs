//! Evaluation metrics: ranking, calibration, agreement of label sets.

use serde::Serialize;

/// Returns the area under the ROC curve: the probability that a `positive` scores higher than a
/// `negative`, with ties counted half (mean ranks; Hanley and McNeil, 1982). Returns `None` if
/// either is empty.
pub fn auroc(positive: &[f32], negative: &[f32]) -> Option<f64> {
    if positive.is_empty() || negative.is_empty() {
        return None;
    }
    let mut all: Vec<(f32, bool)> =
        positive.iter().map(|&s| (s, true)).chain(negative.iter().map(|&s| (s, false))).collect();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = 0.0;
    let mut start = 0;
    for equal in all.chunk_by(|a, b| a.0 == b.0) {
        // Ties share the mean of the ranks start + 1 ..= start + n.
        let mean = start as f64 + (equal.len() as f64 + 1.0) / 2.0;
        ranks += mean * equal.iter().filter(|one| one.1).count() as f64;
        start += equal.len();
    }
    let (p, n) = (positive.len() as f64, negative.len() as f64);
    Some((ranks - p * (p + 1.0) / 2.0) / (p * n))
}

/// Returns the acceptance rate of `inside` and the share of `outside` that is rejected, for each
/// distinct rejection threshold from the highest to none. Runs from (0, 1) to (1, 0); the area
/// under the curve is [`auroc`]. Empty if either is empty.
pub fn reject_curve(inside: &[f32], outside: &[f32]) -> Vec<(f64, f64)> {
    if inside.is_empty() || outside.is_empty() {
        return vec![];
    }
    let mut all: Vec<(f32, bool)> =
        inside.iter().map(|&s| (s, true)).chain(outside.iter().map(|&s| (s, false))).collect();
    all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let (mut kept, mut rejected) = (0, outside.len());
    let mut curve = vec![(0.0, 1.0)];
    for equal in all.chunk_by(|a, b| a.0 == b.0) {
        let from_inside = equal.iter().filter(|one| one.1).count();
        kept += from_inside;
        rejected -= equal.len() - from_inside;
        curve.push((kept as f64 / inside.len() as f64, rejected as f64 / outside.len() as f64));
    }
    curve
}

/// Returns the share of lines accepted and the accuracy among them, for each distinct rejection
/// threshold from the highest to none: a risk-coverage curve, with accuracy for risk. Takes the
/// score of each line and whether its prediction is right.
pub fn kept_accuracy_curve(lines: &[(f32, bool)]) -> Vec<(f64, f64)> {
    let mut lines = lines.to_vec();
    lines.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let (mut kept, mut right) = (0, 0);
    let mut curve = vec![];
    for equal in lines.chunk_by(|a, b| a.0 == b.0) {
        kept += equal.len();
        right += equal.iter().filter(|one| one.1).count();
        curve.push((kept as f64 / lines.len() as f64, right as f64 / kept as f64));
    }
    curve
}

/// Statistics of the probabilities in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Number of probabilities.
    pub count: u64,
    /// Their mean; 0 for an empty bin.
    pub probability: f64,
    /// The share of them that came true; 0 for an empty bin.
    pub frequency: f64,
}

/// Expected calibration error (Naeini et al., 2015) over bins of equal width.
#[derive(Debug, Clone)]
pub struct CalibrationError {
    bins: Vec<(u64, f64, u64)>,
}

impl CalibrationError {
    /// Makes an empty count of `bins` bins, at least 1.
    pub fn new(bins: usize) -> Self {
        CalibrationError { bins: vec![(0, 0.0, 0); bins.max(1)] }
    }

    /// Counts one probability, 0 to 1, and whether it came true.
    pub fn add(&mut self, probability: f32, came_true: bool) {
        let last = self.bins.len() - 1;
        let (count, sum, hits) = &mut self.bins[((probability * (last + 1) as f32) as usize).min(last)];
        (*count, *sum, *hits) = (*count + 1, *sum + f64::from(probability), *hits + u64::from(came_true));
    }

    /// Returns the mean distance between probability and frequency, weighted by the bins' counts; 0
    /// if nothing was counted.
    pub fn value(&self) -> f64 {
        let all: u64 = self.bins.iter().map(|bin| bin.0).sum();
        self.bins.iter().map(|&(_, sum, hits)| (sum - hits as f64).abs()).sum::<f64>() / all.max(1) as f64
    }

    /// Returns the bins in order of probability: a reliability diagram.
    pub fn bins(&self) -> Vec<Bin> {
        let mean = |sum: f64, count: u64| sum / count.max(1) as f64;
        let bin = |&(count, sum, hits): &(u64, f64, u64)| Bin {
            count,
            probability: mean(sum, count),
            frequency: mean(hits as f64, count),
        };
        self.bins.iter().map(bin).collect()
    }
}

/// Counts of true and false predictions for one label, or for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Predicted and right.
    pub true_positives: u64,
    /// Predicted and wrong.
    pub false_positives: u64,
    /// Right and not predicted.
    pub false_negatives: u64,
}

impl Counts {
    /// Share of the predicted labels that are right; 0 if none was predicted.
    pub fn precision(&self) -> f64 {
        self.true_positives as f64 / (self.true_positives + self.false_positives).max(1) as f64
    }

    /// Share of the right labels that were predicted; 0 if none was right.
    pub fn recall(&self) -> f64 {
        self.true_positives as f64 / self.support().max(1) as f64
    }

    /// Number of right labels, predicted or not.
    pub fn support(&self) -> u64 {
        self.true_positives + self.false_negatives
    }

    /// Harmonic mean of precision and recall; 0 if no label was predicted or right.
    pub fn f1(&self) -> f64 {
        let right = 2 * self.true_positives;
        let all = right + self.false_positives + self.false_negatives;
        if all == 0 { 0.0 } else { right as f64 / all as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auroc_is_the_chance_that_a_positive_ranks_higher() {
        assert_eq!(auroc(&[2.0, 3.0], &[0.0, 1.0]), Some(1.0));
        assert_eq!(auroc(&[0.0], &[1.0]), Some(0.0));
        assert_eq!(auroc(&[1.0, 1.0], &[1.0]), Some(0.5));
        assert_eq!(auroc(&[0.0, 2.0, 3.0], &[1.0, 2.0]), Some((0.0 + 1.5 + 2.0) / 6.0));
        assert_eq!(auroc(&[f32::NEG_INFINITY, 1.0], &[f32::NEG_INFINITY]), Some(0.75));
        assert_eq!(auroc(&[], &[1.0]), None);
    }

    #[test]
    fn calibration_error_weighs_bins_by_their_counts() {
        let mut error = CalibrationError::new(15);
        assert_eq!(error.value(), 0.0);
        for i in 0..10 {
            error.add(0.75, i < 5);
        }
        assert!((error.value() - 0.25).abs() < 1e-9);
        for _ in 0..10 {
            error.add(1.0, true);
        }
        assert!((error.value() - 0.125).abs() < 1e-9);
    }

    #[test]
    fn bins_hold_what_the_error_is_made_of() {
        let mut error = CalibrationError::new(2);
        [(0.25, false), (0.75, true), (1.0, false)].into_iter().for_each(|(p, hit)| error.add(p, hit));
        let [low, high] = error.bins()[..] else { panic!("two bins") };
        assert_eq!(low, Bin { count: 1, probability: 0.25, frequency: 0.0 });
        assert_eq!(high, Bin { count: 2, probability: 0.875, frequency: 0.5 });
        assert_eq!(CalibrationError::new(1).bins(), [Bin { count: 0, probability: 0.0, frequency: 0.0 }]);
    }

    #[test]
    fn the_reject_curve_runs_from_nothing_kept_to_nothing_rejected_and_its_area_is_the_auroc() {
        let (inside, outside) = ([0.0, 2.0, 3.0, f32::NEG_INFINITY], [1.0, 2.0, f32::NEG_INFINITY]);
        let curve = reject_curve(&inside, &outside);
        assert_eq!((curve[0], curve[curve.len() - 1]), ((0.0, 1.0), (1.0, 0.0)));
        assert_eq!(curve[1], (0.25, 1.0));
        let area: f64 = curve.windows(2).map(|w| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0).sum();
        assert!((area - auroc(&inside, &outside).unwrap()).abs() < 1e-12);
        assert_eq!(reject_curve(&[], &[1.0]), []);
    }

    #[test]
    fn accuracy_of_the_kept_lines_ends_with_that_of_all() {
        let curve = kept_accuracy_curve(&[(1.0, false), (3.0, true), (2.0, true), (1.0, true)]);
        assert_eq!(curve, [(0.25, 1.0), (0.5, 1.0), (1.0, 0.75)]);
        assert_eq!(kept_accuracy_curve(&[]), []);
    }

    #[test]
    fn precision_recall_and_support_follow_from_the_counts() {
        let counts = Counts { true_positives: 3, false_positives: 1, false_negatives: 2 };
        assert_eq!((counts.precision(), counts.recall(), counts.support()), (0.75, 0.6, 5));
        assert_eq!((Counts::default().precision(), Counts::default().recall()), (0.0, 0.0));
    }

    #[test]
    fn f1_of_nothing_is_zero() {
        assert_eq!(Counts::default().f1(), 0.0);
        assert_eq!(Counts { true_positives: 1, false_positives: 1, false_negatives: 0 }.f1(), 2.0 / 3.0);
    }
}
