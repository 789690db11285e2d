//! The program `intent`, run as somebody at a shell or a script runs it.

// Each of the test programs uses a part.
#![allow(dead_code)]

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

pub const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/assistant.intent");
pub const HELDOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/assistant-heldout.jsonl");

/// What a run left behind.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code().expect("ended by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one JSON object on standard output.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        assert_eq!(self.out.lines().count(), 1, "one object and nothing else: {}", self.out);
        serde_json::from_str(&self.out).unwrap()
    }

    pub fn succeeded(&self) {
        assert_eq!(self.code, 0, "{}", self.err);
    }

    /// The one sentence on standard error.
    pub fn complaint(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}", self.err);
        assert_eq!(self.out, "", "nothing on standard output");
        assert_eq!(self.err.lines().count(), 1, "one sentence: {}", self.err);
        self.err.trim_end().strip_prefix("intent: ").expect("the program's name first")
    }
}

/// Runs a line in a shell, in `folder` and with the program on its path.
pub fn shell(folder: &Path, line: &str) -> Ran {
    let program = Path::new(env!("CARGO_BIN_EXE_intent")).parent().unwrap().display();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    Ran::of(command.args(["-c", line]).current_dir(folder).env("PATH", path).output().unwrap())
}

pub fn intent_with(arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_intent"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A child that doesn't read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Ran::of(output)
}

pub fn intent(arguments: &[&str]) -> Ran {
    intent_with(arguments, b"")
}

/// A folder with the data that the tests train on; gone when dropped.
pub struct Folder(pub TempDir);

impl Folder {
    pub fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.put("data.jsonl", DATA.as_bytes());
        folder
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub fn put(&self, name: &str, contents: &[u8]) -> String {
        fs::write(self.0.path().join(name), contents).unwrap();
        self.path(name)
    }

    /// Trains on `data` with few epochs, so that builds for debugging are quick as well.
    pub fn train(&self, data: &str, model: &str, more: &[&str]) -> Ran {
        let (data, model) = (self.path(data), self.path(model));
        intent(&[&["train", &data, "--output", &model, "--epochs", "3"], more].concat())
    }
}

pub const DATA: &str = r#"{"text": "turn on the lights", "labels": ["light"]}
{"text": "switch the lamp off", "labels": ["light"]}
{"text": "dim the lights in the kitchen", "labels": ["light"]}
{"text": "make the bedroom lamp brighter", "labels": ["light"]}
{"text": "lights out please", "labels": ["light"]}
{"text": "I want more light in the hall", "labels": ["light"]}
{"text": "play some jazz", "labels": ["music"]}
{"text": "play my favourite song", "labels": ["music"]}
{"text": "put on the new album", "labels": ["music"]}
{"text": "skip this song", "labels": ["music"]}
{"text": "louder music please", "labels": ["music"]}
{"text": "stop the music", "labels": ["music"]}
{"text": "how old is the moon", "labels": []}
{"text": "the train leaves at nine", "labels": []}
"#;

pub fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

pub fn has_keys(value: &Value, expected: &[&str]) {
    for key in expected {
        assert!(value.get(key).is_some(), "{key} is missing in {value}");
    }
}

/// Trained once for all tests that only need some model. Kept under the build's folder, since statics are never dropped.
static SMALL: LazyLock<String> = LazyLock::new(|| {
    let model = format!("{}/cli-small.intent", env!("CARGO_TARGET_TMPDIR"));
    let ran = intent_with(&["train", "-", "--output", &model, "--epochs", "20", "--quiet"], DATA.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    model
});

pub fn small() -> &'static str {
    &SMALL
}
