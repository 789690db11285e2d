//! The effect of learning after training on a model: corrections one by one, labels added one by
//! one. Evaluation data is in ../shared/data, or in the folder that INTENTKIT_DATA names:
//! `cargo bench --bench learning`.

use intentkit::data::{Example, read_file};
use intentkit::learn::{Change, Learner, train_to_learn};
use intentkit::model::Model;
use intentkit::train::{Dataset, train};
use intentkit::{Classifier, PredictOptions, TrainOptions};
use std::path::PathBuf;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn data(set: &str, part: &str) -> Outcome<Vec<Example>> {
    let folder = std::env::var("INTENTKIT_DATA").unwrap_or("../shared/data".into());
    Ok(read_file(&PathBuf::from(folder).join(set).join(format!("{part}.jsonl")), None)?)
}

/// Returns for each example whether its top label is right, before rejection.
fn right(model: &Model, examples: &[Example]) -> Outcome<Vec<bool>> {
    let classifier = Classifier::from_bytes(model.as_bytes())?;
    let options = PredictOptions { top: Some(1), keep: Some(1.0), ..PredictOptions::default() };
    let texts: Vec<&str> = examples.iter().map(|e| e.text.as_str()).collect();
    let answers = classifier.predict_batch(&texts, &options)?;
    let name = |label: u32| &model.labels()[label as usize];
    Ok(answers
        .iter()
        .zip(examples)
        .map(|(a, e)| a.labels().first().is_some_and(|s| e.labels.contains(name(s.label))))
        .collect())
}

fn percent(right: &[bool]) -> f64 {
    100.0 * right.iter().filter(|&&r| r).count() as f64 / right.len() as f64
}

fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for i in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        items.swap(i, (seed >> 33) as usize % (i + 1));
    }
}

fn corrections(count: usize, order: u64, without: bool) -> Outcome<()> {
    let (lines, valid, test) =
        (data("clinc150", "train")?, data("clinc150", "valid")?, data("clinc150", "test")?);
    let in_scope =
        |all: Vec<Example>| -> Vec<Example> { all.into_iter().filter(|e| !e.labels.is_empty()).collect() };
    let (valid, test) = (in_scope(valid), in_scope(test));
    let (learner, _) = train_to_learn(&Dataset::of(&lines), None, &TrainOptions::default(), &mut |_| true)?;
    let mut learner = if without { Learner::of(learner.model().clone())? } else { learner };
    let model = learner.model().clone();
    let before = right(&model, &test)?;
    let mut wrong: Vec<usize> = (0..test.len()).filter(|&i| !before[i]).collect();
    shuffle(&mut wrong, order);
    if count > wrong.len() {
        let mut others: Vec<usize> = (0..test.len()).filter(|&i| before[i]).collect();
        shuffle(&mut others, order);
        wrong.extend(others);
    }
    wrong.truncate(count);
    let fixed: Vec<Example> = wrong.iter().map(|&i| test[i].clone()).collect();
    let rest: Vec<Example> =
        (0..test.len()).filter(|i| !wrong.contains(i)).map(|i| test[i].clone()).collect();
    let (rest_before, valid_before) = (percent(&right(&model, &rest)?), percent(&right(&model, &valid)?));
    let (mut times, mut steps, mut at_once) = (vec![], 0, 0);
    for example in &fixed {
        let start = Instant::now();
        let report = learner.update(std::slice::from_ref(example))?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        steps += report.steps;
        at_once += report.right;
    }
    let model = learner.model();
    times.sort_by(f64::total_cmp);
    println!(
        "{count} corrections, order {order}{}: right at once {:.1}, at the end {:.1}; rest {:.2} ({:+.2}), valid {:.2} ({:+.2}); {:.1} steps, {:.2} ms median, {:.2} ms p95",
        if without { ", no state" } else { "" },
        100.0 * at_once as f64 / count as f64,
        percent(&right(model, &fixed)?),
        percent(&right(model, &rest)?),
        percent(&right(model, &rest)?) - rest_before,
        percent(&right(model, &valid)?),
        percent(&right(model, &valid)?) - valid_before,
        steps as f64 / count as f64,
        times[times.len() / 2],
        times[times.len() * 95 / 100],
    );
    Ok(())
}

/// Returns for each example whether it is answered with exactly its labels, and not rejected.
fn exact(model: &Model, examples: &[Example]) -> Outcome<Vec<bool>> {
    let classifier = Classifier::from_bytes(model.as_bytes())?;
    let mut right = vec![];
    for example in examples {
        let prediction = classifier.predict(&example.text)?;
        let labels = prediction.labels();
        let found = labels.iter().map(|scored| &model.labels()[scored.label as usize]);
        right.push(
            labels.len() == example.labels.len() && found.into_iter().all(|l| example.labels.contains(l)),
        );
    }
    Ok(right)
}

