//! CSV with a header that names the columns `text` and `labels`; labels are separated by `|`.
//!
//! Records are cut from the lines here and parsed by the `csv` crate. On its own the crate would
//! count lines wrongly around blank lines and CRLF, and would read an unclosed quote as a field up
//! to the end of the file.

use std::collections::VecDeque;
use std::io::BufRead;

use ::csv::{Reader, ReaderBuilder, StringRecord, Terminator};

use super::lines::{Lines, MAX_LINE_BYTES, too_long};
use super::{Example, long_text, many_labels};
use crate::error::{Error, Result};
use crate::network::MAX_LABELS;
use crate::text::MAX_TEXT_BYTES;

/// Maximum number of fields in a record. Even an empty field takes memory.
const MAX_FIELDS: usize = 4096;

pub(super) fn read<R: BufRead>(lines: Lines<'_, R>) -> Result<Vec<Example>> {
    let splitter = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(Terminator::Any(b'\n'))
        .from_reader(VecDeque::new());
    let mut records = Records { lines, splitter, fields: StringRecord::new(), room: 0, start: 1 };
    records.advance()?;
    let (text, labels) = header(&records.fields).map_err(|message| records.fault(message))?;
    let width = records.fields.len();
    let mut examples = Vec::new();
    while records.advance()? {
        let example = parse(&records.fields, width, text, labels);
        examples.push(example.map_err(|message| records.fault(message))?);
    }
    Ok(examples)
}

/// Returns the indices of the two columns.
fn header(fields: &StringRecord) -> Result<(usize, usize), String> {
    let find = |name: &str| {
        let mut places = fields.iter().enumerate().filter(|(_, field)| field.trim() == name);
        match (places.next(), places.next()) {
            (Some((place, _)), None) => Ok(place),
            (None, _) => Err(format!("expected a header such as `text,labels`, found no column `{name}`")),
            (Some(_), Some(_)) => Err(format!("expected one column `{name}` in the header, found several")),
        }
    };
    Ok((find("text")?, find("labels")?))
}

fn parse(fields: &StringRecord, width: usize, text: usize, labels: usize) -> Result<Example, String> {
    let found = fields.len();
    if found != width {
        // Most likely an unquoted comma in a text, which would turn words into labels.
        return Err(format!(
            "expected {width} fields as in the header, found {found}; put a text with commas in quotes"
        ));
    }
    let (text, labels) = (fields.get(text).unwrap_or_default(), fields.get(labels).unwrap_or_default());
    // Checked before anything is copied.
    if text.len() > MAX_TEXT_BYTES {
        return Err(long_text(text.len()));
    }
    let count = labels.bytes().filter(|&byte| byte == b'|').count() + 1;
    if count > MAX_LABELS {
        return Err(many_labels(count));
    }
    let labels = if labels.trim().is_empty() {
        Vec::new()
    } else {
        labels.split('|').map(|label| label.trim().to_owned()).collect()
    };
    Example::checked(text, labels)
}

struct Records<'o, R> {
    lines: Lines<'o, R>,
    /// Gets one whole record at a time. A new reader for each record takes at least ten times as
    /// long.
    splitter: Reader<VecDeque<u8>>,
    fields: StringRecord,
    /// Capacity of `fields` in bytes, set exactly because it would grow to twice what it needs.
    room: usize,
    /// The line on which the record starts.
    start: u64,
}

impl<R: BufRead> Records<'_, R> {
    /// Reads the next record into `fields`. Returns false at the end.
    fn advance(&mut self) -> Result<bool> {
        let (mut place, mut fields) = (Place::FieldStart, 1);
        loop {
            let Some(line) = self.lines.advance()? else {
                return if self.splitter.get_ref().is_empty() {
                    Ok(false)
                } else {
                    Err(self.fault("expected a quote that closes the field, found the end of the file"))
                };
            };
            let record = self.splitter.get_mut();
            let first = record.is_empty();
            if first && line.trim().is_empty() {
                continue;
            }
            let content = without_end(line);
            let next = place.after(content, &mut fields);
            if first {
                // Plus a line end. Exact, because it would grow to twice what it needs.
                record.reserve_exact(line.len() + 1);
            }
            record.extend(line.as_bytes());
            let (length, behind) = (record.len(), line.len() - content.len());
            if first {
                self.start = self.lines.number();
            }
            if length > MAX_LINE_BYTES + 1 {
                return Err(self.fault(too_long("record")));
            }
            place = next.map_err(|message| self.fault(message))?;
            if fields > MAX_FIELDS {
                return Err(self
                    .fault(format!("the record has {fields} fields or more; the maximum is {MAX_FIELDS}")));
            }
            if place != Place::Quoted {
                let record = self.splitter.get_mut();
                record.truncate(length - behind);
                record.push_back(b'\n');
                break;
            }
        }
        let length = self.splitter.get_ref().len();
        if length > self.room {
            self.room = length;
            self.fields = StringRecord::with_capacity(length, 2);
        }
        match self.splitter.read_record(&mut self.fields) {
            Ok(true) => Ok(true),
            Ok(false) | Err(_) => Err(self.fault("expected a CSV record, found something else")),
        }
    }

    fn fault(&self, message: impl Into<String>) -> Error {
        self.lines.fault_at(self.start, message)
    }
}

fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Parser state within a record, with respect to quotes.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quote in a quoted field: the end of the field, or the first half of a doubled quote.
    Closed,
}

impl Place {
    /// Returns the state after `line`, given the state before it. Adds the number of fields that
    /// end in the line to `fields`.
    fn after(self, line: &str, fields: &mut usize) -> Result<Self, String> {
        line.bytes().try_fold(self, |place, byte| match (place, byte) {
            (Place::FieldStart, b'"') | (Place::Closed, b'"') => Ok(Place::Quoted),
            (Place::Quoted, b'"') => Ok(Place::Closed),
            (Place::Quoted, _) => Ok(Place::Quoted),
            (_, b',') => {
                *fields += 1;
                Ok(Place::FieldStart)
            }
            (Place::FieldStart | Place::Unquoted, _) => Ok(Place::Unquoted),
            (Place::Closed, _) => {
                Err("expected a comma after a closing quote, found more; write a quote in a text as two"
                    .to_owned())
            }
        })
    }
}
