//! `intent eval --report`: one page of HTML that shows where a model is wrong. `report.html` draws it from one JSON value.

use crate::explain;
use crate::failure::Failure;
use crate::figures::{self, Figure};
use crate::numbers::rounded;
use intentkit::classifier::{Evaluation, Outcome};
use intentkit::data::Example;
use intentkit::decision::Choice;
use intentkit::metrics::{self, Bin};
use intentkit::{Classifier, PredictOptions};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const TEMPLATE: &str = include_str!("report.html");
/// Where the data goes into the template.
const PLACE: &str = "__DATA__";

/// More than that nobody reads, and a browser shows slowly.
const MOST_MISSES: usize = 500;
/// Of one explanation.
const REASONS: usize = 8;
const MOST_CONFUSIONS: usize = 50;
const MOST_POINTS: usize = 200;
/// A text may have a mebibyte.
const MOST_CHARACTERS: usize = 1000;

/// One side of a confusion: a label, or what stands in its place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Label(String),
    Note(&'static str),
}

const OUT_OF_SCOPE: Side = Side::Note("out of scope");
const NOTHING_MORE: Side = Side::Note("nothing more");

#[derive(Serialize)]
struct Confusion {
    gold: Side,
    given: Side,
    lines: u64,
    /// Lines that should have got `gold`; `None` where that is no label.
    of: Option<u64>,
}

#[derive(Serialize)]
struct Given {
    label: String,
    probability: f64,
}

/// A line that did not get exactly its labels.
#[derive(Serialize)]
struct Miss {
    /// Which of the examples it is, counted from 1.
    number: usize,
    text: String,
    gold: Vec<String>,
    given: Vec<Given>,
    /// The best label before any rejection; `None` when nothing in the text is known.
    best: Option<Given>,
    /// `None` stands for minus infinity, which JSON can't say.
    score: Option<f64>,
    /// `None` where nothing is known, and for lines that the page doesn't list.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Reasons>,
}

/// Why a label is likely.
#[derive(Serialize)]
struct Reasons {
    label: String,
    /// N-grams with their share in the label's logit, negative where they speak against it.
    shares: Vec<(String, f64)>,
}

/// Shares of lines over all rejection thresholds.
#[derive(Serialize)]
struct Curve {
    /// In-scope lines kept against out-of-scope lines rejected; else lines kept against how many of them are right.
    out_of_scope: bool,
    points: Vec<(f64, f64)>,
    /// The point of the rejection threshold in use.
    own: Option<(f64, f64)>,
    /// Whether several models with thresholds of their own were measured, so that `own` may lie beside the curve.
    several: bool,
}

#[derive(Serialize)]
struct LabelRow<'a> {
    label: &'a str,
    precision: f64,
    recall: f64,
    f1: f64,
    support: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct FigureTile {
    name: &'static str,
    note: &'static str,
    value: String,
    spread: Option<String>,
}

/// What the page's script is given.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    facts: &'a [(&'static str, String)],
    notes: &'a [String],
    single: bool,
    figures: Vec<FigureTile>,
    reliability: &'a [Bin],
    curve: Curve,
    confusions: Vec<Confusion>,
    confusions_in_all: usize,
    labels: Vec<LabelRow<'a>>,
    misses: Vec<Miss>,
    misses_in_all: usize,
}

