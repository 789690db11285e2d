//! What the live classifier promises.

#[path = "support/live.rs"]
mod support;

use intentkit::classifier::RetrainOptions;
use intentkit::data::Example;
use intentkit::decision::Cost;
use intentkit::learn::{Change, Durability};
use intentkit::train::Dataset;
use intentkit::{Classifier, Error, LiveClassifier, PredictOptions, Rule, Scored, TrainOptions};
use std::sync::Arc;
use std::time::Duration;
use support::{labels, lines, loaded, of, wait};

/// Under the thread sanitizer a retraining takes minutes.
const LONG: Duration = Duration::from_secs(600);

/// A short training that ends with the same separators whatever is added.
fn short() -> TrainOptions {
    let separators = Some(["and", ","].map(str::to_owned).to_vec());
    TrainOptions { epochs: Some(20), threads: 1, separators, ..TrainOptions::default() }
}

fn trained() -> LiveClassifier {
    let options = TrainOptions { threads: 0, ..short() };
    LiveClassifier::train(&Dataset::of(&lines()), None, &options, None, &mut |_| true).unwrap().0
}

#[test]
fn a_live_classifier_answers_as_the_classifier_it_was_made_from() {
    let (live, plain) = (loaded(), Classifier::load("models/assistant.intent").unwrap());
    let options = PredictOptions::default();
    let texts: Vec<String> = lines().into_iter().step_by(7).map(|line| line.text).collect();
    let (mut rows, mut counts) = (vec![Scored::default(); texts.len() * 3], vec![0; texts.len()]);
    assert_eq!(live.predict_batch_into(&texts, &options, &mut rows, 3, &mut counts).unwrap(), 1);
    for (i, text) in texts.iter().enumerate() {
        let wanted = plain.predict(text).unwrap();
        let answer = live.predict(text).unwrap();
        assert_eq!((answer.prediction(), answer.version()), (&wanted, 1));
        let mut room = [Scored::default(); 3];
        let decided = live.predict_into(text, &options, &mut room).unwrap();
        assert_eq!((decided.count, decided.version), (wanted.labels().len(), 1));
        assert_eq!(room[..decided.count.min(3)], wanted.labels()[..decided.count.min(3)]);
        assert_eq!(counts[i], decided.count);
        assert_eq!(wait(live.predict_async(text.clone(), options).unwrap()).unwrap().prediction(), &wanted);
    }
}

#[test]
fn calls_without_room_for_labels_leave_the_mean_confidence_as_it_is() {
    let (live, options) = (loaded(), PredictOptions::default());
    let text = "can you see my screen?";
    let mut room = [Scored::default()];
    assert!(live.predict_into(text, &options, &mut room).unwrap().count > 0);
    let before = live.statistics().mean_confidence;
    assert!((before - f64::from(room[0].probability)).abs() < 1e-5);
    for _ in 0..3 {
        assert!(live.predict_into(text, &options, &mut []).unwrap().count > 0);
        live.predict_batch_into(&[text; 2], &options, &mut [], 0, &mut [0; 2]).unwrap();
        assert_eq!(live.predict_into("Привет", &options, &mut []).unwrap().count, 0);
    }
    let report = live.statistics();
    assert_eq!((report.predictions, report.rejected, report.mean_confidence), (13, 3, before));
}

#[test]
fn new_labels_can_be_forbidden() {
    let live = loaded();
    live.allow_new_labels(false);
    let before = live.current();
    let error = live.update(&[of("zebra quokka tango", "GARDEN")]).unwrap_err().to_string();
    assert!(error.contains("`GARDEN`") && error.contains("forbidden"), "{error}");
    assert_eq!(live.current().version(), before.version());
    live.update(&[of("zebra quokka tango", &before.labels()[0])]).unwrap();
}

#[test]
fn what_a_learner_file_was_told_is_there_after_opening_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assistant.learner");
    let live = loaded();
    live.save_learner(&path, Durability::Process).unwrap();
    // Enough that the file is written anew on the way.
    for i in 0..140 {
        live.update(&[of(
            &format!("water plant number {i}"),
            if i % 3 == 0 { "GARDEN" } else { "CHATBOTS" },
        )])
        .unwrap();
    }
    let bytes = live.current().model().as_bytes().to_vec();
    let error = LiveClassifier::load_learner(&path, Durability::Process).map(drop).unwrap_err().to_string();
    assert!(error.contains("another process or classifier"), "{error}");
    drop(live);
    let again = LiveClassifier::load_learner(&path, Durability::Power).unwrap();
    assert_eq!(again.current().model().as_bytes(), bytes);
    assert_eq!(again.statistics().kept, 140);
    again.forget_examples().unwrap();
    assert_eq!((again.statistics().kept, again.current().model().as_bytes()), (0, &bytes[..]));
    drop(again);
    let file = std::fs::read(&path).unwrap();
    assert!(!file.windows(11).any(|window| window == b"water plant"), "no text is left in the file");
}

