//! Learning from a few new or corrected examples without full retraining.
//!
//! A correction (`correction.rs`) changes the embedding table only: a row affects only texts that
//! contain its n-gram, while a change to the layers would affect every label. A new label gets its
//! own column in the output layer and the skip connection. The column starts at the mean of its
//! texts' features and is trained together with the embedding table.
//!
//! Every step replays earlier examples to prevent forgetting (rehearsal; Robins, 1995). If no
//! examples are kept, generated bags of n-grams with the model's own predictions replace them (Li
//! and Hoiem, 2016).

mod check;
mod correction;
mod file;
mod labels;
mod outside;
mod replay;
mod state;
mod undo;

use crate::data::Example;
use crate::error::{Error, Result};
use crate::model::{Model, Parts, SILENT_BIAS, TableParts};
use crate::rules::Rule;
use crate::shape::DIMENSIONS;
use crate::simd;
use crate::train::bags::{Bag, Samples};
use crate::train::fit::{Fit, Workspace, table_step};
use crate::train::fragments::Fragments;
use crate::train::random::{Purpose, Random};
use crate::train::{
    self, Dataset, Inputs, Preset, ProgressFn, Run, TrainOptions, TrainReport, centroids, names, quantise,
};
use crate::vectorizer::FeatureVector;
use correction::Verdict;
pub use file::{Durability, LearnerFile};
use replay::{Kept, Lines, generated, some_of};
use serde::{Deserialize, Serialize};
use state::State;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use undo::Before;

/// Step sizes for rows of the embedding table. Rows of the rarest n-grams move at the full rate,
/// others at a power of the ratio of their inverse document frequency to the rarest one's, since
/// moving a row moves every text that contains its n-gram. On CLINC150 the sixth power halves the
/// accuracy that corrections cost other texts.
#[derive(Clone, Copy)]
struct Pace {
    rate: f32,
    power: i32,
}

impl Pace {
    fn of_rows(self, idf: &[f32]) -> impl Fn(usize) -> f32 {
        let rarest = idf.iter().copied().fold(1e-6, f32::max);
        move |row| (0..self.power).fold(self.rate, |pace, _| pace * (idf[row] / rarest))
    }
}

/// How a new label is learned.
struct LabelRecipe {
    steps: usize,
    /// Number of the label's own lines in a step. `others` is the number of other lines.
    own: usize,
    others: usize,
    /// `None` leaves the embedding table unchanged.
    pace: Option<Pace>,
}

/// For training states with the training examples.
const WITH_HISTORY: LabelRecipe =
    LabelRecipe { steps: 80, own: 8, others: 56, pace: Some(Pace { rate: 0.002, power: 2 }) };
/// For few kept examples. A new label has few lines too, and gets a larger share of each step.
const SMALL: LabelRecipe =
    LabelRecipe { steps: 240, own: 16, others: 48, pace: Some(Pace { rate: 0.004, power: 2 }) };
/// For generated bags. They are not real texts: more of them and fewer steps keep the column from
/// overfitting to them.
const WITHOUT: LabelRecipe = LabelRecipe { steps: 40, own: 4, others: 60, pace: None };

/// Maximum number of kept lines that a column is trained on.
const MOST_LINES: usize = 1000;
const COLUMN_RATE: f32 = 0.4;
/// Share of the n-grams that are dropped from the lines a label is trained on.
const DROPOUT: f32 = 0.5;
/// Starting values of a new column: the factor for its texts' mean features, and the bias of a
/// label that never fires.
const COLUMN_START: f32 = 0.8;

/// A change of a model by its training state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Learns from examples. Later examples of the same text replace earlier ones; unknown label
    /// names become new labels.
    #[serde(rename = "learn")]
    Update(Vec<Example>),
    /// Renames a label. Its index stays.
    Rename {
        /// The current name.
        label: String,
        /// The new name, which no label may have.
        to: String,
    },
    /// Merges two labels into one. Indices after the removed one go down by one.
    Merge {
        /// The label to remove.
        label: String,
        /// The label that stays and then stands for both.
        into: String,
    },
    /// Replaces the keyword rules. Adds unknown labels, which only rules can choose until examples
    /// follow.
    Rules(Vec<Rule>),
    /// Removes a label, and the kept examples that have no other label. Indices after it go down by
    /// one.
    Remove {
        /// The label to remove.
        label: String,
    },
}

