//! `intent eval`, with its report and cross-validation.

use crate::program::{DATA, Folder, HELDOUT, SAMPLE, intent, intent_with, keys, small};
use serde_json::Value;
use std::fs;

#[test]
fn eval_reports_every_measure() {
    let expected = [
        "examples",
        "in_scope",
        "accuracy",
        "exact_match",
        "micro_f1",
        "macro_f1",
        "oos_auroc",
        "oos_recall",
        "in_scope_kept",
        "reject_cost",
        "ece",
        "top_ece",
        "unknown_labels",
        "warnings",
    ];
    let full = intent(&["eval", "--model", SAMPLE, HELDOUT, "--json"]).json();
    assert_eq!(keys(&full), expected);
    assert_eq!(full["examples"], fs::read_to_string(HELDOUT).unwrap().lines().count());
    assert!(full["oos_auroc"].as_f64().unwrap() > 0.9);
    let open = intent(&["eval", "--model", SAMPLE, HELDOUT, "--json", "--no-reject"]).json();
    assert_eq!(open["accuracy"], full["accuracy"]);
    assert!(open["in_scope_kept"].as_f64() >= full["in_scope_kept"].as_f64());
    assert!(open["oos_recall"].as_f64() <= full["oos_recall"].as_f64());
    let readable = intent(&["eval", "--model", SAMPLE, HELDOUT]);
    for name in ["exact match", "in scope: accepted", "in scope: cost of rejecting"] {
        assert!(readable.out.contains(name), "{}", readable.out);
    }

    let line = br#"{"text": "will it rain", "labels": ["weather"]}"#;
    let bare = intent_with(&["eval", "--model", small(), "-", "--json"], line).json();
    assert_eq!(keys(&bare), expected);
    assert_eq!(bare["unknown_labels"][0], "weather");
    assert!(bare["oos_auroc"].is_null() && bare["oos_recall"].is_null());
    assert!(bare["in_scope_kept"].is_number() && bare["reject_cost"] == 0.0);
}

#[test]
fn eval_writes_a_report_beside_its_summary_and_over_an_older_one() {
    let folder = Folder::new();
    let page = folder.put("report.html", b"an older one");
    let ran = intent(&["eval", "--model", SAMPLE, HELDOUT, "--report", &page, "--json"]);
    assert!(ran.json()["accuracy"].is_number());
    let first = fs::read_to_string(&page).unwrap();
    assert!(first.starts_with("<!DOCTYPE html>") && first.ends_with("</html>\n"));
    for reference in ["src=", "href=", "http://", "https://", "url("] {
        // The name of SVG elements is no address that anything is fetched from.
        assert!(!first.replace("http://www.w3.org/2000/svg", "").contains(reference), "{reference}");
    }
    let loud = intent(&["eval", "--model", SAMPLE, HELDOUT, "--report", &page]);
    assert!(loud.out.contains(&page), "{}", loud.out);
    assert_eq!(fs::read_to_string(&page).unwrap(), first, "the same data give the same page");
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 2, "nothing else is left behind");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_by_name_before_anything_is_measured() {
    let folder = Folder::new();
    let data = folder.path("data.jsonl");
    let report = |path: &str| intent(&["eval", "--model", small(), &data, "--report", path]);
    let missing = report(&folder.path("no/such/report.html"));
    assert!(missing.complaint(1).contains("report.html: the folder "), "{}", missing.err);
    let itself = report(&folder.path(""));
    assert!(itself.complaint(1).contains("is a folder; name a file in it"), "{}", itself.err);
    let source = report(&data);
    assert!(source.complaint(2).contains("is one of the data files"), "{}", source.err);
    let model = report(small());
    assert!(model.complaint(2).contains("--report "), "{}", model.err);
    #[cfg(unix)]
    assert!(report("/dev/null").complaint(1).contains("/dev/null is not a regular file"));
}

#[test]
fn cross_validation_measures_every_line_once_and_sums_it_up() {
    let folder = Folder::new();
    let (data, page) = (folder.path("data.jsonl"), folder.path("report.html"));
    let command = ["eval", "--cross-validate", "3", &data, "--epochs", "3", "--seed", "5"];
    let found = intent(&[&command[..], &["--json", "--report", &page]].concat()).json();
    assert_eq!(
        keys(&found),
        ["folds", "seed", "preset", "seconds", "mean", "spread", "pooled", "each", "warnings"]
    );
    assert_eq!((&found["folds"], &found["seed"], &found["preset"]), (&3.into(), &5.into(), &"single".into()));
    assert_eq!((&found["pooled"]["examples"], &found["pooled"]["in_scope"]), (&14.into(), &12.into()));
    let each = found["each"].as_array().unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    assert_eq!(each.iter().map(|fold| number(&fold["examples"])).sum::<f64>(), 14.0);
    let mean = each.iter().map(|fold| number(&fold["accuracy"])).sum::<f64>() / 3.0;
    assert!((number(&found["mean"]["accuracy"]) - mean).abs() < 1e-9);
    assert!(number(&found["spread"]["accuracy"]) >= 0.0);
    assert_eq!(keys(&found["mean"]), keys(&found["spread"]));
    for key in keys(&found["mean"]) {
        assert!(found["pooled"].get(key).is_some(), "{key}");
    }
    assert_eq!(found["warnings"], serde_json::json!([]));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("3-fold cross-validation") && page.contains("\"spread\":\""));

    let readable = intent(&command);
    assert_eq!((readable.code, readable.err.as_str()), (0, ""), "no progress without a terminal");
    assert!(readable.out.contains("in 3 folds") && readable.out.contains(" % \u{b1} "), "{}", readable.out);
    let mut again = intent(&[&command[..], &["--json"]].concat()).json();
    again["seconds"] = found["seconds"].clone();
    assert_eq!(again, found, "the same folds and the same models");
}

#[test]
fn cross_validation_says_which_labels_it_cannot_measure() {
    let folder = Folder::new();
    let data = folder
        .put("lone.jsonl", [DATA, r#"{"text": "will it rain", "labels": ["weather"]}"#].concat().as_bytes());
    let ran = intent(&["eval", "--cross-validate", "2", &data, "--epochs", "2", "--json"]);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.starts_with("intent: warning: label `weather` has 1 example; it is always trained on"));
    let found = ran.json();
    assert_eq!(
        (&found["pooled"]["examples"], &found["pooled"]["unknown_labels"]),
        (&14.into(), &serde_json::json!([]))
    );
    assert!(found["warnings"][0].as_str().unwrap().contains("`weather`"));
}

#[test]
fn cross_validation_takes_no_model_and_no_number_of_folds_that_cannot_be() {
    let folder = Folder::new();
    let data = folder.path("data.jsonl");
    for (arguments, expected) in [
        (&["--cross-validate", "1", &data][..], "--cross-validate is 1; it must be from 2 to 100"),
        (&["--cross-validate", "13", &data], "there are 12 examples to spread"),
        (&["--cross-validate", "5", "--model", small(), &data], "cannot be used with"),
        (&["--cross-validate", "5", &data, "--epochs", "0"], "--epochs is 0"),
        (&["--cross-validate", "5"], "<DATA>"),
        (&[&data], "--model <MODEL>"),
        (&["--model", small(), &data, "--seed", "1"], "cannot be used with '--seed <N>'"),
    ] {
        let ran = intent(&[&["eval"], arguments].concat());
        assert!(ran.complaint(2).contains(expected), "{arguments:?}: {}", ran.err);
    }
}
