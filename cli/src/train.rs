//! `intent train`: labelled texts → a model file.

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::progress::Bar;
use crate::rejecting::Costs;
use crate::{export, figures, input, words};
use clap::Args;
use intentkit::data::Format;
use intentkit::learn::{Durability, LearnerFile, train_to_learn};
use intentkit::train::{Dataset, LexiconUse};
use intentkit::{Classifier, CoreMlOptions, Preset, TrainOptions};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Learn a model from labelled texts
///
/// The same data, options and seed give the same file, byte for byte, on every machine and number of threads.
#[derive(Args)]
#[command(after_help = "Examples:
  intent train commands.jsonl --output commands.intent
  intent train train.csv more.csv --valid valid.csv --output commands.intent --seed 2
  cat *.jsonl | intent train - --output commands.intent --json
  intent train commands.jsonl --output commands.intent --learner commands.learner
  intent train commands.jsonl --output commands.intent --ask-back-cost 0.2 --foreign-share 0.1
  intent train log.data --format fasttext --output log.intent --quiet")]
pub struct Arguments {
    /// Files of labelled texts, read one after the other; `-` is standard input
    #[arg(required = true, value_name = "DATA")]
    data: Vec<PathBuf>,
    /// The model file to write, such as commands.intent; put in place in one step when training is done
    #[arg(long, short, value_name = "MODEL")]
    output: PathBuf,
    /// Labelled texts that choose epochs, calibration and the rejection threshold [default: a part of DATA, held out]
    #[arg(long, value_name = "FILE")]
    valid: Option<PathBuf>,
    /// auto (by the data), single (one label a text), multi (sets of labels) or reference (a baseline)
    #[arg(long, value_name = "PRESET", default_value_t)]
    preset: Preset,
    /// Passes over the data, 1 to 100,000 [default: by the preset and the amount of data]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    epochs: Option<usize>,
    /// Seed of all randomness
    #[arg(long, value_name = "N", default_value_t = TrainOptions::default().seed, allow_negative_numbers = true)]
    seed: u64,
    /// Threads to use, 0 for all cores; the model doesn't depend on it
    #[arg(long, value_name = "N", default_value_t = TrainOptions::default().threads, allow_negative_numbers = true)]
    threads: usize,
    /// Acceptance rate: share of in-scope texts to answer, over 0 and at most 1
    #[arg(long, value_name = "SHARE", default_value_t = TrainOptions::default().keep, allow_negative_numbers = true)]
    keep: f64,
    /// Answer everything: reject only texts in which nothing is known. The same as --keep 1
    #[arg(long, conflicts_with_all = ["keep", "ask_back_cost"])]
    no_reject: bool,
    #[command(flatten)]
    costs: Costs,
    /// A word or punctuation mark that parts clauses, such as `and`; may be given several times [default: learned from lines
    /// with several labels, and used if that makes held-out lines better]
    #[arg(long = "joiner", value_name = "WORD")]
    joiners: Vec<String>,
    /// Don't cut texts into clauses
    #[arg(long, conflicts_with = "joiners")]
    no_joiners: bool,
    /// Don't learn from the names of labels with few lines
    #[arg(long)]
    no_label_names: bool,
    /// A JSON object of label names and descriptions, each one more line of its label: {"pay_bill": "settle an invoice"}
    #[arg(long, value_name = "FILE")]
    descriptions: Option<PathBuf>,
    /// Word vectors from elsewhere, a help where examples are few: a text file (.vec of fastText or word2vec, GloVe) or a
    /// folder of Model2Vec or sentence-transformers (static embeddings). The model holds what it needs of them
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    /// Also write what `intent update` needs to learn without forgetting: the examples among it, about 8 MB, readable by its owner alone
    #[arg(long, value_name = "FILE")]
    learner: Option<PathBuf>,
    /// Also write the model as a Core ML package in float16, as `intent export` does
    #[arg(long, value_name = "PACKAGE")]
    export: Option<PathBuf>,
    /// jsonl, fasttext or csv [default: by each file's extension; jsonl for standard input]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// No progress, warnings or summary; errors only (and the JSON object, if asked for)
    #[arg(long, short)]
    quiet: bool,
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
    joiners: &'a [String],
    lexicon_words: usize,
    warnings: Vec<&'a String>,
    output: String,
    export: Option<String>,
    learner: Option<String>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let options = TrainOptions {
        preset: arguments.preset,
        epochs: arguments.epochs,
        seed: arguments.seed,
        threads: arguments.threads,
        keep: if arguments.no_reject { 1.0 } else { arguments.keep },
        cost: arguments.costs.cost(),
        separators: (arguments.no_joiners || !arguments.joiners.is_empty())
            .then(|| arguments.joiners.clone()),
        label_names: !arguments.no_label_names,
        descriptions: arguments.descriptions.as_deref().map(descriptions).transpose()?.unwrap_or_default(),
        lexicon: input::lexicon(arguments.lexicon.as_deref())?,
        ..TrainOptions::default()
    };
    // Whatever can be refused is refused before minutes go into training.
    options.check()?;
    let sources = || arguments.data.iter().chain(&arguments.valid);
    if sources().filter(|path| input::is_stdin(path)).count() > 1 {
        return Err(Failure::Usage("`-` is given twice, but standard input can be read only once".into()));
    }
    output::check_file(&arguments.output, "--output", "commands.intent", sources())?;
    if let Some(learner) = &arguments.learner {
        output::check_file(learner, "--learner", "commands.learner", sources().chain([&arguments.output]))?;
    }
    arguments.export.as_deref().map_or(Ok(()), |package| export::check(package, "--export"))?;