/// What stands over the figures.
pub struct About {
    pub title: String,
    /// Names and values, such as the model's file.
    pub facts: Vec<(&'static str, String)>,
    /// Sentences that a reader should know.
    pub notes: Vec<String>,
}

/// Collects what the page shows while the lines go by.
#[derive(Default)]
pub struct Report {
    single: bool,
    /// Reject score of every line with labels, and whether its best label is right.
    inside: Vec<(f32, bool)>,
    /// Reject score of every line without labels.
    outside: Vec<f32>,
    /// Of the lines in `inside`, those that the rejection threshold accepts, and those of them that are right.
    accepted: usize,
    accepted_right: usize,
    /// Of the lines in `outside`, those that the rejection threshold rejects.
    rejected_outside: usize,
    /// The thresholds that were in use.
    thresholds: Vec<f32>,
    confusions: BTreeMap<(Side, Side), u64>,
    /// By label, how many of its lines were rejected.
    rejected: BTreeMap<String, u64>,
    misses: Vec<Miss>,
}

/// The strongest reasons for the likeliest label of the clause that is surest of one; none when nothing is known.
fn reasons(classifier: &Classifier, text: &str) -> Option<Reasons> {
    let explanation = classifier.explain(text, &PredictOptions::default()).ok()?;
    let labels = explanation.clauses.iter().flat_map(|clause| &clause.labels);
    let surest = labels.reduce(|a, b| if b.logit > a.logit { b } else { a })?;
    let shares = explain::grouped(surest).into_iter().take(REASONS);
    let shares = shares.map(|(name, share)| (name, rounded(f64::from(share), 3))).collect();
    Some(Reasons { label: surest.label.clone(), shares })
}

impl Report {
    /// Adds what `classifier`, which rejects by `options`, made of the example with this number.
    pub fn add(
        &mut self,
        classifier: &Classifier,
        options: &PredictOptions,
        number: usize,
        example: &Example,
        outcome: &Outcome,
    ) {
        let labels = classifier.labels();
        let given = |label: usize| Given {
            label: labels[label].clone(),
            probability: rounded(f64::from(outcome.probabilities[label]), 4),
        };
        let gold: BTreeSet<&str> = example.labels.iter().map(String::as_str).collect();
        let chosen: BTreeSet<&str> = outcome.chosen.iter().map(|&label| labels[label].as_str()).collect();
        self.single = classifier.model().metadata().choice == Choice::Single;
        let right = outcome.best.is_some_and(|best| gold.contains(labels[best].as_str()));
        self.score(classifier.model().rule().reject.asked(options), outcome.score, gold.is_empty(), right);
        if chosen == gold {
            return;
        }
        self.confuse(&gold, &chosen);
        // Explaining takes some milliseconds, and the page shows no more lines than these.
        let explained = self.misses.len() < MOST_MISSES;
        self.misses.push(Miss {
            number,
            text: shortened(&example.text),
            gold: example.labels.clone(),
            given: outcome.chosen.iter().map(|&label| given(label)).collect(),
            best: outcome.best.map(given),
            score: outcome.score.is_finite().then(|| rounded(f64::from(outcome.score), 4)),
            explanation: explained.then(|| reasons(classifier, &example.text)).flatten(),
        });
    }

    /// Counts one line on its way to the curve.
    fn score(&mut self, threshold: f32, score: f32, is_outside: bool, right: bool) {
        // A text in which nothing is known is rejected whatever the threshold.
        let accepted = score > f32::NEG_INFINITY && score >= threshold;
        if is_outside {
            self.outside.push(score);
            self.rejected_outside += usize::from(!accepted);
        } else {
            self.inside.push((score, right));
            self.accepted += usize::from(accepted);
            self.accepted_right += usize::from(accepted && right);
        }
        if !self.thresholds.contains(&threshold) {
            self.thresholds.push(threshold);
        }
    }

    /// Counts every pair of a label that was missed and a wrong one that was given; rejected lines by themselves.
    fn confuse(&mut self, gold: &BTreeSet<&str>, chosen: &BTreeSet<&str>) {
        if chosen.is_empty() {
            gold.iter().for_each(|label| *self.rejected.entry(label.to_string()).or_default() += 1);
            return;
        }
        let sides = |labels: BTreeSet<&&str>, otherwise: Side| -> Vec<Side> {
            if labels.is_empty() {
                return vec![otherwise];
            }
            labels.into_iter().map(|label| Side::Label(label.to_string())).collect()
        };
        let nothing_missed = if gold.is_empty() { OUT_OF_SCOPE } else { NOTHING_MORE };
        let missed = sides(gold.difference(chosen).collect(), nothing_missed);
        let wrong = sides(chosen.difference(gold).collect(), NOTHING_MORE);
        for gold in &missed {
            for given in &wrong {
                *self.confusions.entry((gold.clone(), given.clone())).or_default() += 1;
            }
        }
    }

