//! Learning from a few new or corrected examples without a full retraining.
//!
//! A correction moves the table only: a row of it speaks for the texts that hold its n-gram, while the layers are shared by all
//! labels and would move everyone. A new label gets a column of its own in the output layer and the linear path, which starts
//! at the mean of its texts' features and is trained together with the table. Every step replays earlier examples, so that they
//! are not forgotten (rehearsal; Robins, 1995). Where none are kept, the model's own answers to generated bags of n-grams stand in
//! for them (Li and Hoiem, 2016).

mod replay;
mod state;

use super::dataset::Bag;
use super::fit::{Fit, Workspace, table_step};
use super::random::{Purpose, Random};
use super::{Dataset, Inputs, Run, Samples, centroids, quantise};
use crate::data::Example;
use crate::decision::{PredictOptions, Scored};
use crate::error::{Error, Result};
use crate::model::{Model, Parts, TableParts};
use crate::network::MAX_LABELS;
use crate::simd::{self, DIMENSIONS};
use crate::text::MAX_TEXT_BYTES;
use crate::text::filter::Filter;
use crate::vectorizer::{FeatureVector, Table, Vectorizer};
use replay::{Kept, Lines, generated, some_of};
use state::State;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

/// Examples of the text itself in a step that corrects it, and lines that are replayed beside them.
const COPIES: usize = 4;
const REPLAYED: usize = 32;
/// Steps until a text is answered right, at most, each a little larger than the one before.
const MOST_STEPS: usize = 20;
const GROWTH: f32 = 1.1;

/// How far a step moves the rows of the table: those of rare n-grams the full rate, others less by a power of their inverse document
/// frequency as a share of the rarest's, since every text moves that holds one. On CLINC150 the sixth power halves what
/// corrections cost the other texts.
#[derive(Clone, Copy)]
struct Pace {
    rate: f32,
    power: i32,
}

const CORRECTION: Pace = Pace { rate: 0.016, power: 6 };

/// How a new label is learned.
struct LabelRecipe {
    steps: usize,
    /// Lines of the label in a step, and of others.
    own: usize,
    others: usize,
    /// `None` leaves the table as it is.
    pace: Option<Pace>,
}

/// With the examples of training.
const WITH_HISTORY: LabelRecipe =
    LabelRecipe { steps: 80, own: 8, others: 56, pace: Some(Pace { rate: 0.002, power: 2 }) };
/// Generated bags are not texts: more of them, and fewer steps, lest the column fits what no text looks like.
const WITHOUT: LabelRecipe = LabelRecipe { steps: 40, own: 4, others: 60, pace: None };

const COLUMN_RATE: f32 = 0.4;
/// Share of the n-grams that are left out of the lines a label is learned from.
const DROPOUT: f32 = 0.5;
/// What a new column starts from: a share of its texts' mean features, and a bias as of a rare label.
const COLUMN_START: f32 = 0.8;
const COLUMN_BIAS: f32 = -6.0;

/// What came of an update.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateReport {
    /// Examples that were learned.
    pub examples: usize,
    /// Those that are answered right now.
    pub right: usize,
    /// Names of labels that are new.
    pub new_labels: Vec<String>,
    /// Steps that were made.
    pub steps: usize,
}

/// Learns on behalf of one model.
pub struct Learner {
    state: State,
    kept: Kept,
    /// Whether the examples of training are among those that are kept.
    has_history: bool,
    seed: u64,
    /// Updates that were made, each with random numbers of its own.
    updates: u64,
    /// Of the model that the state belongs to.
    checksum: String,
    space: Workspace,
}

impl Learner {
    /// A learner that knows no more than the model does.
    ///
    /// # Errors
    /// [`Error::NoVectorizer`] for a model trained from feature rows, [`Error::InvalidArgument`] for one of the reference preset.
    pub fn of(model: &Model) -> Result<Learner> {
        Ok(Learner {
            state: State::of(model)?,
            kept: Kept::default(),
            has_history: false,
            seed: model.metadata().training.seed,
            updates: 0,
            checksum: model.metadata().checksum.clone(),
            space: Workspace::default(),
        })
    }

