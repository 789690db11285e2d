//! Explains a text's labels: what each n-gram adds to a label's logit.
//!
//! A clause's features are a sum of embedding-table rows, one for each of its n-grams, divided by
//! the length of that sum. So any function linear in the features splits into one share per n-gram:
//! exactly for the skip connection, and for the layers with their mean gradient
//! ([`FloatNetwork::mean_gradients`]). The length is treated as constant.

use super::Classifier;
use crate::decision::{PredictOptions, Scored, Source};
use crate::error::Result;
use crate::network::float32::FloatNetwork;
use crate::shape::DIMENSIONS;
use crate::simd;
use crate::text::names::{Name, NamedPiece, for_each_named_piece};
use crate::text::ngrams::{self, Kind, token_hash};
use crate::vectorizer::{Evidence, FeatureVector, LexiconRows, Table, Vectorizer};
use serde::Serialize;
use std::collections::HashMap;

/// Maximum number of chosen labels explained, best first.
const MAX_CHOSEN: usize = 8;

/// Number of labels with the largest logits that are explained, whether chosen or not.
const TOP: usize = 3;

/// Maximum number of n-grams per text with their own shares: those of about 200 different words.
/// Typed texts have fewer.
const MAX_NAMED: usize = 2048;

/// Explanation of a text's labels. Made by [`Classifier::explain`]; as JSON it has a key for each
/// field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The text.
    pub text: String,
    /// Whether no label is chosen.
    pub rejected: bool,
    /// Reject score of the text: that of its most certain clause. `None` if nothing in it is known.
    pub score: Option<f32>,
    /// Rejection threshold: lower scores are rejected. `None` if no score rejects.
    pub reject_below: Option<f32>,
    /// The labels of the keyword rules that match. Empty if no rule decided. All numbers are those
    /// of the network.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_rule: Vec<String>,
    /// Up to 8 chosen labels and the three labels with the largest logits, best first. A label that
    /// is both stands once. Empty if nothing in the text is known, even if a rule chose labels.
    pub labels: Vec<ExplainedLabel>,
    /// The text's clauses, in order. Most models read a text as one clause.
    pub clauses: Vec<ExplainedClause>,
}

/// A label's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedLabel {
    /// The label's name.
    pub label: String,
    /// The logit of all clauses combined (noisy-or), or `whole` if the label was in doubt and is
    /// dropped.
    pub logit: f32,
    /// The logit of the text read as a whole. `None` unless a label was in doubt: a clause has it,
    /// but could have the label of another clause instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<f32>,
    /// The probability that the network gives it, 0 to 1.
    pub probability: f32,
    /// Whether the label is chosen.
    pub chosen: bool,
}

/// Explanation of a clause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedClause {
    /// The words as read: normalised, without punctuation and clause separators.
    pub text: String,
    /// Whether anything in the clause is known. If not, the clause has no effect.
    pub known: bool,
    /// Reject score of the clause. `None` if nothing in it is known.
    pub score: Option<f32>,
    /// Words that, as far as the model can tell, neither the training data nor the lexicon
    /// contains. Each is listed once, in order. Parts of them may be known.
    pub unknown_words: Vec<String>,
    /// One for each explained label, in the same order. Empty if nothing in the clause is known.
    pub labels: Vec<Attribution>,
}

/// Parts of a label's logit in one clause: `logit = base + Σ shares + others + rest`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attribution {
    /// The label's name.
    pub label: String,
    /// The clause's logit for the label.
    pub logit: f32,
    /// The logit of an empty input.
    pub base: f32,
    /// The contributions of n-grams, strongest first, without zeros.
    pub shares: Vec<Share>,
    /// Sum of the contributions of all n-grams after the first 2,048 different ones of the text.
    pub others: f32,
    /// The remainder: rounding of the network to 8 bits, and of the sums.
    pub rest: f32,
}

/// The contribution of one n-gram to a logit, summed over its occurrences in the clause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// Adjacent words, where `^` and `$` are the edges of the clause; or three or four characters
    /// of a word between `<` and `>`.
    pub ngram: String,
    /// The word that the characters belong to. `None` for n-grams of words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// Whether this is the contribution of the lexicon's vector of the word `ngram`, which is
    /// separate from that of the n-gram.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lexicon: bool,
    /// The contribution: above 0 for the label, below 0 against it.
    pub share: f32,
}

