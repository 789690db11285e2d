//! Text files of vectors: a word and its numbers on each line. word2vec and fastText start with a
//! line of two numbers, of words and of dimensions; GloVe doesn't.

use super::Builder;
use crate::data::Lines;
use crate::error::{Error, Result};
use crate::sources;
use std::io::BufReader;
use std::path::Path;

const EXPECTED: &str = "expected a word and its numbers, with spaces between";

/// Reads the words of a file. Also returns the number of its entries.
pub(super) fn read(path: &Path) -> Result<(Builder, usize)> {
    let file = sources::open_stream(path, "cannot open the lexicon")?;
    let origin = path.display().to_string();
    let mut lines = Lines::new(BufReader::with_capacity(1 << 20, file), &origin);
    let (mut builder, mut entries): (Option<Builder>, usize) = (None, 0);
    let mut numbers = vec![];
    while let Some(line) = lines.advance()? {
        let line = line.trim_end_matches(is_space).trim_end_matches(['\n', '\r']).trim_end_matches(is_space);
        if line.is_empty() {
            continue;
        }
        let fields = || line.split(is_space);
        let builder = match &mut builder {
            Some(builder) => builder,
            None => {
                let header: Vec<Option<usize>> = fields().take(3).map(|field| field.parse().ok()).collect();
                let (width, is_header) = match header[..] {
                    [Some(_), Some(width)] => (width, true),
                    _ => (fields().count() - 1, false),
                };
                let made = Builder::new(width)
                    .map_err(|fault| lines_fault(&origin, 1, &format!("the vectors {fault}")));
                let made =
                    made.map_err(|error| if width == 0 { lines_fault(&origin, 1, EXPECTED) } else { error })?;
                let made = builder.insert(made);
                if is_header {
                    continue;
                }
                made
            }
        };
        match parse(line, builder.width, &mut numbers).and_then(|word| builder.add(word, &numbers)) {
            Ok(()) => entries += 1,
            Err(message) => return Err(lines.fault(message)),
        }
        if builder.is_full() {
            break;
        }
    }
    match builder {
        Some(builder) => Ok((builder, entries)),
        None => {
            Err(super::fault(path, "the file is empty; expected a word and its numbers on each line".into()))
        }
    }
}

fn lines_fault(origin: &str, line: u64, message: &str) -> Error {
    Error::Data { origin: origin.to_owned(), line, message: message.to_owned() }
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Writes a line's numbers and returns its word, which may contain spaces.
fn parse<'a>(line: &'a str, width: usize, numbers: &mut Vec<f32>) -> Result<&'a str, String> {
    numbers.clear();
    let mut rest = line;
    while numbers.len() < width {
        let Some(space) = rest.rfind(is_space) else {
            let found = numbers.len();
            return Err(format!("{EXPECTED}, {width} of them; found {found}"));
        };
        let field = &rest[space + 1..];
        let Ok(number) = field.parse() else {
            let place = width - numbers.len();
            return Err(format!("{EXPECTED}, {width} of them; number {place} is not a number"));
        };
        numbers.push(number);
        rest = &rest[..space];
    }
    numbers.reverse();
    if rest.rfind(is_space).is_some_and(|space| rest[space + 1..].parse::<f32>().is_ok()) {
        return Err(format!("{EXPECTED}, {width} of them; found more"));
    }
    Ok(rest)
}
