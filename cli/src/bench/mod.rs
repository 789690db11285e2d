//! `intent bench`: how fast a model answers on this machine.
//!
//! `timing` times calls, `stages` the stages of a prediction, `first_prediction` a fresh process; `show` prints.

mod first_prediction;
mod show;
mod stages;
mod timing;

pub use first_prediction::{ChildArguments, run_child};

use crate::failure::Failure;
use crate::input::Reading;
use crate::output::Output;
use crate::{input, numbers};
use clap::Args;
use first_prediction::child;
use intentkit::engine::kernel_name;
use intentkit::engine::{EngineChoice, Report as EngineReport};
use intentkit::{Classifier, PredictOptions};
use serde::Serialize;
use stages::Stages;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use timing::{median, rate};

/// Measure how fast a model classifies texts on this machine
///
/// Each text is timed on its own, in several passes after a warm-up; percentiles are over all calls. `network` is one row
/// of features; `decision` is all after it: reject score, calibration and choice. `load` includes the checksum and has the
/// file in the system's cache. The first prediction and the peak memory, in millions of bytes, are those of a new process
/// that loads the model and classifies one text.
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent bench --model commands.intent test.jsonl
  intent bench --model commands.intent test.jsonl --threads 1 --json
  intent bench --model commands.intent test.jsonl --engine auto"#)]
pub struct Arguments {
    /// Measure this model file
    #[arg(long, short, value_name = "MODEL")]
    model: PathBuf,
    /// Texts, labelled or not, in one file; `-` is standard input
    #[arg(value_name = "DATA")]
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Use this many threads for the batch, up to 1024; 0 uses all cores
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    threads: usize,
    /// Compute the network with this engine: cpu, auto (the fastest that agrees with the CPU), core-ml, or core-ml-all,
    /// core-ml-neural-engine, core-ml-gpu or core-ml-cpu for certain compute units
    #[arg(long, value_name = "ENGINE", default_value = "cpu")]
    engine: EngineChoice,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is measured, in the order of `--json`.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    stages: Stages,
    singles_per_s: u64,
    batch_per_s: u64,
    threads: usize,
    load_us: f64,
    first_prediction_us: f64,
    peak_rss_mb: Option<f64>,
    kernel: &'static str,
    engine: EngineReport,
}

const MAX_THREADS: usize = 1024;
const LOADS: usize = 31;
const CHILDREN: usize = 5;
/// For engines to be built and measured.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(120);
/// Texts in one batch at most: enough to keep every core busy between two starts.
const MAX_BATCH: usize = 32_768;

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.threads > MAX_THREADS {
        let threads = arguments.threads;
        return Err(Failure::Usage(format!(
            "--threads is {threads}; it must be at most {MAX_THREADS}, or 0 for all cores"
        )));
    }
    let classifier = Classifier::load(&arguments.model)?;
    let data = input::some_examples(&arguments.data, arguments.reading.format)?;
    input::warn_of(&data)?;
    let texts: Vec<&str> = data.examples.iter().map(|example| example.text.as_str()).collect();
    let report = measured(arguments, &classifier, &texts)?;
    let mut out = Output::new();
    if arguments.json {
        return out.json(&report);
    }
    show::show(&report, &arguments.model, &classifier, texts.len(), &mut out)
}

fn measured(arguments: &Arguments, classifier: &Classifier, texts: &[&str]) -> Result<Report, Failure> {
    let load_us = load(arguments)?;
    classifier.set_engine_choice(arguments.engine);
    classifier.wait_for_engine(ENGINE_TIMEOUT);
    classifier.prepare();
    let stages = Stages::measured(classifier, texts)?;
    let singles_per_s = stages::singles_per_second(classifier, texts);
    let (batch_per_s, threads) = batch(arguments, classifier, texts, singles_per_s)?;
    let children = (0..CHILDREN).map(|_| child(&arguments.model, texts[0])).collect::<Result<Vec<_>, _>>()?;
    let first = median(children.iter().map(|child| child.first_prediction_us));
    Ok(Report {
        stages,
        singles_per_s: singles_per_s.round() as u64,
        batch_per_s: batch_per_s.round() as u64,
        threads,
        load_us,
        first_prediction_us: numbers::rounded(first.unwrap_or(0.0), 1),
        peak_rss_mb: median(children.iter().filter_map(|child| child.peak_rss_mb)),
        kernel: kernel_name(),
        engine: classifier.engine_report(),
    })
}

/// Microseconds to open the model, the median of several times.
fn load(arguments: &Arguments) -> Result<f64, Failure> {
    let mut times = Vec::with_capacity(LOADS);
    for _ in 0..LOADS {
        let start = Instant::now();
        let loaded = Classifier::load(&arguments.model)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
        drop(loaded);
    }
    Ok(numbers::rounded(median(times.into_iter()).unwrap_or(0.0), 1))
}

/// Texts a second in a batch, and the threads that worked on it.
fn batch(
    arguments: &Arguments,
    classifier: &Classifier,
    texts: &[&str],
    singles_per_s: f64,
) -> Result<(f64, usize), Failure> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()
        .map_err(|e| Failure::Failed(format!("cannot start the threads: {e}; try fewer with --threads")))?;
    // A batch that one thread works on for a quarter of a second, so that slow machines come to an end as well.
    let length = (singles_per_s as usize / 4).clamp(texts.len().min(MAX_BATCH), MAX_BATCH);
    let batch: Vec<&str> = texts.iter().copied().cycle().take(length).collect();
    let options = PredictOptions::default();
    let per_second = pool.install(|| {
        rate(batch.len(), || {
            let _ = black_box(classifier.predict_batch(&batch, &options));
        })
    });
    Ok((per_second, pool.current_num_threads()))
}
