use super::*;
use crate::Classifier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(60);

fn model() -> Arc<Model> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent");
    Arc::new(Model::load(path.as_ref()).unwrap())
}

/// How a fake engine misbehaves.
#[derive(Clone)]
enum Manner {
    /// It is correct. Each call takes this long, plus twenty times the CPU's time, since the CPU
    /// may be slow itself; no delay if zero.
    Slow(Duration),
    /// Every logit is too large by this much.
    Off(f32),
    /// The smallest logit is nearly the largest.
    Lifts,
    /// It fails after this many calls.
    FailsAfter(usize),
    PanicsAfter(usize),
    NotANumberAfter(usize),
    Hangs,
}

struct Fake {
    name: &'static str,
    manner: Manner,
    calls: Arc<AtomicUsize>,
}

impl Engine for Fake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> Result<(), String> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let start = Instant::now();
        model.logits(rows, logits);
        match self.manner {
            Manner::Slow(time) if time > Duration::ZERO => thread::sleep(time + 20 * start.elapsed()),
            Manner::Off(by) => logits.iter_mut().for_each(|logit| *logit += by),
            Manner::Lifts => {
                for logits in logits.chunks_mut(model.labels().len()) {
                    let largest = logits.iter().fold(f32::MIN, |a, &b| a.max(b));
                    if let Some(least) = logits.iter_mut().min_by(|a, b| a.total_cmp(b)) {
                        *least = largest - 0.5;
                    }
                }
            }
            Manner::FailsAfter(calls) if call >= calls => return Err("the device is gone".to_owned()),
            Manner::PanicsAfter(calls) if call >= calls => panic!("on purpose"),
            Manner::NotANumberAfter(calls) if call >= calls => logits[0] = f32::NAN,
            Manner::Hangs => thread::sleep(Duration::from_secs(3600)),
            _ => {}
        }
        Ok(())
    }
}

fn candidate(
    name: &'static str,
    build: impl FnOnce(&Arc<Model>) -> Result<Box<dyn Engine>, String> + Send + 'static,
) -> Candidate {
    Candidate { name, is_usual: true, build: Box::new(build) }
}

fn fake(name: &'static str, manner: Manner) -> (Candidate, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let engine = Fake { name, manner, calls: Arc::clone(&calls) };
    (candidate(name, move |_| Ok(Box::new(engine) as Box<dyn Engine>)), calls)
}

const QUICK: Limits = Limits {
    candidate: Duration::from_secs(20),
    measuring: Duration::from_millis(2),
    between: Duration::from_secs(60),
};

fn chosen(model: &Arc<Model>, choice: EngineChoice, candidates: Vec<Candidate>) -> Engines {
    let engines = Engines::new(model).with_limits(QUICK);
    engines.choose_among(model, choice, || candidates);
    assert!(engines.wait(LONG));
    engines
}

fn state(engines: &Engines, name: &str) -> State {
    let report = engines.report();
    report.candidates.into_iter().find(|candidate| candidate.name == name).unwrap().state
}

fn rows(count: usize) -> Vec<FeatureVector> {
    (0..count).map(|i| std::array::from_fn(|j| if (i + j) % 7 == 0 { 0.16 } else { 0.01 })).collect()
}

/// Asserts the logits of the CPU, whichever engine is used.
fn assert_answers(engines: &Engines, model: &Model, rows: &[FeatureVector]) {
    let mut expected = vec![0.0; rows.len() * model.labels().len()];
    let mut found = vec![f32::NAN; expected.len()];
    model.logits(rows, &mut expected);
    engines.logits(model, rows, &mut found);
    assert_eq!(found, expected);
}

/// Predicts `count` rows. Returns true if the engine was used.
fn is_asked(engines: &Engines, model: &Model, calls: &AtomicUsize, count: usize) -> bool {
    let before = calls.load(Ordering::SeqCst);
    assert_answers(engines, model, &rows(count));
    calls.load(Ordering::SeqCst) > before
}

#[test]
fn without_a_choice_the_cpu_answers_and_nothing_is_measured() {
    let model = model();
    let engines = Engines::new(&model);
    assert_answers(&engines, &model, &rows(3));
    let report = engines.report();
    assert_eq!((report.single, report.batch, report.asked), ("cpu-int8", "cpu-int8", EngineChoice::Cpu));
    assert!(report.cpu.is_none() && report.candidates.is_empty() && !report.measuring);
}

