//! Fits the calibration of probabilities to held-out logits.

use super::options::MANY_LABELS;
use super::targets::Targets;
use crate::calibration::Calibration;
use crate::decision::Choice;
use crate::simd;

/// Minimum number of held-out lines for a choice.
pub(super) const LEAST_LINES: usize = 20;

/// Maximum number of lines: more don't improve three numbers.
const MOST_LINES: usize = 5_000;

/// Maximum number of pairs of a line and a label, for the same reason; each takes 32 bytes.
const MOST_PAIRS: usize = MOST_LINES * MANY_LABELS;

/// Strength of the prior, as a number of pairs at even odds in favour of the initial calibration.
const PRIOR: f64 = 20.0;

/// The network's results for held-out lines.
#[derive(Clone, Default)]
pub(super) struct Answers {
    /// One row per line.
    pub(super) logits: Vec<f32>,
    /// One reject score per line.
    pub(super) scores: Vec<f32>,
    pub(super) lines: Vec<usize>,
}

impl Answers {
    /// Appends the results for further lines.
    pub(super) fn append(&mut self, mut more: Answers) {
        self.logits.append(&mut more.logits);
        self.scores.append(&mut more.scores);
        self.lines.append(&mut more.lines);
    }

    /// Pairs the results with their targets.
    pub(super) fn beside<'a>(&'a self, targets: &'a Targets) -> Heldout<'a> {
        Heldout { answers: self, targets }
    }
}

/// The results for held-out lines, with their targets.
#[derive(Clone, Copy)]
pub(super) struct Heldout<'a> {
    answers: &'a Answers,
    targets: &'a Targets,
}

impl<'a> Heldout<'a> {
    fn all(self) -> impl Iterator<Item = (&'a [f32], f32, &'a [u32])> {
        let (labels, targets) = (self.targets.names.len(), self.targets);
        let rows = self.answers.logits.chunks(labels).zip(&self.answers.scores).zip(&self.answers.lines);
        rows.map(move |((row, &score), &line)| (row, score, targets.of_line[line].as_slice()))
    }

    /// Returns logits, reject score and labels of each in-scope line.
    pub(super) fn in_scope(self) -> impl Iterator<Item = (&'a [f32], f32, &'a [u32])> {
        self.all().filter(|(_, _, wanted)| !wanted.is_empty())
    }

    /// Returns the reject scores of the lines without labels.
    pub(super) fn outside(self) -> impl Iterator<Item = f32> {
        self.all().filter(|(_, _, wanted)| wanted.is_empty()).map(|(_, score, _)| score)
    }

    /// Returns for each in-scope line whether its top label is one of its labels.
    pub(super) fn hits(self) -> Vec<bool> {
        let hit = |row: &[f32], wanted: &[u32]| {
            simd::largest(row).is_some_and(|best| wanted.contains(&(best as u32)))
        };
        self.in_scope().map(|(row, _, wanted)| hit(row, wanted)).collect()
    }

    /// Returns for each in-scope line whether its label set is right at a logit threshold of 0.
    pub(super) fn exact(self) -> Vec<bool> {
        let exact = |row: &[f32], wanted: &[u32]| {
            (0..).zip(row).all(|(label, &logit)| (logit >= 0.0) == wanted.contains(&label))
        };
        self.in_scope().map(|(row, _, wanted)| exact(row, wanted)).collect()
    }

    /// Fits the calibration by penalised maximum likelihood (Newton's method with step halving),
    /// starting from `prior` and drawn to it. Returns `prior` if there are no lines.
    ///
    /// With one label per text, only the top label's probability matters. The fit then has one pair
    /// per line: that label's margin to the others, and whether it is right ("top-label
    /// calibration", Gupta and Ramdas, 2022). A fit over all labels would be dominated by labels
    /// that nobody reads. With label sets, every pair of a line and a label counts.
    pub(super) fn calibrate(self, prior: Calibration, choice: Choice) -> Calibration {
        let most = MOST_LINES.min(MOST_PAIRS / self.targets.names.len().max(1));
        let lines: Vec<_> = self.in_scope().take(most).collect();
        if lines.is_empty() {
            return prior;
        }
        let found = match choice {
            Choice::Single => {
                let pairs: Vec<Pair> =
                    lines.iter().filter_map(|(row, _, wanted)| margin(row, wanted)).collect();
                let [scale, _, shift] =
                    fit(&pairs, [prior.scale, 0.0, prior.shift].map(f64::from), [true, false, true]);
                [scale, scale, shift]
            }
            Choice::Multi => of_sets(&lines, prior),
        };
        let [scale, coupling, shift] = found.map(|value| value as f32);
        let found = Calibration { scale, coupling, shift };
        // A decreasing map would reverse the ranking; such a fit is discarded.
        let sensible =
            found.is_valid() && (0.05..20.0).contains(&scale) && coupling < 20.0 && shift.abs() < 20.0;
        if sensible { found } else { prior }
    }
}

