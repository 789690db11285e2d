//! The progress of a training, and its callback.

use super::super::error::IntentError;
use super::super::status::IntentStatus;
use super::{IntentOptions, with_options};
use crate::train::{Phase, Progress};
use libc::c_void;

/// Kind of run. A training makes several runs. With two or more threads INTENT_PHASE_HELDOUT and
/// INTENT_PHASE_FINAL overlap.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentPhase {
    /// Trains on some of the examples, to decide whether to cut texts into clauses.
    Clauses = 0,
    /// Trains on the examples that are not held out, or on all examples if there is a validation
    /// file. Chooses the calibration and the rejection threshold. Also chooses the number of epochs
    /// if it is the only run of this kind and intent_options_set_epochs() was not called.
    Heldout = 1,
    /// Trains the weights of the model on all examples, held-out ones included. With a validation
    /// file, this run is made only if fewer epochs were chosen.
    Final = 2,
}

/// Progress of a training.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntentProgress {
    /// Kind of the run that the most recently finished epoch belongs to.
    pub phase: IntentPhase,
    /// Number of finished epochs, over all runs.
    pub epoch: usize,
    /// Number of epochs, over all runs, as far as known.
    pub epochs: usize,
    /// Mean loss per example in the most recently finished epoch.
    pub loss: f64,
    /// Share of held-out examples answered correctly after this epoch, 0 to 1. NaN if it was not
    /// measured: INTENT_PHASE_HELDOUT measures it, if there is only one run of that kind.
    pub heldout_score: f64,
    /// Estimated seconds to go.
    pub seconds_left: f64,
}

/// Function that is called after each epoch, one call at a time per training. It runs on a thread
/// of the library, or on the calling thread if the system can't start a thread.
///
/// It must return: it must not throw or jump out.
///
/// @param now     Progress. Valid during the call only.
/// @param context The pointer given to intent_options_set_progress().
/// @return true to go on. false to stop: the training then fails with STOPPED.
pub type IntentProgressCallback =
    Option<unsafe extern "C" fn(now: *const IntentProgress, context: *mut c_void) -> bool>;

/// The caller's callback and its context.
pub(super) struct Host {
    callback: IntentProgressCallback,
    context: *mut c_void,
}

// SAFETY: the context is only passed to the callback; the header says that this happens on another
// thread.
unsafe impl Send for Host {}
// SAFETY: as above; nothing here is changed through a shared reference.
unsafe impl Sync for Host {}

impl Default for Host {
    fn default() -> Self {
        Host { callback: None, context: std::ptr::null_mut() }
    }
}

impl Host {
    pub(super) fn report(&self, now: &Progress) -> bool {
        let Some(callback) = self.callback else { return true };
        let now = IntentProgress {
            phase: match now.phase {
                Phase::Clauses => IntentPhase::Clauses,
                Phase::Heldout => IntentPhase::Heldout,
                Phase::Final => IntentPhase::Final,
            },
            epoch: now.epoch,
            epochs: now.epochs,
            loss: now.loss,
            heldout_score: now.heldout_score.unwrap_or(f64::NAN),
            seconds_left: now.seconds_left,
        };
        // SAFETY: a callback that the caller gave for this purpose, with its context.
        unsafe { callback(&now, self.context) }
    }
}

/// Sets a function to call after each epoch. None by default.
///
/// @param options   Options. Must not be NULL.
/// @param progress  Function. NULL for none.
/// @param context   Passed to the function. May be NULL. Must stay valid while a training with
///                  these options runs.
/// @param error_out Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_progress(
    options: *mut IntentOptions,
    progress: IntentProgressCallback,
    context: *mut c_void,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_options(options, error_out, |options| {
            options.progress = Host { callback: progress, context };
            Ok(())
        })
    }
}
