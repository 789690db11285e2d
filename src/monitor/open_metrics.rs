//! The statistics as OpenMetrics text.

use super::report::{Latency, StatisticsReport};
use std::fmt::Write;

impl StatisticsReport {
    /// Returns the statistics as OpenMetrics text (version 1.0), for Prometheus and compatible
    /// systems. Times are in seconds. `promtool check metrics` supports the older text format only;
    /// check it with an OpenMetrics parser such as that of the Python package prometheus-client.
    pub fn to_open_metrics(&self) -> String {
        let mut out = String::new();
        let one = |value: f64| [("", value.to_string())];
        let total = |value: u64| [("_total", value.to_string())];
        let summary = |latency: &Latency| {
            let seconds = |us: f64| (us / 1e6).to_string();
            [
                ("{quantile=\"0.5\"}", seconds(latency.p50_us)),
                ("{quantile=\"0.95\"}", seconds(latency.p95_us)),
                ("{quantile=\"0.99\"}", seconds(latency.p99_us)),
                ("{quantile=\"1\"}", seconds(latency.max_us)),
                ("_sum", seconds(latency.sum_us)),
                ("_count", latency.count.to_string()),
            ]
        };
        family(
            &mut out,
            "prediction_seconds",
            "summary",
            "Time of whole predictions.",
            &summary(&self.latency),
        );
        for (name, latency) in &self.stages {
            let help = format!("Time of the stage {name}.");
            family(&mut out, &format!("{name}_seconds"), "summary", &help, &summary(latency));
        }
        for (name, help, value) in [
            ("rejected", "Texts that were rejected.", self.rejected),
            ("by_rule", "Texts answered by keyword rules.", self.by_rule),
            ("busy", "Requests that found the queue full.", self.busy),
            ("cancelled", "Requests that were cancelled.", self.cancelled),
            ("learned_examples", "Examples learned.", self.learned),
            ("retrainings", "Retrainings that gave a new model.", self.retrained),
            ("retrainings_refused", "Retrainings that were refused.", self.retrainings_refused),
        ] {
            family(&mut out, name, "counter", help, &total(value));
        }
        for (name, help, value) in [
            ("mean_confidence", "Mean probability of the best label.", self.mean_confidence),
            ("model_version", "Swaps of the model, and 1.", self.model_version as f64),
            ("model_bytes", "Bytes of the model.", self.model_bytes as f64),
            ("learner_bytes", "Bytes that learning takes.", self.learner_bytes as f64),
            ("kept_examples", "Examples kept for learning.", self.kept as f64),
        ] {
            family(&mut out, name, "gauge", help, &one(value));
        }
        let labelled = |key: &str, name: &str, value: u64| {
            (format!("_total{{{key}=\"{}\"}}", escaped(name)), value.to_string())
        };
        let engines: Vec<_> =
            self.engines.iter().map(|one| labelled("runtime", one.name, one.predictions)).collect();
        family(
            &mut out,
            "runtime_predictions",
            "counter",
            "Predictions by who computed the network.",
            &engines,
        );
        let labels: Vec<_> =
            self.labels.iter().map(|(name, &count)| labelled("label", name, count)).collect();
        family(&mut out, "label_answers", "counter", "How often each label was answered.", &labels);
        out + "# EOF\n"
    }
}

/// Writes one family of metrics. Each sample is a suffix of the name, and a value.
fn family<S: AsRef<str>>(out: &mut String, name: &str, kind: &str, help: &str, samples: &[(S, String)]) {
    // Writing to a string doesn't fail.
    let _ = write!(out, "# TYPE intentkit_{name} {kind}\n# HELP intentkit_{name} {help}\n");
    for (suffix, value) in samples {
        let _ = writeln!(out, "intentkit_{name}{} {value}", suffix.as_ref());
    }
}

/// Escapes a label value for OpenMetrics.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
