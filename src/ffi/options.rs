//! Options of a training.

use super::arguments::{IntentText, object_mut, path, phrase, slice};
use super::boundary::boundary;
use super::error::{Failure, IntentError};
use super::shield::shielded;
use super::status::IntentStatus;
use crate::data::{Format, WithWarnings, read_file_with_warnings};
use crate::decision::Cost;
use crate::learn::Durability;
use crate::train::{Phase, Progress};
use crate::{Lexicon, Preset, TrainOptions};
use libc::c_void;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The recipes of training, for intent_options_set_preset().
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentPreset {
    /// Multi when more than 1 % of the labelled lines have two or more labels, else single. The default.
    Auto = 0,
    /// One label a text: the best alone is answered.
    Single = 1,
    /// Sets of labels: every label at or over its threshold is answered.
    Multi = 2,
    /// The original system to the letter, as the baseline of comparisons. Not for use.
    Reference = 3,
}

/// How a data file is written, for intent_train_file() and intent_options_set_valid_file().
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentFormat {
    /// By the file's extension: .jsonl, .ndjson, .json; .txt, .ft, .fasttext; .csv.
    ByExtension = 0,
    /// One object a line: {"text": "...", "labels": ["a", "b"]}.
    JsonLines = 1,
    /// fastText lines: __label__a __label__b some text.
    Fasttext = 2,
    /// A header with the columns text and labels; the labels of a record are separated by |.
    Csv = 3,
}

/// A run of a training. With two threads or more, the held-out and the final run are on at the same time.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentPhase {
    /// On some lines with several labels, to see whether texts are better cut into clauses.
    Clauses = 0,
    /// On the lines that are not held out, to choose epochs, calibration and the rejection threshold.
    Heldout = 1,
    /// On all lines, to make the weights that are kept.
    Final = 2,
}

/// Where a training stands.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntentProgress {
    /// The run that the last epoch belongs to.
    pub phase: IntentPhase,
    /// Epochs done, over all runs.
    pub epoch: usize,
    /// Epochs in all, over all runs, as far as known.
    pub epochs: usize,
    /// Mean loss of a line over the last epoch.
    pub loss: f64,
    /// Share of the held-out lines answered right after this epoch, 0 to 1; NaN when there is none to tell.
    pub heldout_score: f64,
    /// Estimate of the seconds to go.
    pub seconds_left: f64,
}

/// Called after each epoch, on a thread of the library's, never two at once for one training. It must return, not throw
/// or jump out.
///
/// @param now     Where the training stands; valid during the call only.
/// @param context The pointer given to intent_options_set_progress().
/// @return true to go on, false to stop: the training then returns INTENT_STATUS_STOPPED and makes no model.
pub type IntentProgressCallback =
    Option<unsafe extern "C" fn(now: *const IntentProgress, context: *mut c_void) -> bool>;

/// How to train: made with intent_options_new() with every option at its default, released with intent_options_free().
/// Trainings only read it.
#[derive(Default)]
pub struct IntentOptions {
    train: TrainOptions,
    valid: Option<(PathBuf, Option<Format>)>,
    learner: Option<(PathBuf, Durability)>,
    progress: Host,
}

/// What a change survives: see intent_save_learner().
pub(super) fn durability(power_safe: bool) -> Durability {
    if power_safe { Durability::Power } else { Durability::Process }
}

/// The caller's callback and the context that goes with it.
struct Host {
    callback: IntentProgressCallback,
    context: *mut c_void,
}

// SAFETY: the context is only handed back to the callback; the header says that this happens on another thread.
unsafe impl Send for Host {}
// SAFETY: as above; nothing here is changed behind a shared reference.
unsafe impl Sync for Host {}

impl Default for Host {
    fn default() -> Self {
        Host { callback: None, context: std::ptr::null_mut() }
    }
}

impl Host {
    fn report(&self, now: &Progress) -> bool {
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
        // SAFETY: a callback that the caller gave for this use, with the context that goes with it.
        unsafe { callback(&now, self.context) }
    }
}

impl IntentOptions {
    pub(super) fn train(&self) -> &TrainOptions {
        &self.train
    }

    /// Where the learner goes, if it is kept.
    pub(super) fn learner(&self) -> Option<(&Path, Durability)> {
        self.learner.as_ref().map(|(path, durability)| (path.as_path(), *durability))
    }

    pub(super) fn progress(&self) -> impl FnMut(&Progress) -> bool + Send {
        |now| self.progress.report(now)
    }

