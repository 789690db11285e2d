//! The sample in `models/` is the output of its documented command, and accurate enough for a
//! demonstration.

use intentkit::data::read_file;
use intentkit::{Classifier, PredictOptions, TrainOptions};
use std::path::PathBuf;

fn models(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "models", name].iter().collect()
}

/// The same as `intent train models/assistant.jsonl --output models/assistant.intent`, on this CPU.
#[test]
fn the_sample_model_is_remade_byte_for_byte_from_its_lines() {
    let examples = read_file(&models("assistant.jsonl"), None).unwrap();
    let (classifier, _) = Classifier::train(&examples, &TrainOptions::default()).unwrap();
    let committed = std::fs::read(models("assistant.intent")).unwrap();
    assert!(
        classifier.model().as_bytes() == committed,
        "models/assistant.intent is not what its command makes here"
    );
}

#[test]
fn the_sample_has_at_least_600_commands_and_no_line_twice() {
    let mut texts: Vec<String> = ["assistant.jsonl", "assistant-heldout.jsonl"]
        .iter()
        .flat_map(|name| read_file(&models(name), None).unwrap())
        .map(|example| example.text.to_lowercase())
        .collect();
    let all = texts.len();
    assert!(all >= 800, "{all} lines");
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), all);
}

#[test]
fn nine_in_ten_heldout_commands_get_exactly_their_components() {
    let classifier = Classifier::load(models("assistant.intent")).unwrap();
    let heldout = read_file(&models("assistant-heldout.jsonl"), None).unwrap();
    let evaluation = classifier.evaluate(&heldout, &PredictOptions::default()).unwrap();
    assert!(evaluation.exact_match >= 0.9, "{evaluation:?}");
}

#[test]
fn the_swift_package_ships_the_same_sample() {
    let resource: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "swift/Sources/IntentKit/Resources/assistant.intent"].iter().collect();
    let same = std::fs::read(resource).unwrap() == std::fs::read(models("assistant.intent")).unwrap();
    assert!(same, "copy it: cp models/assistant.intent swift/Sources/IntentKit/Resources/");
}
