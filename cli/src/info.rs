//! `intent info`: what a model file holds.

use crate::failure::Failure;
use crate::output::Output;
use crate::{figures, input, numbers};
use clap::Args;
use intentkit::Rule;
use intentkit::decision::Choice;
use intentkit::model::{DIMENSIONS, Model};
use serde::Serialize;
use std::path::PathBuf;

/// Show what a model holds and how it was trained
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent info
  intent info --model commands.intent
  intent info --model commands.intent --json"#)]
pub struct Arguments {
    /// Show this model file [default: the sample in this program]
    #[arg(long, short, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Labels that are named in the summary.
const NAMED_LABELS: usize = 12;

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
    clause_separators: &'a [String],
    symbols: &'a [String],
    lexicon_words: usize,
    rules: &'a [Rule],
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let classifier = input::classifier(arguments.model.as_deref())?;
    let model = classifier.model();
    let mut out = Output::new();
    if arguments.json {
        return out.json(&object(model));
    }
    let name = match &arguments.model {
        Some(path) => path.display().to_string(),
        None => "the sample in this program".into(),
    };
    out.pairs(&summary(&name, model))
}

fn object(model: &Model) -> Info<'_> {
    let about = model.metadata();
    let training = &about.training;
    Info {
        format: about.format,
        labels: about.labels.len(),
        dimensions: DIMENSIONS,
        buckets: model.rows(),
        parameters: model.parameters(),
        bytes: model.as_bytes().len(),
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
        clause_separators: &about.separators,
        symbols: &about.symbols,
        lexicon_words: model.lexicon_words(),
        rules: &about.rules,
    }
}

fn summary(name: &str, model: &Model) -> Vec<(&'static str, String)> {
    let about = model.metadata();
    let training = &about.training;
    let choice = match about.choice {
        Choice::Single => "the best label alone",
        Choice::Multi => "every label over its threshold",
    };
    let buckets = numbers::count(model.rows());
    let reads = match about.ngrams {
        Some(_) => format!("texts, through {buckets} buckets of {DIMENSIONS} dimensions"),
        None => format!("feature rows of {DIMENSIONS} numbers, no texts"),
    };
    let trained = format!(
        "{}, {}, seed {}, preset {}",
        numbers::of(training.examples, "example"),
        numbers::of(training.epochs, "epoch"),
        training.seed,
        about.preset
    );
    let some = |count: usize, noun: &str| if count == 0 { "none".into() } else { numbers::of(count, noun) };
    let rules = about.rules.iter().map(|rule| rule.keywords.len() + rule.phrases.len()).sum();
    let mut pairs = vec![
        ("model", format!("{name}, {}", numbers::bytes(model.as_bytes().len()))),
        ("labels", labels(&about.labels)),
        ("answers", choice.into()),
        ("reads", reads),
        ("clauses", figures::clauses(&about.separators)),
        ("lexicon", some(model.lexicon_words(), "word")),
        ("rules", some(rules, "keyword or phrase")),
        ("parameters", numbers::count(model.parameters())),
        ("trained on", trained),
    ];
    pairs.extend(figures::symbols(&about.symbols));
    pairs.extend(figures::of_training(training));
    pairs.extend([
        ("format", format!("{}, written by IntentKit {}", about.format, about.library)),
        ("checksum", about.checksum.clone()),
    ]);
    pairs
}

/// How many there are, and the first by name.
fn labels(all: &[String]) -> String {
    let names: Vec<&str> = all.iter().take(NAMED_LABELS).map(String::as_str).collect();
    let more = if all.len() > names.len() { ", ..." } else { "" };
    format!("{}: {}{more}", numbers::count(all.len()), names.join(", "))
}
