//! The status numbers, and the mapping of errors to them.

use crate::{Error, ModelFault};

/// Result of a call. Zero is success.
///
/// Numbers are never reused. A later version may add numbers: treat an unknown one as a failure and
/// read the error's message.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentStatus {
    /// Success.
    Ok = 0,
    /// A pointer that must not be NULL is NULL.
    NullArgument = 1,
    /// A text, name or path is not UTF-8.
    InvalidUtf8 = 2,
    /// An argument or option is out of its range, or contradicts another.
    InvalidArgument = 3,
    /// A text, name or path has more than INTENT_MAX_TEXT_BYTES bytes. A label name of 256 bytes up
    /// to this limit is INVALID_ARGUMENT.
    TextTooLong = 4,
    /// A defect inside the library, caught at its boundary. Please report it.
    Panicked = 5,

    /// The bytes are not an IntentKit model file.
    NotAModel = 10,
    /// The model file was written by a newer library.
    NewerFormat = 11,
    /// The model file is shorter or longer than its header says.
    WrongLength = 12,
    /// The model file is corrupt: its checksum does not match.
    ChecksumMismatch = 13,
    /// A tensor of the model file is missing or has the wrong shape or type.
    WrongTensor = 14,
    /// The model file holds a size outside the allowed range.
    AbsurdSize = 15,

    /// A line of a data file or a lexicon can't be parsed. The message names the file and the line.
    BadData = 20,

    /// The training-state file is corrupt, is not a training-state file, was written by a newer
    /// library, or is in use by another classifier or process. A call that changes the classifier
    /// also fails with it when the file is read-only, or when another program has replaced or
    /// changed the file while it was open.
    BadTrainingState = 21,

    /// The examples can't be trained on. The message says why.
    Untrainable = 30,
    /// The progress callback stopped the training.
    Stopped = 31,

    /// A file can't be read or written.
    Io = 40,
    /// A large block of memory can't be allocated, or the system can't start a thread for the
    /// request queue or for a background training.
    OutOfMemory = 41,

    /// The model was trained on feature rows and can't read texts.
    NoVectorizer = 50,

    /// The request queue is full.
    Busy = 60,
    /// The request was cancelled before it was answered.
    Cancelled = 61,
    /// The classifier accepts no more requests, since intent_finish() was called.
    ShutDown = 62,
}

impl From<&Error> for IntentStatus {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidArgument(_) => IntentStatus::InvalidArgument,
            Error::TextTooLong { .. } => IntentStatus::TextTooLong,
            Error::Data { .. } | Error::Lexicon { .. } => IntentStatus::BadData,
            Error::Learner { .. } => IntentStatus::BadTrainingState,
            Error::Training(_) => IntentStatus::Untrainable,
            Error::Stopped => IntentStatus::Stopped,
            Error::Io { .. } => IntentStatus::Io,
            Error::OutOfMemory { .. } | Error::Thread(_) => IntentStatus::OutOfMemory,
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
