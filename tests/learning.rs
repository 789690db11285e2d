//! What learning after training promises.

#[path = "support/learning.rs"]
mod support;

use intentkit::data::{Example, read_file};
use intentkit::learn::{Change, Durability, Learner, LearnerFile, train_to_learn};
use intentkit::model::Model;
use intentkit::train::Dataset;
use intentkit::train::Preset;
use intentkit::{Classifier, PredictOptions, TrainOptions};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use support::{labels, of};

fn sample() -> Learner {
    let examples = read_file(Path::new("models/assistant.jsonl"), None).unwrap();
    let options = TrainOptions { epochs: Some(20), ..TrainOptions::default() };
    train_to_learn(&Dataset::of(&examples), None, &options, &mut |_| true).unwrap().0
}

/// Changes of every kind.
fn changes() -> Vec<Change> {
    vec![
        Change::Update(vec![of("zebra quokka tango", "CHATBOTS")]),
        Change::Update(vec![of("water the ficus", "GARDEN"), of("the orchid needs water", "GARDEN")]),
        Change::Rename { label: "GARDEN".into(), to: "PLANTS".into() },
        Change::Update(vec![of("prune the roses", "PLANTS"), of("rake the leaves", "YARD")]),
        Change::Merge { label: "YARD".into(), into: "PLANTS".into() },
        Change::Remove { label: "CHATBOTS".into() },
        Change::Update(vec![of("hello you there", "GREETING")]),
    ]
}

#[test]
fn a_correction_is_answered_right_from_then_on_with_training_state_and_without() {
    let learner = sample();
    let without = Learner::of(learner.model().clone()).unwrap();
    for mut learner in [learner, without] {
        let wanted = learner.model().labels()[0].clone();
        let correction = of("zebra quokka tango", &wanted);
        let report = learner.update(std::slice::from_ref(&correction)).unwrap();
        assert_eq!((report.examples, report.right), (1, 1));
        assert_eq!(labels(learner.model(), &correction.text), [wanted]);
    }
}

#[test]
fn a_new_label_becomes_one_of_the_model_and_its_examples_are_known() {
    let mut learner = sample();
    let before = learner.model().labels().len();
    let texts = ["water the ficus", "give the plants some water", "the orchid needs water"];
    let examples: Vec<Example> = texts.iter().map(|text| of(text, "GARDEN")).collect();
    let report = learner.update(&examples).unwrap();
    assert_eq!(report.new_labels, ["GARDEN"]);
    assert_eq!(learner.model().labels().len(), before + 1);
    assert!(texts.iter().all(|text| labels(learner.model(), text) == ["GARDEN"]));
}

#[test]
fn of_two_examples_of_one_text_the_last_counts() {
    let mut learner = sample();
    let names = learner.model().labels().to_vec();
    let of = |label: usize| of("zebra quokka tango", &names[label]);
    let report = learner.update(&[of(0), of(1)]).unwrap();
    assert_eq!((report.examples, report.right), (1, 1));
    assert_eq!(labels(learner.model(), "zebra quokka tango"), [names[1].clone()]);
}

#[test]
fn on_small_data_a_correction_unlearns_no_line_that_was_answered_right() {
    let examples = read_file(Path::new("models/assistant.jsonl"), None).unwrap();
    let examples = &examples[..360];
    let options = TrainOptions { epochs: Some(20), ..TrainOptions::default() };
    let mut learner = train_to_learn(&Dataset::of(examples), None, &options, &mut |_| true).unwrap().0;
    let right = |model: &Model| -> Vec<bool> {
        let classifier = Classifier::from_bytes(model.as_bytes()).unwrap();
        let is_right = |example: &Example| {
            let prediction = classifier.predict(&example.text).unwrap();
            let chosen = prediction.labels().iter().map(|scored| &model.labels()[scored.label as usize]);
            prediction.labels().len() == example.labels.len()
                && chosen.into_iter().all(|label| example.labels.contains(label))
        };
        examples.iter().map(is_right).collect()
    };
    let before = right(learner.model());
    // Words of a line it was trained on, with the labels of another.
    for i in (0..360).step_by(60) {
        let labels = examples[(i + 180) % 360].labels.clone();
        let words: Vec<&str> = examples[i].text.split(' ').take(2).collect();
        learner.update(&[Example::new(format!("{} zebra quokka {i}", words.join(" ")), labels)]).unwrap();
    }
    let after = right(learner.model());
    let unlearned: Vec<usize> = (0..360).filter(|&i| before[i] && !after[i]).collect();
    assert!(unlearned.is_empty(), "{unlearned:?}");
}

