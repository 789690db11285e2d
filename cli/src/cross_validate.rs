//! `intent eval --cross-validate`: what to expect of a model, for people without a test set.

use crate::eval::Arguments;
use crate::failure::Failure;
use crate::figures::{self, Figure};
use crate::output::Output;
use crate::progress::Bar;
use crate::report::{About, Report};
use crate::{eval, input, numbers};
use intentkit::classifier::{Evaluation, Evaluator};
use intentkit::data::{Example, Folds, WithWarnings};
use intentkit::train::{Dataset, Inputs};
use intentkit::{Classifier, Preset, TrainOptions};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Instant;

/// What is printed with `--json`.
#[derive(Serialize)]
struct Found {
    folds: usize,
    seed: u64,
    preset: &'static str,
    seconds: f64,
    mean: Map<String, Value>,
    spread: Map<String, Value>,
    pooled: Evaluation,
    each: Vec<Evaluation>,
    warnings: Vec<String>,
}

/// Mean and sample standard deviation over the folds, of those that have the figure.
struct Summary {
    mean: Option<f64>,
    spread: Option<f64>,
}

/// What all folds gave.
struct Measured {
    /// That of the last fold's training; with `auto` the data decides, for all folds alike.
    preset: Preset,
    each: Vec<Evaluation>,
    pooled: Evaluation,
    /// By the figure's key.
    summaries: Vec<(&'static str, Summary)>,
    seconds: f64,
}

pub fn run(arguments: &Arguments, count: usize) -> Result<(), Failure> {
    arguments.check_report()?;
    let options = options(arguments)?;
    options.check()?;
    let WithWarnings { examples, mut warnings } =
        input::some_examples(&arguments.data, arguments.reading.format)?;
    let folds = Folds::new(&examples, count, options.seed)?;
    warnings.extend(warning(&folds.lone));
    warnings.iter().try_for_each(|warning| input::warn(warning))?;

    let mut report = Report::default();
    let measured = measure(arguments, count, &options, &examples, &folds, &mut report)?;
    if let Some(path) = &arguments.report {
        let about = about(arguments, count, options.seed, &measured, &warnings);
        let spread = |figure: &Figure| {
            let of = measured.summaries.iter().find(|(key, _)| *key == figure.key);
            of?.1.spread.map(figure.write)
        };
        let page = report.page(&about, &measured.pooled, spread)?;
        intentkit::internal::files::replace(path, page.as_bytes())?;
    }
    let mut out = Output::new();
    if arguments.json {
        return out.json(&object(count, options.seed, measured, warnings));
    }
    out.pairs(&lines(arguments, count, &measured))
}

fn options(arguments: &Arguments) -> Result<TrainOptions, Failure> {
    let default = TrainOptions::default();
    Ok(TrainOptions {
        preset: arguments.preset.unwrap_or(default.preset),
        seed: arguments.seed.unwrap_or(default.seed),
        epochs: arguments.epochs,
        lexicon: input::lexicon(arguments.lexicon.as_deref())?,
        ..default
    })
}

/// Trains a model for each fold and measures it on that fold.
fn measure(
    arguments: &Arguments,
    count: usize,
    options: &TrainOptions,
    examples: &[Example],
    folds: &Folds,
    report: &mut Report,
) -> Result<Measured, Failure> {
    let (bar, started) = (Bar::new(false), Instant::now());
    let (mut each, mut pooled, mut preset) = (vec![], Evaluator::default(), options.preset);
    for fold in 0..count {
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            (0..examples.len()).partition(|&i| folds.of_example[i] == Some(fold));
        let data = dataset(examples, &outside);
        // What the trainings warn of is about their parts of the data, not about the data.
        let (classifier, made) =
            Classifier::train_on(&data, None, options, &mut |now| bar.show_fold(fold, count, started, now))?;
        preset = made.preset;
        let test: Vec<Example> = inside.iter().map(|&i| examples[i].clone()).collect();
        let asked = arguments.predict_options();
        each.push(classifier.evaluate(&test, &asked)?);
        let mut numbers = inside.iter().map(|i| i + 1);
        pooled.add(&classifier, &test, &asked, |example, outcome| {
            if arguments.report.is_some() {
                report.add(&classifier, &asked, numbers.next().unwrap_or(0), example, outcome);
            }
        })?;
    }
    bar.clear();
    let (summaries, seconds) = (summaries(&each), started.elapsed().as_secs_f64());
    Ok(Measured { preset, each, pooled: pooled.finish(), summaries, seconds })
}

/// What stands over the figures of the page.
fn about(arguments: &Arguments, count: usize, seed: u64, measured: &Measured, warnings: &[String]) -> About {
    let figures = "Figures are those of all folds together, with their standard deviation over the folds.";
    let notes = arguments.notes(&measured.pooled).into_iter().chain([figures.into()]);
    About {
        title: format!("What to expect from {}", input::name(&arguments.data)),
        facts: vec![
            ("examples", figures::lines(&measured.pooled)),
            ("measured by", format!("{count}-fold cross-validation")),
            ("preset", measured.preset.name().into()),
            ("seed", seed.to_string()),
            ("made with", figures::VERSION.into()),
        ],
        notes: notes.chain(eval::note(warnings)).collect(),
    }
}

fn object(count: usize, seed: u64, measured: Measured, warnings: Vec<String>) -> Found {
    let map = |of: fn(&Summary) -> Option<f64>| {
        measured.summaries.iter().map(|(key, summary)| (key.to_string(), of(summary).into())).collect()
    };
    Found {
        folds: count,
        seed,
        preset: measured.preset.name(),
        seconds: numbers::rounded(measured.seconds, 3),
        mean: map(|summary| summary.mean),
        spread: map(|summary| summary.spread),
        pooled: measured.pooled,
        each: measured.each,
        warnings,
    }
}

/// The lines of the summary.
fn lines(arguments: &Arguments, count: usize, measured: &Measured) -> Vec<(&'static str, String)> {
    let written = |figure: &Figure, summary: &Summary| match (summary.mean, summary.spread) {
        (Some(mean), Some(spread)) => {
            format!("{} \u{b1} {}, pooled {}", (figure.write)(mean), (figure.write)(spread), figure.written())
        }
        _ => figure.written(),
    };
    let mut pairs = vec![
        ("examples", format!("{}, in {count} folds", figures::lines(&measured.pooled))),
        ("trained", format!("{count} models, preset {}, {:.1} s", measured.preset, measured.seconds)),
    ];
    let figures = figures::figures(&measured.pooled);
    pairs.extend(
        figures
            .iter()
            .zip(&measured.summaries)
            .map(|(figure, (_, summary))| (figure.name, written(figure, summary))),
    );
    pairs.extend(arguments.more(&measured.pooled));
    pairs
}

fn dataset<'a>(examples: &'a [Example], lines: &[usize]) -> Dataset<'a> {
    Dataset {
        inputs: Inputs::Texts(lines.iter().map(|&i| examples[i].text.as_str()).collect()),
        labels: lines.iter().map(|&i| examples[i].labels.iter().map(String::as_str).collect()).collect(),
    }
}