    /// The validation examples and what their file is warned of, if a file was named.
    pub(super) fn valid(&self) -> Result<Option<WithWarnings>, Failure> {
        self.valid.as_ref().map(|(path, format)| Ok(read_file_with_warnings(path, *format)?)).transpose()
    }
}

/// The format that a number from C stands for; `None` is by extension.
pub(super) fn format(number: u32) -> Result<Option<Format>, Failure> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(Format::JsonLines)),
        2 => Ok(Some(Format::FastText)),
        3 => Ok(Some(Format::Csv)),
        _ => Err(Failure::invalid(format!(
            "`format` is {number}; it must be one of the INTENT_FORMAT_ constants, 0 to 3"
        ))),
    }
}

/// Sets one option, if its value is in range whatever the others are; contradictions are for the training to find.
///
/// # Safety
/// As [`object_mut`] for `options`; as [`boundary`] for `error_out`.
unsafe fn set(
    options: *mut IntentOptions,
    error_out: *mut *mut IntentError,
    change: impl Fn(&mut TrainOptions),
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: upheld by this function's contract.
        let options = unsafe { object_mut(options, "options") }?;
        let mut alone = TrainOptions::default();
        change(&mut alone);
        alone.check()?;
        change(&mut options.train);
        Ok(())
    })
}

/// Makes options with every value at its default.
///
/// @return Options to release with intent_options_free(). Not NULL.
#[unsafe(no_mangle)]
pub extern "C" fn intent_options_new() -> *mut IntentOptions {
    shielded(std::ptr::null_mut(), || Box::into_raw(Box::default()))
}

/// Releases options.
///
/// @param options Options, not to be used afterwards. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_free(options: *mut IntentOptions) {
    shielded((), || {
        if !options.is_null() {
            // SAFETY: made by `Box::into_raw` in `intent_options_new`, and freed once.
            drop(unsafe { Box::from_raw(options) });
        }
    });
}

/// Chooses the recipe. Default: INTENT_PRESET_AUTO.
///
/// @param options   Options to change. Not NULL.
/// @param preset    One of the INTENT_PRESET_ constants.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_preset(
    options: *mut IntentOptions,
    preset: u32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for options, alive and not in use elsewhere.
        let options = unsafe { object_mut(options, "options") }?;
        options.train.preset = match preset {
            0 => Preset::Auto,
            1 => Preset::Single,
            2 => Preset::Multi,
            3 => Preset::Reference,
            _ => {
                let what = "it must be one of the INTENT_PRESET_ constants, 0 to 3";
                return Err(Failure::invalid(format!("`preset` is {preset}; {what}")));
            }
        };
        Ok(())
    })
}

/// Sets the number of passes over the data. Default: by the preset and the number of lines.
///
/// @param options   Options to change. Not NULL.
/// @param epochs    1 to 100000.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_epochs(
    options: *mut IntentOptions,
    epochs: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.epochs = Some(epochs)) }
}

/// Sets the seed of all randomness. Default: 1. The same data, options and seed give the same model, byte for byte.
///
/// @param options   Options to change. Not NULL.
/// @param seed      Any number.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_seed(
    options: *mut IntentOptions,
    seed: u64,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.seed = seed) }
}

/// Sets the number of threads that train. Default: 0, all cores. The model does not depend on it.
///
/// @param options   Options to change. Not NULL.
/// @param threads   0 for all cores, or 1 to 1024.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_threads(
    options: *mut IntentOptions,
    threads: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.threads = threads) }
}

/// Sets the acceptance rate: the share of the held-out lines with labels that the rejection threshold accepts. Default: 0.95; 1 answers
/// every text in which anything is known.
///
/// @param options   Options to change. Not NULL.
/// @param keep      Over 0 and at most 1.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_keep(
    options: *mut IntentOptions,
    keep: f64,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.keep = keep) }
}

/// Sets what mistakes cost, instead of an acceptance rate: a text is rejected where that is cheaper on average. A wrong action costs
/// 1, and so does answering a text that belongs to none of the labels. Training fails with INVALID_ARGUMENT if
/// intent_options_set_keep() sets another value than the default as well. Default: no cost is given.
///
/// @param options       Options to change. Not NULL.
/// @param ask_back_cost Cost of rejecting a text that has a label, that is, of asking back, 0 to 1.
/// @param foreign_share Share of texts that belong to none of the labels, 0 to 1.
/// @param error_out     Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_cost(
    options: *mut IntentOptions,
    ask_back_cost: f32,
    foreign_share: f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    let cost = Some(Cost { ask_back: ask_back_cost, foreign: foreign_share });
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.cost = cost) }
}

