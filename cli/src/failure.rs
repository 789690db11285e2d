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
            Error::InvalidArgument(sentence) => Failure::Usage(of_option(&sentence)),
            error => Failure::Failed(format!("{error}{step}")),
        }
    }
}

/// The library's sentence about an argument, `` `keep` is 2; ... ``, as one about the option that sets it.
fn of_option(sentence: &str) -> String {
    let argument = sentence.strip_prefix('`').and_then(|rest| rest.split_once("` is "));
    let option = |name| match name {
        "keep" | "acceptance_rate" => Some("--acceptance-rate"),
        "ask_back" => Some("--ask-back-cost"),
        "foreign" => Some("--foreign-share"),
        "folds" => Some("--cross-validate"),
        "epochs" => Some("--epochs"),
        "threads" => Some("--threads"),
        "threshold" => Some("--threshold"),
        "top" => Some("--top"),
        _ => None,
    };
    match argument.and_then(|(name, rest)| Some((option(name)?, rest))) {
        Some((option, rest)) => format!("{option} is {rest}"),
        None => sentence.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::of_option;

    #[test]
    fn a_sentence_about_an_argument_names_the_option() {
        assert_eq!(
            of_option("`keep` is 2; it must be at most 1"),
            "--acceptance-rate is 2; it must be at most 1"
        );
        for sentence in ["`light` is the last label", "there is no label `top`", "`top"] {
            assert_eq!(of_option(sentence), sentence);
        }
    }
}