    /// The page. `spread` tells how far a figure is spread, where that is known.
    pub fn page(
        mut self,
        about: &About,
        evaluation: &Evaluation,
        spread: impl Fn(&Figure) -> Option<String>,
    ) -> Result<String, Failure> {
        // The surest mistakes are the most telling.
        let sureness = |miss: &Miss| miss.best.as_ref().map_or(-1.0, |best| best.probability);
        self.misses.sort_by(|a, b| sureness(b).total_cmp(&sureness(a)).then(a.number.cmp(&b.number)));
        let misses_in_all = self.misses.len();
        self.misses.truncate(MOST_MISSES);
        let curve = self.curve();
        let (confusions, confusions_in_all) = (self.worst_confusions(evaluation), self.confusions.len());
        let tile = |figure: &Figure| FigureTile {
            name: figure.name,
            note: figure.note,
            value: figure.written(),
            spread: spread(figure),
        };
        let page = Page {
            title: &about.title,
            facts: &about.facts,
            notes: &about.notes,
            single: self.single,
            figures: figures::figures(evaluation)
                .iter()
                // For single-label models the second calibration error is the first.
                .filter(|figure| figure.value.is_some() && !(self.single && figure.key == "top_ece"))
                .map(tile)
                .collect(),
            reliability: &evaluation.reliability,
            curve,
            confusions,
            confusions_in_all,
            labels: (evaluation.per_label.iter())
                .map(|(label, counts)| LabelRow {
                    label,
                    precision: rounded(counts.precision(), 4),
                    recall: rounded(counts.recall(), 4),
                    f1: rounded(counts.f1(), 4),
                    support: counts.support(),
                    rejected: self.rejected.get(label).copied().unwrap_or(0),
                })
                .collect(),
            misses: self.misses,
            misses_in_all,
        };
        let data = serde_json::to_string(&page)
            .map_err(|e| Failure::Failed(format!("cannot write the report's data as JSON: {e}")))?;
        Ok(filled(&data))
    }

    fn curve(&self) -> Curve {
        let share = |part: usize, all: usize| rounded(part as f64 / all as f64, 4);
        let several = self.thresholds.len() > 1;
        let own_x = || share(self.accepted, self.inside.len());
        if !self.outside.is_empty() {
            let inside: Vec<f32> = self.inside.iter().map(|line| line.0).collect();
            let own =
                (!inside.is_empty()).then(|| (own_x(), share(self.rejected_outside, self.outside.len())));
            let points = thinned(&metrics::reject_curve(&inside, &self.outside));
            return Curve { out_of_scope: true, points: through(points, own, several), own, several };
        }
        let own = (self.accepted > 0).then(|| (own_x(), share(self.accepted_right, self.accepted)));
        let points = thinned(&metrics::kept_accuracy_curve(&self.inside));
        Curve { out_of_scope: false, points: through(points, own, several), own, several }
    }

