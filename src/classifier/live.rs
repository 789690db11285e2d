//! The live classifier: predicts from one model while it learns the next, and swaps them in one step.

use super::Classifier;
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
use crate::monitor::{STATISTICS_BYTES, Statistics, StatisticsReport};
use crate::rules::Rule;
use crate::text::MAX_TEXT_BYTES;
use crate::train::{Dataset, ProgressFn, TrainOptions, TrainReport};
use arc_swap::ArcSwapOption;
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was decided about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decided {
    /// How many labels were chosen, which may be more than fit where they were to be written; 0 exactly when the text is rejected.
    pub count: usize,
    /// What they come from.
    pub source: Source,
    /// Number of the model that answered; see [`Current::version`].
    pub version: u64,
}

/// A classifier that predicts, learns and counts. Every call takes `&self` and may be made from any thread at any time: predictions
/// never wait for learning, and changes are made one after the other.
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
    /// Held while the queue is made.
    queueing: Mutex<QueueOptions>,
}

impl LiveClassifier {
    /// Around a model that is there already.
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

    /// Of keyword rules alone, without any training: a first version that can learn.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the rule, or when there is none.
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

    /// Trains, and keeps what learning needs: in memory, and in the file at `learner` if there is one.
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

    /// Opens a learner file with the model in it, as it was after the last change.
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

    /// The model in use. It stays as it is while it is held; the next call may give another.
    pub fn current(&self) -> Arc<Current> {
        self.published.current()
    }

    /// Asks for another engine than the CPU, or for the CPU again; see [`Classifier::set_engine_choice`]. It holds for later models too.
    pub fn set_engine_choice(&self, choice: EngineChoice) {
        // So that no swap comes between.
        let _held = self.learning.hold();
        self.current().set_engine_choice(choice);
    }

    /// Chooses the labels of a text by the model's own rule.
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

    /// Chooses the labels of a text and writes the best of them, best first, as far as they fit. Allocates nothing and waits for nothing.
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

