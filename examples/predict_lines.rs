//! Predicts the labels of every text in a file and prints them.
//!
//! ```sh
//! cargo run --release --example predict_lines -- models/assistant.intent models/assistant-heldout.jsonl
//! ```
//!
//! An additional number sets the number of passes over the texts, of which the last is printed. Two
//! runs with different numbers differ only in predictions: `scripts/count-instructions.sh` counts
//! the instructions of one prediction this way.

use intentkit::data::read_file;
use intentkit::{Classifier, PredictOptions, Scored};
use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, file, passes @ ..] = arguments.as_slice() else {
        return Err("give a model, a file of texts and, if you like, a number of passes".into());
    };
    let passes: usize = passes.first().map_or(Ok(1), |passes| passes.parse())?;

    let classifier = Classifier::load(model)?;
    // Chooses the kernels and loads the model into memory, so that the first prediction is as fast
    // as any.
    classifier.prepare();
    eprintln!("kernels {}", intentkit::engine::kernel_name());
    // The extension decides the format; a `.txt` without labels is plain lines.
    let examples = read_file(Path::new(file), None)?;
    let options = PredictOptions::default();
    // Space for every label, allocated once: a prediction allocates nothing.
    let mut chosen = vec![Scored::default(); classifier.labels().len()];

    for _ in 1..passes {
        for example in &examples {
            black_box(classifier.predict_into(black_box(&example.text), &options, &mut chosen)?);
        }
    }
    let mut out = std::io::stdout().lock();
    for example in &examples {
        let count = classifier.predict_into(&example.text, &options, &mut chosen)?;
        let names: Vec<&str> =
            chosen[..count].iter().filter_map(|scored| classifier.label(scored.label)).collect();
        writeln!(out, "{}\t{}", names.join(","), example.text)?;
    }
    Ok(())
}
