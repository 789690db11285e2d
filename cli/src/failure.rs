//! What ends the program early, and the sentence and exit code it ends with.

use crate::terminal;
use intentkit::{Error, ModelFault};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Why a subcommand did not come to its end.
pub enum Failure {
    /// The command line asks for something that can't be: exit code 2.
    Usage(String),
    /// Anything else: exit code 1.
    Failed(String),
    /// Whoever read the output has seen enough (`intent ... | head`), which is no failure.
    ClosedPipe,
}

impl Failure {
    /// A failure to write to standard output.
    pub fn of_output(error: &io::Error) -> Failure {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Failed(format!("cannot write to standard output: {error}")),
        }
    }

    /// Says it on standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let (code, sentence) = match self {
            Failure::Usage(sentence) => (2, sentence),
            Failure::Failed(sentence) => (1, sentence),
            Failure::ClosedPipe => return ExitCode::SUCCESS,
        };
        // With standard error closed there is nobody left to tell; the exit code remains.
        let _ = writeln!(io::stderr(), "intent: {}", terminal::visible(sentence, false));
        ExitCode::from(code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let step = next_step(&error);
        match error {
            Error::InvalidArgument(sentence) => Failure::Usage(sentence),
            error => Failure::Failed(format!("{error}{step}")),
        }
    }
}

/// What to do about it, where the library can't know.
fn next_step(error: &Error) -> &'static str {
    match error {
        Error::Io { source, .. } => match source.kind() {
            ErrorKind::NotFound => "; check the name",
            ErrorKind::PermissionDenied => "; check its permissions",
            ErrorKind::IsADirectory | ErrorKind::InvalidInput => "; name a file",
            _ => "",
        },
        Error::Model { fault: ModelFault::NotAModel(_), .. } => {
            "; `intent train DATA --output MODEL` makes one from a data file"
        }
        _ => "",
    }
}
