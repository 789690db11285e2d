//! Logits → labels: the reject rule, the thresholds, best first.

use crate::error::{Error, Result};
use crate::simd::sigmoid;

/// How labels are chosen from their probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The best label alone.
    #[default]
    Single,
    /// Every label at or over its threshold.
    Multi,
}

/// What a caller may ask of one prediction. The default is the model's own rule.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PredictOptions {
    /// Labels must have at least this probability, 0 to 1, instead of the model's thresholds. Default: the model's.
    pub threshold: Option<f32>,
    /// The `top` best labels, whatever the model's thresholds say, 1 or more; [`PredictOptions::threshold`] still holds.
    /// A rejected text has none all the same. Default: as the model's rule chooses.
    pub top: Option<usize>,
    /// Texts whose [`reject_score`] is lower are rejected, instead of the model's reject point; negative infinity answers
    /// every text in which anything is known. Default: the model's.
    pub reject_below: Option<f32>,
}

impl PredictOptions {
    /// Whether every value is in its range.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the field.
    pub fn check(&self) -> Result<()> {
        if let Some(threshold) = self.threshold.filter(|t| !(0.0..=1.0).contains(t)) {
            return Err(Error::invalid(format!("`threshold` is {threshold}; it must be from 0 to 1")));
        }
        if self.top == Some(0) {
            return Err(Error::invalid("`top` is 0; it must be 1 or more"));
        }
        if self.reject_below.is_some_and(f32::is_nan) {
            return Err(Error::invalid(
                "`reject_below` is not a number; it must be a logit, or minus infinity",
            ));
        }
        Ok(())
    }
}

/// A label and how probable it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C)]
pub struct Scored {
    /// Index of the label, in the order of the model's labels.
    pub label: u32,
    /// 0 to 1.
    pub probability: f32,
}

/// The borrowed rule of one model.
#[derive(Debug, Clone, Copy)]
pub struct DecisionRule<'a> {
    /// One label or a set.
    pub choice: Choice,
    /// A probability for each label.
    pub thresholds: &'a [f32],
    /// Texts whose [`reject_score`] is lower are rejected.
    pub reject_below: f32,
}

/// How sure the model is that a text belongs to any of its labels: the largest logit. Higher is surer; negative infinity
/// for a text in which nothing is known.
pub fn reject_score(known: bool, logits: &[f32]) -> f32 {
    if known {
        logits.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a })
    } else {
        f32::NEG_INFINITY
    }
}

/// Index of the largest logit, the first of equals; `None` without any.
pub fn best(logits: &[f32]) -> Option<usize> {
    (0..logits.len()).reduce(|a, b| if logits[b] > logits[a] { b } else { a })
}

