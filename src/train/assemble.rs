//! Assembles the parts of a model from a run and its findings.

use super::bags::Frequencies;
use super::threshold::Curves;
use super::training::Training;
use super::weights::Weights;
use super::{centroids, outside, quantise};
use crate::calibration::Calibration;
use crate::decision::ScoreSettings;
use crate::error::Result;
use crate::model::{Draft, LexiconSettings, Metadata, Parts, RejectSettings, TableParts, TrainingSummary};
use crate::shape::DIMENSIONS;

/// The measurements on held-out lines, or their defaults without any.
pub(super) struct Findings {
    /// Number of held-out lines with labels.
    pub(super) lines: usize,
    pub(super) epochs: usize,
    pub(super) accuracy: Option<f64>,
    pub(super) familiar: Option<f64>,
    pub(super) answered: Option<f64>,
    pub(super) calibration: Calibration,
    pub(super) curves: Curves,
}

impl Training<'_> {
    /// Returns the parts of a model without centroids.
    pub(super) fn parts(
        &self,
        weights: &Weights,
        frequencies: Option<&Frequencies>,
        separators: &[String],
        findings: Findings,
        training: TrainingSummary,
    ) -> Parts {
        let labels = self.targets.names.len();
        // Feature rows from the caller may have any length.
        let length_power = if frequencies.is_some() { self.recipe.score.length_power } else { 0 };
        let score = ScoreSettings { length_power, ..self.recipe.score };
        let (layers, linear) = quantise::network(weights, &self.recipe);
        let transfer = frequencies.and_then(|f| f.transfer.as_ref());
        let (table, lexicon) = match frequencies {
            Some(frequencies) => {
                quantise::table(weights, &frequencies.idf, transfer, self.recipe.learned_table)
            }
            None => (TableParts::default(), None),
        };
        let (lexicon_rows, lexicon) = match lexicon {
            Some((rows, weight)) => (rows, Some(LexiconSettings { weight })),
            None => (vec![], None),
        };
        Parts {
            metadata: Metadata {
                preset: self.recipe.preset.name().into(),
                choice: self.recipe.choice,
                labels: self.targets.names.clone(),
                ngrams: frequencies.map(|_| self.recipe.ngrams.clone()),
                separators: separators.to_vec(),
                symbols: self.symbols.0.clone(),
                doubt: self.doubt(separators),
                lexicon,
                calibration: findings.calibration,
                reject: RejectSettings { keep: self.keep(&findings.curves), score },
                training,
                ..Metadata::default()
            },
            table,
            known: frequencies.map(|f| f.known.clone()).unwrap_or_default(),
            frequent: frequencies.map(|f| f.frequent.clone()).unwrap_or_default(),
            lexicon_rows,
            lexicon_words: transfer.map(|transfer| transfer.words.clone()).unwrap_or_default(),
            layers,
            linear,
            thresholds: vec![0.5; labels],
            reject_points: findings.curves.points,
            reject_right: findings.curves.right,
            reject_outside: findings.curves.outside,
            centroids: vec![0; labels * DIMENSIONS],
            centroid_inverse_norms: vec![0.0; labels],
            outside: vec![],
        }
    }

    /// Adds the centroids and the out-of-scope plane of `lines`, if the reject score uses them.
    pub(super) fn with_places(&self, mut parts: Parts, lines: &[usize]) -> Result<Parts> {
        if self.recipe.score.weight <= 0.0 {
            return Ok(parts);
        }
        let (inputs, of_line) = (&self.data.inputs, &self.targets.of_line);
        let draft = Draft::new(&parts);
        let (centroids, inverse_norms) = centroids::centroids(&draft, inputs, of_line, lines)?;
        let outside = outside::outside(&draft, inputs, of_line, lines)?;
        (parts.centroids, parts.centroid_inverse_norms) = (centroids, inverse_norms);
        parts.outside = outside;
        Ok(parts)
    }
}