/// Small data: nine labels with 14 lines each, and nine errors on other lines corrected one by one.
/// Means over several choices of labels and lines, with rejection.
fn small(set: &str, judging: &str, seeds: u64, without: bool) -> Outcome<()> {
    const LABELS: usize = 9;
    const LINES: usize = 14;
    const CORRECTIONS: usize = 9;
    let (lines, valid) = (data(set, "train")?, data(set, judging)?);
    let mut names: Vec<String> = lines.iter().flat_map(|e| e.labels.clone()).collect();
    names.sort();
    names.dedup();
    let count = |right: &[bool]| right.iter().filter(|&&right| right).count() as f64;
    let (mut fixed, mut rest, mut gained, mut unlearned, mut corrections, mut millis) =
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for seed in 1..=seeds {
        let (mut names, mut lines) = (names.clone(), lines.clone());
        shuffle(&mut names, seed);
        shuffle(&mut lines, seed);
        let mut chosen = vec![];
        for name in &names[..LABELS] {
            chosen.extend(lines.iter().filter(|e| e.labels.contains(name)).take(LINES).cloned());
        }
        shuffle(&mut chosen, seed);
        let of_labels = |e: &&Example| e.labels.iter().any(|label| names[..LABELS].contains(label));
        let mut judges: Vec<Example> = valid.iter().filter(of_labels).cloned().collect();
        shuffle(&mut judges, seed);
        let data = Dataset::of(&chosen);
        let (learner, _) = train_to_learn(&data, None, &TrainOptions::default(), &mut |_| true)?;
        let mut learner = if without { Learner::of(learner.model().clone())? } else { learner };
        let before = learner.model().clone();
        let right = exact(&before, &judges)?;
        let (good, mut wrong): (Vec<_>, Vec<_>) = judges.iter().zip(&right).partition(|(_, right)| **right);
        let others = wrong.split_off(CORRECTIONS.min(wrong.len()));
        let wrong: Vec<Example> = wrong.into_iter().map(|(e, _)| e.clone()).collect();
        let others: Vec<Example> = good.into_iter().chain(others).map(|(e, _)| e.clone()).collect();
        let start = Instant::now();
        for example in &wrong {
            learner.update(std::slice::from_ref(example))?;
        }
        millis += start.elapsed().as_secs_f64() * 1e3;
        corrections += wrong.len() as f64;
        let now = learner.model();
        fixed += count(&exact(now, &wrong)?);
        let (old, new) = (percent(&exact(&before, &others)?), percent(&exact(now, &others)?));
        rest += new / seeds as f64;
        gained += (new - old) / seeds as f64;
        let (old, new) = (exact(&before, &chosen)?, exact(now, &chosen)?);
        unlearned += old.iter().zip(&new).filter(|(old, new)| **old && !**new).count() as f64;
    }
    println!(
        "{set}, {LABELS} labels of {LINES}, {corrections} corrections in {seeds} choices{}: right at the end {:.1}; rest {rest:.2} ({gained:+.2}); {unlearned} training lines unlearned; {:.2} ms each",
        if without { ", no state" } else { "" },
        100.0 * fixed / corrections,
        millis / corrections,
    );
    Ok(())
}

/// Corrects validation lines with wrong answers, rejected ones included, one by one. An answer is
/// right if it has exactly the labels and is not rejected.
fn as_answered(set: &str, count: usize) -> Outcome<()> {
    let (lines, valid) = (data(set, "train")?, data(set, "valid")?);
    let (mut learner, _) =
        train_to_learn(&Dataset::of(&lines), None, &TrainOptions::default(), &mut |_| true)?;
    let exact = |model: &Model, example: &Example| -> Outcome<bool> {
        let classifier = Classifier::from_bytes(model.as_bytes())?;
        let prediction = classifier.predict(&example.text)?;
        let found: Vec<&String> =
            prediction.labels().iter().map(|s| &model.labels()[s.label as usize]).collect();
        Ok(found.len() == example.labels.len() && found.iter().all(|label| example.labels.contains(label)))
    };
    let share = |model: &Model, examples: &[&Example]| -> Outcome<f64> {
        let right = examples.iter().map(|example| exact(model, example)).collect::<Outcome<Vec<bool>>>()?;
        Ok(percent(&right))
    };
    let model = learner.model().clone();
    let (mut wrong, mut rest) = (vec![], vec![]);
    for example in &valid {
        if exact(&model, example)? { rest.push(example) } else { wrong.push(example) }
    }
    shuffle(&mut wrong, 1);
    rest.extend(wrong.split_off(count.min(wrong.len())));
    let (mut at_once, mut rejected) = (0, 0);
    for &example in &wrong {
        rejected += usize::from(
            Classifier::from_bytes(learner.model().as_bytes())?.predict(&example.text)?.is_rejected(),
        );
        at_once += learner.update(std::slice::from_ref(example))?.right;
    }
    println!(
        "{set}, {} validation errors, {rejected} of them rejected: right at once {:.1}, at the end {:.1}; rest {:.2} ({:+.2})",
        wrong.len(),
        100.0 * at_once as f64 / wrong.len() as f64,
        share(learner.model(), &wrong)?,
        share(learner.model(), &rest)?,
        share(learner.model(), &rest)? - share(&model, &rest)?,
    );
    Ok(())
}