/// Logits, reject score and labels of a line.
type Line<'a> = (&'a [f32], f32, &'a [u32]);

/// Returns the margin of the top label's logit to all others, and whether the label is right.
fn margin(row: &[f32], wanted: &[u32]) -> Option<Pair> {
    let top = simd::largest(row)?;
    let others = match row.len() {
        1 => 0.0,
        _ => log_sum_exp(row[..top].iter().chain(&row[top + 1..]).copied()),
    };
    Some(Pair { x: [f64::from(row[top]) - others, 0.0, 1.0], is_wanted: wanted.contains(&(top as u32)) })
}

/// Fits scale, coupling and shift to all line-label pairs. If no line has several labels, a prior
/// without coupling stays without: such lines say nothing about sets.
fn of_sets(lines: &[Line<'_>], prior: Calibration) -> [f64; 3] {
    let tells_coupling = prior.coupling > 0.0 || lines.iter().any(|(_, _, wanted)| wanted.len() > 1);
    let mut pairs = vec![];
    for (row, _, wanted) in lines {
        let sum = log_sum_exp(row.iter().copied());
        let top = simd::largest(row).unwrap_or(0);
        let others_of_top = log_sum_exp(row[..top].iter().chain(&row[(top + 1).min(row.len())..]).copied());
        for (label, &z) in row.iter().enumerate() {
            // The top label's own term may dominate the sum, so that subtracting it would leave
            // nothing.
            let others = match row.len() {
                1 => 0.0,
                _ if label == top => others_of_top,
                _ => sum + libm::log1p(-libm::exp(f64::from(z) - sum)),
            };
            pairs.push(Pair { x: [f64::from(z), -others, 1.0], is_wanted: wanted.contains(&(label as u32)) });
        }
    }
    let start = [prior.scale, prior.coupling, prior.shift].map(f64::from);
    let found = fit(&pairs, start, [true, tells_coupling, true]);
    if found[1] < 0.02 {
        // The labels don't count against each other, and a map without coupling is cheaper.
        return fit(&pairs, [start[0], 0.0, start[2]], [true, false, true]);
    }
    found
}

/// Share of the lines that is right. `None` for no lines.
pub(super) fn share(right: &[bool]) -> Option<f64> {
    let count = right.iter().filter(|&&right| right).count();
    (!right.is_empty()).then(|| count as f64 / right.len() as f64)
}

/// Returns true if the first is right where the second is wrong more often than the other way
/// round, by more than `errors` standard errors of chance (McNemar, 1947).
pub(super) fn wins(one: &[bool], other: &[bool], errors: f64) -> bool {
    let only = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && !**b).count() as f64;
    let (won, lost) = (only(one, other), only(other, one));
    won - lost > errors * (won + lost).sqrt()
}

/// A logit, minus the log-sum-exp of the others, and a constant: the terms that the fit weights.
struct Pair {
    x: [f64; 3],
    is_wanted: bool,
}

