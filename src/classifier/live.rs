//! The live classifier: predicts with one model while it learns the next, and swaps them
//! atomically.

use super::Classifier;
use super::batch::Results;
use super::current::{Current, LivePrediction, Published};
use super::future::{PendingPrediction, slot};
use super::learning::{Learning, RetrainOptions};
use super::queue::{Done, Queue, QueueOptions, Request, Ticket};
use super::worker::{Question, serve};
use crate::clock::ticks;
use crate::data::Example;
use crate::decision::{PredictOptions, Scored, Source};
use crate::engine::EngineChoice;
use crate::error::{Error, Result};
use crate::learn::{self, Change, Durability, Learner, LearnerFile, UpdateReport};
use crate::model::Model;
use crate::monitor::{Observation, STATISTICS_BYTES, Statistics, StatisticsReport};
use crate::rules::Rule;
use crate::text::MAX_TEXT_BYTES;
use crate::train::{Dataset, ProgressFn, TrainOptions, TrainReport};
use arc_swap::ArcSwapOption;
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Summary of a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decided {
    /// Number of chosen labels, which may exceed the number written; 0 if and only if the text is
    /// rejected.
    pub count: usize,
    /// The source of the labels.
    pub source: Source,
    /// Version of the model that made the prediction; see [`Current::version`].
    pub version: u64,
}

/// A classifier that predicts, learns and counts. All calls take `&self` and may be made from any
/// thread at any time. Predictions never wait for learning; changes are made one after the other.
///
/// ```
/// use intentkit::{LiveClassifier, Rule, data::Example};
///
/// let rules = Rule::of_json(r#"[{"label": "light", "keywords": ["lamp"]}, {"label": "music", "keywords": ["song"]}]"#)?;
/// let live = LiveClassifier::of_rules(&rules)?;
/// let labels = |text: &str| -> Result<Vec<String>, intentkit::Error> {
///     Ok(live.predict(text)?.labels().map(|(name, _)| name.to_owned()).collect())
/// };
/// assert_eq!(labels("switch the lamp on")?, ["light"]);
/// assert!(labels("it is too dark in here")?.is_empty());
/// live.update(&[Example::new("it is too dark in here", ["light"])])?;
/// assert_eq!(labels("it is too dark in here")?, ["light"]);
/// # Ok::<(), intentkit::Error>(())
/// ```
pub struct LiveClassifier {
    published: Arc<Published>,
    learning: Arc<Learning>,
    load: Option<Duration>,
    queue: ArcSwapOption<Queue<Question, LivePrediction>>,
    /// Locked while the queue is created.
    queueing: Mutex<QueueOptions>,
}

impl LiveClassifier {
    /// Creates a live classifier from an existing one.
    pub fn new(classifier: Classifier) -> Self {
        LiveClassifier::made(classifier, None, None)
    }

    fn made(
        classifier: Classifier,
        learner: Option<(Learner, Option<LearnerFile>)>,
        load: Option<Duration>,
    ) -> Self {
        let published = Published::new(classifier);
        let learning = Learning::new(Arc::clone(&published), learner);
        let (queue, queueing) = (ArcSwapOption::empty(), Mutex::default());
        LiveClassifier { published, learning, load, queue, queueing }
    }

    /// Creates a classifier from keyword rules alone, without training. It can learn.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the invalid rule, or if there are no rules.
    pub fn of_rules(rules: &[Rule]) -> Result<Self> {
        Ok(LiveClassifier::new(Classifier::new(Model::of_rules(rules)?)))
    }

