//! What tests of learning share.

use intentkit::Classifier;
use intentkit::data::Example;
use intentkit::model::Model;

pub fn labels(model: &Model, text: &str) -> Vec<String> {
    let classifier = Classifier::from_bytes(model.as_bytes()).unwrap();
    let prediction = classifier.predict(text).unwrap();
    prediction.labels().iter().map(|scored| model.labels()[scored.label as usize].clone()).collect()
}

pub fn of(text: &str, label: &str) -> Example {
    Example::new(text, [label])
}
