//! Training options, and the recipe that follows from them and the data.

use crate::calibration::Calibration;
use crate::decision::{Choice, Cost, ScoreSettings};
use crate::error::{Error, Result};
use crate::lexicon::Lexicon;
use crate::model::MAX_SEPARATORS;
use crate::text::for_each_token;
use crate::text::ngrams::NgramSettings;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Recipes for training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preset {
    /// [`Preset::Multi`] if more than 1 % of the labelled examples have two or more labels,
    /// otherwise [`Preset::Single`].
    #[default]
    Auto,
    /// One label per text: the top label.
    Single,
    /// A set of labels per text: every label that reaches its threshold.
    Multi,
    /// The original system, unchanged: 256 fixed hash buckets, no skip connection, Adam 1e-3 with
    /// weight decay 1e-5, batch 32, 50 epochs, threshold 0.5, no calibration. A baseline for
    /// comparisons, not for use.
    Reference,
}

impl Preset {
    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Auto => "auto",
            Preset::Single => "single",
            Preset::Multi => "multi",
            Preset::Reference => "reference",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [Preset::Auto, Preset::Single, Preset::Multi, Preset::Reference]
            .into_iter()
            .find(|preset| preset.name() == name)
            .ok_or_else(|| {
                Error::invalid(format!("preset `{name}` is unknown; it is auto, single, multi or reference"))
            })
    }
}

/// Maximum number of passes over the data: a thousand times those of the presets.
const MAX_EPOCHS: usize = 100_000;

/// Training options. The defaults suit most data; each option gives the reason for its default.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// The recipe. Defaults to [`Preset::Auto`], which chooses by whether examples have one label
    /// or several.
    pub preset: Preset,
    /// Number of epochs, passes over the examples, 1 to 100,000. The default is between 6 and 100:
    /// the fewer examples, the more epochs, since few examples need more passes for the same number
    /// of steps. If not set, training uses fewer epochs when they are clearly better on the
    /// held-out examples.
    pub epochs: Option<usize>,
    /// Random seed. Defaults to 1. The same data, options and seed give the same model, byte for
    /// byte.
    pub seed: u64,
    /// Number of threads, 0 to 1024; 0 means all cores. Defaults to 0. The model does not depend on
    /// it.
    pub threads: usize,
    /// Acceptance rate: the share of labelled held-out examples that the rejection threshold
    /// accepts, over 0 and at most 1. Defaults to 0.95: rejecting one in-scope text in twenty is
    /// the price for recognising most out-of-scope texts.
    ///
    /// With 1, the rejection threshold rejects no text. A text is then rejected only if nothing in
    /// it is known, or if no label reaches its own threshold.
    pub keep: f64,
    /// Costs of mistakes, instead of an acceptance rate. Training chooses the acceptance rate at
    /// which the mean cost of the held-out examples is lowest. If set, `keep` must be at its
    /// default. Defaults to `None`.
    pub cost: Option<Cost>,
    /// Learning rate of the network, over 0 and at most 1. The default is 0.002 below 500 labels,
    /// twice Adam's usual rate, and 0.003 for 500 labels or more.
    pub learning_rate: Option<f32>,
    /// Batch size in examples, 1 or more. Defaults to 128.
    ///
    /// The default is 32 instead if there are fewer than 500 labels and few examples, which gain
    /// from more and noisier steps. With [`Preset::Multi`], few means fewer than 10,000. With
    /// [`Preset::Single`], few means fewer than 5,000, or on average at most 20 per label.
    pub batch: Option<usize>,
    /// Probability that an n-gram is left out of a training text, 0 to below 1.
    ///
    /// Defaults to 0.5: it adds 0.7 points on single-label data, because texts are then recognised
    /// by several n-grams. It is 0.4 in two cases: with [`Preset::Multi`] and 10,000 examples or
    /// more, where a single n-gram may be the only evidence for a label; and with
    /// [`Preset::Single`], a lexicon and on average at most 20 examples per label.
    pub feature_dropout: Option<f32>,
    /// Share of synthetic negatives: the probability, 0 to below 1, that an example is replaced by
    /// one. A synthetic negative mixes two examples with different labels, and is trained as out of
    /// scope. It teaches what out-of-scope texts look like.
    ///
    /// Defaults to 0 with [`Preset::Multi`], where a mixture has both labels, and to 0.1 with
    /// [`Preset::Single`]. With [`Preset::Single`] it is 0.3 if there is no lexicon and there are
    /// on average at most 20 examples per label.
    pub outliers: Option<f32>,
    /// Words and punctuation marks that separate clauses, such as `and` and `,`; at most
    /// [`MAX_SEPARATORS`]. With an empty list, texts are not cut into clauses.
    ///
    /// By default clause separators are learned from examples with several labels, and used if they
    /// improve the results on held-out examples.
    pub separators: Option<Vec<String>>,
    /// Whether the name of a label is used as one more example of the label, with underscores
    /// replaced by spaces. This applies only to labels with at most 20 examples. Names without a
    /// word of at least three letters are ignored. Defaults to true: names such as `book_flight`
    /// add five points with five examples per label.
    pub label_names: bool,
    /// Labels that get the first indices, in this order, even if no example has them, so that
    /// indices match an earlier model's. Defaults to none: labels get their indices in order of
    /// first appearance.
    pub labels: Vec<String>,
    /// Descriptions of labels, as (label, text): each is one more example of its label, used
    /// instead of its name. Write them in words that texts of the label use. Defaults to none.
    pub descriptions: Vec<(String, String)>,
    /// Lexicon: word vectors from elsewhere, which help when examples are few. Defaults to `None`.
    /// The model stores the vectors that it needs, so that the lexicon is not needed after
    /// training.
    pub lexicon: Option<Arc<Lexicon>>,
}