    /// Opens a model file; see [`Classifier::load`].
    ///
    /// # Errors
    /// As [`Classifier::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let start = Instant::now();
        let classifier = Classifier::load(path)?;
        Ok(LiveClassifier::made(classifier, None, Some(start.elapsed())))
    }

    /// Opens a model from bytes; see [`Classifier::from_bytes`].
    ///
    /// # Errors
    /// As [`Classifier::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let start = Instant::now();
        let classifier = Classifier::from_bytes(bytes)?;
        Ok(LiveClassifier::made(classifier, None, Some(start.elapsed())))
    }

    /// Trains, and keeps the training state: in memory, and in the file at `learner` if given.
    ///
    /// # Errors
    /// As [`learn::train_to_learn`] and [`LearnerFile::create`].
    pub fn train(
        data: &Dataset<'_>,
        valid: Option<&Dataset<'_>>,
        options: &TrainOptions,
        learner: Option<(&Path, Durability)>,
        progress: &mut ProgressFn<'_>,
    ) -> Result<(Self, TrainReport)> {
        let start = Instant::now();
        let (trained, report) = learn::train_to_learn(data, valid, options, progress)?;
        let file =
            learner.map(|(path, durability)| LearnerFile::create(path, &trained, durability)).transpose()?;
        Ok((LiveClassifier::of_learner(trained, file, start.elapsed()), report))
    }

    /// Opens a training-state file, with the model as it was after the last change.
    ///
    /// # Errors
    /// As [`LearnerFile::open`].
    pub fn load_learner(path: impl AsRef<Path>, durability: Durability) -> Result<Self> {
        let start = Instant::now();
        let (file, learner) = LearnerFile::open(path.as_ref(), durability)?;
        Ok(LiveClassifier::of_learner(learner, Some(file), start.elapsed()))
    }

    fn of_learner(learner: Learner, file: Option<LearnerFile>, took: Duration) -> Self {
        let classifier = Classifier::from(Arc::clone(learner.model()));
        LiveClassifier::made(classifier, Some((learner, file)), Some(took))
    }

    /// Returns the current model. It stays unchanged while it is held; the next call may return
    /// another.
    pub fn current(&self) -> Arc<Current> {
        self.published.current()
    }

    /// Chooses the engine; see [`Classifier::set_engine_choice`]. Applies to later models too.
    pub fn set_engine_choice(&self, choice: EngineChoice) {
        // Prevents a swap in between.
        let _held = self.learning.hold();
        self.current().set_engine_choice(choice);
    }

    /// Chooses the labels of a text with default options.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn predict(&self, text: &str) -> Result<LivePrediction> {
        self.predict_with(text, &PredictOptions::default())
    }

    /// Chooses the labels of a text.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn predict_with(&self, text: &str, options: &PredictOptions) -> Result<LivePrediction> {
        let start = self.published.statistics.start();
        let current = self.current();
        let prediction = current.classifier.predict_with(text, options)?;
        if let Some(start) = start {
            let chosen = prediction.labels();
            let seen = current.observation(chosen.len(), prediction.source(), chosen);
            self.published.statistics.record_since(start, &current.counts, &seen);
        }
        Ok(LivePrediction::new(prediction, current))
    }

    /// Chooses the labels of a text and writes the best of them to `chosen`, best first, as far as
    /// they fit. Doesn't allocate and never blocks.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn predict_into(
        &self,
        text: &str,
        options: &PredictOptions,
        chosen: &mut [Scored],
    ) -> Result<Decided> {
        let statistics = &self.published.statistics;
        let start = statistics.start();
        let current = self.published.now();
        let (count, source) = match start {
            Some(start) if Statistics::is_sampled(start) => {
                let mut stages = [0; 3];
                let decided = current.classifier.predict_in_stages(text, options, chosen, &mut stages)?;
                statistics.stages(stages);
                decided
            }
            _ => current.classifier.predict_from(text, options, chosen)?,
        };
        if let Some(start) = start {
            statistics.record_since(start, &current.counts, &current.observation(count, source, chosen));
        }
        Ok(Decided { count, source, version: current.version })
    }

    /// Chooses the labels of many texts, all with one model; see
    /// [`Classifier::predict_batch_into`]. Returns the version of the model.
    ///
    /// # Errors
    /// As [`Classifier::predict_batch_into`].
    pub fn predict_batch_into<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        options: &PredictOptions,
        chosen: &mut [Scored],
        capacity: usize,
        counts: &mut [usize],
    ) -> Result<u64> {
        let start = self.published.statistics.start();
        let current = self.current();
        let mut engines = vec![0; if start.is_some() { texts.len() } else { 0 }];
        let results = Results { chosen, capacity, counts, engines: &mut engines };
        current.classifier.predict_batch_to(texts, options, results)?;
        if let Some(start) = start {
            let took = ticks().wrapping_sub(start) / texts.len().max(1) as u64;
            for (i, (&count, &engine)) in counts.iter().zip(&engines).enumerate() {
                let chosen = &chosen[i * capacity..(i + 1) * capacity];
                let seen = Observation::new(count, Source::Network, chosen, engine);
                self.published.statistics.record(took, &current.counts, &seen);
            }
        }
        Ok(current.version)
    }

    /// Configures the request queue. Must be called before the first request.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if a number is out of range, or after the first request.
    pub fn set_queue(&self, options: QueueOptions) -> Result<()> {
        options.check()?;
        let mut queueing = self.queueing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.queue.load().is_some() {
            return Err(Error::invalid(
                "the queue is running already; configure it before the first request",
            ));
        }
        *queueing = options;
        Ok(())
    }

    /// Returns the queue, created on the first request of each process.
    fn queue(&self) -> Result<Arc<Queue<Question, LivePrediction>>> {
        let usable = |queue: &Arc<Queue<_, _>>| queue.is_here() || queue.is_closed();
        if let Some(queue) = self.queue.load_full().filter(usable) {
            return Ok(queue);
        }
        let options = self.queueing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = self.queue.load_full().filter(usable) {
            return Ok(queue);
        }
        let published = Arc::clone(&self.published);
        let handler =
            Arc::new(move |requests: &mut [Request<Question, LivePrediction>]| serve(&published, requests));
        let queue = Arc::new(Queue::new(*options, handler)?);
        // After a fork the parent's queue continues in the parent; its requests must not be
        // cancelled here.
        mem::forget(self.queue.swap(Some(Arc::clone(&queue))));
        Ok(queue)
    }

    /// Queues a text and returns immediately. A worker calls `done` with the prediction exactly
    /// once, also if the request is cancelled or the classifier is dropped. `done` may call any
    /// function; its worker serves no other request meanwhile.
    ///
    /// # Errors
    /// [`Error::Busy`] if the queue is full, [`Error::ShutDown`], [`Error::Thread`] if the system
    /// can't start a thread, and as [`Classifier::predict_with`]; `done` is then not called.
    pub fn submit(
        &self,
        text: String,
        options: PredictOptions,
        done: impl FnOnce(Result<LivePrediction>) + Send + 'static,
    ) -> Result<Ticket> {
        options.check()?;
        if text.len() > MAX_TEXT_BYTES {
            return Err(Error::TextTooLong { length: text.len() });
        }
        self.current().model().vectorizer().ok_or(Error::NoVectorizer)?;
        let published = Arc::clone(&self.published);
        let done: Done<LivePrediction> = Box::new(move |answer| {
            if matches!(answer, Err(Error::Cancelled)) {
                published.statistics.cancelled();
            }
            done(answer);
        });
        let submitted = self.queue()?.submit(Question { text, options, submitted: ticks() }, done);
        if matches!(submitted, Err(Error::Busy { .. })) {
            self.published.statistics.refused();
        }
        submitted
    }

    /// Queues a text and returns a future of the prediction. Works with any executor. Dropping the
    /// future cancels the request.
    ///
    /// # Errors
    /// As [`LiveClassifier::submit`].
    pub fn predict_async(&self, text: String, options: PredictOptions) -> Result<PendingPrediction> {
        let (slot, deliver) = slot();
        Ok(PendingPrediction::new(slot, self.submit(text, options, deliver)?))
    }

    /// Closes the queue, and blocks until all waiting requests are served. Returns immediately if
    /// called on a worker, from a callback.
    pub fn finish(&self) {
        // Creates the queue if there was no request yet, so that later requests are refused.
        if let Ok(queue) = self.queue() {
            queue.close(false);
        }
    }

    /// Learns from examples: corrections, new texts, new labels. When it returns, predictions use
    /// the result, and the training-state file, if any, contains it. Takes a few milliseconds per
    /// example, about 0.1 s per new label.
    ///
    /// # Errors
    /// As [`Learner::check`], [`Learner::of`], [`LearnerFile::restore`] and
    /// [`LearnerFile::append`], and [`Error::InvalidArgument`] for a new label if
    /// [`LiveClassifier::allow_new_labels`] forbids them. Nothing was learned then.
    pub fn update(&self, examples: &[Example]) -> Result<UpdateReport> {
        self.change(&Change::Update(examples.to_vec()))
    }

    /// Makes a change: learns; renames, merges or removes labels; or replaces the rules.
    ///
    /// # Errors
    /// As [`LiveClassifier::update`].
    pub fn change(&self, change: &Change) -> Result<UpdateReport> {
        self.learning.change(change)
    }

    /// Allows or forbids new labels in examples. Allowed by default.
    pub fn allow_new_labels(&self, allowed: bool) {
        self.learning.allow_new_labels(allowed);
    }

    /// Writes the training state to a file, and records every later change there.
    ///
    /// # Errors
    /// As [`Learner::of`] and [`LearnerFile::create`].
    pub fn save_learner(&self, path: impl AsRef<Path>, durability: Durability) -> Result<()> {
        self.learning.save(path.as_ref(), durability)
    }

    /// Returns the examples kept for learning.
    pub fn kept_examples(&self) -> Vec<Example> {
        self.learning.examples()
    }

    /// Drops the examples kept for learning, in memory and in the training-state file. The model
    /// doesn't change.
    ///
    /// # Errors
    /// As [`LearnerFile::rewrite`]; nothing was dropped then.
    pub fn forget_examples(&self) -> Result<()> {
        self.learning.forget()
    }

    /// Configures retraining from all kept examples. By default it starts after every 100 learned
    /// examples, if the examples of the first training are kept.
    pub fn set_retraining(&self, options: RetrainOptions) {
        self.learning.set_retraining(options);
    }

    /// Starts a retraining in the background, however little was learned since the last one. Has no
    /// effect while one is in progress.
    ///
    /// # Errors
    /// - [`Error::InvalidArgument`] if the examples of the first training are not kept, if no kept
    ///   example has a label, or if the model has a lexicon and the retraining options have none.
    /// - [`Error::Thread`] if the system can't start a thread.
    /// - As [`Learner::of`].
    pub fn retrain(&self) -> Result<()> {
        self.learning.start_retraining()
    }

    /// Blocks until no retraining is in progress or `longest` elapses. Returns true if none is in
    /// progress.
    pub fn wait_for_retraining(&self, longest: Duration) -> bool {
        self.learning.wait(longest)
    }

    /// Restores the model from before the last retraining, and makes it learn the changes since.
    /// Labels keep their indices. A retraining in progress is stopped.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is none, and as [`LearnerFile::rewrite`]; nothing has
    /// changed then, and a retraining goes on.
    pub fn roll_back(&self) -> Result<()> {
        self.learning.roll_back()
    }

    /// Replaces the model and the learning data of this classifier by those of `with`, for example
    /// after training anew. Predictions during the call use the old or the new model, later ones
    /// the new model. The labels and their indices are those of the new model. There is no undo.
    ///
    /// `with` keeps its model. Its training state and training-state file move to this classifier.
    /// Any retraining of either classifier is ended. If `with` has no training-state file, this
    /// classifier goes on using its own file, which then holds the model of `with` and the examples
    /// that `with` keeps, if any.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if both are the same classifier, and as [`LearnerFile::rewrite`]
    /// and [`Learner::of`]. Neither classifier has changed then.
    pub fn replace(&self, with: &LiveClassifier) -> Result<()> {
        if Arc::ptr_eq(&self.published, &with.published) {
            return Err(Error::invalid("a classifier can't replace itself"));
        }
        self.learning.take(&with.learning)
    }

    /// Enables or disables statistics. Enabled by default.
    pub fn count(&self, on: bool) {
        self.published.statistics.switch(on);
    }

    /// Returns the statistics so far.
    pub fn statistics(&self) -> StatisticsReport {
        let current = self.current();
        let mut report = self.published.statistics.report(&current.engine_report());
        report.model_version = current.version;
        report.model_checksum.clone_from(&current.model().metadata().checksum);
        report.model_bytes = current.model().as_bytes().len() as u64;
        report.statistics_bytes = STATISTICS_BYTES as u64;
        report.load_ms = self.load.map(|load| load.as_secs_f64() * 1e3);
        self.learning.describe(&mut report);
        report
    }
}

