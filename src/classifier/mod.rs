//! A model with the engines that run it; and the live classifier: learning, swapping, queueing,
//! counting.

mod batch;
mod current;
mod evaluate;
mod explain;
mod future;
mod guard;
mod learning;
mod live;
mod priority;
mod queue;
#[cfg(all(test, shuttle))]
mod schedules;
mod sync;
mod worker;

use crate::clock::ticks;
use crate::decision::{PredictOptions, Scored, Source};
use crate::engine::{self, EngineChoice, Engines, Precision};
use crate::error::{Error, Result};
use crate::export::{self, CoreMlOptions};
use crate::model::{Model, with_logits};
use crate::shape::DIMENSIONS;
use crate::train::{self, Dataset, ProgressFn, TrainOptions, TrainReport};
use crate::vectorizer::FeatureVector;
pub use current::{Current, LivePrediction};
pub use evaluate::{Evaluation, Evaluator, Outcome};
pub use explain::{Attribution, ExplainedClause, ExplainedLabel, Explanation, Share};
pub use future::PendingPrediction;
pub use learning::RetrainOptions;
pub use live::{Decided, LiveClassifier};
pub use queue::{QueueOptions, Ticket};
use smallvec::SmallVec;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The labels chosen for one text, best first. Holds up to four without allocating.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prediction {
    labels: SmallVec<[Scored; 4]>,
    source: Source,
}

impl Prediction {
    /// Returns the chosen labels, best first; empty if and only if the text is rejected.
    pub fn labels(&self) -> &[Scored] {
        &self.labels
    }

    /// Returns the source of the labels.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Returns true if the text belongs to no label.
    pub fn is_rejected(&self) -> bool {
        self.labels.is_empty()
    }
}

/// Returns what `decide` writes into the buffer it is given. Calls it again with a larger one if
/// that was too small.
fn prediction(decide: impl Fn(&mut [Scored]) -> (usize, Source)) -> Prediction {
    let mut labels = SmallVec::from([Scored::default(); 4]);
    let (count, source) = decide(&mut labels);
    if count > labels.len() {
        labels.resize(count, Scored::default());
        decide(&mut labels);
    }
    labels.truncate(count);
    Prediction { labels, source }
}

/// Classifies texts. All calls that take `&self` may run on any number of threads at once without
/// waiting for each other.
///
/// ```
/// use intentkit::{Classifier, TrainOptions, data::Example};
///
/// let examples = [
///     Example::new("turn on the lights", ["light"]),
///     Example::new("switch the lamp off", ["light"]),
///     Example::new("play some jazz", ["music"]),
///     Example::new("play my favourite song", ["music"]),
/// ];
/// let (classifier, _) = Classifier::train(&examples, &TrainOptions::default())?;
/// let prediction = classifier.predict("lights off please")?;
/// assert_eq!(classifier.label(prediction.labels()[0].label), Some("light"));
/// assert!(classifier.predict("Привет, как дела?")?.is_rejected());
/// # Ok::<(), intentkit::Error>(())
/// ```
pub struct Classifier {
    model: Arc<Model>,
    engines: Engines,
}

impl From<Arc<Model>> for Classifier {
    /// Creates a classifier from a shared model.
    fn from(model: Arc<Model>) -> Self {
        Classifier { engines: Engines::new(&model), model }
    }
}

impl Classifier {
    /// Creates a classifier from a model, with int8 arithmetic.
    pub fn new(model: Model) -> Self {
        Classifier::from(Arc::new(model))
    }

    /// Trains on examples.
    ///
    /// # Errors
    /// As [`train::train`].
    pub fn train(examples: &[crate::data::Example], options: &TrainOptions) -> Result<(Self, TrainReport)> {
        Classifier::train_on(&Dataset::of(examples), None, options, &mut |_| true)
    }

    /// Trains on texts or feature rows, with optional validation data and progress callback.
    ///
    /// # Errors
    /// As [`train::train`].
    pub fn train_on(
        data: &Dataset<'_>,
        valid: Option<&Dataset<'_>>,
        options: &TrainOptions,
        progress: &mut ProgressFn<'_>,
    ) -> Result<(Self, TrainReport)> {
        let (model, report) = train::train(data, valid, options, progress)?;
        Ok((Classifier::new(model), report))
    }

