//! `intent info`: what a model file holds.

use crate::failure::Failure;
use crate::output::Output;
use crate::{figures, input, words};
use clap::Args;
use intentkit::Rule;
use intentkit::decision::Choice;
use intentkit::model::DIMENSIONS;
use serde::Serialize;
use std::path::PathBuf;

/// Show what a model holds and how it was made
#[derive(Args)]
#[command(after_help = "Examples:
  intent info
  intent info commands.intent
  intent info commands.intent --json")]
pub struct Arguments {
    /// The model file [default: the sample in this program]
    #[arg(value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Info<'a> {
    format: u32,
    labels: usize,
    dimensions: usize,
    buckets: usize,
    parameters: usize,
    bytes: usize,
    preset: &'a str,
    examples: usize,
    library_version: &'a str,
    checksum: &'a str,
    choice: Choice,
    heldout: usize,
    heldout_accuracy: Option<f64>,
    familiar_accuracy: Option<f64>,
    heldout_answered: Option<f64>,
    epochs: usize,
    seed: u64,
    label_names: &'a [String],
    joiners: &'a [String],
    lexicon_words: usize,
    rules: &'a [Rule],
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let classifier = input::classifier(arguments.model.as_deref())?;
    let model = classifier.model();
    let about = model.metadata();
    let training = &about.training;
    let bytes = model.as_bytes().len();
    let mut out = Output::new();
    if arguments.json {
        return out.json(&Info {
            format: about.format,
            labels: about.labels.len(),
            dimensions: DIMENSIONS,
            buckets: model.rows(),
            parameters: model.parameters(),
            bytes,
            preset: &about.preset,
            examples: training.examples,
            library_version: &about.library,
            checksum: &about.checksum,
            choice: about.choice,
            heldout: training.heldout,
            heldout_accuracy: training.heldout_accuracy,
            familiar_accuracy: training.familiar_accuracy,
            heldout_answered: training.heldout_answered,
            epochs: training.epochs,
            seed: training.seed,
            label_names: &about.labels,
            joiners: &about.separators,
            lexicon_words: model.lexicon_words(),
            rules: &about.rules,
        });
    }
    let name = match &arguments.model {
        Some(path) => path.display().to_string(),
        None => "the sample in this program".into(),
    };
    let choice = match about.choice {
        Choice::Single => "the best label alone",
        Choice::Multi => "every label over its threshold",
    };
    let reads = match about.ngrams {
        Some(_) => {
            format!("texts, through {} buckets of {DIMENSIONS} dimensions", words::count(model.rows()))
        }
        None => format!("feature rows of {DIMENSIONS} numbers, no texts"),
    };
    let trained = format!(
        "{}, {}, seed {}, preset {}",
        words::of(training.examples, "example"),
        words::of(training.epochs, "epoch"),
        training.seed,
        about.preset
    );
    let clauses = match about.separators.as_slice() {
        [] => "none, texts are read whole".into(),
        joiners => format!("cut at {}", joiners.join(" ")),
    };
    let lexicon = match model.lexicon_words() {
        0 => "none".into(),
        held => words::of(held, "word"),
    };
    let rules = match about.rules.iter().map(|rule| rule.keywords.len() + rule.phrases.len()).sum() {
        0 => "none".into(),
        count => words::of(count, "keyword or phrase"),
    };
    let names: Vec<&str> = about.labels.iter().take(12).map(String::as_str).collect();
    let more = if about.labels.len() > names.len() { ", ..." } else { "" };
    let mut pairs = vec![
        ("model", format!("{name}, {}", words::bytes(bytes))),
        ("labels", format!("{}: {}{more}", words::count(about.labels.len()), names.join(", "))),
        ("answers", choice.into()),
        ("reads", reads),
        ("clauses", clauses),
        ("lexicon", lexicon),
        ("rules", rules),
        ("parameters", words::count(model.parameters())),
        ("trained on", trained),
    ];
    pairs.extend(figures::of_training(training));
    pairs.extend([
        ("format", format!("{}, written by IntentKit {}", about.format, about.library)),
        ("checksum", about.checksum.clone()),
    ]);
    out.pairs(&pairs)
}
