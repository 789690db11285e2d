//! `intent train`: models, reports, what is refused before training.

use crate::program::{DATA, Folder, has_keys, intent, intent_with, small};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

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
fn data_that_cannot_be_learned_from_is_refused_in_a_sentence() {
    let folder = Folder::new();
    folder.put("empty.jsonl", b"");
    folder.train("empty.jsonl", "a.intent", &[]).complaint(1);
    folder.put("unlabelled.jsonl", b"{\"text\": \"a\", \"labels\": []}\n");
    folder.train("unlabelled.jsonl", "a.intent", &[]).complaint(1);
    assert!(!Path::new(&folder.path("a.intent")).exists());
    let eval = intent(&["eval", "--model", small(), &folder.path("empty.jsonl")]);
    assert!(eval.complaint(1).contains("there are no examples"), "{}", eval.err);
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
    assert_eq!(intent(&["info", "--model", &model, "--json"]).json()["lexicon_words"], 5);
    assert!(
        intent(&["info", "--model", &model]).out.contains("lexicon")
            && intent(&["info"]).out.contains("none")
    );
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
