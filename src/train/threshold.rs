//! Computes the curves by which texts are rejected from the reject scores of held-out lines; see
//! [`crate::decision::RejectRule`].
//!
//! A curve of few lines is mostly chance: the lowest of ten scores would reject a tenth of the
//! texts. So typical lines are added to those of the data, as if they had been held out too (a
//! conjugate prior: it counts more with fewer lines). Scores of different data are comparable,
//! since logits are capped and the rest is cosines. `docs/accuracy.md` has the source of the
//! numbers.

use crate::decision::{Choice, RejectRule};

/// Scores of typical lines, and how often they are right.
struct Typical {
    /// Number of typical lines of each kind to add.
    lines: f64,
    /// Scores of lines with labels, at the quantiles 0, 5, 10, 20, ... 100 %.
    inside: [f32; 12],
    /// Share of those lines that is right, at the same quantiles.
    right: [f64; 12],
    /// Scores of lines without labels, at the same quantiles.
    outside: [f32; 12],
}

const QUANTILES: [f64; 12] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

const SINGLE: Typical = Typical {
    lines: 150.0,
    inside: [5.0, 23.0, 26.5, 29.5, 30.8, 32.7, 34.5, 36.0, 37.5, 39.2, 40.9, 43.0],
    right: [0.2, 0.55, 0.7, 0.83, 0.9, 0.95, 0.98, 0.99, 1.0, 1.0, 1.0, 1.0],
    outside: [0.0, 12.0, 14.0, 17.0, 19.0, 21.0, 23.0, 25.0, 27.0, 29.0, 31.0, 38.0],
};

const MULTI: Typical = Typical {
    lines: 40.0,
    inside: [0.0, 12.0, 16.0, 20.5, 23.0, 25.0, 27.0, 28.5, 30.5, 32.5, 35.0, 41.0],
    right: [0.1, 0.2, 0.35, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9],
    outside: [-5.0, 0.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 18.0, 21.0, 32.0],
};

/// A held-out line, or a part of a typical one.
#[derive(Clone, Copy)]
struct Line {
    score: f32,
    weight: f64,
    right: f64,
}

/// The curves of the held-out lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Curves {
    /// See [`RejectRule::points`].
    pub(super) points: Vec<f32>,
    /// See [`RejectRule::right`].
    pub(super) right: Vec<f32>,
    /// See [`RejectRule::outside`].
    pub(super) outside: Vec<f32>,
}

impl Curves {
    /// Returns the reject rule with these curves.
    pub(super) fn rule(&self, keep: f32) -> RejectRule<'_> {
        RejectRule { points: &self.points, keep, right: &self.right, outside: &self.outside }
    }
}

/// Interpolates between two quantiles.
fn at<T: Into<f64> + Copy>(values: &[T; 12], share: f64) -> f64 {
    let next = QUANTILES.iter().position(|&quantile| quantile >= share).unwrap_or(11).max(1);
    let part = (share - QUANTILES[next - 1]) / (QUANTILES[next] - QUANTILES[next - 1]);
    let (low, high): (f64, f64) = (values[next - 1].into(), values[next].into());
    low + part * (high - low)
}

/// Returns typical lines, divided into equal parts.
fn typical(lines: f64, scores: &[f32; 12], right: &[f64; 12]) -> impl Iterator<Item = Line> {
    const PARTS: usize = 200;
    let shares = (0..PARTS).map(|i| (i as f64 + 0.5) / PARTS as f64);
    let weight = lines / PARTS as f64;
    shares.map(move |share| Line { score: at(scores, share) as f32, weight, right: at(right, share) })
}

/// Computes the curves of held-out lines with labels, each with whether it is right before
/// rejection, and of lines without labels.
pub(super) fn curves(
    choice: Choice,
    inside: impl Iterator<Item = (f32, bool)>,
    outside: impl Iterator<Item = f32>,
) -> Curves {
    let prior = if choice == Choice::Single { &SINGLE } else { &MULTI };
    // A line without any known n-gram is rejected anyway. It counts, with a finite score.
    let line = |score: f32, right: bool| Line {
        score: score.max(-1e9),
        weight: 1.0,
        right: f64::from(u8::from(right)),
    };
    let mut inside: Vec<Line> = inside.map(|(score, right)| line(score, right)).collect();
    inside.extend(typical(prior.lines, &prior.inside, &prior.right));
    let mut outside: Vec<Line> = outside.map(|score| line(score, false)).collect();
    outside.extend(typical(prior.lines, &prior.outside, &[0.0; 12]));
    [&mut inside, &mut outside]
        .into_iter()
        .for_each(|lines| lines.sort_by(|a, b| a.score.total_cmp(&b.score)));
    let weigh = |lines: &[Line]| lines.iter().map(|line| line.weight).sum::<f64>();
    let (all, all_outside) = (weigh(&inside), weigh(&outside));
    let mut curves = Curves::default();
    let (mut first, mut below) = (0, 0.0);
    for point in 0..RejectRule::POINTS {
        // The largest score that rejects no more than its share.
        let most = all * point as f64 / (RejectRule::POINTS - 1) as f64;
        while first + 1 < inside.len() && below + inside[first].weight <= most * (1.0 + 1e-12) {
            below += inside[first].weight;
            first += 1;
        }
        let score = inside[first].score;
        let right: f64 =
            inside.iter().filter(|line| line.score >= score).map(|line| line.weight * line.right).sum();
        let accepted = weigh(&outside[outside.partition_point(|line| line.score < score)..]);
        curves.points.push(score);
        curves.right.push((right / all) as f32);
        curves.outside.push((accepted / all_outside) as f32);
    }
    curves
}
