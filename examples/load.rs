//! Waiting times of asynchronous requests under load: a plot for `docs/performance.md`.
//!
//! `cargo run --release --example load -- docs/performance` writes `load.svg` there and prints the
//! numbers. One worker answers. One thread sends requests at random moments (a Poisson process)
//! whether or not earlier ones are answered, so that a growing queue shows. A request's time is
//! from the moment it was due to the call of its callback.

mod plot;

use intentkit::classifier::QueueOptions;
use intentkit::data::read_file;
use intentkit::{Error, LiveClassifier, PredictOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CAPACITY: usize = 256;
const LOADS: [u32; 7] = [10, 30, 50, 70, 90, 110, 150];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn live() -> Outcome<LiveClassifier> {
    let live = LiveClassifier::load(concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent"))?;
    live.set_queue(QueueOptions { workers: 1, capacity: CAPACITY })?;
    live.current().prepare();
    Ok(live)
}

/// Requests answered per second while the queue is never empty.
fn capacity(texts: &[String]) -> Outcome<f64> {
    let live = live()?;
    let answered = Arc::new(AtomicU64::new(0));
    let (start, mut sent) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(2) {
        let counter = Arc::clone(&answered);
        let done = move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        match live.submit(texts[sent % texts.len()].clone(), PredictOptions::default(), done) {
            Ok(_) => sent += 1,
            Err(Error::Busy { .. }) => std::thread::yield_now(),
            Err(error) => return Err(error.into()),
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(answered.load(Ordering::Relaxed) as f64 / seconds)
}

/// Median and 99th percentile in microseconds, and the share of requests refused, at `per_second`
/// requests per second.
fn under_load(texts: &[String], per_second: f64) -> Outcome<(f64, f64, f64)> {
    let live = live()?;
    let count = (per_second * 2.0) as usize;
    let times: Arc<Vec<AtomicU64>> = Arc::new((0..count).map(|_| AtomicU64::new(0)).collect());
    let (mut state, mut due, mut refused) = (1u64, 0.0f64, 0);
    let start = Instant::now();
    for i in 0..count {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let uniform = ((state >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
        due -= libm::log(uniform) / per_second;
        while start.elapsed().as_secs_f64() < due {
            std::hint::spin_loop();
        }
        let (times, this) = (Arc::clone(&times), due);
        let done = move |_| {
            let took = (start.elapsed().as_secs_f64() - this) * 1e9;
            times[i].store(took.max(1.0) as u64, Ordering::Relaxed);
        };
        match live.submit(texts[i % texts.len()].clone(), PredictOptions::default(), done) {
            Ok(_) => {}
            Err(Error::Busy { .. }) => refused += 1,
            Err(error) => return Err(error.into()),
        }
    }
    live.finish();
    let mut times: Vec<u64> =
        times.iter().map(|time| time.load(Ordering::Relaxed)).filter(|&t| t > 0).collect();
    if times.len() + refused != count {
        return Err("a request was neither answered nor refused".into());
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1e3;
    Ok((at(0.5), at(0.99), refused as f64 / count as f64))
}

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write the plot to")?;
    let examples =
        read_file(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant-heldout.jsonl")), None)?;
    let texts: Vec<String> = examples.into_iter().map(|example| example.text).collect();
    let most = capacity(&texts)?;
    println!("capacity: {most:.0} requests a second, one worker, room for {CAPACITY}");
    println!("load %,p50 us,p99 us,refused %");
    let (mut medians, mut tails) = (vec![], vec![]);
    for load in LOADS {
        let (p50, p99, refused) = under_load(&texts, most * f64::from(load) / 100.0)?;
        println!("{load},{p50:.1},{p99:.1},{:.1}", 100.0 * refused);
        medians.push((f64::from(load), p50));
        tails.push((f64::from(load), p99));
    }
    let about = format!("Asynchronous requests by load (one worker, room for {CAPACITY})");
    let svg = plot::lines(&about, "load in % of capacity", &[("p50", &medians), ("p99", &tails)]);
    std::fs::write(Path::new(&folder).join("load.svg"), svg)?;
    Ok(())
}