    /// Opens a model file as a memory map; see [`Model::load`].
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Model::load(path.as_ref()).map(Classifier::new)
    }

    /// Opens a model from bytes, which are copied.
    ///
    /// # Errors
    /// As [`Model::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Model::from_bytes(bytes).map(Classifier::new)
    }

    /// Writes the model to a file, atomically; see [`Model::save`].
    ///
    /// # Errors
    /// As [`Model::save`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.model.save(path.as_ref())
    }

    /// Writes the model's network as a Core ML package; see [`export::core_ml`].
    ///
    /// # Errors
    /// As [`export::core_ml`].
    pub fn export_core_ml(&self, path: impl AsRef<Path>, options: &CoreMlOptions) -> Result<()> {
        export::core_ml(&self.model, path.as_ref(), options)
    }

    /// Chooses the arithmetic of the CPU engine. The model is unchanged.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.engines = self.engines.with_precision(precision, &self.model);
        self
    }

    /// Returns the model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    fn shared_model(&self) -> Arc<Model> {
        Arc::clone(&self.model)
    }

    /// Returns the name of the engine used for single texts.
    pub fn engine(&self) -> &'static str {
        self.engines.name()
    }

    /// Chooses the engine, and returns immediately; see [`Engines::choose`]. Results differ only by
    /// the engine's rounding.
    pub fn set_engine_choice(&self, choice: EngineChoice) {
        self.engines.choose(&self.model, choice);
    }

    /// Returns which engines are used, and why.
    pub fn engine_report(&self) -> engine::Report {
        self.engines.report()
    }

    /// Blocks until no engine is being measured or `longest` elapses. Returns true if none is being
    /// measured.
    pub fn wait_for_engine(&self, longest: Duration) -> bool {
        self.engines.wait(longest)
    }

    /// Returns the label names, by index.
    pub fn labels(&self) -> &[String] {
        self.model.labels()
    }

    /// Returns the name of a label, or `None` if the index is out of range.
    pub fn label(&self, index: u32) -> Option<&str> {
        self.labels().get(index as usize).map(String::as_str)
    }

    /// Chooses the labels of a text with default options.
    ///
    /// # Errors
    /// [`Error::TextTooLong`], or [`Error::NoVectorizer`] for a model trained from feature rows.
    pub fn predict(&self, text: &str) -> Result<Prediction> {
        self.predict_with(text, &PredictOptions::default())
    }

    /// Chooses the labels of a text. Allocates only for more than four labels.
    ///
    /// # Errors
    /// As [`Classifier::predict`], and [`Error::InvalidArgument`] for options out of range.
    pub fn predict_with(&self, text: &str, options: &PredictOptions) -> Result<Prediction> {
        options.check()?;
        self.with_reading(text, |score, logits| {
            prediction(|chosen| self.decide(text, score, logits, options, chosen))
        })
    }

    /// Chooses the labels of a text and writes the best of them to `chosen`, best first, as far as
    /// they fit. Returns the number of chosen labels, which may exceed the number written; 0 if and
    /// only if the text is rejected. Doesn't allocate or lock.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn predict_into(&self, text: &str, options: &PredictOptions, chosen: &mut [Scored]) -> Result<usize> {
        self.predict_from(text, options, chosen).map(|(count, _)| count)
    }

    /// As [`Classifier::predict_into`]. Also returns the source of the labels.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn predict_from(
        &self,
        text: &str,
        options: &PredictOptions,
        chosen: &mut [Scored],
    ) -> Result<(usize, Source)> {
        options.check()?;
        self.with_reading(text, |score, logits| self.decide(text, score, logits, options, chosen))
    }

    /// As [`Classifier::predict_from`]. Also writes the ticks of the stages: vectorizing, the
    /// network, the decision.
    fn predict_in_stages(
        &self,
        text: &str,
        options: &PredictOptions,
        chosen: &mut [Scored],
        stages: &mut [u64; 3],
    ) -> Result<(usize, Source)> {
        options.check()?;
        with_logits(self.labels().len(), |logits| {
            let (start, network) = (ticks(), Cell::new(0));
            let mut reading = self.model.reading(logits);
            let timed = |features: &FeatureVector, logits: &mut [f32]| {
                let start = ticks();
                self.network(features, logits);
                network.set(network.get() + ticks().wrapping_sub(start));
            };
            self.model.for_each_row(text, |row| reading.row(row, timed))?;
            let (score, read) = (reading.finish(&mut |whole, logits| timed(whole, logits)), ticks());
            let decided = self.decide(text, score, logits, options, chosen);
            let vectorized = read.wrapping_sub(start).saturating_sub(network.get());
            *stages = [vectorized, network.get(), ticks().wrapping_sub(read)];
            Ok(decided)
        })
    }

    /// Chooses labels by logits and by the rules that match the text.
    #[inline]
    fn decide(
        &self,
        text: &str,
        score: f32,
        logits: &[f32],
        options: &PredictOptions,
        chosen: &mut [Scored],
    ) -> (usize, Source) {
        let matched = self.model.matches(text);
        self.model.rule().decide_with(&matched, score, logits, options, chosen)
    }

    /// Calls `decide` with a text's reject score and logits.
    fn with_reading<R>(&self, text: &str, decide: impl FnOnce(f32, &[f32]) -> R) -> Result<R> {
        with_logits(self.labels().len(), |logits| {
            let score = self.logits(text, logits)?;
            Ok(decide(score, logits))
        })
    }

    /// The second half of [`Classifier::predict_into`]: chooses labels for feature vectors, one per
    /// clause of a text, such as those of [`Classifier::vectorize_rows`]. The result is the same,
    /// bit for bit, if no keyword rule matches the text: rules need the text and are not used here.
    /// Vectors of zeros have no effect; a text of such vectors alone is rejected.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for options out of range or features that are not finite numbers
    /// up to a million.
    pub fn predict_features(
        &self,
        rows: &[FeatureVector],
        options: &PredictOptions,
        chosen: &mut [Scored],
    ) -> Result<usize> {
        options.check()?;
        train::check_features(rows)?;
        Ok(with_logits(self.labels().len(), |logits| {
            let mut reading = self.model.reading(logits);
            let network = |features: &FeatureVector, logits: &mut [f32]| self.network(features, logits);
            rows.iter().for_each(|row| reading.row(row, network));
            let score = reading.finish(&mut |whole, logits| network(whole, logits));
            self.model.rule().decide(score, logits, options, chosen)
        }))
    }

    /// Writes a text's logits, combined over its clauses. Returns its reject score, which is
    /// negative infinity if nothing in it is known.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    ///
    /// # Panics
    /// If the length of `logits` is not the number of labels.
    pub fn logits(&self, text: &str, logits: &mut [f32]) -> Result<f32> {
        let mut reading = self.model.reading(logits);
        let network = |features: &FeatureVector, logits: &mut [f32]| self.network(features, logits);
        self.model.for_each_row(text, |row| reading.row(row, network))?;
        Ok(reading.finish(&mut |whole, logits| network(whole, logits)))
    }

    /// Returns the features of a text as a whole: 256 numbers with Euclidean norm 1. The norm is
    /// smaller if some words are unknown. All numbers are zero if nothing in the text is known. A
    /// model that cuts texts into clauses predicts from the features of the clauses: see
    /// [`Classifier::vectorize_rows`].
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn vectorize(&self, text: &str) -> Result<FeatureVector> {
        let mut features = [0.0; DIMENSIONS];
        self.model.vectorize(text, &mut features)?;
        Ok(features)
    }

    /// Writes the features of each clause of a text that contains anything known, as far as they
    /// fit. Returns their number, at most [`MAX_CLAUSES`](crate::text::ngrams::MAX_CLAUSES).
    /// Without clause separators it is the vector of [`Classifier::vectorize`], or none if nothing
    /// is known.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn vectorize_rows(&self, text: &str, rows: &mut [FeatureVector]) -> Result<usize> {
        let mut count = 0;
        self.model.for_each_row(text, |features| {
            if let Some(row) = rows.get_mut(count) {
                *row = *features;
            }
            count += 1;
        })?;
        Ok(count)
    }

    /// Writes the logits of one feature vector, one per label.
    ///
    /// # Panics
    /// If the length of `logits` is not the number of labels.
    pub fn network(&self, features: &FeatureVector, logits: &mut [f32]) {
        self.engines.logits(&self.model, std::slice::from_ref(features), logits);
    }

    /// Warms up: chooses the kernels and loads the model's pages into memory, so that the next
    /// prediction is fast.
    pub fn prepare(&self) {
        // Reads one byte of every page; the optimiser must not remove it.
        std::hint::black_box(self.model.as_bytes().iter().step_by(4096).fold(0u8, |a, &b| a ^ b));
        let mut features = [0.0; DIMENSIONS];
        features[0] = 1.0;
        // The options are the defaults and the features finite, so this can't fail.
        let _: Result<usize, Error> = self.predict_features(&[features], &PredictOptions::default(), &mut []);
    }
}
