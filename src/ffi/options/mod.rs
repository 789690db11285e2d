//! Options of a training: the object, and the helpers of all setters.

mod files;
mod lexicon;
mod progress;
mod recipe;
mod texts;

pub use files::*;
pub use lexicon::*;
pub use progress::*;
pub use recipe::*;
pub use texts::*;

use super::arguments::object_mut;
use super::boundary::{boundary, release, shielded};
use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use crate::TrainOptions;
use crate::data::{Format, WithWarnings, read_file_with_warnings};
use crate::learn::Durability;
use crate::train::Progress;
pub(super) use files::format;
use progress::Host;
use std::path::{Path, PathBuf};

/// Options of a training. Create them with intent_options_new() and release them with
/// intent_options_free().
///
/// Trainings only read their options, so that one object may serve several.
#[derive(Default)]
pub struct IntentOptions {
    train: TrainOptions,
    valid: Option<(PathBuf, Option<Format>)>,
    training_state: Option<(PathBuf, Durability)>,
    progress: Host,
}

impl IntentOptions {
    pub(super) fn train(&self) -> &TrainOptions {
        &self.train
    }

    /// Returns the path and durability of the training state, if it is kept.
    pub(super) fn training_state(&self) -> Option<(&Path, Durability)> {
        self.training_state.as_ref().map(|(path, durability)| (path.as_path(), *durability))
    }

    pub(super) fn progress(&self) -> impl FnMut(&Progress) -> bool + Send {
        |now| self.progress.report(now)
    }

    /// Returns the validation examples and the warnings about their file, if a file was named.
    pub(super) fn valid(&self) -> Result<Option<WithWarnings>, Failure> {
        self.valid.as_ref().map(|(path, format)| Ok(read_file_with_warnings(path, *format)?)).transpose()
    }
}

/// Changes options, inside [`boundary`].
///
/// # Safety
/// As [`object_mut`] for `options`; as [`boundary`] for `error_out`.
unsafe fn with_options(
    options: *mut IntentOptions,
    error_out: *mut *mut IntentError,
    body: impl FnOnce(&mut IntentOptions) -> Result<(), Failure>,
) -> IntentStatus {
    // SAFETY: upheld by this function's contract.
    boundary(error_out, || body(unsafe { object_mut(options, "options") }?))
}

/// Sets one option if its value is in range. The training checks for contradictions between
/// options.
///
/// # Safety
/// As [`with_options`].
unsafe fn set(
    options: *mut IntentOptions,
    error_out: *mut *mut IntentError,
    change: impl Fn(&mut TrainOptions),
) -> IntentStatus {
    let checked = |options: &mut IntentOptions| {
        let mut alone = TrainOptions::default();
        change(&mut alone);
        alone.check()?;
        change(&mut options.train);
        Ok(())
    };
    // SAFETY: upheld by this function's contract.
    unsafe { with_options(options, error_out, checked) }
}

/// Creates options with every value at its default.
///
/// @return Options. Release them with intent_options_free(). Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn intent_options_new() -> *mut IntentOptions {
    shielded(std::ptr::null_mut(), || Box::into_raw(Box::default()))
}

/// Releases options.
///
/// @param options Options. May be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_free(options: *mut IntentOptions) {
    // SAFETY: created by `Box::into_raw` in `intent_options_new`; the header requires that they are
    // freed once.
    unsafe { release(options) }
}
