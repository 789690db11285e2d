//! The status numbers and which error has which.

use crate::{Error, ModelFault};

/// What a call returns. Zero is success. Numbers are never reused; a later version may add some, so treat an unknown one
/// as a failure and read its message.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentStatus {
    /// It worked.
    Ok = 0,
    /// A pointer that must not be NULL is NULL.
    NullArgument = 1,
    /// A text, name or path is not UTF-8.
    InvalidUtf8 = 2,
    /// An argument or option is out of its range, or contradicts another.
    InvalidArgument = 3,
    /// A text has more than INTENT_MAX_TEXT_BYTES bytes.
    TextTooLong = 4,
    /// A defect inside the library, caught at its border. Please report it.
    Panicked = 5,

    /// The bytes are no IntentKit model file.
    NotAModel = 10,
    /// The model file was written by a newer library.
    NewerFormat = 11,
    /// The model file is shorter or longer than its header says.
    WrongLength = 12,
    /// The model file's bytes have changed since it was written.
    ChecksumMismatch = 13,
    /// A tensor of the model file is missing, or has another shape or type than it should.
    WrongTensor = 14,
    /// The model file holds a size that no model may have.
    AbsurdSize = 15,

    /// A line of a data file, or a lexicon, can't be read; the message names file and line.
    BadData = 20,

    /// The training-state file is corrupt, is not one, is locked by another process, or was replaced by another file while it was open.
    BadLearner = 21,

    /// The examples can't be learned from.
    Untrainable = 30,
    /// The progress callback stopped the training.
    Stopped = 31,

    /// A file can't be read or written.
    Io = 40,
    /// There is no memory for a large block.
    OutOfMemory = 41,

    /// The model was trained from feature rows and can't read texts.
    NoVectorizer = 50,

    /// As many requests are waiting as the queue takes.
    Busy = 60,
    /// The request was cancelled before it was answered.
    Cancelled = 61,
    /// The classifier takes no requests any more.
    ShutDown = 62,
}

impl From<&Error> for IntentStatus {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidArgument(_) => IntentStatus::InvalidArgument,
            Error::TextTooLong { .. } => IntentStatus::TextTooLong,
            Error::Data { .. } | Error::Lexicon { .. } => IntentStatus::BadData,
            Error::Learner { .. } => IntentStatus::BadLearner,
            Error::Training(_) => IntentStatus::Untrainable,
            Error::Stopped => IntentStatus::Stopped,
            Error::Io { .. } => IntentStatus::Io,
            Error::OutOfMemory { .. } => IntentStatus::OutOfMemory,
            Error::NoVectorizer => IntentStatus::NoVectorizer,
            Error::Busy { .. } => IntentStatus::Busy,
            Error::Cancelled => IntentStatus::Cancelled,
            Error::ShutDown => IntentStatus::ShutDown,
            Error::Model { fault, .. } => match fault {
                ModelFault::NotAModel(_) => IntentStatus::NotAModel,
                ModelFault::NewerFormat { .. } => IntentStatus::NewerFormat,
                ModelFault::WrongLength { .. } => IntentStatus::WrongLength,
                ModelFault::ChecksumMismatch { .. } | ModelFault::Rewritten => IntentStatus::ChecksumMismatch,
                ModelFault::WrongTensor { .. } => IntentStatus::WrongTensor,
                ModelFault::AbsurdSize(_) => IntentStatus::AbsurdSize,
            },
        }
    }
}
