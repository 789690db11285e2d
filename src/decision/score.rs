//! How sure a model is that a row belongs to any of its labels.

use crate::shape::DIMENSIONS;
use crate::simd;
use crate::vectorizer::FeatureVector;

/// Where the labels' texts lie: for each the mean of its training rows.
#[derive(Debug, Clone, Copy)]
pub struct Centroids<'a> {
    /// A row of [`DIMENSIONS`] for each label.
    pub rows: &'a [i8],
    /// The reciprocal of each row's length; 0 for a label without.
    pub inverse_norms: &'a [f32],
}

/// How the reject score of a row is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScoreSettings {
    /// What a cosine of 1 to the centroid of the top label adds, in logits; 0 leaves the logit alone.
    #[serde(rename = "cosine_weight")]
    pub weight: f32,
    /// The largest logit that counts: a label with most of the training lines has huge ones for whatever touches it. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logit_cap: Option<f32>,
    /// The power of the features' length that the cosine is multiplied by, 0 to 3; 0 for models whose features have unit length.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub length_power: u8,
    /// Whether a logit over 0 is multiplied by that power too: a network is sure of much that a text hardly has. Default: no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub length_scales_logit: bool,
}

fn is_zero(power: &u8) -> bool {
    *power == 0
}

/// Tells texts like the training lines without labels from the others: a plane between them.
#[derive(Debug, Clone, Copy)]
pub struct Outside {
    /// The direction of the lines without labels, as integers and what one of them stands for.
    weights: [i8; DIMENSIONS],
    step: f32,
    /// What is added to the product of direction and features.
    bias: f32,
}

impl Outside {
    /// What a row as far outside as the training lines without labels loses of its reject score: as much as lies between texts of the
    /// training data and texts that have nothing to do with it.
    const PENALTY: f32 = 25.0;
    /// The margin from which on it loses any: a little on that side says nothing yet.
    pub const MARGIN: f32 = 0.2;

    /// The margin at which a row loses this much of its score.
    pub fn margin_for(loss: f32) -> f32 {
        Outside::MARGIN + loss / Outside::PENALTY
    }

    /// Of [`DIMENSIONS`] weights and the bias; `None` for another number of values.
    pub fn new(values: &[f32]) -> Option<Outside> {
        let (weights, bias) = values.split_first_chunk::<DIMENSIONS>()?;
        let [bias] = bias else { return None };
        let mut rounded = [0; DIMENSIONS];
        let step = simd::quantise(weights, &mut rounded);
        Some(Outside { weights: rounded, step, bias: *bias })
    }

    /// How far a row is on the side of the lines without labels: about 1 for such a line, 0 or less for others.
    pub fn margin(&self, features: &FeatureVector) -> f32 {
        self.margin_of(&Rounded::new(features))
    }

    fn margin_of(&self, row: &Rounded) -> f32 {
        simd::dot_i8(&self.weights, &row.values) as f32 * (self.step * row.step) + self.bias
    }
}

/// Features as integers.
struct Rounded {
    values: [i8; DIMENSIONS],
    /// What one of them stands for.
    step: f32,
    /// Of the integers' length.
    square: i32,
}

impl Rounded {
    fn new(features: &FeatureVector) -> Rounded {
        let mut values = [0; DIMENSIONS];
        let step = simd::quantise(features, &mut values);
        let square = simd::dot_i8(&values, &values);
        Rounded { values, step, square }
    }
}

/// How sure a model is that a row belongs to any of its labels.
#[derive(Debug, Clone, Copy)]
pub struct RejectScore<'a> {
    /// Where the labels' texts lie.
    pub centroids: Centroids<'a>,
    /// How the score is made.
    pub settings: ScoreSettings,
    /// For a model trained with lines without labels.
    pub outside: Option<&'a Outside>,
}

impl RejectScore<'_> {
    /// The largest logit up to the cap, plus the weighted cosine to that label's centroid, both times a power of the features' length,
    /// less what speaks for the lines without labels. Higher is surer.
    pub fn of(&self, features: &FeatureVector, logits: &[f32]) -> f32 {
        let Some(top) = simd::largest(logits) else { return f32::NEG_INFINITY };
        let ScoreSettings { weight, logit_cap, length_power, length_scales_logit } = self.settings;
        let mut score = logit_cap.map_or(logits[top], |cap| logits[top].min(cap));
        if weight <= 0.0 && self.outside.is_none() {
            return score;
        }
        let row = Rounded::new(features);
        if weight > 0.0 {
            let cosine = self.centroids.cosine_of(&row, top);
            let length = row.step * (row.square as f32).sqrt();
            let evidence = match length_power {
                0 => 1.0,
                1 => length,
                2 => length * length,
                _ => length * length * length,
            };
            if length_scales_logit {
                score = evidence * score.max(0.0) + score.min(0.0);
            }
            score += weight * evidence * cosine;
        }
        if let Some(outside) = self.outside {
            score -= Outside::PENALTY * (outside.margin_of(&row) - Outside::MARGIN).max(0.0);
        }
        score
    }
}