#[test]
fn a_learner_file_that_cannot_be_made_is_an_error_and_learning_goes_on_without() {
    let folder = tempfile::tempdir().unwrap();
    let live = loaded();
    let error = live.save_learner(folder.path().join("none/x.learner"), Durability::Process).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    live.update(&[of("zebra quokka tango", "GARDEN")]).unwrap();
    assert_eq!(labels(&live, "zebra quokka tango"), ["GARDEN"]);
}

#[test]
fn retraining_gives_a_model_that_knows_what_was_learned_and_can_be_taken_back() {
    let live = trained();
    let options = RetrainOptions { after: Some(6), training: short(), ..RetrainOptions::default() };
    live.set_retraining(options);
    let names = live.current().labels().to_vec();
    let texts =
        ["water the ficus", "the orchid needs water", "prune the roses", "rake the leaves", "mow the lawn"];
    for text in texts {
        live.update(&[of(text, "GARDEN")]).unwrap();
    }
    assert!(!live.statistics().retraining);
    live.update(&[of("plant a tree", "GARDEN")]).unwrap();
    assert!(live.statistics().retraining);
    // Learned while the new model is trained, and by it all the same.
    live.update(&[of("zebra quokka tango", "CHATBOTS")]).unwrap();
    let before = live.current();
    assert!(live.wait_for_retraining(LONG));
    let report = live.statistics();
    assert_eq!((report.retrained, report.retrainings_refused), (1, 0), "{:?}", report.last_refusal);
    assert!(live.current().version() > before.version());
    assert_eq!(live.current().model().metadata().training.examples, lines().len() + 6);
    assert_eq!(live.current().labels()[..names.len()], names, "indices stay");
    assert_eq!(labels(&live, "zebra quokka tango"), ["CHATBOTS"]);
    assert!(texts.iter().all(|text| labels(&live, text) == ["GARDEN"]));

    live.update(&[of("something else again", "GARDEN")]).unwrap();
    live.roll_back().unwrap();
    assert_eq!(live.current().model().metadata().training.examples, lines().len());
    assert_eq!(labels(&live, "something else again"), ["GARDEN"], "learned since, and not lost");
    assert!(live.roll_back().unwrap_err().to_string().contains("no model from before"));
}

#[test]
fn a_model_takes_the_place_of_another_with_what_was_learned_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("light.learner");
    let rules = Rule::of_json(r#"[{"label": "light", "keywords": ["lamp"]}]"#).unwrap();
    let live = LiveClassifier::of_rules(&rules).unwrap();
    live.save_learner(&file, Durability::Process).unwrap();
    assert_eq!(labels(&live, "the lamp"), ["light"]);

    let new = trained();
    new.update(&[of("water the ficus", "GARDEN")]).unwrap();
    let kept = new.kept_examples().len();
    live.replace(&new).unwrap();
    assert_eq!((live.current().version(), labels(&live, "water the ficus")), (2, vec!["GARDEN".to_owned()]));
    assert!(live.predict("the lamp").unwrap().labels().all(|(name, _)| name != "light"));
    assert_eq!((live.kept_examples().len(), new.kept_examples().len()), (kept, 0));
    // Both go on, and what this one learns is in its file.
    assert_eq!(labels(&new, "water the ficus"), ["GARDEN"]);
    live.update(&[of("feed the goldfish", "POND")]).unwrap();
    drop(live);
    let again = LiveClassifier::load_learner(&file, Durability::Process).unwrap();
    assert_eq!(labels(&again, "feed the goldfish"), ["POND"]);
    assert_eq!(again.kept_examples().len(), kept + 1);
}

#[test]
fn a_replacement_that_cannot_be_made_changes_nothing() {
    let live = loaded();
    assert!(matches!(live.replace(&live), Err(Error::InvalidArgument(_))));
    let folder = tempfile::tempdir().unwrap();
    live.save_learner(folder.path().join("m.learner"), Durability::Process).unwrap();
    let before = live.current();
    let new = trained();
    let kept = new.kept_examples().len();
    drop(folder);
    assert!(matches!(live.replace(&new), Err(Error::Io { .. })));
    assert!(Arc::ptr_eq(&live.current(), &before));
    assert_eq!(new.kept_examples().len(), kept);
}

