//! How good answers are: ranking, calibration, agreement of sets.

use serde::Serialize;

/// Area under the ROC curve: the chance that a `positive` scores higher than a `negative`, equal ones counted half (mean
/// ranks; Hanley and McNeil, 1982). `None` when either is empty.
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
        // Ranks start + 1 ..= start + n, whose mean each of the equal ones gets.
        let mean = start as f64 + (equal.len() as f64 + 1.0) / 2.0;
        ranks += mean * equal.iter().filter(|one| one.1).count() as f64;
        start += equal.len();
    }
    let (p, n) = (positive.len() as f64, negative.len() as f64);
    Some((ranks - p * (p + 1.0) / 2.0) / (p * n))
}

/// For every reject point that matters, from the highest to none: the share of `inside` that is kept and the share of
/// `outside` that is rejected. From (0, 1) to (1, 0); the area under it is [`auroc`]. Empty when either is empty.
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

/// For every reject point that matters, from the highest to none: the share of lines that is kept and how many of those
/// are right (a risk-coverage curve, the right way up). Takes the score of each line and whether its answer is right.
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

/// What came of the probabilities in one part of 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// How many there were.
    pub count: u64,
    /// Their mean; 0 without any.
    pub probability: f64,
    /// The share of them that came true; 0 without any.
    pub frequency: f64,
}

/// Expected calibration error (Naeini et al., 2015) over bins of equal width.
#[derive(Debug, Clone)]
pub struct CalibrationError {
    bins: Vec<(u64, f64, u64)>,
}

impl CalibrationError {
    /// An empty count.
    pub fn new(bins: usize) -> Self {
        CalibrationError { bins: vec![(0, 0.0, 0); bins.max(1)] }
    }

    /// Counts one probability and whether it came true.
    pub fn add(&mut self, probability: f32, came_true: bool) {
        let last = self.bins.len() - 1;
        let (count, sum, hits) = &mut self.bins[((probability * (last + 1) as f32) as usize).min(last)];
        (*count, *sum, *hits) = (*count + 1, *sum + f64::from(probability), *hits + u64::from(came_true));
    }

    /// Mean distance between probability and frequency, weighted by the bins' counts; 0 without any.
    pub fn value(&self) -> f64 {
        let all: u64 = self.bins.iter().map(|bin| bin.0).sum();
        self.bins.iter().map(|&(_, sum, hits)| (sum - hits as f64).abs()).sum::<f64>() / all.max(1) as f64
    }

    /// The bins that the error is made of, from 0 to 1: a reliability diagram.
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

/// Right, superfluous and missing answers of one label, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Given and right.
    pub true_positives: u64,
    /// Given and wrong.
    pub false_positives: u64,
    /// Right and not given.
    pub false_negatives: u64,
}

impl Counts {
    /// Share of the given ones that are right; 0 when nothing was given.
    pub fn precision(&self) -> f64 {
        self.true_positives as f64 / (self.true_positives + self.false_positives).max(1) as f64
    }

    /// Share of the right ones that were given; 0 when nothing was right.
    pub fn recall(&self) -> f64 {
        self.true_positives as f64 / self.support().max(1) as f64
    }

    /// How many were right, given or not.
    pub fn support(&self) -> u64 {
        self.true_positives + self.false_negatives
    }

    /// Harmonic mean of precision and recall; 0 when nothing was given or right.
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
