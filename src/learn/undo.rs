//! The way back from changes that turn out impossible halfway.

use super::replay::{Kept, Replaced};
use super::state::State;
use super::{Change, Learner, UpdateReport};
use crate::error::Result;
use crate::model::Model;
use crate::shape::{DIMENSIONS, HALF};
use std::sync::Arc;

/// A row of the table as it was.
struct Row {
    place: usize,
    values: [f32; DIMENSIONS],
    rounded: [u8; HALF],
    idf: f32,
    moment: f32,
    decay: f32,
}

/// The rows that were touched, each as it was before the first time.
#[derive(Default)]
pub(super) struct RowsBefore {
    rows: Vec<Row>,
    /// Whether a row is among them, for each row of the table.
    saved: Vec<bool>,
}

/// What was done to the kept examples.
pub(super) enum KeptStep {
    Added(Replaced),
    /// Anything else: as they were before.
    All(Kept),
}

/// What a learner was before the changes that are being made.
pub(super) struct Before {
    model: Arc<Model>,
    changes: u64,
    kept: Vec<KeptStep>,
}

impl State {
    /// To be called with rows of the table before they change. Rows of the lexicon never do.
    pub(super) fn save(&mut self, rows: impl Iterator<Item = usize>) {
        let State { before, frequencies, weights, table, .. } = self;
        let idf = &frequencies.idf;
        before.saved.resize(idf.len(), false);
        let values = weights.table.as_slice().unwrap_or_default().as_chunks().0;
        for place in rows.filter(|&row| row < idf.len()) {
            if std::mem::replace(&mut before.saved[place], true) {
                continue;
            }
            let (moment, decay) = (weights.table_moments[place], weights.table_decays[place]);
            let rounded = table.as_chunks().0[place];
            before.rows.push(Row { place, values: values[place], rounded, idf: idf[place], moment, decay });
        }
    }

    /// Puts the rows back.
    fn put_back(&mut self) {
        let State { before, frequencies, weights, table, .. } = self;
        let values = weights.table.as_slice_mut().unwrap_or_default().as_chunks_mut().0;
        for row in std::mem::take(before).rows {
            values[row.place] = row.values;
            table.as_chunks_mut().0[row.place] = row.rounded;
            frequencies.idf[row.place] = row.idf;
            (weights.table_moments[row.place], weights.table_decays[row.place]) = (row.moment, row.decay);
        }
    }
}

impl Learner {
    /// Makes changes one after the other, and hands the report of the last one, with the steps of all, to `then`: all of it is done, or
    /// nothing if one of them or `then` fails. Whoever keeps a [`LearnerFile`](super::LearnerFile) appends the changes then.
    ///
    /// # Errors
    /// As [`Learner::apply`], and what `then` returns; nothing has changed then.
    pub fn apply_and(
        &mut self,
        changes: &[Change],
        then: impl FnOnce(&UpdateReport) -> Result<()>,
    ) -> Result<UpdateReport> {
        self.before = Some(Before { model: Arc::clone(&self.model), changes: self.changes, kept: vec![] });
        let mut report = UpdateReport::default();
        let made = changes.iter().try_for_each(|change| {
            let last = self.make(change)?;
            report = UpdateReport { steps: report.steps + last.steps, ..last };
            Ok(())
        });
        let made = made.and_then(|()| then(&report));
        let before = self.before.take();
        match made {
            Ok(()) => {
                self.state.before = RowsBefore::default();
                Ok(report)
            }
            Err(error) => {
                before.into_iter().for_each(|before| self.undo(before));
                Err(error)
            }
        }
    }

    fn undo(&mut self, before: Before) {
        self.state.put_back();
        let parts = before.model.parts();
        self.state.frequencies.known.clone_from(&parts.known);
        self.state.take_layers(&parts);
        (self.model, self.changes) = (before.model, before.changes);
        for step in before.kept.into_iter().rev() {
            match step {
                KeptStep::Added(replaced) => self.kept.put_back(replaced),
                KeptStep::All(kept) => self.kept = kept,
            }
        }
    }

    /// To be called after an example was kept.
    pub(super) fn kept_more(&mut self, replaced: Option<Replaced>) {
        if let (Some(before), Some(replaced)) = (&mut self.before, replaced) {
            before.kept.push(KeptStep::Added(replaced));
        }
    }

    /// To be called before the kept examples change in any other way.
    pub(super) fn save_kept(&mut self) {
        if let Some(before) = &mut self.before {
            before.kept.push(KeptStep::All(self.kept.clone()));
        }
    }
}