impl Classifier {
    /// Explains the labels of a text: returns its clauses, and what each n-gram adds to the logits.
    /// Takes about ten milliseconds per clause, and allocates.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn explain(&self, text: &str, options: &PredictOptions) -> Result<Explanation> {
        options.check()?;
        let vectorizer = self.model.reader(text)?;
        let clauses = clauses(&vectorizer, text);
        let mut combined = vec![0.0; self.labels().len()];
        let mut reading = self.model.reading(&mut combined);
        let logits_of = |clause: &Clause| {
            let mut logits = vec![0.0; self.labels().len()];
            clause.known.then(|| self.network(&clause.features, &mut logits))?;
            reading.row(&clause.features, |_, row| row.copy_from_slice(&logits));
            Some(logits)
        };
        let logits: Vec<Option<Vec<f32>>> = clauses.iter().map(logits_of).collect();
        let mut whole = None;
        let score = finite(reading.finish(&mut |features, row| {
            self.network(features, row);
            whole = Some(row.to_vec());
        }));

        let rule = self.model.rule();
        let mut chosen = [Scored::default(); MAX_CHOSEN];
        let decided = self.decide(text, score.unwrap_or(f32::NEG_INFINITY), &combined, options, &mut chosen);
        let (count, source) = decided;
        let chosen: Vec<usize> = chosen.iter().take(count).map(|scored| scored.label as usize).collect();
        let labels = if score.is_some() { explained(&combined, &chosen) } else { vec![] };
        let by_rule = match source {
            Source::Network => vec![],
            Source::Rule => {
                self.model.matches(text).iter().map(|&i| self.labels()[i as usize].clone()).collect()
            }
        };
        let calibrated = rule.calibration.over(&combined);
        let explained_label = |&label: &usize| ExplainedLabel {
            label: self.labels()[label].clone(),
            logit: combined[label],
            whole: whole.as_ref().map(|logits: &Vec<f32>| logits[label]),
            probability: calibrated.probability(label),
            chosen: chosen.contains(&label),
        };
        let explainer = Explainer {
            names: labels.iter().map(|&label| self.labels()[label].as_str()).collect(),
            network: FloatNetwork::of_labels(&self.model.network(), &labels),
            table: vectorizer.table,
            lexicon: vectorizer.lexicon.rows,
        };
        let explained_clause = |(clause, logits): (&Clause, &Option<Vec<f32>>)| {
            let of_labels = |logits: &Vec<f32>| labels.iter().map(|&label| logits[label]).collect::<Vec<_>>();
            let attribute = |logits: &Vec<f32>| explainer.attributions(clause, &of_labels(logits));
            ExplainedClause {
                text: clause.text.clone(),
                known: clause.known,
                unknown_words: clause.unknown_words.clone(),
                score: logits
                    .as_ref()
                    .and_then(|l| finite(self.model.reject_score().of(&clause.features, l))),
                labels: logits.as_ref().map(attribute).unwrap_or_default(),
            }
        };
        Ok(Explanation {
            text: text.to_owned(),
            rejected: count == 0,
            score,
            reject_below: finite(rule.reject.asked(options)),
            by_rule,
            labels: labels.iter().map(explained_label).collect(),
            clauses: clauses.iter().zip(&logits).map(explained_clause).collect(),
        })
    }
}

fn finite(score: f32) -> Option<f32> {
    (score > f32::NEG_INFINITY).then_some(score)
}

/// Returns the labels to explain, by descending logit, ties in label order.
fn explained(logits: &[f32], chosen: &[usize]) -> Vec<usize> {
    let mut labels: Vec<usize> = (0..logits.len()).collect();
    labels.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let ranked = labels.into_iter().enumerate();
    ranked.filter(|(rank, label)| *rank < TOP || chosen.contains(label)).map(|(_, label)| label).collect()
}

