//! Help, exit codes, errors in the command line, output that ends early or holds control characters.

use crate::program::{Folder, HELDOUT, Ran, SAMPLE, intent, small};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_value_out_of_range_or_a_contradiction_is_wrong_usage() {
    let folder = Folder::new();
    folder.put("several.jsonl", br#"{"text": "lights and music", "labels": ["light", "music"]}"#);
    for (data, more, expected) in [
        ("data.jsonl", &["--epochs=0"][..], "--epochs is 0; it must be 1 to 100000"),
        ("data.jsonl", &["--acceptance-rate", "-0.5"], "--acceptance-rate is -0.5"),
        ("data.jsonl", &["--threads", "5000"], "--threads is 5000"),
        ("data.jsonl", &["--preset", "best"], "auto, single, multi or reference"),
        ("data.jsonl", &["--format", "xml"], "choose jsonl, fasttext or csv"),
        ("several.jsonl", &["--preset", "single"], "preset `single`"),
    ] {
        let (data, model) = (folder.path(data), folder.path("a.intent"));
        let ran = intent(&[&["train", &data, "--output", &model], more].concat());
        assert!(ran.complaint(2).contains(expected), "{more:?}: {}", ran.err);
    }
    for (arguments, expected) in [
        (&["predict", "x", "--threshold", "2"][..], "--threshold is 2; it must be from 0 to 1"),
        (&["predict", "x", "--threshold", "-0.1"], "--threshold is -0.1"),
        (&["predict", "x", "--top", "0"], "--top is 0"),
        (&["predict", "x", "--tup", "0"], "'--top'"),
        (&["bench", SAMPLE, HELDOUT, "--threads", "5000"], "--threads is 5000"),
        (&["train"], "--output <MODEL>"),
        (&["train", "-", "-", "--output", "a.intent"], "`-` is given twice"),
        (&["train", "-", "--output", "-"], "must name a file"),
        (&["teach"], "teach"),
    ] {
        let ran = intent(arguments);
        assert!(ran.complaint(2).contains(expected), "{arguments:?}: {}", ran.err);
    }
    assert!(!Path::new(&folder.path("a.intent")).exists());
}

#[test]
fn help_shows_examples_everywhere() {
    for command in ["train", "predict", "explain", "eval", "export", "bench", "info", "demo"] {
        let ran = intent(&[command, "--help"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.contains("Example") && ran.out.contains(&format!("intent {command}")), "{}", ran.out);
    }
    let all = intent(&["--help"]);
    assert_eq!(all.code, 0);
    assert!(all.out.contains("Examples:") && !all.out.contains("first-prediction"), "{}", all.out);
    assert_eq!(intent(&["--version"]).out, format!("intent {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(intent(&[]).code, 2);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_intent"))
        .args(["predict", "--model", small()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let _ = child.stdin.take().unwrap().write_all("play the song\n".repeat(1000).as_bytes());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let escape = |ran: &Ran| {
        [&ran.out, &ran.err].iter().any(|text| text.contains(|c: char| c.is_control() && c != '\n'))
    };
    let sneaky = "no\u{1b}]0;title\u{7}\r\nmodel\u{9b}31m.intent";
    for arguments in [
        &["info", sneaky][..],
        &["predict", "--model", sneaky, "hello"],
        &["train", sneaky, "--output", "a.intent"],
        &["train", "data.jsonl", "--output", sneaky, "--epochs=x\u{1b}[31m"],
    ] {
        let ran = intent(arguments);
        assert!(ran.code != 0 && !escape(&ran), "{arguments:?}: {:?} {:?}", ran.out, ran.err);
    }
    assert!(
        intent(&["info", sneaky])
            .complaint(1)
            .contains(r"no\u001b]0;title\u0007\u000d\u000amodel\u009b31m.intent")
    );
    let text = "what time is it\u{1b}[31m\u{9b}1m";
    for json in [&[][..], &["--json"]] {
        let ran = intent(&[&["predict", text, "hello"], json].concat());
        ran.succeeded();
        assert!(!escape(&ran), "{:?}", ran.out);
        if !json.is_empty() {
            let line: serde_json::Value = serde_json::from_str(ran.out.lines().next().unwrap()).unwrap();
            assert_eq!(line["text"], text, "the same text for whoever reads JSON");
        }
    }
    let explained = intent(&["explain", text]);
    explained.succeeded();
    assert!(!escape(&explained), "{:?}", explained.out);
}
