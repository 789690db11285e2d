//! What learning after training promises.

use intentkit::data::{Example, read_file};
use intentkit::model::Model;
use intentkit::train::{Dataset, Learner, train_to_learn};
use intentkit::{Classifier, TrainOptions};
use std::path::Path;

fn sample() -> (Model, Learner) {
    let examples = read_file(Path::new("models/assistant.jsonl"), None).unwrap();
    let options = TrainOptions { epochs: Some(20), ..TrainOptions::default() };
    let (model, learner, _) = train_to_learn(&Dataset::of(&examples), None, &options, &mut |_| true).unwrap();
    (model, learner)
}

fn labels(model: &Model, text: &str) -> Vec<String> {
    let classifier = Classifier::from_bytes(model.as_bytes()).unwrap();
    let prediction = classifier.predict(text).unwrap();
    prediction.labels().iter().map(|scored| model.labels()[scored.label as usize].clone()).collect()
}

#[test]
fn a_correction_is_answered_right_from_then_on_with_training_state_and_without() {
    let (model, learner) = sample();
    for mut learner in [learner, Learner::of(&model).unwrap()] {
        let wanted = model.labels()[0].clone();
        let correction = Example::new("zebra quokka tango", [wanted.clone()]);
        let (updated, report) = learner.update(&model, std::slice::from_ref(&correction)).unwrap();
        assert_eq!((report.examples, report.right), (1, 1));
        assert_eq!(labels(&updated, &correction.text), [wanted]);
    }
}

#[test]
fn a_new_label_becomes_one_of_the_model_and_its_examples_are_known() {
    let (model, mut learner) = sample();
    let texts = ["water the ficus", "give the plants some water", "the orchid needs water"];
    let examples: Vec<Example> = texts.iter().map(|text| Example::new(*text, ["GARDEN"])).collect();
    let (updated, report) = learner.update(&model, &examples).unwrap();
    assert_eq!(report.new_labels, ["GARDEN"]);
    assert_eq!(updated.labels().len(), model.labels().len() + 1);
    assert!(texts.iter().all(|text| labels(&updated, text) == ["GARDEN"]));
}

#[test]
fn a_learner_of_another_model_is_refused() {
    let (model, mut learner) = sample();
    let (updated, _) =
        learner.update(&model, &[Example::new("hello there you", [&model.labels()[0]])]).unwrap();
    assert_ne!(updated.as_bytes(), model.as_bytes());
    let message = learner.update(&model, &[]).map(drop).unwrap_err().to_string();
    assert!(message.contains("the learner belongs to"), "{message}");
}

#[test]
fn of_two_examples_of_one_text_the_last_counts() {
    let (model, mut learner) = sample();
    let of = |label: usize| Example::new("zebra quokka tango", [model.labels()[label].clone()]);
    let (updated, report) = learner.update(&model, &[of(0), of(1)]).unwrap();
    assert_eq!((report.examples, report.right), (1, 1));
    assert_eq!(labels(&updated, "zebra quokka tango"), [model.labels()[1].clone()]);
}

/// Run on x86-64 and on arm64: the same number on both.
#[test]
fn what_is_learned_is_the_same_on_every_machine() {
    let (mut model, mut learner) = sample();
    for (text, label) in
        [("water the ficus", "GARDEN"), ("zebra quokka tango", "GARDEN"), ("hello you there", "CHATBOTS")]
    {
        model = learner.update(&model, &[Example::new(text, [label])]).unwrap().0;
    }
    assert_eq!(model.metadata().checksum, "2850e0549ad9f32d");
}

#[test]
fn what_cannot_be_learned_on_is_refused_before_training() {
    let rows = [[0.0; 256]; 1];
    let features = Dataset { inputs: intentkit::train::Inputs::Features(&rows), labels: vec![vec!["a"]] };
    let texts = [Example::new("x", ["a"])];
    let reference = TrainOptions { preset: intentkit::Preset::Reference, ..TrainOptions::default() };
    for (data, options) in [(features, TrainOptions::default()), (Dataset::of(&texts), reference)] {
        let error = train_to_learn(&data, None, &options, &mut |_| true).map(drop).unwrap_err();
        assert!(error.to_string().contains("needs texts"), "{error}");
    }
}

#[test]
fn a_model_is_what_its_parts_make() {
    let model = Model::load(Path::new("models/assistant.intent")).unwrap();
    assert_eq!(Model::from_parts(&model.parts()).unwrap().as_bytes(), model.as_bytes());
}