impl DecisionRule<'_> {
    /// Chooses labels and writes the best of them into `chosen`, best first (equal ones in the order of the labels).
    /// Returns how many were chosen, which may be more than fit; 0 exactly when the text is rejected.
    ///
    /// `known` says whether the text holds any n-gram of the training data. Allocates nothing.
    pub fn decide(
        &self,
        known: bool,
        logits: &[f32],
        options: &PredictOptions,
        chosen: &mut [Scored],
    ) -> usize {
        if !known || reject_score(known, logits) < options.reject_below.unwrap_or(self.reject_below) {
            return 0;
        }
        let wanted = match (options.top, self.choice) {
            (Some(top), _) => top,
            (None, Choice::Single) => 1,
            (None, Choice::Multi) => usize::MAX,
        };
        let ranked = options.top.is_some() || self.choice == Choice::Single;
        let room = chosen.len().min(wanted);
        let (mut count, mut written) = (0usize, 0usize);
        for (label, &logit) in logits.iter().enumerate() {
            let least = match options.threshold {
                Some(threshold) => threshold,
                None if ranked => 0.0,
                None => self.thresholds[label],
            };
            if least > 0.0 && sigmoid(logit) < least {
                continue;
            }
            count += 1;
            // Insertion by logit, not by probability: sigmoids of large logits are equal in float32.
            let place = chosen[..written].partition_point(|other| logits[other.label as usize] >= logit);
            if place < room {
                written = (written + 1).min(room);
                chosen.copy_within(place..written - 1, place + 1);
                chosen[place] = Scored { label: label as u32, probability: sigmoid(logit) };
            }
        }
        count.min(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALVES: [f32; 4] = [0.5; 4];

    fn rule(choice: Choice) -> DecisionRule<'static> {
        DecisionRule { choice, thresholds: &HALVES, reject_below: -3.0 }
    }

    fn labels(
        rule: DecisionRule<'_>,
        logits: &[f32],
        options: PredictOptions,
        room: usize,
    ) -> (usize, Vec<u32>) {
        let mut chosen = vec![Scored::default(); room];
        let count = rule.decide(true, logits, &options, &mut chosen);
        (count, chosen[..count.min(room)].iter().map(|s| s.label).collect())
    }

    #[test]
    fn a_single_label_model_gives_its_best_label_alone_even_under_one_half() {
        let (single, options) = (rule(Choice::Single), PredictOptions::default());
        assert_eq!(labels(single, &[-2.0, -1.0, -1.5, -2.5], options, 4), (1, vec![1]));
        let strict = PredictOptions { threshold: Some(0.4), ..options };
        assert_eq!(labels(single, &[-2.0, -1.0, -1.5, -2.5], strict, 4), (0, vec![]));
    }

    #[test]
    fn a_multi_label_model_gives_every_label_at_or_over_its_threshold_best_first() {
        let (multi, options) = (rule(Choice::Multi), PredictOptions::default());
        assert_eq!(labels(multi, &[0.0, 3.0, -0.1, 1.0], options, 4), (3, vec![1, 3, 0]));
        assert_eq!(labels(multi, &[0.0, 3.0, -0.1, 1.0], options, 2), (3, vec![1, 3]));
        assert_eq!(labels(multi, &[0.0, 3.0, -0.1, 1.0], options, 0), (3, vec![]));
        assert_eq!(labels(multi, &[-0.5, -1.0, -0.1, -1.0], options, 4), (0, vec![]));
        let lower = PredictOptions { threshold: Some(0.4), ..options };
        assert_eq!(labels(multi, &[-0.5, -1.0, -0.1, -1.0], lower, 4), (1, vec![2]));
    }

    #[test]
    fn top_ranks_the_best_labels_and_leaves_the_reject_rule_alone() {
        let options = PredictOptions { top: Some(3), ..Default::default() };
        for choice in [Choice::Single, Choice::Multi] {
            assert_eq!(labels(rule(choice), &[-1.0, 3.0, 2.0, -2.0], options, 4), (3, vec![1, 2, 0]));
            assert_eq!(labels(rule(choice), &[-9.0, -8.0, -7.0, -6.0], options, 4), (0, vec![]));
        }
    }

    #[test]
    fn a_text_is_rejected_under_the_reject_point_or_when_nothing_is_known() {
        let multi = rule(Choice::Multi);
        assert_eq!(multi.decide(false, &[9.0; 4], &PredictOptions::default(), &mut []), 0);
        let strict = DecisionRule { reject_below: 5.0, ..multi };
        assert_eq!(strict.decide(true, &[4.9; 4], &PredictOptions::default(), &mut []), 0);
        assert_eq!(strict.decide(true, &[5.0; 4], &PredictOptions::default(), &mut []), 4);
        let open = PredictOptions { reject_below: Some(f32::NEG_INFINITY), ..Default::default() };
        assert_eq!(strict.decide(true, &[4.9; 4], &open, &mut []), 4);
        assert_eq!(strict.decide(false, &[4.9; 4], &open, &mut []), 0);
        assert_eq!(reject_score(false, &[9.0]), f32::NEG_INFINITY);
    }

    #[test]
    fn equal_scores_keep_the_order_of_the_labels_even_when_their_sigmoids_saturate() {
        let options = PredictOptions { top: Some(4), ..Default::default() };
        assert_eq!(labels(rule(Choice::Multi), &[50.0, 60.0, 60.0, 40.0], options, 4).1, [1, 2, 0, 3]);
    }

    #[test]
    fn options_out_of_range_are_refused_by_name() {
        for threshold in [-0.1, 1.1, f32::NAN] {
            let options = PredictOptions { threshold: Some(threshold), ..Default::default() };
            assert!(options.check().unwrap_err().to_string().contains("`threshold`"));
        }
        assert!(PredictOptions { top: Some(0), ..Default::default() }.check().is_err());
        assert!(
            PredictOptions { threshold: Some(1.0), top: Some(1), reject_below: Some(f32::NEG_INFINITY) }
                .check()
                .is_ok()
        );
    }
}
