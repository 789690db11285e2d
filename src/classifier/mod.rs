//! A model with the engines that run it, and what keeps it alive: learning, swapping, queueing, counting.

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

/// The labels chosen for one text, best first. Up to four are held without allocating.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prediction {
    labels: SmallVec<[Scored; 4]>,
    source: Source,
}

impl Prediction {
    /// The chosen labels, best first; empty exactly when the text is rejected.
    pub fn labels(&self) -> &[Scored] {
        &self.labels
    }

    /// What the labels come from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Whether the text belongs to none of the labels.
    pub fn is_rejected(&self) -> bool {
        self.labels.is_empty()
    }
}

/// What `decide` chooses into the room it is given; it is asked again when that was too small.
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

/// Classifies texts. All calls that take `&self` may run on any number of threads at once; none of them waits for another.
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
    /// A classifier over a model that others use as well.
    fn from(model: Arc<Model>) -> Self {
        Classifier { engines: Engines::new(&model), model }
    }
}

impl Classifier {
    /// A classifier over a model, computing in int8.
    pub fn new(model: Model) -> Self {
        Classifier::from(Arc::new(model))
    }

    /// Learns from examples.
    ///
    /// # Errors
    /// As [`train::train`].
    pub fn train(examples: &[crate::data::Example], options: &TrainOptions) -> Result<(Self, TrainReport)> {
        Classifier::train_on(&Dataset::of(examples), None, options, &mut |_| true)
    }

    /// Learns from texts or feature rows, with validation data and a progress callback if wanted.
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

    /// Opens a model file by mapping it; see [`Model::load`].
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

    /// Chooses the arithmetic; the model stays the same.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.engines = self.engines.with_precision(precision, &self.model);
        self
    }

    /// The model in use.
    pub fn model(&self) -> &Model {
        &self.model
    }

    fn shared_model(&self) -> Arc<Model> {
        Arc::clone(&self.model)
    }

    /// Name of the engine in use for one text.
    pub fn engine(&self) -> &'static str {
        self.engines.name()
    }

    /// Asks for another engine than the CPU, or for the CPU again, and returns at once; see [`Engines::choose`]. The answers stay the
    /// same but for the rounding of the engine.
    pub fn set_engine_choice(&self, choice: EngineChoice) {
        self.engines.choose(&self.model, choice);
    }

    /// Which engines are in use, and why.
    pub fn engine_report(&self) -> engine::Report {
        self.engines.report()
    }

    /// Waits until no engine is being measured, at most so long; says whether that is so.
    pub fn wait_for_engine(&self, longest: Duration) -> bool {
        self.engines.wait(longest)
    }

    /// The labels in the order of their indices.
    pub fn labels(&self) -> &[String] {
        self.model.labels()
    }

    /// The name of a label by its index.
    pub fn label(&self, index: u32) -> Option<&str> {
        self.labels().get(index as usize).map(String::as_str)
    }

    /// Chooses the labels of a text by the model's own rule.
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

    /// Chooses the labels of a text and writes the best of them, best first, as far as they fit. Returns how many were
    /// chosen, which may be more than fit; 0 exactly when the text is rejected. Allocates nothing and takes no lock.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn predict_into(&self, text: &str, options: &PredictOptions, chosen: &mut [Scored]) -> Result<usize> {
        self.predict_from(text, options, chosen).map(|(count, _)| count)
    }

    /// As [`Classifier::predict_into`], and says what the labels come from.
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

    /// As [`Classifier::predict_from`], and writes the ticks of its stages: vectorizing, the network, the decision.
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
            let (score, read) = (reading.score(), ticks());
            let decided = self.decide(text, score, logits, options, chosen);
            let vectorized = read.wrapping_sub(start).saturating_sub(network.get());
            *stages = [vectorized, network.get(), ticks().wrapping_sub(read)];
            Ok(decided)
        })
    }

    /// Chooses labels from what was read off a text, and by the rules that match it.
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

    /// The second half of [`Classifier::predict_into`]: chooses labels for feature vectors, one for each clause of a text, such
    /// as those from [`Classifier::vectorize_rows`]; the result is the same, bit for bit. Vectors of zeros say nothing; a
    /// text of nothing else is rejected.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for options out of range or features that are not finite numbers up to a million.
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
            rows.iter().for_each(|row| reading.row(row, |features, logits| self.network(features, logits)));
            let score = reading.score();
            self.model.rule().decide(score, logits, options, chosen)
        }))
    }

    /// Writes a text's logits, those of its clauses combined, and returns its reject score, negative infinity when nothing in
    /// it is known.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    ///
    /// # Panics
    /// When `logits` is not as long as there are labels.
    pub fn logits(&self, text: &str, logits: &mut [f32]) -> Result<f32> {
        let mut reading = self.model.reading(logits);
        self.model
            .for_each_row(text, |row| reading.row(row, |features, logits| self.network(features, logits)))?;
        Ok(reading.score())
    }

    /// The features of a text as a whole: 256 numbers of unit length, or zeros when nothing in it is known. A model that cuts
    /// texts into clauses predicts from those: see [`Classifier::vectorize_rows`].
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn vectorize(&self, text: &str) -> Result<FeatureVector> {
        let mut features = [0.0; DIMENSIONS];
        self.model.vectorize(text, &mut features)?;
        Ok(features)
    }

    /// Writes the features of each clause of a text in which anything is known, as far as they fit, and returns how many there
    /// are, at most [`MAX_CLAUSES`](crate::text::ngrams::MAX_CLAUSES). Without clause separators it is the one of
    /// [`Classifier::vectorize`], or none when nothing is known.
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

    /// Writes the logits of one feature vector, one for each label.
    ///
    /// # Panics
    /// When `logits` is not as long as there are labels.
    pub fn network(&self, features: &FeatureVector, logits: &mut [f32]) {
        self.engines.logits(&self.model, std::slice::from_ref(features), logits);
    }

    /// Returns when the next prediction will be fast: the kernels are chosen and the model's pages are in memory.
    pub fn prepare(&self) {
        // One byte of every page, kept from being optimised away.
        std::hint::black_box(self.model.as_bytes().iter().step_by(4096).fold(0u8, |a, &b| a ^ b));
        let mut features = [0.0; DIMENSIONS];
        features[0] = 1.0;
        // The options are the default ones and the features finite, so there is nothing to report.
        let _: Result<usize, Error> = self.predict_features(&[features], &PredictOptions::default(), &mut []);
    }
}
