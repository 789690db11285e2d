//! What README and guides say of the command line holds: subcommands, options, what the demo and an
//! explanation print.

#[path = "../../tests/documents/markdown.rs"]
mod markdown;

use markdown::{blocks, code_spans};
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

const README: &str = include_str!("../../README.md");

/// README and the guides in `docs`.
static DOCUMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let guides = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).unwrap();
    let guides = guides.map(|entry| entry.unwrap().path());
    let guides = guides.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    [README.to_owned()].into_iter().chain(guides.map(|path| fs::read_to_string(path).unwrap())).collect()
});

fn blocks_in(language: &str) -> Vec<String> {
    let all = DOCUMENTS.iter().flat_map(|document| blocks(document));
    all.filter(|block| block.0 == language).map(|block| block.1).collect()
}

/// The command lines of the program in blocks and code spans, as words, quotes taken away.
fn command_lines() -> Vec<Vec<String>> {
    let blocks = blocks_in("sh");
    let lines = blocks
        .iter()
        .flat_map(|block| block.lines())
        .chain(DOCUMENTS.iter().flat_map(|document| code_spans(document)));
    let mut found = vec![];
    for line in lines {
        let line = line.trim().replace("cargo run --release -- ", "intent ");
        // Spaces and bars inside quotes are part of a word.
        let (mut words, mut word, mut quoted) = (vec![], String::new(), false);
        for c in line.chars().chain([' ']) {
            match c {
                '"' => quoted = !quoted,
                ' ' if !quoted => {
                    words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()))
                }
                _ => word.push(c),
            }
        }
        assert!(!quoted, "{line}");
        let commands = words.split(|word| word == "|");
        found.extend(
            commands.filter(|words| words.len() > 1 && words[0] == "intent").map(|words| words[1..].to_vec()),
        );
    }
    found
}

#[test]
fn every_command_line_names_a_subcommand_and_flags_that_exist() {
    let lines = command_lines();
    assert!(lines.len() >= 15, "only {} command lines found", lines.len());
    for command in ["train", "predict", "explain", "eval", "bench", "info", "demo"] {
        assert!(lines.iter().any(|line| line[0] == command), "{command} isn't shown");
    }
    for line in lines {
        let help = Command::new(env!("CARGO_BIN_EXE_intent")).args([&line[0], "--help"]).output().unwrap();
        assert!(help.status.success(), "there is no `intent {}`", line[0]);
        let help = String::from_utf8(help.stdout).unwrap();
        let flags: Vec<&str> = help.split([' ', '\n', ',']).filter(|word| word.starts_with("--")).collect();
        for flag in line.iter().filter(|word| word.starts_with("--")) {
            assert!(flags.contains(&flag.as_str()), "`intent {}` has no {flag}", line[0]);
        }
    }
}

/// A line without the times in it, which differ from run to run.
fn without_times(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_unit = |i: usize| words.get(i).is_some_and(|unit| ["s:", "\u{b5}s"].contains(unit));
    let word = |(i, word): (usize, &&str)| if is_unit(i + 1) { "TIME".into() } else { word.to_string() };
    words.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
#[cfg_attr(debug_assertions, ignore = "trains the whole sample: run with --release")]
fn the_demo_prints_what_is_shown() {
    let block = blocks_in("text").into_iter().find(|block| block.contains("Predictions for a few texts:"));
    let shown = block.expect("the demo's output is shown");
    let output = Command::new(env!("CARGO_BIN_EXE_intent")).arg("demo").output().unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shown.lines().count(), found.lines().count());
    for (shown, found) in shown.lines().zip(found.lines()) {
        assert_eq!(
            without_times(shown),
            without_times(found),
            "put the output of `intent demo` into README.md"
        );
    }
}

/// Every subcommand is in the README's table, on a command line of the README or a guide, and has an example in its help.
#[test]
fn every_subcommand_stands_in_a_document_and_has_an_example() {
    let shown = blocks_in("sh").concat();
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_intent")).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let all = help(&["--help"]);
    let listed = all.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<&str> = names.filter(|name| !name.is_empty() && *name != "help").collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        assert!(
            README.contains(&format!("\n| `intent {name}` |")),
            "`intent {name}` is missing in README's table"
        );
        let is_shown =
            [format!("intent {name}"), format!("release -- {name}")].iter().any(|c| shown.contains(c));
        assert!(is_shown, "`intent {name}` stands in no document");
        let own = help(&[name, "--help"]);
        let (_, examples) = own.rsplit_once("\nExample").unwrap_or_else(|| panic!("{name} has no example"));
        assert!(examples.contains(&format!("  intent {name}")), "{name} has no example of its own");
    }
}

#[test]
fn the_explanation_is_as_shown() {
    let line = command_lines().into_iter().find(|line| line[0] == "explain").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_intent")).args(line).output().unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(blocks_in("text").contains(&found), "put this into docs/command-line.md:\n{found}");
}
