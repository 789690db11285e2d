//! `intent update`: all of what one command asks for or none of it, on disk too.
#![cfg(unix)]

use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const LINES: [(&str, &str); 6] = [
    ("turn on the lamp", "lamp"),
    ("lamp off", "lamp"),
    ("make it brighter", "lamp"),
    ("play a song", "music"),
    ("stop the song", "music"),
    ("louder please", "music"),
];

/// A folder with `m.intent`, its training state `m.learner`, and a correction in `c.jsonl`.
fn trained() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lines = LINES.map(|(text, label)| format!("{{\"text\":\"{text}\",\"labels\":[\"{label}\"]}}\n"));
    fs::write(folder.path().join("t.jsonl"), lines.concat()).unwrap();
    fs::write(folder.path().join("c.jsonl"), r#"{"text":"it is dark","labels":["lamp"]}"#).unwrap();
    succeeds(&folder, "intent train t.jsonl --output m.intent --learner m.learner --quiet");
    folder
}

/// Exit code and standard error of a shell's line, with the program on its path.
fn run(folder: &TempDir, line: &str) -> (i32, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_intent")).parent().unwrap().display();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    let output =
        Command::new("sh").args(["-c", line]).current_dir(folder).env("PATH", path).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn succeeds(folder: &TempDir, line: &str) {
    let (code, error) = run(folder, line);
    assert_eq!(code, 0, "{line}: {error}");
}

fn labels(folder: &TempDir, model: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_intent"))
        .args(["info", model, "--json"])
        .current_dir(folder)
        .output()
        .unwrap();
    let about: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(about["label_names"].clone()).unwrap()
}

fn read(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).unwrap()
}

/// Runs a line in a shell that can't write files beyond so many bytes.
fn with_limit(bytes: usize, line: &str) -> String {
    // In blocks of 512 bytes; without the signal, writing is an error.
    format!("trap '' XFSZ; ulimit -f {}; {line}", bytes / 512)
}

#[test]
fn when_what_was_learned_cannot_be_written_down_neither_file_changes() {
    let folder = trained();
    let (model, learner) = (read(&folder, "m.intent"), read(&folder, "m.learner"));
    let update = "intent update m.intent c.jsonl --rename music tunes --output m.intent --learner m.learner";
    let (code, error) = run(&folder, &with_limit(learner.len(), update));
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("nothing was learned"), "{error}");
    assert!(read(&folder, "m.intent") == model && read(&folder, "m.learner") == learner);
    succeeds(&folder, "intent update m.learner --output n.intent");
    assert_eq!(labels(&folder, "n.intent"), ["lamp", "music"]);
    succeeds(&folder, update);
    assert_eq!(labels(&folder, "m.intent"), ["lamp", "tunes"]);
}

#[test]
fn when_the_model_cannot_be_written_the_error_says_what_stands_and_its_way_out_works() {
    let folder = trained();
    let learner = read(&folder, "m.learner");
    // A thousand labels add more to the model than to the training state, whose record of them is short.
    let rules = (0..1000).map(|i| format!("{{\"label\":\"l{i}\",\"keywords\":[\"k{i}\"]}}"));
    let rules = format!("[{}]", rules.collect::<Vec<_>>().join(","));
    fs::write(folder.path().join("rules.json"), &rules).unwrap();
    let update = "intent update m.intent --rules rules.json --output other.intent --learner m.learner";
    let (code, error) = run(&folder, &with_limit(learner.len() + 2 * rules.len(), update));
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("`intent update m.learner --output other.intent`"), "{error}");
    assert!(!folder.path().join("other.intent").exists());
    assert!(read(&folder, "m.learner").len() > learner.len(), "the rules stand there");
    succeeds(&folder, "intent update m.learner --output other.intent");
    assert_eq!(labels(&folder, "other.intent").len(), 1002);
}

#[test]
fn a_training_state_that_cannot_be_looked_at_is_not_replaced() {
    let folder = trained();
    std::os::unix::fs::symlink("loop.learner", folder.path().join("loop.learner")).unwrap();
    let (code, error) =
        run(&folder, "intent update m.intent c.jsonl --output n.intent --learner loop.learner");
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("loop.learner"), "{error}");
    assert!(fs::symlink_metadata(folder.path().join("loop.learner")).unwrap().is_symlink());
    assert!(!folder.path().join("n.intent").exists());
}

#[test]
fn of_two_updates_of_one_model_at_once_the_second_is_told() {
    let folder = trained();
    let held = File::open(folder.path().join("m.intent")).unwrap();
    held.lock().unwrap();
    let update = "intent update m.intent c.jsonl --output m.intent";
    let before = read(&folder, "m.intent");
    let (code, error) = run(&folder, update);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("another process is teaching this model"), "{error}");
    assert!(read(&folder, "m.intent") == before);
    drop(held);
    succeeds(&folder, update);
}

#[test]
fn a_model_taught_without_its_training_state_is_refused_with_a_way_out_that_works() {
    let folder = trained();
    succeeds(&folder, "intent update m.intent --rename lamp light --output m.intent");
    let (code, error) = run(&folder, "intent update m.intent c.jsonl --output m.intent --learner m.learner");
    assert_eq!(code, 1);
    assert!(error.contains("m.learner in the place of MODEL"), "{error}");
    assert!(error.contains("repeat what m.intent was taught without --learner"), "{error}");
    succeeds(&folder, "intent update m.learner --rename lamp light --output m.intent");
    assert_eq!(labels(&folder, "m.intent"), ["light", "music"]);
    succeeds(&folder, "intent update m.intent --rename light lamp --output m.intent --learner m.learner");
}