/// Sets the learning rate of the network. Default: 0.002.
///
/// @param options       Options to change. Not NULL.
/// @param learning_rate Over 0 and at most 1.
/// @param error_out     Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_learning_rate(
    options: *mut IntentOptions,
    learning_rate: f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.learning_rate = Some(learning_rate)) }
}

/// Sets the number of lines a step. Default: 128, or 32 for small data.
///
/// @param options   Options to change. Not NULL.
/// @param batch     1 or more.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_batch(
    options: *mut IntentOptions,
    batch: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.batch = Some(batch)) }
}

/// Sets the chance that an n-gram is left out of a text while training. Default: by the preset.
///
/// @param options         Options to change. Not NULL.
/// @param feature_dropout At least 0 and under 1.
/// @param error_out       Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_feature_dropout(
    options: *mut IntentOptions,
    feature_dropout: f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.feature_dropout = Some(feature_dropout)) }
}

/// Sets the chance that a line is replaced by a mixture of two lines that belongs to neither's label, which teaches what
/// out-of-scope texts look like. Default: by the preset and the number of lines.
///
/// @param options   Options to change. Not NULL.
/// @param outliers  At least 0 and under 1.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_outliers(
    options: *mut IntentOptions,
    outliers: f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.outliers = Some(outliers)) }
}

/// Names the words and marks at which texts are cut into clauses, such as `and` and `,`. Default: learned from the data, and
/// used if that makes held-out lines better.
///
/// @param options   Options to change. Not NULL.
/// @param joiners   Array of `count` texts, each one word or one punctuation mark, copied. May be NULL when the count is 0.
/// @param count     Number of joiners, at most 64; 0 cuts nothing.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_joiners(
    options: *mut IntentOptions,
    joiners: *const IntentText,
    count: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for options, alive and not in use elsewhere, and for `count` texts.
        let (options, joiners) =
            unsafe { (object_mut(options, "options")?, slice(joiners, count, "joiners")?) };
        let mut list = vec![];
        for (i, joiner) in joiners.iter().enumerate() {
            // SAFETY: the header asks for each text's bytes.
            list.push(unsafe { joiner.phrase(format_args!("joiners[{i}]")) }?.to_owned());
        }
        let alone = TrainOptions { separators: Some(list), ..TrainOptions::default() };
        alone.check()?;
        options.train.separators = alone.separators;
        Ok(())
    })
}

/// Says whether the name of a label with few lines is one more line of it, underscores as spaces. Default: true.
///
/// @param options     Options to change. Not NULL.
/// @param label_names Whether names are lines.
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_label_names(
    options: *mut IntentOptions,
    label_names: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for options, alive and not in use elsewhere.
    unsafe { set(options, error_out, |train| train.label_names = label_names) }
}

/// Describes a label in the words of its texts: one more line of the label, instead of its name. Default: none.
///
/// @param options            Options to change. Not NULL.
/// @param label              Name of a label that the data has, UTF-8, copied. Not NULL.
/// @param label_length       Bytes of `label`.
/// @param description        UTF-8, copied, replacing one given before. Not NULL.
/// @param description_length Bytes of `description`.
/// @param error_out          Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_description(
    options: *mut IntentOptions,
    label: *const u8,
    label_length: usize,
    description: *const u8,
    description_length: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for options, alive and not in use elsewhere, and for the bytes of both texts.
        let (options, label, description) = unsafe {
            (
                object_mut(options, "options")?,
                phrase(label, label_length, "label")?,
                phrase(description, description_length, "description")?,
            )
        };
        options.train.descriptions.retain(|(other, _)| other != label);
        options.train.descriptions.push((label.to_owned(), description.to_owned()));
        Ok(())
    })
}

