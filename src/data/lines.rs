//! Lines of UTF-8 from any reader, one at a time in one buffer, with a maximum length that protects
//! memory.

use std::io::{BufRead, ErrorKind, Read};

use crate::error::{Error, Result};
use crate::sources;

/// Maximum length of a line or CSV record in bytes: more than the longest text takes with every
/// character escaped.
pub const MAX_LINE_BYTES: usize = 8 << 20;

pub(crate) struct Lines<'o, R> {
    input: R,
    origin: &'o str,
    buffer: Vec<u8>,
    number: u64,
}

impl<'o, R: BufRead> Lines<'o, R> {
    pub fn new(input: R, origin: &'o str) -> Self {
        Lines { input, origin, buffer: Vec::new(), number: 0 }
    }

    /// Returns the next line with its line end and without the file's byte order mark, or `None` at
    /// the end.
    pub fn advance(&mut self) -> Result<Option<&str>> {
        self.buffer.clear();
        self.number += 1;
        if self.number == 1
            && let Some(kind) = self.kind().map_err(|e| Error::io(self.origin, "cannot read", e))?
        {
            return Err(self.fault(format!("expected text, but this is {kind}")));
        }
        // One more for the line end.
        let limit = MAX_LINE_BYTES + 1;
        let mut bounded = self.input.by_ref().take(limit as u64);
        let length = bounded
            .read_until(b'\n', &mut self.buffer)
            .map_err(|e| Error::io(self.origin, "cannot read", e))?;
        if length == 0 {
            return Ok(None);
        }
        if length == limit && self.buffer.last() != Some(&b'\n') {
            return Err(self.fault(too_long("line")));
        }
        match std::str::from_utf8(&self.buffer) {
            Ok(line) if self.number == 1 => Ok(Some(line.strip_prefix('\u{feff}').unwrap_or(line))),
            Ok(line) => Ok(Some(line)),
            Err(e) => {
                let byte = e.valid_up_to() + 1;
                Err(self.fault(format!("expected UTF-8, found something else at byte {byte} of the line")))
            }
        }
    }

    /// Returns the kind of the input if it is not text.
    fn kind(&mut self) -> std::io::Result<Option<&'static str>> {
        loop {
            match self.input.fill_buf() {
                Ok(start) => return Ok(sources::no_text(start)),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// The number of the line that `advance` returned last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    pub fn fault(&self, message: impl Into<String>) -> Error {
        self.fault_at(self.number, message)
    }

    pub fn fault_at(&self, line: u64, message: impl Into<String>) -> Error {
        Error::Data { origin: self.origin.to_owned(), line, message: message.into() }
    }
}

pub(super) fn too_long(what: &str) -> String {
    format!("the {what} has more than {MAX_LINE_BYTES} bytes, the maximum")
}
