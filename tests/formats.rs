//! Files of earlier versions open and give the same predictions. Those in `tests/files` are of
//! format 1: twenty sentences of `examples/hello.c`, written by the last version that wrote it.

use intentkit::Classifier;
use intentkit::data::Example;
use intentkit::learn::{Change, Durability, LearnerFile};
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

#[test]
fn a_model_file_of_format_1_answers_as_it_did() {
    let classifier = Classifier::load(file("format-1.intent")).unwrap();
    for (text, label, probability) in [
        ("switch off the bedroom lamp", "light", 0.99594253f32),
        ("play that song again", "music", 0.9991248),
        ("what is the capital of Peru?", "music", 0.00028910517),
        ("lamp", "light", 0.996338),
    ] {
        let prediction = classifier.predict(text).unwrap();
        let best = prediction.labels()[0];
        assert_eq!((classifier.label(best.label).unwrap(), best.probability), (label, probability), "{text}");
    }
    let mut logits = [0.0; 2];
    let score = classifier.logits("switch off the bedroom lamps now", &mut logits).unwrap();
    assert_eq!((score, logits), (21.520699, [5.3703423, -13.046245]));
}

#[test]
fn a_training_state_file_of_format_1_opens_and_goes_on_learning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.learner");
    std::fs::copy(file("format-1.learner"), &path).unwrap();
    let (mut open, mut learner) = LearnerFile::open(&path, Durability::Process).unwrap();
    assert_eq!(learner.kept(), 20);
    let change = Change::Update(vec![Example::new("remind me of the milk", [""; 0])]);
    open.append(std::slice::from_ref(&change)).unwrap();
    let report = learner.apply(&change).unwrap();
    assert_eq!(report.examples, 1);
    drop(open);
    let (_, again) = LearnerFile::open(&path, Durability::Process).unwrap();
    assert_eq!(again.model().as_bytes(), learner.model().as_bytes());
}