fn new_labels(set: &str, held_back: usize, per: usize, without: bool, seed: u64) -> Outcome<()> {
    let (lines, test) = (data(set, "train")?, data(set, "test")?);
    let test: Vec<Example> = test.into_iter().filter(|e| !e.labels.is_empty()).collect();
    let mut names: Vec<String> = lines.iter().flat_map(|e| e.labels.clone()).collect();
    names.sort();
    names.dedup();
    shuffle(&mut names, seed);
    let new = &names[..held_back];
    let is_new = |e: &&Example| e.labels.iter().any(|l| new.contains(l));
    let old_lines: Vec<Example> = lines.iter().filter(|e| !is_new(e)).cloned().collect();
    let of = |name: &String| -> Vec<Example> {
        lines.iter().filter(|e| e.labels.contains(name)).take(per).cloned().collect()
    };
    let (old_test, new_test): (Vec<Example>, Vec<Example>) = test.iter().cloned().partition(|e| !is_new(&e));
    let options = TrainOptions::default();
    let mut all = old_lines.clone();
    all.extend(new.iter().flat_map(of));
    let (whole, _) = train(&Dataset::of(&all), None, &options, &mut |_| true)?;
    println!(
        "{set}, {held_back} labels of {per}: from the start: new {:.2}, old {:.2}, all {:.2}",
        percent(&right(&whole, &new_test)?),
        percent(&right(&whole, &old_test)?),
        percent(&right(&whole, &test)?)
    );
    let (learner, _) = train_to_learn(&Dataset::of(&old_lines), None, &options, &mut |_| true)?;
    println!("  the old labels alone: {:.2}", percent(&right(learner.model(), &old_test)?));
    let mut learner = if without { Learner::of(learner.model().clone())? } else { learner };
    let start = Instant::now();
    let mut steps = 0;
    for name in new {
        steps += learner.update(&of(name))?.steps;
    }
    let model = learner.model();
    println!(
        "  added one by one{}: new {:.2}, old {:.2}, all {:.2}; {:.0} ms a label, {} steps",
        if without { ", no state" } else { "" },
        percent(&right(model, &new_test)?),
        percent(&right(model, &old_test)?),
        percent(&right(model, &test)?),
        start.elapsed().as_secs_f64() * 1e3 / held_back as f64,
        steps / held_back
    );
    Ok(())
}

/// Ten pairs of labels merged, one by one, compared with a training with the pairs merged from the
/// start.
fn merges(set: &str, without: bool) -> Outcome<()> {
    let (lines, test) = (data(set, "train")?, data(set, "test")?);
    let test: Vec<Example> = test.into_iter().filter(|e| !e.labels.is_empty()).collect();
    let mut names: Vec<String> = lines.iter().flat_map(|e| e.labels.clone()).collect();
    names.sort();
    names.dedup();
    shuffle(&mut names, 1);
    let pairs: Vec<(&String, &String)> = names.chunks(2).take(10).map(|pair| (&pair[0], &pair[1])).collect();
    let merged = |examples: &[Example]| -> Vec<Example> {
        let name =
            |label: &String| pairs.iter().find(|pair| pair.0 == label).map_or(label, |pair| pair.1).clone();
        examples.iter().map(|e| Example::new(&e.text, e.labels.iter().map(name))).collect()
    };
    let options = TrainOptions::default();
    let (whole, _) = train(&Dataset::of(&merged(&lines)), None, &options, &mut |_| true)?;
    let (learner, _) = train_to_learn(&Dataset::of(&lines), None, &options, &mut |_| true)?;
    let mut learner = if without { Learner::of(learner.model().clone())? } else { learner };
    let (test, of_pairs): (Vec<_>, Vec<_>) =
        merged(&test).into_iter().partition(|e| pairs.iter().all(|pair| !e.labels.contains(pair.1)));
    let start = Instant::now();
    for (label, into) in &pairs {
        learner.apply(&Change::Merge { label: label.to_string(), into: into.to_string() })?;
    }
    let took = start.elapsed().as_secs_f64() * 1e3 / pairs.len() as f64;
    println!(
        "{set}, ten pairs merged{}: merged {:.2}, others {:.2}; from the start {:.2}, {:.2}; {took:.0} ms each",
        if without { ", no state" } else { "" },
        percent(&right(learner.model(), &of_pairs)?),
        percent(&right(learner.model(), &test)?),
        percent(&right(&whole, &of_pairs)?),
        percent(&right(&whole, &test)?),
    );
    Ok(())
}

fn main() -> Outcome<()> {
    // `cargo bench -- --test` only checks that it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    for without in [false, true] {
        small("clinc150", "valid", 24, without)?;
        small("banking77", "test", 24, without)?;
    }
    if std::env::args().any(|argument| argument == "small") {
        return Ok(());
    }
    as_answered("clinc150", 150)?;
    as_answered("mixsnips", 60)?;
    for order in 1..=3 {
        corrections(200, order, false)?;
    }
    for order in 1..=3 {
        corrections(2_000, order, false)?;
    }
    corrections(200, 1, true)?;
    new_labels("clinc150", 10, 100, false, 1)?;
    for without in [false, true] {
        new_labels("banking77", 5, 5, without, 1)?;
        merges("clinc150", without)?;
    }
    Ok(())
}