#[test]
fn where_there_is_nothing_else_the_cpu_answers_and_the_report_says_so() {
    let model = model();
    for choice in [EngineChoice::Auto, EngineChoice::CoreMl] {
        let engines = chosen(&model, choice, vec![]);
        assert_answers(&engines, &model, &rows(1));
        assert!(engines.report().note.unwrap().contains("no Core ML"));
        assert_eq!(engines.name(), "cpu-int8");
    }
}

#[test]
fn a_slow_engine_is_measured_and_left_alone_unless_it_is_asked_for() {
    let model = model();
    let (slow, calls) = fake("slow", Manner::Slow(Duration::from_millis(1)));
    let engines = chosen(&model, EngineChoice::Auto, vec![slow]);
    assert!(matches!(state(&engines, "slow"), State::Agrees(figures) if figures.single_us >= 1000.0));
    assert!(engines.report().cpu.unwrap().single_us > 0.0);
    assert!(!is_asked(&engines, &model, &calls, 1) && !is_asked(&engines, &model, &calls, 5));

    engines.choose_among(&model, EngineChoice::CoreMl, || panic!("measured already"));
    assert_eq!((engines.report().single, engines.report().batch), ("slow", "slow"));
    assert!(is_asked(&engines, &model, &calls, 1) && is_asked(&engines, &model, &calls, 5));

    engines.choose_among(&model, EngineChoice::Cpu, || panic!("measured already"));
    assert!(!is_asked(&engines, &model, &calls, 1));
}

#[test]
fn compute_units_that_are_asked_for_are_tried_then_and_no_others_answer() {
    let model = model();
    let (usual, _) = fake("core-ml-cpu", Manner::Slow(Duration::ZERO));
    let (gpu, calls) = fake("core-ml-gpu", Manner::Slow(Duration::from_millis(1)));
    let gpu = Candidate { is_usual: false, ..gpu };
    let engines = chosen(&model, EngineChoice::CoreMl, vec![usual, gpu]);
    let names = |engines: &Engines| -> Vec<&str> {
        engines.report().candidates.iter().map(|candidate| candidate.name).collect()
    };
    assert_eq!((names(&engines), engines.name()), (vec!["core-ml-cpu"], "core-ml-cpu"));
    assert_eq!(calls.load(Ordering::SeqCst), 0, "a GPU is not tried unasked");

    engines.choose_among(&model, EngineChoice::CoreMlGpu, || panic!("offered already"));
    assert_eq!(engines.name(), "cpu-int8", "until it is measured");
    assert!(engines.wait(LONG));
    assert_eq!(engines.name(), "core-ml-gpu");
    assert!(is_asked(&engines, &model, &calls, 1) && is_asked(&engines, &model, &calls, 5));
    // It is not chosen automatically.
    engines.choose_among(&model, EngineChoice::CoreMl, || panic!("offered already"));
    assert_eq!(engines.name(), "core-ml-cpu");

    engines.choose_among(&model, EngineChoice::CoreMlNeuralEngine, || panic!("offered already"));
    assert_eq!(engines.name(), "cpu-int8");
    assert!(engines.report().note.unwrap().contains("does not offer these compute units"));
    engines.choose_among(&model, EngineChoice::CoreMlCpu, || panic!("offered already"));
    assert_eq!((engines.name(), engines.report().note), ("core-ml-cpu", None));
}

#[test]
fn what_is_asked_for_while_others_are_measured_is_measured_next() {
    let (send, receive) = mpsc::channel::<()>();
    let model = model();
    let (begins, begun) = mpsc::channel();
    let slow = candidate("core-ml-cpu", move |_| {
        let _ = begins.send(());
        let _ = receive.recv_timeout(LONG);
        Err("not this time".to_owned())
    });
    let gpu = Candidate { is_usual: false, ..fake("core-ml-gpu", Manner::Slow(Duration::ZERO)).0 };
    let engines = Engines::new(&model).with_limits(QUICK);
    engines.choose_among(&model, EngineChoice::Auto, || vec![slow, gpu]);
    begun.recv_timeout(LONG).unwrap();
    // Candidates being measured exist, though not measured yet.
    engines.choose_among(&model, EngineChoice::CoreMlCpu, || panic!("offered already"));
    assert_eq!(engines.report().note, None);
    engines.choose_among(&model, EngineChoice::CoreMlGpu, || panic!("offered already"));
    assert!(engines.report().measuring && engines.name() == "cpu-int8");
    send.send(()).unwrap();
    assert!(engines.wait(LONG));
    assert_eq!(engines.name(), "core-ml-gpu");
}

