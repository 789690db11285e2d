//! The cost of statistics in a prediction: `cargo bench --bench counting`.
//!
//! Compares the live classifier with its statistics, without them, and without them but timed by
//! the bench in the same way, and the plain classifier. Passes take turns, so that a machine that
//! is slow for a while is slow for all.

use intentkit::data::read_file;
use intentkit::internal::ticks;
use intentkit::{Classifier, LiveClassifier, PredictOptions, Scored};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const KINDS: [&str; 4] =
    ["plain", "live, not counting", "live, not counting, timed from outside", "live, counting"];
const PLAIN: usize = 0;
const OFF: usize = 1;
const TIMED: usize = 2;
const COUNTING: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { 1_000 };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let texts: Vec<String> =
        read_file(&folder.join("assistant-heldout.jsonl"), None)?.into_iter().map(|line| line.text).collect();
    let live = LiveClassifier::load(folder.join("assistant.intent"))?;
    let plain = Classifier::load(folder.join("assistant.intent"))?;
    let (options, mut chosen) = (PredictOptions::default(), [Scored::default(); 4]);
    let mut times = [const { vec![] }; KINDS.len()];
    for _ in 0..rounds {
        for (kind, times) in times.iter_mut().enumerate() {
            live.count(kind == COUNTING);
            let start = Instant::now();
            for text in &texts {
                let text = black_box(text.as_str());
                match kind {
                    PLAIN => {
                        black_box(plain.predict_into(text, &options, &mut chosen)?);
                    }
                    TIMED => {
                        let start = black_box(ticks());
                        black_box(live.predict_into(text, &options, &mut chosen)?);
                        black_box(ticks() - start);
                    }
                    _ => {
                        black_box(live.predict_into(text, &options, &mut chosen)?);
                    }
                }
            }
            times.push(start.elapsed().as_nanos() as f64 / texts.len() as f64);
        }
    }
    for (name, times) in KINDS.into_iter().zip(&times) {
        println!("{name}: {:.0} ns a prediction (median of {rounds} passes)", median(times.clone()));
    }
    for (what, of, than) in [
        ("counting in all", COUNTING, OFF),
        ("of it two reads of the processor's clock", TIMED, OFF),
        ("and recording", COUNTING, TIMED),
    ] {
        // Compares neighbouring passes, so that both are in the same slow minute.
        let costs = times[of].iter().zip(&times[than]).map(|(of, than)| of - than).collect();
        println!("{what}: {:.0} ns (median of the differences)", median(costs));
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
