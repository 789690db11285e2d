//! The engines of one model: the CPU, which is always available, and those that were measured to be
//! faster.

use super::measure::{self, Candidate, CandidateReport, Figures, Limits, State, Tried};
use super::{Engine, Precision, has_neural_engine, offered};
use crate::error::{Error, Result};
use crate::export::CoreMlPrecision;
use crate::model::Model;
use crate::vectorizer::FeatureVector;
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The host's choice of engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineChoice {
    /// The CPU. The default: probably the fastest for single texts on every system.
    #[default]
    Cpu,
    /// The fastest engine that agrees with the CPU, measured in the background, separately for one
    /// row and for batches.
    Auto,
    /// Core ML if it agrees with the CPU, even if the CPU is faster; on the fastest of the compute
    /// units tried for [`EngineChoice::Auto`].
    CoreMl,
    /// Core ML on compute units of the system's choice.
    CoreMlAll,
    /// Core ML on the CPU and the Neural Engine, on macOS 13 and iOS 16 or later.
    CoreMlNeuralEngine,
    /// Core ML on the CPU and the GPU.
    CoreMlGpu,
    /// Core ML on the CPU.
    CoreMlCpu,
}

impl EngineChoice {
    const ALL: [(EngineChoice, &str); 7] = [
        (EngineChoice::Auto, "auto"),
        (EngineChoice::Cpu, "cpu"),
        (EngineChoice::CoreMl, "core-ml"),
        (EngineChoice::CoreMlAll, "core-ml-all"),
        (EngineChoice::CoreMlNeuralEngine, "core-ml-neural-engine"),
        (EngineChoice::CoreMlGpu, "core-ml-gpu"),
        (EngineChoice::CoreMlCpu, "core-ml-cpu"),
    ];

    /// Returns the name. For a choice of compute units it is the name of the engine.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(choice, _)| *choice == self).map_or("cpu", |(_, name)| name)
    }

    /// Returns true if the choice includes the engine.
    fn wants(self, name: &str, is_usual: bool) -> bool {
        match self {
            EngineChoice::Cpu => false,
            EngineChoice::Auto | EngineChoice::CoreMl => is_usual,
            units => units.name() == name,
        }
    }
}

impl FromStr for EngineChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|&(choice, _)| choice).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name)| name).join(", ");
            Error::invalid(format!("`{name}` is not an engine; use one of {names}"))
        })
    }
}

/// Which engine is used, and why.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The host's choice.
    pub asked: EngineChoice,
    /// Name of the engine for one row.
    pub single: &'static str,
    /// Name of the engine for several rows.
    pub batch: &'static str,
    /// Whether candidates are still being measured. The CPU is used until then.
    pub measuring: bool,
    /// Times of the CPU; `None` before measuring.
    pub cpu: Option<Figures>,
    /// The other engines that the system offers; empty before measuring.
    pub candidates: Vec<CandidateReport>,
    /// Why no engine of the choice could be tried, so that the CPU answers.
    pub note: Option<&'static str>,
    /// Whether the system has a Neural Engine. `None` if the system doesn't tell.
    pub neural_engine: Option<bool>,
}

/// Maximum number of engines besides the CPU.
pub(crate) const SLOTS: usize = 5;

/// The state shared by the measuring thread and predictions. Predictions read atomics only.
#[derive(Default)]
struct Found {
    /// Candidates not tried yet; `None` before the system was asked for them.
    untried: Mutex<Option<Vec<Candidate>>>,
    /// The engines that were built and agree with the CPU.
    engines: [OnceLock<Box<dyn Engine>>; SLOTS],
    /// 1 + the slot of the engine for one row; 0 is the CPU.
    single: AtomicUsize,
    /// The same for batches.
    batch: AtomicUsize,
    report: Mutex<Report>,
    done: Condvar,
}

impl Found {
    fn report(&self) -> MutexGuard<'_, Report> {
        // Nothing panics while the lock is held; if it did, the report would still be valid.
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn untried(&self) -> MutexGuard<'_, Option<Vec<Candidate>>> {
        self.untried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the next candidate to try, or `None` if no more are wanted, which ends measuring.
    fn next(&self) -> Option<Candidate> {
        let mut report = self.report();
        let mut untried = self.untried();
        let mut wanted = untried.iter_mut().flat_map(|all| {
            let place = all.iter().position(|one| report.asked.wants(one.name, one.is_usual));
            place.map(|place| all.remove(place))
        });
        let next = wanted.next();
        if next.is_none() {
            report.measuring = false;
            report.note = note(&report, untried.as_deref().unwrap_or_default());
            self.choose(&mut report);
            self.done.notify_all();
        }
        next
    }

