//! Decides whether a retrained model may replace the current one.

use super::Classifier;
use crate::data::Example;
use crate::decision::PredictOptions;
use crate::error::{Error, Result};
use crate::learn::Compared;
use std::collections::HashSet;

/// Minimum difference that counts, in standard errors.
const ERRORS: f64 = 2.0;
/// Factor of the standard error of held-out lines. They leave training in groups of similar lines,
/// which are right or wrong together. Measured on the sample: over three seeds, with and without one
/// further line, the share had a standard deviation of 3.3 points, and independent lines 1.25.
const GROUPED: f64 = 2.5;

/// Number of lines classified correctly, and of all lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Share {
    right: usize,
    lines: usize,
}

impl Share {
    /// From a rounded share.
    fn of(share: f64, lines: usize) -> Share {
        Share { right: (share * lines as f64).round() as usize, lines }
    }

    /// Returns the share and its variance with one correct and one wrong line added, so that a
    /// share of 1 on ten lines has an error too.
    fn smoothed(self) -> (f64, f64) {
        let lines = self.lines as f64 + 2.0;
        let share = (self.right as f64 + 1.0) / lines;
        (share, share * (1.0 - share) / lines)
    }
}

/// Returns true if `now` is significantly lower than `before`. The two were measured on different
/// lines (interval of Agresti and Caffo, The American Statistician 54, 2000).
fn is_lower(now: Share, before: Share) -> bool {
    let ((now, one), (before, other)) = (now.smoothed(), before.smoothed());
    before - now > GROUPED * ERRORS * (one + other).sqrt()
}

/// Returns the number of lines that `one` has right and `other` has not.
fn only(one: &[bool], other: &[bool]) -> usize {
    one.iter().zip(other).filter(|(one, other)| **one && !**other).count()
}

/// Returns true if `now` is correct significantly less often than `before` on the same lines
/// (McNemar, 1947).
fn loses(now: &[bool], before: &[bool]) -> bool {
    let (won, lost) = (only(now, before) as f64, only(before, now) as f64);
    lost - won > ERRORS * (won + lost).sqrt()
}

/// Returns for each example whether a prediction with default options chooses exactly its labels.
pub(super) fn answered_right(classifier: &Classifier, examples: &[Example]) -> Result<Vec<bool>> {
    let is_right = |example: &Example| {
        let prediction = classifier.predict_with(&example.text, &PredictOptions::default())?;
        let chosen: HashSet<&str> =
            prediction.labels().iter().filter_map(|scored| classifier.label(scored.label)).collect();
        Ok(chosen == example.labels.iter().map(String::as_str).collect())
    };
    examples.iter().map(is_right).collect()
}

fn count(right: &[bool]) -> usize {
    right.iter().filter(|&&right| right).count()
}

/// If a new model that was trained on the corrections classifies a smaller share of them correctly,
/// they contradict the other lines.
const LEARNED: f64 = 0.75;
/// Minimum number of corrections for that conclusion.
const ENOUGH: usize = 20;

