//! Where data and models come from.

use crate::failure::Failure;
use intentkit::data::{self, Example, Format};
use intentkit::{Classifier, Error, Lexicon};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The sample model and its data: in this program only, never in the library.
pub const SAMPLE_MODEL: &[u8] = include_bytes!("../../../models/assistant.intent");
pub const SAMPLE_DATA: &str = include_str!("../../../models/assistant.jsonl");
pub const SAMPLE_HELDOUT: &str = include_str!("../../../models/assistant-heldout.jsonl");

/// The examples of all files, in their order; `-` is standard input, JSON Lines unless told otherwise.
pub fn examples(paths: &[PathBuf], format: Option<Format>) -> Result<Vec<Example>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        let mut some = if is_stdin(path) {
            data::read(std::io::stdin().lock(), format.unwrap_or(Format::JsonLines), "standard input")?
        } else {
            let format = format.map_or_else(|| Format::of_path(path), Ok).map_err(|e| match e {
                Error::InvalidArgument(sentence) => Failure::Usage(format!("{sentence} (--format)")),
                other => other.into(),
            })?;
            data::read_file(path, Some(format))?
        };
        all.append(&mut some);
    }
    Ok(all)
}

/// The examples of one file, of which there must be some.
pub fn some_examples(path: &Path, format: Option<Format>) -> Result<Vec<Example>, Failure> {
    let examples = examples(&[path.to_owned()], format)?;
    if examples.is_empty() {
        let name = if is_stdin(path) { "standard input".into() } else { path.display().to_string() };
        return Err(Failure::Failed(format!(
            "{name}: there are no examples; give at least one line with a text"
        )));
    }
    Ok(examples)
}

/// What a small file says.
pub fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|e| Failure::Failed(format!("{}: cannot read: {}", path.display(), e.kind())))
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

/// Warnings go to standard error, each as one sentence.
pub fn warn(sentence: &str) -> Result<(), Failure> {
    match writeln!(std::io::stderr(), "intent: warning: {sentence}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to standard error: {e}")))
        }
        _ => Ok(()),
    }
}
