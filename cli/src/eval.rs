//! `intent eval`: a model against labelled texts.

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::rejecting::Rejecting;
use crate::report::{About, Report};
use crate::{figures, input, words};
use clap::Args;
use intentkit::classifier::{Evaluation, Evaluator};
use intentkit::data::Format;
use intentkit::engine::Precision;
use intentkit::{Classifier, PredictOptions, Preset};
use serde::Serialize;
use std::path::PathBuf;

/// Measure a model on labelled texts, or what to expect of one
///
/// Accuracy counts the lines whose best label is right before anything is rejected; exact match and F1 count what is
/// really answered, so a rejected line is wrong. The cost of rejecting is the share of lines with labels that are
/// rejected but would be exact matches without the rejection threshold. Lines without labels measure how well the model rejects what is out of scope.
///
/// Without a test set, --cross-validate cuts DATA into folds, each with its share of every label, trains a model on all
/// folds but one for each of them, and measures it on that one. It prints mean and standard deviation over the folds, and
/// the figures of all folds together.
#[derive(Args)]
#[command(
    allow_missing_positional = true,
    override_usage = "intent eval [OPTIONS] <MODEL> <DATA>
       intent eval [OPTIONS] --cross-validate <FOLDS> <DATA>",
    after_help = "Examples:
  intent eval commands.intent test.jsonl
  intent eval commands.intent test.csv --json
  intent eval commands.intent test.jsonl --no-reject
  intent eval commands.intent test.jsonl --ask-back-cost 0.2 --foreign-share 0.1
  intent eval commands.intent test.jsonl --report report.html
  intent eval --cross-validate 5 commands.jsonl
  grep -v '#' test.txt | intent eval commands.intent - --format fasttext"
)]
pub struct Arguments {
    /// The model file
    #[arg(value_name = "MODEL", required_unless_present = "cross_validate")]
    model: Option<PathBuf>,
    /// A file of labelled texts; `-` is standard input
    #[arg(value_name = "DATA", required = true)]
    pub data: PathBuf,
    /// jsonl, fasttext or csv [default: by the file's extension; jsonl for standard input]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    #[command(flatten)]
    rejecting: Rejecting,
    /// Write a page to read in a browser as well: figures, diagrams, worst confusions, labels, misclassified texts
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Measure models trained on parts of DATA instead, each on the part it has not seen; 5 or 10 folds are usual
    #[arg(long, value_name = "FOLDS", conflicts_with = "model", allow_negative_numbers = true)]
    pub cross_validate: Option<usize>,
    /// Preset of those trainings, as of `intent train`
    #[arg(long, value_name = "PRESET", conflicts_with = "model")]
    pub preset: Option<Preset>,
    /// Passes over the data in those trainings, 1 to 100,000
    #[arg(long, value_name = "N", conflicts_with = "model", allow_negative_numbers = true)]
    pub epochs: Option<usize>,
    /// Seed of the folds and those trainings
    #[arg(long, value_name = "N", conflicts_with = "model", allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Compute in float32 over the same weights, to see what int8 costs
    #[arg(long, conflicts_with = "cross_validate")]
    float32: bool,
    /// Lexicon of those trainings, as of `intent train`
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
        let (keep, cost) = (self.rejecting.keep(), self.rejecting.cost());
        PredictOptions { keep, cost, ..PredictOptions::default() }
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
                words::percent(f64::from(cost.foreign))
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
    let data = input::some_examples(&arguments.data, arguments.format)?;
    input::warn_of(&data)?;
    let (mut evaluator, mut report, mut number) = (Evaluator::default(), Report::default(), 0);
    evaluator.add(&classifier, &data.examples, &arguments.predict_options(), |example, outcome| {
        number += 1;
        if arguments.report.is_some() {
            report.add(&classifier, number, example, outcome);
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
            ("learned from", words::of(metadata.training.examples, "example")),
            ("labels", words::count(classifier.labels().len())),
            ("checksum", metadata.checksum.clone()),
            ("made with", figures::VERSION.into()),
        ],
        notes: arguments.notes(evaluation).into_iter().chain(note(warnings)).collect(),
    }
}
