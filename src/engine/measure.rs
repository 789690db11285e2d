//! Building, comparing and measuring engines, on threads of their own.
//!
//! A candidate is built and tried on a thread that nobody waits for longer than the limit: what hangs is left behind with what it
//! holds. What the host drops in the meantime lives until the measuring thread has looked.

use super::{CpuInt8, Engine, Plan};
use crate::calibration::Calibration;
use crate::decision::Choice;
use crate::model::Model;
use crate::shape::DIMENSIONS;
use crate::vectorizer::FeatureVector;
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How far a probability may be from the CPU's, and how near to its threshold a label must be to be judged differently.
const TOLERANCE: f32 = 2e-2;
/// How far the largest logit may be from the CPU's, in logits or as a share of it: texts are rejected by it.
const LOGIT_TOLERANCE: f32 = 0.1;
const LOGIT_SHARE: f32 = 0.01;
/// Rows that are compared, and measured as a batch.
const PROBES: usize = 64;

/// An engine that can be tried.
pub struct Candidate {
    /// Its name.
    pub name: &'static str,
    /// Whether it is tried for [`EngineChoice::Auto`](super::EngineChoice::Auto), not only when its own compute units are asked for.
    pub is_usual: bool,
    /// Builds it for a model.
    pub build: Builder,
}

/// What builds an engine, or says in a sentence why it can't.
pub type Builder = Box<dyn FnOnce(&Arc<Model>) -> Result<Box<dyn Engine>, String> + Send>;

/// How long measuring may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For one candidate: building, comparing, warming up and measuring. Default 30 s; the first compilation of a package is slow.
    pub candidate: Duration,
    /// Of one of the two measurements of one engine. Default 20 ms.
    pub measuring: Duration,
    /// Between two times that the engines of one classifier are measured, for its first model or a later one. Default a minute: measuring
    /// takes a core for seconds, and a model that learns is swapped often.
    pub between: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let between = Duration::from_secs(60);
        Limits { candidate: Duration::from_secs(30), measuring: Duration::from_millis(20), between }
    }
}

/// What an engine takes, as medians.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Microseconds for one row.
    pub single_us: f64,
    /// Microseconds for each of 64 rows.
    pub batch_us: f64,
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It gives the CPU's answers, in this time.
    Agrees(Figures),
    /// It couldn't be built in time, or gave other answers.
    Dropped(String),
    /// It failed later; the CPU answered in its place.
    Failed(String),
}

/// A candidate and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CandidateReport {
    /// The engine's name.
    pub name: &'static str,
    /// As [`Candidate::is_usual`].
    #[serde(skip)]
    pub is_usual: bool,
    /// What became of it.
    pub state: State,
    /// What the system plans to run on a Neural Engine, where it says.
    pub plan: Option<Plan>,
}

/// What measuring found of one candidate: what the CPU takes meanwhile, what became of it, and the engine if it agrees.
pub(super) struct Tried {
    pub(super) cpu: Figures,
    pub(super) report: CandidateReport,
    pub(super) engine: Option<Box<dyn Engine>>,
}

/// Starts measuring on a thread of its own, not before `start`: one candidate after the other, as long as there is a `next` one, and hands
/// over what it found of each. Ends without asking when by then nobody `is_wanted` any more.
pub(super) fn start(
    model: Arc<Model>,
    limits: Limits,
    start: Instant,
    is_wanted: impl Fn() -> bool + Send + 'static,
    next: impl Fn() -> Option<Candidate> + Send + 'static,
    found: impl Fn(Tried) + Send + 'static,
) -> Result<(), &'static str> {
    let measure = move || {
        loop {
            let left = start.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            if !is_wanted() {
                return;
            }
            thread::sleep(left.min(Duration::from_millis(500)));
        }
        let probes = probes(&model);
        // The CPU never fails, so it has figures.
        let cpu =
            figures(&CpuInt8, &model, &probes, limits).unwrap_or(Figures { single_us: 0.0, batch_us: 0.0 });
        while let Some(Candidate { name, is_usual, build }) = next() {
            let (state, engine) = match attempt(build, name, Arc::clone(&model), Arc::clone(&probes), limits)
            {
                Ok((engine, figures)) => (State::Agrees(figures), Some(engine)),
                Err(reason) => (State::Dropped(reason), None),
            };
            let plan = engine.as_deref().and_then(|engine: &dyn Engine| engine.plan());
            found(Tried { cpu, report: CandidateReport { name, is_usual, state, plan }, engine });
        }
    };
    let thread = thread::Builder::new().name("intent-measure".into()).spawn(measure);
    thread.map(drop).map_err(|_| "the system gives no thread to measure on; the CPU answers")
}

/// Tries one candidate on a thread of its own.
fn attempt(
    build: Builder,
    name: &'static str,
    model: Arc<Model>,
    probes: Arc<Vec<FeatureVector>>,
    limits: Limits,
) -> Result<(Box<dyn Engine>, Figures), String> {
    let (send, receive) = sync_channel(1);
    let work = move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let engine = build(&model)?;
            agrees(engine.as_ref(), &model, &probes)?;
            let figures = figures(engine.as_ref(), &model, &probes, limits)?;
            Ok((engine, figures))
        }));
        // Nobody listens any more when it took too long.
        let _ = send.send(outcome.unwrap_or_else(|_| Err("it panicked".to_owned())));
    };
    let spawned = thread::Builder::new().name(format!("intent-{name}")).spawn(work);
    spawned.map_err(|error| format!("the system gives no thread to try it on: {error}"))?;
    match receive.recv_timeout(limits.candidate) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => Err(format!(
            "it did not answer within {:.1} s and was left behind",
            limits.candidate.as_secs_f64()
        )),
        Err(RecvTimeoutError::Disconnected) => Err("its thread ended without an answer".to_owned()),
    }
}