impl Default for TrainOptions {
    fn default() -> Self {
        TrainOptions {
            preset: Preset::Auto,
            epochs: None,
            seed: 1,
            threads: 0,
            keep: 0.95,
            cost: None,
            learning_rate: None,
            batch: None,
            feature_dropout: None,
            outliers: None,
            separators: None,
            label_names: true,
            labels: vec![],
            descriptions: vec![],
            lexicon: None,
        }
    }
}

impl TrainOptions {
    /// Checks that every value is in range and that no two options contradict each other.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`], naming the option, its value and its range.
    pub fn check(&self) -> Result<()> {
        let refuse = |message: String| Err(Error::InvalidArgument(message));
        if let Some(epochs) = self.epochs.filter(|epochs| !(1..=MAX_EPOCHS).contains(epochs)) {
            return refuse(format!("`epochs` is {epochs}; it must be 1 to {MAX_EPOCHS}"));
        }
        if self.batch == Some(0) {
            return refuse("`batch` is 0; it must be 1 or more".into());
        }
        if self.threads > 1024 {
            return refuse(format!(
                "`threads` is {}; it must be at most 1024, or 0 for all cores",
                self.threads
            ));
        }
        if !(self.keep > 0.0 && self.keep <= 1.0) {
            return refuse(format!("`keep` is {}; it must be over 0 and at most 1", self.keep));
        }
        if let Some(cost) = self.cost {
            cost.check()?;
            if self.keep != TrainOptions::default().keep {
                return refuse("`keep` and `cost` exclude each other; give one".into());
            }
        }
        if let Some(rate) = self.learning_rate.filter(|r| !(*r > 0.0 && *r <= 1.0)) {
            return refuse(format!("`learning_rate` is {rate}; it must be over 0 and at most 1"));
        }
        for (name, value) in [("feature_dropout", self.feature_dropout), ("outliers", self.outliers)] {
            if let Some(value) = value.filter(|v| !(0.0..1.0).contains(v)) {
                return refuse(format!("`{name}` is {value}; it must be at least 0 and under 1"));
            }
        }
        for (i, label) in self.labels.iter().enumerate() {
            crate::data::check_label(label)
                .map_err(|fault| Error::invalid(format!("`labels`: name {i} {fault}")))?;
        }
        self.check_separators()?;
        if self.preset == Preset::Reference && self.shapes_the_recipe() {
            let options = "`learning_rate`, `batch`, `feature_dropout`, `outliers`, `separators`, `descriptions`, `lexicon`, `keep` and `cost`";
            return refuse(format!(
                "preset `reference` does not allow {options}; leave them at their defaults"
            ));
        }
        Ok(())
    }