/// Compares a retrained model with the current one. Refuses it if it is worse
///
/// - on the lines held out in its training than the current model was on its own held-out lines, by
///   more than two standard errors of groups of lines,
/// - on kept examples, which both were trained or corrected on, by more than two standard errors,
/// - on any one of the `golden` examples: the current model classifies it correctly, the new one
///   doesn't.
///
/// Corrections that contradict the other lines, by the new model's results, don't count: the
/// current model may have learned them at the expense of others. They are among the held-out lines
/// as well, whose share may drop by theirs.
///
/// # Errors
/// [`Error::Training`] with the reason if the model is refused.
pub(super) fn check(
    candidate: &Classifier,
    current: &Classifier,
    kept: &Compared,
    golden: &[Example],
) -> Result<()> {
    let refuse = |reason: String| Err(Error::Training(format!("the new model was refused: {reason}")));
    let late = answered_right(candidate, &kept.late)?;
    let contradict = late.len() >= ENOUGH && (count(&late) as f64) < LEARNED * late.len() as f64;
    let (new, old) = (&candidate.model().metadata().training, &current.model().metadata().training);
    // Exact matches after rejection if both models have that share; older models have the top
    // label's accuracy alone.
    let shares = match (new.heldout_answered, old.heldout_answered) {
        (Some(now), Some(before)) => Some((now, before)),
        _ => new.heldout_accuracy.zip(old.heldout_accuracy),
    };
    let allowance = if contradict { kept.late_share } else { 0.0 };
    if let Some((now, before)) = shares
        && is_lower(Share::of(now, new.heldout), Share::of((before - allowance).max(0.0), old.heldout))
    {
        return refuse(format!(
            "{:.1} % of {} held-out lines are classified correctly, {:.1} % of {} before",
            100.0 * now,
            new.heldout,
            100.0 * before,
            old.heldout
        ));
    }
    let (mut now, mut before) =
        (answered_right(candidate, &kept.early)?, answered_right(current, &kept.early)?);
    if !contradict {
        now.extend(&late);
        before.extend(answered_right(current, &kept.late)?);
    }
    if loses(&now, &before) {
        return refuse(format!(
            "{} of {} kept examples are classified correctly, {} before",
            count(&now),
            now.len(),
            count(&before)
        ));
    }
    let (now, before) = (answered_right(candidate, golden)?, answered_right(current, golden)?);
    match only(&before, &now) {
        0 => Ok(()),
        lost => refuse(format!(
            "{lost} of the {} golden examples that were classified correctly before are not now",
            count(&before)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lower(now: (usize, usize), before: (usize, usize)) -> bool {
        let share = |(right, lines)| Share { right, lines };
        is_lower(share(now), share(before))
    }

    #[test]
    fn one_wrong_line_is_not_worse_than_none_of_ten() {
        assert!(!lower((45, 46), (10, 10)));
        assert!(!lower((40, 46), (10, 10)));
        assert!(!lower((8, 10), (10, 10)));
    }

    #[test]
    fn a_difference_counts_if_the_samples_are_large_enough_for_it() {
        assert!(!lower((85, 100), (90, 100)));
        assert!(!lower((850, 1000), (900, 1000)), "as much as other groups of lines make");
        assert!(lower((800, 1000), (900, 1000)));
        assert!(lower((0, 10), (10, 10)));
        assert!(lower((15, 46), (10, 10)));
        assert!(!lower((900, 1000), (850, 1000)), "better is never worse");
    }

    #[test]
    fn without_lines_nothing_is_worse() {
        assert!(!lower((0, 0), (1000, 1000)));
        assert!(!lower((0, 1000), (0, 0)));
        assert!(!lower((0, 0), (0, 0)));
        assert!(!loses(&[], &[]));
    }

    #[test]
    fn on_the_same_lines_only_those_count_that_one_of_the_two_has_right() {
        let lines = |right: usize, wrong: usize| [vec![true; right], vec![false; wrong]].concat();
        assert!(!loses(&lines(496, 4), &lines(500, 0)), "four lost may be chance");
        assert!(loses(&lines(495, 5), &lines(500, 0)));
        let (mut now, mut before) = (lines(500, 0), lines(500, 0));
        now[..20].fill(false);
        before[20..30].fill(false);
        assert!(!loses(&now, &before), "20 lost, 10 won");
        before[20..30].fill(true);
        assert!(loses(&now, &before), "20 lost, none won");
        assert!(!loses(&before, &now));
    }

    /// Returns ten examples.
    fn named(on: &str, off: &str) -> Vec<Example> {
        let of = |what: &str| {
            [Example::new(format!("{what} on"), [on]), Example::new(format!("{what} off"), [off])]
        };
        ["lights", "lamp", "heating", "radio", "fan"].into_iter().flat_map(of).collect()
    }

    /// Returns ten examples and a model of them, and the same with the two labels swapped.
    fn opposites() -> [(Vec<Example>, Classifier); 2] {
        use crate::TrainOptions;
        // Names that are no words, which would become further lines.
        [named("x1", "x2"), named("x2", "x1")].map(|examples| {
            let (classifier, _) = Classifier::train(&examples, &TrainOptions::default()).unwrap();
            (examples, classifier)
        })
    }

    #[test]
    fn a_golden_example_that_is_won_does_not_make_up_for_one_that_is_lost() {
        let [(examples, current), (swapped, candidate)] = opposites();
        let nothing = Compared { late: vec![], late_share: 0.0, early: vec![] };
        let golden = [examples[0].clone(), swapped[1].clone(), swapped[2].clone()];
        let right = |classifier| answered_right(classifier, &golden).unwrap();
        assert_eq!((right(&current), right(&candidate)), (vec![true, false, false], vec![false, true, true]));
        let reason = check(&candidate, &current, &nothing, &golden).unwrap_err().to_string();
        assert!(reason.contains("1 of the 1 golden examples"), "{reason}");
        // One that the current model has wrong can't be lost.
        check(&candidate, &current, &nothing, &golden[1..]).unwrap();
    }

    #[test]
    fn a_model_that_answers_other_labels_is_refused_for_the_kept_examples() {
        let [(examples, current), (swapped, candidate)] = opposites();
        let kept = |late: &[Example], early: &[Example]| Compared {
            late: late.to_vec(),
            late_share: late.len() as f64 / (late.len() + early.len()).max(1) as f64,
            early: early.to_vec(),
        };
        check(&current, &current, &kept(&examples, &[]), &examples).unwrap();
        let reason = check(&candidate, &current, &kept(&[], &examples), &[]).unwrap_err().to_string();
        assert!(reason.contains("0 of 10 kept examples are classified correctly, 10 before"), "{reason}");
        let reason = check(&candidate, &current, &kept(&[], &[]), &examples[..1]).unwrap_err().to_string();
        assert!(reason.contains("1 of the 1 golden examples that were classified correctly"), "{reason}");
        // A few corrections count; many that contradict the other lines don't.
        let reason = check(&current, &candidate, &kept(&swapped, &[]), &[]).unwrap_err().to_string();
        assert!(reason.contains("0 of 10 kept examples"), "{reason}");
        let many = [&swapped[..], &swapped].concat();
        check(&current, &candidate, &kept(&many, &examples), &[]).unwrap();
        let reason = check(&current, &candidate, &kept(&many, &swapped), &[]).unwrap_err().to_string();
        assert!(reason.contains("0 of 10 kept examples"), "{reason}");
    }

    #[test]
    fn a_share_becomes_the_lines_it_was_made_of() {
        assert_eq!(Share::of(45.0 / 46.0, 46), Share { right: 45, lines: 46 });
        assert_eq!(Share::of(1.0, 0), Share { right: 0, lines: 0 });
    }
}
