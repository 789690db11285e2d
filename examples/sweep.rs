//! The time of a prediction by length of the text and by number of labels: two plots for
//! `docs/performance.md`.
//!
//! `cargo run --release --example sweep -- docs/performance` writes `length.svg` and `labels.svg`
//! there and prints the numbers.

mod plot;

use intentkit::data::Example;
use intentkit::{Classifier, PredictOptions, Scored, TrainOptions};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write the plots to")?;
    std::fs::create_dir_all(&folder)?;
    let sample = Classifier::load(concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent"))?;
    let prose = "please tell me what is on my screen right now and then read the latest email aloud to me ";

    let mut by_length = vec![];
    for bytes in [10, 20, 40, 100, 400, 1_000, 4_000, 10_000, 40_000, 100_000, 400_000, 1 << 20] {
        let text: String = prose.chars().cycle().take(bytes).collect();
        by_length.push((bytes as f64, microseconds(&sample, &text)?));
    }
    println!("bytes,microseconds");
    by_length.iter().for_each(|(bytes, time)| println!("{bytes},{time:.2}"));

    let mut by_labels = vec![];
    for labels in [2, 5, 10, 20, 50, 100, 150, 500, 1_000, 2_000, 5_000] {
        let examples: Vec<Example> = (0..labels.max(20))
            .map(|i| Example::new(format!("request number {i} of word{i}"), [format!("label{}", i % labels)]))
            .collect();
        let options = TrainOptions { epochs: Some(1), label_names: false, ..TrainOptions::default() };
        let (classifier, _) = Classifier::train(&examples, &options)?;
        by_labels.push((labels as f64, microseconds(&classifier, "request number 1 of word1 and word2")?));
    }
    println!("labels,microseconds");
    by_labels.iter().for_each(|(labels, time)| println!("{labels},{time:.2}"));

    let folder = Path::new(&folder);
    let about = "A prediction by the length of the text (the sample model)";
    std::fs::write(folder.join("length.svg"), plot::lines(about, "bytes of text", &[("", &by_length)]))?;
    let about = "A prediction by the number of labels (a text of 35 bytes)";
    std::fs::write(folder.join("labels.svg"), plot::lines(about, "labels", &[("", &by_labels)]))?;
    Ok(())
}

/// Returns the median time of a prediction.
fn microseconds(classifier: &Classifier, text: &str) -> Result<f64, intentkit::Error> {
    let (options, mut chosen) = (PredictOptions::default(), [Scored::default(); 4]);
    let (mut times, start) = (vec![], Instant::now());
    while times.len() < 9 || (start.elapsed() < Duration::from_millis(300) && times.len() < 20_000) {
        let before = Instant::now();
        black_box(classifier.predict_into(black_box(text), &options, &mut chosen)?);
        times.push(before.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