#[test]
fn a_renamed_label_answers_as_before_and_one_that_is_removed_never_again() {
    let mut learner = sample();
    let names = learner.model().labels().to_vec();
    let examples = learner.examples();
    let text = &examples.iter().find(|e| labels(learner.model(), &e.text) == e.labels[..]).unwrap().text;
    let label = labels(learner.model(), text)[0].clone();
    learner.apply(&Change::Rename { label: label.clone(), to: "OTHER".into() }).unwrap();
    assert!(labels(learner.model(), text).contains(&"OTHER".to_owned()));
    assert_eq!(learner.kept(), examples.len());
    learner.apply(&Change::Remove { label: "OTHER".into() }).unwrap();
    assert_eq!(learner.model().labels().len(), names.len() - 1);
    assert!(learner.examples().iter().all(|e| !e.labels.contains(&"OTHER".to_owned())));
    assert!(!labels(learner.model(), text).contains(&"OTHER".to_owned()));
    // The others are as they were, but for their indices.
    let rest: Vec<&String> = names.iter().filter(|&name| *name != label).collect();
    assert!(learner.model().labels().iter().eq(rest));
}

#[test]
fn a_merged_label_answers_for_both() {
    let learner = sample();
    let texts = ["water the ficus", "give the plants some water", "rake the leaves", "sweep up the leaves"];
    let garden = [of(texts[0], "GARDEN"), of(texts[1], "GARDEN"), of(texts[2], "YARD"), of(texts[3], "YARD")];
    let without = Learner::of(learner.model().clone()).unwrap();
    for mut learner in [learner, without] {
        learner.update(&garden).unwrap();
        learner.apply(&Change::Merge { label: "YARD".into(), into: "GARDEN".into() }).unwrap();
        assert!(!learner.model().labels().contains(&"YARD".to_owned()));
        for text in texts {
            assert_eq!(labels(learner.model(), text), ["GARDEN"], "{text}");
        }
    }
}

#[test]
fn changes_that_cannot_be_made_are_refused_with_a_reason_and_change_nothing() {
    let mut learner = sample();
    let before = learner.model().as_bytes().to_vec();
    let (first, second) = (learner.model().labels()[0].clone(), learner.model().labels()[1].clone());
    let cases = [
        (Change::Rename { label: "NONE".into(), to: "X".into() }, "there is no label `NONE`"),
        (Change::Rename { label: first.clone(), to: second.clone() }, "merge"),
        (Change::Rename { label: first.clone(), to: " ".into() }, "the new name is empty"),
        (Change::Merge { label: first.clone(), into: first.clone() }, "into itself"),
        (Change::Merge { label: first.clone(), into: "NONE".into() }, "there is no label `NONE`"),
        (Change::Remove { label: "NONE".into() }, "there is no label `NONE`"),
        (Change::Update(vec![of("fine", "fine"), of("not", "\n")]), "example 1: label 1"),
        (Change::Update(vec![of(&"x".repeat((1 << 20) + 1), "fine")]), "bytes"),
    ];
    for (change, reason) in cases {
        let message = learner.apply(&change).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    assert_eq!(learner.model().as_bytes(), before);
}

#[test]
fn learning_after_saving_and_opening_gives_the_same_bytes_as_learning_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.learner");
    let mut one = sample();
    let trained = one.model().clone();
    LearnerFile::create(&path, &one, Durability::Process).unwrap();
    for (i, change) in changes().iter().enumerate() {
        one.apply(change).unwrap();
        // Half of the time the change stands behind the learner in the file, half of the time in it.
        let (mut file, mut other) = LearnerFile::open(&path, Durability::Power).unwrap();
        file.append(std::slice::from_ref(change)).unwrap();
        other.apply(change).unwrap();
        assert_eq!(one.model().as_bytes(), other.model().as_bytes(), "change {i}");
        if i % 2 == 0 {
            file.rewrite(&other).unwrap();
        }
    }
    let (_, other) = LearnerFile::open(&path, Durability::Process).unwrap();
    assert_eq!(one.model().as_bytes(), other.model().as_bytes());
    assert_eq!(one.examples(), other.examples());
    assert!(other.has_history() && trained.as_bytes() != other.model().as_bytes());

    // And of a learner that was never trained here.
    let mut one = Learner::of(trained).unwrap();
    let held = LearnerFile::open(&path, Durability::Process).unwrap();
    let error = LearnerFile::create(&path, &one, Durability::Process).map(drop).unwrap_err();
    assert!(error.to_string().contains("another process or classifier"), "{error}");
    drop(held);
    let path = folder.path().join("other.learner");
    let mut file_of = LearnerFile::create(&path, &one, Durability::Process).unwrap();
    for change in changes() {
        file_of.append(std::slice::from_ref(&change)).unwrap();
        one.apply(&change).unwrap();
    }
    drop(file_of);
    let error = LearnerFile::open(&folder.path().join("none"), Durability::Process).map(drop).unwrap_err();
    assert!(error.to_string().contains("cannot open the training state"), "{error}");
    assert_eq!(
        LearnerFile::open(&path, Durability::Process).unwrap().1.model().as_bytes(),
        one.model().as_bytes()
    );
}

