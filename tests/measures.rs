//! The metrics of an evaluation.

use intentkit::classifier::Evaluator;
use intentkit::data::{Example, read_file};
use intentkit::{Classifier, PredictOptions, TrainOptions};
use std::path::Path;

fn example(text: &str, labels: &[&str]) -> Example {
    Example::new(text, labels.iter().copied())
}

fn classifier() -> Classifier {
    let examples: Vec<Example> = (0..8)
        .flat_map(|i| {
            [example(&format!("red apple {i}"), &["red"]), example(&format!("blue ocean {i}"), &["blue"])]
        })
        .collect();
    Classifier::train(&examples, &TrainOptions { threads: 1, ..Default::default() }).unwrap().0
}

#[test]
fn figures_about_out_of_scope_lines_are_null_without_such_lines_and_those_about_in_scope_lines_are_not() {
    let lines = [example("red apple", &["red"]), example("blue ocean", &["blue"])];
    let found = classifier().evaluate(&lines, &PredictOptions::default()).unwrap();
    assert_eq!((found.examples, found.in_scope, found.accuracy, found.exact_match), (2, 2, 1.0, 1.0));
    assert_eq!((found.oos_auroc, found.oos_recall), (None, None));
    assert_eq!((found.in_scope_kept, found.reject_cost), (Some(1.0), Some(0.0)));
    assert!(found.ece >= 0.0 && found.ece < 1.0);
    let outside = classifier().evaluate(&[example("синий океан", &[])], &PredictOptions::default()).unwrap();
    assert_eq!((outside.oos_recall, outside.in_scope_kept, outside.reject_cost), (Some(1.0), None, None));
}

#[test]
fn rejecting_costs_the_exact_matches_that_there_would_be_without_it() {
    let sample = Classifier::load(Path::new("models/assistant.intent")).unwrap();
    let mut lines = read_file(Path::new("models/assistant-heldout.jsonl"), None).unwrap();
    lines.retain(|line| !line.labels.is_empty());
    let keep = |keep| {
        let options = PredictOptions { keep: Some(keep), ..PredictOptions::default() };
        sample.evaluate(&lines, &options).unwrap()
    };
    let (strict, open) = (keep(0.5), keep(1.0));
    assert_eq!(open.reject_cost, Some(0.0));
    let cost = strict.reject_cost.unwrap();
    assert!(cost > 0.1 && (open.exact_match - strict.exact_match - cost).abs() < 1e-12, "{cost}");
    // A rejected line that would be wrong anyway costs nothing.
    assert!(cost < 1.0 - strict.in_scope_kept.unwrap(), "{cost}");
}

#[test]
fn a_gold_label_that_the_model_does_not_know_is_a_miss_and_is_listed() {
    let lines =
        [example("red apple", &["red"]), example("red apple", &["green"]), example("blue ocean", &["blue"])];
    let found = classifier().evaluate(&lines, &PredictOptions::default()).unwrap();
    assert_eq!(found.unknown_labels, ["green"]);
    assert!((found.accuracy - 2.0 / 3.0).abs() < 1e-12 && (found.exact_match - 2.0 / 3.0).abs() < 1e-12);
    // red: 1 correct, 1 extra; green: 1 missing; blue: 1 correct.
    assert!((found.micro_f1 - 4.0 / 6.0).abs() < 1e-12, "{}", found.micro_f1);
    assert!((found.macro_f1 - (2.0 / 3.0 + 0.0 + 1.0) / 3.0).abs() < 1e-12, "{}", found.macro_f1);
}

#[test]
fn a_rejected_line_is_wrong_after_the_decision_and_counts_as_not_kept() {
    let lines = [
        example("red apple", &["red"]),
        example("красное яблоко", &["red"]),
        example("синий океан", &[]),
        example("", &[]),
    ];
    let found = classifier().evaluate(&lines, &PredictOptions::default()).unwrap();
    assert_eq!((found.in_scope, found.exact_match, found.accuracy), (2, 0.5, 0.5));
    assert_eq!((found.oos_recall, found.in_scope_kept), (Some(1.0), Some(0.5)));
    // One in-scope line ranks above both others; the unknown one ties with them.
    assert_eq!(found.oos_auroc, Some(0.75));
}

#[test]
fn a_set_must_match_exactly() {
    let lines = [example("red apple", &["red", "blue"])];
    let found = classifier().evaluate(&lines, &PredictOptions::default()).unwrap();
    assert_eq!((found.accuracy, found.exact_match), (1.0, 0.0));
    assert!((found.micro_f1 - 2.0 / 3.0).abs() < 1e-12);
}

#[test]
fn a_single_label_model_has_one_calibration_error_under_two_names() {
    let lines = [example("red apple", &["red"]), example("blue ocean", &["red"])];
    let found = classifier().evaluate(&lines, &PredictOptions::default()).unwrap();
    assert_eq!(found.top_ece, found.ece);
    assert_eq!(found.reliability.iter().map(|bin| bin.count).sum::<u64>(), 2);
}

#[test]
fn every_label_has_its_counts() {
    let lines =
        [example("red apple", &["red"]), example("red apple", &["green"]), example("красное", &["red"])];
    let found = classifier().evaluate(&lines, &PredictOptions::default()).unwrap();
    assert_eq!(found.per_label.keys().collect::<Vec<_>>(), ["green", "red"]);
    let (green, red) = (found.per_label["green"], found.per_label["red"]);
    assert_eq!((red.precision(), red.recall(), red.f1(), red.support()), (0.5, 0.5, 0.5, 2));
    assert_eq!((green.precision(), green.recall(), green.f1(), green.support()), (0.0, 0.0, 0.0, 1));
}

#[test]
fn outcomes_come_line_by_line_in_the_order_of_the_examples() {
    let (classifier, options) = (classifier(), PredictOptions::default());
    let lines = [example("red apple", &["red"]), example("красное", &[]), example("blue ocean", &["blue"])];
    let mut found = vec![];
    classifier.outcomes(&lines, &options, |line, outcome| found.push((line, outcome))).unwrap();
    assert!(found.iter().zip(&lines).all(|((shown, _), line)| *shown == line));
    for (line, outcome) in &found {
        let prediction = classifier.predict(&line.text).unwrap();
        let labels: Vec<usize> = prediction.labels().iter().map(|chosen| chosen.label as usize).collect();
        assert_eq!((&outcome.chosen, outcome.best), (&labels, labels.first().copied()));
    }
    assert_eq!((found[1].1.score, found[1].1.best), (f32::NEG_INFINITY, None));
}

#[test]
fn figures_of_parts_add_up_to_those_of_the_whole() {
    let (classifier, options) = (classifier(), PredictOptions::default());
    let lines = [example("red apple", &["red"]), example("blue ocean", &["red"]), example("", &[])];
    let mut evaluator = Evaluator::default();
    for part in lines.chunks(2) {
        evaluator.add(&classifier, part, &options, |_, _| {}).unwrap();
    }
    assert_eq!(evaluator.finish(), classifier.evaluate(&lines, &options).unwrap());
}