    fn check_separators(&self) -> Result<()> {
        let refuse = |message: String| Err(Error::InvalidArgument(message));
        let separators = self.separators.as_deref().unwrap_or_default();
        if separators.len() > MAX_SEPARATORS {
            return refuse(format!(
                "`separators` has {} entries; the maximum is {MAX_SEPARATORS}",
                separators.len()
            ));
        }
        if let Some(separator) = separators.iter().find(|separator| normalised(separator).is_none()) {
            return refuse(format!(
                "clause separator `{separator}` must be one word or one punctuation mark"
            ));
        }
        Ok(())
    }

    /// Whether an option is set that changes how a model is made, seed and labels apart.
    fn shapes_the_recipe(&self) -> bool {
        self.learning_rate.is_some()
            || self.batch.is_some()
            || self.feature_dropout.is_some()
            || self.outliers.is_some()
            || self.separators.as_ref().is_some_and(|separators| !separators.is_empty())
            || !self.descriptions.is_empty()
            || self.lexicon.is_some()
            || self.cost.is_some()
            || self.keep != TrainOptions::default().keep
    }
}

/// Returns a clause separator in normalised form, or `None` if it is not exactly one word or mark.
pub(crate) fn normalised(separator: &str) -> Option<String> {
    let (mut first, mut count) = (None, 0);
    for_each_token(separator, |token| {
        first.get_or_insert_with(|| token.text().to_owned());
        count += 1;
    });
    first.filter(|_| count == 1)
}

/// From this many labels on, the recipe is a cheaper one, since training costs lines times labels:
/// a single fold, which holds out enough lines, and larger steps, which are as good
/// (`docs/performance.md`).
pub(crate) const MANY_LABELS: usize = 500;

/// The properties of the data that the recipe depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) lines: usize,
    pub(crate) labels: usize,
    pub(crate) with_labels: usize,
    pub(crate) with_several: usize,
}

impl Amount {
    /// Returns true if there are so few lines that every line counts.
    fn is_few(self) -> bool {
        self.lines <= 20 * self.labels
    }
}

/// All numbers of a training. They come from the studies in `docs/accuracy.md`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) preset: Preset,
    pub(crate) choice: Choice,
    pub(crate) ngrams: NgramSettings,
    /// Words in fewer clauses than this are rare; see [`crate::text::ngrams::Words::frequent`]. 0
    /// makes all words distinct.
    pub(crate) rare_below: u32,
    /// The embedding table has 2^bits rows.
    pub(crate) row_bits: u32,
    /// Whether the embedding table is trained. Otherwise it is the fixed signed feature hashing of
    /// the reference.
    pub(crate) learned_table: bool,
    pub(crate) linear_path: bool,
    /// Factor of the features before the network, which brings its inputs to the order of 1.
    pub(crate) gain: f32,
    pub(crate) epochs: usize,
    pub(crate) batch: usize,
    pub(crate) learning_rate: f32,
    pub(crate) table_rate: f32,
    pub(crate) weight_decay: f32,
    /// Warm-up, then cosine. Otherwise the rate is constant.
    pub(crate) scheduled: bool,
    /// Dropout of activations, after the first two layers of the reference and after every hidden
    /// layer otherwise.
    pub(crate) dropout: f32,
    pub(crate) feature_dropout: f32,
    pub(crate) outliers: f32,
    /// Share of lines of one clause that a part of a line with the same labels follows, if texts are
    /// cut into clauses.
    pub(crate) fragments: f32,
    /// Whether held-out lines choose epochs, calibration and the rejection thresholds.
    pub(crate) calibrated: bool,
    /// Initial calibration, from which few held-out lines can't move far.
    pub(crate) calibration: Calibration,
    /// How the reject score is computed.
    pub(crate) score: ScoreSettings,
}