    /// A learner with all that a training knew: the table's float32 numbers, and the examples to be replayed.
    pub(super) fn after_training(model: &Model, data: &Dataset<'_>, run: &Run) -> Result<Learner> {
        let mut learner = Learner::of(model)?;
        let (Inputs::Texts(texts), Some(frequencies)) = (&data.inputs, &run.frequencies) else {
            return Err(Error::NoVectorizer);
        };
        learner.state.take_table(&run.weights, &frequencies.idf);
        learner.has_history = true;
        for (text, labels) in texts.iter().zip(&data.labels) {
            let labels = indices(model.labels(), labels.iter().copied())?;
            learner.kept.add(text, labels, false);
        }
        Ok(learner)
    }

    /// Learns from examples and returns the model that knows them. Later examples of the same text replace earlier ones.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the learner belongs to another model, or a label can't be one; [`Error::TextTooLong`]. Nothing
    /// is learned then.
    pub fn update(&mut self, model: &Model, examples: &[Example]) -> Result<(Model, UpdateReport)> {
        self.check(model, examples)?;
        let examples = &last_of_each_text(examples);
        let mut report = UpdateReport { examples: examples.len(), ..UpdateReport::default() };
        let mut random =
            Random::new(self.seed.wrapping_add(self.updates.wrapping_mul(0x9E37_79B9)), Purpose::Learning);
        self.updates += 1;
        examples.iter().for_each(|example| self.state.open(&example.text, self.seed));
        let mut parts = model.parts();
        for example in examples {
            for label in &example.labels {
                if !parts.metadata.labels.contains(label) {
                    report.new_labels.push(label.clone());
                    add_label(&mut parts, label);
                }
            }
        }
        let mut grown = None;
        if !report.new_labels.is_empty() {
            self.state.take_layers(&parts);
            for label in report.new_labels.clone() {
                self.learn_label(model, &mut parts, &label, examples, &mut random, &mut report)?;
            }
            // From here on the rounded columns, those that the model answers with.
            self.state.take_layers(&parts);
            parts.table = TableParts::Int4(self.state.table.clone());
            parts.known.clone_from(&self.state.frequencies.known);
            grown = Some(Model::from_parts(&parts)?);
        }
        let now = grown.as_ref().unwrap_or(model);
        for example in examples {
            let wanted = indices(now.labels(), labels_of(example))?;
            report.steps += self.correct(model, now, &example.text, &wanted, &mut random)?;
            let is_new = example.labels.iter().any(|label| report.new_labels.contains(label));
            self.kept.add(&example.text, wanted, !is_new);
        }
        parts.table = TableParts::Int4(self.state.table.clone());
        parts.known.clone_from(&self.state.frequencies.known);
        let updated = Model::from_parts(&parts)?;
        for example in examples {
            let wanted = indices(updated.labels(), labels_of(example))?;
            report.right += usize::from(self.is_right(&updated, &example.text, &wanted)?);
        }
        self.checksum.clone_from(&updated.metadata().checksum);
        Ok((updated, report))
    }

    fn check(&self, model: &Model, examples: &[Example]) -> Result<()> {
        if model.metadata().checksum != self.checksum {
            return Err(Error::invalid(format!(
                "the learner belongs to the model with checksum {}, and not to the one with {}",
                self.checksum,
                model.metadata().checksum
            )));
        }
        for (i, example) in examples.iter().enumerate() {
            if example.text.len() > MAX_TEXT_BYTES {
                return Err(Error::TextTooLong { length: example.text.len() });
            }
            for (j, label) in (1..).zip(&example.labels) {
                let name = |fault| Error::invalid(format!("example {i}: label {j} {fault}"));
                crate::data::check_label(label).map_err(name)?;
            }
        }
        let mut labels: Vec<&String> = examples.iter().flat_map(|example| &example.labels).collect();
        labels.extend(model.labels());
        labels.sort_unstable();
        labels.dedup();
        if labels.len() > MAX_LABELS {
            let found = labels.len();
            return Err(Error::invalid(format!(
                "with the new ones there would be {found} labels; a model holds at most {MAX_LABELS}"
            )));
        }
        Ok(())
    }