/// A clause to be explained.
struct Clause {
    text: String,
    known: bool,
    unknown_words: Vec<String>,
    /// The sum of the rows divided by its length.
    features: FeatureVector,
    length: f64,
    ngrams: Vec<Ngram>,
    /// The sum of the rows of all further n-grams.
    others: [i32; DIMENSIONS],
}

struct Ngram {
    name: String,
    word: Option<String>,
    /// Row of the embedding table or the lexicon.
    row: u32,
    lexicon: bool,
    /// Number of times that the row counts, repetitions included.
    weight: i32,
}

/// Collects the words of a clause that the model doesn't know.
#[derive(Default)]
struct UnknownWords {
    words: Vec<String>,
    /// The word whose trigrams follow, and whether it is known, so far or for certain.
    current: Option<(String, bool)>,
    is_sure: bool,
}

impl UnknownWords {
    /// Starts a word. `is_known` is `None` if only its trigrams can tell: all trigrams of a word in
    /// the training data are known.
    fn word(&mut self, word: &str, is_known: Option<bool>) {
        self.end_word();
        self.current = Some((word.to_owned(), is_known.unwrap_or(true)));
        self.is_sure = is_known.is_some();
    }

    fn trigram(&mut self, is_known: bool) {
        if let Some((_, known)) = self.current.as_mut().filter(|_| !self.is_sure) {
            *known &= is_known;
        }
    }

    fn end_word(&mut self) {
        if let Some((word, false)) = self.current.take()
            && !self.words.contains(&word)
        {
            self.words.push(word);
        }
    }

    fn end_clause(&mut self) -> Vec<String> {
        self.end_word();
        std::mem::take(&mut self.words)
    }
}

/// Reads a text as [`Vectorizer::for_each_row`] does, and keeps the parts of its rows.
fn clauses(vectorizer: &Vectorizer<'_>, text: &str) -> Vec<Clause> {
    let settings = vectorizer.settings;
    let bits = vectorizer.table.rows().trailing_zeros();
    let (mut clauses, mut left) = (vec![], MAX_NAMED);
    let (mut sums, mut others, mut known) = ([0i32; DIMENSIONS], [0i32; DIMENSIONS], false);
    // Whether the next word has a row of the lexicon, and whether the last one is known.
    let (mut evidence, mut has_row, mut is_known_word) = (Evidence::default(), false, false);
    let (mut open, mut unknown): (Vec<Ngram>, _) = (vec![], UnknownWords::default());
    // By n-gram and word: characters that two words share have a share for each word.
    let mut places: HashMap<(u64, u64), usize> = HashMap::new();
    let mut lexicon_places: HashMap<u32, usize> = HashMap::new();
    for_each_named_piece(text, settings, vectorizer.words, |piece| match piece {
        NamedPiece::Ngram(kind, hash, name) => {
            let is_known = vectorizer.known.contains(hash);
            match (kind, &name) {
                (Kind::Words, Name::Words([word])) => {
                    let is_in_lexicon = std::mem::take(&mut has_row);
                    is_known_word = is_in_lexicon || hash != ngrams::RARE && is_known;
                    evidence.word(is_known_word, 0, 0);
                    let is_told = settings.evidence || is_in_lexicon;
                    unknown.word(word, is_told.then_some(is_known_word));
                }
                (Kind::Trigram, _) => {
                    evidence.trigrams(1, u32::from(is_known_word || is_known));
                    unknown.trigram(is_known);
                }
                _ => {}
            }
            known = known || (kind == Kind::Trigram && is_known);
            let (word, weight) = match name {
                Name::Words(_) => (None, settings.word_weight),
                Name::Characters { word, .. } if settings.characters => {
                    (Some(word), settings.character_weight)
                }
                Name::Characters { .. } => return,
            };
            let (row, weight) = (ngrams::row(hash, bits), i32::from(weight));
            vectorizer.table.add(&mut sums, &[row], weight);
            let key = (hash, word.map_or(0, token_hash));
            if let Some(&place) = places.get(&key) {
                open[place].weight += weight;
            } else if left > 0 {
                left -= 1;
                places.insert(key, open.len());
                let (name, word) = (name.to_string(), word.map(str::to_owned));
                open.push(Ngram { name, word, row, lexicon: false, weight });
            } else {
                vectorizer.table.add(&mut others, &[row], weight);
            }
        }
        NamedPiece::Lexicon(row, word) => {
            (known, has_row) = (true, true);
            let LexiconRows { rows, weight } = vectorizer.lexicon;
            rows.add(&mut sums, &[row], weight);
            if let Some(&place) = lexicon_places.get(&row) {
                open[place].weight += weight;
            } else if left > 0 {
                left -= 1;
                lexicon_places.insert(row, open.len());
                open.push(Ngram { name: word.to_owned(), word: None, row, lexicon: true, weight });
            } else {
                rows.add(&mut others, &[row], weight);
            }
        }
        NamedPiece::ClauseEnd(words) => {
            let mut features = [0.0; DIMENSIONS];
            simd::normalise(&sums, &mut features);
            let evidence = std::mem::take(&mut evidence);
            let length = if settings.evidence { evidence.length() } else { 1.0 };
            if length < 1.0 {
                features.iter_mut().for_each(|feature| *feature *= length);
            }
            let known = std::mem::take(&mut known) || settings.evidence && evidence.any();
            let square: f64 = sums.iter().map(|&sum| f64::from(sum) * f64::from(sum)).sum();
            clauses.push(Clause {
                text: words.join(" "),
                // A sum of zero has no effect either.
                known: known && square > 0.0,
                unknown_words: unknown.end_clause(),
                features,
                length: square.sqrt() / f64::from(length),
                ngrams: std::mem::take(&mut open),
                others: std::mem::replace(&mut others, [0; DIMENSIONS]),
            });
            sums.fill(0);
            places.clear();
            lexicon_places.clear();
        }
    });
    clauses
}

