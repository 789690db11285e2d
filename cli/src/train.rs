//! `intent train`: labelled texts → a model file.

use crate::failure::Failure;
use crate::input::Reading;
use crate::output::{self, Output, Printing};
use crate::progress::Bar;
use crate::rejecting::Costs;
use crate::{export, figures, input, numbers};
use clap::Args;
use intentkit::data::WithWarnings;
use intentkit::learn::{Durability, LearnerFile, train_to_learn};
use intentkit::train::{Dataset, LexiconUse, TrainReport};
use intentkit::{Classifier, CoreMlOptions, Preset, TrainOptions};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Train a model on labelled texts
///
/// Reads the DATA files in order and writes one model file. The same data, options and seed give the same file, byte for
/// byte, on every machine and with any number of threads.
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent train commands.jsonl --output commands.intent
  intent train train.csv more.csv --valid valid.csv --output commands.intent
  cat *.jsonl | intent train - --output commands.intent --json
  intent train log.data --format fasttext --output log.intent --quiet
  intent train commands.jsonl --output commands.intent \
    --training-state commands.learner
  intent train commands.jsonl --output commands.intent \
    --ask-back-cost 0.2 --foreign-share 0.1"#)]
pub struct Arguments {
    /// Labelled texts to train on, in one or more files; `-` is standard input
    #[arg(required = true, value_name = "DATA")]
    data: Vec<PathBuf>,
    /// Write the model to this file, such as commands.intent; an existing file is replaced when training is done
    #[arg(long, short, value_name = "MODEL")]
    output: PathBuf,
    /// Choose epochs, calibration and rejection threshold on these labelled texts [default: on lines of DATA that are held
    /// out]
    #[arg(long, value_name = "FILE")]
    valid: Option<PathBuf>,
    /// Train for one label a text (single), for sets of labels (multi), as the data asks for (auto), or a baseline for
    /// comparisons (reference)
    #[arg(long, value_name = "PRESET", default_value_t)]
    preset: Preset,
    /// Pass over the data this many times, 1 to 100,000 [default: by the preset and the amount of data]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    epochs: Option<usize>,
    /// Seed the random numbers, 0 or more
    #[arg(long, value_name = "N", default_value_t = TrainOptions::default().seed, allow_negative_numbers = true)]
    seed: u64,
    /// Use this many threads, up to 1024; 0 uses all cores. The model does not depend on it
    #[arg(long, value_name = "N", default_value_t = TrainOptions::default().threads, allow_negative_numbers = true)]
    threads: usize,
    /// Answer this share of the texts that have a label: over 0, at most 1. The others are rejected
    #[arg(long, value_name = "SHARE", default_value_t = TrainOptions::default().keep, allow_negative_numbers = true)]
    acceptance_rate: f64,
    /// Reject only texts that hold nothing the model knows or that no label fits; the same as
    /// --acceptance-rate 1
    #[arg(long, conflicts_with_all = ["acceptance_rate", "ask_back_cost"])]
    no_reject: bool,
    #[command(flatten)]
    costs: Costs,
    /// Cut texts into clauses at this word or punctuation mark, such as `and`; repeat for more [default: learned from
    /// lines with several labels, and used if that improves held-out lines]
    #[arg(long = "clause-separator", value_name = "WORD")]
    clause_separators: Vec<String>,
    /// Read every text as one clause
    #[arg(long, conflicts_with = "clause_separators")]
    no_clause_separators: bool,
    /// Don't use the names of labels with few lines as examples
    #[arg(long)]
    no_label_names: bool,
    /// Use descriptions of labels as examples, from a JSON object such as {"pay_bill": "settle an invoice"}
    #[arg(long, value_name = "FILE")]
    descriptions: Option<PathBuf>,
    /// Use word vectors trained elsewhere, which helps where examples are few: a text file (GloVe, or .vec of fastText or
    /// word2vec) or a folder (Model2Vec, or sentence-transformers with static embeddings)
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    /// Write the training state to this file, so that `intent update` forgets nothing. It holds the examples, takes about
    /// 8 MB, and only its owner can read it
    #[arg(long, value_name = "FILE")]
    training_state: Option<PathBuf>,
    /// Write the model as a Core ML package too, in float16, as `intent export` does
    #[arg(long, value_name = "PACKAGE")]
    export: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    printing: Printing,
}

