//! From rows of logits to labels: combines clauses, applies the reject rule and the thresholds,
//! ranks best first.

mod doubts;
mod score;

use crate::calibration::{Calibrated, Calibration};
use crate::error::{Error, Result};
use crate::simd::exp;
pub(crate) use doubts::Clauses;
pub use score::{Centroids, Outside, RejectScore, ScoreSettings};

/// How labels are chosen from their probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The most probable label alone.
    #[default]
    Single,
    /// Every label whose probability reaches its threshold.
    Multi,
}

/// How to choose labels. With the default, labels are chosen by the decision rule that training
/// fixed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PredictOptions {
    /// Minimum probability of a chosen label, 0 to 1. Above 0.85, keyword rules are ignored.
    /// Defaults to `None`: the model's thresholds, or no threshold if `top` is set.
    pub threshold: Option<f32>,
    /// Number of labels to choose, 1 or more: the best ones. The model's thresholds do not apply to
    /// them, but [`PredictOptions::threshold`] does. A rejected text still gets no labels. Defaults
    /// to `None`: the decision rule from training.
    pub top: Option<usize>,
    /// Acceptance rate: the share to accept of those texts that have a label, over 0 and at most 1,
    /// as measured on the examples held out in training. Defaults to `None`: the rate from
    /// training.
    ///
    /// With 1, the rejection threshold rejects no text. A text is then rejected only if nothing in
    /// it is known, or if no label reaches its own threshold. A model without a rejection
    /// threshold, such as one of keyword rules, behaves like that at any rate.
    pub keep: Option<f32>,
    /// Costs of mistakes, instead of an acceptance rate: rejects a text if that costs less on
    /// average. Must be `None` if `keep` is set. Defaults to `None`. A model written before costs
    /// existed uses its acceptance rate.
    pub cost: Option<Cost>,
}

/// Costs of mistakes. An answer with wrong labels costs 1, however many are wrong. So does any
/// answer to a text that is out of scope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Cost, 0 to 1, of rejecting a text that has a label: the program must then ask the user
    /// again.
    pub ask_back: f32,
    /// Share of texts in use that are out of scope, 0 to 1.
    pub foreign: f32,
}

impl Cost {
    /// Checks that both values are in range.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`], naming the value, if one is out of range.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("ask_back", self.ask_back), ("foreign", self.foreign)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::invalid(format!("`{name}` is {value}; it must be from 0 to 1")));
            }
        }
        Ok(())
    }
}

impl PredictOptions {
    /// Checks that every value is in range.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`], naming the field, if a value is out of range or both
    /// `keep` and `cost` are set.
    pub fn check(&self) -> Result<()> {
        if let Some(threshold) = self.threshold.filter(|t| !(0.0..=1.0).contains(t)) {
            return Err(Error::invalid(format!("`threshold` is {threshold}; it must be from 0 to 1")));
        }
        if self.top == Some(0) {
            return Err(Error::invalid("`top` is 0; it must be 1 or more"));
        }
        if let Some(keep) = self.keep.filter(|keep| !(*keep > 0.0 && *keep <= 1.0)) {
            return Err(Error::invalid(format!("`keep` is {keep}; it must be over 0 and at most 1")));
        }
        if let Some(cost) = self.cost {
            cost.check()?;
            if self.keep.is_some() {
                return Err(Error::invalid("`keep` and `cost` exclude each other; give one"));
            }
        }
        Ok(())
    }
}

/// A label and its probability.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C)]
pub struct Scored {
    /// Index of the label: see intent_label().
    pub label: u32,
    /// Calibrated probability, 0 to 1. 0.85 for the labels of keyword rules.
    pub probability: f32,
}

/// What decided about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The network alone.
    #[default]
    Network,
    /// A keyword rule chose the first label. The network may have chosen further ones.
    Rule,
}

/// A top label with at least this probability takes precedence over keyword rules. Also the
/// probability of a label that a rule asks for.
pub const SURE: f32 = 0.85;

