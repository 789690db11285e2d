//! `intent bench`: how fast a model answers on this machine.

use crate::failure::Failure;
use crate::output::Output;
use crate::{input, words};
use clap::Args;
use intentkit::data::Format;
use intentkit::engine::kernel_name;
use intentkit::engine::{EngineChoice as RuntimeChoice, Report as RuntimeReport, State};
use intentkit::model::DIMENSIONS;
use intentkit::{Classifier, FeatureVector, MAX_CLAUSES, PredictOptions, Scored};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Measure how fast a model answers on this machine
///
/// Every text is timed on its own, over several passes behind a warm-up; percentiles are over all calls. The network is
/// that of one row of features, the decision everything behind it: reject score, calibration, the choice. Loading is
/// measured with the file in the system's cache and includes the checksum. The first prediction and the peak memory
/// (millions of bytes) are those of a new process that loads the model and answers one text.
#[derive(Args)]
#[command(after_help = "Examples:
  intent bench commands.intent test.jsonl
  intent bench commands.intent test.jsonl --threads 1 --json")]
pub struct Arguments {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// A file of texts, labelled or not; `-` is standard input
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// jsonl, fasttext or csv [default: by the file's extension; jsonl for standard input]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Threads for the batch, 0 for all cores
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    threads: usize,
    /// What computes: cpu, auto (the fastest engine that agrees with the CPU), core-ml, or core-ml-all, core-ml-neural-engine, core-ml-gpu,
    /// core-ml-cpu for certain compute units
    #[arg(long, value_name = "RUNTIME", default_value = "cpu")]
    runtime: RuntimeChoice,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Answer one text, read from standard input, in a fresh process and say what that took; used by `bench`
#[derive(Args)]
pub struct ChildArguments {
    model: PathBuf,
}

#[derive(Serialize)]
struct Report {
    text_to_labels_us: Percentiles,
    vectorize_us: Percentiles,
    network_us: Percentiles,
    decision_us: Percentiles,
    singles_per_s: u64,
    batch_per_s: u64,
    threads: usize,
    load_us: f64,
    first_prediction_us: f64,
    peak_rss_mb: Option<f64>,
    kernel: &'static str,
    runtime: RuntimeReport,
}

#[derive(Serialize, Clone, Copy)]
struct Percentiles {
    p50: f64,
    p95: f64,
    p99: f64,
}

#[derive(Serialize, Deserialize)]
struct ChildReport {
    first_prediction_us: f64,
    peak_rss_mb: Option<f64>,
}

/// Long enough for the CPU to leave its idle clock, short enough to wait for.
const WARM_UP: Duration = Duration::from_millis(200);
/// For each of the things measured.
const MEASURE: Duration = Duration::from_millis(800);
const MIN_PASSES: usize = 3;
const LOADS: usize = 31;
const CHILDREN: usize = 5;
/// For engines to be built and measured.
const LONGEST: Duration = Duration::from_secs(120);
/// Texts in one batch at most: enough to keep every core busy between two starts.
const MAX_BATCH: usize = 32_768;

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.threads > 1024 {
        let threads = arguments.threads;
        return Err(Failure::Usage(format!(
            "`threads` is {threads}; it must be at most 1024, or 0 for all cores"
        )));
    }
    let load = || Classifier::load(&arguments.model);
    let classifier = load()?;
    let data = input::some_examples(&arguments.data, arguments.format)?;
    input::warn_of(&data)?;
    let texts: Vec<&str> = data.examples.iter().map(|example| example.text.as_str()).collect();

    let mut loads = Vec::with_capacity(LOADS);
    for _ in 0..LOADS {
        let start = Instant::now();
        let loaded = load()?;
        loads.push(start.elapsed());
        drop(loaded);
    }
    classifier.set_engine_choice(arguments.runtime);
    classifier.wait_for_engine(LONGEST);
    classifier.prepare();
    // A text that can't be classified stops here, so the loops below need not look at every result.
    let features = texts.iter().map(|text| classifier.vectorize(text)).collect::<Result<Vec<_>, _>>()?;
    let readings = texts.iter().map(|text| Reading::of(&classifier, text)).collect::<Result<Vec<_>, _>>()?;

