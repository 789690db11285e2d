//! `intent update`: a model that knows a few examples more, or has other labels or rules.

use crate::failure::Failure;
use crate::input::Reading;
use crate::output::{self, Output, Printing};
use crate::{input, mistaken, numbers};
use clap::Args;
use intentkit::learn::{Change, Durability, Learner, LearnerFile, UpdateReport};
use intentkit::model::Model;
use intentkit::{Error, Rule};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Teach a model some examples, rename, merge or remove labels, or replace rules
///
/// Examples correct what the model got wrong, and may add labels. With --training-state the model also rehearses the
/// examples that it was trained on, so that it forgets nothing, and the state remembers what it learned. Either all
/// changes are made or none.
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent update --model old.intent corrections.jsonl --output new.intent
  echo '{"text": "it is dark in here", "labels": ["light"]}' |
    intent update --model old.intent - --output new.intent
  intent update --model commands.intent corrections.jsonl \
    --training-state commands.learner --output commands.intent
  intent update --model commands.intent --rename lamp light \
    --merge song music --output commands.intent
  intent update --model commands.intent --rules rules.json --output new.intent

A file of rules:
  [{"label": "vision", "keywords": ["screenshot", "my screen"],
    "phrases": ["what is this"]}]"#)]
pub struct Arguments {
    /// Update this model file, or the model in this training-state file
    #[arg(long, short, value_name = "MODEL")]
    model: PathBuf,
    /// Labelled texts to learn, in any number of files; `-` is standard input
    #[arg(value_name = "DATA")]
    data: Vec<PathBuf>,
    /// Write the updated model to this file, which may be the one of --model
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Use and update this training state. It must belong to the model; `intent train --training-state` writes one, and a
    /// file that does not exist is created
    #[arg(long, value_name = "FILE")]
    training_state: Option<PathBuf>,
    /// Rename a label, before examples are learned
    #[arg(long, num_args = 2, value_names = ["LABEL", "NAME"], action = clap::ArgAction::Append)]
    rename: Vec<String>,
    /// Merge a label into another, before examples are learned
    #[arg(long, num_args = 2, value_names = ["LABEL", "INTO"], action = clap::ArgAction::Append)]
    merge: Vec<String>,
    /// Remove a label, before examples are learned
    #[arg(long, value_name = "LABEL")]
    remove: Vec<String>,
    /// Replace the model's keyword rules with those of a JSON file
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Fail if an example has a label that the model does not have
    #[arg(long)]
    no_new_labels: bool,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    printing: Printing,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    update: &'a UpdateReport,
    labels: usize,
    kept: usize,
    seconds: f64,
    output: String,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    output::check_file(&arguments.output, "--output", "commands.intent", arguments.data.iter())?;
    if arguments.data.iter().filter(|path| input::is_stdin(path)).count() > 1 {
        return Err(Failure::Usage("`-` is given twice, but standard input can be read only once".into()));
    }
    let changes = changes(arguments)?;
    if changes.is_empty() && !mistaken::is_training_state(&arguments.model) {
        return Err(Failure::Usage(
            "there is nothing to do; give DATA, --rename, --merge, --remove or --rules".into(),
        ));
    }
    let made = update(arguments, &changes)?;
    let mut out = Output::new();
    if arguments.printing.json {
        return out.json(&Report {
            update: &made.report,
            labels: made.learner.model().labels().len(),
            kept: made.learner.kept(),
            seconds: numbers::rounded(made.seconds, 3),
            output: arguments.output.display().to_string(),
        });
    }
    if arguments.printing.quiet { Ok(()) } else { out.pairs(&summary(arguments, &made)) }
}

/// What the command line asks for, in the order in which it is done.
fn changes(arguments: &Arguments) -> Result<Vec<Change>, Failure> {
    let mut changes = vec![];
    if let Some(path) = &arguments.rules {
        changes.push(Change::Rules(rules(path)?));
    }
    let pairs = |flat: &[String]| flat.as_chunks::<2>().0.to_vec();
    changes.extend(pairs(&arguments.rename).into_iter().map(|[label, to]| Change::Rename { label, to }));
    changes.extend(pairs(&arguments.merge).into_iter().map(|[label, into]| Change::Merge { label, into }));
    changes.extend(arguments.remove.iter().map(|label| Change::Remove { label: label.clone() }));
    let data = input::examples(&arguments.data, arguments.reading.format)?;
    if !arguments.printing.quiet {
        input::warn_of(&data)?;
    }
    if !data.examples.is_empty() {
        changes.push(Change::Update(data.examples));
    }
    Ok(changes)
}