    /// Whether the model with the table as it is now gives exactly these labels.
    fn is_right(&self, model: &Model, text: &str, wanted: &[u32]) -> Result<bool> {
        let vectorizer = model.vectorizer().ok_or(Error::NoVectorizer)?;
        let known = Filter::new(&self.state.frequencies.known).unwrap_or(vectorizer.known);
        let vectorizer = Vectorizer { table: Table::Int4(&self.state.table), known, ..vectorizer };
        let mut logits = vec![0.0; model.labels().len()];
        let mut reading = model.reading(&mut logits);
        let network = |features: &FeatureVector, logits: &mut [f32]| {
            model.logits(std::slice::from_ref(features), logits);
        };
        vectorizer.for_each_row(text, |row| reading.row(row, network));
        let score = reading.score();
        let mut chosen = vec![Scored::default(); wanted.len() + 1];
        let count = model.rule().decide(score, &logits, &PredictOptions::default(), &mut chosen);
        Ok(count == wanted.len() && chosen[..count].iter().all(|scored| wanted.contains(&scored.label)))
    }

    /// Moves the table until a text is answered right. Returns the steps that took.
    fn correct(
        &mut self,
        old: &Model,
        model: &Model,
        text: &str,
        wanted: &[u32],
        random: &mut Random,
    ) -> Result<usize> {
        let own = self.state.bags(text);
        let mut pace = CORRECTION;
        for step in 0..MOST_STEPS {
            if self.is_right(model, text, wanted)? {
                return Ok(step);
            }
            let mut lines = Lines::default();
            (0..COPIES).for_each(|_| lines.push(own.clone(), wanted.to_vec()));
            self.replay(old, &own, REPLAYED, 0.0, random, &mut lines);
            self.step(lines, model.labels().len(), Some(pace), random);
            pace.rate *= GROWTH;
        }
        Ok(MOST_STEPS)
    }

    /// Adds earlier lines, without a share of their n-grams. A quarter of them are earlier corrections.
    fn replay(
        &self,
        old: &Model,
        around: &[Bag],
        count: usize,
        dropout: f32,
        random: &mut Random,
        lines: &mut Lines,
    ) {
        for i in 0..count {
            match self.kept.draw(i % 4 == 0, self.has_history, random) {
                Some(example) => {
                    let bags = self.state.bags(&example.text);
                    let bags = bags.iter().map(|bag| some_of(bag, dropout, random)).collect();
                    lines.push(bags, example.labels.clone());
                }
                None => {
                    let (bag, answer) = generated(&self.state, old, around, random);
                    lines.push_soft(bag, answer);
                }
            }
        }
    }

    /// Computes the gradients of a step, and moves the table where there is a pace.
    fn step(&mut self, lines: Lines, labels: usize, pace: Option<Pace>, random: &mut Random) {
        static NEVER: AtomicBool = AtomicBool::new(false);
        let state = &mut self.state;
        let (bags, targets, soft) = lines.in_order();
        let batch: Vec<usize> = (0..bags.len()).collect();
        let fit = Fit {
            recipe: &state.recipe,
            samples: Samples::Bags(bags),
            targets: &targets,
            soft: &soft,
            lines: vec![],
            labels,
            seed: self.seed,
            threads: 1,
            stop: &NEVER,
            dense: false,
        };
        fit.gradients(&mut state.weights, &batch, random, &mut self.space);
        if let Some(Pace { rate, power }) = pace {
            let idf = &state.frequencies.idf;
            let rarest = idf.iter().copied().fold(1e-6, f32::max);
            let pace = |row: usize| (0..power).fold(rate, |pace, _| pace * (idf[row] / rarest));
            table_step(&mut state.weights, pace, &mut self.space);
            let moved: Vec<usize> = self.space.moved(idf.len()).collect();
            state.round(&moved);
        }
    }

