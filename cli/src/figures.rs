//! The figures of an evaluation as people read them, in one order everywhere.

use crate::numbers;
use intentkit::classifier::Evaluation;
use intentkit::model::TrainingSummary;

pub const VERSION: &str = concat!("IntentKit ", env!("CARGO_PKG_VERSION"));

/// One of them.
pub struct Figure {
    /// As in the JSON object.
    pub key: &'static str,
    pub name: &'static str,
    /// What it says, for somebody who doesn't know the name.
    pub note: &'static str,
    /// `None` where nothing could be measured.
    pub value: Option<f64>,
    /// How such a value is written.
    pub write: fn(f64) -> String,
}

impl Figure {
    pub fn written(&self) -> String {
        self.value.map_or_else(|| "-".into(), self.write)
    }
}

/// All figures. Without labelled lines the shares of them mean nothing.
pub fn figures(evaluation: &Evaluation) -> [Figure; 10] {
    let e = evaluation;
    let labelled = |value: f64| (e.in_scope > 0).then_some(value);
    let figure = |key, name, value, note| Figure { key, name, note, value, write: numbers::percent };
    [
        figure(
            "accuracy",
            "accuracy",
            labelled(e.accuracy),
            "lines whose best label is right, before any rejection",
        ),
        figure(
            "exact_match",
            "exact match",
            labelled(e.exact_match),
            "lines answered with exactly their labels",
        ),
        figure("micro_f1", "micro F1", labelled(e.micro_f1), "over all pairs of a line and a label"),
        figure(
            "macro_f1",
            "macro F1",
            labelled(e.macro_f1),
            "mean over the labels, rare ones counted like others",
        ),
        figure("ece", "calibration error", labelled(e.ece), "how far probabilities are from what comes true"),
        figure(
            "top_ece",
            "calibration error, best label",
            labelled(e.top_ece),
            "the same for each line's best label alone",
        ),
        Figure {
            write: |area| format!("{area:.3}"),
            ..figure(
                "oos_auroc",
                "out of scope: AUROC",
                e.oos_auroc,
                "chance that the reject score ranks a line with labels over one without",
            )
        },
        figure(
            "oos_recall",
            "out of scope: rejected",
            e.oos_recall,
            "lines without labels that are rejected",
        ),
        figure(
            "in_scope_kept",
            "in scope: accepted",
            e.in_scope_kept,
            "lines with labels that are not rejected",
        ),
        figure(
            "reject_cost",
            "in scope: cost of rejecting",
            e.reject_cost,
            "lines that are rejected, but would get exactly their labels without the rejection threshold",
        ),
    ]
}

/// How many lines there are of which kind.
pub fn lines(evaluation: &Evaluation) -> String {
    let outside = evaluation.examples - evaluation.in_scope;
    let [all, labelled, outside] = [evaluation.examples, evaluation.in_scope, outside].map(numbers::count);
    format!("{all}: {labelled} with labels, {outside} without")
}

/// How a model cuts texts into clauses.
pub fn clauses(separators: &[String]) -> String {
    match separators {
        [] => "none, texts are read whole".into(),
        separators => format!("cut at {}", separators.join(" ")),
    }
}

/// The symbols that a model reads as words, if any.
pub fn symbols(symbols: &[String]) -> Option<(&'static str, String)> {
    (!symbols.is_empty()).then(|| ("symbols", format!("{} count as words", symbols.join(" "))))
}

/// What a training measured, as lines of a summary.
pub fn of_training(training: &TrainingSummary) -> Vec<(&'static str, String)> {
    let Some(accuracy) = training.heldout_accuracy.map(numbers::percent) else {
        return vec![("accuracy", "not measured: no line with labels was held out".into())];
    };
    let lines = numbers::of(training.heldout, "held-out line");
    let mut pairs = match training.familiar_accuracy.map(numbers::percent) {
        Some(familiar) => vec![
            ("new wording", format!("{accuracy} right, on {lines} worded unlike those trained on")),
            ("known wording", format!("{familiar} right, for texts worded like the training lines")),
        ],
        None => vec![("accuracy", format!("{accuracy} right, on {lines}"))],
    };
    if let Some(answered) = training.heldout_answered.map(numbers::percent) {
        let answered = format!(
            "{answered} of the held-out lines get exactly their labels; rejected lines count as wrong"
        );
        pairs.push(("answered", answered));
    }
    pairs
}
