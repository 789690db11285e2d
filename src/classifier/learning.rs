//! The learning side of a live classifier. Changes are made one after the other, and recorded
//! before a prediction uses them. A new model is trained in the background, and a guard compares it
//! with the current one. The last retraining can be undone.

use super::current::{Current, Published};
use super::{Classifier, guard, priority};
use crate::data::Example;
use crate::error::{Error, Result};
use crate::learn::{self, Change, Durability, Learner, LearnerFile, UpdateReport};
use crate::monitor::StatisticsReport;
use crate::shape::DIMENSIONS;
use crate::train::{Dataset, Preset, Progress, TrainOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// When and how to retrain.
#[derive(Debug, Clone, PartialEq)]
pub struct RetrainOptions {
    /// Number of learned examples after which a retraining starts. `None` never starts one.
    /// Defaults to 100.
    ///
    /// A retraining starts only if the examples of the first training are kept. If they are not,
    /// the statistics count a refused retraining instead.
    pub after: Option<usize>,
    /// Golden examples: a new model is refused if it answers one of them incorrectly that the
    /// current model answers correctly. Empty by default.
    pub golden: Vec<Example>,
    /// How to train. Defaults to the default options on one thread.
    ///
    /// Preset, seed and label order are those of the model. So is the acceptance rate, unless costs
    /// are set: they choose it. Clause separators are those of the model unless set here.
    pub training: TrainOptions,
}

impl Default for RetrainOptions {
    fn default() -> Self {
        let training = TrainOptions { threads: 1, ..TrainOptions::default() };
        RetrainOptions { after: Some(100), golden: vec![], training }
    }
}

/// The state before the last retraining.
struct Previous {
    learner: Learner,
    /// Changes made since.
    changes: Vec<Change>,
}

/// Maximum number of kept examples that a retrained model and the current one are compared on.
const COMPARED: usize = 500;

/// A retraining in progress.
struct Retraining {
    /// Changes made since it began, which the new model must learn.
    changes: Vec<Change>,
    stop: Arc<AtomicBool>,
}

/// Changes, retrains and rolls back a published model.
pub(super) struct Learning {
    published: Arc<Published>,
    state: Mutex<State>,
    /// Notified when no retraining is in progress.
    idle: Condvar,
}

/// The data that changes work on. A panic during a change leaves `learner` empty, so a partial
/// change is never used. If there is a training-state file, which holds everything before that
/// change, no further change is made.
struct State {
    /// `None` until the first change.
    learner: Option<Learner>,
    file: Option<LearnerFile>,
    new_labels: bool,
    retrain: RetrainOptions,
    /// Number of examples learned since the last retraining.
    since: usize,
    previous: Option<Previous>,
    retraining: Option<Retraining>,
    thread: Option<JoinHandle<()>>,
    /// The process that the thread runs in.
    process: u32,
    closed: bool,
    /// For the statistics.
    learned: u64,
    retrained: u64,
    refused: u64,
    last_refusal: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        State {
            learner: None,
            file: None,
            new_labels: true,
            retrain: RetrainOptions::default(),
            since: 0,
            previous: None,
            retraining: None,
            thread: None,
            process: process::id(),
            closed: false,
            learned: 0,
            retrained: 0,
            refused: 0,
            last_refusal: None,
        }
    }
}

impl State {
    /// Returns the training state. Creates it from the current model if there is none.
    fn learner(&mut self, current: &Current) -> Result<&mut Learner> {
        self.check()?;
        if self.learner.is_none() {
            self.learner = Some(Learner::of(current.shared_model())?);
        }
        self.learner.as_mut().ok_or(Error::NoVectorizer)
    }

