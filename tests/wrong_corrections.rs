//! Effects of useless or wrong corrections on a model, and how to repair them.

use intentkit::classifier::RetrainOptions;
use intentkit::data::Example;
use intentkit::train::Dataset;
use intentkit::{LiveClassifier, PredictOptions, TrainOptions};
use std::time::Duration;

#[test]
fn a_text_without_anything_to_learn_from_is_refused_and_changes_nothing() {
    let live = LiveClassifier::load("models/assistant.intent").unwrap();
    let before = live.current().model().as_bytes().to_vec();
    for text in ["", " ", "...", "—", "?!\u{200b}"] {
        let error = live.update(&[Example::new("lights on", ["VISION"]), Example::new(text, ["VISION"])]);
        let error = error.unwrap_err().to_string();
        assert!(
            error.starts_with("example 1 has labels, but its text contains nothing to learn from"),
            "{error}"
        );
        assert!(live.current().model().as_bytes().to_vec() == before);
        // It is rejected anyway.
        live.update(&[Example::new(text, [""; 0])]).unwrap();
    }
}

/// Returns lines of ten labels: words of the label among words that all labels share.
fn lines(count: usize, seed: u64) -> Vec<Example> {
    let mut state = seed;
    let mut below = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    let line = |i: usize| {
        let label = i % 10;
        let mut words: Vec<String> = (0..3).map(|_| format!("own{label}x{}", below(4))).collect();
        words.extend((0..4).map(|_| format!("common{}", below(8))));
        Example::new(words.join(" "), [format!("label {label}")])
    };
    (0..count).map(line).collect()
}

#[test]
fn a_retraining_heals_what_many_wrong_corrections_did() {
    let (train, later, test) = (lines(1000, 1), lines(300, 2), lines(500, 3));
    let options = TrainOptions { threads: 2, ..TrainOptions::default() };
    let data = Dataset::of(&train);
    let (live, _) = LiveClassifier::train(&data, None, &options, None, &mut |_| true).unwrap();
    live.set_retraining(RetrainOptions { after: None, training: options, ..RetrainOptions::default() });
    let answered = || live.current().evaluate(&test, &PredictOptions::default()).unwrap().exact_match;
    let start = answered();
    for (i, Example { text, .. }) in later.iter().enumerate() {
        live.update(&[Example::new(text, [format!("label {}", (i + 1 + i / 10) % 10)])]).unwrap();
    }
    let spoilt = answered();
    live.retrain().unwrap();
    assert!(live.wait_for_retraining(Duration::from_secs(600)));
    let healed = answered();
    let report = live.statistics();
    assert_eq!((report.retrained, report.retrainings_refused), (1, 0), "{:?}", report.last_refusal);
    assert!(healed > spoilt + 0.02 && healed > start - 0.04, "{start} {spoilt} {healed}");
}
