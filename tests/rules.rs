//! Keyword rules.

use intentkit::data::Example;
use intentkit::learn::{Change, Learner};
use intentkit::model::Model;
use intentkit::{Classifier, PredictOptions, Rule, Source};
use std::sync::Arc;

fn rules() -> Vec<Rule> {
    Rule::of_json(
        r#"[{"label": "vision", "keywords": ["screenshot", "my screen"]},
            {"label": "music", "keywords": ["song"], "phrases": ["surprise me"]}]"#,
    )
    .unwrap()
}

fn answer(classifier: &Classifier, text: &str) -> Vec<String> {
    let prediction = classifier.predict(text).unwrap();
    prediction.labels().iter().map(|s| classifier.labels()[s.label as usize].clone()).collect()
}

#[test]
fn a_classifier_of_rules_alone_answers_without_training_data_and_rejects_everything_else() {
    let classifier = Classifier::new(Model::of_rules(&rules()).unwrap());
    assert_eq!(answer(&classifier, "Take a SCREENSHOT, please"), ["vision"]);
    assert_eq!(answer(&classifier, "play a song about my screen"), ["vision", "music"]);
    assert_eq!(answer(&classifier, "Surprise me!"), ["music"]);
    assert!(answer(&classifier, "surprise me again").is_empty());
    let prediction = classifier.predict("a song").unwrap();
    assert_eq!((prediction.source(), prediction.labels()[0].probability), (Source::Rule, 0.85));
    assert!(Model::of_rules(&[]).is_err());
    // In a batch, and from its file.
    let again = Classifier::from_bytes(classifier.model().as_bytes()).unwrap();
    let texts = ["a song", "nothing of the kind", "my screen"];
    let batch = again.predict_batch(&texts, &PredictOptions::default()).unwrap();
    for (text, prediction) in texts.iter().zip(batch) {
        assert_eq!(prediction, classifier.predict(text).unwrap());
    }
}

#[test]
fn elided_words_ask_for_their_label_after_saving_as_well() {
    let rule = |label: &str, keyword: &str| Rule {
        label: label.into(),
        keywords: vec![keyword.into()],
        phrases: vec![],
    };
    let rules = [rule("alarm", "alarme"), rule("time", "heure"), rule("water", "eau"), rule("cpp", "c++")];
    let made = Classifier::new(Model::of_rules(&rules).unwrap());
    let read = Classifier::from_bytes(made.model().as_bytes()).unwrap();
    for classifier in [made, read] {
        for (text, wanted) in [
            ("coupe l'alarme", vec!["alarm"]),
            ("donne-moi l’heure", vec!["time"]),
            ("plus d'eau", vec!["water"]),
            ("teach me c++", vec!["cpp"]),
            ("vitamin c", vec![]),
        ] {
            assert_eq!(answer(&classifier, text), wanted, "{text}");
        }
    }
}

#[test]
fn a_classifier_of_rules_learns_from_examples_what_its_rules_do_not_say() {
    let mut learner = Learner::of(Arc::new(Model::of_rules(&rules()).unwrap())).unwrap();
    assert!(learner.has_history(), "nothing is forgotten by training it anew");
    let of = |text: &str, label: &str| Example::new(text, [label]);
    let examples = [
        of("what do you see in front of you", "vision"),
        of("describe the picture", "vision"),
        of("put on some jazz", "music"),
        of("turn the radio up", "music"),
        of("wake me at seven", "alarm"),
    ];
    for example in &examples {
        let report = learner.update(std::slice::from_ref(example)).unwrap();
        assert_eq!(report.right, 1, "{}", example.text);
    }
    let classifier = Classifier::from_bytes(learner.model().as_bytes()).unwrap();
    for example in &examples {
        assert_eq!(answer(&classifier, &example.text), example.labels, "{}", example.text);
        assert_eq!(classifier.predict(&example.text).unwrap().source(), Source::Network);
    }
    assert_eq!(answer(&classifier, "a screenshot"), ["vision"]);
    assert!(answer(&classifier, "Привет").is_empty());
}

/// Returns a learner of rules that has learned, and what it has learned.
fn taught() -> (Learner, Vec<Example>) {
    let of = |text: &str, label: &str| Example::new(text, [label]);
    let examples = vec![
        of("what do you see in front of you", "vision"),
        of("describe the picture", "vision"),
        of("read me the sign over there", "vision"),
        of("put on some jazz", "music"),
        of("turn the radio up", "music"),
        of("wake me at seven", "alarm"),
    ];
    let mut learner = Learner::of(Arc::new(Model::of_rules(&rules()).unwrap())).unwrap();
    for example in &examples {
        learner.update(std::slice::from_ref(example)).unwrap();
    }
    (learner, examples)
}

