//! `intent eval`: a model against labelled texts.

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::report::{About, Report};
use crate::{figures, input, words};
use clap::Args;
use intentkit::classifier::{Evaluation, Evaluator};
use intentkit::data::Format;
use intentkit::{Classifier, PredictOptions};
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
  intent eval commands.intent test.jsonl --report report.html
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
    #[arg(long)]
    no_reject: bool,
    /// Write a page to read in a browser as well: figures, diagrams, worst confusions, labels, misclassified texts
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(path) = &arguments.report {
        output::check_file(path, "--report", "report.html", [&arguments.model, &arguments.data].into_iter())?;
    }
    let classifier = input::classifier(Some(&arguments.model))?;
    let examples = input::some_examples(&arguments.data, arguments.format)?;
    let reject_below = arguments.no_reject.then_some(f32::NEG_INFINITY);
    let options = PredictOptions { reject_below, ..PredictOptions::default() };
    let (mut evaluator, mut report, mut number) = (Evaluator::default(), Report::default(), 0);
    evaluator.add(&classifier, &examples, &options, |example, outcome| {
        number += 1;
        if arguments.report.is_some() {
            report.add(&classifier, number, example, outcome);
        }
    })?;
    let evaluation = evaluator.finish();
    if let Some(path) = &arguments.report {
        let page = report.page(&about(arguments, &classifier, &evaluation), &evaluation, |_| None)?;
        output::file(path, &page)?;
    }
    let mut out = Output::new();
    if arguments.json {
        return out.json(&evaluation);
    }
    let figures = figures::figures(&evaluation);
    let mut pairs = vec![("examples", figures::lines(&evaluation))];
    pairs.extend(figures.iter().map(|figure| (figure.name, figure.written())));
    if !evaluation.unknown_labels.is_empty() {
        pairs.push(("labels not in model", evaluation.unknown_labels.join(", ")));
    }
    if let Some(path) = &arguments.report {
        pairs.push(("report", path.display().to_string()));
    }
    out.pairs(&pairs)
}

/// What stands over the figures of the page.
fn about(arguments: &Arguments, classifier: &Classifier, evaluation: &Evaluation) -> About {
    let metadata = classifier.model().metadata();
    // Names alone: the page may go to people who need not know where things lie.
    let name = |path: &PathBuf| match path.file_name() {
        Some(name) if !input::is_stdin(path) => name.to_string_lossy().into_owned(),
        _ => "standard input".into(),
    };
    let mut notes = vec![];
    if arguments.no_reject {
        notes.push(
            "Measured without the reject point: only texts in which nothing is known are rejected.".into(),
        );
    }
    if !evaluation.unknown_labels.is_empty() {
        notes.push(format!("Labels that the model doesn't know: {}.", evaluation.unknown_labels.join(", ")));
    }
    About {
        title: format!("How {} does on {}", name(&arguments.model), name(&arguments.data)),
        facts: vec![
            ("examples", figures::lines(evaluation)),
            ("preset", metadata.preset.clone()),
            ("learned from", words::of(metadata.training.examples, "example")),
            ("labels", words::count(classifier.labels().len())),
            ("checksum", metadata.checksum.clone()),
            ("made with", format!("IntentKit {}", env!("CARGO_PKG_VERSION"))),
        ],
        notes,
    }
}
