//! Reading labelled examples: JSON Lines, fastText lines, CSV; cutting them into folds.
//!
//! An error names the file, the line and what was expected, and never quotes the line: it is somebody's text.

mod csv;
mod fasttext;
mod folds;
mod json_lines;
mod lines;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::network::MAX_LABELS;
use crate::sources;
use crate::text::MAX_TEXT_BYTES;
pub use folds::Folds;
pub(crate) use lines::Lines;
pub use lines::MAX_LINE_BYTES;

/// The longest name a label may have, in bytes.
pub const MAX_LABEL_BYTES: usize = 255;

/// One labelled text. No labels: an out-of-scope example.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Example {
    /// What somebody said.
    pub text: String,
    /// What it asks for.
    pub labels: Vec<String>,
}

impl Example {
    /// An example of `text` with `labels`, taken as they are: only reading checks them.
    pub fn new<L: Into<String>>(text: impl Into<String>, labels: impl IntoIterator<Item = L>) -> Self {
        Example { text: text.into(), labels: labels.into_iter().map(Into::into).collect() }
    }

    /// What every format ends in: sizes and label names checked, repeated labels merged.
    fn checked(text: impl Into<String>, labels: Vec<String>) -> Result<Self, String> {
        let (text, mut labels) = (text.into(), labels);
        if text.len() > MAX_TEXT_BYTES {
            return Err(long_text(text.len()));
        }
        if labels.len() > MAX_LABELS {
            return Err(many_labels(labels.len()));
        }
        for (index, label) in labels.iter().enumerate() {
            check_label(label).map_err(|fault| format!("label {} {fault}", index + 1))?;
        }
        if labels.len() > 1 {
            // A set, since a hostile line may have thousands of labels.
            let mut seen = HashSet::new();
            labels.retain(|label| seen.insert(label.clone()));
        }
        Ok(Example { text, labels })
    }
}

fn long_text(length: usize) -> String {
    format!("the text has {length} bytes; the longest that can be learned has {MAX_TEXT_BYTES}")
}

fn many_labels(count: usize) -> String {
    format!("the line has {count} labels; at most {MAX_LABELS} are read")
}

/// Whether a name may be a label's; otherwise what is wrong with it, to go behind the words that name the label.
pub(crate) fn check_label(label: &str) -> Result<(), String> {
    if label.trim().is_empty() {
        return Err("is empty; expected a name".into());
    }
    if label.len() > MAX_LABEL_BYTES {
        return Err(long_label(label.len()));
    }
    if label.chars().any(char::is_control) {
        return Err("holds a control character; expected a name of visible characters".into());
    }
    Ok(())
}

fn long_label(length: usize) -> String {
    format!("has {length} bytes; expected at most {MAX_LABEL_BYTES}")
}

/// `a`, `a and b`, `a, b and c`, or the first `most` and how many more there are; `None` without any.
pub(crate) fn list(items: impl Iterator<Item = String>, most: usize) -> Option<String> {
    let mut items: Vec<String> = items.collect();
    if items.len() > most {
        let rest = items.len() - most;
        items.truncate(most);
        items.push(format!("{rest} more"));
    }
    let last = items.pop()?;
    Some(if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) })
}

/// Examples, and what looks like a mistake in the lines they were read from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WithWarnings {
    /// One for each line.
    pub examples: Vec<Example>,
    /// A sentence for each kind of mistake.
    pub warnings: Vec<String>,
}

/// How the examples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One object a line: `{"text": "...", "labels": ["a", "b"]}`. Other keys are ignored.
    JsonLines,
    /// `__label__a __label__b some text`: labels at the start of the line.
    FastText,
    /// A header with the columns `text` and `labels`, the labels of a record separated by `|`.
    Csv,
}

