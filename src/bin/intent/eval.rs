//! `intent eval`: a model against labelled texts.

use crate::failure::Failure;
use crate::output::Output;
use crate::{input, words};
use clap::Args;
use intentkit::PredictOptions;
use intentkit::data::Format;
use std::path::PathBuf;

/// Measure a model on labelled texts
///
/// Accuracy counts the lines whose best label is right before anything is rejected; exact match and F1 count what is
/// really answered, so a rejected line is wrong. Lines without labels measure how well the model knows what isn't its
/// business.
#[derive(Args)]
#[command(after_help = "Examples:
  intent eval commands.intent test.jsonl
  intent eval commands.intent test.csv --json
  intent eval commands.intent test.jsonl --no-reject
  grep -v '#' test.txt | intent eval commands.intent - --format fasttext")]
pub struct Arguments {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// A file of labelled texts; `-` is standard input
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// jsonl, fasttext or csv [default: by the file's extension; jsonl for standard input]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Answer in-scope and other lines alike: only texts in which nothing is known are rejected
    #[arg(long, conflicts_with = "keep")]
    no_reject: bool,
    /// Share of in-scope texts to let through, over 0 and at most 1 [default: as trained]
    #[arg(long, value_name = "SHARE")]
    keep: Option<f32>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let classifier = input::classifier(Some(&arguments.model))?;
    let examples = input::some_examples(&arguments.data, arguments.format)?;
    let keep = if arguments.no_reject { Some(1.0) } else { arguments.keep };
    let evaluation = classifier.evaluate(&examples, &PredictOptions { keep, ..PredictOptions::default() })?;
    let mut out = Output::new();
    if arguments.json {
        return out.json(&evaluation);
    }
    let share = |share: Option<f64>| share.map_or_else(|| "-".into(), words::percent);
    let outside = evaluation.examples - evaluation.in_scope;
    // Without labelled lines the shares of them mean nothing.
    let of_labelled = |value: f64| share((evaluation.in_scope > 0).then_some(value));
    let mut pairs = vec![
        (
            "examples",
            format!(
                "{}: {} with labels, {} without",
                words::count(evaluation.examples),
                words::count(evaluation.in_scope),
                words::count(outside)
            ),
        ),
        ("accuracy", of_labelled(evaluation.accuracy)),
        ("exact match", of_labelled(evaluation.exact_match)),
        ("micro F1", of_labelled(evaluation.micro_f1)),
        ("macro F1", of_labelled(evaluation.macro_f1)),
        ("calibration error", of_labelled(evaluation.ece)),
        ("out of scope: AUROC", evaluation.oos_auroc.map_or_else(|| "-".into(), |area| format!("{area:.3}"))),
        ("  rejected", share(evaluation.oos_recall)),
        ("  in scope, kept", share(evaluation.in_scope_kept)),
    ];
    if !evaluation.unknown_labels.is_empty() {
        pairs.push(("labels not in model", evaluation.unknown_labels.join(", ")));
    }
    out.pairs(&pairs)
}