impl Centroids<'_> {
    /// The cosine between a feature vector and a label's centroid.
    pub fn cosine(&self, features: &FeatureVector, label: usize) -> f32 {
        self.cosine_of(&Rounded::new(features), label)
    }

    fn cosine_of(&self, Rounded { values, square, .. }: &Rounded, label: usize) -> f32 {
        match self.rows.as_chunks().0.get(label) {
            Some(row) if *square > 0 => {
                simd::dot_i8(row, values) as f32 * self.inverse_norms[label] / (*square as f32).sqrt()
            }
            _ => 0.0,
        }
    }

    /// A label's centroid, of unit length; zeros for a label without.
    pub fn direction(&self, label: usize) -> FeatureVector {
        let row = self.rows.as_chunks::<DIMENSIONS>().0.get(label);
        row.map_or([0.0; DIMENSIONS], |row| row.map(|value| f32::from(value) * self.inverse_norms[label]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reject_score_is_the_largest_logit_and_the_cosine_to_its_label() {
        let mut rows = vec![0i8; 2 * DIMENSIONS];
        (rows[0], rows[DIMENSIONS + 1]) = (100, 50);
        let centroids = Centroids { rows: &rows, inverse_norms: &[0.01, 0.02] };
        let settings = ScoreSettings { weight: 20.0, logit_cap: None, ..ScoreSettings::default() };
        let score = RejectScore { centroids, settings, outside: None };
        let mut features = [0.0; DIMENSIONS];
        (features[0], features[1]) = (0.6, 0.8);
        let near = |found: f32, wanted: f32| assert!((found - wanted).abs() < 0.1, "{found} {wanted}");
        near(score.of(&features, &[2.0, 1.0]), 2.0 + 12.0);
        near(score.of(&features, &[2.0, 3.0]), 3.0 + 16.0);
        // The length of the features is theirs.
        near(score.of(&features.map(|f| f * 40.0), &[2.0, 3.0]), 3.0 + 16.0);
        let with = |settings| RejectScore { settings, ..score };
        assert_eq!(with(ScoreSettings { weight: 0.0, ..settings }).of(&features, &[2.0, 1.0]), 2.0);
        assert_eq!(score.of(&[0.0; DIMENSIONS], &[2.0, 1.0]), 2.0);
        // Half of the evidence is half of the cosine, or a quarter of it; a logit counts up to the cap.
        let half = features.map(|f| f / 2.0);
        for (power, part) in [(1, 0.5), (2, 0.25), (3, 0.125)] {
            let settings = ScoreSettings { length_power: power, logit_cap: Some(2.5), ..settings };
            near(with(settings).of(&half, &[2.0, 3.0]), 2.5 + 16.0 * part);
            let whole = ScoreSettings { length_scales_logit: true, ..settings };
            near(with(whole).of(&half, &[2.0, 3.0]), (2.5 + 16.0) * part);
            near(with(whole).of(&half, &[-2.0, -3.0]), -2.0 + 12.0 * part);
        }
    }

    #[test]
    fn a_row_on_the_side_of_the_lines_without_labels_loses_score_and_another_does_not() {
        let rows = [0i8; DIMENSIONS];
        let centroids = Centroids { rows: &rows, inverse_norms: &[0.0] };
        let mut values = [0.0; DIMENSIONS + 1];
        (values[0], values[DIMENSIONS]) = (2.0, -1.0);
        let outside = Outside::new(&values).unwrap();
        let settings =
            ScoreSettings { weight: 40.0, logit_cap: Some(4.0), length_power: 1, length_scales_logit: false };
        let score = RejectScore { centroids, settings, outside: Some(&outside) };
        let (mut near, mut far) = ([0.0; DIMENSIONS], [0.0; DIMENSIONS]);
        (near[0], far[1]) = (1.0, 1.0);
        assert!((score.of(&near, &[3.0]) - (3.0 - 20.0)).abs() < 1e-3);
        assert_eq!(score.of(&far, &[3.0]), 3.0);
        assert!(Outside::new(&values[1..]).is_none() && Outside::new(&[]).is_none());
    }
}