    let options = PredictOptions::default();
    let mut chosen = vec![Scored::default(); classifier.labels().len()];
    let whole = measure(&texts, |text| {
        let _ = black_box(classifier.predict_into(black_box(text), &options, &mut chosen));
    });
    let mut rows = [[0.0; DIMENSIONS]; MAX_CLAUSES];
    let vectorize = measure(&texts, |text| {
        let _ = black_box(classifier.vectorize_rows(black_box(text), &mut rows));
    });
    let mut logits = vec![0.0; classifier.labels().len()];
    let network = measure(&features, |features| {
        classifier.network(black_box(features), &mut logits);
        black_box(&logits);
    });
    let decision = measure(&readings, |read| {
        let mut reading = classifier.model().reading(&mut logits);
        for (row, of_row) in &read.rows {
            reading.add(black_box(row), of_row);
        }
        let score = reading.score();
        black_box(classifier.model().rule().decide(score, black_box(&logits), &options, &mut chosen));
    });
    let singles_per_s = rate(texts.len(), || {
        for text in &texts {
            let _ = black_box(classifier.predict_into(black_box(text), &options, &mut chosen));
        }
    });
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()
        .map_err(|e| Failure::Failed(format!("cannot start the threads: {e}; try fewer with --threads")))?;
    // A batch that one thread works on for a quarter of a second, so that slow machines come to an end as well.
    let length = (singles_per_s as usize / 4).clamp(texts.len().min(MAX_BATCH), MAX_BATCH);
    let batch: Vec<&str> = texts.iter().copied().cycle().take(length).collect();
    let batch_per_s = pool.install(|| {
        rate(batch.len(), || {
            let _ = black_box(classifier.predict_batch(&batch, &options));
        })
    });
    let children = (0..CHILDREN).map(|_| child(&arguments.model, texts[0])).collect::<Result<Vec<_>, _>>()?;

    let report = Report {
        text_to_labels_us: percentiles(whole.times),
        vectorize_us: percentiles(vectorize.times),
        network_us: percentiles(network.times),
        decision_us: percentiles(decision.times),
        singles_per_s: singles_per_s.round() as u64,
        batch_per_s: batch_per_s.round() as u64,
        threads: pool.current_num_threads(),
        load_us: words::rounded(median(loads.iter().map(|load| load.as_secs_f64() * 1e6)).unwrap_or(0.0), 1),
        first_prediction_us: words::rounded(
            median(children.iter().map(|child| child.first_prediction_us)).unwrap_or(0.0),
            1,
        ),
        peak_rss_mb: median(children.iter().filter_map(|child| child.peak_rss_mb)),
        kernel: kernel_name(),
        runtime: classifier.engine_report(),
    };
    let mut out = Output::new();
    if arguments.json {
        return out.json(&report);
    }
    let bytes = words::bytes(classifier.model().as_bytes().len());
    let labels = words::of(classifier.labels().len(), "label");
    let runtime = runtime_lines(&report.runtime);
    let memory = report.peak_rss_mb.map_or_else(|| "not known here".into(), |mb| format!("{mb:.1} MB"));
    out.pairs(&[
        ("model", format!("{}, {bytes}, {labels}, kernels {}", arguments.model.display(), report.kernel)),
        ("data", format!("{}, {} passes", words::of(texts.len(), "text"), words::count(whole.passes))),
    ])?;
    runtime.iter().try_for_each(|line| out.line(line))?;
    out.line("")?;
    out.line(&format!("{:16}{:>10}{:>10}{:>10}", "", "p50", "p95", "p99"))?;
    for (name, p) in [
        ("text to labels", report.text_to_labels_us),
        ("  vectorize", report.vectorize_us),
        ("  network", report.network_us),
        ("  decision", report.decision_us),
    ] {
        let [p50, p95, p99] = [p.p50, p.p95, p.p99].map(words::microseconds);
        out.line(&format!("{name:16}{p50:>10}{p95:>10}{p99:>10}"))?;
    }
    out.line("")?;
    out.pairs(&[
        (
            "one at a time",
            format!("{} texts a second, one thread", words::count(report.singles_per_s as usize)),
        ),
        (
            "in a batch",
            format!(
                "{} texts a second, {}",
                words::count(report.batch_per_s as usize),
                words::of(report.threads, "thread")
            ),
        ),
        ("load", format!("{}, checksum included, warm cache", words::microseconds(report.load_us))),
        ("first prediction", format!("{} in a new process", words::microseconds(report.first_prediction_us))),
        ("peak memory", format!("{memory}, of that process")),
        (
            "timer",
            format!("{:.0} ns a call, included in the times above", timer_overhead().as_secs_f64() * 1e9),
        ),
    ])
}

