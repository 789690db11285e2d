//! The engines of one model: the CPU's, which always answers, and those that were found to be faster.

use super::choose::{self, Candidate, CandidateReport, Figures, Limits, Measured, State};
use super::{Precision, Runtime, has_neural_engine};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::vectorizer::FeatureVector;
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What a host asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuntimeChoice {
    /// The CPU. The default: for one text at a time it is likely to be the fastest everywhere.
    #[default]
    Cpu,
    /// The fastest that agrees with the CPU, measured in the background; for one row and for many apart.
    Auto,
    /// Core ML, even where the CPU is faster, as long as it agrees with the CPU.
    CoreMl,
}

impl FromStr for RuntimeChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "cpu" => Ok(RuntimeChoice::Cpu),
            "auto" => Ok(RuntimeChoice::Auto),
            "core-ml" => Ok(RuntimeChoice::CoreMl),
            _ => Err(Error::invalid(format!("`{name}` is no runtime; use auto, cpu or core-ml"))),
        }
    }
}

/// Which engine is in use, and why.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// What was asked for.
    pub asked: RuntimeChoice,
    /// Name of the engine for one row.
    pub single: &'static str,
    /// Name of the engine for several rows.
    pub batch: &'static str,
    /// Whether candidates are still being measured; until then the CPU answers.
    pub measuring: bool,
    /// What the CPU takes; `None` before measuring.
    pub cpu: Option<Figures>,
    /// The other engines that the system offers; none before measuring.
    pub candidates: Vec<CandidateReport>,
    /// Why there is no choice, where there is none.
    pub note: Option<&'static str>,
    /// Whether this system has a Neural Engine, where it can say.
    pub neural_engine: Option<bool>,
}

/// Engines besides the CPU there can be.
const SLOTS: usize = 4;

/// What a measuring thread and the predictions share. Predictions read atomics only.
#[derive(Default)]
struct Found {
    /// Those that were built and agreed.
    engines: [OnceLock<Box<dyn Runtime>>; SLOTS],
    /// 1 + the place of the engine for one row; 0 is the CPU.
    single: AtomicUsize,
    /// The same for several rows.
    batch: AtomicUsize,
    report: Mutex<Report>,
    done: Condvar,
}

impl Found {
    fn report(&self) -> MutexGuard<'_, Report> {
        // Nothing panics with the lock held; if it did, the report would still be one.
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what measuring found, and chooses.
    fn measured(&self, measured: Measured) {
        for (slot, engine) in self.engines.iter().zip(measured.engines) {
            engine.into_iter().for_each(|engine| drop(slot.set(engine)));
        }
        let mut report = self.report();
        (report.cpu, report.candidates, report.measuring) = (Some(measured.cpu), measured.candidates, false);
        self.choose(&mut report);
        self.done.notify_all();
    }

    /// Puts the choice that the report's figures and what was asked for ask for in place.
    fn choose(&self, report: &mut Report) {
        let best = |time: fn(&Figures) -> f64| -> usize {
            let of_cpu = match (report.asked, report.cpu) {
                (RuntimeChoice::Auto, Some(cpu)) => time(&cpu),
                (RuntimeChoice::CoreMl, Some(_)) => f64::INFINITY,
                _ => return 0,
            };
            let times =
                report.candidates.iter().enumerate().filter_map(|(i, candidate)| match &candidate.state {
                    State::Agrees(figures) => Some((time(figures), i + 1)),
                    State::Dropped(_) | State::Failed(_) => None,
                });
            let fastest = times.min_by(|a, b| a.0.total_cmp(&b.0));
            fastest.filter(|&(time, _)| time < of_cpu).map_or(0, |(_, place)| place)
        };
        self.single.store(best(|figures| figures.single_us), Ordering::Release);
        self.batch.store(best(|figures| figures.batch_us), Ordering::Release);
    }

    /// An engine that failed isn't asked again.
    #[cold]
    fn failed(&self, place: usize, reason: String) {
        let mut report = self.report();
        if let Some(candidate) = report.candidates.get_mut(place - 1) {
            candidate.state = State::Failed(reason);
        }
        self.choose(&mut report);
    }
}

/// The engines of one model, and the switch between them. Any number of threads may compute, ask and switch at once.
pub struct Engines {
    cpu: Box<dyn Runtime>,
    precision: Precision,
    /// When the system's engines were measured last, for this model or one before.
    measured: Mutex<Option<Instant>>,
    found: Arc<Found>,
    limits: Limits,
}

impl Engines {
    /// The CPU alone, computing in int8.
    pub fn new(model: &Model) -> Self {
        Engines {
            cpu: Precision::default().runtime(model),
            precision: Precision::default(),
            measured: Mutex::default(),
            found: Arc::default(),
            limits: Limits::default(),
        }
    }

    /// The engines of a model that takes the place of this one's, with the same choices. What the system offers is measured anew, but
    /// not more often than [`Limits::between`] says; until then the CPU answers.
    #[must_use]
    pub fn succeed(&self, model: &Arc<Model>) -> Engines {
        self.succeed_among(model, super::offered)
    }