impl Recipe {
    pub(crate) fn new(options: &TrainOptions, amount: Amount) -> Recipe {
        let preset = match options.preset {
            Preset::Auto if amount.with_several * 100 > amount.with_labels => Preset::Multi,
            Preset::Auto => Preset::Single,
            preset => preset,
        };
        let mut recipe = match preset {
            Preset::Reference => Recipe::reference(),
            Preset::Multi => Recipe::multi(amount),
            Preset::Single | Preset::Auto => Recipe::single(amount),
        };
        if options.lexicon.is_some() && preset == Preset::Single && amount.is_few() {
            // The lexicon's rows are not trained, so there is less to learn and less overfitting to
            // prevent.
            recipe = Recipe { epochs: 30, feature_dropout: 0.4, outliers: 0.1, ..recipe };
        }
        if amount.labels >= MANY_LABELS && preset != Preset::Reference {
            recipe = Recipe { epochs: recipe.epochs.min(20), batch: 128, learning_rate: 3e-3, ..recipe };
        }
        recipe.epochs = options.epochs.unwrap_or(recipe.epochs);
        recipe.batch = options.batch.unwrap_or(recipe.batch);
        recipe.learning_rate = options.learning_rate.unwrap_or(recipe.learning_rate);
        recipe.feature_dropout = options.feature_dropout.unwrap_or(recipe.feature_dropout);
        recipe.outliers = options.outliers.unwrap_or(recipe.outliers);
        recipe
    }

    fn single(amount: Amount) -> Recipe {
        // Few examples: smaller and more steps, more synthetic negatives.
        let few = amount.is_few();
        Recipe {
            preset: Preset::Single,
            choice: Choice::Single,
            ngrams: NgramSettings {
                words: 2,
                characters: true,
                word_weight: 1,
                character_weight: 1,
                evidence: true,
            },
            rare_below: 0,
            row_bits: if amount.lines > 60_000 { 15 } else { 13 },
            learned_table: true,
            linear_path: true,
            gain: 16.0,
            epochs: match amount.lines {
                ..1_000 if few => 100,
                ..1_000 => 60,
                1_000..5_000 => 40,
                5_000..12_000 => 20,
                // 20 epochs add at most 0.1 points on CLINC150's validation lines.
                _ => 16,
            },
            batch: if few || amount.lines < 5_000 { 32 } else { 128 },
            learning_rate: 2e-3,
            table_rate: 1e-2,
            weight_decay: 0.0,
            scheduled: true,
            dropout: 0.3,
            feature_dropout: 0.5,
            outliers: if few { 0.3 } else { 0.1 },
            fragments: 0.0,
            calibrated: true,
            // Fitted on CLINC150's held-out lines; other single-label data gives similar values.
            calibration: Calibration { scale: 0.75, coupling: 0.75, shift: 0.0 },
            // Chosen on training lines of eleven sets, with a quarter of the labels as out-of-scope
            // ones (docs/accuracy.md).
            score: ScoreSettings {
                weight: 40.0,
                logit_cap: Some(4.0),
                length_power: 1,
                length_scales_logit: true,
            },
        }
    }

    fn multi(amount: Amount) -> Recipe {
        // Small data is regularised like single-label data. Large data is varied enough, and gains
        // from longer phrases.
        let small = amount.lines < 10_000;
        let single = Recipe::single(amount);
        let phrases = NgramSettings { words: 3, word_weight: 2, ..single.ngrams.clone() };
        Recipe {
            preset: Preset::Multi,
            choice: Choice::Multi,
            ngrams: if small { single.ngrams.clone() } else { phrases },
            // Adds 0.5 to 2.3 points on the validation lines of four sets. In small data too many
            // words are rare.
            rare_below: if amount.lines < 3_000 { 0 } else { 3 },
            // Many texts with many names need more rows: 2^13 costs a point on MixSNIPS.
            row_bits: if amount.lines > 20_000 { 15 } else { 13 },
            // Small data needs more passes for enough steps. 6 passes over 40,000 lines suffice.
            epochs: (120_000 / amount.lines.max(1)).clamp(6, 25),
            batch: if small { 32 } else { 128 },
            dropout: if small { 0.3 } else { 0.1 },
            feature_dropout: if small { 0.5 } else { 0.4 },
            outliers: 0.0,
            fragments: 0.4,
            calibration: Calibration::default(),
            // Single words identify the labels of sets, and nonsense contains such words too.
            score: ScoreSettings { length_power: 3, ..single.score },
            ..single
        }
    }

