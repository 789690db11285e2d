//! `intent update`: all of what one command asks for or none of it, on disk too.

use crate::program::{Folder, intent, intent_with, shell};
use std::fs::{self, File};
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
    succeeds(&folder, "intent train t.jsonl --output m.intent --training-state m.learner --quiet");
    folder
}

/// Exit code and standard error of a line in a shell.
fn run(folder: &TempDir, line: &str) -> (i32, String) {
    let ran = shell(folder.path(), line);
    (ran.code, ran.err)
}

fn succeeds(folder: &TempDir, line: &str) {
    let (code, error) = run(folder, line);
    assert_eq!(code, 0, "{line}: {error}");
}

fn labels(folder: &TempDir, model: &str) -> Vec<String> {
    let about = shell(folder.path(), &format!("intent info --model {model} --json")).json();
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
    let update = "intent update --model m.intent c.jsonl --rename music tunes --output m.intent --training-state m.learner";
    let (code, error) = run(&folder, &with_limit(learner.len(), update));
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("nothing was learned"), "{error}");
    assert!(read(&folder, "m.intent") == model && read(&folder, "m.learner") == learner);
    succeeds(&folder, "intent update --model m.learner --output n.intent");
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
    let update =
        "intent update --model m.intent --rules rules.json --output other.intent --training-state m.learner";
    let (code, error) = run(&folder, &with_limit(learner.len() + 2 * rules.len(), update));
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("`intent update --model m.learner --output other.intent`"), "{error}");
    assert!(!folder.path().join("other.intent").exists());
    assert!(read(&folder, "m.learner").len() > learner.len(), "the rules stand there");
    succeeds(&folder, "intent update --model m.learner --output other.intent");
    assert_eq!(labels(&folder, "other.intent").len(), 1002);
}

#[test]
fn a_training_state_that_cannot_be_looked_at_is_not_replaced() {
    let folder = trained();
    std::os::unix::fs::symlink("loop.learner", folder.path().join("loop.learner")).unwrap();
    let (code, error) = run(
        &folder,
        "intent update --model m.intent c.jsonl --output n.intent --training-state loop.learner",
    );
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
    let update = "intent update --model m.intent c.jsonl --output m.intent";
    let before = read(&folder, "m.intent");
    let (code, error) = run(&folder, update);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("another process is updating this model"), "{error}");
    assert!(read(&folder, "m.intent") == before);
    drop(held);
    succeeds(&folder, update);
}

#[test]
fn a_model_taught_without_its_training_state_is_refused_with_a_way_out_that_works() {
    let folder = trained();
    succeeds(&folder, "intent update --model m.intent --rename lamp light --output m.intent");
    let (code, error) =
        run(&folder, "intent update --model m.intent c.jsonl --output m.intent --training-state m.learner");
    assert_eq!(code, 1);
    assert!(error.contains("give --model m.learner"), "{error}");
    assert!(error.contains("repeat the updates that m.intent got without --training-state"), "{error}");
    succeeds(&folder, "intent update --model m.learner --rename lamp light --output m.intent");
    assert_eq!(labels(&folder, "m.intent"), ["light", "music"]);
    succeeds(
        &folder,
        "intent update --model m.intent --rename light lamp --output m.intent --training-state m.learner",
    );
}

#[test]
fn update_teaches_a_model_and_keeps_what_it_learned_in_the_learner_file() {
    let folder = Folder::new();
    let (data, model, learner) =
        (folder.path("data.jsonl"), folder.path("m.intent"), folder.path("m.learner"));
    intent(&["train", &data, "--output", &model, "--training-state", &learner, "--epochs", "12", "-q"])
        .succeeded();
    let example = br#"{"text": "zebra quokka tango", "labels": ["GARDEN"]}"#;
    let better = folder.path("better.intent");
    let arguments =
        ["update", "--model", &model, "-", "--output", &better, "--training-state", &learner, "--json"];
    let report = intent_with(&arguments, example).json();
    assert_eq!(
        (&report["examples"], &report["right"], &report["new_labels"][0]),
        (&1.into(), &1.into(), &"GARDEN".into())
    );
    let answer = intent(&["predict", "--model", &better, "zebra quokka tango", "--json"]).json();
    assert_eq!(answer["labels"][0]["label"], "GARDEN");

    // The learner has gone on: it belongs to the new model, and to go on from it is to give it itself.
    let again = intent_with(&arguments, example);
    assert!(again.complaint(1).contains("belongs to the model with checksum"), "{}", again.err);
    let renamed = folder.path("renamed.intent");
    let report = intent(&[
        "update", "--model", &learner, "--rename", "GARDEN", "PLANTS", "--output", &renamed, "--json",
    ])
    .json();
    assert!(report["kept"].as_u64().unwrap() > 1);
    let answer = intent(&["predict", "--model", &renamed, "zebra quokka tango", "--json"]).json();
    assert_eq!(answer["labels"][0]["label"], "PLANTS");

    // Of several changes all are made or none.
    let before = fs::read(&learner).unwrap();
    let both = [
        "update", "--model", &learner, "--rename", "PLANTS", "TREES", "--remove", "NONE", "--output", &better,
    ];
    assert!(intent(&both).complaint(2).contains("there is no label `NONE`"));
    assert_eq!(fs::read(&learner).unwrap(), before);

    let refused =
        intent_with(&["update", "--model", &renamed, "-", "--output", &better, "--no-new-labels"], example);
    assert!(refused.complaint(1).contains("`GARDEN`"), "{}", refused.err);
    assert!(
        intent(&["update", "--model", &model, "--output", &better]).complaint(2).contains("nothing to do")
    );
    let unknown = intent(&["update", "--model", &model, "--remove", "NONE", "--output", &better]);
    assert!(unknown.complaint(2).contains("there is no label `NONE`"), "{}", unknown.err);
}

/// A limit on the size of files stands for a full disk.
#[test]
#[cfg(unix)]
fn a_full_disk_loses_neither_the_model_nor_the_learner() {
    let folder = Folder::new();
    let (data, model, learner) =
        (folder.path("data.jsonl"), folder.path("m.intent"), folder.path("m.learner"));
    intent(&["train", &data, "--output", &model, "--training-state", &learner, "--epochs", "12", "-q"])
        .succeeded();
    let examples = folder.put("more.jsonl", br#"{"text": "zebra quokka tango", "labels": ["GARDEN"]}"#);
    let before = (fs::read(&model).unwrap(), fs::read(&learner).unwrap());
    // In blocks of 512 or 1,024 bytes: less than the model and the learner have.
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec '{}' update --model '{model}' '{examples}' --output '{model}' --training-state '{learner}'",
        env!("CARGO_BIN_EXE_intent")
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("cannot write to the training state; nothing was learned"), "{complaint}");
    assert_eq!((fs::read(&model).unwrap(), fs::read(&learner).unwrap()), before);
}