#[test]
fn what_a_classifier_of_rules_learned_is_its_history_only_while_it_is_kept() {
    let (learner, _) = taught();
    assert!(learner.has_history());
    let loaded = |learner: &Learner| {
        Learner::of(Arc::new(Model::from_bytes(learner.model().as_bytes()).unwrap())).unwrap()
    };
    assert!(!loaded(&learner).has_history(), "its examples were left where it was saved");
    // A text without labels is learned too, and rules alone are not.
    let mut outside = Learner::of(Arc::new(Model::of_rules(&rules()).unwrap())).unwrap();
    outside.apply(&Change::Rules(rules()[..1].to_vec())).unwrap();
    outside.apply(&Change::Rename { label: "music".into(), to: "radio".into() }).unwrap();
    assert!(loaded(&outside).has_history());
    outside.update(&[Example::new("what a lovely day", [""; 0])]).unwrap();
    assert!(!loaded(&outside).has_history());
}

#[test]
fn a_classifier_of_rules_whose_examples_are_not_kept_learns_more_and_forgets_nothing() {
    let (kept, examples) = taught();
    let loaded = Learner::of(Arc::new(Model::from_bytes(kept.model().as_bytes()).unwrap())).unwrap();
    let mut forgetful = kept;
    drop(forgetful.forget());
    for mut learner in [loaded, forgetful] {
        let more = [Example::new("look at the screen", ["vision"]), Example::new("order pizza", ["food"])];
        for example in &more {
            assert_eq!(learner.update(std::slice::from_ref(example)).unwrap().right, 1, "{}", example.text);
        }
        let classifier = Classifier::from(Arc::clone(learner.model()));
        for example in examples.iter().chain(&more) {
            // Others may be chosen beside it: a few updates of so small a model reach far.
            let answer = answer(&classifier, &example.text);
            assert!(answer.contains(&example.labels[0]), "{}: {answer:?}", example.text);
        }
        assert!(answer(&classifier, "Привет").is_empty());
    }
}

#[test]
fn labels_that_only_rules_can_choose_stay_so_when_they_are_merged() {
    let (kept, _) = taught();
    let mut learner = Learner::of(Arc::clone(kept.model())).unwrap();
    let rules = r#"[{"label": "one", "keywords": ["first"]}, {"label": "two", "keywords": ["second"]}]"#;
    learner.apply(&Change::Rules(Rule::of_json(rules).unwrap())).unwrap();
    let change = Change::Merge { label: "one".into(), into: "two".into() };
    assert_eq!(learner.apply(&change).unwrap().steps, 0, "there is nothing to learn it from");
    let classifier = Classifier::from(Arc::clone(learner.model()));
    assert_eq!(answer(&classifier, "First!"), ["two"]);
    assert!(answer(&classifier, "describe the picture").iter().all(|label| label != "two"));
}

#[test]
fn rules_follow_their_labels_and_can_be_replaced() {
    let sample = Model::load(std::path::Path::new("models/assistant.intent")).unwrap();
    let rule = Rule { label: "GARDEN".into(), keywords: vec!["ficus".into()], phrases: vec![] };
    let mut learner = Learner::of(Arc::new(sample.with_rules(std::slice::from_ref(&rule)).unwrap())).unwrap();
    let of =
        |learner: &Learner| answer(&Classifier::from_bytes(learner.model().as_bytes()).unwrap(), "ficus");
    assert_eq!(of(&learner), ["GARDEN"]);
    learner.apply(&Change::Rename { label: "GARDEN".into(), to: "PLANTS".into() }).unwrap();
    assert_eq!(of(&learner), ["PLANTS"]);
    learner.apply(&Change::Rules(vec![Rule { label: "CHATBOTS".into(), ..rule.clone() }])).unwrap();
    assert_eq!(of(&learner), ["CHATBOTS"]);
    learner.apply(&Change::Rules(vec![rule])).unwrap();
    assert_eq!(of(&learner), ["GARDEN"]);
    learner.apply(&Change::Merge { label: "GARDEN".into(), into: "PLANTS".into() }).unwrap();
    assert_eq!(of(&learner), ["PLANTS"], "the label that stays answers for both");
    learner.apply(&Change::Remove { label: "PLANTS".into() }).unwrap();
    assert!(of(&learner).is_empty() && learner.model().metadata().rules.is_empty());
}

#[test]
fn a_model_without_rules_has_the_same_bytes_as_before_rules_were_invented() {
    let sample = Model::load(std::path::Path::new("models/assistant.intent")).unwrap();
    assert!(!String::from_utf8_lossy(sample.as_bytes()).contains("rules"));
    assert_eq!(sample.with_rules(&[]).unwrap().as_bytes(), sample.as_bytes());
}
