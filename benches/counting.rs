//! What counting costs a prediction: the live classifier with its statistics and without them, and the plain classifier, pass by pass in turns,
//! so that a machine that is slow for a while is slow for all: `cargo bench --bench counting`.

use intentkit::data::read_file;
use intentkit::{Classifier, LiveClassifier, PredictOptions, Scored};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { 1_000 };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let texts: Vec<String> =
        read_file(&folder.join("assistant-heldout.jsonl"), None)?.into_iter().map(|line| line.text).collect();
    let live = LiveClassifier::load(folder.join("assistant.intent"))?;
    let plain = Classifier::load(folder.join("assistant.intent"))?;
    let (options, mut chosen) = (PredictOptions::default(), [Scored::default(); 4]);
    let mut times = [vec![], vec![], vec![]];
    for _ in 0..rounds {
        for (kind, times) in times.iter_mut().enumerate() {
            live.count(kind == 2);
            let start = Instant::now();
            for text in &texts {
                match kind {
                    0 => drop(black_box(plain.predict_into(black_box(text), &options, &mut chosen)?)),
                    _ => drop(black_box(live.predict_into(black_box(text), &options, &mut chosen)?)),
                }
            }
            times.push(start.elapsed().as_nanos() as f64 / texts.len() as f64);
        }
    }
    // Neighbouring passes are compared with each other: a slow minute then is in both.
    let mut costs: [Vec<f64>; 2] =
        [0, 1].map(|than| times[2].iter().zip(&times[than]).map(|(to, from)| to - from).collect());
    for (name, times) in ["plain", "live, not counting", "live, counting"].into_iter().zip(&mut times) {
        println!("{name}: {:.0} ns a prediction (median of {rounds} passes)", median(times));
    }
    for (name, costs) in ["plain", "not counting"].into_iter().zip(&mut costs) {
        println!("counting costs {:.0} ns more than {name} (median of the differences)", median(costs));
    }
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
