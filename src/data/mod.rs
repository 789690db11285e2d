//! Reads labelled examples from JSON Lines, fastText lines and CSV, and splits them into folds.
//!
//! An error names the file, the line and what was expected. It never quotes the line, which is
//! private text.

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

/// Maximum length of a label's name in bytes.
pub const MAX_LABEL_BYTES: usize = 255;

/// A text with its labels. An example without labels is out of scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Example {
    /// The user's text.
    pub text: String,
    /// The names of the labels that it asks for.
    pub labels: Vec<String>,
}

impl Example {
    /// Makes an example of `text` with `labels`, unchecked. Only reading and training check them.
    pub fn new<L: Into<String>>(text: impl Into<String>, labels: impl IntoIterator<Item = L>) -> Self {
        Example { text: text.into(), labels: labels.into_iter().map(Into::into).collect() }
    }

    /// The last step of every format: checks sizes and label names, and merges repeated labels.
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
    format!("the text has {length} bytes; the maximum is {MAX_TEXT_BYTES}")
}

fn many_labels(count: usize) -> String {
    format!("the line has {count} labels; the maximum is {MAX_LABELS}")
}

/// Checks a label's name. The error is a phrase to follow the words that name the label.
pub(crate) fn check_label(label: &str) -> Result<(), String> {
    if label.trim().is_empty() {
        return Err("is empty; expected a name".into());
    }
    if label.len() > MAX_LABEL_BYTES {
        return Err(long_label(label.len()));
    }
    if label.chars().any(char::is_control) {
        return Err("contains a control character; expected a name of visible characters".into());
    }
    Ok(())
}

fn long_label(length: usize) -> String {
    format!("has {length} bytes; expected at most {MAX_LABEL_BYTES}")
}

/// Returns `a`, `a and b`, `a, b and c`, or the first `most` items and the number of the others.
/// Returns `None` without items.
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

/// Examples, with warnings about likely mistakes in the lines they were read from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WithWarnings {
    /// One per line.
    pub examples: Vec<Example>,
    /// One sentence per kind of mistake.
    pub warnings: Vec<String>,
}

/// Formats of example files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One object per line: `{"text": "...", "labels": ["a", "b"]}`. Other keys are ignored.
    JsonLines,
    /// `__label__a __label__b some text`: labels at the start of the line.
    FastText,
    /// A header with the columns `text` and `labels`; the labels of a record are separated by `|`.
    Csv,
}

impl Format {
    /// Returns the format of a file by its extension, ignoring case: `jsonl`, `ndjson` and `json`
    /// are JSON Lines, `txt`, `ft` and `fasttext` are fastText, `csv` is CSV.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`] for any other extension.
    pub fn of_path(path: &Path) -> Result<Format> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        match extension.as_str() {
            "jsonl" | "ndjson" | "json" => Ok(Format::JsonLines),
            "txt" | "ft" | "fasttext" => Ok(Format::FastText),
            "csv" => Ok(Format::Csv),
            _ => Err(Error::invalid(format!(
                "{}: the format is unknown; expected .jsonl, .ndjson or .json (JSON Lines), \
                 .txt, .ft or .fasttext (fastText) or .csv, or a format chosen by name: jsonl, fasttext or csv",
                path.display()
            ))),
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    /// Accepts `jsonl`, `fasttext` and `csv`. Fails with [`Error::InvalidArgument`] for any other
    /// name.
    fn from_str(name: &str) -> Result<Format> {
        match name {
            "jsonl" => Ok(Format::JsonLines),
            "fasttext" => Ok(Format::FastText),
            "csv" => Ok(Format::Csv),
            _ => Err(Error::invalid(format!("there is no format {name:?}; choose jsonl, fasttext or csv"))),
        }
    }
}

/// Reads the examples of a file. Without a `format`, the extension decides, as in
/// [`Format::of_path`].
///
/// # Errors
/// - Fails with [`Error::InvalidArgument`] for an unknown extension.
/// - Fails with [`Error::Io`] if the file can't be opened or read, or isn't a regular file
///   (`/dev/stdin` and `/dev/fd/N` may be any file).
/// - Fails with [`Error::Data`] for the first invalid line.
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

/// Reads a whole text file of at most [`MAX_LINE_BYTES`], such as a file of rules.
///
/// # Errors
/// Fails with [`Error::Io`] if the file can't be opened or read, and with [`Error::Data`] if it
/// isn't UTF-8 text or is too long.
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
        return Err(fault(format!("the file has more than {MAX_LINE_BYTES} bytes, the maximum")));
    }
    String::from_utf8(bytes).map_err(|e| {
        let byte = e.utf8_error().valid_up_to() + 1;
        fault(format!("expected UTF-8, found something else at byte {byte} of the file"))
    })
}

/// Reads examples from any reader. Errors name it `origin`.
///
/// Skips a byte order mark and blank lines. Lines end in LF or CRLF. A line or CSV record may have
/// at most [`MAX_LINE_BYTES`] and 16,384 labels; its text may have at most [`MAX_TEXT_BYTES`].
///
/// # Errors
/// Fails with [`Error::Io`] if reading fails, and with [`Error::Data`] for the first invalid line.
/// For a CSV record of several lines that is its first line, except that invalid UTF-8 is reported
/// at its own line.
pub fn read(input: impl BufRead, format: Format, origin: &str) -> Result<Vec<Example>> {
    Ok(read_with_warnings(input, format, origin)?.examples)
}

/// As [`read`], with warnings: a sentence for each kind of likely mistake, with `origin` and the
/// lines. In fastText these are a misspelt `__label__`, and labels without a space between them.
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

/// Calls `each` with each example and its line number.
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