fn log_sum_exp(logits: impl Iterator<Item = f32> + Clone) -> f64 {
    let largest = logits.clone().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.map(|z| libm::exp(f64::from(z) - f64::from(largest))).sum();
    f64::from(largest) + libm::log(sum)
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The penalised negative log-likelihood.
fn cost(pairs: &[Pair], weights: &[f64; 3], start: &[f64; 3]) -> f64 {
    let prior: f64 = (0..3).map(|i| (weights[i] - start[i]) * (weights[i] - start[i])).sum();
    let loss = |pair: &Pair| {
        let z = dot(weights, &pair.x) * if pair.is_wanted { -1.0 } else { 1.0 };
        z.max(0.0) + libm::log1p(libm::exp(-z.abs()))
    };
    pairs.iter().map(loss).sum::<f64>() + 0.5 * PRIOR / 4.0 * prior
}

/// Logistic regression over the free weights.
fn fit(pairs: &[Pair], start: [f64; 3], free: [bool; 3]) -> [f64; 3] {
    let mut weights = start;
    let mut now = cost(pairs, &weights, &start);
    for _ in 0..30 {
        let (mut gradient, mut hessian) = ([0.0; 3], [[0.0; 3]; 3]);
        for pair in pairs {
            let p = 1.0 / (1.0 + libm::exp(-dot(&weights, &pair.x)));
            let error = p - f64::from(u8::from(pair.is_wanted));
            for i in 0..3 {
                gradient[i] += error * pair.x[i];
                (0..=i).for_each(|j| hessian[i][j] += p * (1.0 - p) * pair.x[i] * pair.x[j]);
            }
        }
        for i in 0..3 {
            gradient[i] += PRIOR / 4.0 * (weights[i] - start[i]);
            hessian[i][i] += PRIOR / 4.0;
            if !free[i] {
                gradient[i] = 0.0;
                (0..3).for_each(|j| hessian[i.max(j)][i.min(j)] = 0.0);
                hessian[i][i] = 1.0;
            }
        }
        let step = solve(hessian, gradient);
        let mut pace = 1.0;
        let better = std::iter::repeat_with(|| {
            let next: [f64; 3] = std::array::from_fn(|i| weights[i] - pace * step[i]);
            pace *= 0.5;
            (next, cost(pairs, &next, &start))
        })
        .take(20)
        .find(|(_, cost)| *cost < now);
        let Some((next, cost)) = better else { break };
        let gained = now - cost;
        (weights, now) = (next, cost);
        if gained < 1e-9 * (1.0 + now) {
            break;
        }
    }
    weights
}

/// Solves `a x = b` for a positive definite `a`, of which the lower triangle is read (Cholesky).
fn solve(mut a: [[f64; 3]; 3], mut b: [f64; 3]) -> [f64; 3] {
    for i in 0..3 {
        for j in 0..=i {
            let sum = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            a[i][j] = if i == j { sum.max(1e-12).sqrt() } else { sum / a[j][j] };
        }
    }
    for i in 0..3 {
        b[i] = (b[i] - (0..i).map(|k| a[i][k] * b[k]).sum::<f64>()) / a[i][i];
    }
    for i in (0..3).rev() {
        b[i] = (b[i] - (i + 1..3).map(|k| a[k][i] * b[k]).sum::<f64>()) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::random::{Purpose, Random};

    fn targets(lines: &[&[&str]]) -> Targets {
        Targets::new(&[], lines.iter().copied()).unwrap()
    }

    /// Labels drawn with the probabilities of `map`.
    fn drawn(map: Calibration, lines: usize) -> (Vec<f32>, Vec<Vec<&'static str>>) {
        let mut random = Random::new(5, Purpose::Weights);
        let (mut logits, mut labels) = (vec![], vec![]);
        for i in 0..lines {
            let row = [random.normal() * 3.0, random.normal() * 3.0, random.normal() * 3.0];
            let calibrated = map.over(&row);
            let mut wanted = vec![];
            for (label, name) in ["a", "b", "c"].into_iter().enumerate() {
                if i == 0 || random.unit() < calibrated.probability(label) {
                    wanted.push(name);
                }
            }
            logits.extend(row);
            labels.push(wanted);
        }
        (logits, labels)
    }

    /// The results for all lines of `targets`.
    fn answers(logits: &[f32], targets: &Targets) -> Answers {
        let lines: Vec<usize> = (0..targets.of_line.len()).collect();
        Answers { logits: logits.to_vec(), scores: vec![0.0; lines.len()], lines }
    }

    #[test]
    fn calibration_finds_the_map_that_made_the_labels() {
        // Lines without a label are no evidence in practice. Here they would distort the fit, so a
        // high shift keeps them few.
        for map in [
            Calibration { scale: 1.2, coupling: 0.0, shift: 4.0 },
            Calibration { scale: 0.9, coupling: 0.8, shift: 3.0 },
        ] {
            let (logits, labels) = drawn(map, 20_000);
            let lines: Vec<&[&str]> = labels.iter().map(|l| &l[..]).collect();
            let targets = targets(&lines);
            let found =
                answers(&logits, &targets).beside(&targets).calibrate(Calibration::default(), Choice::Multi);
            let near = |a: f32, b: f32| (a - b).abs() < 0.1 + 0.05 * b;
            assert!(
                near(found.scale, map.scale)
                    && near(found.coupling, map.coupling)
                    && near(found.shift, map.shift),
                "{found:?}"
            );
        }
    }

    #[test]
    fn with_one_label_a_text_the_top_label_is_right_as_often_as_its_probability_says() {
        // Ten labels, logits far too confident. A wrong top label says nothing about how the other
        // nine share the rest.
        let map = Calibration { scale: 0.4, coupling: 0.4, shift: -0.3 };
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let mut random = Random::new(5, Purpose::Weights);
        let (mut logits, mut labels) = (vec![], vec![]);
        for i in 0..5_000 {
            let row: Vec<f32> = (0..10).map(|_| random.normal() * 4.0).collect();
            let calibrated = map.over(&row);
            let top = calibrated.top();
            let right = random.unit() < calibrated.probability(top);
            labels.push([names[if right { top } else { (top + 1) % 10 }]]);
            // Targets number labels in the order of appearance.
            if i < 10 {
                *labels.last_mut().unwrap() = [names[i]];
            }
            logits.extend(row);
        }
        let lines: Vec<&[&str]> = labels.iter().map(|label| &label[..]).collect();
        let targets = targets(&lines);
        let prior = Calibration { scale: 0.75, coupling: 0.75, shift: 0.0 };
        let found = answers(&logits, &targets).beside(&targets).calibrate(prior, Choice::Single);
        let near = |a: f32, b: f32| (a - b).abs() < 0.06;
        assert!(
            near(found.scale, 0.4) && found.coupling == found.scale && near(found.shift, -0.3),
            "{found:?}"
        );
    }

    #[test]
    fn lines_with_one_label_each_do_not_couple_the_labels_of_sets() {
        let names: Vec<[&str; 1]> = (0..300).map(|i| [["a", "b", "c"][i % 3]]).collect();
        let lines: Vec<&[&str]> = names.iter().map(|n| &n[..]).collect();
        let mut random = Random::new(5, Purpose::Weights);
        let logits: Vec<f32> =
            (0..900).map(|i| random.normal() * 2.0 + if i / 3 % 3 == i % 3 { 2.0 } else { -1.0 }).collect();
        let targets = targets(&lines);
        let answers = answers(&logits, &targets);
        let heldout = answers.beside(&targets);
        assert_eq!(heldout.calibrate(Calibration::default(), Choice::Multi).coupling, 0.0);
        let coupled = Calibration { scale: 0.9, coupling: 0.8, shift: 0.0 };
        assert!(heldout.calibrate(coupled, Choice::Multi).coupling > 0.1);
    }

    #[test]
    fn few_or_perfect_lines_leave_sensible_numbers() {
        let prior = Calibration { scale: 0.75, coupling: 0.75, shift: 0.0 };
        for choice in [Choice::Single, Choice::Multi] {
            few_or_perfect_lines(prior, choice);
        }
    }

    fn few_or_perfect_lines(prior: Calibration, choice: Choice) {
        let few = targets(&[&["a"], &["b"]]);
        assert_eq!(Answers::default().beside(&few).calibrate(prior, choice), prior);
        let two = answers(&[3.0, -3.0, -3.0, 3.0], &few);
        let found = two.beside(&few).calibrate(prior, choice);
        assert!((found.scale - 0.75).abs() < 0.2 && (found.coupling - 0.75).abs() < 0.2, "{found:?}");
        assert_eq!(
            (share(&two.beside(&few).hits()), share(&two.beside(&few).exact())),
            (Some(1.0), Some(1.0))
        );
        let names: Vec<[&str; 1]> = (0..50).map(|i| if i % 2 == 0 { ["a"] } else { ["b"] }).collect();
        let lines: Vec<&[&str]> = names.iter().map(|n| &n[..]).collect();
        let logits: Vec<f32> =
            (0..50).flat_map(|i| if i % 2 == 0 { [5.0, -5.0] } else { [-5.0, 5.0] }).collect();
        let all = targets(&lines);
        let perfect = answers(&logits, &all).beside(&all).calibrate(prior, choice);
        assert!(perfect.is_valid() && perfect.scale >= 0.5, "{perfect:?}");
    }
}