#[derive(Serialize)]
struct Report<'a> {
    examples: usize,
    labels: usize,
    seconds: f64,
    epochs: usize,
    preset: &'a str,
    heldout_accuracy: Option<f64>,
    familiar_accuracy: Option<f64>,
    heldout_answered: Option<f64>,
    model_bytes: usize,
    seed: u64,
    heldout: usize,
    clause_separators: &'a [String],
    symbols: &'a [String],
    lexicon_words: usize,
    warnings: Vec<&'a String>,
    output: String,
    export: Option<String>,
    training_state: Option<String>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let options = options(arguments)?;
    // Fail before training, which can take minutes.
    options.check()?;
    check_paths(arguments)?;
    let data = Given::read(arguments)?;
    let made = train(arguments, &data, &options)?;
    if !arguments.printing.quiet {
        made.report.warnings.iter().try_for_each(|warning| input::warn(warning))?;
    }
    let mut out = Output::new();
    if arguments.printing.json {
        return out.json(&object(arguments, &data, &made));
    }
    if arguments.printing.quiet { Ok(()) } else { out.pairs(&summary(arguments, &made)) }
}

fn options(arguments: &Arguments) -> Result<TrainOptions, Failure> {
    Ok(TrainOptions {
        preset: arguments.preset,
        epochs: arguments.epochs,
        seed: arguments.seed,
        threads: arguments.threads,
        keep: if arguments.no_reject { 1.0 } else { arguments.acceptance_rate },
        cost: arguments.costs.cost(),
        separators: (arguments.no_clause_separators || !arguments.clause_separators.is_empty())
            .then(|| arguments.clause_separators.clone()),
        label_names: !arguments.no_label_names,
        descriptions: arguments.descriptions.as_deref().map(descriptions).transpose()?.unwrap_or_default(),
        lexicon: input::lexicon(arguments.lexicon.as_deref())?,
        ..TrainOptions::default()
    })
}

/// Fails if a file can't be read twice or can't be written.
fn check_paths(arguments: &Arguments) -> Result<(), Failure> {
    let sources = || arguments.data.iter().chain(&arguments.valid);
    if sources().filter(|path| input::is_stdin(path)).count() > 1 {
        return Err(Failure::Usage("`-` is given twice, but standard input can be read only once".into()));
    }
    output::check_file(&arguments.output, "--output", "commands.intent", sources())?;
    if let Some(state) = &arguments.training_state {
        let sources = sources().chain([&arguments.output]);
        output::check_file(state, "--training-state", "commands.learner", sources)?;
    }
    arguments.export.as_deref().map_or(Ok(()), |package| export::check(package, "--export"))
}

/// The data files' examples, with what they are warned of.
struct Given {
    data: WithWarnings,
    valid: Option<WithWarnings>,
}

impl Given {
    fn read(arguments: &Arguments) -> Result<Given, Failure> {
        let data = input::examples(&arguments.data, arguments.reading.format)?;
        let valid = arguments.valid.as_ref().map(|path| input::some_examples(path, arguments.reading.format));
        let given = Given { data, valid: valid.transpose()? };
        if !arguments.printing.quiet {
            given.warnings().try_for_each(|warning| input::warn(warning))?;
        }
        Ok(given)
    }

    fn warnings(&self) -> impl Iterator<Item = &String> {
        self.data.warnings.iter().chain(self.valid.iter().flat_map(|valid| &valid.warnings))
    }
}

/// A trained classifier, and what the training says of it.
struct Made {
    classifier: Classifier,
    report: TrainReport,
}