    let given = input::examples(&arguments.data, arguments.format)?;
    let given_valid =
        arguments.valid.as_ref().map(|path| input::some_examples(path, arguments.format)).transpose()?;
    if !arguments.quiet {
        [Some(&given), given_valid.as_ref()].into_iter().flatten().try_for_each(input::warn_of)?;
    }
    let mut bar = Bar::new(arguments.quiet);
    let (data, valid) =
        (Dataset::of(&given.examples), given_valid.as_ref().map(|valid| Dataset::of(&valid.examples)));
    let (classifier, report) = match &arguments.learner {
        None => Classifier::train_on(&data, valid.as_ref(), &options, &mut |now| bar.show(now))?,
        Some(path) => {
            let (learner, report) =
                train_to_learn(&data, valid.as_ref(), &options, &mut |now| bar.show(now))?;
            LearnerFile::create(path, &learner, Durability::Power)?;
            (Classifier::from(Arc::clone(learner.model())), report)
        }
    };
    bar.clear();
    classifier.save(&arguments.output).map_err(|error| match &arguments.learner {
        Some(learner) => output::model_missing(&error, learner, &arguments.output),
        None => error.into(),
    })?;
    let package = arguments.export.as_deref();
    package.map(|package| export::export(&classifier, package, &CoreMlOptions::default())).transpose()?;

    if !arguments.quiet {
        report.warnings.iter().try_for_each(|warning| input::warn(warning))?;
    }
    let model_bytes = classifier.model().as_bytes().len();
    let output = arguments.output.display().to_string();
    let mut out = Output::new();
    if arguments.json {
        return out.json(&Report {
            examples: report.examples,
            labels: report.labels,
            seconds: words::rounded(report.seconds, 3),
            epochs: report.epochs,
            preset: report.preset.name(),
            heldout_accuracy: report.heldout_accuracy,
            familiar_accuracy: report.familiar_accuracy,
            heldout_answered: report.heldout_answered,
            model_bytes,
            seed: arguments.seed,
            heldout: report.heldout,
            joiners: &report.separators,
            lexicon_words: report.lexicon.map_or(0, |lexicon| lexicon.held),
            warnings: given
                .warnings
                .iter()
                .chain(given_valid.iter().flat_map(|valid| &valid.warnings))
                .chain(&report.warnings)
                .collect(),
            output,
            export: package.map(|package| package.display().to_string()),
            learner: arguments.learner.as_ref().map(|learner| learner.display().to_string()),
        });
    }
    if arguments.quiet {
        return Ok(());
    }
    let clauses = match report.separators.as_slice() {
        [] => "none, texts are read whole".into(),
        joiners => format!("cut at {}", joiners.join(" ")),
    };
    let mut pairs = vec![
        ("model", format!("{output}, {}", words::bytes(model_bytes))),
        (
            "learned",
            format!("{}, {}", words::of(report.examples, "example"), words::of(report.labels, "label")),
        ),
        (
            "preset",
            format!("{}, {}, {:.1} s", report.preset, words::of(report.epochs, "epoch"), report.seconds),
        ),
        ("clauses", clauses),
    ];
    if let Some(LexiconUse { words, found, held }) = report.lexicon {
        let (words, found, others) =
            (words::count(words), words::count(found), words::count(held.saturating_sub(found)));
        pairs.push(("lexicon", format!("{found} of the texts' {words} words, {others} others near them")));
    }
    if let Some(learner) = &arguments.learner {
        pairs.push(("learner", learner.display().to_string()));
    }
    if let Some(package) = package {
        pairs.push(("package", package.display().to_string()));
    }
    pairs.extend(figures::of_training(&classifier.model().metadata().training));
    pairs.push(("next", format!("intent predict --model {output} \"some text\"")));
    out.pairs(&pairs)
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