    /// Stores the result of measuring a candidate.
    fn measured(&self, tried: Tried) {
        let mut report = self.report();
        if let (Some(slot), Some(engine)) = (self.engines.get(report.candidates.len()), tried.engine) {
            // No one else fills it: one thread measures at a time.
            let _ = slot.set(engine);
        }
        report.cpu = Some(tried.cpu);
        report.candidates.push(tried.report);
    }

    /// Chooses the engines by the report's times and the host's choice.
    fn choose(&self, report: &mut Report) {
        let best = |time: fn(&Figures) -> f64| -> usize {
            let of_cpu = match (report.asked, report.cpu) {
                (EngineChoice::Auto, Some(cpu)) => time(&cpu),
                (EngineChoice::Cpu, _) | (_, None) => return 0,
                (_, Some(_)) => f64::INFINITY,
            };
            let wanted = |candidate: &CandidateReport| report.asked.wants(candidate.name, candidate.is_usual);
            let candidates = report.candidates.iter().enumerate().filter(|(_, candidate)| wanted(candidate));
            let times = candidates.filter_map(|(i, candidate)| match &candidate.state {
                State::Agrees(figures) => Some((time(figures), i + 1)),
                State::Dropped(_) | State::Failed(_) => None,
            });
            let fastest = times.min_by(|a, b| a.0.total_cmp(&b.0));
            fastest.filter(|&(time, _)| time < of_cpu).map_or(0, |(_, place)| place)
        };
        self.single.store(best(|figures| figures.single_us), Ordering::Release);
        self.batch.store(best(|figures| figures.batch_us), Ordering::Release);
    }

    /// Excludes an engine that failed.
    #[cold]
    fn failed(&self, place: usize, reason: String) {
        let mut report = self.report();
        if let Some(candidate) = report.candidates.get_mut(place - 1) {
            candidate.state = State::Failed(reason);
        }
        self.choose(&mut report);
    }
}

/// Returns why the chosen engine is not available, if so.
fn note(report: &Report, untried: &[Candidate]) -> Option<&'static str> {
    let is_there =
        report.candidates.iter().any(|candidate| report.asked.wants(candidate.name, candidate.is_usual));
    match report.asked {
        EngineChoice::Cpu => None,
        _ if is_there => None,
        _ if untried.is_empty() && report.candidates.is_empty() => {
            Some("this system has no Core ML; the CPU answers")
        }
        _ => Some("this system does not offer these compute units; the CPU answers"),
    }
}

/// The engines of one model, and the switch between them. Any number of threads may compute, query
/// and switch at once.
pub struct Engines {
    cpu: Box<dyn Engine>,
    precision: Precision,
    /// When engines were last measured, for this model or an earlier one.
    measured: Mutex<Option<Instant>>,
    found: Arc<Found>,
    limits: Limits,
}

impl Engines {
    /// Creates the engines with the CPU alone, in int8 arithmetic.
    pub fn new(model: &Model) -> Self {
        Engines {
            cpu: Precision::default().engine(model),
            precision: Precision::default(),
            measured: Mutex::default(),
            found: Arc::default(),
            limits: Limits::default(),
        }
    }

    /// Creates the engines of a model that replaces this one's, with the same choices. Measures the
    /// system's engines again, but not more often than [`Limits::between`]. The CPU is used until
    /// then.
    #[must_use]
    pub fn succeed(&self, model: &Arc<Model>) -> Engines {
        self.succeed_among(model, || offered(CoreMlPrecision::default()))
    }

    /// As [`Engines::succeed`], with the given candidates.
    #[must_use]
    pub fn succeed_among(&self, model: &Arc<Model>, offered: impl FnOnce() -> Vec<Candidate>) -> Engines {
        let next = Engines::new(model).with_precision(self.precision, model).with_limits(self.limits);
        let measured = *self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        *next.measured.lock().unwrap_or_else(PoisonError::into_inner) = measured;
        let asked = self.found.report().asked;
        if asked != EngineChoice::Cpu {
            next.choose_among(model, asked, offered);
        }
        next
    }

