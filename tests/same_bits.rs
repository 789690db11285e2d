//! Models made and taught on x86-64, byte for byte. CI runs this file on emulated arm64 as well.

#[path = "support/learning.rs"]
mod support;

use intentkit::TrainOptions;
use intentkit::data::{Example, read_file};
use intentkit::learn::{Learner, train_to_learn};
use intentkit::model::Model;
use intentkit::train::Dataset;
use std::path::Path;
use std::sync::Arc;
use support::{labels, of};

/// Their labels are right long before they are sure enough not to be rejected, which the loss knows nothing of. The same number on every
/// machine.
#[test]
fn corrected_texts_of_unseen_words_are_no_longer_rejected_without_examples_of_training_either() {
    let sample = Model::load(Path::new("models/assistant.intent")).unwrap();
    let mut learner = Learner::of(Arc::new(sample)).unwrap();
    let examples = [
        of("zebra quokka tango", "VISION"),
        of("frobnicate the gizmo", "CHATBOTS"),
        Example::new("xylo brnk", ["VOICE", "CHATBOTS"]),
    ];
    let report = learner.update(&examples).unwrap();
    assert_eq!((report.examples, report.right), (3, 3));
    for example in &examples {
        let mut found = labels(learner.model(), &example.text);
        found.sort();
        let mut wanted = example.labels.clone();
        wanted.sort();
        assert_eq!(found, wanted, "{}", example.text);
    }
    assert_eq!(learner.model().metadata().checksum, "5a1ae85ced87b4ac");
}

/// Run on x86-64 and on arm64: the same number on both. Few lines and epochs, since an emulated processor takes minutes for more.
#[test]
fn what_is_learned_is_the_same_on_every_machine() {
    let examples = read_file(Path::new("models/assistant.jsonl"), None).unwrap();
    let options = TrainOptions { epochs: Some(4), ..TrainOptions::default() };
    let mut learner =
        train_to_learn(&Dataset::of(&examples[..360]), None, &options, &mut |_| true).unwrap().0;
    for (text, label) in
        [("water the ficus", "GARDEN"), ("zebra quokka tango", "GARDEN"), ("hello you there", "CHATBOTS")]
    {
        learner.update(&[of(text, label)]).unwrap();
    }
    assert_eq!(learner.model().metadata().checksum, "a80f5fd73971fc85");
}
