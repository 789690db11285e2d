//! `intent bench`.

use crate::program::{DATA, intent, intent_with, keys, small};

#[test]
fn bench_reports_every_figure_and_nothing_else() {
    let report =
        intent_with(&["bench", "--model", small(), "-", "--json", "--threads", "2"], DATA.as_bytes()).json();
    assert_eq!(
        keys(&report),
        [
            "text_to_labels_us",
            "vectorize_us",
            "network_us",
            "decision_us",
            "singles_per_s",
            "batch_per_s",
            "threads",
            "load_us",
            "first_prediction_us",
            "peak_rss_mb",
            "kernel",
            "engine",
        ]
    );
    for times in ["text_to_labels_us", "vectorize_us", "network_us", "decision_us"] {
        assert_eq!(keys(&report[times]), ["p50", "p95", "p99"]);
        let [p50, p99] = ["p50", "p99"].map(|p| report[times][p].as_f64().unwrap());
        assert!(0.0 < p50 && p50 <= p99, "{report}");
    }
    for figure in ["singles_per_s", "batch_per_s", "load_us", "first_prediction_us"] {
        assert!(report[figure].as_f64().unwrap() > 0.0, "{figure}");
    }
    assert_eq!(report["threads"], 2);
    assert_eq!(report["peak_rss_mb"].is_number(), cfg!(target_os = "linux"));
    assert!(!report["kernel"].as_str().unwrap().is_empty());
}

#[test]
fn bench_tells_which_engine_answers_and_why() {
    let report =
        intent_with(&["bench", "--model", small(), "-", "--json", "--engine", "auto"], DATA.as_bytes())
            .json();
    let runtime = &report["engine"];
    assert_eq!((&runtime["asked"], &runtime["measuring"]), (&"auto".into(), &false.into()));
    if !cfg!(target_vendor = "apple") {
        assert_eq!((&runtime["single"], &runtime["batch"]), (&"cpu-int8".into(), &"cpu-int8".into()));
        assert!(runtime["note"].as_str().unwrap().contains("no Core ML"));
        let lines = intent_with(&["bench", "--model", small(), "-", "--engine", "core-ml"], DATA.as_bytes());
        assert!(lines.out.contains("no Core ML; the CPU answers"), "{}", lines.out);
    }
    let ran = intent(&["bench", "--model", small(), small(), "--engine", "gpu"]);
    assert!(ran.complaint(2).contains("use one of auto, cpu, core-ml"), "{}", ran.err);
}
