//! The engine that computes, from C.

use super::arguments::{fill, object};
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::{Failure, IntentError};
use super::shield::shielded;
use super::status::IntentStatus;
use crate::engine::EngineChoice as RuntimeChoice;
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
    /// Core ML, even where the CPU is faster, as long as it agrees with the CPU, on the fastest of the compute units that are tried for
    /// INTENT_RUNTIME_CHOICE_AUTO: the Neural Engine with the CPU, and the CPU alone.
    CoreMl = 2,
    /// Core ML on whatever compute units the system likes.
    CoreMlAll = 3,
    /// Core ML on the CPU and the Neural Engine. From macOS 13, iOS 16 on.
    CoreMlNeuralEngine = 4,
    /// Core ML on the CPU and the GPU.
    CoreMlGpu = 5,
    /// Core ML on the CPU.
    CoreMlCpu = 6,
}

/// Asks for an engine and returns at once. The first time, the engines that are asked for and that the system offers are built, compared with
/// the CPU and measured on a thread of the library's own; until that is done, and wherever none agrees, the CPU answers. An engine that fails
/// later is replaced by the CPU in the same call. On systems without Core ML, or without the compute units that are asked for, the CPU
/// answers whatever is asked for; intent_runtime() tells, and intent_runtime_json() says why.
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
        let live = unsafe { object(classifier, "classifier") }?.live();
        let choice = match runtime {
            0 => RuntimeChoice::Cpu,
            1 => RuntimeChoice::Auto,
            2 => RuntimeChoice::CoreMl,
            3 => RuntimeChoice::CoreMlAll,
            4 => RuntimeChoice::CoreMlNeuralEngine,
            5 => RuntimeChoice::CoreMlGpu,
            6 => RuntimeChoice::CoreMlCpu,
            other => {
                return Err(Failure::invalid(format!(
                    "`runtime` is {other}; use one of the INTENT_RUNTIME_CHOICE_ constants"
                )));
            }
        };
        live.set_engine_choice(choice);
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
        let report = classifier.get().engine_report();
        match if batch { report.batch } else { report.single } {
            "core-ml-all" => c"core-ml-all".as_ptr(),
            "core-ml-coreml-rs" => c"core-ml-coreml-rs".as_ptr(),
            "core-ml-cpu" => c"core-ml-cpu".as_ptr(),
            "core-ml-gpu" => c"core-ml-gpu".as_ptr(),
            "core-ml-neural-engine" => c"core-ml-neural-engine".as_ptr(),
            _ => c"cpu-int8".as_ptr(),
        }
    })
}

/// Which engines are in use and why, as one JSON object: `asked` (cpu, auto, core-ml or the name of an engine), `single` and `batch` (names), `measuring`, `cpu` (its
/// `single_us` and `batch_us`, microseconds for a row by itself and for one of 64; null before measuring), `candidates` (each with its `name`, its
/// `state`, {"agrees": figures}, {"dropped": reason} or {"failed": reason}, and its `plan`: how many `operations` there are and how many are
/// `planned_on_neural_engine`, null where the system doesn't say), `note` (why there is no choice), `neural_engine` (whether there is one, null
/// where the system can't say). Later versions may add keys.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param buffer     Room for `capacity` bytes; as much of the JSON as fits is written, without a NUL. May be NULL when the capacity is 0.
/// @param capacity   Bytes of `buffer`.
/// @param length_out Receives the bytes of the whole JSON, which may be more than fit; ask again with as much room then. Not NULL.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_runtime_json(
    classifier: *const IntentClassifier,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let classifier = unsafe { object(classifier, "classifier") }?.get();
        let json = serde_json::to_string(&classifier.engine_report());
        let json =
            json.map_err(|error| Failure::invalid(format!("the report cannot be written as JSON: {error}")))?;
        // SAFETY: the header asks for room for `capacity` bytes and a writable place.
        unsafe { fill(&json, buffer, capacity, length_out) }
    })
}