impl Format {
    /// The format of a file by its extension: `jsonl`, `ndjson`, `json` are JSON Lines, `txt`, `ft`, `fasttext` are
    /// fastText, `csv` is CSV, in any case.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for any other extension.
    pub fn of_path(path: &Path) -> Result<Format> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        match extension.as_str() {
            "jsonl" | "ndjson" | "json" => Ok(Format::JsonLines),
            "txt" | "ft" | "fasttext" => Ok(Format::FastText),
            "csv" => Ok(Format::Csv),
            _ => Err(Error::invalid(format!(
                "{}: the name does not tell the format; expected .jsonl, .ndjson or .json (JSON Lines), \
                 .txt, .ft or .fasttext (fastText) or .csv, or a format chosen by name: jsonl, fasttext or csv",
                path.display()
            ))),
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    /// `jsonl`, `fasttext` or `csv`; anything else is [`Error::InvalidArgument`].
    fn from_str(name: &str) -> Result<Format> {
        match name {
            "jsonl" => Ok(Format::JsonLines),
            "fasttext" => Ok(Format::FastText),
            "csv" => Ok(Format::Csv),
            _ => Err(Error::invalid(format!("there is no format {name:?}; choose jsonl, fasttext or csv"))),
        }
    }
}

/// Reads the examples of a file; without a `format` its extension tells, as in [`Format::of_path`].
///
/// # Errors
/// [`Error::InvalidArgument`] for an unknown extension, [`Error::Io`] if the file can't be opened or read or isn't a regular
/// file (`/dev/stdin` and `/dev/fd/N` may be anything), [`Error::Data`] for the first line that can't be understood.
pub fn read_file(path: &Path, format: Option<Format>) -> Result<Vec<Example>> {
    Ok(read_file_with_warnings(path, format)?.examples)
}

/// As [`read_file`], with the warnings of [`read_with_warnings`].
///
/// # Errors
/// As [`read_file`].
pub fn read_file_with_warnings(path: &Path, format: Option<Format>) -> Result<WithWarnings> {
    let format = format.map_or_else(|| Format::of_path(path), Ok)?;
    let file = sources::open_stream(path, "cannot open")?;
    read_with_warnings(BufReader::new(file), format, &path.display().to_string())
}

/// Reads a text file of at most [`MAX_LINE_BYTES`] as a whole, such as a file of rules.
///
/// # Errors
/// [`Error::Io`] if the file can't be opened or read, [`Error::Data`] if it isn't text in UTF-8 or is longer.
pub fn read_text(path: &Path) -> Result<String> {
    let file = sources::open_stream(path, "cannot open")?;
    let mut bytes = vec![];
    let read = file.take(MAX_LINE_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|e| Error::io(path, "cannot read", e))?;
    let fault = |message| Error::Data { origin: path.display().to_string(), line: 1, message };
    if let Some(kind) = sources::no_text(&bytes) {
        return Err(fault(format!("expected text, but this is {kind}")));
    }
    if bytes.len() > MAX_LINE_BYTES {
        return Err(fault(format!("the file has more than {MAX_LINE_BYTES} bytes, the most that is read")));
    }
    String::from_utf8(bytes).map_err(|e| {
        let byte = e.utf8_error().valid_up_to() + 1;
        fault(format!("expected UTF-8, found something else at byte {byte} of the file"))
    })
}

/// Reads examples from anything, naming it `origin` in errors. A byte order mark and blank lines are skipped; lines end
/// in LF or CRLF. A line, or a CSV record, has at most [`MAX_LINE_BYTES`] and 16,384 labels, and its text at most
/// [`MAX_TEXT_BYTES`].
///
/// # Errors
/// [`Error::Io`] if reading fails, [`Error::Data`] for the first line that can't be understood. A CSV record that spans
/// several lines counts as the first of them, except that bad UTF-8 is reported where it stands.
pub fn read(input: impl BufRead, format: Format, origin: &str) -> Result<Vec<Example>> {
    Ok(read_with_warnings(input, format, origin)?.examples)
}

/// As [`read`]. Also returns a sentence for each kind of likely mistake, naming `origin` and the lines: in fastText lines a
/// misspelt `__label__`, and labels without a blank between them.
///
/// # Errors
/// As [`read`].
pub fn read_with_warnings(input: impl BufRead, format: Format, origin: &str) -> Result<WithWarnings> {
    let lines = Lines::new(input, origin);
    let mut slips = fasttext::Slips::default();
    let examples = match format {
        Format::JsonLines => read_lines(lines, json_lines::parse, |_, _| {})?,
        Format::FastText => read_lines(lines, fasttext::parse, |line, example| slips.look_at(line, example))?,
        Format::Csv => csv::read(lines)?,
    };
    Ok(WithWarnings { examples, warnings: slips.warnings(origin) })
}

/// Calls `each` with every example and the number of its line.
fn read_lines<R: BufRead>(
    mut lines: Lines<'_, R>,
    parse: impl Fn(&str) -> Result<Example, String>,
    mut each: impl FnMut(u64, &Example),
) -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    while let Some(line) = lines.advance()? {
        let line = line.trim_end();
        if !line.is_empty() {
            let example = parse(line).map_err(|message| lines.fault(message))?;
            each(lines.number(), &example);
            examples.push(example);
        }
    }
    Ok(examples)
}