#[test]
fn a_model_saved_behind_a_change_loads_and_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.intent");
    let mut learner = sample();
    for change in changes() {
        learner.apply(&change).unwrap();
        learner.model().save(&path).unwrap();
        assert_eq!(Model::load(&path).unwrap().as_bytes(), learner.model().as_bytes());
    }
}

#[test]
fn a_learner_file_cut_anywhere_loses_the_change_that_was_being_written_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.learner");
    let mut learner =
        Learner::of(Arc::new(Model::load(Path::new("models/assistant.intent")).unwrap())).unwrap();
    let mut file = LearnerFile::create(&path, &learner, Durability::Process).unwrap();
    let mut ends = vec![(fs::metadata(&path).unwrap().len() as usize, learner.kept())];
    for i in 0..3 {
        let change = Change::Update(vec![of(&format!("zebra number {i}"), "CHATBOTS")]);
        file.append(std::slice::from_ref(&change)).unwrap();
        learner.apply(&change).unwrap();
        ends.push((fs::metadata(&path).unwrap().len() as usize, learner.kept()));
    }
    drop(file);
    let bytes = fs::read(&path).unwrap();
    for length in
        (0..ends[0].0).step_by(1 << 20).chain((ends[0].0..=bytes.len()).step_by(11)).chain([bytes.len()])
    {
        fs::write(&path, &bytes[..length]).unwrap();
        let whole = ends.iter().rev().find(|(end, _)| *end <= length);
        match (LearnerFile::open(&path, Durability::Process), whole) {
            (Ok((_, found)), Some(&(end, kept))) => {
                assert_eq!(found.kept(), kept, "{length}");
                assert_eq!(fs::metadata(&path).unwrap().len() as usize, end, "the torn end is gone");
            }
            (Err(error), None) => assert!(error.to_string().contains("learner"), "{error}"),
            (found, _) => panic!("{length}: {:?}", found.map(drop)),
        }
    }
    // What some file systems leave when the power goes.
    fs::write(&path, [&bytes[..], &[0; 512]].concat()).unwrap();
    assert_eq!(LearnerFile::open(&path, Durability::Process).unwrap().1.kept(), 3);
}

#[test]
fn a_damaged_or_foreign_learner_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.learner");
    let learner = Learner::of(Arc::new(Model::load(Path::new("models/assistant.intent")).unwrap())).unwrap();
    let mut file = LearnerFile::create(&path, &learner, Durability::Process).unwrap();
    let start = fs::metadata(&path).unwrap().len() as usize;
    for i in 0..2 {
        file.append(&[Change::Update(vec![of(&format!("zebra number {i}"), "CHATBOTS")])]).unwrap();
    }
    drop(file);
    let bytes = fs::read(&path).unwrap();
    let end = (start + bytes.len()) / 2;
    for at in (0..start).step_by(600_011).chain((start..end).step_by(13)) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        fs::write(&path, &damaged).unwrap();
        let error = LearnerFile::open(&path, Durability::Process).map(drop).unwrap_err().to_string();
        assert!(error.contains("damaged at byte") || error.contains("not an IntentKit"), "{at}: {error}");
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
    fs::write(&path, fs::read("models/assistant.intent").unwrap()).unwrap();
    let error = LearnerFile::open(&path, Durability::Process).map(drop).unwrap_err().to_string();
    assert!(error.contains("not an IntentKit training-state"), "{error}");
}