impl Drop for LiveClassifier {
    /// Cancels the waiting requests, stops a retraining, and blocks until both have ended, unless
    /// called on one of their threads. Requests and a retraining of a parent process continue
    /// there.
    fn drop(&mut self) {
        match self.queue.swap(None) {
            Some(queue) if queue.is_here() => queue.close(true),
            parents => mem::forget(parents),
        }
        self.learning.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Candidate, Engine};
    use crate::vectorizer::FeatureVector;
    use std::thread;

    /// Computes what the CPU does. Slow for one row, or for several.
    struct Fake {
        name: &'static str,
        is_slow_for_one: bool,
    }

    impl Engine for Fake {
        fn name(&self) -> &'static str {
            self.name
        }

        fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> Result<(), String> {
            let start = Instant::now();
            model.logits(rows, logits);
            if (rows.len() == 1) == self.is_slow_for_one {
                thread::sleep(Duration::from_millis(1) + 20 * start.elapsed());
            }
            Ok(())
        }
    }

    fn candidate(name: &'static str, is_slow_for_one: bool) -> Candidate {
        let build = move |_: &Arc<Model>| Ok(Box::new(Fake { name, is_slow_for_one }) as Box<dyn Engine>);
        Candidate { name, is_usual: true, build: Box::new(build) }
    }

    #[test]
    fn every_text_counts_for_the_engine_that_computed_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent");
        let classifier = Classifier::load(path).unwrap();
        let candidates = || vec![candidate("one", false), candidate("many", true)];
        classifier.engines.choose_among(&classifier.shared_model(), EngineChoice::CoreMl, candidates);
        assert!(classifier.wait_for_engine(Duration::from_secs(60)));
        let report = classifier.engine_report();
        assert_eq!((report.single, report.batch), ("one", "many"));

        let live = LiveClassifier::new(classifier);
        let options = PredictOptions::default();
        let counted = || {
            let engines = live.statistics().engines;
            engines.iter().map(|engine| (engine.name, engine.predictions)).collect::<Vec<_>>()
        };
        live.predict("read my mail").unwrap();
        assert_eq!(counted(), [("cpu", 0), ("one", 1)]);
        // Sixteen texts pass the network together, and the last one alone.
        for (count, wanted) in [(5, [1, 5]), (17, [2, 21]), (1, [3, 21])] {
            let (mut chosen, mut counts) = (vec![Scored::default(); count], vec![0; count]);
            live.predict_batch_into(&vec!["read my mail"; count], &options, &mut chosen, 1, &mut counts)
                .unwrap();
            assert_eq!(counted(), [("cpu", 0), ("one", wanted[0]), ("many", wanted[1])]);
        }
        // As the workers of the queue do.
        let mut engines = [0; 3];
        live.current().predict_some(&["read my mail"; 3], &[options; 3], &mut engines).unwrap();
        assert_eq!(engines, [2; 3]);
    }
}
