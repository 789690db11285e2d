//! Standard output: lines, aligned tables, JSON.

use crate::failure::Failure;
use serde::Serialize;
use std::io::{StdoutLock, Write};

/// Standard output, locked. Each line leaves as soon as it is written, so that a reader behind a pipe sees it at once.
pub struct Output(StdoutLock<'static>);

impl Output {
    pub fn new() -> Output {
        Output(std::io::stdout().lock())
    }

    /// One line. (`println!` would panic when the pipe is closed.)
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.0, "{line}").and_then(|()| self.0.flush()).map_err(|e| Failure::of_output(&e))
    }

    /// One JSON object on a line of its own.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let line = serde_json::to_string(value)
            .map_err(|e| Failure::Failed(format!("cannot write the result as JSON: {e}")))?;
        self.line(&line)
    }

    /// Names and values, the values aligned.
    pub fn pairs(&mut self, pairs: &[(&str, String)]) -> Result<(), Failure> {
        let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        pairs.iter().try_for_each(|(name, value)| self.line(&format!("{name:width$}  {value}")))
    }
}
