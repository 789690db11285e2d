//! `intent update`: a model that knows a few examples more, or has other labels or rules.

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::{input, words};
use clap::Args;
use intentkit::data::Format;
use intentkit::learn::{Change, Durability, Learner, LearnerFile, UpdateReport};
use intentkit::model::Model;
use intentkit::{Error, Rule};
use serde::Serialize;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Teach a model a few examples, without training it anew
///
/// Examples correct what the model got wrong; labels that it doesn't have yet become labels. With --learner the examples it was trained on
/// protect the other labels, and what is learned is kept with them.
#[derive(Args)]
#[command(after_help = "Examples:
  intent update commands.intent corrections.jsonl --output commands.intent
  echo '{\"text\": \"it is dark in here\", \"labels\": [\"light\"]}' | intent update commands.intent - --output better.intent
  intent train commands.jsonl --output commands.intent --learner commands.learner
  intent update commands.intent corrections.jsonl --output commands.intent --learner commands.learner
  intent update commands.intent --rename lamp light --merge song music --output commands.intent --learner commands.learner
  intent update commands.intent --rules rules.json --output commands.intent --learner commands.learner

A file of rules: [{\"label\": \"vision\", \"keywords\": [\"screenshot\", \"my screen\"], \"phrases\": [\"what is this\"]}]")]
pub struct Arguments {
    /// The model file, or a learner file, which holds a model: then that is the one to teach
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Files of labelled texts; `-` is standard input
    #[arg(value_name = "DATA")]
    data: Vec<PathBuf>,
    /// The model file to write; may be MODEL
    #[arg(long, short, value_name = "MODEL2")]
    output: PathBuf,
    /// What learning needs, with the examples of training: made by `intent train --learner`, or made now if there is none. It must belong to
    /// MODEL, and goes on with it
    #[arg(long, value_name = "FILE")]
    learner: Option<PathBuf>,
    /// Give a label another name; before the examples are learned
    #[arg(long, num_args = 2, value_names = ["LABEL", "NAME"], action = clap::ArgAction::Append)]
    rename: Vec<String>,
    /// Make one label of two; before the examples are learned
    #[arg(long, num_args = 2, value_names = ["LABEL", "INTO"], action = clap::ArgAction::Append)]
    merge: Vec<String>,
    /// Take a label away; before the examples are learned
    #[arg(long, value_name = "LABEL")]
    remove: Vec<String>,
    /// A JSON file of keyword rules in the place of the model's
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Refuse examples with labels that the model doesn't have
    #[arg(long)]
    no_new_labels: bool,
    /// jsonl, fasttext or csv [default: by each file's extension; jsonl for standard input]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// No summary; errors only (and the JSON object, if asked for)
    #[arg(long, short)]
    quiet: bool,
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
    let mut changes = vec![];
    if let Some(path) = &arguments.rules {
        changes.push(Change::Rules(rules(path)?));
    }
    let pairs = |flat: &[String]| flat.as_chunks::<2>().0.to_vec();
    changes.extend(pairs(&arguments.rename).into_iter().map(|[label, to]| Change::Rename { label, to }));
    changes.extend(pairs(&arguments.merge).into_iter().map(|[label, into]| Change::Merge { label, into }));
    changes.extend(arguments.remove.iter().map(|label| Change::Remove { label: label.clone() }));
    let data = input::examples(&arguments.data, arguments.format)?;
    if !arguments.quiet {
        input::warn_of(&data)?;
    }
    if !data.examples.is_empty() {
        changes.push(Change::Update(data.examples));
    }
    if changes.is_empty() && !is_learner(&arguments.model) {
        return Err(Failure::Usage(
            "there is nothing to do; give DATA with examples, --rename, --merge, --remove or --rules".into(),
        ));
    }

    let start = Instant::now();
    // Held until the model is written, lest another update of it be lost.
    let _held = match output::same_place(&arguments.model, &arguments.output) {
        true => Some(input::hold(&arguments.model)?),
        false => None,
    };
    let (mut learner, mut file) = learner(arguments)?;
    // All of them or none.
    let update = learner.apply_and(&changes, |report| {
        if let (true, Some(label)) = (arguments.no_new_labels, report.new_labels.first()) {
            return Err(Error::Training(format!(
                "the model has no label `{label}`, and new ones are refused"
            )));
        }
        file.as_mut().map_or(Ok(()), |file| file.append(&changes))
    })?;
    let saved = learner.model().save(&arguments.output);
    saved.map_err(|error| match &file {
        Some(file) => output::model_missing(&error, file.path(), &arguments.output),
        None => error.into(),
    })?;

    let (labels, kept) = (learner.model().labels().len(), learner.kept());
    let (seconds, output) = (start.elapsed().as_secs_f64(), arguments.output.display().to_string());
    let mut out = Output::new();
    if arguments.json {
        let seconds = words::rounded(seconds, 3);
        return out.json(&Report { update: &update, labels, kept, seconds, output });
    }
    if arguments.quiet {
        return Ok(());
    }
    let learned = match update.examples {
        0 => "no examples".into(),
        count => {
            format!("{}, {} answered right now", words::of(count, "example"), words::count(update.right))
        }
    };
    let new = match update.new_labels.as_slice() {
        [] => String::new(),
        names => format!(", new: {}", names.join(", ")),
    };
    let mut lines = vec![
        ("model", format!("{output}, {}", words::bytes(learner.model().as_bytes().len()))),
        ("learned", format!("{learned}, {:.1} s", seconds)),
        ("labels", format!("{}{new}", words::count(labels))),
    ];
    if let Some(file) = &file {
        let kept = words::of(kept, "example");
        lines.push(("learner", format!("{}, {kept} kept", file.path().display())));
    }
    lines.push(("next", format!("intent predict --model {output} \"some text\"")));
    out.pairs(&lines)
}

/// The learner to teach, and the file it is kept in, if it is.
fn learner(arguments: &Arguments) -> Result<(Learner, Option<LearnerFile>), Failure> {
    if is_learner(&arguments.model) {
        if arguments.learner.is_some() {
            return Err(Failure::Usage(
                "MODEL is a learner file, so --learner has no place beside it".into(),
            ));
        }
        let (file, learner) = LearnerFile::open(&arguments.model, Durability::Power)?;
        return Ok((learner, Some(file)));
    }
    let model = Model::load(&arguments.model)?;
    let Some(path) = &arguments.learner else { return Ok((Learner::of(Arc::new(model))?, None)) };
    let (file, learner) = match LearnerFile::open(path, Durability::Power) {
        // Only what is surely not there is made anew.
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
            "{0}: it belongs to the model with checksum {found}, and {1} is another ({wanted}); give the model that was written with it, or {0} in the place of MODEL to go on from what it knows, and repeat what {1} was taught without --learner",
            path.display(),
            arguments.model.display()
        )));
    }
    Ok((learner, Some(file)))
}

/// Whether a file is one that `--learner` wrote.
fn is_learner(path: &Path) -> bool {
    let mut start = [0; 8];
    // A named pipe would wait for a writer.
    if !path.is_file() {
        return false;
    }
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok_and(|()| LearnerFile::is_start(&start))
}

/// Reads a file of rules.
pub fn rules(path: &Path) -> Result<Vec<Rule>, Failure> {
    Rule::of_json(&input::text(path)?).map_err(|e| Failure::Failed(format!("{}: {e}", path.display())))
}