    /// As [`Engines::succeed`], among the given candidates.
    #[must_use]
    pub fn succeed_among(&self, model: &Arc<Model>, offered: impl FnOnce() -> Vec<Candidate>) -> Engines {
        let next = Engines::new(model).with_precision(self.precision, model).with_limits(self.limits);
        let measured = *self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        *next.measured.lock().unwrap_or_else(PoisonError::into_inner) = measured;
        let asked = self.found.report().asked;
        if asked != RuntimeChoice::Cpu {
            next.choose_among(model, asked, offered);
        }
        next
    }

    /// As [`Engines::new`], with other limits of measuring.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Computes in another arithmetic on the CPU.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision, model: &Model) -> Self {
        (self.cpu, self.precision) = (precision.runtime(model), precision);
        self
    }

    /// Asks for an engine and returns at once. What the system offers is built, compared with the CPU and measured on a thread of its own,
    /// the first time; until that is done, the CPU answers.
    pub fn choose(&self, model: &Arc<Model>, choice: RuntimeChoice) {
        self.choose_among(model, choice, super::offered);
    }

    /// As [`Engines::choose`], among the given candidates.
    pub fn choose_among(
        &self,
        model: &Arc<Model>,
        choice: RuntimeChoice,
        offered: impl FnOnce() -> Vec<Candidate>,
    ) {
        let mut report = self.found.report();
        report.asked = choice;
        if choice == RuntimeChoice::Cpu || report.measuring || report.cpu.is_some() || report.note.is_some() {
            return self.found.choose(&mut report);
        }
        let mut candidates = offered();
        candidates.truncate(SLOTS);
        if candidates.is_empty() {
            report.note = Some("this system has no Core ML; the CPU answers");
            return;
        }
        report.measuring = true;
        drop(report);
        let now = Instant::now();
        let start = {
            let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
            let start = measured.map_or(now, |last| now.max(last + self.limits.between));
            *measured = Some(start);
            start
        };
        let found = Arc::downgrade(&self.found);
        let wanted = found.clone();
        let is_wanted = move || wanted.strong_count() > 0;
        let done = move |measured| {
            if let Some(found) = found.upgrade() {
                found.measured(measured);
            }
        };
        if let Err(reason) = choose::start(Arc::clone(model), candidates, self.limits, start, is_wanted, done)
        {
            let mut report = self.found.report();
            (report.measuring, report.note) = (false, Some(reason));
        }
    }

    /// Waits until nothing is being measured, at most so long; says whether that is so.
    pub fn wait(&self, longest: Duration) -> bool {
        let end = Instant::now() + longest;
        let mut report = self.found.report();
        while report.measuring {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.found.done.wait_timeout(report, left);
            report = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// What is in use, and why.
    pub fn report(&self) -> Report {
        let report = self.found.report().clone();
        let name = |place: &AtomicUsize| self.at(place).map_or(self.cpu.name(), |(_, engine)| engine.name());
        Report {
            single: name(&self.found.single),
            batch: name(&self.found.batch),
            neural_engine: has_neural_engine(),
            ..report
        }
    }

    /// Name of the engine for one row.
    pub fn name(&self) -> &'static str {
        self.at(&self.found.single).map_or(self.cpu.name(), |(_, engine)| engine.name())
    }

    /// Place of the engine for one row among the report's candidates, counted from 1; 0 for the CPU.
    #[inline]
    pub fn place(&self) -> usize {
        self.found.single.load(Ordering::Relaxed)
    }

    /// The engine that a choice stands for, and its place; `None` for the CPU.
    #[inline]
    fn at(&self, choice: &AtomicUsize) -> Option<(usize, &dyn Runtime)> {
        let place = choice.load(Ordering::Acquire);
        let engine = self.found.engines.get(place.wrapping_sub(1))?.get()?;
        Some((place, engine.as_ref()))
    }

    /// Writes the logits of feature vectors; see [`Runtime::logits`]. When another engine than the CPU fails or panics, the CPU answers
    /// instead, and from then on.
    #[inline]
    pub fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) {
        let choice = if rows.len() == 1 { &self.found.single } else { &self.found.batch };
        if let Some((place, engine)) = self.at(choice) {
            match self.attempt(engine, model, rows, logits) {
                Ok(()) => return,
                Err(reason) => self.found.failed(place, reason),
            }
        }
        // The CPU never fails.
        let _: std::result::Result<(), String> = self.cpu.logits(model, rows, logits);
    }

    #[inline(never)]
    fn attempt(
        &self,
        engine: &dyn Runtime,
        model: &Model,
        rows: &[FeatureVector],
        logits: &mut [f32],
    ) -> std::result::Result<(), String> {
        // The CPU writes all logits anew, so it doesn't matter what a panic leaves in them.
        let outcome = catch_unwind(AssertUnwindSafe(|| engine.logits(model, rows, logits)));
        outcome.unwrap_or_else(|_| Err(format!("{} panicked", engine.name())))?;
        match logits.iter().all(|logit| logit.is_finite()) {
            true => Ok(()),
            false => Err(format!("{} gave logits that are no finite numbers", engine.name())),
        }
    }
}