/// The result of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpdateReport {
    /// Number of examples learned.
    pub examples: usize,
    /// Number of examples now classified correctly.
    pub right: usize,
    /// Names of the new labels.
    pub new_labels: Vec<String>,
    /// Number of gradient steps.
    pub steps: usize,
}

/// A sample of the kept examples, to compare two models on.
pub(crate) struct Compared {
    /// Those added after training, and their share of all kept examples.
    pub(crate) late: Vec<Example>,
    pub(crate) late_share: f64,
    /// Those of training.
    pub(crate) early: Vec<Example>,
}

/// Examples that were dropped.
pub struct Forgotten {
    kept: Kept,
    has_history: bool,
}

/// The training state: a model, and the data needed to continue its training.
pub struct Learner {
    model: Arc<Model>,
    state: State,
    kept: Kept,
    /// Whether the training examples are among the kept ones.
    has_history: bool,
    seed: u64,
    /// Number of changes made. Each has its own random numbers.
    changes: u64,
    space: Workspace,
    /// The state to return to if a change fails; set while changes are made.
    before: Option<Before>,
}

/// Trains a model as [`train::train`] does, and keeps the training state: the float32 values of the
/// embedding table, and the examples.
///
/// # Errors
/// As [`train::train`], and [`Error::InvalidArgument`] if the data are feature rows or the preset
/// is the reference: neither supports updates.
pub fn train_to_learn(
    data: &Dataset<'_>,
    valid: Option<&Dataset<'_>>,
    options: &TrainOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<(Learner, TrainReport)> {
    // Fail before training, which can take minutes.
    if options.preset == Preset::Reference || matches!(data.inputs, Inputs::Features(_)) {
        return Err(Error::invalid(
            "learning from corrections needs texts and another preset than `reference`; train without it",
        ));
    }
    let (model, report, run) = train::run(data, valid, options, progress)?;
    Ok((Learner::after_training(Arc::new(model), data, &run)?, report))
}

impl Learner {
    /// Creates a training state from a model alone.
    ///
    /// # Errors
    /// [`Error::NoVectorizer`] for a model trained from feature rows, [`Error::InvalidArgument`]
    /// for one of the reference preset.
    pub fn of(model: Arc<Model>) -> Result<Learner> {
        Ok(Learner {
            state: State::of(&model)?,
            kept: Kept::default(),
            // A model that has learned nothing has nothing to forget.
            has_history: model.metadata().training.examples == 0 && model.parts().is_untouched(),
            seed: model.metadata().training.seed,
            changes: 0,
            space: Workspace::default(),
            before: None,
            model,
        })
    }

    /// Creates a training state from a run: the float32 values of the embedding table, and the
    /// examples to replay.
    fn after_training(model: Arc<Model>, data: &Dataset<'_>, run: &Run) -> Result<Learner> {
        let mut learner = Learner::of(model)?;
        let (Inputs::Texts(texts), Some(frequencies)) = (&data.inputs, &run.frequencies) else {
            return Err(Error::NoVectorizer);
        };
        learner.state.take_table(&run.weights, &frequencies.idf);
        learner.has_history = true;
        for (text, labels) in texts.iter().zip(&data.labels) {
            let labels = indices(learner.model.labels(), labels.iter().copied())?;
            learner.kept.add(text, labels, false);
        }
        Ok(learner)
    }

    /// Returns the current model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Returns true if the training examples are among the kept ones. Without them a retrained
    /// model would forget.
    pub fn has_history(&self) -> bool {
        self.has_history
    }

    /// Returns true if the model was never trained, and everything that it has learned is kept. Its
    /// columns are trained again from the kept examples, since it has none worth keeping.
    fn is_untrained(&self, model: &Model) -> bool {
        self.has_history && model.metadata().training.examples == 0
    }

    /// Returns the kept examples, those of training first.
    pub fn examples(&self) -> Vec<Example> {
        self.named(&self.kept.examples)
    }

    fn named<'a>(&self, kept: impl IntoIterator<Item = &'a replay::KeptExample>) -> Vec<Example> {
        let name = |&label: &u32| self.model.labels()[label as usize].clone();
        let example = |kept: &replay::KeptExample| Example::new(&kept.text, kept.labels.iter().map(name));
        kept.into_iter().map(example).collect()
    }

    /// Returns up to `most` kept examples to compare two models on, evenly spread. At most half of
    /// them were added after training, unless there are too few others.
    pub(crate) fn compared(&self, most: usize) -> Compared {
        let (late, early): (Vec<_>, Vec<_>) = self.kept.examples.iter().partition(|kept| kept.correction);
        let late_share = late.len() as f64 / self.kept.examples.len().max(1) as f64;
        let late = spread(&late, most.saturating_sub(early.len()).max(most / 2));
        let early = spread(&early, most - late.len());
        Compared { late: self.named(late), late_share, early: self.named(early) }
    }

    /// Returns the number of kept examples.
    pub fn kept(&self) -> usize {
        self.kept.examples.len()
    }

    /// Drops the kept examples and returns them for [`Learner::remember`]. Later changes replay
    /// generated bags of n-grams instead.
    pub fn forget(&mut self) -> Forgotten {
        Forgotten { kept: std::mem::take(&mut self.kept), has_history: std::mem::take(&mut self.has_history) }
    }

    /// Restores forgotten examples. Must be called before any other change.
    pub fn remember(&mut self, forgotten: Forgotten) {
        (self.kept, self.has_history) = (forgotten.kept, forgotten.has_history);
    }

    /// Makes a change. The same changes of the same training state give the same models, byte for
    /// byte, on every machine.
    ///
    /// # Errors
    /// As [`Learner::check`], and [`Error::Model`] if the model would exceed its maximum size;
    /// nothing has changed then.
    pub fn apply(&mut self, change: &Change) -> Result<UpdateReport> {
        self.apply_all(std::slice::from_ref(change))
    }

    /// Makes changes one after the other: all or none. Returns the report of the last one, with the
    /// steps of all.
    ///
    /// # Errors
    /// As [`Learner::apply`].
    pub fn apply_all(&mut self, changes: &[Change]) -> Result<UpdateReport> {
        self.apply_and(changes, |_| Ok(()))
    }

    /// Makes a change. Leaves it incomplete on failure.
    fn make(&mut self, change: &Change) -> Result<UpdateReport> {
        self.check(change)?;
        let mut random =
            Random::new(self.seed.wrapping_add(self.changes.wrapping_mul(0x9E37_79B9)), Purpose::Learning);
        self.changes += 1;
        match change {
            Change::Update(examples) => self.make_update(&last_of_each_text(examples), &mut random),
            Change::Rename { label, to } => self.rename(label, to),
            Change::Merge { label, into } => self.merge(label, into, &mut random),
            Change::Remove { label } => self.remove(label),
            Change::Rules(rules) => self.set_rules(rules),
        }
    }

    /// Learns from examples; short for [`Change::Update`].
    ///
    /// # Errors
    /// As [`Learner::check`].
    pub fn update(&mut self, examples: &[Example]) -> Result<UpdateReport> {
        self.apply(&Change::Update(examples.to_vec()))
    }

    fn make_update(&mut self, examples: &[Example], random: &mut Random) -> Result<UpdateReport> {
        let mut report = UpdateReport { examples: examples.len(), ..UpdateReport::default() };
        examples.iter().try_for_each(|example| self.state.open(&example.text, self.seed))?;
        let model = Arc::clone(&self.model);
        let mut parts = model.parts();
        for label in examples.iter().flat_map(|example| &example.labels) {
            if !parts.metadata.labels.contains(label) {
                report.new_labels.push(label.clone());
                parts.add_label(label);
            }
        }
        // Labels that are new, or known only from rules.
        let untrained = self.is_untrained(&model);
        let names = parts.metadata.labels.clone();
        let silent: Vec<&String> =
            (0..names.len()).filter(|&i| untrained || parts.is_silent(i)).map(|i| &names[i]).collect();
        let is_new = |example: &&Example| example.labels.iter().any(|label| silent.contains(&label));
        let mut grown = None;
        if examples.iter().any(|example| is_new(&example)) {
            report.steps += self.learn_labels(&silent, examples, &mut parts, random)?;
            grown = Some(self.with_table(&mut parts)?);
        }
        if self.place_outside(grown.as_ref().unwrap_or(&model), &mut parts, examples)? {
            grown = Some(self.with_table(&mut parts)?);
        }
        let now = grown.as_ref().unwrap_or(&model);
        let known = self.known(now, examples)?;
        for example in examples {
            let wanted = indices(now.labels(), labels_of(example))?;
            report.steps += self.correct(&model, now, &example.text, &wanted, random)?;
            let replaced = self.kept.add(&example.text, wanted, !is_new(&example));
            self.kept_more(replaced);
        }
        report.steps += self.keep_known(&model, now, examples, &known, random)?;
        self.model = Arc::new(self.with_table(&mut parts)?);
        for example in examples {
            let wanted = indices(self.model.labels(), labels_of(example))?;
            report.right += usize::from(self.verdict(&self.model, &example.text, &wanted)? == Verdict::Right);
        }
        Ok(report)
    }

    /// Trains the columns of untrained labels that examples have. Returns the number of steps.
    fn learn_labels(
        &mut self,
        silent: &[&String],
        examples: &[Example],
        parts: &mut Parts,
        random: &mut Random,
    ) -> Result<usize> {
        let model = Arc::clone(&self.model);
        let untrained = self.is_untrained(&model);
        let names = parts.metadata.labels.clone();
        let mut steps = 0;
        self.state.take_layers(parts);
        for name in silent {
            let Some(label) = names.iter().position(|other| other == *name) else { continue };
            let mut lines = vec![];
            for example in examples.iter().filter(|example| example.labels.contains(name)) {
                lines.push((self.state.bags(&example.text), indices(&names, labels_of(example))?));
            }
            if untrained && !lines.is_empty() {
                lines.extend(self.lines_of(label as u32, random));
            }
            // As in training, the name of a label with few lines is a further line.
            if let Some(text) =
                names::line_of(name).filter(|_| !lines.is_empty() && lines.len() <= names::FEW)
            {
                self.state.open(&text, self.seed)?;
                lines.push((self.state.bags(&text), vec![label as u32]));
            }
            steps += self.learn_column(&model, parts, label, &lines, None, random)?;
        }
        // From here on the rounded columns, which the model predicts with.
        self.state.take_layers(parts);
        Ok(steps)
    }

    /// Returns up to a thousand kept examples of a label as bags with labels.
    fn lines_of(&self, label: u32, random: &mut Random) -> Vec<(Vec<Bag>, Vec<u32>)> {
        let mut lines: Vec<_> = self.kept.examples.iter().filter(|e| e.labels.contains(&label)).collect();
        while lines.len() > MOST_LINES {
            lines.swap_remove(random.below(lines.len()));
        }
        lines.into_iter().map(|e| (self.state.bags(&e.text), e.labels.clone())).collect()
    }

    /// Returns the model of these parts with the current embedding table.
    fn with_table(&self, parts: &mut Parts) -> Result<Model> {
        parts.table = TableParts::Int4(self.state.table.clone());
        parts.known.clone_from(&self.state.frequencies.known);
        Model::from_parts(parts)
    }

    /// Adds earlier lines, without a share of their n-grams. A quarter of them are earlier
    /// corrections.
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
                None if self.has_history => {}
                None => {
                    let label = random.below(old.labels().len());
                    let (bag, answer) = generated(&self.state, old, label, around, random);
                    lines.push_soft(bag, answer);
                }
            }
        }
    }

    /// Computes the gradients of a step, and updates the embedding table if there is a pace.
    fn step(&mut self, lines: Lines, labels: usize, pace: Option<Pace>, random: &mut Random) -> Result<()> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        let state = &mut self.state;
        let (bags, targets, soft) = lines.in_order();
        let batch: Vec<usize> = (0..bags.len()).collect();
        let fit = Fit {
            recipe: &state.recipe,
            samples: Samples::Bags(bags),
            fragments: Fragments::default(),
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
        if let Some(pace) = pace {
            state.save(self.space.used())?;
            let idf = &state.frequencies.idf;
            table_step(&mut state.weights, pace.of_rows(idf), &mut self.space);
            let moved: Vec<usize> = self.space.moved(idf.len()).collect();
            state.round(&moved);
        }
        Ok(())
    }

    /// Trains the column of a label from scratch, together with the embedding table, on lines that
    /// have the label. The label also stands for `absorbed`, if given. Returns the number of steps.
    fn learn_column(
        &mut self,
        old: &Model,
        parts: &mut Parts,
        label: usize,
        lines: &[(Vec<Bag>, Vec<u32>)],
        absorbed: Option<usize>,
        random: &mut Random,
    ) -> Result<usize> {
        if lines.is_empty() {
            return Ok(0);
        }
        self.start_column(lines, label);
        let recipe = match self.has_history {
            true if self.is_small() && !self.is_untrained(old) => SMALL,
            true => WITH_HISTORY,
            false => WITHOUT,
        };
        for _ in 0..recipe.steps {
            let mut step = Lines::default();
            for _ in 0..recipe.own {
                let (bags, wanted) = &lines[random.below(lines.len())];
                let bags = bags.iter().map(|bag| some_of(bag, DROPOUT, random)).collect();
                step.push(bags, wanted.clone());
            }
            let around = &lines[random.below(lines.len())].0;
            self.replay(old, around, recipe.others, DROPOUT, random, &mut step);
            if let Some(absorbed) = absorbed {
                step.absorb(absorbed, label);
            }
            self.step(step, parts.metadata.labels.len(), recipe.pace, random)?;
            let gradient = self.space.linear_gradient(label);
            if let Some(linear) = &mut self.state.weights.linear {
                let mut column = linear.value.column_mut(label);
                column.iter_mut().zip(&gradient).for_each(|(weight, g)| *weight -= COLUMN_RATE * g);
            }
        }
        quantise::column(&self.state.weights, &self.state.recipe, label, parts);
        let rows: Vec<FeatureVector> =
            lines.iter().flat_map(|(bags, _)| bags).map(|bag| self.state.features(bag)).collect();
        centroids::of_rows(&rows, label, parts);
        Ok(recipe.steps)
    }

    /// Sets a new label's column to the mean direction of its lines (imprinting; Qi et al., 2018).
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
        output.biases.value[(0, label)] = SILENT_BIAS;
    }
}