/// The decision rule of one model, borrowed from it.
#[derive(Debug, Clone, Copy)]
pub struct DecisionRule<'a> {
    /// One label or a set of labels.
    pub choice: Choice,
    /// The map from logits to probabilities.
    pub calibration: Calibration,
    /// The minimum probability of each label, 0 to 1.
    pub thresholds: &'a [f32],
    /// The rule by which texts are rejected.
    pub reject: RejectRule<'a>,
}

/// Rejects texts whose reject score is too low. Reject scores are independent of the probabilities,
/// which compare the labels for a text that is in scope.
#[derive(Debug, Clone, Copy)]
pub struct RejectRule<'a> {
    /// 101 rejection thresholds, ascending: threshold `i` accepts all but `i` % of the held-out
    /// lines. Empty if the model rejects by no score.
    pub points: &'a [f32],
    /// Acceptance rate that applies unless a caller asks for another one, over 0 and at most 1.
    pub keep: f32,
    /// For each threshold, the share of the held-out lines with labels that it accepts and that are
    /// answered correctly. Empty in older models.
    pub right: &'a [f32],
    /// For each threshold, the share of the texts without a label that it accepts. Empty in older
    /// models.
    pub outside: &'a [f32],
}

impl RejectRule<'_> {
    /// Number of thresholds: one per cent apart, both ends included.
    ///
    /// cbindgen:ignore
    pub const POINTS: usize = 101;

    /// Returns the score below which texts are rejected, interpolated between two thresholds.
    /// Returns negative infinity for an acceptance rate of 1.
    pub fn below(&self, keep: Option<f32>) -> f32 {
        // In per cent, rounded to three digits: 0.95 has no exact float32 and means threshold 5.
        let drop = ((1.0 - keep.unwrap_or(self.keep)) * 1e5).round() / 1e3;
        let at = drop as usize;
        match (self.points.get(at), self.points.get(at + 1)) {
            _ if drop <= 0.0 => f32::NEG_INFINITY,
            (Some(low), Some(high)) => low + (high - low) * (drop - at as f32),
            (Some(last), None) => *last,
            (None, _) => f32::NEG_INFINITY,
        }
    }

    /// Returns the acceptance rate at which mistakes cost least on average, or [`RejectRule::keep`]
    /// for models without the shares that this takes.
    pub fn cheapest(&self, cost: Cost) -> f32 {
        let cost_at = |point: usize| {
            let rejected = point as f32 / (Self::POINTS - 1) as f32;
            let inside = cost.ask_back * rejected + (1.0 - rejected - self.right[point]).max(0.0);
            (1.0 - cost.foreign) * inside + cost.foreign * self.outside[point]
        };
        if self.right.len() != Self::POINTS || self.outside.len() != Self::POINTS {
            return self.keep;
        }
        // Of equal costs, the first wins: it accepts most texts. Costs that differ only by rounding
        // are equal. At the last threshold only the text with the highest score is answered.
        let is_cheaper = |point: usize, best: usize| cost_at(point) < cost_at(best) - 1e-6;
        let cheapest =
            (0..Self::POINTS).reduce(|best, point| if is_cheaper(point, best) { point } else { best });
        1.0 - cheapest.unwrap_or(0) as f32 / (Self::POINTS - 1) as f32
    }

    /// Returns the score below which texts are rejected under a caller's options.
    #[inline]
    pub fn asked(&self, options: &PredictOptions) -> f32 {
        match options.cost {
            Some(cost) => self.below(Some(self.cheapest(cost))),
            None => self.below(options.keep),
        }
    }
}

/// Adds another clause's logits to those of a text: a label applies if any clause asks for it.
///
/// Noisy-or (Pearl, 1988): `1 - p = (1 - a)(1 - b)`, in logits `z = ln(e^a + e^b + e^{a + b})`.
pub fn noisy_or(logits: &mut [f32], clause: &[f32]) {
    for (z, &other) in logits.iter_mut().zip(clause) {
        let both = *z + other;
        let largest = z.max(other).max(both);
        *z = largest + libm::logf(exp(*z - largest) + exp(other - largest) + exp(both - largest));
    }
}