/// Trains, and writes every file that is asked for.
fn train(arguments: &Arguments, given: &Given, options: &TrainOptions) -> Result<Made, Failure> {
    let mut bar = Bar::new(arguments.printing.quiet);
    let data = Dataset::of(&given.data.examples);
    let valid = given.valid.as_ref().map(|valid| Dataset::of(&valid.examples));
    let (classifier, report) = match &arguments.training_state {
        None => Classifier::train_on(&data, valid.as_ref(), options, &mut |now| bar.show(now))?,
        Some(path) => {
            let (learner, report) = train_to_learn(&data, valid.as_ref(), options, &mut |now| bar.show(now))?;
            LearnerFile::create(path, &learner, Durability::Power)?;
            (Classifier::from(Arc::clone(learner.model())), report)
        }
    };
    bar.clear();
    classifier.save(&arguments.output).map_err(|error| match &arguments.training_state {
        Some(state) => output::model_missing(&error, state, &arguments.output),
        None => error.into(),
    })?;
    if let Some(package) = &arguments.export {
        export::export(&classifier, package, &CoreMlOptions::default())?;
    }
    Ok(Made { classifier, report })
}

fn object<'a>(arguments: &Arguments, given: &'a Given, made: &'a Made) -> Report<'a> {
    let Made { classifier, report } = made;
    let name = |path: &PathBuf| path.display().to_string();
    Report {
        examples: report.examples,
        labels: report.labels,
        seconds: numbers::rounded(report.seconds, 3),
        epochs: report.epochs,
        preset: report.preset.name(),
        heldout_accuracy: report.heldout_accuracy,
        familiar_accuracy: report.familiar_accuracy,
        heldout_answered: report.heldout_answered,
        model_bytes: classifier.model().as_bytes().len(),
        seed: arguments.seed,
        heldout: report.heldout,
        clause_separators: &report.separators,
        symbols: &report.symbols,
        lexicon_words: report.lexicon.as_ref().map_or(0, |lexicon| lexicon.held),
        warnings: given.warnings().chain(&report.warnings).collect(),
        output: name(&arguments.output),
        export: arguments.export.as_ref().map(name),
        training_state: arguments.training_state.as_ref().map(name),
    }
}

fn summary(arguments: &Arguments, made: &Made) -> Vec<(&'static str, String)> {
    let Made { classifier, report } = made;
    let output = arguments.output.display();
    let model_bytes = numbers::bytes(classifier.model().as_bytes().len());
    let epochs = numbers::of(report.epochs, "epoch");
    let mut pairs = vec![
        ("model", format!("{output}, {model_bytes}")),
        (
            "learned",
            format!("{}, {}", numbers::of(report.examples, "example"), numbers::of(report.labels, "label")),
        ),
        ("preset", format!("{}, {epochs}, {:.1} s", report.preset, report.seconds)),
        ("clauses", figures::clauses(&report.separators)),
    ];
    pairs.extend(figures::symbols(&report.symbols));
    if let Some(LexiconUse { words, found, held }) = report.lexicon {
        let [words, found, others] = [words, found, held.saturating_sub(found)].map(numbers::count);
        pairs.push(("lexicon", format!("{found} of the texts' {words} words, {others} others near them")));
    }
    if let Some(state) = &arguments.training_state {
        pairs.push(("training state", state.display().to_string()));
    }
    if let Some(package) = &arguments.export {
        pairs.push(("package", package.display().to_string()));
    }
    pairs.extend(figures::of_training(&classifier.model().metadata().training));
    pairs.push(("next", format!("intent predict --model {output} \"some text\"")));
    pairs
}

/// Reads label descriptions.
fn descriptions(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let name = path.display();
    let text = input::text(path)?;
    let object: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|e| {
        let example = r#"{"pay_bill": "settle an invoice"}"#;
        Failure::Failed(format!(
            "{name}: expected one JSON object of names and descriptions, such as {example}; {e}"
        ))
    })?;
    Ok(object.into_iter().collect())
}