    fn worst_confusions(&self, evaluation: &Evaluation) -> Vec<Confusion> {
        let of = |gold: &Side| match gold {
            Side::Label(label) => evaluation.per_label.get(label).map(|counts| counts.support()),
            Side::Note(_) if *gold == OUT_OF_SCOPE => Some(self.outside.len() as u64),
            Side::Note(_) => None,
        };
        let mut worst: Vec<Confusion> = self
            .confusions
            .iter()
            .map(|((gold, given), &lines)| Confusion {
                of: of(gold),
                gold: gold.clone(),
                given: given.clone(),
                lines,
            })
            .collect();
        // Stable, so equal ones stay in the order of their names.
        worst.sort_by_key(|confusion| std::cmp::Reverse(confusion.lines));
        worst.truncate(MOST_CONFUSIONS);
        worst
    }
}

/// The template with its data. Inside a script element `<` could end it, so no `<` of the data stays one.
fn filled(data: &str) -> String {
    let (before, after) = TEMPLATE.split_once(PLACE).unwrap_or((TEMPLATE, ""));
    [before, &data.replace('<', "\\u003c"), after].concat()
}

/// A curve of no more points than can be told apart, both ends included.
fn thinned(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let points = curve.len().min(MOST_POINTS);
    let nth = |i: usize| curve[i * (curve.len() - 1) / (points - 1).max(1)];
    (0..points).map(nth).map(|(x, y)| (rounded(x, 4), rounded(y, 4))).collect()
}

/// The curve with the point of the threshold in use, which thinning may have left out. It is the curve's own unless
/// several models were measured.
fn through(mut points: Vec<(f64, f64)>, own: Option<(f64, f64)>, several: bool) -> Vec<(f64, f64)> {
    if let Some(own) = own.filter(|own| !several && !points.contains(own)) {
        // Rightwards, and of points above each other downwards.
        let at = points.partition_point(|point| point.0 < own.0 || point.0 == own.0 && point.1 > own.1);
        points.insert(at, own);
    }
    points
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{} \u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_leave_the_data_of_the_page() {
        let page = filled(r#"{"text": "</script><!-- <b> __DATA__"}"#);
        let data = page.split(r#"id="data">"#).nth(1).unwrap().split("</script>").next().unwrap();
        assert_eq!(data, r#"{"text": "\u003c/script>\u003c!-- \u003cb> __DATA__"}"#);
        let value: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(value["text"], "</script><!-- <b> __DATA__");
        assert_eq!(TEMPLATE.matches(PLACE).count(), 1);
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends() {
        let curve: Vec<(f64, f64)> = (0..=1000).map(|i| (f64::from(i) / 1000.0, 0.5)).collect();
        let thin = thinned(&curve);
        assert_eq!((thin.len(), thin[0].0, thin[MOST_POINTS - 1].0), (MOST_POINTS, 0.0, 1.0));
        assert_eq!(thinned(&curve[..1]), [(0.0, 0.5)]);
        assert_eq!(thinned(&[]), []);
    }

    #[test]
    fn the_point_of_the_threshold_in_use_is_one_of_the_curve() {
        let mut report = Report::default();
        for i in 0..1000 {
            let score = (i * 7919 % 1000) as f32 / 10.0;
            report.score(33.3, score + 10.0, false, i % 3 > 0);
            report.score(33.3, score, true, false);
        }
        report.score(33.3, f32::NEG_INFINITY, false, false);
        let curve = report.curve();
        assert!(curve.out_of_scope && !curve.several && curve.points.len() > MOST_POINTS);
        assert!(curve.points.contains(&curve.own.unwrap()));
        assert!(curve.points.windows(2).all(|two| two[0].0 <= two[1].0 && two[0].1 >= two[1].1));

        report.outside.clear();
        let curve = report.curve();
        assert!(!curve.out_of_scope && curve.points.contains(&curve.own.unwrap()));
        report.score(40.0, 1.0, false, true);
        assert!(report.curve().several);
    }

    #[test]
    fn every_missed_label_is_paired_with_every_wrong_one_but_for_rejected_lines() {
        let mut report = Report::default();
        let mut confuse = |gold: &[&str], chosen: &[&str]| {
            report.confuse(&gold.iter().copied().collect(), &chosen.iter().copied().collect());
        };
        confuse(&["a", "b"], &["b", "c", "d"]);
        confuse(&["a"], &["a", "c"]);
        confuse(&["a", "b"], &["b"]);
        confuse(&["a"], &[]);
        confuse(&[], &["a"]);
        let label = |name: &str| Side::Label(name.into());
        let expected = [
            (label("a"), label("c")),
            (label("a"), label("d")),
            (label("a"), NOTHING_MORE),
            (NOTHING_MORE, label("c")),
            (OUT_OF_SCOPE, label("a")),
        ];
        assert_eq!(report.confusions.len(), expected.len());
        assert!(expected.iter().all(|pair| report.confusions[pair] == 1));
        assert_eq!(report.rejected, [("a".to_string(), 1)].into());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "\u{e4}".repeat(MOST_CHARACTERS);
        assert_eq!(shortened(&text), text);
        assert_eq!(shortened(&(text.clone() + "b")), text + " \u{2026}");
    }
}
