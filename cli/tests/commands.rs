//! The program `intent`, as somebody at a shell or a script meets it.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/assistant.intent");
const HELDOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/assistant-heldout.jsonl");

/// What a run left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// The one JSON object on standard output.
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        assert_eq!(self.out.lines().count(), 1, "one object and nothing else: {}", self.out);
        serde_json::from_str(&self.out).unwrap()
    }

    fn succeeded(&self) {
        assert_eq!(self.code, 0, "{}", self.err);
    }

    /// The one sentence on standard error.
    fn complaint(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}", self.err);
        assert_eq!(self.out, "", "nothing on standard output");
        assert_eq!(self.err.lines().count(), 1, "one sentence: {}", self.err);
        self.err.trim_end().strip_prefix("intent: ").expect("the program's name first")
    }
}

fn intent_with(arguments: &[&str], input: &[u8]) -> Ran {
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
    Ran {
        code: output.status.code().expect("ended by itself"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn intent(arguments: &[&str]) -> Ran {
    intent_with(arguments, b"")
}

/// A folder with the data that the tests train on; gone when dropped.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.put("data.jsonl", DATA.as_bytes());
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn put(&self, name: &str, contents: &[u8]) -> String {
        fs::write(self.0.path().join(name), contents).unwrap();
        self.path(name)
    }

    /// Trains on `data` with few epochs, so that builds for debugging are quick as well.
    fn train(&self, data: &str, model: &str, more: &[&str]) -> Ran {
        let (data, model) = (self.path(data), self.path(model));
        intent(&[&["train", &data, "--output", &model, "--epochs", "3"], more].concat())
    }
}

const DATA: &str = r#"{"text": "turn on the lights", "labels": ["light"]}
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

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn has_keys(value: &Value, expected: &[&str]) {
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

fn small() -> &'static str {
    &SMALL
}

#[test]
#[cfg(unix)]
fn a_named_pipe_is_refused_wherever_a_file_is_read_and_an_open_one_is_read() {
    let folder = Folder::new();
    let pipe = folder.path("pipe.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (data, output) = (folder.path("data.jsonl"), folder.path("a.intent"));
    let train = ["train", &data, "--output", &output];
    for arguments in [
        &["train", &pipe, "--output", &output][..],
        &[&train[..], &["--valid", &pipe]].concat(),
        &[&train[..], &["--lexicon", &pipe]].concat(),
        &[&train[..], &["--descriptions", &pipe]].concat(),
        &["predict", "--model", &pipe, "lights"],
        &["eval", small(), &pipe],
        &["eval", &pipe, &data],
        &["info", &pipe],
        &["update", &pipe, &data, "--output", &output],
        &["new", &pipe, "--output", &output],
    ] {
        let ran = intent(arguments);
        let complaint = ran.complaint(1);
        assert!(complaint.starts_with(&format!("{pipe}: cannot open")), "{arguments:?}: {complaint}");
        assert!(complaint.ends_with("it is a named pipe; name a regular file"), "{arguments:?}: {complaint}");
    }
    let given = ["train", "/dev/stdin", "--format", "jsonl", "--output", &output, "--epochs", "3", "--quiet"];
    intent_with(&given, DATA.as_bytes()).succeeded();
}

#[test]
fn train_reports_what_it_made_as_one_json_object() {
    let folder = Folder::new();
    let report = folder.train("data.jsonl", "a.intent", &["--json", "--seed", "7"]).json();
    has_keys(
        &report,
        &["examples", "labels", "seconds", "epochs", "preset", "heldout_accuracy", "model_bytes", "seed"],
    );
    for share in ["heldout_accuracy", "familiar_accuracy", "heldout_answered"] {
        assert!((0.0..=1.0).contains(&report[share].as_f64().unwrap()), "{share}: {report}");
    }
    assert_eq!(report["examples"], 14);
    assert_eq!(report["labels"], 2);
    assert_eq!(report["epochs"], 3);
    assert_eq!(report["seed"], 7);
    assert_eq!(report["preset"], "single");
    assert_eq!(report["model_bytes"], fs::metadata(folder.path("a.intent")).unwrap().len());
    assert_eq!(report["output"], folder.path("a.intent"));
}

#[test]
fn train_says_nothing_when_quiet_and_a_summary_otherwise() {
    let folder = Folder::new();
    let quiet = folder.train("data.jsonl", "a.intent", &["--quiet"]);
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (0, "", ""));
    let loud = folder.train("data.jsonl", "b.intent", &[]);
    assert_eq!((loud.code, loud.err.as_str()), (0, ""), "no progress without a terminal");
    assert!(loud.out.contains("14 examples, 2 labels"), "{}", loud.out);
    assert!(loud.out.contains("intent predict --model"), "{}", loud.out);
    for measured in ["new wording", "known wording", "answered"] {
        let line = loud.out.lines().find(|line| line.starts_with(measured));
        assert!(line.is_some_and(|line| line.contains(" % ")), "{}", loud.out);
    }
}

#[test]
fn the_same_training_gives_the_same_bytes_again_and_on_two_threads() {
    let folder = Folder::new();
    let mut models = vec![];
    for (name, threads) in [("one.intent", "1"), ("again.intent", "1"), ("two.intent", "2")] {
        folder.train("data.jsonl", name, &["--threads", threads, "--quiet"]).succeeded();
        models.push(fs::read(folder.path(name)).unwrap());
    }
    assert!(models[0] == models[1] && models[0] == models[2]);
    folder.train("data.jsonl", "other.intent", &["--seed", "2", "--quiet"]).succeeded();
    assert!(models[0] != fs::read(folder.path("other.intent")).unwrap(), "another seed, another model");
}

#[test]
fn several_files_and_standard_input_are_read_one_behind_the_other() {
    let folder = Folder::new();
    let ft = folder.put("more.txt", b"__label__weather will it rain\n__label__weather is it cold outside\n");
    let csv = folder.put("more.csv", b"text,labels\n\"play a song, dim the lights\",music|light\n");
    let (data, model) = (folder.path("data.jsonl"), folder.path("a.intent"));
    let line = br#"{"text": "will it snow", "labels": ["weather"]}"#;
    let ran = intent_with(
        &["train", &data, &ft, &csv, "-", "--output", &model, "--epochs", "2", "--json", "--preset", "multi"],
        line,
    );
    let report = ran.json();
    assert_eq!((&report["examples"], &report["labels"]), (&Value::from(18), &Value::from(3)));
    assert_eq!(report["preset"], "multi");
}

#[test]
fn a_format_by_name_overrides_the_extension() {
    let folder = Folder::new();
    folder.put("data.log", b"__label__a turn on the lights\n__label__b play some jazz\n");
    assert_eq!(folder.train("data.log", "a.intent", &["--format", "fasttext", "--quiet"]).code, 0);
}

#[test]
fn a_validation_file_takes_the_place_of_the_held_out_lines() {
    let folder = Folder::new();
    let valid = folder.put("valid.jsonl", br#"{"text": "play the song", "labels": ["music"]}"#);
    let report = folder.train("data.jsonl", "a.intent", &["--valid", &valid, "--json"]).json();
    assert_eq!(report["heldout"], 1);
    assert!(report["heldout_accuracy"].is_number() && report["familiar_accuracy"].is_null());
    let told = folder.train("data.jsonl", "b.intent", &["--valid", &valid]);
    assert!(told.out.lines().any(|line| line.starts_with("accuracy  ")), "{}", told.out);
    assert!(told.err.contains("only 1 validation example has labels"), "{}", told.err);
}

#[test]
fn costs_and_no_reject_say_what_is_rejected() {
    let folder = Folder::new();
    let (data, model) = (folder.path("data.jsonl"), folder.path("a.intent"));
    let kept = |model: &str, options: &[&str]| {
        intent(&[&["eval", model, &data, "--json"], options].concat()).json()["in_scope_kept"]
            .as_f64()
            .unwrap()
    };
    let free = ["--ask-back-cost", "0", "--foreign-share", "0.5"];
    let dear = ["--ask-back-cost", "1", "--foreign-share", "0"];
    assert!(kept(small(), &free) <= kept(small(), &dear));
    assert_eq!((kept(small(), &dear), kept(small(), &["--no-reject"])), (1.0, 1.0));
    let train = |options: &[&str]| {
        let train = ["train", &data, "--output", &model, "--epochs", "20", "--quiet"];
        intent(&[&train[..], options].concat()).succeeded();
        kept(&model, &[])
    };
    assert_eq!((train(&free), train(&dear)), (kept(small(), &free), 1.0));
    assert_eq!(train(&["--no-reject"]), 1.0);
    // A text in which something is known, and that no label fits.
    let ask = |options: &[&str]| {
        let ask = ["predict", "--model", small(), "the train leaves at nine", "--json"];
        intent(&[&ask[..], options].concat()).json()["rejected"].clone()
    };
    assert_eq!((ask(&["--no-reject"]), ask(&dear)), (Value::from(false), Value::from(false)));
    assert_eq!(ask(&free), true);
    let folds = ["eval", "--cross-validate", "2", &data, "--epochs", "1", "--json"];
    let pooled = intent(&[&folds[..], &dear].concat()).json()["pooled"]["in_scope_kept"].clone();
    assert_eq!(pooled, 1.0);

    for (more, expected) in [
        (&["--ask-back-cost", "0.5"][..], "--foreign-share"),
        (&["--foreign-share", "0.5"], "--ask-back-cost"),
        (&["--ask-back-cost", "2", "--foreign-share", "0.5"], "`ask_back` is 2; it must be from 0 to 1"),
        (&["--ask-back-cost", "0.5", "--foreign-share", "-1"], "`foreign` is -1"),
        (&["--ask-back-cost", "0.5", "--foreign-share", "0.5", "--keep", "0.9"], "--keep"),
        (&["--ask-back-cost", "0.5", "--foreign-share", "0.5", "--no-reject"], "--no-reject"),
        (&["--keep", "0.9", "--no-reject"], "--no-reject"),
    ] {
        for command in [
            &["train", &data, "--output", &model][..],
            &["predict", "--model", small(), "x"],
            &["eval", small(), &data],
        ] {
            let ran = intent(&[command, more].concat());
            assert!(ran.complaint(2).contains(expected), "{command:?} {more:?}: {}", ran.err);
        }
    }
}

#[test]
fn a_label_with_one_example_is_named_in_a_warning() {
    let folder = Folder::new();
    let lone = folder.put("lone.jsonl", br#"{"text": "will it rain", "labels": ["weather"]}"#);
    let (data, model) = (folder.path("data.jsonl"), folder.path("a.intent"));
    let train = ["train", &data, &lone, "--output", &model, "--epochs", "2", "--json"];
    let ran = intent(&train);
    assert!(ran.err.starts_with("intent: warning: ") && ran.err.contains("`weather`"), "{}", ran.err);
    assert!(ran.json()["warnings"][0].as_str().unwrap().contains("`weather`"));
    let quiet = intent(&[&train[..], &["--quiet"]].concat());
    assert_eq!(quiet.err, "");
    assert_eq!(quiet.json()["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn lines_of_a_fasttext_file_that_were_probably_meant_otherwise_are_named_in_warnings() {
    let folder = Folder::new();
    let lines = "__label__on turn on\n\n_label_off turn off\n__label__off,__label__on turn down\n__label__off lights out\n";
    let slips = folder.put("slips.txt", lines.as_bytes());
    let misspelt = format!("{slips}, line 3: the first word of the text looks like a misspelt `__label__`");
    let joined = format!("{slips}, line 4: labels without a blank between them are read as one label");
    let warned = |ran: &Ran| {
        let shown: Vec<&str> = ran.err.lines().collect();
        let told = ran.json()["warnings"].clone();
        for (i, start) in [&misspelt, &joined].into_iter().enumerate() {
            assert!(shown[i].starts_with(&format!("intent: warning: {start}")), "{}", ran.err);
            assert!(told[i].as_str().unwrap().starts_with(start), "{told}");
        }
        told.as_array().unwrap().len()
    };
    // The data of two labels with one example each, of which nothing can be held out, is warned of as well.
    assert_eq!(warned(&folder.train("slips.txt", "a.intent", &["--json"])), 4);
    let valid = folder.train("data.jsonl", "a.intent", &["--json", "--valid", &slips]);
    assert_eq!(warned(&valid), 4, "and of labels that the training data doesn't have: {}", valid.err);
    assert_eq!(warned(&intent(&["eval", small(), &slips, "--json"])), 2);
    let quiet = folder.train("slips.txt", "a.intent", &["--quiet"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
}

#[test]
fn training_is_refused_at_once_when_the_model_could_not_be_written() {
    let folder = Folder::new();
    let missing = folder.train("data.jsonl", "no/such/a.intent", &[]);
    assert!(missing.complaint(1).contains("does not exist; create it first"), "{}", missing.err);
    let itself = folder.train("data.jsonl", "", &[]);
    assert!(itself.complaint(1).contains("is a folder; name a file in it"), "{}", itself.err);
    let data = folder.train("data.jsonl", "data.jsonl", &[]);
    assert!(data.complaint(2).contains("is one of the data files"), "{}", data.err);
    assert_eq!(fs::read_to_string(folder.path("data.jsonl")).unwrap(), DATA);
    // Before the data is even looked at, and leaving nothing behind.
    let both = folder.train("none.jsonl", "no/such/a.intent", &[]);
    assert!(both.complaint(1).contains("create it first"), "{}", both.err);
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 1);
}

#[test]
fn a_value_out_of_range_or_a_contradiction_is_wrong_usage() {
    let folder = Folder::new();
    folder.put("several.jsonl", br#"{"text": "lights and music", "labels": ["light", "music"]}"#);
    for (data, more, expected) in [
        ("data.jsonl", &["--epochs=0"][..], "`epochs` is 0; it must be 1 to 100000"),
        ("data.jsonl", &["--keep", "-0.5"], "`keep` is -0.5"),
        ("data.jsonl", &["--threads", "5000"], "`threads` is 5000"),
        ("data.jsonl", &["--preset", "best"], "auto, single, multi or reference"),
        ("data.jsonl", &["--format", "xml"], "choose jsonl, fasttext or csv"),
        ("several.jsonl", &["--preset", "single"], "preset `single`"),
    ] {
        let (data, model) = (folder.path(data), folder.path("a.intent"));
        let ran = intent(&[&["train", &data, "--output", &model], more].concat());
        assert!(ran.complaint(2).contains(expected), "{more:?}: {}", ran.err);
    }
    for (arguments, expected) in [
        (&["predict", "x", "--threshold", "2"][..], "`threshold` is 2; it must be from 0 to 1"),
        (&["predict", "x", "--threshold", "-0.1"], "`threshold` is -0.1"),
        (&["predict", "x", "--top", "0"], "`top` is 0"),
        (&["predict", "x", "--tup", "0"], "'--top'"),
        (&["bench", SAMPLE, HELDOUT, "--threads", "5000"], "`threads` is 5000"),
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
fn a_bad_line_is_named_with_its_file() {
    let folder = Folder::new();
    let bad = folder.put("bad.jsonl", b"{\"text\": \"secret words\", \"labels\": [\"a\"]}\n{\"text\": 3}\n");
    let ran = folder.train("bad.jsonl", "a.intent", &[]);
    let complaint = ran.complaint(1);
    assert!(complaint.starts_with(&format!("{bad}, line 2: expected {{\"text\"")), "{complaint}");
    let eval = intent_with(&["eval", small(), "-"], b"\n\nnonsense\n");
    assert!(eval.complaint(1).starts_with("standard input, line 3: expected"), "{}", eval.err);
}

#[test]
fn missing_files_and_unknown_formats_are_named_with_the_next_step() {
    let folder = Folder::new();
    let missing = folder.train("none.jsonl", "a.intent", &[]);
    assert!(missing.complaint(1).contains("none.jsonl: cannot open: "), "{}", missing.err);
    assert!(missing.complaint(1).ends_with("; check the name"), "{}", missing.err);
    folder.put("data.docx", b"");
    let unknown = folder.train("data.docx", "a.intent", &[]);
    assert!(unknown.complaint(2).contains("data.docx: the name does not tell the format"), "{}", unknown.err);
    assert!(unknown.complaint(2).contains("--format"), "{}", unknown.err);
    let model = intent(&["predict", "--model", &folder.path("none.intent"), "x"]);
    assert!(model.complaint(1).contains("none.intent: cannot open the model: "), "{}", model.err);
}

#[test]
fn data_that_cannot_be_learned_from_is_refused_in_a_sentence() {
    let folder = Folder::new();
    folder.put("empty.jsonl", b"");
    folder.train("empty.jsonl", "a.intent", &[]).complaint(1);
    folder.put("unlabelled.jsonl", b"{\"text\": \"a\", \"labels\": []}\n");
    folder.train("unlabelled.jsonl", "a.intent", &[]).complaint(1);
    assert!(!Path::new(&folder.path("a.intent")).exists());
    let eval = intent(&["eval", small(), &folder.path("empty.jsonl")]);
    assert!(eval.complaint(1).contains("there are no examples"), "{}", eval.err);
}

#[test]
fn a_file_that_is_no_sound_model_is_refused_by_name() {
    let folder = Folder::new();
    let data = folder.path("data.jsonl");
    let mut bytes = fs::read(small()).unwrap();
    let cut = folder.put("cut.intent", &bytes[..bytes.len() / 2]);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let flipped = folder.put("flipped.intent", &bytes);
    for (model, expected) in [
        (&data, "not an IntentKit model file"),
        (&cut, "its header asks for"),
        (&flipped, "its contents have changed"),
    ] {
        for command in [&["info", model][..], &["predict", "--model", model, "x"], &["eval", model, &data]] {
            let ran = intent(command);
            let complaint = ran.complaint(1);
            assert!(complaint.starts_with(model.as_str()) && complaint.contains(expected), "{complaint}");
        }
    }
}

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

#[test]
fn eval_reports_every_measure() {
    let expected = [
        "examples",
        "in_scope",
        "accuracy",
        "exact_match",
        "micro_f1",
        "macro_f1",
        "oos_auroc",
        "oos_recall",
        "in_scope_kept",
        "reject_cost",
        "ece",
        "top_ece",
        "unknown_labels",
        "warnings",
    ];
    let full = intent(&["eval", SAMPLE, HELDOUT, "--json"]).json();
    assert_eq!(keys(&full), expected);
    assert_eq!(full["examples"], fs::read_to_string(HELDOUT).unwrap().lines().count());
    assert!(full["oos_auroc"].as_f64().unwrap() > 0.9);
    let open = intent(&["eval", SAMPLE, HELDOUT, "--json", "--no-reject"]).json();
    assert_eq!(open["accuracy"], full["accuracy"]);
    assert!(open["in_scope_kept"].as_f64() >= full["in_scope_kept"].as_f64());
    assert!(open["oos_recall"].as_f64() <= full["oos_recall"].as_f64());
    let readable = intent(&["eval", SAMPLE, HELDOUT]);
    for name in ["exact match", "in scope: kept", "in scope: cost of rejecting"] {
        assert!(readable.out.contains(name), "{}", readable.out);
    }

    let line = br#"{"text": "will it rain", "labels": ["weather"]}"#;
    let bare = intent_with(&["eval", small(), "-", "--json"], line).json();
    assert_eq!(keys(&bare), expected);
    assert_eq!(bare["unknown_labels"][0], "weather");
    assert!(bare["oos_auroc"].is_null() && bare["oos_recall"].is_null());
    assert!(bare["in_scope_kept"].is_number() && bare["reject_cost"] == 0.0);
}

#[test]
fn eval_writes_a_report_beside_its_summary_and_over_an_older_one() {
    let folder = Folder::new();
    let page = folder.put("report.html", b"an older one");
    let ran = intent(&["eval", SAMPLE, HELDOUT, "--report", &page, "--json"]);
    assert!(ran.json()["accuracy"].is_number());
    let first = fs::read_to_string(&page).unwrap();
    assert!(first.starts_with("<!DOCTYPE html>") && first.ends_with("</html>\n"));
    for reference in ["src=", "href=", "http://", "https://", "url("] {
        // The name of SVG elements is no address that anything is fetched from.
        assert!(!first.replace("http://www.w3.org/2000/svg", "").contains(reference), "{reference}");
    }
    let loud = intent(&["eval", SAMPLE, HELDOUT, "--report", &page]);
    assert!(loud.out.contains(&page), "{}", loud.out);
    assert_eq!(fs::read_to_string(&page).unwrap(), first, "the same data give the same page");
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 2, "nothing else is left behind");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_by_name_before_anything_is_measured() {
    let folder = Folder::new();
    let data = folder.path("data.jsonl");
    let report = |path: &str| intent(&["eval", small(), &data, "--report", path]);
    let missing = report(&folder.path("no/such/report.html"));
    assert!(missing.complaint(1).contains("report.html: the folder "), "{}", missing.err);
    let itself = report(&folder.path(""));
    assert!(itself.complaint(1).contains("is a folder; name a file in it"), "{}", itself.err);
    let source = report(&data);
    assert!(source.complaint(2).contains("is one of the data files"), "{}", source.err);
    let model = report(small());
    assert!(model.complaint(2).contains("--report "), "{}", model.err);
    #[cfg(unix)]
    assert!(report("/dev/null").complaint(1).contains("/dev/null is no regular file"));
}

#[test]
fn cross_validation_measures_every_line_once_and_sums_it_up() {
    let folder = Folder::new();
    let (data, page) = (folder.path("data.jsonl"), folder.path("report.html"));
    let command = ["eval", "--cross-validate", "3", &data, "--epochs", "3", "--seed", "5"];
    let found = intent(&[&command[..], &["--json", "--report", &page]].concat()).json();
    assert_eq!(
        keys(&found),
        ["folds", "seed", "preset", "seconds", "mean", "spread", "pooled", "each", "warnings"]
    );
    assert_eq!((&found["folds"], &found["seed"], &found["preset"]), (&3.into(), &5.into(), &"single".into()));
    assert_eq!((&found["pooled"]["examples"], &found["pooled"]["in_scope"]), (&14.into(), &12.into()));
    let each = found["each"].as_array().unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    assert_eq!(each.iter().map(|fold| number(&fold["examples"])).sum::<f64>(), 14.0);
    let mean = each.iter().map(|fold| number(&fold["accuracy"])).sum::<f64>() / 3.0;
    assert!((number(&found["mean"]["accuracy"]) - mean).abs() < 1e-9);
    assert!(number(&found["spread"]["accuracy"]) >= 0.0);
    assert_eq!(keys(&found["mean"]), keys(&found["spread"]));
    for key in keys(&found["mean"]) {
        assert!(found["pooled"].get(key).is_some(), "{key}");
    }
    assert_eq!(found["warnings"], serde_json::json!([]));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("3-fold cross-validation") && page.contains("\"spread\":\""));

    let readable = intent(&command);
    assert_eq!((readable.code, readable.err.as_str()), (0, ""), "no progress without a terminal");
    assert!(readable.out.contains("in 3 folds") && readable.out.contains(" % \u{b1} "), "{}", readable.out);
    let mut again = intent(&[&command[..], &["--json"]].concat()).json();
    again["seconds"] = found["seconds"].clone();
    assert_eq!(again, found, "the same folds and the same models");
}

#[test]
fn cross_validation_says_which_labels_it_cannot_measure() {
    let folder = Folder::new();
    let data = folder
        .put("lone.jsonl", [DATA, r#"{"text": "will it rain", "labels": ["weather"]}"#].concat().as_bytes());
    let ran = intent(&["eval", "--cross-validate", "2", &data, "--epochs", "2", "--json"]);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.starts_with("intent: warning: label `weather` has 1 example; it is always trained on"));
    let found = ran.json();
    assert_eq!(
        (&found["pooled"]["examples"], &found["pooled"]["unknown_labels"]),
        (&14.into(), &serde_json::json!([]))
    );
    assert!(found["warnings"][0].as_str().unwrap().contains("`weather`"));
}

#[test]
fn cross_validation_takes_no_model_and_no_number_of_folds_that_cannot_be() {
    let folder = Folder::new();
    let data = folder.path("data.jsonl");
    for (arguments, expected) in [
        (&["--cross-validate", "1", &data][..], "`folds` is 1; it must be from 2 to 100"),
        (&["--cross-validate", "13", &data], "there are 12 examples to spread"),
        (&["--cross-validate", "5", small(), &data], "cannot be used with"),
        (&["--cross-validate", "5", &data, "--epochs", "0"], "`epochs` is 0"),
        (&["--cross-validate", "5"], "<DATA>"),
        (&[&data], "<MODEL>"),
        (&[small(), &data, "--seed", "1"], "cannot be used with '--seed <N>'"),
    ] {
        let ran = intent(&[&["eval"], arguments].concat());
        assert!(ran.complaint(2).contains(expected), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn bench_reports_every_figure_and_nothing_else() {
    let report = intent_with(&["bench", small(), "-", "--json", "--threads", "2"], DATA.as_bytes()).json();
    assert_eq!(
        keys(&report),
        [
            "text_to_labels_us",
            "vectorize_us",
            "network_us",
            "decision_us",
            "singles_per_s",
            "batch_per_s",
            "threads",
            "load_us",
            "first_prediction_us",
            "peak_rss_mb",
            "kernel",
            "runtime",
        ]
    );
    for times in ["text_to_labels_us", "vectorize_us", "network_us", "decision_us"] {
        assert_eq!(keys(&report[times]), ["p50", "p95", "p99"]);
        let [p50, p99] = ["p50", "p99"].map(|p| report[times][p].as_f64().unwrap());
        assert!(0.0 < p50 && p50 <= p99, "{report}");
    }
    for figure in ["singles_per_s", "batch_per_s", "load_us", "first_prediction_us"] {
        assert!(report[figure].as_f64().unwrap() > 0.0, "{figure}");
    }
    assert_eq!(report["threads"], 2);
    assert_eq!(report["peak_rss_mb"].is_number(), cfg!(target_os = "linux"));
    assert!(!report["kernel"].as_str().unwrap().is_empty());
}

#[test]
fn bench_tells_which_engine_answers_and_why() {
    let report = intent_with(&["bench", small(), "-", "--json", "--runtime", "auto"], DATA.as_bytes()).json();
    let runtime = &report["runtime"];
    assert_eq!((&runtime["asked"], &runtime["measuring"]), (&"auto".into(), &false.into()));
    if !cfg!(target_vendor = "apple") {
        assert_eq!((&runtime["single"], &runtime["batch"]), (&"cpu-int8".into(), &"cpu-int8".into()));
        assert!(runtime["note"].as_str().unwrap().contains("no Core ML"));
        let lines = intent_with(&["bench", small(), "-", "--runtime", "core-ml"], DATA.as_bytes());
        assert!(lines.out.contains("no Core ML; the CPU answers"), "{}", lines.out);
    }
    let ran = intent(&["bench", small(), small(), "--runtime", "gpu"]);
    assert!(ran.complaint(2).contains("use one of auto, cpu, core-ml"), "{}", ran.err);
}

#[test]
fn export_writes_a_package_and_replaces_it() {
    let folder = Folder::new();
    let package = folder.path("Small.mlpackage");
    let report = intent(&["export", small(), "--output", &package, "--json"]).json();
    assert_eq!(keys(&report), ["package", "precision", "batch", "labels", "checksum", "bytes"]);
    assert_eq!((&report["precision"], &report["batch"]), (&"float16".into(), &1.into()));
    assert!(Path::new(&package).join("Manifest.json").is_file());
    let other = intent(&[
        "export",
        small(),
        "--output",
        &package,
        "--precision",
        "int8",
        "--batch",
        "8",
        "--author",
        "Ada",
    ]);
    other.succeeded();
    assert!(other.out.contains("int8, 8 rows at a time"), "{}", other.out);
}

#[test]
fn a_training_exports_what_it_made_when_asked_to() {
    let folder = Folder::new();
    let (data, model, package) =
        (folder.path("data.jsonl"), folder.path("m.intent"), folder.path("m.mlpackage"));
    let train = |package: &str| {
        intent(&["train", &data, "--output", &model, "--epochs", "2", "--json", "--export", package])
    };
    assert_eq!(train(&package).json()["export"], package.as_str());
    assert!(Path::new(&package).join("Manifest.json").is_file());
    fs::remove_file(&model).unwrap();
    let ran = train(&folder.path("m.coreml"));
    assert!(ran.complaint(2).contains("must end in .mlpackage"), "{}", ran.err);
    assert!(!Path::new(&model).exists(), "refused before anything was trained");
}

#[test]
fn an_export_that_cannot_be_is_refused_by_name() {
    let folder = Folder::new();
    let package = folder.path("x.mlpackage");
    fs::write(&package, "mine").unwrap();
    for (arguments, code, expected) in [
        (&["--output", &package][..], 2, "is no Core ML package"),
        (&["--output", "/nowhere/x.mlpackage"], 1, "/nowhere/x.mlpackage: cannot write beside the package"),
        (&["--output", "x.mlmodel"], 2, "must end in .mlpackage"),
        (&["--output", &package, "--batch", "0"], 2, "`batch` is 0; it must be from 1 to 4096"),
        (&["--output", &package, "--precision", "int4"], 2, "use float16, float32 or int8"),
        (&[], 2, "--output"),
    ] {
        let ran = intent(&[&["export", small()], arguments].concat());
        assert!(ran.complaint(code).contains(expected), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_lexicon_is_read_from_a_file_and_told_of() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, lexicon, model) = (path("data.jsonl"), path("words.vec"), path("a.intent"));
    let line = |text: &str, label: &str| format!("{{\"text\": \"{text}\", \"labels\": [\"{label}\"]}}\n");
    let texts =
        [("lamp on", "light"), ("lamp off", "light"), ("bright lamp", "light"), ("dim the lamp", "light")];
    let songs =
        [("a song", "music"), ("some jazz", "music"), ("next song", "music"), ("stop the jazz", "music")];
    fs::write(&data, texts.iter().chain(&songs).map(|(text, label)| line(text, label)).collect::<String>())
        .unwrap();
    fs::write(
        &lexicon,
        "5 3\nlamp 1 0.1 0\nsong 0 0 1\nlantern 0.9 0.2 0\njazz 0 0.2 0.9\nopera 0.1 0.1 0.9\n",
    )
    .unwrap();
    let trained =
        intent(&["train", &data, "--output", &model, "--lexicon", &lexicon, "--json", "--quiet"]).json();
    assert_eq!(trained["lexicon_words"], 5);
    assert_eq!(intent(&["info", &model, "--json"]).json()["lexicon_words"], 5);
    assert!(intent(&["info", &model]).out.contains("lexicon") && intent(&["info"]).out.contains("none"));
    let told = intent(&["train", &data, "--output", &model, "--lexicon", &lexicon]);
    assert!(
        told.out.contains("3 of the texts' ") && told.out.contains("words, 2 others near them"),
        "{}",
        told.out
    );
    let why = intent(&["explain", "--model", &model, "--all", "lantern"]);
    assert!(why.out.contains("lantern (lexicon)"), "{}", why.out);
    let folds = ["eval", "--cross-validate", "2", &data, "--lexicon", &lexicon, "--epochs", "1", "--json"];
    assert_eq!(intent(&folds).json()["folds"], 2);

    let no_file = intent(&["train", &data, "--output", &model, "--lexicon", "missing.vec"]);
    assert!(no_file.complaint(1).contains("missing.vec"));
    fs::write(&lexicon, "lamp 1 0\nsong 1\n").unwrap();
    let short = intent(&["train", &data, "--output", &model, "--lexicon", &lexicon]);
    assert!(short.complaint(1).contains("words.vec, line 2"), "{}", short.err);
}

#[test]
fn info_describes_a_file_and_the_embedded_sample() {
    let expected = [
        "format",
        "labels",
        "dimensions",
        "buckets",
        "parameters",
        "bytes",
        "preset",
        "examples",
        "library_version",
        "checksum",
        "heldout_accuracy",
        "familiar_accuracy",
        "heldout_answered",
        "epochs",
        "seed",
        "choice",
    ];
    let small_one = intent(&["info", small(), "--json"]).json();
    has_keys(&small_one, &expected);
    assert_eq!((&small_one["labels"], &small_one["examples"]), (&Value::from(2), &Value::from(14)));
    assert_eq!(small_one["label_names"], serde_json::json!(["light", "music"]));
    assert_eq!(small_one["dimensions"], 256);
    assert_eq!(small_one["library_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(small_one["checksum"].as_str().unwrap().len(), 16);
    let embedded = intent(&["info", "--json"]).json();
    assert_eq!(
        embedded,
        intent(&["info", SAMPLE, "--json"]).json(),
        "the embedded sample is the committed file"
    );
    assert!(intent(&["info"]).out.contains("CHATBOTS"));
    let told = intent(&["info", small()]).out;
    assert!(told.contains("new wording") && told.contains("known wording"), "{told}");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "trains the whole sample: run with --release")]
fn demo_trains_the_committed_sample_byte_for_byte_and_asks_it() {
    let ran = intent(&["demo"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.contains("byte for byte"),
        "models/assistant.intent is not what training makes: {}",
        ran.out
    );
    let screen = ran.out.lines().find(|line| line.contains("Can you see my screen?")).unwrap();
    assert!(screen.contains("VISION") && screen.contains("CHATBOTS"), "{screen}");
    assert!(ran.out.contains("(rejected)"), "{}", ran.out);
    assert!(ran.out.contains("exact set"), "{}", ran.out);
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
fn update_teaches_a_model_and_keeps_what_it_learned_in_the_learner_file() {
    let folder = Folder::new();
    let (data, model, learner) =
        (folder.path("data.jsonl"), folder.path("m.intent"), folder.path("m.learner"));
    intent(&["train", &data, "--output", &model, "--learner", &learner, "--epochs", "12", "-q"]).succeeded();
    let example = br#"{"text": "zebra quokka tango", "labels": ["GARDEN"]}"#;
    let better = folder.path("better.intent");
    let arguments = ["update", &model, "-", "--output", &better, "--learner", &learner, "--json"];
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
    let report =
        intent(&["update", &learner, "--rename", "GARDEN", "PLANTS", "--output", &renamed, "--json"]).json();
    assert!(report["kept"].as_u64().unwrap() > 1);
    let answer = intent(&["predict", "--model", &renamed, "zebra quokka tango", "--json"]).json();
    assert_eq!(answer["labels"][0]["label"], "PLANTS");

    // Of several changes all are made or none.
    let before = fs::read(&learner).unwrap();
    let both = ["update", &learner, "--rename", "PLANTS", "TREES", "--remove", "NONE", "--output", &better];
    assert!(intent(&both).complaint(2).contains("there is no label `NONE`"));
    assert_eq!(fs::read(&learner).unwrap(), before);

    let refused = intent_with(&["update", &renamed, "-", "--output", &better, "--no-new-labels"], example);
    assert!(refused.complaint(1).contains("`GARDEN`"), "{}", refused.err);
    assert!(intent(&["update", &model, "--output", &better]).complaint(2).contains("nothing to do"));
    let unknown = intent(&["update", &model, "--remove", "NONE", "--output", &better]);
    assert!(unknown.complaint(2).contains("there is no label `NONE`"), "{}", unknown.err);
}

#[test]
fn new_makes_a_model_of_rules_and_update_replaces_them() {
    let folder = Folder::new();
    let rules = folder.put("rules.json", br#"[{"label": "vision", "keywords": ["screenshot"]}]"#);
    let model = folder.path("first.intent");
    intent(&["new", &rules, "--output", &model]).succeeded();
    assert!(intent(&["predict", "--model", &model, "a screenshot please"]).out.starts_with("vision 0.85"));
    assert_eq!(intent(&["info", &model, "--json"]).json()["rules"][0]["keywords"][0], "screenshot");
    let others = folder.put("others.json", br#"[{"label": "vision", "phrases": ["look at this"]}]"#);
    intent(&["update", &model, "--rules", &others, "--output", &model]).succeeded();
    assert!(intent(&["predict", "--model", &model, "a screenshot please"]).out.starts_with("(rejected)"));
    assert!(intent(&["predict", "--model", &model, "Look at this!"]).out.starts_with("vision 0.85"));
    let bad = folder.put("bad.json", br#"[{"label": "vision"}]"#);
    assert!(intent(&["new", &bad, "--output", &model]).complaint(1).contains("bad.json: rule 0"));
}

/// A limit on the size of files stands for a full disk.
#[test]
#[cfg(unix)]
fn a_full_disk_loses_neither_the_model_nor_the_learner() {
    let folder = Folder::new();
    let (data, model, learner) =
        (folder.path("data.jsonl"), folder.path("m.intent"), folder.path("m.learner"));
    intent(&["train", &data, "--output", &model, "--learner", &learner, "--epochs", "12", "-q"]).succeeded();
    let examples = folder.put("more.jsonl", br#"{"text": "zebra quokka tango", "labels": ["GARDEN"]}"#);
    let before = (fs::read(&model).unwrap(), fs::read(&learner).unwrap());
    // In blocks of 512 or 1,024 bytes: less than the model and the learner have.
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec '{}' update '{model}' '{examples}' --output '{model}' --learner '{learner}'",
        env!("CARGO_BIN_EXE_intent")
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("cannot write to the learner; nothing was learned"), "{complaint}");
    assert_eq!((fs::read(&model).unwrap(), fs::read(&learner).unwrap()), before);
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