/// What an update made.
struct Made {
    learner: Learner,
    file: Option<LearnerFile>,
    report: UpdateReport,
    seconds: f64,
}

/// Makes all changes or none, and writes the model.
fn update(arguments: &Arguments, changes: &[Change]) -> Result<Made, Failure> {
    let start = Instant::now();
    // Held until the model is written, so that no other update of it is lost.
    let _held = match output::same_place(&arguments.model, &arguments.output) {
        true => Some(input::hold(&arguments.model)?),
        false => None,
    };
    let (mut learner, mut file) = learner(arguments)?;
    let report = learner.apply_and(changes, |report| {
        if let (true, Some(label)) = (arguments.no_new_labels, report.new_labels.first()) {
            return Err(Error::Training(format!(
                "an example has the label `{label}`, which the model does not have; --no-new-labels refuses it"
            )));
        }
        file.as_mut().map_or(Ok(()), |file| file.append(changes))
    })?;
    learner.model().save(&arguments.output).map_err(|error| match &file {
        Some(file) => output::model_missing(&error, file.path(), &arguments.output),
        None => error.into(),
    })?;
    Ok(Made { learner, file, report, seconds: start.elapsed().as_secs_f64() })
}

fn summary(arguments: &Arguments, made: &Made) -> Vec<(&'static str, String)> {
    let (output, model) = (arguments.output.display(), made.learner.model());
    let learned = match made.report.examples {
        0 => "no examples".into(),
        count => {
            let right = numbers::count(made.report.right);
            format!("{}, {right} now classified correctly", numbers::of(count, "example"))
        }
    };
    let new = match made.report.new_labels.as_slice() {
        [] => String::new(),
        names => format!(", new: {}", names.join(", ")),
    };
    let mut pairs = vec![
        ("model", format!("{output}, {}", numbers::bytes(model.as_bytes().len()))),
        ("learned", format!("{learned}, {:.1} s", made.seconds)),
        ("labels", format!("{}{new}", numbers::count(model.labels().len()))),
    ];
    if let Some(file) = &made.file {
        let kept = numbers::of(made.learner.kept(), "example");
        pairs.push(("training state", format!("{}, {kept}", file.path().display())));
    }
    pairs.push(("next", format!("intent predict --model {output} \"some text\"")));
    pairs
}

/// The training state to update, and the file it is kept in, if there is one.
fn learner(arguments: &Arguments) -> Result<(Learner, Option<LearnerFile>), Failure> {
    if mistaken::is_training_state(&arguments.model) {
        if arguments.training_state.is_some() {
            return Err(Failure::Usage(
                "--model names a training-state file, which is updated itself; leave --training-state out"
                    .into(),
            ));
        }
        let (file, learner) = LearnerFile::open(&arguments.model, Durability::Power)?;
        return Ok((learner, Some(file)));
    }
    let model = Model::load(&arguments.model)?;
    let Some(path) = &arguments.training_state else { return Ok((Learner::of(Arc::new(model))?, None)) };
    let (file, learner) = match LearnerFile::open(path, Durability::Power) {
        // Created only if it certainly does not exist.
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            let learner = Learner::of(Arc::new(model))?;
            let file = LearnerFile::create_new(path, &learner, Durability::Power)?;
            return Ok((learner, Some(file)));
        }
        opened => opened?,
    };
    let (wanted, found) = (&model.metadata().checksum, &learner.model().metadata().checksum);
    if wanted != found {
        return Err(Failure::Failed(format!(
            "{0} belongs to the model with checksum {found}, and {1} has checksum {wanted}; give the model that was written with it, or give --model {0} to go on from what it knows, and repeat the updates that {1} got without --training-state",
            path.display(),
            arguments.model.display()
        )));
    }
    Ok((learner, Some(file)))
}

/// Reads a file of rules.
pub fn rules(path: &Path) -> Result<Vec<Rule>, Failure> {
    Rule::of_json(&input::text(path)?).map_err(|e| Failure::Failed(format!("{}: {e}", path.display())))
}