/// Options of a retraining that doesn't end by itself while a test runs.
fn endless() -> RetrainOptions {
    let training = TrainOptions { epochs: Some(100_000), threads: 1, ..TrainOptions::default() };
    RetrainOptions { after: None, training, golden: vec![] }
}

/// Retrains once, so that there is a model to roll back to, and starts another retraining.
fn in_mid_retraining() -> LiveClassifier {
    let live = trained();
    let training = short();
    live.set_retraining(RetrainOptions { after: None, training, golden: vec![] });
    live.update(&[of("water the ficus", "GARDEN")]).unwrap();
    live.retrain().unwrap();
    assert!(live.wait_for_retraining(LONG));
    assert_eq!(live.statistics().retrained, 1, "{:?}", live.statistics().last_refusal);
    live.set_retraining(endless());
    live.retrain().unwrap();
    assert!(live.statistics().retraining);
    live
}

#[test]
fn a_replacement_that_fails_leaves_the_retraining_and_the_rollback_of_the_other() {
    let live = loaded();
    let folder = tempfile::tempdir().unwrap();
    live.save_learner(folder.path().join("m.learner"), Durability::Process).unwrap();
    let with = in_mid_retraining();
    let kept = with.kept_examples().len();
    drop(folder);
    assert!(matches!(live.replace(&with), Err(Error::Io { .. })));
    assert!(with.statistics().retraining);
    assert_eq!(with.kept_examples().len(), kept);
    with.roll_back().unwrap();
    assert_eq!(with.current().model().metadata().training.examples, lines().len());
}

#[test]
fn two_classifiers_that_replace_each_other_do_not_wait_for_each_other() {
    let (one, other) = (loaded(), loaded());
    std::thread::scope(|scope| {
        for (live, with) in [(&one, &other), (&other, &one)] {
            scope.spawn(move || (0..200).for_each(|_| live.replace(with).unwrap()));
        }
    });
    assert_eq!((one.current().version(), other.current().version()), (201, 201));
}

#[test]
fn a_rollback_that_fails_leaves_the_retraining_and_can_be_made_later() {
    let live = in_mid_retraining();
    let folder = tempfile::tempdir().unwrap();
    live.save_learner(folder.path().join("m.learner"), Durability::Process).unwrap();
    live.update(&[of("zebra quokka tango", "CHATBOTS")]).unwrap();
    let before = live.current();
    let there = folder.path().to_owned();
    drop(folder);
    assert!(matches!(live.roll_back(), Err(Error::Io { .. })));
    assert!(live.statistics().retraining);
    assert!(Arc::ptr_eq(&live.current(), &before));
    std::fs::create_dir(&there).unwrap();
    live.roll_back().unwrap();
    assert!(!live.statistics().retraining);
    assert_eq!(live.current().model().metadata().training.examples, lines().len());
    assert_eq!(labels(&live, "zebra quokka tango"), ["CHATBOTS"], "learned since, and not lost");
    std::fs::remove_dir_all(there).unwrap();
}

#[test]
fn a_worse_model_is_not_taken_and_the_statistics_say_so() {
    let live = trained();
    let training = TrainOptions { epochs: Some(1), ..short() };
    live.set_retraining(RetrainOptions { after: None, training: training.clone(), golden: vec![] });
    let before = live.current();
    live.retrain().unwrap();
    assert!(live.wait_for_retraining(LONG));
    let report = live.statistics();
    assert_eq!((report.retrained, report.retrainings_refused), (0, 1));
    assert!(report.last_refusal.unwrap().contains("held-out lines are classified correctly"));
    assert_eq!(live.current().version(), before.version());

    // One that does well on held-out lines and worse on what the host insists on.
    live.change(&Change::Update(vec![of("zebra quokka tango", "GARDEN")])).unwrap();
    let golden: Vec<Example> = lines().into_iter().filter(|l| labels(&live, &l.text) == l.labels).collect();
    live.set_retraining(RetrainOptions {
        after: None,
        training: TrainOptions { epochs: Some(20), feature_dropout: Some(0.9), ..training },
        golden,
    });
    live.retrain().unwrap();
    assert!(live.wait_for_retraining(LONG));
    let report = live.statistics();
    assert_eq!((report.retrained, report.retrainings_refused), (0, 2));
}