fn labels_of(example: &Example) -> impl Iterator<Item = &str> {
    example.labels.iter().map(String::as_str)
}

/// Returns the last example of each text.
fn last_of_each_text(examples: &[Example]) -> Vec<Example> {
    let last: HashMap<&str, usize> = examples.iter().enumerate().map(|(i, e)| (e.text.as_str(), i)).collect();
    let is_last = |(i, example): &(usize, &Example)| last[example.text.as_str()] == *i;
    examples.iter().enumerate().filter(is_last).map(|(_, example)| example.clone()).collect()
}

/// Returns up to `most` items, evenly spread.
fn spread<'a, T>(items: &[&'a T], most: usize) -> Vec<&'a T> {
    let count = most.min(items.len());
    (0..count).map(|i| items[i * items.len() / count]).collect()
}

/// Returns the index of a label.
fn place(names: &[String], label: &str) -> Result<usize> {
    let place = names.iter().position(|name| name == label);
    place.ok_or_else(|| Error::invalid(format!("there is no label `{label}`")))
}

/// Returns the indices of labels.
fn indices<'a>(names: &[String], labels: impl IntoIterator<Item = &'a str>) -> Result<Vec<u32>> {
    let index = |label| place(names, label).map(|place| place as u32);
    let mut indices = labels.into_iter().map(index).collect::<Result<Vec<u32>>>()?;
    indices.sort_unstable();
    indices.dedup();
    Ok(indices)
}