impl DecisionRule<'_> {
    /// Chooses labels and writes the best of them into `chosen`, best first, equal ones in label
    /// order. Returns the number of labels chosen, which can exceed `chosen.len()`.
    ///
    /// Returns 0 exactly if the text is rejected: its score is too low, its logits are NaN, or no
    /// label reaches its threshold. `score` is the text's reject score, negative infinity if no
    /// n-gram of the text is known. Allocates nothing.
    pub fn decide(
        &self,
        score: f32,
        logits: &[f32],
        options: &PredictOptions,
        chosen: &mut [Scored],
    ) -> usize {
        if self.is_rejected(score, options) {
            return 0;
        }
        let Some(calibrated) = self.calibrated(logits) else { return 0 };
        let wanted = self.wanted(options);
        // Only the top label is asked for: no need to rank the others.
        let best = calibrated.top();
        let candidates = if wanted == 1 { best..best + 1 } else { 0..logits.len() };
        let room = chosen.len().min(wanted);
        self.rank(calibrated, logits, options, candidates, &mut chosen[..room]).min(wanted)
    }

    /// Returns true if the score is too low. A NaN score is rejected.
    #[inline]
    fn is_rejected(&self, score: f32, options: &PredictOptions) -> bool {
        let is_let_through = score > f32::NEG_INFINITY && score >= self.reject.asked(options);
        !is_let_through
    }

    /// Returns `None` if the logits are NaN.
    #[inline]
    fn calibrated<'a>(&self, logits: &'a [f32]) -> Option<Calibrated<'a>> {
        let calibrated = self.calibration.over(logits);
        calibrated.is_number().then_some(calibrated)
    }

    /// Returns the maximum number of labels to choose.
    #[inline]
    fn wanted(&self, options: &PredictOptions) -> usize {
        match (options.top, self.choice) {
            (Some(top), _) => top,
            (None, Choice::Single) => 1,
            (None, Choice::Multi) => usize::MAX,
        }
    }

    /// Writes the best candidates that are probable enough, as far as they fit. Returns how many
    /// are probable enough.
    #[inline(always)]
    fn rank(
        &self,
        calibrated: Calibrated<'_>,
        logits: &[f32],
        options: &PredictOptions,
        candidates: impl Iterator<Item = usize>,
        chosen: &mut [Scored],
    ) -> usize {
        let ranked = options.top.is_some() || self.choice == Choice::Single;
        let passes = |label: usize| {
            let least = match options.threshold {
                Some(threshold) => threshold,
                None if ranked => 0.0,
                None => self.thresholds[label],
            };
            (least <= 0.0 && !logits[label].is_nan()) || calibrated.is_at_least(label, least)
        };
        let (mut count, mut written) = (0usize, 0usize);
        for label in candidates.filter(|&label| passes(label)) {
            let logit = logits[label];
            count += 1;
            // Insertion by logit, not by probability: sigmoids of large logits are equal in
            // float32.
            let place = chosen[..written].partition_point(|other| logits[other.label as usize] >= logit);
            if place < chosen.len() {
                written = (written + 1).min(chosen.len());
                chosen.copy_within(place..written - 1, place + 1);
                chosen[place] = Scored { label: label as u32, probability: 0.0 };
            }
        }
        for scored in &mut chosen[..written] {
            scored.probability = calibrated.probability(scored.label as usize);
        }
        count
    }

    /// As [`DecisionRule::decide`], plus the labels that keyword rules ask for.
    ///
    /// If the network does not reject the text and gives its top label a probability of at least
    /// [`SURE`], its labels are returned and the rules are ignored. They are also ignored if
    /// `options.threshold` is over [`SURE`]. Otherwise the rules' labels come first, with
    /// probability [`SURE`], even if the network rejects the text, and the network's other choices
    /// follow. A single-label model returns only the first rule's label, unless `top` asks for
    /// more.
    pub fn decide_with(
        &self,
        matched: &[u32],
        score: f32,
        logits: &[f32],
        options: &PredictOptions,
        chosen: &mut [Scored],
    ) -> (usize, Source) {
        let strict = options.threshold.is_some_and(|threshold| threshold > SURE);
        if matched.is_empty() || strict || self.is_sure(score, logits, options) {
            return (self.decide(score, logits, options, chosen), Source::Network);
        }
        let wanted = self.wanted(options);
        let matched = &matched[..matched.len().min(wanted)];
        let room = chosen.len().min(wanted);
        let (first, behind) = chosen[..room].split_at_mut(matched.len().min(room));
        for (scored, &label) in first.iter_mut().zip(matched) {
            *scored = Scored { label, probability: SURE };
        }
        if self.is_rejected(score, options) || matched.len() == wanted {
            return (matched.len(), Source::Rule);
        }
        let Some(calibrated) = self.calibrated(logits) else { return (matched.len(), Source::Rule) };
        let others = (0..logits.len()).filter(|&label| !matched.contains(&(label as u32)));
        let count = self.rank(calibrated, logits, options, others, behind);
        ((matched.len() + count).min(wanted), Source::Rule)
    }

    /// Returns true if the network's top label takes precedence over rules.
    fn is_sure(&self, score: f32, logits: &[f32], options: &PredictOptions) -> bool {
        let mut best = [Scored::default()];
        let best_alone = PredictOptions { top: Some(1), ..*options };
        self.decide(score, logits, &best_alone, &mut best) == 1 && best[0].probability >= SURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALVES: [f32; 4] = [0.5; 4];
    /// The threshold at 95 % is -3.
    const POINTS: [f32; 101] = {
        let mut points = [0.0; 101];
        let mut i = 0;
        while i < 101 {
            points[i] = i as f32 - 8.0;
            i += 1;
        }
        points
    };

    fn rule(choice: Choice) -> DecisionRule<'static> {
        let reject = RejectRule { points: &POINTS, keep: 0.95, right: &[], outside: &[] };
        DecisionRule { choice, calibration: Calibration::default(), thresholds: &HALVES, reject }
    }

    /// The score of a text that is clearly in scope.
    const SURE_SCORE: f32 = 100.0;

    fn labels(
        rule: DecisionRule<'_>,
        logits: &[f32],
        options: PredictOptions,
        room: usize,
    ) -> (usize, Vec<u32>) {
        let mut chosen = vec![Scored::default(); room];
        let count = rule.decide(SURE_SCORE, logits, &options, &mut chosen);
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
            assert_eq!(rule(choice).decide(-3.1, &[-1.0, 3.0, 2.0, -2.0], &options, &mut []), 0);
        }
    }

    #[test]
    fn a_text_is_rejected_under_the_reject_point_or_when_nothing_is_known_however_probable_a_label() {
        let (multi, options) = (rule(Choice::Multi), PredictOptions::default());
        let decide = |score, options| multi.decide(score, &[9.0; 4], &options, &mut []);
        assert_eq!(decide(f32::NEG_INFINITY, options), 0);
        assert_eq!(decide(-3.1, options), 0);
        assert_eq!(decide(-3.0, options), 4);
        let keep = |keep| PredictOptions { keep: Some(keep), ..options };
        assert_eq!((decide(-7.1, keep(0.99)), decide(-7.0, keep(0.99))), (0, 4));
        assert_eq!((decide(-1e9, keep(1.0)), decide(f32::NEG_INFINITY, keep(1.0))), (4, 0));
    }

    #[test]
    fn reject_points_are_interpolated_and_their_absence_rejects_nothing() {
        let rule = RejectRule { points: &POINTS, keep: 0.95, right: &[], outside: &[] };
        assert!((rule.below(Some(0.945)) + 2.5).abs() < 1e-4);
        assert_eq!(rule.below(Some(1e-9)), 92.0);
        assert_eq!(RejectRule { points: &[], keep: 0.5, ..rule }.below(Some(0.1)), f32::NEG_INFINITY);
    }

    #[test]
    fn a_cost_asks_for_the_share_at_which_mistakes_cost_least() {
        // Half of the lines are wrong, and all of those have lower scores than the others; so have
        // texts of no label.
        let right: Vec<f32> = (0..101).map(|point| (1.0 - point as f32 / 100.0).min(0.5)).collect();
        let outside: Vec<f32> = (0..101).map(|point| 1.0 - point as f32 / 100.0).collect();
        let rule = RejectRule { points: &POINTS, keep: 0.95, right: &right, outside: &outside };
        let keep = |ask_back, foreign| rule.cheapest(Cost { ask_back, foreign });
        assert_eq!((keep(0.3, 0.0), keep(1.0, 0.0), keep(0.0, 0.0)), (0.5, 1.0, 0.5));
        // A text of no label is wrong however sure; nearly all are.
        assert!(keep(0.3, 0.9) < 0.1, "{}", keep(0.3, 0.9));
        let before = RejectRule { right: &[], outside: &[], ..rule };
        assert_eq!(before.cheapest(Cost { ask_back: 0.3, foreign: 0.1 }), 0.95);
        let options =
            PredictOptions { cost: Some(Cost { ask_back: 0.3, foreign: 0.0 }), ..Default::default() };
        assert_eq!(rule.asked(&options), POINTS[50]);
        for cost in [Cost { ask_back: -0.1, foreign: 0.0 }, Cost { ask_back: 0.1, foreign: f32::NAN }] {
            assert!(PredictOptions { cost: Some(cost), ..Default::default() }.check().is_err());
        }
        assert!(PredictOptions { keep: Some(0.9), ..options }.check().is_err());
    }

    #[test]
    fn noisy_or_is_that_of_the_probabilities() {
        for (a, b) in [(0.0, 0.0), (-3.0, 2.0), (-9.0, -9.5), (5.0, 6.0), (80.0, -80.0), (0.0, -300.0)] {
            let mut logits = [a];
            noisy_or(&mut logits, &[b]);
            let (a, b, z) = (f64::from(a), f64::from(b), f64::from(logits[0]));
            let p = |z: f64| 1.0 / (1.0 + libm::exp(-z));
            let wanted = p(a) + p(b) - p(a) * p(b);
            assert!((p(z) - wanted).abs() < 1e-6 * wanted, "{a} {b}: {} {wanted}", p(z));
        }
    }

    #[test]
    fn equal_scores_keep_the_order_of_the_labels_even_when_their_sigmoids_saturate() {
        let options = PredictOptions { top: Some(4), ..Default::default() };
        assert_eq!(labels(rule(Choice::Multi), &[50.0, 60.0, 60.0, 40.0], options, 4).1, [1, 2, 0, 3]);
    }

    #[test]
    fn a_score_or_logit_that_is_no_number_is_never_answered() {
        let coupled = Calibration { scale: 0.9, coupling: 0.8, shift: 0.0 };
        let options = [None, Some(0.0)].map(|threshold| PredictOptions { threshold, ..Default::default() });
        let options = options.into_iter().chain([PredictOptions {
            top: Some(4),
            keep: Some(1.0),
            ..Default::default()
        }]);
        for options in options {
            for (choice, calibration) in [Choice::Single, Choice::Multi]
                .into_iter()
                .flat_map(|choice| [(choice, coupled), (choice, Calibration::default())])
            {
                let rule = DecisionRule { calibration, ..rule(choice) };
                let mut chosen = [Scored::default(); 4];
                assert_eq!(rule.decide(f32::NAN, &[1.0, 2.0, 3.0, 4.0], &options, &mut chosen), 0);
                for at in 0..4 {
                    let mut logits = [1.0, 5.0, 3.0, 4.0];
                    logits[at] = f32::NAN;
                    let count = rule.decide(SURE_SCORE, &logits, &options, &mut chosen);
                    let answered = &chosen[..count];
                    assert!(answered.iter().all(|scored| scored.label as usize != at), "{answered:?} {at}");
                    assert!(answered.iter().all(|scored| scored.probability >= 0.0), "{answered:?} {at}");
                    let (count, _) = rule.decide_with(&[2], SURE_SCORE, &logits, &options, &mut chosen);
                    assert!(
                        chosen[..count].iter().all(|scored| scored.probability >= 0.0),
                        "{chosen:?} {at}"
                    );
                }
            }
        }
    }

    #[test]
    fn rules_come_before_an_unsure_network_and_behind_a_sure_one() {
        let (multi, single) = (rule(Choice::Multi), rule(Choice::Single));
        let decide = |rule: DecisionRule<'_>, logits: &[f32], options: PredictOptions, score: f32| {
            let mut chosen = [Scored::default(); 4];
            let (count, source) = rule.decide_with(&[3, 0], score, logits, &options, &mut chosen);
            (chosen[..count].iter().map(|s| (s.label, s.probability)).collect::<Vec<_>>(), source)
        };
        let plain = PredictOptions::default();
        let sigmoid = |z: f32| 1.0 / (1.0 + exp(-z));
        let near = |(found, source): (Vec<(u32, f32)>, Source), wanted: &[(u32, f32)], from: Source| {
            assert_eq!(source, from);
            assert_eq!(found.len(), wanted.len(), "{found:?}");
            assert!(
                found.iter().zip(wanted).all(|(f, w)| f.0 == w.0 && (f.1 - w.1).abs() < 1e-6),
                "{found:?}"
            );
        };
        let unsure = [-3.0, 1.0, 0.5, -2.0];
        let (p, q) = (sigmoid(1.0), sigmoid(0.5));
        near(
            decide(multi, &unsure, plain, SURE_SCORE),
            &[(3, SURE), (0, SURE), (1, p), (2, q)],
            Source::Rule,
        );
        near(decide(single, &unsure, plain, SURE_SCORE), &[(3, SURE)], Source::Rule);
        // A rejected text gets only the rules' labels.
        near(decide(multi, &unsure, plain, -50.0), &[(3, SURE), (0, SURE)], Source::Rule);
        near(decide(multi, &unsure, plain, f32::NEG_INFINITY), &[(3, SURE), (0, SURE)], Source::Rule);
        let top = PredictOptions { top: Some(3), ..plain };
        near(decide(single, &unsure, top, SURE_SCORE), &[(3, SURE), (0, SURE), (1, p)], Source::Rule);
        near(
            decide(single, &unsure, PredictOptions { top: Some(1), ..plain }, SURE_SCORE),
            &[(3, SURE)],
            Source::Rule,
        );
        let sure = [-3.0, 2.0, -1.0, -2.0];
        near(decide(multi, &sure, plain, SURE_SCORE), &[(1, sigmoid(2.0))], Source::Network);
        let strict = PredictOptions { threshold: Some(0.9), ..plain };
        near(decide(multi, &unsure, strict, SURE_SCORE), &[], Source::Network);
        // The count includes labels that don't fit.
        let mut one = [Scored::default()];
        let (count, _) = multi.decide_with(&[3, 0], SURE_SCORE, &unsure, &plain, &mut one);
        assert_eq!((count, one[0].label), (4, 3));
        assert_eq!(multi.decide_with(&[3, 0], SURE_SCORE, &unsure, &plain, &mut []).0, 4);
    }

    #[test]
    fn options_out_of_range_are_refused_by_name() {
        for threshold in [-0.1, 1.1, f32::NAN] {
            let options = PredictOptions { threshold: Some(threshold), ..Default::default() };
            assert!(options.check().unwrap_err().to_string().contains("`threshold`"));
        }
        for keep in [0.0, 1.1, f32::NAN] {
            let options = PredictOptions { keep: Some(keep), ..Default::default() };
            assert!(options.check().unwrap_err().to_string().contains("`keep`"));
        }
        assert!(PredictOptions { top: Some(0), ..Default::default() }.check().is_err());
        assert!(
            PredictOptions { threshold: Some(1.0), top: Some(1), keep: Some(1.0), cost: None }
                .check()
                .is_ok()
        );
    }
}
