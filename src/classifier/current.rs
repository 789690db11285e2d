//! The current model, and its replacement.

use super::sync::ArcSwap;
use super::{Classifier, Prediction};
use crate::decision::{Scored, Source};
use crate::model::Model;
use crate::monitor::{LabelCounts, Observation, Statistics};
use std::ops::Deref;
use std::sync::Arc;

/// An immutable [`Classifier`] and its version. Holders keep the same model when another is swapped
/// in.
pub struct Current {
    pub(super) classifier: Classifier,
    pub(super) version: u64,
    pub(super) counts: Arc<LabelCounts>,
}

impl Current {
    /// Returns the version: 1 for the first model, one more after each swap.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns what the statistics count of a single prediction by this model: the number of chosen
    /// labels, and those that were written.
    #[inline]
    pub(super) fn observation<'a>(
        &self,
        count: usize,
        source: Source,
        chosen: &'a [Scored],
    ) -> Observation<'a> {
        Observation::new(count, source, chosen, self.classifier.engines.place())
    }
}

impl Deref for Current {
    type Target = Classifier;

    fn deref(&self) -> &Classifier {
        &self.classifier
    }
}

/// A prediction of a live classifier, with the model that made it.
#[derive(Clone)]
pub struct LivePrediction {
    prediction: Prediction,
    current: Arc<Current>,
}

impl LivePrediction {
    pub(super) fn new(prediction: Prediction, current: Arc<Current>) -> Self {
        LivePrediction { prediction, current }
    }

    /// Returns the chosen labels, their source, and whether the text is rejected.
    pub fn prediction(&self) -> &Prediction {
        &self.prediction
    }

    /// Returns the names and probabilities of the chosen labels, best first.
    pub fn labels(&self) -> impl Iterator<Item = (&str, f32)> {
        self.prediction
            .labels()
            .iter()
            .filter_map(|scored| Some((self.current.label(scored.label)?, scored.probability)))
    }

    /// Returns the version of the model that made the prediction.
    pub fn version(&self) -> u64 {
        self.current.version
    }
}

/// The state that predictions read and learning replaces.
pub(super) struct Published {
    current: ArcSwap<Current>,
    pub(super) statistics: Statistics,
}

impl Published {
    pub(super) fn new(classifier: Classifier) -> Arc<Self> {
        let counts = LabelCounts::new(classifier.labels());
        let statistics = Statistics::new();
        statistics.count_labels(&counts);
        let current = ArcSwap::new(Arc::new(Current { classifier, version: 1, counts }));
        Arc::new(Published { current, statistics })
    }

    /// Returns the current model, to be held for any time.
    pub(super) fn current(&self) -> Arc<Current> {
        self.current.load_full()
    }

    /// Returns the current model, to be held during a prediction.
    #[inline]
    pub(super) fn now(&self) -> impl Deref<Target = Arc<Current>> + '_ {
        self.current.load()
    }

    /// Replaces the current model. The caller must hold the learning lock, which orders the swaps.
    pub(super) fn publish(&self, model: &Arc<Model>) {
        let old = self.current();
        let engines = old.classifier.engines.succeed(model);
        let classifier = Classifier { model: Arc::clone(model), engines };
        let version = old.version + 1;
        let same = old.counts.names() == model.labels();
        let counts = if same { Arc::clone(&old.counts) } else { LabelCounts::new(model.labels()) };
        self.current.store(Arc::new(Current { classifier, version, counts: Arc::clone(&counts) }));
        drop(old);
        if !same {
            self.statistics.count_labels(&counts);
        }
    }
}