/// The data needed to explain a clause.
struct Explainer<'a> {
    /// Names of the explained labels.
    names: Vec<&'a str>,
    /// The network with these labels as outputs.
    network: FloatNetwork,
    table: Table<'a>,
    lexicon: Table<'a>,
}

impl Explainer<'_> {
    /// `logits` are the clause's actual logits, rounding included.
    fn attributions(&self, clause: &Clause, logits: &[f32]) -> Vec<Attribution> {
        let mut bases = vec![0.0; self.names.len()];
        self.network.logits(&[0.0; DIMENSIONS], &mut bases);
        let gradients = self.network.mean_gradients(&clause.features);
        let each = gradients.iter().zip(&self.names).zip(bases.iter().zip(logits));
        each.map(|((gradient, name), (&base, &logit))| self.attribution(clause, name, gradient, base, logit))
            .collect()
    }

    fn attribution(
        &self,
        clause: &Clause,
        name: &str,
        gradient: &FeatureVector,
        base: f32,
        logit: f32,
    ) -> Attribution {
        let share = |ngram: &Ngram| {
            let rows = if ngram.lexicon { self.lexicon } else { self.table };
            let mut row = [0; DIMENSIONS];
            rows.add(&mut row, &[ngram.row], ngram.weight);
            (dot(gradient, row.into_iter().map(f64::from)) / clause.length) as f32
        };
        let mut shares: Vec<Share> = clause
            .ngrams
            .iter()
            .map(|ngram| Share {
                ngram: ngram.name.clone(),
                word: ngram.word.clone(),
                lexicon: ngram.lexicon,
                share: share(ngram),
            })
            .filter(|share| share.share != 0.0)
            .collect();
        shares.sort_by(|a, b| b.share.abs().total_cmp(&a.share.abs()));
        let others = (dot(gradient, clause.others.iter().map(|&sum| f64::from(sum))) / clause.length) as f32;
        // Of the rounded numbers, since these must add up.
        let sum: f64 = shares.iter().map(|share| f64::from(share.share)).sum();
        let rest = (f64::from(logit) - f64::from(base) - sum - f64::from(others)) as f32;
        Attribution { label: name.to_owned(), logit, base, shares, others, rest }
    }
}

fn dot(gradient: &FeatureVector, values: impl Iterator<Item = f64>) -> f64 {
    gradient.iter().zip(values).map(|(&slope, value)| f64::from(slope) * value).sum()
}