    /// Checks that no panic has left a training-state file without its training state.
    fn check(&self) -> Result<()> {
        match (&self.learner, &self.file) {
            (None, Some(file)) => Err(Error::Learner {
                origin: file.path().display().to_string(),
                message:
                    "a defect while learning was caught; please report it, and open the training-state file again"
                        .into(),
            }),
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, reason: String) {
        self.refused += 1;
        self.last_refusal = Some(reason);
    }
}

impl Learning {
    pub(super) fn new(
        published: Arc<Published>,
        learner: Option<(Learner, Option<LearnerFile>)>,
    ) -> Arc<Self> {
        let (learner, file) = learner.map_or((None, None), |(learner, file)| (Some(learner), file));
        let state = Mutex::new(State { learner, file, ..State::default() });
        Arc::new(Learning { published, state, idle: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let process = process::id();
        if std::mem::replace(&mut state.process, process) != process {
            // After a fork a retraining and its thread continue in the parent, and can't be joined
            // or dropped here.
            state.retraining = None;
            std::mem::forget(state.thread.take());
        }
        state
    }

    /// Tells a retraining to stop.
    fn stop(&self, state: &mut State) {
        if let Some(retraining) = state.retraining.take() {
            retraining.stop.store(true, Ordering::Relaxed);
            self.idle.notify_all();
        }
    }

    /// Blocks changes while the returned guard is held.
    pub(super) fn hold(&self) -> impl Sized + '_ {
        self.state()
    }

    pub(super) fn examples(&self) -> Vec<Example> {
        self.state().learner.as_ref().map(Learner::examples).unwrap_or_default()
    }

    pub(super) fn allow_new_labels(&self, allowed: bool) {
        self.state().new_labels = allowed;
    }

    pub(super) fn set_retraining(&self, options: RetrainOptions) {
        self.state().retrain = options;
    }

    /// Makes a change and publishes the resulting model.
    pub(super) fn change(self: &Arc<Self>, change: &Change) -> Result<UpdateReport> {
        let mut guard = self.state();
        let state = &mut *guard;
        let current = self.published.current();
        state.check()?;
        if let (Change::Rules(rules), None) = (change, &state.learner) {
            // Rules need no training state, and work for models that can't learn.
            let model = Arc::new(current.model().with_rules(rules)?);
            self.published.publish(&model);
            return Ok(UpdateReport::default());
        }
        let allowed = state.new_labels;
        let learner = state.learner(&current)?;
        learner.check(change)?;
        if let Some(label) = learner.new_label(change).filter(|_| !allowed) {
            return Err(Error::invalid(format!("there is no label `{label}`, and new ones are forbidden")));
        }
        if let (Some(file), Some(learner)) = (&mut state.file, &state.learner) {
            file.restore(learner)?;
        }
        // Taken out, so that a panic leaves no partial change.
        let Some(mut learner) = state.learner.take() else { return Err(Error::NoVectorizer) };
        let changes = std::slice::from_ref(change);
        let made = learner.apply_and(changes, |_| match &mut state.file {
            Some(file) => file.append(changes),
            None => Ok(()),
        });
        if let (Ok(_), Some(file)) = (&made, &mut state.file) {
            file.tidy(&learner);
        }
        let model = Arc::clone(learner.model());
        state.learner = Some(learner);
        let report = made?;
        self.published.publish(&model);
        let later = [
            state.previous.as_mut().map(|previous| &mut previous.changes),
            state.retraining.as_mut().map(|retraining| &mut retraining.changes),
        ];
        later.into_iter().flatten().for_each(|changes| changes.push(change.clone()));
        state.learned += report.examples as u64;
        state.since += report.examples;
        if state.retrain.after.is_some_and(|after| state.since >= after.max(1))
            && let Err(reason) = self.begin(state)
        {
            // Nobody asked for this retraining, so only the statistics report its failure.
            state.since = 0;
            state.refuse(reason.to_string());
        }
        Ok(report)
    }

    pub(super) fn save(&self, path: &Path, durability: Durability) -> Result<()> {
        let mut guard = self.state();
        let state = &mut *guard;
        state.learner(&self.published.current())?;
        let Some(learner) = &state.learner else { return Err(Error::NoVectorizer) };
        state.file = Some(LearnerFile::save(path, learner, durability, state.file.as_ref())?);
        Ok(())
    }

    pub(super) fn forget(&self) -> Result<()> {
        let mut guard = self.state();
        let state = &mut *guard;
        state.check()?;
        let Some(learner) = &mut state.learner else { return Ok(()) };
        let kept = learner.forget();
        if let Some(file) = &mut state.file
            && let Err(error) = file.rewrite(learner)
        {
            learner.remember(kept);
            return Err(error);
        }
        // The previous state holds texts too, and a model being trained on the kept ones would bring them back.
        state.previous = None;
        self.stop(state);
        Ok(())
    }

    pub(super) fn start_retraining(self: &Arc<Self>) -> Result<()> {
        let mut state = self.state();
        state.learner(&self.published.current())?;
        self.begin(&mut state)
    }

    /// Starts a retraining, unless one is in progress.
    fn begin(self: &Arc<Self>, state: &mut State) -> Result<()> {
        if state.retraining.is_some() || state.closed {
            return Ok(());
        }
        let Some(learner) = &state.learner else { return Err(Error::NoVectorizer) };
        if !learner.has_history() {
            return Err(Error::invalid(
                "the training examples are not kept, and a model retrained without them would forget; train with a training state",
            ));
        }
        let model = learner.model().metadata();
        let RetrainOptions { golden, training, .. } = &state.retrain;
        if model.lexicon.is_some() && training.lexicon.is_none() {
            return Err(Error::invalid("the model has a lexicon; give it to the retraining as well"));
        }
        let examples = learner.examples();
        if examples.iter().all(|example| example.labels.is_empty()) {
            return Err(Error::invalid("no example with a label is kept, so there is nothing to train on"));
        }
        let several = examples.iter().any(|example| example.labels.len() > 1);
        let options = TrainOptions {
            preset: match model.preset.as_str() {
                "single" if !several => Preset::Single,
                "single" => Preset::Auto,
                _ => Preset::Multi,
            },
            seed: model.training.seed,
            // Costs choose the acceptance rate, and an untrained model has none of its own.
            keep: match training.cost {
                None if model.reject.keep > 0.0 => f64::from(model.reject.keep),
                _ => training.keep,
            },
            labels: model.labels.clone(),
            separators: training
                .separators
                .clone()
                .or((!model.separators.is_empty()).then(|| model.separators.clone())),
            ..training.clone()
        };
        let stop = Arc::new(AtomicBool::new(false));
        let (rules, golden) = (model.rules.clone(), golden.clone());
        // The current names: labels may be renamed meanwhile.
        let (current, compared) = (self.published.current(), learner.compared(COMPARED));
        let (learning, stopped) = (Arc::clone(self), Arc::clone(&stop));
        let train = move || {
            priority::lower();
            let train = || {
                let goes_on = &mut |_: &Progress| !stopped.load(Ordering::Relaxed);
                let (mut learner, _) =
                    learn::train_to_learn(&Dataset::of(&examples), None, &options, goes_on)?;
                if !rules.is_empty() {
                    learner.apply(&Change::Rules(rules))?;
                }
                Ok(learner)
            };
            let check = |candidate: &Learner| {
                let candidate = Classifier::from(Arc::clone(candidate.model()));
                guard::check(&candidate, &current, &compared, &golden)
            };
            let work = || {
                // Before the lock is taken, since training takes long.
                let candidate = train().and_then(|candidate| check(&candidate).map(|()| candidate));
                learning.trained(candidate, &golden, &stopped);
            };
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                let mut state = learning.state();
                state.retraining = None;
                state.refuse("a defect in the training was caught; please report it".into());
            }
            learning.idle.notify_all();
        };
        let thread = thread::Builder::new().name("intent-retrain".into()).spawn(train);
        let thread = thread.map_err(|e| Error::Thread(format!("cannot start the training thread: {e}")))?;
        state.retraining = Some(Retraining { changes: vec![], stop });
        state.thread = Some(thread);
        state.since = 0;
        Ok(())
    }

