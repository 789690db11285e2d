//! `intent setup`: man pages and shell completions, where man and the shells look for them.

use crate::failure::Failure;
use crate::output::Output;
use clap::Args;
use clap::builder::Resettable;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Install man pages and shell completions
///
/// Writes below the prefix: a man page for each subcommand to share/man/man1, and completions for bash, fish and zsh to
/// the folders that these shells read. Existing files are replaced; nothing else is changed.
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent setup
  sudo intent setup --prefix /usr/local
  intent setup --prefix "$DESTDIR/usr"

Afterwards `man intent-train` shows the page of a subcommand. New shells complete subcommands and options; zsh needs
the folder in its fpath, as the last line of output says."#)]
pub struct Arguments {
    /// Write below this folder [default: ~/.local]
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Print nothing
    #[arg(long, short)]
    quiet: bool,
}

const PROGRAM: &str = "intent";
const SOURCE: &str = concat!("IntentKit ", env!("CARGO_PKG_VERSION"));
const MAN: &str = "share/man/man1";

/// The shells with their folders and files, below the prefix.
const SHELLS: [(Shell, &str, &str); 3] = [
    (Shell::Bash, "share/bash-completion/completions", "intent"),
    (Shell::Fish, "share/fish/vendor_completions.d", "intent.fish"),
    (Shell::Zsh, ZSH, "_intent"),
];
const ZSH: &str = "share/zsh/site-functions";

/// `program` is the description of the whole command line.
pub fn run(arguments: &Arguments, program: clap::Command) -> Result<(), Failure> {
    let prefix = prefix(arguments, std::env::var_os("HOME").as_deref())?;
    let mut out = Output::new();
    let mut write = |folder: &str, name: &str, contents: &[u8]| {
        let path = write(&prefix.join(folder), name, contents)?;
        if arguments.quiet { Ok(()) } else { out.line(&path.display().to_string()) }
    };
    for (name, page) in pages(program.clone()).map_err(|e| Failure::of_output(&e))? {
        write(MAN, &name, &page)?;
    }
    for (shell, folder, name) in SHELLS {
        let mut script = vec![];
        clap_complete::generate(shell, &mut program.clone(), PROGRAM, &mut script);
        write(folder, name, &script)?;
    }
    if arguments.quiet {
        return Ok(());
    }
    out.line(&format!("zsh: put `fpath+=({})` into ~/.zshrc, before compinit", prefix.join(ZSH).display()))
}

/// The folder that is asked for, or that of a user's own programs.
fn prefix(arguments: &Arguments, home: Option<&OsStr>) -> Result<PathBuf, Failure> {
    match (&arguments.prefix, home.filter(|home| !home.is_empty())) {
        (Some(prefix), _) => Ok(prefix.clone()),
        (None, Some(home)) => Ok(Path::new(home).join(".local")),
        (None, None) => Err(Failure::Usage("HOME is not set; give --prefix".into())),
    }
}

fn write(folder: &Path, name: &str, contents: &[u8]) -> Result<PathBuf, Failure> {
    fs::create_dir_all(folder).map_err(|e| {
        let folder = folder.display();
        Failure::Failed(format!("{folder}: cannot create the folder: {e}; choose another --prefix"))
    })?;
    let path = folder.join(name);
    intentkit::internal::files::replace(&path, contents)?;
    Ok(path)
}

/// The man pages by file name: that of the program, and one for each subcommand.
fn pages(program: clap::Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let subcommands = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let commands: Vec<clap::Command> = [program.clone()].into_iter().chain(subcommands).collect();
    let page = |command: clap::Command| {
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let man = Man::new(command.after_help(Resettable::Reset)).source(SOURCE);
        let mut page = vec![];
        man.render(&mut page)?;
        examples(&after).to_writer(&mut page)?;
        Ok((man.get_filename(), page))
    };
    commands.into_iter().map(page).collect()
}

/// The text after a command's options: indented lines and those before them as they are, others as a paragraph.
fn examples(after: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    let text = after.strip_prefix("Examples:\n").or(after.strip_prefix("Example:\n")).unwrap_or(after);
    for paragraph in text.split("\n\n") {
        let is_list = paragraph.lines().any(|line| line.starts_with(' '));
        roff.control("PP", []);
        if is_list {
            roff.control("nf", []);
        }
        for line in paragraph.lines() {
            roff.text([roman(line)]);
        }
        if is_list {
            roff.control("fi", []);
        }
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_the_one_given_or_in_the_home_folder() {
        let arguments = |prefix: Option<&str>| Arguments { prefix: prefix.map(PathBuf::from), quiet: false };
        let home = Some(OsStr::new("/people/ada"));
        assert_eq!(prefix(&arguments(None), home).ok(), Some("/people/ada/.local".into()));
        assert_eq!(prefix(&arguments(Some("/usr")), home).ok(), Some("/usr".into()));
        for none in [None, Some(OsStr::new(""))] {
            assert!(matches!(prefix(&arguments(None), none), Err(Failure::Usage(_))));
        }
    }
}