    /// Trains the column of a new label, and the table with it.
    fn learn_label(
        &mut self,
        old: &Model,
        parts: &mut Parts,
        name: &str,
        examples: &[Example],
        random: &mut Random,
        report: &mut UpdateReport,
    ) -> Result<()> {
        let names = parts.metadata.labels.clone();
        let Some(label) = names.iter().position(|other| other == name) else { return Ok(()) };
        let own: Vec<&Example> = examples.iter().filter(|e| e.labels.iter().any(|l| l == name)).collect();
        let mut lines = vec![];
        for example in &own {
            lines.push((self.state.bags(&example.text), indices(&names, labels_of(example))?));
        }
        self.start_column(&lines, label);
        let recipe = if self.has_history { WITH_HISTORY } else { WITHOUT };
        for _ in 0..recipe.steps {
            let mut step = Lines::default();
            for _ in 0..recipe.own {
                let (bags, wanted) = &lines[random.below(lines.len())];
                let bags = bags.iter().map(|bag| some_of(bag, DROPOUT, random)).collect();
                step.push(bags, wanted.clone());
            }
            let around = &lines[random.below(lines.len())].0;
            self.replay(old, around, recipe.others, DROPOUT, random, &mut step);
            self.step(step, names.len(), recipe.pace, random);
            let gradient = self.space.linear_gradient(label);
            if let Some(linear) = &mut self.state.weights.linear {
                let mut column = linear.value.column_mut(label);
                column.iter_mut().zip(&gradient).for_each(|(weight, g)| *weight -= COLUMN_RATE * g);
            }
        }
        report.steps += recipe.steps;
        quantise::column(&self.state.weights, &self.state.recipe, label, parts);
        let rows: Vec<FeatureVector> =
            lines.iter().flat_map(|(bags, _)| bags).map(|bag| self.state.features(bag)).collect();
        centroids::of_rows(&rows, label, parts);
        Ok(())
    }

    /// The starting values of a new label's column: the mean direction of its lines (imprinting; Qi et al., 2018).
    fn start_column(&mut self, lines: &[(Vec<Bag>, Vec<u32>)], label: usize) {
        let mut mean = [0.0f32; DIMENSIONS];
        let rows = lines.iter().flat_map(|(bags, _)| bags).map(|bag| self.state.features(bag));
        let count = rows.clone().count().max(1) as f32;
        rows.for_each(|row| simd::axpy(COLUMN_START / count, &row, &mut mean));
        let weights = &mut self.state.weights;
        if let Some(linear) = &mut weights.linear {
            linear.value.column_mut(label).iter_mut().zip(&mean).for_each(|(to, &from)| *to = from);
        }
        let output = &mut weights.layers[3];
        output.weights.value.column_mut(label).fill(0.0);
        output.biases.value[(0, label)] = COLUMN_BIAS;
    }
}

fn labels_of(example: &Example) -> impl Iterator<Item = &str> {
    example.labels.iter().map(String::as_str)
}

/// The examples without those whose text stands in a later one.
fn last_of_each_text(examples: &[Example]) -> Vec<Example> {
    let last: HashMap<&str, usize> = examples.iter().enumerate().map(|(i, e)| (e.text.as_str(), i)).collect();
    let is_last = |(i, example): &(usize, &Example)| last[example.text.as_str()] == *i;
    examples.iter().enumerate().filter(is_last).map(|(_, example)| example.clone()).collect()
}

/// The numbers of labels.
fn indices<'a>(names: &[String], labels: impl IntoIterator<Item = &'a str>) -> Result<Vec<u32>> {
    let index = |label: &str| {
        let place = names.iter().position(|name| name == label);
        place.map(|i| i as u32).ok_or_else(|| Error::invalid(format!("there is no label `{label}`")))
    };
    let mut indices = labels.into_iter().map(index).collect::<Result<Vec<u32>>>()?;
    indices.sort_unstable();
    indices.dedup();
    Ok(indices)
}

/// One more label, which says nothing yet.
fn add_label(parts: &mut Parts, name: &str) {
    parts.metadata.labels.push(name.to_owned());
    let output = &mut parts.layers[3];
    for layer in [output].into_iter().chain(&mut parts.linear) {
        let inputs = layer.weights.len() / layer.scales.len().max(1);
        layer.weights.extend(std::iter::repeat_n(0, inputs));
        layer.scales.push(0.0);
        if !layer.biases.is_empty() {
            layer.biases.push(COLUMN_BIAS);
        }
    }
    parts.thresholds.push(0.5);
    parts.centroids.extend([0; DIMENSIONS]);
    parts.centroid_inverse_norms.push(0.0);
}
