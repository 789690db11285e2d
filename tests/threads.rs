//! A live classifier under many threads. CI runs this file under the thread sanitizer as well.

#[path = "support/live.rs"]
mod support;

use intentkit::classifier::QueueOptions;
use intentkit::learn::Change;
use intentkit::monitor::StatisticsReport;
use intentkit::{Classifier, Error, LiveClassifier, PredictOptions, Scored};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;
use support::{labels, lines, loaded, of, wait};

/// A queue whose one worker stands still until it is let go.
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
fn a_correction_is_known_when_update_returns_and_whoever_holds_the_old_model_keeps_it() {
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
fn a_request_is_cancelled_before_it_starts_and_not_after() {
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

/// Sixteen threads ask while one learns, saves and swaps: each answer is that of the model whose number it bears.
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
    // Fewer under a sanitizer, which takes its time.
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
