//! Undo of changes that fail halfway.

use super::replay::{Kept, Replaced};
use super::state::State;
use super::{Change, Learner, UpdateReport};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::shape::{DIMENSIONS, HALF};
use std::sync::Arc;

/// A row of the embedding table before a change.
struct Row {
    place: usize,
    values: [f32; DIMENSIONS],
    rounded: [u8; HALF],
    idf: f32,
    moment: f32,
    decay: f32,
}

/// The rows that were touched, as they were before.
#[derive(Default)]
pub(super) struct RowsBefore {
    rows: Vec<Row>,
    /// For each row of the embedding table, whether it is saved.
    saved: Vec<bool>,
}

/// A change of the kept examples.
pub(super) enum KeptStep {
    Added(Replaced),
    /// Any other change: all examples before it.
    All(Kept),
}

/// The training state before the changes in progress.
pub(super) struct Before {
    model: Arc<Model>,
    changes: u64,
    kept: Vec<KeptStep>,
}

impl State {
    /// Saves rows of the embedding table; must be called before they change. Rows of the lexicon
    /// never change.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] without room for them. Then the change must end, and is undone.
    pub(super) fn save(&mut self, rows: impl Iterator<Item = usize>) -> Result<()> {
        let State { before, frequencies, weights, table, .. } = self;
        let idf = &frequencies.idf;
        before.saved.resize(idf.len(), false);
        let values = weights.table.as_slice().unwrap_or_default().as_chunks().0;
        for place in rows.filter(|&row| row < idf.len()) {
            if before.saved[place] {
                continue;
            }
            let bytes = size_of::<Row>() * (before.rows.len() + 1);
            before.rows.try_reserve(1).map_err(|_| Error::OutOfMemory { bytes })?;
            before.saved[place] = true;
            let (moment, decay) = (weights.table_moments[place], weights.table_decays[place]);
            let rounded = table.as_chunks().0[place];
            before.rows.push(Row { place, values: values[place], rounded, idf: idf[place], moment, decay });
        }
        Ok(())
    }

    /// Restores the rows.
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
    /// Makes changes one after the other, then calls `then` with the report of the last one, which
    /// counts the steps of all. If a change or `then` fails, all changes are undone. The owner of a
    /// [`LearnerFile`](super::LearnerFile) appends the changes in `then`.
    ///
    /// # Errors
    /// As [`Learner::apply`], and those of `then`; nothing has changed then.
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

    /// Records that an example was kept; must be called after it was.
    pub(super) fn kept_more(&mut self, replaced: Option<Replaced>) {
        if let (Some(before), Some(replaced)) = (&mut self.before, replaced) {
            before.kept.push(KeptStep::Added(replaced));
        }
    }

    /// Saves the kept examples; must be called before they change in any other way.
    pub(super) fn save_kept(&mut self) {
        if let Some(before) = &mut self.before {
            before.kept.push(KeptStep::All(self.kept.clone()));
        }
    }
}