#[test]
fn costs_given_to_a_retraining_choose_the_acceptance_rate_of_its_model() {
    let live = trained();
    let keep = || live.current().model().metadata().reject.keep;
    assert_eq!(keep(), 0.95);
    let free = short();
    // Rejecting is as bad as a wrong label, and no text is out of scope.
    let dear = TrainOptions { cost: Some(Cost { ask_back: 1.0, foreign: 0.0 }), ..free.clone() };
    // Without costs the rate is that of the model.
    for (training, wanted) in [(dear, 1.0), (free, 1.0)] {
        live.set_retraining(RetrainOptions { after: None, training, golden: vec![] });
        live.retrain().unwrap();
        assert!(live.wait_for_retraining(LONG));
        assert_eq!((live.statistics().last_refusal, keep()), (None, wanted));
    }
    assert_eq!(live.statistics().retrained, 2);
}

#[test]
fn a_retraining_without_the_examples_of_training_is_refused_with_a_reason() {
    let live = loaded();
    live.set_retraining(RetrainOptions { after: Some(2), ..RetrainOptions::default() });
    assert!(live.retrain().unwrap_err().to_string().contains("are not kept"));
    live.update(&[of("one", "GARDEN")]).unwrap();
    live.update(&[of("two", "GARDEN")]).unwrap();
    let report = live.statistics();
    assert!(report.retrainings_refused == 1 && report.last_refusal.unwrap().contains("are not kept"));
}

#[test]
fn dropping_a_classifier_in_mid_retraining_stops_it() {
    let live = trained();
    live.set_retraining(endless());
    live.retrain().unwrap();
    assert!(live.statistics().retraining);
    drop(live);
}

#[test]
fn a_classifier_of_rules_becomes_a_trained_one() {
    let rules = [Rule { label: "light".into(), keywords: vec!["lamp".into()], phrases: vec![] }];
    let live = LiveClassifier::of_rules(&rules).unwrap();
    live.set_retraining(RetrainOptions { after: None, ..RetrainOptions::default() });
    for line in lines().into_iter().take(60) {
        live.update(&[line]).unwrap();
    }
    live.retrain().unwrap();
    assert!(live.wait_for_retraining(LONG));
    assert_eq!(live.statistics().retrained, 1, "{:?}", live.statistics().last_refusal);
    assert_eq!(live.current().model().metadata().training.examples, 60);
    assert_eq!(labels(&live, "a lamp"), ["light"], "rules stay");
}

#[test]
fn a_classifier_of_rules_that_learned_elsewhere_is_not_retrained_without_what_it_learned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("light.intent");
    let rules = [Rule { label: "light".into(), keywords: vec!["lamp".into()], phrases: vec![] }];
    let live = LiveClassifier::of_rules(&rules).unwrap();
    live.update(&[of("it is too dark in here", "light"), of("put on some jazz", "music")]).unwrap();
    live.current().save(&path).unwrap();
    let again = LiveClassifier::load(&path).unwrap();
    assert!(again.retrain().unwrap_err().to_string().contains("are not kept"));
    again.set_retraining(RetrainOptions { after: Some(1), ..RetrainOptions::default() });
    again.update(&[of("wake me at seven", "alarm")]).unwrap();
    let report = again.statistics();
    assert!(!report.retraining && report.retrained == 0);
    assert!(report.last_refusal.unwrap().contains("are not kept"));
    // What was learned from is kept where it was learned.
    live.retrain().unwrap();
    assert!(live.wait_for_retraining(LONG));
}

/// One of 64 is timed stage by stage, so that among so many there are some for sure.
#[test]
fn the_stages_of_requests_are_timed() {
    let live = loaded();
    let (options, requests) = (PredictOptions::default(), 3000);
    let wanted = live.predict("can you see my screen?").unwrap().prediction().clone();
    for _ in 0..requests {
        let answer = wait(live.predict_async("can you see my screen?".into(), options).unwrap()).unwrap();
        assert_eq!(answer.prediction(), &wanted);
    }
    let stages = live.statistics().stages;
    let timed = stages["network"].count;
    assert!(0 < timed && timed < requests / 8, "{timed} of {requests}");
    assert_eq!((stages["vectorize"].count, stages["decide"].count), (timed, timed));
    assert!(stages["network"].p50_us > 0.0 && stages["vectorize"].p50_us > 0.0);
    assert_eq!(stages["queue"].count, requests);
}