    /// Publishes or refuses the result of a retraining.
    fn trained(&self, candidate: Result<Learner>, golden: &[Example], stopped: &AtomicBool) {
        let mut held = self.state();
        let state = &mut *held;
        if stopped.load(Ordering::Relaxed) {
            return;
        }
        let Some(retraining) = state.retraining.take() else { return };
        let placed = candidate.and_then(|mut candidate| {
            for change in &retraining.changes {
                // A change that fails now would have failed before.
                let _ = candidate.apply(change);
            }
            if let (false, Some(learner)) = (retraining.changes.is_empty(), &state.learner) {
                let compared = learner.compared(COMPARED);
                let new = Classifier::from(Arc::clone(candidate.model()));
                guard::check(&new, &self.published.current(), &compared, golden)?;
            }
            self.replace(state, candidate)
        });
        match placed {
            Ok(old) => {
                state.retrained += 1;
                state.previous = Some(Previous { learner: old, changes: vec![] });
            }
            Err(reason) => state.refuse(reason.to_string()),
        }
    }

    /// Replaces the training state and the model, and returns the previous state.
    fn replace(&self, state: &mut State, learner: Learner) -> Result<Learner> {
        state.check()?;
        if let Some(file) = &mut state.file {
            file.rewrite(&learner)?;
        }
        let model = Arc::clone(learner.model());
        let Some(old) = state.learner.replace(learner) else { return Err(Error::NoVectorizer) };
        self.published.publish(&model);
        Ok(old)
    }