    fn reference() -> Recipe {
        Recipe {
            preset: Preset::Reference,
            choice: Choice::Multi,
            ngrams: NgramSettings {
                words: 1,
                characters: true,
                word_weight: 1,
                character_weight: 1,
                evidence: false,
            },
            rare_below: 0,
            // 2^8 buckets and a sign.
            row_bits: 9,
            learned_table: false,
            linear_path: false,
            gain: 1.0,
            epochs: 50,
            batch: 32,
            learning_rate: 1e-3,
            table_rate: 0.0,
            weight_decay: 1e-5,
            scheduled: false,
            dropout: 0.3,
            feature_dropout: 0.0,
            outliers: 0.0,
            fragments: 0.0,
            calibrated: false,
            calibration: Calibration::default(),
            score: ScoreSettings::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(lines: usize, labels: usize, with_several: usize) -> Amount {
        Amount { lines, labels, with_labels: lines, with_several }
    }

    #[test]
    fn auto_is_multi_when_more_than_one_line_in_a_hundred_has_several_labels() {
        let preset = |several| Recipe::new(&TrainOptions::default(), amount(1000, 10, several)).preset;
        assert_eq!(preset(10), Preset::Single);
        assert_eq!(preset(11), Preset::Multi);
    }

    #[test]
    fn a_lexicon_changes_the_recipe_of_few_examples_alone() {
        let lexicon = Lexicon::new(&["a", "b"], &[1.0, 0.5, 0.0, 1.0], 2).ok().map(Arc::new);
        let (with, without) = (TrainOptions { lexicon, ..Default::default() }, TrainOptions::default());
        assert!(with.lexicon.is_some());
        let few = Recipe::new(&with, amount(200, 10, 0));
        assert_eq!((few.epochs, few.feature_dropout, few.outliers), (30, 0.4, 0.1));
        for amount in [amount(201, 10, 0), amount(200, 10, 100)] {
            assert_eq!(Recipe::new(&with, amount), Recipe::new(&without, amount));
        }
    }

    #[test]
    fn from_500_labels_on_the_recipe_is_a_cheaper_one() {
        let recipe =
            |labels, several| Recipe::new(&TrainOptions::default(), amount(2 * labels, labels, several));
        for several in [0, 100] {
            assert_eq!(recipe(499, several).batch, 32);
            for labels in [500, 1_000, 5_000] {
                let recipe = recipe(labels, several);
                assert_eq!((recipe.epochs, recipe.batch), (20, 128), "{labels} labels");
            }
        }
    }

    #[test]
    fn a_given_option_overrides_the_recipe() {
        let options = TrainOptions {
            epochs: Some(3),
            batch: Some(7),
            feature_dropout: Some(0.0),
            ..Default::default()
        };
        let recipe = Recipe::new(&options, amount(1000, 10, 0));
        assert_eq!((recipe.epochs, recipe.batch, recipe.feature_dropout), (3, 7, 0.0));
    }

    #[test]
    fn options_out_of_range_or_contradictory_are_refused_by_name() {
        let default = TrainOptions::default();
        let wrong = [
            ("`epochs` is 0", TrainOptions { epochs: Some(0), ..default.clone() }),
            ("`batch` is 0", TrainOptions { batch: Some(0), ..default.clone() }),
            ("`threads` is 5000", TrainOptions { threads: 5000, ..default.clone() }),
            ("`keep` is 0", TrainOptions { keep: 0.0, ..default.clone() }),
            ("`keep` is NaN", TrainOptions { keep: f64::NAN, ..default.clone() }),
            ("`learning_rate` is -1", TrainOptions { learning_rate: Some(-1.0), ..default.clone() }),
            ("`feature_dropout` is 1", TrainOptions { feature_dropout: Some(1.0), ..default.clone() }),
            ("`outliers` is -0.5", TrainOptions { outliers: Some(-0.5), ..default.clone() }),
            (
                "at their defaults",
                TrainOptions { preset: Preset::Reference, outliers: Some(0.1), ..default.clone() },
            ),
        ];
        for (expected, options) in wrong {
            let message = options.check().unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        default.check().unwrap();
    }

    #[test]
    fn presets_are_named_both_ways() {
        for preset in [Preset::Auto, Preset::Single, Preset::Multi, Preset::Reference] {
            assert_eq!(preset.to_string().parse::<Preset>().unwrap(), preset);
        }
        assert!(
            "best".parse::<Preset>().unwrap_err().to_string().contains("auto, single, multi or reference")
        );
    }
}
