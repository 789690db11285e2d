//! What the README says of the command line holds: subcommands, options, what the demo and an explanation print.

#[path = "../../tests/documents/markdown.rs"]
mod markdown;

use markdown::{blocks, code_spans};
use std::process::Command;

const README: &str = include_str!("../../README.md");

fn blocks_in(language: &str) -> Vec<String> {
    blocks(README).into_iter().filter(|block| block.0 == language).map(|block| block.1).collect()
}

/// The command lines of the program in blocks and code spans, as words, quotes taken away.
fn command_lines() -> Vec<Vec<String>> {
    let blocks = blocks_in("sh");
    let lines = blocks.iter().flat_map(|block| block.lines()).chain(code_spans(README));
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

/// The demo trains the sample that the program also holds, so its answers are those of `intent predict`.
#[test]
fn the_demo_answers_as_shown() {
    let block = blocks_in("text").into_iter().find(|block| block.contains("What it makes of a few texts:"));
    let block = block.expect("the demo's output is shown");
    // Indented: a text, at least two spaces, its labels.
    let answers = block.lines().filter_map(|line| line.strip_prefix("  ")?.split_once("  "));
    let mut shown = 0;
    for (text, labels) in answers.filter(|(text, _)| !text.starts_with("intent ")) {
        let output = Command::new(env!("CARGO_BIN_EXE_intent")).args(["predict", text]).output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(found.trim(), labels.trim(), "{text}: put the output of `intent demo` into README.md");
        shown += 1;
    }
    assert_eq!(shown, 7);
}

#[test]
fn the_explanation_is_as_shown() {
    let line = command_lines().into_iter().find(|line| line[0] == "explain").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_intent")).args(line).output().unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(blocks_in("text").contains(&found), "put this into README.md:\n{found}");
}
