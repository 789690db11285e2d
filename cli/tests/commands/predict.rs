//! `intent predict`.

use crate::program::{intent, intent_with, keys, small};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn predict_answers_each_text_with_one_json_object() {
    let ran = intent(&["predict", "--model", small(), "--json", "play the song", "turn on the lamp"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let answers: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2);
    assert_eq!(keys(&answers[0]), ["text", "labels", "rejected", "microseconds"]);
    assert_eq!(answers[0]["text"], "play the song");
    assert_eq!(answers[0]["rejected"], false);
    assert_eq!(answers[0]["labels"][0]["label"], "music");
    let probability = answers[0]["labels"][0]["probability"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&probability));
    assert!(answers[0]["microseconds"].as_f64().unwrap() > 0.0);
    assert_eq!(answers[1]["labels"][0]["label"], "light");
}

#[test]
fn predict_reads_the_lines_of_standard_input_and_keeps_their_number() {
    let input = "\u{feff}play the song\r\n\nturn on the lamp".as_bytes();
    let ran = intent_with(&["predict", "--model", small(), "--json"], input);
    let answers: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<&str> = answers.iter().map(|answer| answer["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["play the song", "", "turn on the lamp"]);
    assert_eq!(answers[1]["rejected"], true);
    let readable = intent_with(&["predict", "--model", small()], input);
    assert_eq!(readable.out.lines().count(), 3);
    assert!(readable.out.starts_with("music "), "{}", readable.out);
}

#[test]
fn predict_answers_a_line_before_the_next_one_is_written() {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(env!("CARGO_BIN_EXE_intent"))
        .args(["predict", "--model", small()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for (text, label) in [("play the song\n", "music"), ("turn on the lamp\n", "light")] {
        input.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(answer.starts_with(label), "{answer}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn predict_names_the_line_that_is_not_utf_8_or_too_long() {
    let bad = intent_with(&["predict", "--model", small()], b"play the song\nbad \xff\n");
    assert_eq!((bad.code, bad.out.lines().count()), (1, 1), "what came before is answered");
    assert!(bad.err.starts_with("intent: standard input, line 2: expected UTF-8"), "{}", bad.err);
    for length in [intentkit::MAX_TEXT_BYTES + 1, intentkit::MAX_TEXT_BYTES + 100] {
        let long = intent_with(&["predict", "--model", small()], "a".repeat(length).as_bytes());
        assert!(long.complaint(1).starts_with("standard input, line 1: the text has "), "{}", long.err);
    }
}

#[test]
fn predict_rejects_what_it_knows_nothing_of() {
    let ran = intent(&["predict", "Какая завтра погода?"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "(rejected)\n"));
    let answer = intent(&["predict", "--json", "Какая завтра погода?"]).json();
    assert_eq!((&answer["rejected"], &answer["labels"]), (&Value::Bool(true), &Value::Array(vec![])));
}

#[test]
fn the_embedded_sample_sees_the_screen() {
    let answer = intent(&["predict", "--json", "Can you see my screen?"]).json();
    let mut labels: Vec<&str> =
        answer["labels"].as_array().unwrap().iter().map(|label| label["label"].as_str().unwrap()).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["CHATBOTS", "VISION"]);
}

#[test]
fn top_asks_for_a_number_of_labels_and_threshold_for_sure_ones() {
    let labels = |arguments: &[&str]| {
        let text = ["predict", "--json", "Can you see my screen?"];
        intent(&[&text[..], arguments].concat()).json()["labels"].as_array().unwrap().len()
    };
    assert_eq!(labels(&["--top", "1"]), 1);
    assert_eq!(labels(&["--top", "5"]), 5);
    assert_eq!(labels(&["--top", "100"]), 8);
    assert_eq!(labels(&["--threshold", "0"]), 8);
    assert_eq!(labels(&["--threshold", "1"]), 0);
    assert_eq!(labels(&["--top", "5", "--threshold", "1"]), 0);
}
