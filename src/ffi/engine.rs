//! The choice of engine from C.

use super::arguments::{choice, fill};
use super::boundary::ask;
use super::classifier::{IntentClassifier, with_classifier};
use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use crate::engine::EngineChoice;
use libc::c_char;
use std::ptr;

/// Engine to compute the network, for intent_set_engine_choice().
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentEngineChoice {
    /// The CPU. The default, and likely the fastest everywhere for one text at a time.
    Cpu = 0,
    /// The fastest engine that agrees with the CPU, chosen separately for one text and for batches.
    Auto = 1,
    /// Core ML, if it agrees with the CPU, even if the CPU is faster. Uses the faster of two: Core
    /// ML on the CPU alone, or on the CPU and the Neural Engine.
    CoreMl = 2,
    /// Core ML on any compute units.
    CoreMlAll = 3,
    /// Core ML on the CPU and the Neural Engine. Needs macOS 13 or iOS 16.
    CoreMlNeuralEngine = 4,
    /// Core ML on the CPU and the GPU.
    CoreMlGpu = 5,
    /// Core ML on the CPU.
    CoreMlCpu = 6,
}

const CHOICES: [(u32, EngineChoice); 7] = [
    (IntentEngineChoice::Cpu as u32, EngineChoice::Cpu),
    (IntentEngineChoice::Auto as u32, EngineChoice::Auto),
    (IntentEngineChoice::CoreMl as u32, EngineChoice::CoreMl),
    (IntentEngineChoice::CoreMlAll as u32, EngineChoice::CoreMlAll),
    (IntentEngineChoice::CoreMlNeuralEngine as u32, EngineChoice::CoreMlNeuralEngine),
    (IntentEngineChoice::CoreMlGpu as u32, EngineChoice::CoreMlGpu),
    (IntentEngineChoice::CoreMlCpu as u32, EngineChoice::CoreMlCpu),
];

/// Chooses the engine that computes the network, and returns at once.
///
/// When a choice is set for the first time, the engines that it allows are built, compared with the
/// CPU and measured on a background thread. The CPU answers until that is done. If no engine agrees
/// with the CPU, the CPU continues to answer. An engine that fails later is replaced by the CPU
/// within the same call.
///
/// On systems without Core ML, or without the requested compute units, the CPU answers.
/// intent_engine() tells the engine in use, and intent_engine_json() tells why.
///
/// @param classifier Classifier. Must not be NULL.
/// @param choice     One of the INTENT_ENGINE_CHOICE_ constants. Without this call,
///                   INTENT_ENGINE_CHOICE_CPU is used.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_engine_choice(
    classifier: *const IntentClassifier,
    choice: u32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let choice = self::choice(choice, &CHOICES, "choice", "INTENT_ENGINE_CHOICE_")?;
            classifier.live().set_engine_choice(choice);
            Ok(())
        })
    }
}

/// Returns the name of the engine in use: `cpu-int8`, or a name that starts with `core-ml`.
///
/// @param classifier Classifier. May be NULL.
/// @param batch      false: the engine for single texts. true: the engine for batches.
/// @return Static NUL-terminated ASCII string; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_engine(classifier: *const IntentClassifier, batch: bool) -> *const c_char {
    let name = |classifier: &IntentClassifier| {
        let report = classifier.get().engine_report();
        match if batch { report.batch } else { report.single } {
            "core-ml-all" => c"core-ml-all".as_ptr(),
            "core-ml-coreml-rs" => c"core-ml-coreml-rs".as_ptr(),
            "core-ml-cpu" => c"core-ml-cpu".as_ptr(),
            "core-ml-gpu" => c"core-ml-gpu".as_ptr(),
            "core-ml-neural-engine" => c"core-ml-neural-engine".as_ptr(),
            _ => c"cpu-int8".as_ptr(),
        }
    };
    // SAFETY: the header requires it of the caller.
    unsafe { ask(classifier, ptr::null(), name) }
}

/// Writes which engines are in use, and why, as one JSON object. Later versions may add keys.
///
/// - `asked`: the choice: `cpu`, `auto`, `core-ml` or the name of an engine.
/// - `single`: name of the engine in use for single texts.
/// - `batch`: name of the engine in use for batches.
/// - `measuring`: true while engines are being measured.
/// - `cpu`: times of the CPU. null before measuring. It has:
///   - `single_us`: median microseconds for a single feature row.
///   - `batch_us`: median microseconds for each row in a batch of 64 rows.
/// - `candidates`: the engines that were tried. Each has:
///   - `name`: its name.
///   - `state`: {"agrees": times} if it agrees with the CPU, with times as in `cpu`. {"dropped":
///     reason} if it could not be built in time or disagrees. {"failed": reason} if it failed
///     later.
///   - `plan`: number of `operations`, and how many of them are `planned_on_neural_engine`. null if
///     the system doesn't tell.
/// - `note`: why no engine of the choice could be tried, so that the CPU answers. null otherwise.
/// - `neural_engine`: true if the system has a Neural Engine, false if not, null if it doesn't
///   tell.
///
/// @param classifier Classifier. Must not be NULL.
/// @param buffer     As for intent_stats_json().
/// @param capacity   As for intent_stats_json().
/// @param length_out As for intent_stats_json().
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_engine_json(
    classifier: *const IntentClassifier,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let json = serde_json::to_string(&classifier.get().engine_report())
                .map_err(|e| Failure::invalid(format!("the report cannot be written as JSON: {e}")))?;
            fill(&json, buffer, capacity, length_out)
        })
    }
}
