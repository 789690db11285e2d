//! `intent eval --cross-validate`: what to expect of a model, for people without a test set.

use crate::eval::Arguments;
use crate::failure::Failure;
use crate::figures::{self, Figure};
use crate::output::Output;
use crate::progress::Bar;
use crate::report::{About, Report};
use crate::{eval, input, words};
use intentkit::classifier::{Evaluation, Evaluator};
use intentkit::data::{Example, Folds, WithWarnings};
use intentkit::train::{Dataset, Inputs};
use intentkit::{Classifier, TrainOptions};
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

pub fn run(arguments: &Arguments, count: usize) -> Result<(), Failure> {
    arguments.check_report()?;
    let default = TrainOptions::default();
    let options = TrainOptions {
        preset: arguments.preset.unwrap_or(default.preset),
        seed: arguments.seed.unwrap_or(default.seed),
        epochs: arguments.epochs,
        lexicon: input::lexicon(arguments.lexicon.as_deref())?,
        ..default
    };
    options.check()?;
    let WithWarnings { examples, mut warnings } = input::some_examples(&arguments.data, arguments.format)?;
    let folds = Folds::new(&examples, count, options.seed)?;
    warnings.extend(warning(&folds.lone));
    warnings.iter().try_for_each(|warning| input::warn(warning))?;

    let (bar, started) = (Bar::new(false), Instant::now());
    let (mut each, mut pooled, mut report) = (vec![], Evaluator::default(), Report::default());
    let mut preset = options.preset;
    for fold in 0..count {
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            (0..examples.len()).partition(|&i| folds.of_example[i] == Some(fold));
        let data = dataset(&examples, &outside);
        // What the trainings warn of is about their parts of the data, not about the data.
        let (classifier, made) =
            Classifier::train_on(&data, None, &options, &mut |now| bar.show_fold(fold, count, started, now))?;
        preset = made.preset;
        let test: Vec<Example> = inside.iter().map(|&i| examples[i].clone()).collect();
        each.push(classifier.evaluate(&test, &arguments.predict_options())?);
        let mut numbers = inside.iter().map(|i| i + 1);
        pooled.add(&classifier, &test, &arguments.predict_options(), |example, outcome| {
            if arguments.report.is_some() {
                report.add(&classifier, numbers.next().unwrap_or(0), example, outcome);
            }
        })?;
    }
    bar.clear();
    let pooled = pooled.finish();
    let summaries = summaries(&each);

    if let Some(path) = &arguments.report {
        let about = About {
            title: format!("What to expect from {}", input::name(&arguments.data)),
            facts: vec![
                ("examples", figures::lines(&pooled)),
                ("measured by", format!("{count}-fold cross-validation")),
                ("preset", preset.name().into()),
                ("seed", options.seed.to_string()),
                ("made with", figures::VERSION.into()),
            ],
            notes: arguments
                .notes(&pooled)
                .into_iter()
                .chain([
                    "Figures are those of all folds together, with their standard deviation over the folds."
                        .into(),
                ])
                .chain(eval::note(&warnings))
                .collect(),
        };
        let page = report.page(&about, &pooled, |figure| {
            summaries.iter().find(|(key, _)| *key == figure.key)?.1.spread.map(figure.write)
        })?;
        intentkit::internal::files::replace(path, page.as_bytes())?;
    }

    let mut out = Output::new();
    if arguments.json {
        let map = |of: fn(&Summary) -> Option<f64>| {
            summaries.iter().map(|(key, summary)| (key.to_string(), of(summary).into())).collect()
        };
        return out.json(&Found {
            folds: count,
            seed: options.seed,
            preset: preset.name(),
            seconds: words::rounded(started.elapsed().as_secs_f64(), 3),
            mean: map(|summary| summary.mean),
            spread: map(|summary| summary.spread),
            pooled,
            each,
            warnings,
        });
    }
    let written = |figure: &Figure, summary: &Summary| match (summary.mean, summary.spread) {
        (Some(mean), Some(spread)) => {
            format!("{} \u{b1} {}, pooled {}", (figure.write)(mean), (figure.write)(spread), figure.written())
        }
        _ => figure.written(),
    };
    let mut pairs = vec![
        ("examples", format!("{}, in {count} folds", figures::lines(&pooled))),
        ("trained", format!("{count} models, preset {preset}, {:.1} s", started.elapsed().as_secs_f64())),
    ];
    let figures = figures::figures(&pooled);
    pairs.extend(
        figures.iter().zip(&summaries).map(|(figure, (_, summary))| (figure.name, written(figure, summary))),
    );
    pairs.extend(arguments.more(&pooled));
    out.pairs(&pairs)
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
        more => format!(" and {}", words::of(more, "other")),
    };
    match lone {
        [] => None,
        [label] => Some(format!("label `{label}` has 1 example; it is always trained on and never measured")),
        _ => Some(format!(
            "{} labels have 1 example each, which is always trained on and never measured: {}{more}",
            words::count(lone.len()),
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