#[test]
#[cfg(unix)]
fn only_its_owner_can_read_a_learner_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.learner");
    let learner = Learner::of(Arc::new(Model::load(Path::new("models/assistant.intent")).unwrap())).unwrap();
    LearnerFile::create(&path, &learner, Durability::Process).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
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

/// Commands of six kinds to a home, four to six lines each.
fn home() -> Vec<Example> {
    let of = |label: &str, texts: &[&str]| {
        texts.iter().map(|text| Example::new(*text, [label])).collect::<Vec<_>>()
    };
    [
        of(
            "light_on",
            &[
                "turn on the lights",
                "switch the lamp on",
                "lights on please",
                "make it brighter in here",
                "turn the kitchen light on",
            ],
        ),
        of(
            "light_off",
            &[
                "turn off the lights",
                "switch the lamp off",
                "lights out please",
                "make it dark in here",
                "turn the kitchen light off",
            ],
        ),
        of(
            "media",
            &[
                "play some jazz",
                "put on my favourite song",
                "turn on the radio",
                "turn up the music",
                "start the blues album",
            ],
        ),
        of(
            "alarm",
            &["wake me up at seven", "set an alarm for six", "alarm at eight tomorrow", "get me up early"],
        ),
        of(
            "weather",
            &[
                "will it rain tomorrow",
                "what is the weather like",
                "how cold is it outside",
                "is it going to snow",
            ],
        ),
        of("call", &["call my mother", "phone the dentist", "ring up my brother", "give the office a call"]),
    ]
    .concat()
}

/// The same learner with the examples of training and without them.
fn learners(preset: Preset) -> [Learner; 2] {
    let options = TrainOptions { preset, ..TrainOptions::default() };
    let (with, _) = train_to_learn(&Dataset::of(&home()), None, &options, &mut |_| true).unwrap();
    let without = Learner::of(Arc::clone(with.model())).unwrap();
    [with, without]
}

#[test]
fn a_text_corrected_to_no_label_is_rejected_at_once_and_the_others_are_not() {
    for preset in [Preset::Single, Preset::Multi] {
        for mut learner in learners(preset) {
            let texts = ["turn on the washing machine", "play a game with me", "what is the meaning of it"];
            for text in texts {
                let report = learner.update(&[Example::new(text, [""; 0])]).unwrap();
                assert_eq!(report.right, 1, "{preset}: {text}");
            }
            let classifier = Classifier::from(Arc::clone(learner.model()));
            for text in texts {
                assert!(classifier.predict(text).unwrap().is_rejected(), "{preset}: {text}");
            }
            let answered = home()
                .iter()
                .filter(|example| {
                    let prediction = classifier.predict(&example.text).unwrap();
                    let names: Vec<&String> = prediction
                        .labels()
                        .iter()
                        .map(|scored| &classifier.labels()[scored.label as usize])
                        .collect();
                    names == example.labels.iter().collect::<Vec<_>>()
                })
                .count();
            assert!(answered >= home().len() - 1, "{preset}: {answered} of {}", home().len());
        }
    }
}

#[test]
fn a_text_corrected_to_no_label_can_be_corrected_back() {
    for mut learner in learners(Preset::Single) {
        let text = "turn on the washing machine";
        learner.update(&[Example::new(text, [""; 0])]).unwrap();
        let report = learner.update(&[Example::new(text, ["light_on"])]).unwrap();
        assert_eq!(report.right, 1);
    }
}

#[test]
fn a_label_learned_from_one_line_answers_near_copies_of_it() {
    let [mut learner, _] = learners(Preset::Single);
    let report = learner.update(&[Example::new("turn on the wipers", ["wipers"])]).unwrap();
    assert_eq!((report.right, &report.new_labels[..]), (1, &["wipers".to_string()][..]));
    let classifier = Classifier::from(Arc::clone(learner.model()));
    let best = |text: &str| {
        let options = PredictOptions { top: Some(1), keep: Some(1.0), ..PredictOptions::default() };
        let prediction = classifier.predict_with(text, &options).unwrap();
        classifier.labels()[prediction.labels()[0].label as usize].clone()
    };
    for text in ["wipers please", "turn the wipers on", "wipers on", "please turn on the wipers"] {
        assert_eq!(best(text), "wipers", "{text}");
    }
    for example in home() {
        assert_eq!([best(&example.text)], example.labels[..], "{}", example.text);
    }
}
