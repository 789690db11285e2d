//! Batches of texts. The rows of several texts pass the network together, so each tile of rows
//! reads the weights once. All cores share the texts.

use super::{Classifier, Prediction, prediction};
use crate::decision::{PredictOptions, Scored};
use crate::error::{Error, Result};
use crate::threads;
use crate::vectorizer::FeatureVector;
use smallvec::SmallVec;
use std::ops::Range;
use std::slice::from_ref;

/// Number of texts per task: enough to make scheduling free. Batches up to this size run on the
/// calling thread.
const SHARE: usize = 256;
/// Number of texts whose rows pass the network together: several tiles that fit the first caches.
const TOGETHER: usize = 16;

/// Buffers of one core.
#[derive(Default)]
struct Workspace {
    rows: Vec<FeatureVector>,
    /// The rows of each text.
    of_text: Vec<Range<usize>>,
    /// Logits of each row.
    logits: Vec<f32>,
    /// Combined logits of a text.
    combined: Vec<f32>,
}

/// Where the results of a batch go.
pub(super) struct Results<'a> {
    /// Up to `capacity` best labels of text `i`, from `i * capacity` on.
    pub(super) chosen: &'a mut [Scored],
    pub(super) capacity: usize,
    /// The number of chosen labels of each text.
    pub(super) counts: &'a mut [usize],
    /// The slot of the engine that computed each text. May be empty.
    pub(super) engines: &'a mut [usize],
}

/// The texts of one task, and where their results go.
struct Part<'a, T> {
    texts: &'a [T],
    counts: &'a mut [usize],
    room: &'a mut [Scored],
    engines: &'a mut [usize],
}

impl Classifier {
    /// Chooses the labels of many texts. A batch of more than 256 texts runs on all cores. A
    /// smaller batch runs on the calling thread, and so does every batch if the system can't start
    /// a thread. Returns one prediction per text, in order, equal to those of
    /// [`Classifier::predict_with`].
    ///
    /// # Errors
    /// The errors of [`Classifier::predict_with`] for any one of the texts that fail.
    pub fn predict_batch<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        options: &PredictOptions,
    ) -> Result<Vec<Prediction>> {
        options.check()?;
        let mut predictions = vec![Prediction::default(); texts.len()];
        let parts = texts.chunks(SHARE).zip(predictions.chunks_mut(SHARE)).collect();
        threads::share_out(parts, |space, (texts, predictions): (&[T], &mut [Prediction])| {
            self.for_each_reading(texts, space, |i, _, score, logits| {
                let text = texts[i].as_ref();
                predictions[i] = prediction(|chosen| self.decide(text, score, logits, options, chosen));
            })
        })?;
        Ok(predictions)
    }

    /// As [`Classifier::predict_batch`], into the caller's memory. Writes up to `capacity` best
    /// labels of text `i` to `chosen[i * capacity..]`, and the number of chosen labels to
    /// `counts[i]`.
    ///
    /// # Errors
    /// As [`Classifier::predict_batch`], and [`Error::InvalidArgument`] if the lengths don't match.
    /// Results of some texts may have been written.
    pub fn predict_batch_into<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        options: &PredictOptions,
        chosen: &mut [Scored],
        capacity: usize,
        counts: &mut [usize],
    ) -> Result<()> {
        self.predict_batch_to(texts, options, Results { chosen, capacity, counts, engines: &mut [] })
    }

    /// As [`Classifier::predict_batch_into`]. Also tells which engines computed the texts.
    pub(super) fn predict_batch_to<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        options: &PredictOptions,
        results: Results<'_>,
    ) -> Result<()> {
        let Results { chosen, capacity, counts, engines } = results;
        options.check()?;
        let count = texts.len();
        if counts.len() != count || Some(chosen.len()) != count.checked_mul(capacity) {
            return Err(Error::invalid(format!(
                "there are {count} texts, but space for {} counts and {} labels; provide one count and `capacity` labels per text",
                counts.len(),
                chosen.len()
            )));
        }
        // With a capacity of 0 each text has an empty slice.
        let mut rooms = chosen.chunks_mut((SHARE * capacity).max(1));
        let mut engines = engines.chunks_mut(SHARE);
        let part = |(texts, counts)| Part {
            texts,
            counts,
            room: rooms.next().unwrap_or_default(),
            engines: engines.next().unwrap_or_default(),
        };
        let parts = texts.chunks(SHARE).zip(counts.chunks_mut(SHARE)).map(part).collect();
        threads::share_out(parts, |space, Part { texts, counts, room, engines }: Part<'_, T>| {
            self.for_each_reading(texts, space, |i, engine, score, logits| {
                let room = &mut room[i * capacity..(i + 1) * capacity];
                counts[i] = self.decide(texts[i].as_ref(), score, logits, options, room).0;
                engines.get_mut(i).into_iter().for_each(|slot| *slot = engine);
            })
        })
    }

    /// As [`Classifier::predict_batch`] on the calling thread, with options per text, which must be
    /// valid. Also writes the slot of the engine that computed each text.
    pub(super) fn predict_some(
        &self,
        texts: &[&str],
        options: &[PredictOptions],
        engines: &mut [usize],
    ) -> Result<Vec<Prediction>> {
        let mut predictions = vec![Prediction::default(); texts.len()];
        self.for_each_reading(texts, &mut Workspace::default(), |i, engine, score, logits| {
            predictions[i] = prediction(|chosen| self.decide(texts[i], score, logits, &options[i], chosen));
            engines[i] = engine;
        })?;
        Ok(predictions)
    }

    /// As [`Classifier::predict_some`], one text at a time. Calls `timed` with the ticks of each
    /// text's stages.
    pub(super) fn predict_some_in_stages(
        &self,
        texts: &[&str],
        options: &[PredictOptions],
        mut timed: impl FnMut([u64; 3]),
    ) -> Result<Vec<Prediction>> {
        let (mut room, mut stages) = (vec![Scored::default(); self.labels().len()], [0; 3]);
        let predict = |(text, options): (&&str, &PredictOptions)| {
            let (count, source) = self.predict_in_stages(text, options, &mut room, &mut stages)?;
            timed(stages);
            Ok(Prediction { labels: SmallVec::from_slice(&room[..count]), source })
        };
        texts.iter().zip(options).map(predict).collect()
    }

    /// Calls `each` with every text's index, the slot of the engine that computed it, its reject
    /// score and its combined logits, in order.
    fn for_each_reading<T: AsRef<str>>(
        &self,
        texts: &[T],
        space: &mut Workspace,
        mut each: impl FnMut(usize, usize, f32, &[f32]),
    ) -> Result<()> {
        let labels = self.labels().len();
        space.combined.resize(labels, 0.0);
        let mut number = 0;
        for texts in texts.chunks(TOGETHER) {
            space.rows.clear();
            space.of_text.clear();
            for text in texts {
                let first = space.rows.len();
                self.model.for_each_row(text.as_ref(), |row| space.rows.push(*row))?;
                space.of_text.push(first..space.rows.len());
            }
            space.logits.resize(space.rows.len() * labels, 0.0);
            let engine = self.engines.logits(&self.model, &space.rows, &mut space.logits);
            for rows in &space.of_text {
                let mut reading = self.model.reading(&mut space.combined);
                for row in rows.clone() {
                    reading.add(&space.rows[row], &space.logits[row * labels..(row + 1) * labels]);
                }
                // Texts with labels in doubt are few: the CPU reads them as a whole.
                let score = reading.finish(&mut |whole, logits| self.model.logits(from_ref(whole), logits));
                each(number, engine, score, &space.combined);
                number += 1;
            }
        }
        Ok(())
    }
}