/// Gives word vectors from elsewhere, a help where examples are few: those that the system has, for instance. The model holds
/// rows of the words that matter to it, so neither words nor vectors are needed after training. Default: none.
///
/// @param options    Options to change. Not NULL.
/// @param words      Array of `count` texts, the most frequent first, copied. Those that are not exactly one word are left out; the
///                   first of equal words wins. May be NULL when the count is 0.
/// @param count      Number of words; 0 takes the lexicon away again.
/// @param vectors    `count` times `dimensions` finite numbers, row after row, copied. May be NULL when the count is 0.
/// @param dimensions Numbers of each vector, 2 to 2048; any when the count is 0.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_lexicon(
    options: *mut IntentOptions,
    words: *const IntentText,
    count: usize,
    vectors: *const f32,
    dimensions: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for options, alive and not in use elsewhere, and for `count` texts.
        let (options, words) = unsafe { (object_mut(options, "options")?, slice(words, count, "words")?) };
        if count == 0 {
            options.train.lexicon = None;
            return Ok(());
        }
        let numbers = count.checked_mul(dimensions).ok_or_else(|| {
            Failure::invalid(format!("{count} words of {dimensions} numbers are more than memory can hold"))
        })?;
        // SAFETY: the header asks for that many numbers.
        let vectors = unsafe { slice(vectors, numbers, "vectors") }?;
        let words = words
            .iter()
            .enumerate()
            // SAFETY: the header asks for each text's bytes.
            .map(|(i, word)| unsafe { word.phrase(format_args!("words[{i}]")) })
            .collect::<Result<Vec<&str>, Failure>>()?;
        let lexicon = Lexicon::new(&words, vectors, dimensions)?;
        options.train.lexicon = Some(Arc::new(lexicon));
        Ok(())
    })
}

/// Reads word vectors from a file, as intent_options_set_lexicon() takes them: a text file with a word and its numbers on each
/// line (the .vec of fastText and word2vec, GloVe), or the folder of a Model2Vec model or of a sentence-transformers model with static
/// embeddings. It is read now. Default: none.
///
/// @param options     Options to change. Not NULL.
/// @param path        UTF-8. NULL with length 0 takes the lexicon away again.
/// @param path_length Bytes of `path`.
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, BAD_DATA, IO or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_lexicon_file(
    options: *mut IntentOptions,
    path: *const u8,
    path_length: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for options, alive and not in use elsewhere.
        let options = unsafe { object_mut(options, "options") }?;
        options.train.lexicon = if path.is_null() && path_length == 0 {
            None
        } else {
            // SAFETY: the header asks for `path_length` bytes.
            let path = unsafe { self::path(path, path_length, "path") }?;
            Some(Arc::new(Lexicon::load(path)?))
        };
        Ok(())
    })
}

/// Names a file of examples that takes the place of the lines which training would hold out; it is read when a training
/// starts. For trainings on texts only. Default: none.
///
/// @param options     Options to change. Not NULL.
/// @param path        UTF-8, copied. NULL with length 0 takes the file away again.
/// @param path_length Bytes of `path`.
/// @param format      One of the INTENT_FORMAT_ constants.
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_valid_file(
    options: *mut IntentOptions,
    path: *const u8,
    path_length: usize,
    format: u32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for options, alive and not in use elsewhere.
        let options = unsafe { object_mut(options, "options") }?;
        let format = self::format(format)?;
        options.valid = if path.is_null() && path_length == 0 {
            None
        } else {
            // SAFETY: the header asks for `path_length` bytes.
            Some((unsafe { self::path(path, path_length, "path") }?.to_owned(), format))
        };
        Ok(())
    })
}

/// Sets a function to be called after each epoch. Default: none.
///
/// @param options   Options to change. Not NULL.
/// @param progress  The function; NULL for none.
/// @param context   Handed to the function as it is; may be NULL. It must stay valid while a training with these options
///                  runs.
/// @param error_out Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_progress(
    options: *mut IntentOptions,
    progress: IntentProgressCallback,
    context: *mut c_void,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for options, alive and not in use elsewhere.
        let options = unsafe { object_mut(options, "options") }?;
        options.progress = Host { callback: progress, context };
        Ok(())
    })
}

/// Keeps what learning from corrections needs, the examples of the training among it, in memory and in a file: see
/// intent_save_learner(). Only for trainings on texts, and for every preset but the reference. The default keeps nothing but the model.
///
/// @param options     Options. Not NULL.
/// @param path        UTF-8, by custom NAME.learner; copied. Not NULL.
/// @param path_length Bytes of `path`, 1 or more.
/// @param power_safe  As for intent_load_learner().
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_learner(
    options: *mut IntentOptions,
    path: *const u8,
    path_length: usize,
    power_safe: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for options that nothing else uses, and for `path_length` bytes.
        let (options, path) =
            unsafe { (object_mut(options, "options")?, self::path(path, path_length, "path")?) };
        options.learner = Some((path.to_owned(), durability(power_safe)));
        Ok(())
    })
}
