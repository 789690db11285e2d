//! `intent demo`: the whole story in a few seconds, with nothing but this program.

use crate::failure::Failure;
use crate::output::Output;
use crate::predict::readable;
use crate::progress::Bar;
use crate::{input, numbers};
use clap::Args;
use intentkit::data::{self, Example, Format};
use intentkit::train::Dataset;
use intentkit::{Classifier, Error, PredictOptions, Scored, TrainOptions};
use std::hint::black_box;
use std::time::Instant;

/// Train the sample model and classify a few texts
///
/// Takes a few seconds. Reads and writes no files: the data is in this program.
#[derive(Args)]
#[command(after_help = "Example:
  intent demo")]
pub struct Arguments {}

const QUESTIONS: [&str; 7] = [
    "Can you see my screen?",
    "read the latest email aloud",
    "explain the error message on my screen",
    "what's on my calendar tomorrow",
    "how hot is the cpu?",
    "water the plants on the balcony",
    "Какая завтра погода?",
];

pub fn run(_: &Arguments) -> Result<(), Failure> {
    let examples = sample(input::SAMPLE_DATA, "models/assistant.jsonl")?;
    let heldout = sample(input::SAMPLE_HELDOUT, "models/assistant-heldout.jsonl")?;
    let mut out = Output::new();
    let classifier = train(&examples, &mut out)?;
    out.line("")?;
    ask(&classifier, &mut out)?;
    out.line("")?;
    measure(&classifier, &heldout, &mut out)?;
    out.line("")?;
    out.line("Next:")?;
    out.pairs(&[
        ("  intent predict \"remind me to call Ben\"", "ask the same model".into()),
        ("  intent train yours.jsonl --output yours.intent", "learn from your own texts".into()),
        ("  intent --help", "all subcommands, and the formats of data files".into()),
    ])
}

fn train(examples: &[Example], out: &mut Output) -> Result<Classifier, Failure> {
    out.line(&format!("Training on {} commands to a desktop assistant ...", numbers::count(examples.len())))?;
    let mut bar = Bar::new(false);
    let (classifier, report) =
        Classifier::train_on(&Dataset::of(examples), None, &TrainOptions::default(), &mut |now| {
            bar.show(now)
        })?;
    bar.clear();
    let model = classifier.model();
    out.line(&format!(
        "Done in {:.1} s: {}, {}, a model of {}.",
        report.seconds,
        numbers::of(report.labels, "label"),
        numbers::of(report.epochs, "epoch"),
        numbers::bytes(model.as_bytes().len())
    ))?;
    if model.as_bytes() == input::SAMPLE_MODEL {
        out.line(
            "It is, byte for byte, the sample model built into this program: the same data and seed give the same file.",
        )?;
    }
    Ok(classifier)
}

fn ask(classifier: &Classifier, out: &mut Output) -> Result<(), Failure> {
    out.line("Predictions for a few texts:")?;
    let width = QUESTIONS.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let mut rejected = Vec::new();
    for text in QUESTIONS {
        let prediction = classifier.predict(text)?;
        out.line(&format!("  {text:width$}  {}", readable(classifier, &prediction)))?;
        rejected.push(prediction.is_rejected());
    }
    out.line("A text that asks for several things gets several labels, each with its probability.")?;
    // Printed only if true: the data may change, and the texts above with it.
    if rejected.ends_with(&[false, true, true]) {
        out.line("The last two are rejected: one is out of scope, one is in a script that the model has never seen.")?;
    }
    Ok(())
}

fn measure(classifier: &Classifier, heldout: &[Example], out: &mut Output) -> Result<(), Failure> {
    let evaluation = classifier.evaluate(heldout, &PredictOptions::default())?;
    let time = typical_microseconds(classifier, heldout)?;
    out.line(&format!(
        "Of {} that it was not trained on, {} get exactly their labels.",
        numbers::of(evaluation.in_scope, "command"),
        numbers::percent(evaluation.exact_match)
    ))?;
    if let Some(rejected) = evaluation.oos_recall {
        out.line(&format!(
            "Of {1} that no label fits, {0} are rejected.",
            numbers::percent(rejected),
            numbers::of(evaluation.examples - evaluation.in_scope, "text")
        ))?;
    }
    out.line(&format!("A prediction takes {} (median, one thread).", numbers::microseconds(time)))
}

fn sample(text: &str, name: &str) -> Result<Vec<Example>, Error> {
    data::read(text.as_bytes(), Format::JsonLines, name)
}

/// Median over several passes after a warm-up.
fn typical_microseconds(classifier: &Classifier, examples: &[Example]) -> Result<f64, Error> {
    let options = PredictOptions::default();
    let mut chosen = [Scored::default(); 8];
    let mut times = Vec::new();
    for pass in 0..10 {
        for example in examples {
            let start = Instant::now();
            black_box(classifier.predict_into(black_box(&example.text), &options, &mut chosen)?);
            let time = start.elapsed();
            if pass > 0 {
                times.push(time);
            }
        }
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6))
}
