//! The coreml-rs engine with a stand-in for Core ML on Linux: `scripts/coreml-standin.sh` runs
//! this. It checks that the adapter calls the crate correctly and that nothing hangs or ends the
//! process. It doesn't test Core ML.
#![cfg(all(feature = "coreml-rs", coreml_standin))]

use intentkit::Classifier;
use intentkit::FeatureVector;
use intentkit::engine::{CoreMlRs, Engine};
use intentkit::model::DIMENSIONS;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn sample() -> Classifier {
    Classifier::load(concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent")).unwrap()
}

/// Returns the weight of input `i` for output `j`.
fn weight(i: usize, j: usize) -> f32 {
    ((i * 7 + j * 13) % 11) as f32 / 16.0 - 0.25
}

fn bias(j: usize) -> f32 {
    j as f32 / 4.0
}

/// Writes a model of the stand-in with one output; `change` may corrupt it.
fn compiled(folder: &Path, name: &str, labels: usize, change: impl FnOnce(&mut Value)) -> PathBuf {
    let weights: Vec<f32> = (0..labels).flat_map(|j| (0..DIMENSIONS).map(move |i| weight(i, j))).collect();
    let mut model = json!({
        "input": { "name": "features", "shape": [1, DIMENSIONS] },
        "output": { "name": "logits", "shape": [1, labels] },
        "weights": weights,
        "bias": (0..labels).map(bias).collect::<Vec<f32>>(),
    });
    change(&mut model);
    let place = folder.join(name);
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("standin.json"), model.to_string()).unwrap();
    place
}

fn rows(count: usize) -> Vec<FeatureVector> {
    (0..count).map(|r| std::array::from_fn(|i| ((r * 5 + i) % 9) as f32 / 8.0)).collect()
}

#[test]
fn logits_are_those_of_the_model_row_by_row_whatever_is_in_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let classifier = sample();
    let labels = classifier.labels().len();
    for name in ["plain.mlmodelc", "with space.mlmodelc", "per%zz#cent?.mlmodelc", "ümläut.mlmodelc"] {
        let engine = CoreMlRs::new(&compiled(folder.path(), name, labels, |_| {})).unwrap();
        for count in [1, 3] {
            let rows = rows(count);
            let mut logits = vec![f32::NAN; count * labels];
            engine.logits(classifier.model(), &rows, &mut logits).unwrap();
            for (row, logits) in rows.iter().zip(logits.chunks(labels)) {
                for (j, &found) in logits.iter().enumerate() {
                    let expected =
                        bias(j) + row.iter().enumerate().map(|(i, x)| x * weight(i, j)).sum::<f32>();
                    assert!((found - expected).abs() < 1e-3, "{name}: {found} {expected}");
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_loaded_is_refused_in_a_sentence_and_nothing_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |place: &Path, words: &str| {
        let error = CoreMlRs::new(place).err().expect("it must be refused");
        assert!(error.contains(words), "{error}");
    };
    refused(&folder.path().join("missing.mlmodelc"), "is not a compiled model");
    let file = folder.path().join("file.mlmodelc");
    fs::write(&file, "x").unwrap();
    refused(&file, "is not a compiled model");
    let empty = folder.path().join("empty.mlmodelc");
    fs::create_dir(&empty).unwrap();
    refused(&empty, "cannot load");
    let fails = compiled(folder.path(), "fails.mlmodelc", 3, |model| model["fail"] = "load".into());
    refused(&fails, "cannot load");
    // Asked for the type of such an output, the crate would end the process.
    let text = compiled(folder.path(), "text.mlmodelc", 3, |model| model["output"]["type"] = "string".into());
    refused(&text, "an output that coreml-rs cannot read");
}

#[test]
fn a_prediction_that_fails_says_why_and_the_model_is_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let classifier = sample();
    let labels = classifier.labels().len();
    let fails = compiled(folder.path(), "fails.mlmodelc", labels, |model| model["fail"] = "predict".into());
    let engine = CoreMlRs::new(&fails).unwrap();
    let mut logits = vec![0.0; labels];
    let first = engine.logits(classifier.model(), &rows(1), &mut logits).unwrap_err();
    assert!(first.contains("told to fail predict"), "{first}");
    assert_eq!(engine.logits(classifier.model(), &rows(1), &mut logits).unwrap_err(), first);
}

#[test]
fn a_model_of_another_shape_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let classifier = sample();
    let mut logits = vec![0.0; classifier.labels().len()];
    let other = compiled(folder.path(), "labels.mlmodelc", 3, |_| {});
    let error = CoreMlRs::new(&other).unwrap().logits(classifier.model(), &rows(1), &mut logits).unwrap_err();
    assert!(error.contains("3 logits for 8 labels"), "{error}");
    let input = compiled(folder.path(), "input.mlmodelc", 8, |model| model["input"]["shape"] = json!([1, 4]));
    let error = CoreMlRs::new(&input).unwrap().logits(classifier.model(), &rows(1), &mut logits).unwrap_err();
    assert!(error.contains("expected shape"), "{error}");
    let named =
        compiled(folder.path(), "named.mlmodelc", 8, |model| model["output"]["name"] = "other".into());
    let error = CoreMlRs::new(&named).unwrap().logits(classifier.model(), &rows(1), &mut logits).unwrap_err();
    assert!(error.contains("no float32 logits"), "{error}");
}

#[test]
fn many_predictions_from_many_threads_give_what_one_gives() {
    let folder = tempfile::tempdir().unwrap();
    let classifier = sample();
    let labels = classifier.labels().len();
    let engine = CoreMlRs::new(&compiled(folder.path(), "m.mlmodelc", labels, |_| {})).unwrap();
    let rows = rows(4);
    let mut expected = vec![0.0; 4 * labels];
    engine.logits(classifier.model(), &rows, &mut expected).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let mut logits = vec![0.0; 4 * labels];
                    engine.logits(classifier.model(), &rows, &mut logits).unwrap();
                    assert_eq!(logits, expected);
                }
            });
        }
    });
}
