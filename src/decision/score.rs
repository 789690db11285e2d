//! Reject score: how sure a model is that a feature row belongs to any of its labels.

use crate::shape::DIMENSIONS;
use crate::simd;
use crate::vectorizer::FeatureVector;

/// Centroids of the labels: for each label, the mean of its training rows.
#[derive(Debug, Clone, Copy)]
pub struct Centroids<'a> {
    /// One row of [`DIMENSIONS`] values per label.
    pub rows: &'a [i8],
    /// The reciprocal of each row's L2 norm; 0 for a label without a centroid.
    pub inverse_norms: &'a [f32],
}

/// How the reject score of a row is computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScoreSettings {
    /// Weight of the cosine to the top label's centroid, in logits. At 0 the score is the logit
    /// alone.
    #[serde(rename = "cosine_weight")]
    pub weight: f32,
    /// Upper limit of the top logit. A label with most of the training lines gets huge logits for
    /// almost any text. Defaults to no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logit_cap: Option<f32>,
    /// Multiplies the cosine by this power of the features' norm, 0 to 3. 0 in models with features
    /// of unit norm.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub length_power: u8,
    /// Whether a logit over 0 is multiplied by the same power, because a network can be sure of a
    /// text with little evidence. Defaults to false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub length_scales_logit: bool,
}

fn is_zero(power: &u8) -> bool {
    *power == 0
}

/// A hyperplane between texts like the training lines without labels and all others.
#[derive(Debug, Clone, Copy)]
pub struct Outside {
    /// The plane's normal, towards the lines without labels: int8 values and their step.
    weights: [i8; DIMENSIONS],
    step: f32,
    /// Added to the dot product of normal and features.
    bias: f32,
}

impl Outside {
    /// Penalty on the reject score per unit of margin above [`Outside::MARGIN`]. At the margin of
    /// the training lines without labels it costs about the difference between the training texts
    /// and unrelated texts.
    const PENALTY: f32 = 25.0;
    /// The margin above which the penalty applies; a small margin says nothing yet.
    pub const MARGIN: f32 = 0.2;

    /// Returns the margin at which a row loses `loss` of its score.
    pub fn margin_for(loss: f32) -> f32 {
        Outside::MARGIN + loss / Outside::PENALTY
    }

    /// Makes a plane from [`DIMENSIONS`] weights and a bias. Returns `None` for any other number of
    /// values.
    pub fn new(values: &[f32]) -> Option<Outside> {
        let (weights, bias) = values.split_first_chunk::<DIMENSIONS>()?;
        let [bias] = bias else { return None };
        let mut rounded = [0; DIMENSIONS];
        let step = simd::quantise(weights, &mut rounded);
        Some(Outside { weights: rounded, step, bias: *bias })
    }

    /// Returns how far a row lies on the side of the lines without labels: about 1 for one of them,
    /// 0 or less for other texts.
    pub fn margin(&self, features: &FeatureVector) -> f32 {
        self.margin_of(&Rounded::new(features))
    }

    fn margin_of(&self, row: &Rounded) -> f32 {
        simd::dot_i8(&self.weights, &row.values) as f32 * (self.step * row.step) + self.bias
    }
}

/// Features rounded to int8.
struct Rounded {
    values: [i8; DIMENSIONS],
    /// The value of one integer step.
    step: f32,
    /// The squared L2 norm of the integers.
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

/// Computes the reject score of feature rows.
#[derive(Debug, Clone, Copy)]
pub struct RejectScore<'a> {
    /// The labels' centroids.
    pub centroids: Centroids<'a>,
    /// How the score is computed.
    pub settings: ScoreSettings,
    /// Set if the model was trained with lines without labels.
    pub outside: Option<&'a Outside>,
}

impl RejectScore<'_> {
    /// Returns the reject score of a row; higher is surer. Returns negative infinity if there are
    /// no logits.
    ///
    /// The score is the top logit up to the cap, plus the weighted cosine to the top label's
    /// centroid, scaled by a power of the features' norm, minus the penalty of [`Outside`].
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
    /// Returns the cosine between a feature vector and a label's centroid, 0 if either is zero.
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

    /// Returns a label's centroid at unit norm, or zeros for a label without one.
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
        // The features' norm doesn't change the cosine.
        near(score.of(&features.map(|f| f * 40.0), &[2.0, 3.0]), 3.0 + 16.0);
        let with = |settings| RejectScore { settings, ..score };
        assert_eq!(with(ScoreSettings { weight: 0.0, ..settings }).of(&features, &[2.0, 1.0]), 2.0);
        assert_eq!(score.of(&[0.0; DIMENSIONS], &[2.0, 1.0]), 2.0);
        // Half the evidence halves or quarters the cosine's share; the logit counts up to the cap.
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
