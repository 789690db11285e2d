//! The live classifier.

use intentkit::classifier::{QueueOptions, RetrainOptions};
use intentkit::data::{Example, read_file};
use intentkit::learn::{Change, Durability};
use intentkit::monitor::StatisticsReport;
use intentkit::train::Dataset;
use intentkit::{Classifier, Error, LiveClassifier, PredictOptions, Rule, Scored, TrainOptions};
use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(120);

fn loaded() -> LiveClassifier {
    LiveClassifier::load("models/assistant.intent").unwrap()
}

fn lines() -> Vec<Example> {
    read_file(Path::new("models/assistant.jsonl"), None).unwrap()
}

fn trained() -> LiveClassifier {
    let options = TrainOptions { epochs: Some(20), ..TrainOptions::default() };
    LiveClassifier::train(&Dataset::of(&lines()), None, &options, None, &mut |_| true).unwrap().0
}

fn of(text: &str, label: &str) -> Example {
    Example::new(text, [label])
}

fn labels(live: &LiveClassifier, text: &str) -> Vec<String> {
    live.predict(text).unwrap().labels().map(|(name, _)| name.to_owned()).collect()
}

/// Blocks on a future: an executor of ten lines.
fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
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
fn a_correction_is_known_when_learn_returns_and_whoever_holds_the_old_model_keeps_it() {
    let live = loaded();
    let held = live.current();
    let report = live.update(&[of("zebra quokka tango", "GARDEN")]).unwrap();
    assert_eq!((report.right, &report.new_labels[..]), (1, &["GARDEN".to_owned()][..]));
    assert_eq!(labels(&live, "zebra quokka tango"), ["GARDEN"]);
    assert_eq!((held.version(), live.current().version()), (1, 2));
    assert!(!held.labels().contains(&"GARDEN".to_owned()));
    live.change(&Change::Rename { label: "GARDEN".into(), to: "PLANTS".into() }).unwrap();
    assert_eq!(labels(&live, "zebra quokka tango"), ["PLANTS"]);
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
    // Enough to rewrite the file once.
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
    let options = RetrainOptions {
        after: Some(6),
        training: TrainOptions { epochs: Some(20), threads: 1, ..TrainOptions::default() },
        ..RetrainOptions::default()
    };
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
    // Learned during the training of the new model, which must know it too.
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
    // Both continue to work, and the new file contains what this one learns.
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

#[test]
fn a_worse_model_is_not_taken_and_the_statistics_say_so() {
    let live = trained();
    let training = TrainOptions { epochs: Some(1), threads: 1, ..TrainOptions::default() };
    live.set_retraining(RetrainOptions { after: None, training: training.clone(), golden: vec![] });
    let before = live.current();
    live.retrain().unwrap();
    assert!(live.wait_for_retraining(LONG));
    let report = live.statistics();
    assert_eq!((report.retrained, report.retrainings_refused), (0, 1));
    assert!(report.last_refusal.unwrap().contains("held-out lines are classified correctly"));
    assert_eq!(live.current().version(), before.version());

    // Good on held-out lines, and worse on golden examples.
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
    live.set_retraining(RetrainOptions {
        training: TrainOptions { epochs: Some(1_000_000), threads: 1, ..TrainOptions::default() },
        ..RetrainOptions::default()
    });
    live.retrain().unwrap();
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

/// Returns a queue whose only worker is blocked until released.
fn held_up(capacity: usize) -> (LiveClassifier, Arc<Barrier>) {
    let live = loaded();
    live.set_queue(QueueOptions { workers: 1, capacity }).unwrap();
    let (gate, inside) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (in_callback, started) = (Arc::clone(&gate), Arc::clone(&inside));
    live.submit("hold on".into(), PredictOptions::default(), move |_| {
        started.wait();
        in_callback.wait();
    })
    .unwrap();
    inside.wait();
    (live, gate)
}

#[test]
fn a_full_queue_refuses_and_forgets_nothing() {
    let (live, gate) = held_up(3);
    let answered = Arc::new(AtomicUsize::new(0));
    let submit = || {
        let answered = Arc::clone(&answered);
        live.submit("read my mail".into(), PredictOptions::default(), move |answer| {
            answer.unwrap();
            answered.fetch_add(1, Ordering::SeqCst);
        })
    };
    for _ in 0..3 {
        submit().unwrap();
    }
    let error = submit().map(drop).unwrap_err();
    assert!(
        matches!(error, Error::Busy { waiting: 3 }) && error.to_string().contains("3 requests"),
        "{error}"
    );
    gate.wait();
    live.finish();
    assert_eq!(answered.load(Ordering::SeqCst), 3);
    assert!(matches!(submit().map(drop), Err(Error::ShutDown)));
    assert_eq!(live.statistics().busy, 1);
}

#[test]
fn a_request_is_cancelled_before_it_starts_and_not_behind() {
    let (live, gate) = held_up(8);
    let (send, receive) = channel();
    let ask = |number: usize| {
        let send = send.clone();
        let done = move |answer: Result<_, Error>| send.send((number, answer.map(drop))).unwrap();
        live.submit("read my mail".into(), PredictOptions::default(), done).unwrap()
    };
    let (first, second) = (ask(1), ask(2));
    let future = live.predict_async("read my mail".into(), PredictOptions::default()).unwrap();
    assert!(first.cancel() && !first.cancel());
    assert!(future.cancel());
    gate.wait();
    assert!(matches!(wait(future), Err(Error::Cancelled)));
    let answers: HashMap<usize, Result<(), Error>> = receive.iter().take(2).collect();
    assert!(matches!(answers[&1], Err(Error::Cancelled)) && answers[&2].is_ok());
    assert!(!second.cancel(), "answered already");
    assert_eq!(live.statistics().cancelled, 2);
}

#[test]
fn dropping_a_classifier_cancels_what_waits_and_delivers_everything() {
    let (live, gate) = held_up(64);
    let delivered = Arc::new(Mutex::new(vec![]));
    for i in 0..40 {
        let delivered = Arc::clone(&delivered);
        let done = move |answer: Result<_, Error>| delivered.lock().unwrap().push((i, answer.is_ok()));
        live.submit("read my mail".into(), PredictOptions::default(), done).unwrap();
    }
    let dropping = thread::spawn(move || drop(live));
    thread::sleep(Duration::from_millis(50));
    gate.wait();
    dropping.join().unwrap();
    let mut delivered = delivered.lock().unwrap().clone();
    delivered.sort_unstable();
    assert_eq!(delivered, (0..40).map(|i| (i, false)).collect::<Vec<_>>());
}

#[test]
fn a_callback_may_ask_learn_finish_and_drop_the_classifier() {
    let live = Arc::new(Mutex::new(Some(loaded())));
    let (send, receive) = channel();
    let inside = Arc::clone(&live);
    let done = move |answer: Result<_, Error>| {
        answer.map(drop).unwrap();
        let live = inside.lock().unwrap().take().unwrap();
        assert!(!labels(&live, "read my mail").is_empty());
        live.update(&[of("zebra quokka tango", "GARDEN")]).unwrap();
        let send_next = send.clone();
        live.submit("read my mail".into(), PredictOptions::default(), move |answer| {
            send_next.send(answer.map(drop).err().map(|e| e.to_string())).unwrap();
        })
        .unwrap();
        live.finish();
        drop(live);
        send.send(None).unwrap();
    };
    let guard = live.lock().unwrap();
    guard.as_ref().unwrap().set_queue(QueueOptions { workers: 1, capacity: 4 }).unwrap();
    guard.as_ref().unwrap().submit("read my mail".into(), PredictOptions::default(), done).unwrap();
    drop(guard);
    let found: Vec<Option<String>> = receive.iter().take(2).collect();
    assert!(found[0].is_none(), "the callback returned");
}

#[test]
fn a_callback_that_panics_takes_nobody_along() {
    let live = loaded();
    live.set_queue(QueueOptions { workers: 1, capacity: 16 }).unwrap();
    live.submit("read my mail".into(), PredictOptions::default(), |_| panic!("a host's mistake")).unwrap();
    let answer = wait(live.predict_async("read my mail".into(), PredictOptions::default()).unwrap());
    assert!(answer.is_ok());
}

/// Sixteen threads predict while one learns, saves and swaps. Each prediction must be that of the
/// model with its version.
#[test]
fn every_answer_is_that_of_the_model_it_names() {
    let live = loaded();
    let folder = tempfile::tempdir().unwrap();
    let options = PredictOptions { top: Some(1), keep: Some(1.0), ..PredictOptions::default() };
    let texts: Vec<String> = lines().into_iter().step_by(11).map(|line| line.text).collect();
    let answers = |classifier: &Classifier| -> Vec<Scored> {
        let best = |text: &String| classifier.predict_with(text, &options).unwrap().labels()[0];
        texts.iter().map(best).collect()
    };
    let of_version = Mutex::new(HashMap::from([(1, answers(&live.current()))]));
    let done = AtomicBool::new(false);
    let asked = AtomicUsize::new(0);
    // Fewer under a sanitizer, which is slow.
    let wanted = std::env::var("INTENTKIT_STRESS").map_or(1_000_000, |number| number.parse().unwrap());
    let seen: Vec<HashMap<(u64, usize), Scored>> = thread::scope(|scope| {
        let readers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let (mut seen, mut last) = (HashMap::new(), 0);
                    while !done.load(Ordering::Relaxed) {
                        for (i, text) in texts.iter().enumerate() {
                            let mut room = [Scored::default()];
                            let decided = live.predict_into(text, &options, &mut room).unwrap();
                            assert!(decided.version >= last, "versions never go back");
                            last = decided.version;
                            let before = *seen.entry((last, i)).or_insert(room[0]);
                            assert_eq!(before, room[0], "one model, one answer");
                        }
                        asked.fetch_add(texts.len(), Ordering::Relaxed);
                    }
                    seen
                })
            })
            .collect();
        let path = folder.path().join("live.intent");
        for i in 0.. {
            live.update(&[of(
                &format!("new text {i} zebra"),
                if i % 2 == 0 { "GARDEN" } else { "CHATBOTS" },
            )])
            .unwrap();
            let current = live.current();
            of_version.lock().unwrap().insert(current.version(), answers(&current));
            current.save(&path).unwrap();
            if i >= 20 && asked.load(Ordering::Relaxed) >= wanted {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    let of_version = of_version.into_inner().unwrap();
    for ((version, text), found) in seen.into_iter().flatten() {
        assert_eq!(of_version[&version][text], found, "version {version}");
    }
    let report: StatisticsReport = live.statistics();
    assert!(report.predictions >= asked.load(Ordering::Relaxed) as u64 && report.latency.p50_us > 0.0);
}

#[test]
fn statistics_add_up() {
    let live = loaded();
    let mut room = [Scored::default(); 4];
    let (mut rejected, mut given) = (0, 0);
    let texts: Vec<String> =
        lines().into_iter().map(|line| line.text).chain([String::from("Привет")]).collect();
    for text in &texts {
        let decided = live.predict_into(text, &PredictOptions::default(), &mut room).unwrap();
        rejected += u64::from(decided.count == 0);
        given += decided.count as u64;
    }
    let report = live.statistics();
    assert_eq!((report.predictions, report.rejected), (texts.len() as u64, rejected));
    assert_eq!(report.labels.values().sum::<u64>(), given);
    assert_eq!((report.engines.len(), report.engines[0].predictions), (1, texts.len() as u64));
    assert!(report.mean_confidence > 0.5 && report.mean_confidence <= 1.0);
    let latency = report.latency;
    assert!(0.0 < latency.p50_us && latency.p50_us <= latency.p95_us && latency.p95_us <= latency.p99_us);
    assert!(latency.p99_us <= latency.max_us && latency.mean_us <= latency.max_us);
    assert!(report.stages["network"].count > 0 && report.stages["network"].p50_us < latency.max_us);
    assert!(report.load_ms.unwrap() > 0.0 && report.model_version == 1);
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["predictions"], texts.len());
    let metrics = report.to_open_metrics();
    assert!(metrics.contains(&format!("intentkit_prediction_seconds_count {}\n", texts.len())));
    assert!(metrics.ends_with("# EOF\n"));
    live.count(false);
    live.predict("read my mail").unwrap();
    assert_eq!(live.statistics().predictions, texts.len() as u64);
}

/// One in 64 is timed by stage, so among this many some certainly are.
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