    /// Chooses the labels of many texts on all cores, all by one model; see [`Classifier::predict_batch_into`]. Returns the number of the
    /// model.
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
        current.classifier.predict_batch_into(texts, options, chosen, capacity, counts)?;
        if let Some(start) = start {
            let took = ticks().wrapping_sub(start) / texts.len().max(1) as u64;
            for (i, &count) in counts.iter().enumerate() {
                let chosen = &chosen[i * capacity..(i + 1) * capacity];
                let seen = current.observation(count, Source::Network, chosen);
                self.published.statistics.record(took, &current.counts, &seen);
            }
        }
        Ok(current.version)
    }

    /// Sets how requests wait. Without it the defaults hold from the first request on.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for numbers out of range, or when the first request was made already.
    pub fn set_queue(&self, options: QueueOptions) -> Result<()> {
        options.check()?;
        let mut queueing = self.queueing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.queue.load().is_some() {
            return Err(Error::invalid("the queue is at work already; set it before the first request"));
        }
        *queueing = options;
        Ok(())
    }

    /// The queue, made for the first request of a process.
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
        // The parent's goes on in the parent; its requests are not this process's to cancel.
        mem::forget(self.queue.swap(Some(Arc::clone(&queue))));
        Ok(queue)
    }

    /// Queues a text and returns at once; a worker calls `done` with the answer, exactly once, also when the request is cancelled or the
    /// classifier dropped. `done` may call whatever it likes; while it runs, its worker answers nothing else.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full, [`Error::ShutDown`], [`Error::InvalidArgument`] when the system gives no threads, and as
    /// [`Classifier::predict_with`]; `done` is not called then.
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

    /// Queues a text; the future is ready when a worker has answered. It needs no particular executor. Dropping it cancels the request.
    ///
    /// # Errors
    /// As [`LiveClassifier::submit`].
    pub fn predict_async(&self, text: String, options: PredictOptions) -> Result<PendingPrediction> {
        let (slot, deliver) = slot();
        Ok(PendingPrediction::new(slot, self.submit(text, options, deliver)?))
    }

    /// Takes no more requests and returns when all that wait are answered. Called on a worker, in a callback, it returns at once.
    pub fn finish(&self) {
        // One that was never asked for is made, so that later requests are refused.
        if let Ok(queue) = self.queue() {
            queue.close(false);
        }
    }

    /// Learns from examples: corrections of what the classifier got wrong, new texts, new labels. When it returns, predictions know them,
    /// and the learner file, if there is one, holds them. Takes some milliseconds an example, a tenth of a second for a new label.
    ///
    /// # Errors
    /// As [`Learner::check`], [`Learner::of`], [`LearnerFile::restore`] and [`LearnerFile::append`]; nothing was learned then. [`Error::InvalidArgument`] for a new
    /// label where [`LiveClassifier::allow_new_labels`] forbids them.
    pub fn update(&self, examples: &[Example]) -> Result<UpdateReport> {
        self.change(&Change::Update(examples.to_vec()))
    }

    /// Makes a change: learns, or renames, merges or removes labels, or replaces the rules.
    ///
    /// # Errors
    /// As [`LiveClassifier::update`].
    pub fn change(&self, change: &Change) -> Result<UpdateReport> {
        self.learning.change(change)
    }

    /// Whether examples may have labels that are none yet. Default: they may.
    pub fn allow_new_labels(&self, allowed: bool) {
        self.learning.allow_new_labels(allowed);
    }

    /// Keeps the learner in a file from now on: all it knows and every change to come.
    ///
    /// # Errors
    /// As [`Learner::of`] and [`LearnerFile::create`].
    pub fn save_learner(&self, path: impl AsRef<Path>, durability: Durability) -> Result<()> {
        self.learning.save(path.as_ref(), durability)
    }

    /// The texts that are kept for learning, with their labels.
    pub fn kept_examples(&self) -> Vec<Example> {
        self.learning.examples()
    }

    /// Drops the texts that are kept for learning, in memory and in the learner file. What was learned from them stays.
    ///
    /// # Errors
    /// As [`LearnerFile::rewrite`]; nothing was dropped then.
    pub fn forget_examples(&self) -> Result<()> {
        self.learning.forget()
    }

    /// When and how to train anew from everything that is kept. Default: behind every 100 examples that were learned.
    pub fn set_retraining(&self, options: RetrainOptions) {
        self.learning.set_retraining(options);
    }

    /// Starts training anew in the background, whatever was learned since the last time. It is of no effect while one is going on.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when too little is kept to train on.
    pub fn retrain(&self) -> Result<()> {
        self.learning.start_retraining()
    }

    /// Waits until no retraining is going on, at most so long; says whether that is so.
    pub fn wait_for_retraining(&self, longest: Duration) -> bool {
        self.learning.wait(longest)
    }

    /// Goes back to the model from before the last retraining; what was learned since is learned again by it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is none, and as [`LearnerFile::rewrite`]; nothing has changed then.
    pub fn roll_back(&self) -> Result<()> {
        self.learning.roll_back()
    }

    /// Puts another classifier's model in the place of this one's, with what it keeps for learning: one that was trained anew, say. Predictions
    /// go on with the model there was until then. The other keeps its model, and gives away its learner and the learner file; a
    /// training of its own in the background ends. Without one,
    /// the learner file of this classifier, if it has any, is written anew. There is no way back.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when both are the same classifier, and as [`LearnerFile::rewrite`] and [`Learner::of`]; nothing has
    /// changed then.
    pub fn replace(&self, with: &LiveClassifier) -> Result<()> {
        if Arc::ptr_eq(&self.published, &with.published) {
            return Err(Error::invalid("a classifier can't take its own place"));
        }
        let mut given = with.learning.give();
        let taken = self.learning.take(&mut given);
        if taken.is_err() {
            with.learning.regain(given);
        }
        taken
    }

    /// Counts predictions, or not. Default: it counts.
    pub fn count(&self, on: bool) {
        self.published.statistics.switch(on);
    }

    /// What it has done so far.
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
    /// Cancels the requests that wait, stops a retraining, and waits for both to end, unless it happens on one of their threads. What a
    /// parent process had going on goes on there.
    fn drop(&mut self) {
        match self.queue.swap(None) {
            Some(queue) if queue.is_here() => queue.close(true),
            parents => mem::forget(parents),
        }
        self.learning.close();
    }
}
