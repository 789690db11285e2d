//! `intent eval`: a model against labelled texts.

use crate::failure::Failure;
use crate::input::Reading;
use crate::output::{self, Output};
use crate::rejecting::Rejecting;
use crate::report::{About, Report};
use crate::{figures, input, numbers};
use clap::Args;
use intentkit::classifier::{Evaluation, Evaluator};
use intentkit::engine::Precision;
use intentkit::{Classifier, PredictOptions, Preset};
use serde::Serialize;
use std::path::PathBuf;

/// Measure a model on labelled texts, or estimate what training on them gives
///
/// Accuracy is the share of lines whose top label is right, before any is rejected. Exact match and F1 are about what is
/// answered, so a rejected line counts as wrong. The cost of rejecting is the share of lines with labels that are rejected
/// but would be exact matches otherwise. Lines without labels measure how well texts without a label are rejected.
///
/// With --cross-validate, which needs no test set, DATA is cut into folds. For each fold a model is trained on the other
/// folds and measured on this one. Prints mean and standard deviation over the folds, and the figures of all lines.
#[derive(Args)]
#[command(
    override_usage = "intent eval --model <MODEL> [OPTIONS] <DATA>
       intent eval --cross-validate <FOLDS> [OPTIONS] <DATA>",
    after_help = r#"Examples:
  intent eval --model commands.intent test.jsonl
  intent eval --model commands.intent test.csv --json
  intent eval --model commands.intent test.jsonl --no-reject
  intent eval --model commands.intent test.jsonl --report report.html
  intent eval --cross-validate 5 commands.jsonl
  grep -v '^#' test.txt |
    intent eval --model commands.intent - --format fasttext"#
)]
pub struct Arguments {
    /// Measure this model file
    #[arg(long, short, value_name = "MODEL", required_unless_present = "cross_validate")]
    model: Option<PathBuf>,
    /// Labelled texts to measure on, in one file; `-` is standard input
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    rejecting: Rejecting,
    /// Write an HTML page to this file: figures, diagrams, worst confusions, labels, misclassified texts
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Measure models trained on parts of DATA, 2 to 100; 5 or 10 folds are usual
    #[arg(long, value_name = "FOLDS", conflicts_with = "model", allow_negative_numbers = true)]
    pub cross_validate: Option<usize>,
    /// With --cross-validate: train with this preset, as in `intent train` [default: auto]
    #[arg(long, value_name = "PRESET", conflicts_with = "model")]
    pub preset: Option<Preset>,
    /// With --cross-validate: pass over the data this many times, 1 to 100,000 [default: as in `intent train`]
    #[arg(long, value_name = "N", conflicts_with = "model", allow_negative_numbers = true)]
    pub epochs: Option<usize>,
    /// With --cross-validate: seed the random numbers, 0 or more [default: 1]
    #[arg(long, value_name = "N", conflicts_with = "model", allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Compute in float32 with the same weights, to measure what int8 costs
    #[arg(long, conflicts_with = "cross_validate")]
    float32: bool,
    /// With --cross-validate: use these word vectors, as in `intent train`
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub lexicon: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

impl Arguments {
    /// Whether the page can be put where it is wanted.
    pub fn check_report(&self) -> Result<(), Failure> {
        let Some(path) = &self.report else { return Ok(()) };
        output::check_file(path, "--report", "report.html", self.model.iter().chain([&self.data]))
    }

    pub fn predict_options(&self) -> PredictOptions {
        let (rate, cost) = (self.rejecting.acceptance_rate(), self.rejecting.cost());
        PredictOptions { keep: rate, cost, ..PredictOptions::default() }
    }

    /// What a reader of the page should know.
    pub fn notes(&self, evaluation: &Evaluation) -> Vec<String> {
        let mut notes = vec![];
        if self.rejecting.no_reject {
            notes.push(
                "Measured without a rejection threshold: only texts in which nothing is known are rejected."
                    .into(),
            );
        }
        if let Some(cost) = self.rejecting.cost() {
            notes.push(format!(
                "Rejected where that is cheaper: asking back costs {}, a wrong action 1, and {} of the texts are out of scope.",
                cost.ask_back,
                numbers::percent(f64::from(cost.foreign))
            ));
        }
        if !evaluation.unknown_labels.is_empty() {
            notes.push(format!(
                "Labels that the model doesn't know: {}.",
                evaluation.unknown_labels.join(", ")
            ));
        }
        notes
    }

    /// What the summary ends with.
    pub fn more(&self, evaluation: &Evaluation) -> Vec<(&'static str, String)> {
        let mut pairs = vec![];
        if !evaluation.unknown_labels.is_empty() {
            pairs.push(("labels not in model", evaluation.unknown_labels.join(", ")));
        }
        if let Some(path) = &self.report {
            pairs.push(("report", path.display().to_string()));
        }
        pairs
    }
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    warnings: &'a [String],
}

/// Warnings as the page shows them.
pub fn note(warnings: &[String]) -> impl Iterator<Item = String> {
    warnings.iter().map(|warning| format!("Warning: {warning}."))
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.check_report()?;
    let precision = if arguments.float32 { Precision::Float32 } else { Precision::Int8 };
    let classifier = input::classifier(arguments.model.as_deref())?.with_precision(precision);
    let data = input::some_examples(&arguments.data, arguments.reading.format)?;
    input::warn_of(&data)?;
    let (mut evaluator, mut report, mut number) = (Evaluator::default(), Report::default(), 0);
    let options = arguments.predict_options();
    evaluator.add(&classifier, &data.examples, &options, |example, outcome| {
        number += 1;
        if arguments.report.is_some() {
            report.add(&classifier, &options, number, example, outcome);
        }
    })?;
    let evaluation = evaluator.finish();
    if let Some(path) = &arguments.report {
        let page =
            report
                .page(&about(arguments, &classifier, &evaluation, &data.warnings), &evaluation, |_| None)?;
        intentkit::internal::files::replace(path, page.as_bytes())?;
    }
    let mut out = Output::new();
    if arguments.json {
        return out.json(&Found { evaluation: &evaluation, warnings: &data.warnings });
    }
    let figures = figures::figures(&evaluation);
    let mut pairs = vec![("examples", figures::lines(&evaluation))];
    pairs.extend(figures.iter().map(|figure| (figure.name, figure.written())));
    pairs.extend(arguments.more(&evaluation));
    out.pairs(&pairs)
}

/// What stands over the figures of the page.
fn about(
    arguments: &Arguments,
    classifier: &Classifier,
    evaluation: &Evaluation,
    warnings: &[String],
) -> About {
    let metadata = classifier.model().metadata();
    let model = arguments.model.as_deref().map_or_else(|| "the sample".into(), input::name);
    About {
        title: format!("How {model} does on {}", input::name(&arguments.data)),
        facts: vec![
            ("examples", figures::lines(evaluation)),
            ("preset", metadata.preset.clone()),
            ("learned from", numbers::of(metadata.training.examples, "example")),
            ("labels", numbers::count(classifier.labels().len())),
            ("checksum", metadata.checksum.clone()),
            ("made with", figures::VERSION.into()),
        ],
        notes: arguments.notes(evaluation).into_iter().chain(note(warnings)).collect(),
    }
}
