//! Where results go: standard output (lines, aligned tables, JSON), and files.

use crate::failure::Failure;
use crate::{input, terminal};
use intentkit::Error;
use intentkit::internal::files;
use serde::Serialize;
use std::io::{self, StdoutLock, Write};
use std::path::{Path, PathBuf};

/// What is printed, for the subcommands that train.
#[derive(clap::Args)]
pub struct Printing {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Print no progress, warnings or summary
    #[arg(long, short)]
    pub quiet: bool,
}

/// Standard output, locked. Each line leaves as soon as it is written, so that a reader behind a pipe sees it at once.
pub struct Output(StdoutLock<'static>);

impl Output {
    pub fn new() -> Output {
        Output(io::stdout().lock())
    }

    /// One line, or several, without other control characters. (`println!` would panic when the pipe is closed.)
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.0, "{}", terminal::visible(line, true))
            .and_then(|()| self.0.flush())
            .map_err(|e| Failure::of_output(&e))
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
        let line =
            |(name, value): &(&str, String)| format!("{name:width$}  {}", terminal::visible(value, false));
        pairs.iter().try_for_each(|pair| self.line(&line(pair)))
    }
}

/// Whether a file can be put at `path`, the value of `option`. To be asked before work goes into its contents.
pub fn check_file<'a>(
    path: &Path,
    option: &str,
    example: &str,
    mut sources: impl Iterator<Item = &'a PathBuf>,
) -> Result<(), Failure> {
    let name = path.display();
    if path.file_name().is_none() || input::is_stdin(path) {
        return Err(Failure::Usage(format!("{option} is {name:?}; it must name a file, such as {example}")));
    }
    if let Ok(existing) = path.canonicalize()
        && sources.any(|source| source.canonicalize().is_ok_and(|source| source == existing))
    {
        return Err(Failure::Usage(format!(
            "{option} {name} is one of the data files; choose another name for it"
        )));
    }
    if path.is_dir() {
        let example = path.join(example);
        return Err(Failure::Failed(format!(
            "{name} is a folder; name a file in it, such as {}",
            example.display()
        )));
    }
    // A device or a pipe would be replaced, not written into.
    if !path.metadata().map_or_else(|e| e.kind() == io::ErrorKind::NotFound, |there| there.is_file()) {
        return Err(Failure::Failed(format!("{name} is not a regular file; choose another {option}")));
    }
    let target = files::target(path)?;
    let folder = files::folder(&target);
    if !folder.is_dir() {
        let folder = folder.display();
        return Err(Failure::Failed(format!("{name}: the folder {folder} does not exist; create it first")));
    }
    files::check_folder(folder).map_err(|e| {
        Failure::Failed(format!(
            "{name}: cannot write into its folder: {}; choose another {option}",
            plain(&e)
        ))
    })
}

/// Whether both paths name one file that is there.
pub fn same_place(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// The failure to write a model after its training-state file was written.
pub fn model_missing(error: &Error, state: &Path, model: &Path) -> Failure {
    let (state, model) = (state.display(), model.display());
    Failure::Failed(format!(
        "{error}; {state} has been written and holds everything learned: `intent update --model {state} --output {model}` writes the model"
    ))
}

/// What the system said, without the name of a temporary file.
fn plain(error: &io::Error) -> String {
    error.kind().to_string()
}
