//! The stages of a prediction, each timed on its own.

use super::timing::{Percentiles, measure, percentiles, rate};
use intentkit::FeatureVector;
use intentkit::MAX_CLAUSES;
use intentkit::model::DIMENSIONS;
use intentkit::{Classifier, PredictOptions, Scored};
use serde::Serialize;
use std::hint::black_box;

/// Times of a whole prediction and of its stages.
#[derive(Serialize)]
pub struct Stages {
    pub text_to_labels_us: Percentiles,
    pub vectorize_us: Percentiles,
    pub network_us: Percentiles,
    pub decision_us: Percentiles,
    /// Passes over the texts in which whole predictions were timed.
    #[serde(skip)]
    pub passes: usize,
}

impl Stages {
    /// Measures on `texts`. Fails if one of them can't be classified.
    pub fn measured(classifier: &Classifier, texts: &[&str]) -> Result<Stages, intentkit::Error> {
        // Fails here, so the loops below need not look at every result.
        let features = texts.iter().map(|text| classifier.vectorize(text)).collect::<Result<Vec<_>, _>>()?;
        let readings =
            texts.iter().map(|text| Reading::of(classifier, text)).collect::<Result<Vec<_>, _>>()?;

        let options = PredictOptions::default();
        let mut chosen = vec![Scored::default(); classifier.labels().len()];
        let whole = measure(texts, |text| {
            let _ = black_box(classifier.predict_into(black_box(text), &options, &mut chosen));
        });
        let mut rows = [[0.0; DIMENSIONS]; MAX_CLAUSES];
        let vectorize = measure(texts, |text| {
            let _ = black_box(classifier.vectorize_rows(black_box(text), &mut rows));
        });
        let mut logits = vec![0.0; classifier.labels().len()];
        let network = measure(&features, |features| {
            classifier.network(black_box(features), &mut logits);
            black_box(&logits);
        });
        let decision = measure(&readings, |read| {
            let mut reading = classifier.model().reading(&mut logits);
            for (row, of_row) in &read.rows {
                reading.add(black_box(row), of_row);
            }
            let score = reading.finish(&mut |features, logits| {
                classifier.model().logits(std::slice::from_ref(features), logits);
            });
            black_box(classifier.model().rule().decide(score, black_box(&logits), &options, &mut chosen));
        });
        Ok(Stages {
            passes: whole.passes,
            text_to_labels_us: percentiles(whole.times),
            vectorize_us: percentiles(vectorize.times),
            network_us: percentiles(network.times),
            decision_us: percentiles(decision.times),
        })
    }
}

/// Texts a second, one at a time on one thread.
pub fn singles_per_second(classifier: &Classifier, texts: &[&str]) -> f64 {
    let options = PredictOptions::default();
    let mut chosen = vec![Scored::default(); classifier.labels().len()];
    rate(texts.len(), || {
        for text in texts {
            let _ = black_box(classifier.predict_into(black_box(text), &options, &mut chosen));
        }
    })
}

/// A text as the decision gets it: for each clause the features and their logits.
struct Reading {
    rows: Vec<(FeatureVector, Vec<f32>)>,
}

impl Reading {
    fn of(classifier: &Classifier, text: &str) -> Result<Self, intentkit::Error> {
        let mut rows = [[0.0; DIMENSIONS]; MAX_CLAUSES];
        let count = classifier.vectorize_rows(text, &mut rows)?;
        let with_logits = |row: &FeatureVector| {
            let mut logits = vec![0.0; classifier.labels().len()];
            classifier.network(row, &mut logits);
            (*row, logits)
        };
        Ok(Reading { rows: rows[..count].iter().map(with_logits).collect() })
    }
}
