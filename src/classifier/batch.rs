//! Many texts at once: the rows of several texts go through the network together, so that its weights are read once for a
//! tile of rows, and the texts are shared out over all cores.

use super::{Classifier, Prediction, prediction};
use crate::decision::{PredictOptions, Scored};
use crate::error::{Error, Result};
use crate::threads;
use crate::vectorizer::FeatureVector;
use smallvec::SmallVec;
use std::ops::Range;

/// Texts that a core takes at a time: enough that handing them out costs nothing. No more than these are answered on the calling thread.
const SHARE: usize = 256;
/// Texts whose rows go through the network together: several tiles, and little enough to stay in the first caches.
const TOGETHER: usize = 16;

/// Buffers of one core.
#[derive(Default)]
struct Workspace {
    rows: Vec<FeatureVector>,
    /// The rows of each text.
    of_text: Vec<Range<usize>>,
    /// Of each row.
    logits: Vec<f32>,
    /// Of a whole text.
    combined: Vec<f32>,
}

impl Classifier {
    /// Chooses the labels of many texts, on all cores; 256 and fewer are answered on the calling thread, and so are all where the system gives
    /// no threads. The order is kept, and the answers are those of
    /// [`Classifier::predict_with`].
    ///
    /// # Errors
    /// As [`Classifier::predict_with`], for one of the texts that have one.
    pub fn predict_batch<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        options: &PredictOptions,
    ) -> Result<Vec<Prediction>> {
        options.check()?;
        let mut predictions = vec![Prediction::default(); texts.len()];
        let parts = texts.chunks(SHARE).zip(predictions.chunks_mut(SHARE)).collect();
        threads::share_out(parts, |space, (texts, predictions): (&[T], &mut [Prediction])| {
            self.for_each_reading(texts, space, |i, score, logits| {
                let text = texts[i].as_ref();
                predictions[i] = prediction(|chosen| self.decide(text, score, logits, options, chosen));
            })
        })?;
        Ok(predictions)
    }

    /// As [`Classifier::predict_batch`], into the caller's room: the best labels of text `i`, as far as they fit, go to
    /// `chosen[i * capacity..]`, and how many were chosen to `counts[i]`.
    ///
    /// # Errors
    /// As [`Classifier::predict_batch`], and [`Error::InvalidArgument`] when the lengths don't fit; results may then be written for
    /// some texts.
    pub fn predict_batch_into<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        options: &PredictOptions,
        chosen: &mut [Scored],
        capacity: usize,
        counts: &mut [usize],
    ) -> Result<()> {
        options.check()?;
        let count = texts.len();
        if counts.len() != count || Some(chosen.len()) != count.checked_mul(capacity) {
            return Err(Error::invalid(format!(
                "there are {count} texts, room for {} counts and for {} labels; give a count and `capacity` labels for each text",
                counts.len(),
                chosen.len()
            )));
        }
        // Without room for labels every text has none of it.
        let mut rooms = chosen.chunks_mut((SHARE * capacity).max(1));
        let shares = texts.chunks(SHARE).zip(counts.chunks_mut(SHARE));
        let parts = shares.map(|(texts, counts)| (texts, counts, rooms.next().unwrap_or_default())).collect();
        threads::share_out(parts, |space, (texts, counts, room): (&[T], &mut [usize], &mut [Scored])| {
            self.for_each_reading(texts, space, |i, score, logits| {
                let room = &mut room[i * capacity..(i + 1) * capacity];
                counts[i] = self.decide(texts[i].as_ref(), score, logits, options, room).0;
            })
        })
    }

    /// As [`Classifier::predict_batch`], on this thread alone, with options for each text, which are taken as checked.
    pub(super) fn predict_some(&self, texts: &[&str], options: &[PredictOptions]) -> Result<Vec<Prediction>> {
        let mut predictions = vec![Prediction::default(); texts.len()];
        self.for_each_reading(texts, &mut Workspace::default(), |i, score, logits| {
            predictions[i] = prediction(|chosen| self.decide(texts[i], score, logits, &options[i], chosen));
        })?;
        Ok(predictions)
    }

    /// As [`Classifier::predict_some`], one text after the other; calls `timed` with the ticks of each one's stages.
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

    /// Calls `each` with the number, reject score and combined logits of every text, in order.
    fn for_each_reading<T: AsRef<str>>(
        &self,
        texts: &[T],
        space: &mut Workspace,
        mut each: impl FnMut(usize, f32, &[f32]),
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
            self.engines.logits(&self.model, &space.rows, &mut space.logits);
            for rows in &space.of_text {
                let mut reading = self.model.reading(&mut space.combined);
                for row in rows.clone() {
                    reading.add(&space.rows[row], &space.logits[row * labels..(row + 1) * labels]);
                }
                let score = reading.score();
                each(number, score, &space.combined);
                number += 1;
            }
        }
        Ok(())
    }
}
