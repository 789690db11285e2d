//! Synthetic training lines for many labels, and the cost of labels in training.
//!
//! `many_labels LABELS [LINES] [SEED]` prints JSON Lines. `many_labels curve FOLDER` trains on two
//! lines per label for 10 to 5,000 labels, on one thread, prints times and accuracies, and draws
//! `training.svg` in the folder.
//!
//! Each label is a pair of synthetic words, and each word is shared by eight labels. A line
//! contains both, each with one of three endings, among common words and in any order. The pairs
//! depend only on the number of labels, so another seed gives other wordings of the same labels.

mod plot;

use intentkit::data::Example;
use intentkit::{Classifier, PredictOptions, TrainOptions};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::io::Write;
use std::time::Instant;

const ENDINGS: [&str; 3] = ["", "s", "ing"];
const COMMON: [&str; 16] = [
    "please", "could", "you", "now", "the", "my", "show", "me", "open", "find", "start", "a", "for", "with",
    "and", "today",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, folder] = &arguments[..]
        && first == "curve"
    {
        return curve(folder);
    }
    let usage = "many_labels LABELS [LINES] [SEED]: whole numbers; or many_labels curve FOLDER";
    let mut arguments = arguments.iter().map(|argument| argument.parse::<usize>());
    let mut number = |default| arguments.next().unwrap_or(default).map_err(|_| usage);
    let (labels, lines, seed) = (number(Ok(100))?, number(Ok(2))?, number(Ok(1))?);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for example in examples(labels, lines, seed) {
        writeln!(out, "{}", serde_json::json!({ "text": example.text, "labels": example.labels }))?;
    }
    Ok(out.flush()?)
}

/// Trains with each number of labels in turn.
fn curve(folder: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut times = vec![];
    println!("labels,seconds,accuracy");
    for labels in [10, 30, 100, 300, 1_000, 2_000, 5_000] {
        let options = TrainOptions { threads: 1, ..TrainOptions::default() };
        let start = Instant::now();
        let (classifier, _) = Classifier::train(&examples(labels, 2, 1), &options)?;
        let seconds = start.elapsed().as_secs_f64();
        let accuracy = classifier.evaluate(&examples(labels, 2, 2), &PredictOptions::default())?.accuracy;
        println!("{labels},{seconds:.2},{:.1} %", 100.0 * accuracy);
        times.push((labels as f64, seconds * 1e6));
    }
    let about = "Training with two lines a label, on one thread";
    let picture = plot::lines(about, "labels", &[("", &times)]);
    Ok(std::fs::write(std::path::Path::new(folder).join("training.svg"), picture)?)
}

fn examples(labels: usize, lines: usize, seed: usize) -> Vec<Example> {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut below = |most: usize| random.next_u64() as usize % most;
    let words: Vec<String> = (0..(labels / 4).max(8)).map(|_| word(&mut below)).collect();
    // The second word is one step further in each round through the first.
    let pair = |label: usize| {
        let (first, round) = (label % words.len(), label / words.len());
        [first, (first + 1 + 2 * round) % words.len()]
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed as u64);
    let mut below = |most: usize| random.next_u64() as usize % most;
    let mut examples = vec![];
    for label in 0..labels {
        for _ in 0..lines {
            let mut line: Vec<String> =
                pair(label).iter().map(|&word| format!("{}{}", words[word], ENDINGS[below(3)])).collect();
            (0..1 + below(4)).for_each(|_| line.push(COMMON[below(COMMON.len())].into()));
            (1..line.len()).rev().for_each(|last| line.swap(last, below(last + 1)));
            examples.push(Example::new(line.join(" "), [format!("label{label}")]));
        }
    }
    examples
}

/// Two to four syllables.
fn word(below: &mut impl FnMut(usize) -> usize) -> String {
    let mut letter = |letters: &str| char::from(letters.as_bytes()[below(letters.len())]);
    let syllables = 2 + letter("012") as usize % 3;
    (0..syllables).flat_map(|_| [letter("bdfgklmnprstvz"), letter("aeiou")]).collect()
}
