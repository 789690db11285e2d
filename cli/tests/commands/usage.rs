//! Help, exit codes, errors in the command line, output that ends early or holds control characters.

use crate::program::{Folder, HELDOUT, Ran, SAMPLE, intent, shell, small};
use std::fs;
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
        (&["bench", "--model", SAMPLE, HELDOUT, "--threads", "5000"], "--threads is 5000"),
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
    for command in subcommands() {
        let ran = intent(&[&command, "--help"]);
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
        &["info", "--model", sneaky][..],
        &["predict", "--model", sneaky, "hello"],
        &["train", sneaky, "--output", "a.intent"],
        &["train", "data.jsonl", "--output", sneaky, "--epochs=x\u{1b}[31m"],
    ] {
        let ran = intent(arguments);
        assert!(ran.code != 0 && !escape(&ran), "{arguments:?}: {:?} {:?}", ran.out, ran.err);
    }
    assert!(
        intent(&["info", "--model", sneaky])
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

#[test]
fn a_file_name_where_a_text_belongs_is_noticed() {
    let folder = Folder::new();
    let (data, model) = (folder.path("data.jsonl"), folder.put("m.intent", &fs::read(SAMPLE).unwrap()));
    for command in ["predict", "explain"] {
        let ran = intent(&[command, &model, "turn on the lights"]);
        let expected = format!("{model} is a model, not a text; write --model {model} and then the text");
        assert_eq!(ran.complaint(2), expected);
        let ran = intent(&[command, &data]);
        assert!(
            ran.complaint(2)
                .starts_with(&format!("{data} is a file, not a text; `intent predict < {data}` "))
        );
    }
    // A name that is no file, a word that happens to be one, and a sentence with one.
    folder.put("lights", b"");
    for text in ["no-such.jsonl", "lights", "open data.jsonl"] {
        let ran = shell(Path::new(&folder.path("")), &format!("intent predict '{text}'"));
        ran.succeeded();
    }
}

#[test]
fn a_model_without_its_option_is_noticed() {
    let folder = Folder::new();
    let (data, output) = (folder.path("data.jsonl"), folder.path("out.intent"));
    for arguments in [
        &["eval", SAMPLE, &data][..],
        &["eval", SAMPLE],
        &["eval", &data, SAMPLE],
        &["bench", SAMPLE, &data],
        &["info", SAMPLE],
        &["export", SAMPLE, "--output", "x.mlpackage"],
        &["update", SAMPLE, &data, "--output", &output],
        &["train", SAMPLE, "--output", &output],
        &["eval", "--model", SAMPLE, SAMPLE],
    ] {
        let ran = intent(arguments);
        assert!(ran.complaint(2).ends_with(&format!("write --model {SAMPLE}")), "{arguments:?}: {}", ran.err);
    }
}

/// Every subcommand that is listed, by `intent --help`.
fn subcommands() -> Vec<String> {
    let help = intent(&["--help"]).out;
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned));
    names.filter(|name| !name.is_empty() && name != "help").collect()
}

#[test]
#[cfg(unix)]
fn help_fits_the_terminal_and_breaks_at_words() {
    let folder = Folder::new();
    for command in subcommands().iter().map(String::as_str).chain([""]) {
        let wide = shell(folder.0.path(), &format!("COLUMNS=100 intent {command} --help"));
        let narrow = shell(folder.0.path(), &format!("COLUMNS=80 intent {command} --help"));
        let words = |ran: &Ran| ran.out.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&wide), words(&narrow), "no word is cut");
        for line in narrow.out.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
        let examples = |ran: &Ran| -> Vec<String> {
            ran.out.lines().filter(|line| line.starts_with("  intent ")).map(str::to_owned).collect()
        };
        assert_eq!(examples(&wide), examples(&narrow), "no example is wrapped");
    }
}