    /// As [`Engines::new`], with other time limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Chooses the arithmetic of the CPU engine.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision, model: &Model) -> Self {
        (self.cpu, self.precision) = (precision.engine(model), precision);
        self
    }

    /// Chooses an engine, and returns immediately. The first time, a background thread builds the
    /// system's engines, compares them with the CPU and measures them. The CPU is used until it has
    /// finished, and afterwards if no engine agrees with the CPU.
    pub fn choose(&self, model: &Arc<Model>, choice: EngineChoice) {
        self.choose_among(model, choice, || offered(CoreMlPrecision::default()));
    }

    /// As [`Engines::choose`], with the given candidates.
    pub fn choose_among(
        &self,
        model: &Arc<Model>,
        choice: EngineChoice,
        offered: impl FnOnce() -> Vec<Candidate>,
    ) {
        let mut report = self.found.report();
        (report.asked, report.note) = (choice, None);
        self.found.choose(&mut report);
        if choice == EngineChoice::Cpu {
            return;
        }
        let mut untried = self.found.untried();
        let untried = untried.get_or_insert_with(|| offered().into_iter().take(SLOTS).collect());
        if report.measuring {
            // The measuring thread reads the new choice.
            return;
        }
        if !untried.iter().any(|candidate| choice.wants(candidate.name, candidate.is_usual)) {
            report.note = note(&report, untried);
            return;
        }
        // Further candidates of a measured model are measured immediately; those of a model after a
        // swap wait for their turn.
        let start = if report.cpu.is_some() { Instant::now() } else { self.next_start() };
        let found = || Arc::downgrade(&self.found);
        let (wanted, source, sink) = (found(), found(), found());
        let started = measure::start(
            Arc::clone(model),
            self.limits,
            start,
            move || wanted.strong_count() > 0,
            move || source.upgrade()?.next(),
            move |tried| {
                if let Some(found) = sink.upgrade() {
                    found.measured(tried);
                }
            },
        );
        match started {
            Ok(()) => report.measuring = true,
            Err(reason) => report.note = Some(reason),
        }
    }

    /// Returns when to measure the engines of a model without measurements.
    fn next_start(&self) -> Instant {
        let now = Instant::now();
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let start = measured.map_or(now, |last| now.max(last + self.limits.between));
        *measured = Some(start);
        start
    }

    /// Blocks until no engine is being measured or `longest` elapses. Returns true if none is being
    /// measured.
    pub fn wait(&self, longest: Duration) -> bool {
        // Limited to about a century, since the clock's addition could overflow.
        let end = Instant::now() + longest.min(Duration::from_secs(3_000_000_000));
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

    /// Returns which engines are used, and why.
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

    /// Returns the name of the engine for one row.
    pub fn name(&self) -> &'static str {
        self.at(&self.found.single).map_or(self.cpu.name(), |(_, engine)| engine.name())
    }

    /// Returns the slot of the engine for one row among the report's candidates, counted from 1; 0
    /// for the CPU.
    #[inline]
    pub fn place(&self) -> usize {
        self.found.single.load(Ordering::Relaxed)
    }

    /// Returns the engine that a choice stands for, and its slot; `None` for the CPU.
    #[inline]
    fn at(&self, choice: &AtomicUsize) -> Option<(usize, &dyn Engine)> {
        let place = choice.load(Ordering::Acquire);
        let engine = self.found.engines.get(place.wrapping_sub(1))?.get()?;
        Some((place, engine.as_ref()))
    }

    /// Writes the logits of feature vectors; see [`Engine::logits`]. If another engine than the CPU
    /// fails or panics, the CPU computes them, now and from then on. Returns the slot of the engine
    /// that computed them, as [`Engines::place`] counts.
    #[inline]
    pub fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> usize {
        let choice = if rows.len() == 1 { &self.found.single } else { &self.found.batch };
        if let Some((place, engine)) = self.at(choice) {
            match self.attempt(engine, model, rows, logits) {
                Ok(()) => return place,
                Err(reason) => self.found.failed(place, reason),
            }
        }
        // The CPU never fails.
        let _: std::result::Result<(), String> = self.cpu.logits(model, rows, logits);
        0
    }

    #[inline(never)]
    fn attempt(
        &self,
        engine: &dyn Engine,
        model: &Model,
        rows: &[FeatureVector],
        logits: &mut [f32],
    ) -> std::result::Result<(), String> {
        // The CPU overwrites all logits, so a panic may leave anything in them.
        let outcome = catch_unwind(AssertUnwindSafe(|| engine.logits(model, rows, logits)));
        outcome.unwrap_or_else(|_| Err(format!("{} panicked", engine.name())))?;
        match logits.iter().all(|logit| logit.is_finite()) {
            true => Ok(()),
            false => Err(format!("{} gave non-finite logits", engine.name())),
        }
    }
}