/// Rows like those of texts: the labels' centroids, and mixtures of them with something of their own.
fn probes(model: &Model) -> Arc<Vec<FeatureVector>> {
    let centroids = model.centroids().rows.as_chunks::<DIMENSIONS>().0;
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = || {
        // SplitMix64 (Steele, Lea and Flood, 2014): as good for any seed.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let row = |i: usize| {
        let mut row = [0.0f32; DIMENSIONS];
        let pure = i < PROBES / 2;
        row.iter_mut().for_each(|value| *value = if pure { 0.0 } else { random() * 60.0 });
        if !centroids.is_empty() {
            for part in 0..1 + i % 2 {
                let centroid = &centroids[(i * 7 + part * 13) % centroids.len()];
                row.iter_mut().zip(centroid).for_each(|(value, &number)| *value += f32::from(number));
            }
        }
        let length = crate::simd::dot(&row, &row).sqrt();
        row.iter_mut().for_each(|value| *value /= length.max(1e-6));
        row
    };
    Arc::new((0..PROBES).map(row).collect())
}

/// Whether an engine gives the probabilities and labels that the CPU gives, row by row and all at once.
fn agrees(engine: &dyn Engine, model: &Model, probes: &[FeatureVector]) -> Result<(), String> {
    let labels = model.labels().len();
    let (mut ours, mut theirs) = (vec![0.0; probes.len() * labels], vec![f32::NAN; probes.len() * labels]);
    CpuInt8.logits(model, probes, &mut ours)?;
    engine.logits(model, probes, &mut theirs)?;
    let mut alone = vec![f32::NAN; labels];
    for (i, row) in probes.iter().enumerate() {
        let ours = &ours[i * labels..(i + 1) * labels];
        alone.fill(f32::NAN);
        engine.logits(model, std::slice::from_ref(row), &mut alone)?;
        for theirs in [&theirs[i * labels..(i + 1) * labels], &alone] {
            same_answer(model, ours, theirs)?;
        }
    }
    Ok(())
}

fn same_answer(model: &Model, ours: &[f32], theirs: &[f32]) -> Result<(), String> {
    if !theirs.iter().all(|logit| logit.is_finite()) {
        return Err("it gives logits that are no finite numbers".to_owned());
    }
    let rule = model.rule();
    let probabilities = |calibration: Calibration, logits: &[f32]| -> Vec<f32> {
        let calibrated = calibration.over(logits);
        (0..logits.len()).map(|label| calibrated.probability(label)).collect()
    };
    let (a, b) = (probabilities(rule.calibration, ours), probabilities(rule.calibration, theirs));
    let far = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    if far > TOLERANCE {
        return Err(format!(
            "its probabilities are up to {far:.3} from the CPU's, where {TOLERANCE} is allowed"
        ));
    }
    let top = |values: &[f32]| crate::simd::largest(values).unwrap_or(0);
    let (best, other) = (ours[top(ours)], theirs[top(theirs)]);
    if (best - other).abs() > LOGIT_TOLERANCE.max(LOGIT_SHARE * best.abs()) {
        return Err(format!(
            "its largest logit is {other:.2} where the CPU's is {best:.2}, and texts are rejected by it"
        ));
    }
    let differs = match rule.choice {
        Choice::Single => a[top(&a)] - a[top(&b)] > TOLERANCE,
        Choice::Multi => a.iter().zip(&b).zip(rule.thresholds).any(|((&a, &b), &threshold)| {
            (a >= threshold) != (b >= threshold) && (a - threshold).abs() > TOLERANCE
        }),
    };
    if differs { Err("it chooses other labels than the CPU".to_owned()) } else { Ok(()) }
}

/// What an engine takes: the median of as many calls as fit the time, three at least, behind one that warms up.
fn figures(
    engine: &dyn Engine,
    model: &Model,
    probes: &[FeatureVector],
    limits: Limits,
) -> Result<Figures, String> {
    let mut logits = vec![0.0; probes.len() * model.labels().len()];
    let mut median = |rows: usize| -> Result<f64, String> {
        let logits = &mut logits[..rows * model.labels().len()];
        let (start, mut times) = (Instant::now(), vec![]);
        engine.logits(model, &probes[..rows], logits)?;
        while times.len() < 3 || start.elapsed() < limits.measuring {
            let first = times.len() % (probes.len() - rows + 1);
            let before = Instant::now();
            engine.logits(model, &probes[first..first + rows], logits)?;
            times.push(before.elapsed());
        }
        times.sort_unstable();
        Ok(times[times.len() / 2].as_secs_f64() * 1e6 / rows as f64)
    };
    Ok(Figures { single_us: median(1)?, batch_us: median(PROBES)? })
}