#[test]
fn every_choice_has_a_name_that_is_read_back() {
    for name in
        ["auto", "cpu", "core-ml", "core-ml-all", "core-ml-neural-engine", "core-ml-gpu", "core-ml-cpu"]
    {
        let choice: EngineChoice = name.parse().unwrap();
        assert_eq!((choice.name(), serde_json::to_string(&choice).unwrap()), (name, format!("\"{name}\"")));
    }
    assert!("gpu".parse::<EngineChoice>().unwrap_err().to_string().contains("core-ml-gpu"));
}

#[test]
fn an_engine_with_other_answers_is_dropped_with_the_reason() {
    let model = model();
    let (off, calls) = fake("off", Manner::Off(1.0));
    let (skewed, _) = fake("skewed", Manner::Lifts);
    let (near, _) = fake("near", Manner::Off(1e-3));
    let (number, _) = fake("number", Manner::NotANumberAfter(0));
    let engines = chosen(&model, EngineChoice::CoreMl, vec![off, skewed, near, number]);
    assert!(matches!(state(&engines, "off"), State::Dropped(reason) if reason.contains("largest logit")));
    assert!(matches!(state(&engines, "skewed"), State::Dropped(reason) if reason.contains("from the CPU's")));
    assert!(matches!(state(&engines, "near"), State::Agrees(_)), "{:?}", engines.report());
    assert!(matches!(state(&engines, "number"), State::Dropped(reason) if reason.contains("non-finite")));
    assert_eq!(engines.name(), "near");
    let tried = calls.load(Ordering::SeqCst);
    engines.logits(&model, &rows(1), &mut vec![0.0; model.labels().len()]);
    assert_eq!(calls.load(Ordering::SeqCst), tried);
}

#[test]
fn an_engine_that_cannot_be_built_or_panics_is_dropped() {
    let model = model();
    let missing = candidate("missing", |_| Err("no such device".to_owned()));
    let wild = candidate("wild", |_| panic!("on purpose"));
    let (late, _) = fake("late", Manner::PanicsAfter(1));
    let engines = chosen(&model, EngineChoice::CoreMl, vec![missing, wild, late]);
    assert_eq!(state(&engines, "missing"), State::Dropped("no such device".to_owned()));
    assert_eq!(state(&engines, "wild"), State::Dropped("it panicked".to_owned()));
    assert_eq!(state(&engines, "late"), State::Dropped("it panicked".to_owned()));
    assert_answers(&engines, &model, &rows(4));
}

#[test]
fn an_engine_that_hangs_is_left_behind_and_the_next_is_tried() {
    let model = model();
    let (hangs, _) = fake("hangs", Manner::Hangs);
    let (good, calls) = fake("good", Manner::Slow(Duration::ZERO));
    let engines = Engines::new(&model).with_limits(Limits { candidate: Duration::from_secs(2), ..QUICK });
    let start = Instant::now();
    engines.choose_among(&model, EngineChoice::CoreMl, || vec![hangs, good]);
    assert!(start.elapsed() < Duration::from_millis(150), "asking doesn't wait");
    assert!(engines.report().measuring);
    assert_answers(&engines, &model, &rows(1));
    assert!(engines.wait(LONG));
    assert!(matches!(state(&engines, "hangs"), State::Dropped(reason) if reason.contains("abandoned")));
    assert!(is_asked(&engines, &model, &calls, 1));
}

