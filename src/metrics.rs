//! How good answers are: ranking, calibration, agreement of sets.

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
    fn f1_of_nothing_is_zero() {
        assert_eq!(Counts::default().f1(), 0.0);
        assert_eq!(Counts { true_positives: 1, false_positives: 1, false_negatives: 0 }.f1(), 2.0 / 3.0);
    }
}