/// The engines in use and what became of the others; nothing where the CPU was asked for.
fn runtime_lines(report: &RuntimeReport) -> Vec<String> {
    if report.asked == RuntimeChoice::Cpu {
        return vec![];
    }
    let mut lines = vec![format!("engine {} for one text, {} for batches", report.single, report.batch)];
    lines.extend(report.note.map(|note| format!("       {note}")));
    let times = |single: f64, batch: f64| {
        format!("{} for one row, {} a row of 64", words::microseconds(single), words::microseconds(batch))
    };
    lines.extend(report.cpu.map(|cpu| format!("       cpu: {}", times(cpu.single_us, cpu.batch_us))));
    lines.extend(report.candidates.iter().map(|candidate| {
        let state = match &candidate.state {
            State::Agrees(figures) => times(figures.single_us, figures.batch_us),
            State::Dropped(reason) => format!("left out, {reason}"),
            State::Failed(reason) => format!("failed, {reason}"),
        };
        let planned = candidate.plan.map_or(String::new(), |plan| {
            format!(
                "; {} of {} operations planned on the Neural Engine",
                plan.planned_on_neural_engine, plan.operations
            )
        });
        format!("       {}: {state}{planned}", candidate.name)
    }));
    lines
}

/// A text as the decision gets it: for each clause the features and their logits.
struct Reading {
    rows: Vec<(FeatureVector, Vec<f32>)>,
}

impl Reading {
    fn of(classifier: &Classifier, text: &str) -> Result<Self, intentkit::Error> {
        let mut rows = [[0.0; DIMENSIONS]; MAX_CLAUSES];
        let count = classifier.vectorize_rows(text, &mut rows)?;
        let with_logits = |row: &FeatureVector| {
            let mut logits = vec![0.0; classifier.labels().len()];
            classifier.network(row, &mut logits);
            (*row, logits)
        };
        Ok(Reading { rows: rows[..count].iter().map(with_logits).collect() })
    }
}

struct Measured {
    /// One for each call.
    times: Vec<Duration>,
    passes: usize,
}

/// Times `work` on every item, over as many passes as the time allows.
fn measure<T>(items: &[T], mut work: impl FnMut(&T)) -> Measured {
    let started = Instant::now();
    while started.elapsed() < WARM_UP {
        // Not whole passes only: with much data one would take longer than the warm-up is meant to.
        for item in items {
            work(item);
            if started.elapsed() >= WARM_UP {
                break;
            }
        }
    }
    let (mut times, mut passes) = (Vec::new(), 0);
    let started = Instant::now();
    while passes < MIN_PASSES || started.elapsed() < MEASURE {
        for item in items {
            let start = Instant::now();
            work(item);
            times.push(start.elapsed());
        }
        passes += 1;
    }
    Measured { times, passes }
}

/// Items a second, no clock between them.
fn rate(items: usize, mut pass: impl FnMut()) -> f64 {
    pass();
    let started = Instant::now();
    let mut passes = 0;
    while passes < MIN_PASSES || started.elapsed() < MEASURE {
        pass();
        passes += 1;
    }
    (items * passes) as f64 / started.elapsed().as_secs_f64()
}

/// By the nearest rank, in microseconds.
fn percentiles(mut times: Vec<Duration>) -> Percentiles {
    times.sort_unstable();
    let at = |share: f64| {
        let rank = (share * times.len() as f64).ceil() as usize;
        let time = times.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        words::rounded(time.as_secs_f64() * 1e6, 3)
    };
    Percentiles { p50: at(0.50), p95: at(0.95), p99: at(0.99) }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// What timing nothing takes: half of the calls take more.
fn timer_overhead() -> Duration {
    let mut times: Vec<Duration> = (0..10_001)
        .map(|_| {
            let start = Instant::now();
            black_box(());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// A new process that loads the model and answers `text`. The text goes through a pipe: arguments have a length limit.
fn child(model: &Path, text: &str) -> Result<ChildReport, Failure> {
    let fault =
        |what: &str| Failure::Failed(format!("cannot measure the first prediction in a new process: {what}"));
    let program = std::env::current_exe().map_err(|e| fault(&e.to_string()))?;
    let mut child = Command::new(program)
        .arg("first-prediction")
        .arg("--")
        .arg(model)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| fault(&e.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Should the child be gone already, its exit code says more than the broken pipe.
        let _ = stdin.write_all(text.as_bytes());
    }
    let output = child.wait_with_output().map_err(|e| fault(&e.to_string()))?;
    if !output.status.success() {
        return Err(fault(&output.status.to_string()));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| fault(&e.to_string()))
}

/// The child's side.
pub fn run_child(arguments: &ChildArguments) -> Result<(), Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|e| Failure::Failed(format!("standard input: cannot read: {e}")))?;
    let classifier = Classifier::load(&arguments.model)?;
    let start = Instant::now();
    let prediction = classifier.predict(&text)?;
    let elapsed = start.elapsed();
    black_box(prediction);
    Output::new()
        .json(&ChildReport { first_prediction_us: elapsed.as_secs_f64() * 1e6, peak_rss_mb: peak_memory() })
}

/// The most memory this process ever held, in millions of bytes; known on Linux.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(words::rounded(kibibytes * 1024.0 / 1e6, 2))
}
