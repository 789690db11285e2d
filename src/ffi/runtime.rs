//! The engine that computes, from C.

use super::arguments::object;
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::{Failure, IntentError};
use super::shield::shielded;
use super::status::IntentStatus;
use crate::runtime::RuntimeChoice;
use libc::c_char;
use std::ptr;

/// What computes, for intent_set_runtime().
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentRuntime {
    /// The CPU. The default: for one text at a time it is likely to be the fastest everywhere.
    Cpu = 0,
    /// The fastest engine that agrees with the CPU, for one text and for batches apart.
    Auto = 1,
    /// Core ML, even where the CPU is faster, as long as it agrees with the CPU.
    CoreMl = 2,
}

/// Asks for an engine and returns at once. The first time, the engines that the system offers are built, compared with the CPU and measured
/// on threads of the library's own; until that is done, and wherever none agrees, the CPU answers. An engine that fails later is replaced
/// by the CPU in the same call. On systems without Core ML the CPU answers whatever is asked for; intent_runtime() tells.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param runtime    One of the INTENT_RUNTIME_CHOICE_ constants.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_runtime(
    classifier: *const IntentClassifier,
    runtime: u32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let classifier = unsafe { object(classifier, "classifier") }?.get();
        let choice = match runtime {
            0 => RuntimeChoice::Cpu,
            1 => RuntimeChoice::Auto,
            2 => RuntimeChoice::CoreMl,
            other => {
                return Err(Failure::invalid(format!(
                    "`runtime` is {other}; use one of the INTENT_RUNTIME_CHOICE_ constants"
                )));
            }
        };
        classifier.set_runtime(choice);
        Ok(())
    })
}

/// The engine in use for one text, or for several at a time: `cpu-int8`, or a name that starts with `core-ml`.
///
/// @param classifier A classifier. NULL is allowed.
/// @param batch      false for one text, true for several.
/// @return ASCII, NUL-terminated, valid for ever; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_runtime(classifier: *const IntentClassifier, batch: bool) -> *const c_char {
    shielded(ptr::null(), || {
        // SAFETY: NULL, or a classifier that has not been freed.
        let Some(classifier) = (unsafe { classifier.as_ref() }) else { return ptr::null() };
        let report = classifier.get().runtime_report();
        match if batch { report.batch } else { report.single } {
            "core-ml" => c"core-ml".as_ptr(),
            "core-ml-cpu-gpu" => c"core-ml-cpu-gpu".as_ptr(),
            "core-ml-coreml-rs" => c"core-ml-coreml-rs".as_ptr(),
            "core-ml-neural-engine" => c"core-ml-neural-engine".as_ptr(),
            _ => c"cpu-int8".as_ptr(),
        }
    })
}