fn warning(lone: &[String]) -> Option<String> {
    let names: Vec<String> = lone.iter().take(10).map(|label| format!("`{label}`")).collect();
    let more = match lone.len() - names.len() {
        0 => String::new(),
        more => format!(" and {}", numbers::of(more, "other")),
    };
    match lone {
        [] => None,
        [label] => Some(format!("label `{label}` has 1 example; it is always trained on and never measured")),
        _ => Some(format!(
            "{} labels have 1 example each, which is always trained on and never measured: {}{more}",
            numbers::count(lone.len()),
            names.join(", ")
        )),
    }
}

fn summaries(each: &[Evaluation]) -> Vec<(&'static str, Summary)> {
    let folds: Vec<_> = each.iter().map(figures::figures).collect();
    let Some(first) = folds.first() else { return vec![] };
    let summary = |i: usize| {
        let values: Vec<f64> = folds.iter().filter_map(|figures| figures[i].value).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Summary {
            mean: (!values.is_empty()).then_some(mean),
            spread: (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
        }
    };
    first.iter().enumerate().map(|(i, figure)| (figure.key, summary(i))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_mean_and_sample_deviation_of_the_folds_that_have_the_figure() {
        let example = Evaluator::default().finish();
        let fold = |accuracy, oos_recall| Evaluation { in_scope: 1, accuracy, oos_recall, ..example.clone() };
        let found = summaries(&[fold(0.5, None), fold(0.75, Some(1.0)), fold(1.0, None)]);
        let of = |key| &found.iter().find(|one| one.0 == key).unwrap().1;
        assert_eq!((of("accuracy").mean, of("accuracy").spread), (Some(0.75), Some(0.25)));
        assert_eq!((of("oos_recall").mean, of("oos_recall").spread), (Some(1.0), None));
        assert_eq!((of("oos_auroc").mean, of("oos_auroc").spread), (None, None));
    }

    #[test]
    fn labels_with_one_example_are_named_up_to_ten() {
        let labels: Vec<String> = (0..12).map(|i| format!("l{i}")).collect();
        assert_eq!(warning(&[]), None);
        assert!(warning(&labels[..1]).unwrap().starts_with("label `l0` has 1 example"));
        assert!(warning(&labels).unwrap().ends_with("`l9` and 2 others"));
    }
}