#[test]
fn an_engine_that_fails_later_is_replaced_in_the_same_call_and_not_asked_again() {
    let model = model();
    for (manner, words) in [
        (Manner::FailsAfter(usize::MAX), "the device is gone"),
        (Manner::PanicsAfter(usize::MAX), "panicked"),
        (Manner::NotANumberAfter(usize::MAX), "non-finite"),
    ] {
        // Good while it is tried; then the next call fails.
        let calls = Arc::new(AtomicUsize::new(0));
        let limit = 1 << 40;
        let manner = match manner {
            Manner::FailsAfter(_) => Manner::FailsAfter(limit),
            Manner::PanicsAfter(_) => Manner::PanicsAfter(limit),
            _ => Manner::NotANumberAfter(limit),
        };
        let engine = Fake { name: "fickle", manner, calls: Arc::clone(&calls) };
        let fickle = candidate("fickle", move |_| Ok(Box::new(engine) as Box<dyn Engine>));
        let engines = chosen(&model, EngineChoice::CoreMl, vec![fickle]);
        assert!(is_asked(&engines, &model, &calls, 2));
        calls.store(limit, Ordering::SeqCst);
        assert_answers(&engines, &model, &rows(2));
        assert!(matches!(state(&engines, "fickle"), State::Failed(reason) if reason.contains(words)));
        assert_eq!((engines.report().single, engines.report().batch), ("cpu-int8", "cpu-int8"));
        assert!(!is_asked(&engines, &model, &calls, 2));
        engines.choose_among(&model, EngineChoice::Auto, || panic!("measured already"));
        assert!(!is_asked(&engines, &model, &calls, 1), "nor after asking again");
    }
}

#[test]
fn dropping_everything_while_an_engine_is_measured_ends_the_measuring() {
    let (send, receive) = mpsc::channel();
    let model = model();
    let weak = Arc::downgrade(&model);
    let engines = Engines::new(&model).with_limits(QUICK);
    let (begins, begun) = mpsc::channel();
    let waits = candidate("waits", move |_| {
        let _ = begins.send(());
        let _ = receive.recv_timeout(LONG);
        Err("too late".to_owned())
    });
    let never = candidate("never", |_| panic!("nobody is there any more"));
    engines.choose_among(&model, EngineChoice::Auto, || vec![waits, never]);
    begun.recv_timeout(LONG).unwrap();
    drop((engines, model));
    send.send(()).unwrap();
    let end = Instant::now() + LONG;
    while weak.strong_count() > 0 {
        assert!(Instant::now() < end, "the measuring thread still holds the model");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn behind_a_swap_the_choice_holds_and_engines_are_measured_again_but_not_at_once() {
    let model = model();
    let (first, _) = fake("fake", Manner::Slow(Duration::ZERO));
    let engines = chosen(&model, EngineChoice::CoreMl, vec![first]);
    assert_eq!(engines.report().single, "fake");
    // A minute has not passed: the CPU is used, and stays so.
    let (second, asked) = fake("fake", Manner::Slow(Duration::ZERO));
    let next = engines.succeed_among(&model, || vec![second]);
    let report = next.report();
    assert_eq!((report.asked, report.measuring, report.single), (EngineChoice::CoreMl, true, "cpu-int8"));
    assert!(!next.wait(Duration::from_millis(50)) && asked.load(Ordering::Relaxed) == 0);
    // It has passed.
    let patient = chosen(&model, EngineChoice::CoreMl, vec![fake("fake", Manner::Slow(Duration::ZERO)).0])
        .with_limits(Limits { between: Duration::ZERO, ..QUICK });
    let next = patient.succeed_among(&model, || vec![fake("fake", Manner::Slow(Duration::ZERO)).0]);
    assert!(next.wait(Duration::from_secs(20)));
    assert_eq!(next.report().single, "fake");
    // A classifier on the CPU measures nothing.
    let _ = Engines::new(&model).succeed_among(&model, || panic!("nobody asked"));
}

#[test]
fn many_threads_predict_while_the_engine_is_switched() {
    let model = model();
    let (good, _) = fake("good", Manner::Slow(Duration::ZERO));
    let engines = chosen(&model, EngineChoice::CoreMl, vec![good]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..200).for_each(|i| assert_answers(&engines, &model, &rows(1 + i % 3))));
        }
        for i in 0..200 {
            let choice = if i % 2 == 0 { EngineChoice::Cpu } else { EngineChoice::CoreMl };
            engines.choose_among(&model, choice, || panic!("measured already"));
        }
    });
}

#[test]
fn a_classifier_answers_the_same_whatever_is_asked_for() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent");
    let classifier = Classifier::load(path).unwrap();
    let before = classifier.predict("can you see my screen?").unwrap();
    for choice in [EngineChoice::Auto, EngineChoice::CoreMl, EngineChoice::Cpu] {
        classifier.set_engine_choice(choice);
        assert!(classifier.wait_for_engine(LONG));
        assert_eq!(classifier.predict("can you see my screen?").unwrap(), before);
        assert_eq!(classifier.engine_report().asked, choice);
    }
}