    /// Publishes the model of `with` and continues with its training state. The own one is dropped,
    /// and the next change of `with` starts from its model. A training-state file of this
    /// classifier stays in use, unless `with` has one. On failure nothing has changed. The two must
    /// differ.
    pub(super) fn take(&self, with: &Learning) -> Result<()> {
        // In the order of their addresses, so that two calls in opposite directions don't wait for
        // each other.
        let (mut own, mut other);
        if ptr::from_ref(self) < ptr::from_ref(with) {
            own = self.state();
            other = with.state();
        } else {
            other = with.state();
            own = self.state();
        }
        let (state, given) = (&mut *own, &mut *other);
        let model = with.published.current().classifier.shared_model();
        // First what can fail.
        let mut made = None;
        if let (Some(file), None) = (&mut state.file, &given.file) {
            let learner = match &given.learner {
                Some(learner) => learner,
                None => made.insert(Learner::of(Arc::clone(&model))?),
            };
            file.rewrite(learner)?;
        }
        self.stop(state);
        with.stop(given);
        state.learner = given.learner.take().or(made);
        state.file = given.file.take().or_else(|| state.file.take());
        for state in [&mut *state, given] {
            (state.previous, state.since) = (None, 0);
        }
        self.published.publish(&model);
        Ok(())
    }

    pub(super) fn roll_back(&self) -> Result<()> {
        let mut guard = self.state();
        let state = &mut *guard;
        let Some(Previous { mut learner, changes }) = state.previous.take() else {
            return Err(Error::invalid("there is no model from before a retraining to go back to"));
        };
        for change in &changes {
            let _ = learner.apply(change);
        }
        match state.file.as_mut().map_or(Ok(()), |file| file.rewrite(&learner)) {
            Ok(()) => {
                self.stop(state);
                let model = Arc::clone(learner.model());
                state.learner = Some(learner);
                self.published.publish(&model);
                Ok(())
            }
            Err(error) => {
                // It has learned them.
                state.previous = Some(Previous { learner, changes: vec![] });
                Err(error)
            }
        }
    }

    pub(super) fn wait(&self, longest: Duration) -> bool {
        let waited = self.idle.wait_timeout_while(self.state(), longest, |state| state.retraining.is_some());
        waited.unwrap_or_else(PoisonError::into_inner).0.retraining.is_none()
    }

    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.stop(&mut state);
        let thread = state.thread.take();
        drop(state);
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }

    pub(super) fn describe(&self, report: &mut StatisticsReport) {
        let state = self.state();
        report.learned = state.learned;
        report.retrained = state.retrained;
        report.retrainings_refused = state.refused;
        report.last_refusal.clone_from(&state.last_refusal);
        report.retraining = state.retraining.is_some();
        let learners = [state.learner.as_ref(), state.previous.as_ref().map(|previous| &previous.learner)];
        for learner in learners.into_iter().flatten() {
            report.learner_bytes += (learner.model().rows() * DIMENSIONS * size_of::<f32>()) as u64;
        }
        report.kept = state.learner.as_ref().map_or(0, |learner| learner.kept() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rule;

    #[test]
    fn after_a_panic_nothing_is_published_that_the_training_state_file_does_not_hold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent");
        let learning = Learning::new(Published::new(Classifier::load(path).unwrap()), None);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("m.learner");
        learning.save(&file, Durability::Process).unwrap();
        let example = Example::new("water the ficus", ["GARDEN"]);
        learning.change(&Change::Update(vec![example.clone()])).unwrap();
        let (version, bytes) = (learning.published.current().version(), std::fs::read(&file).unwrap());
        // What a panic in the middle of a change leaves.
        drop(learning.state().learner.take());
        let rule = Rule { label: "GARDEN".into(), keywords: vec!["ficus".into()], phrases: vec![] };
        for change in [Change::Rules(vec![rule]), Change::Update(vec![example])] {
            let error = learning.change(&change).unwrap_err().to_string();
            assert!(error.contains("a defect while learning was caught"), "{error}");
        }
        // The file still holds the examples.
        assert!(matches!(learning.forget(), Err(Error::Learner { .. })));
        assert_eq!(learning.published.current().version(), version);
        assert!(std::fs::read(&file).unwrap() == bytes);
        drop(learning);
        let (_, learner) = LearnerFile::open(&file, Durability::Process).unwrap();
        assert_eq!(learner.kept(), 1);
    }
}
