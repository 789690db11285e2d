//! Builds, compares and measures engines on background threads.
//!
//! Each candidate is built and tried on its own thread. After the time limit a hanging thread is
//! abandoned, with everything it holds. Objects that the host drops meanwhile live until the
//! measuring thread notices.

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

/// Maximum difference of a probability from the CPU's, and the distance from its threshold within
/// which a label may be decided differently.
const TOLERANCE: f32 = 2e-2;
/// Maximum difference of the largest logit from the CPU's, absolute or relative: rejection depends
/// on it.
const LOGIT_TOLERANCE: f32 = 0.1;
const LOGIT_SHARE: f32 = 0.01;
/// Number of rows that are compared, and measured as a batch.
const PROBES: usize = 64;

/// An engine that can be tried.
pub struct Candidate {
    /// Its name.
    pub name: &'static str,
    /// Whether [`EngineChoice::Auto`](super::EngineChoice::Auto) tries it. If not, it is tried only
    /// if its compute units are chosen.
    pub is_usual: bool,
    /// Builds it for a model.
    pub build: Builder,
}

/// Builds an engine. Fails with a sentence that says why.
pub type Builder = Box<dyn FnOnce(&Arc<Model>) -> Result<Box<dyn Engine>, String> + Send>;

/// Time limits of measuring.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Limit for one candidate: building, comparing, warming up and measuring. Defaults to 30 s,
    /// since the first compilation of a package is slow.
    pub candidate: Duration,
    /// Duration of each of the two measurements of an engine. Defaults to 20 ms.
    pub measuring: Duration,
    /// Minimum time between measurements for one classifier, for its first model or a later one.
    /// Defaults to a minute: measuring uses a core for seconds, and a learning model is swapped
    /// often.
    pub between: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let between = Duration::from_secs(60);
        Limits { candidate: Duration::from_secs(30), measuring: Duration::from_millis(20), between }
    }
}

/// Median times of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Microseconds for one row.
    pub single_us: f64,
    /// Microseconds per row in a batch of 64.
    pub batch_us: f64,
}

/// The state of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It agrees with the CPU, and takes this time.
    Agrees(Figures),
    /// It couldn't be built in time, or disagreed with the CPU.
    Dropped(String),
    /// It failed later; the CPU replaced it.
    Failed(String),
}

/// A candidate and its state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CandidateReport {
    /// The engine's name.
    pub name: &'static str,
    /// As [`Candidate::is_usual`].
    #[serde(skip)]
    pub is_usual: bool,
    /// Its state.
    pub state: State,
    /// The system's plan for the Neural Engine, if it tells.
    pub plan: Option<Plan>,
}

/// The result for one candidate: the CPU's times, the candidate's state, and the engine if it
/// agrees.
pub(super) struct Tried {
    pub(super) cpu: Figures,
    pub(super) report: CandidateReport,
    pub(super) engine: Option<Box<dyn Engine>>,
}

/// Starts measuring on a background thread, not before `start`. Measures the candidates returned by
/// `next` one after the other, and hands over each result. Ends early if `is_wanted` returns false
/// by then.
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
        // The CPU never fails, so it has times.
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
    thread.map(drop).map_err(|_| "the system can't start a thread to measure on; the CPU answers")
}

/// Tries one candidate on its own thread.
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
        // After the time limit there is no receiver.
        let _ = send.send(outcome.unwrap_or_else(|_| Err("it panicked".to_owned())));
    };
    let spawned = thread::Builder::new().name(format!("intent-{name}")).spawn(work);
    spawned.map_err(|error| format!("the system can't start a thread to try it on: {error}"))?;
    match receive.recv_timeout(limits.candidate) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => {
            Err(format!("it did not answer within {:.1} s and was abandoned", limits.candidate.as_secs_f64()))
        }
        Err(RecvTimeoutError::Disconnected) => Err("its thread ended without an answer".to_owned()),
    }
}

/// Returns rows like those of texts: the labels' centroids, and mixtures of them with noise.
fn probes(model: &Model) -> Arc<Vec<FeatureVector>> {
    let centroids = model.centroids().rows.as_chunks::<DIMENSIONS>().0;
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = || {
        // SplitMix64 (Steele, Lea and Flood, 2014): good for any seed.
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

/// Checks that an engine gives the probabilities and labels of the CPU, row by row and as a batch.
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
        return Err("it gives non-finite logits".to_owned());
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

/// Measures an engine: returns the median of as many calls as fit the time, at least three, after
/// one warm-up call.
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
