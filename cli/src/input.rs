//! Where data and models come from.

use crate::failure::Failure;
use crate::{mistaken, terminal};
use intentkit::data::{self, Format, WithWarnings};
use intentkit::internal::files;
use intentkit::{Classifier, Error, Lexicon};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How data is read, for the subcommands that read some.
#[derive(clap::Args)]
pub struct Reading {
    /// Read DATA as jsonl, fasttext or csv [default: by each file's extension; jsonl for standard input]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
}

/// The sample model and its data: in this program only, never in the library.
pub const SAMPLE_MODEL: &[u8] = include_bytes!("../../models/assistant.intent");
pub const SAMPLE_DATA: &str = include_str!("../../models/assistant.jsonl");
pub const SAMPLE_HELDOUT: &str = include_str!("../../models/assistant-heldout.jsonl");

/// The examples of all files, in their order; `-` is standard input, JSON Lines unless told otherwise.
pub fn examples(paths: &[PathBuf], format: Option<Format>) -> Result<WithWarnings, Failure> {
    let mut all = WithWarnings::default();
    for path in paths {
        let some = if is_stdin(path) {
            let format = format.unwrap_or(Format::JsonLines);
            data::read_with_warnings(std::io::stdin().lock(), format, "standard input")?
        } else {
            mistaken::check_data(path)?;
            let format = format.map_or_else(|| Format::of_path(path), Ok).map_err(|e| match e {
                Error::InvalidArgument(sentence) => Failure::Usage(format!("{sentence} (--format)")),
                other => other.into(),
            })?;
            data::read_file_with_warnings(path, Some(format))?
        };
        all.examples.extend(some.examples);
        all.warnings.extend(some.warnings);
    }
    Ok(all)
}

/// The examples of one file, of which there must be some.
pub fn some_examples(path: &Path, format: Option<Format>) -> Result<WithWarnings, Failure> {
    let data = examples(&[path.to_owned()], format)?;
    if data.examples.is_empty() {
        let name = if is_stdin(path) { "standard input".into() } else { path.display().to_string() };
        return Err(Failure::Failed(format!(
            "{name}: there are no examples; give at least one line with a text"
        )));
    }
    Ok(data)
}

/// What a small file says.
pub fn text(path: &Path) -> Result<String, Failure> {
    Ok(data::read_text(path)?)
}

/// Keeps other processes that hold it from writing a model anew, as long as the file that is returned lives.
pub fn hold(model: &Path) -> Result<File, Failure> {
    let fault =
        |e: std::io::Error| Error::Io { path: model.into(), action: "cannot open the model", source: e };
    loop {
        let file = File::open(model).map_err(fault)?;
        if !files::lock(&file).map_err(fault)? {
            return Err(Failure::Failed(format!(
                "{}: another process is updating this model; try again when it is done",
                model.display()
            )));
        }
        // Whoever held it may have put another in its place since it was opened.
        if files::is_at(&file, model).map_err(fault)? {
            return Ok(file);
        }
    }
}

/// What a source is called without its folder, for readers who need not know where it lies.
pub fn name(path: &Path) -> String {
    match path.file_name() {
        Some(name) if !is_stdin(path) => name.to_string_lossy().into_owned(),
        _ => "standard input".into(),
    }
}

pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The model of a file, or the sample in this program.
pub fn classifier(path: Option<&Path>) -> Result<Classifier, Failure> {
    let classifier = match path {
        Some(path) => Classifier::load(path),
        None => Classifier::from_bytes(SAMPLE_MODEL),
    };
    Ok(classifier?)
}

/// The lexicon that is asked for.
pub fn lexicon(path: Option<&Path>) -> Result<Option<Arc<Lexicon>>, Failure> {
    Ok(path.map(Lexicon::load).transpose()?.map(Arc::new))
}

/// Prints what data is warned of.
pub fn warn_of(data: &WithWarnings) -> Result<(), Failure> {
    data.warnings.iter().try_for_each(|warning| warn(warning))
}

/// Warnings go to standard error, each as one sentence.
pub fn warn(sentence: &str) -> Result<(), Failure> {
    match writeln!(std::io::stderr(), "intent: warning: {}", terminal::visible(sentence, false)) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to standard error: {e}")))
        }
        _ => Ok(()),
    }
}
