//! A prepared training, and the runs that it consists of.

use super::bags::{Frequencies, Samples};
use super::dataset::{Dataset, Inputs};
use super::fit::{Epoch, Fit};
use super::fragments::Fragments;
use super::options::{Amount, Preset, Recipe, TrainOptions};
use super::progress::Lane;
use super::targets::Targets;
use super::weights::Weights;
use super::{symbols, transfer};
use crate::error::{Error, Result};
use crate::room;
use crate::shape::DIMENSIONS;
use crate::text::ngrams::{Words, token_hashes};
use std::time::Instant;

/// A prepared training: its data as numbers, and its recipe.
pub(super) struct Training<'a> {
    /// The first `examples` lines, followed by the labels' names as lines.
    pub(super) data: &'a Dataset<'a>,
    pub(super) examples: usize,
    pub(super) valid: Option<(&'a Dataset<'a>, Targets)>,
    /// Number of distinct words of the texts, and of those that the lexicon has.
    pub(super) overlap: Option<(usize, usize)>,
    pub(super) targets: Targets,
    /// The symbols that count as words, and their hashes.
    pub(super) symbols: (Vec<String>, Vec<u64>),
    pub(super) options: &'a TrainOptions,
    pub(super) recipe: Recipe,
    pub(super) started: Instant,
}

/// The result of one run: embedding table and network, and the texts' frequencies unless the inputs
/// are feature rows.
pub(crate) struct Run {
    pub(crate) weights: Weights,
    pub(crate) frequencies: Option<Frequencies>,
}

impl<'a> Training<'a> {
    pub(super) fn new(
        data: &'a Dataset<'a>,
        examples: usize,
        valid: Option<&'a Dataset<'a>>,
        options: &'a TrainOptions,
    ) -> Result<Self> {
        let started = Instant::now();
        let targets = Targets::new(&options.labels, data.labels.iter().map(Vec::as_slice))?;
        let given = &targets.of_line[..examples];
        let amount = Amount {
            lines: examples,
            labels: targets.names.len(),
            with_labels: given.iter().filter(|line| !line.is_empty()).count(),
            with_several: given.iter().filter(|line| line.len() > 1).count(),
        };
        if options.preset == Preset::Single && amount.with_several > 0 {
            return Err(Error::invalid(format!(
                "preset `single` was asked for, but {} lines have several labels; use `multi`, or give each line one label",
                amount.with_several
            )));
        }
        if let Some(valid) = valid {
            check_valid(data, valid)?;
        }
        let overlap = overlap(data, options)?;
        let valid = valid.map(|valid| {
            let of_line = valid.labels.iter().map(|line| targets.indices(line)).collect();
            (valid, Targets { names: targets.names.clone(), of_line })
        });
        Ok(Training {
            data,
            examples,
            valid,
            overlap,
            recipe: Recipe::new(options, amount),
            symbols: symbols(data, examples, &targets, options),
            targets,
            options,
            started,
        })
    }

    /// Returns the model's [doubt](crate::model::Metadata::doubt). The more labels there are, the more
    /// of them lie close to a clause's own by chance. Chosen on 10 sets of 7 to 77 labels.
    pub(super) fn doubt(&self, separators: &[String]) -> f32 {
        if self.recipe.preset != Preset::Multi || separators.is_empty() {
            return 0.0;
        }
        let labels = self.targets.names.len() as f32;
        (10.5 - 1.5 * libm::logf(labels)).clamp(2.0, 7.0)
    }

    /// Returns the words with special treatment, given the hashes of the clause separators.
    pub(super) fn words<'b>(&'b self, separators: &'b [u64]) -> Words<'b> {
        Words { separators, symbols: &self.symbols.1, ..Words::default() }
    }

    /// Trains on `lines` for `epochs` of the recipe's epochs, and calls `after` after each.
    pub(super) fn fit(
        &self,
        recipe: &Recipe,
        lines: Vec<usize>,
        epochs: usize,
        separators: &[String],
        Lane { threads, stop }: Lane<'_>,
        mut after: impl FnMut(&Weights, Option<&Frequencies>, Epoch) -> Result<()>,
    ) -> Result<Run> {
        let (seed, labels) = (self.options.seed, self.targets.names.len());
        let mut fragments = Fragments::default();
        let (samples, frequencies) = match &self.data.inputs {
            Inputs::Features(rows) => (Samples::Features(rows), None),
            Inputs::Texts(texts) => {
                let lexicon = self.options.lexicon.as_deref();
                let frequencies =
                    Frequencies::new(texts, &lines, recipe, self.words(&token_hashes(separators)), lexicon);
                let mut bags = vec![vec![]; texts.len()];
                lines.iter().for_each(|&line| bags[line] = frequencies.bags(texts[line], recipe));
                if recipe.fragments > 0.0 && self.doubt(separators) > 0.0 {
                    let of_line = &self.targets.of_line;
                    fragments = Fragments::new(texts, &lines, of_line, &bags, &frequencies, recipe, seed);
                }
                (Samples::Bags(bags), Some(frequencies))
            }
        };
        let idf = frequencies.as_ref().map_or(&[][..], |f| &f.idf);
        let transfer = frequencies.as_ref().and_then(|f| f.transfer.as_ref());
        let frozen = transfer.map_or(&[][..], |transfer| &transfer.rows);
        room::check::<f32>(idf.len() * DIMENSIONS + frozen.len() + labels * DIMENSIONS)?;
        let mut weights = Weights::new(recipe, labels, idf, frozen, seed);
        let targets = &self.targets.of_line;
        let fit = Fit {
            recipe,
            samples,
            targets,
            soft: &[],
            fragments,
            lines,
            labels,
            seed,
            threads,
            stop,
            dense: true,
        };
        fit.run(&mut weights, epochs, |weights, epoch| after(weights, frequencies.as_ref(), epoch))?;
        Ok(Run { weights, frequencies })
    }
}

/// Returns the symbols that count as words, and their hashes. The reference reads none.
fn symbols(
    data: &Dataset<'_>,
    examples: usize,
    targets: &Targets,
    options: &TrainOptions,
) -> (Vec<String>, Vec<u64>) {
    let symbols = match &data.inputs {
        Inputs::Texts(texts) if options.preset != Preset::Reference => {
            symbols::found(&texts[..examples], &targets.of_line[..examples], targets.names.len())
        }
        _ => vec![],
    };
    let hashes = token_hashes(&symbols);
    (symbols, hashes)
}

fn check_valid(data: &Dataset<'_>, valid: &Dataset<'_>) -> Result<()> {
    if matches!(valid.inputs, Inputs::Features(_)) != matches!(data.inputs, Inputs::Features(_)) {
        return Err(Error::invalid(
            "the validation data must be texts if the training data is texts, and feature rows otherwise",
        ));
    }
    if valid.inputs.is_empty() {
        return Err(Error::Training("the validation data holds no examples".into()));
    }
    Ok(())
}

/// Returns the number of distinct words of the texts, and of those that the lexicon has; `None`
/// without a lexicon.
fn overlap(data: &Dataset<'_>, options: &TrainOptions) -> Result<Option<(usize, usize)>> {
    let Some(lexicon) = &options.lexicon else { return Ok(None) };
    let Inputs::Texts(texts) = &data.inputs else {
        return Err(Error::invalid("a lexicon requires texts; train on feature rows without one"));
    };
    match transfer::overlap(lexicon, texts) {
        (_, 0) => Err(Error::Training(format!(
            "none of the lexicon's {} words occurs in the training texts; is it for their language?",
            lexicon.len()
        ))),
        overlap => Ok(Some(overlap)),
    }
}
