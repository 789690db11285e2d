//! Every error of the library, each one sentence that a caller can act on.

use std::path::PathBuf;

/// An error of this library. The sentence names the argument, the value or the file, and the next
/// step if there is one. It is the same in Rust, C and Swift, and never quotes a user's text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument or option has an invalid value.
    #[error("{0}")]
    InvalidArgument(String),
    /// A text is longer than [`crate::text::MAX_TEXT_BYTES`].
    #[error("the text has {length} bytes; the maximum is {limit}", limit = crate::text::MAX_TEXT_BYTES)]
    TextTooLong {
        /// Length of the text in bytes.
        length: usize,
    },
    /// A line of training or evaluation data is invalid.
    #[error("{origin}, line {line}: {message}")]
    Data {
        /// The file's name as the caller passed it, or `standard input`.
        origin: String,
        /// Line number, from 1.
        line: u64,
        /// What was expected.
        message: String,
    },
    /// A lexicon is unusable.
    #[error("{origin}: {message}")]
    Lexicon {
        /// The file or folder as the caller passed it.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// A training-state file is unusable.
    #[error("{origin}: {message}")]
    Learner {
        /// The file's path.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// The training data is unusable: nothing can be learned from it.
    #[error("{0}")]
    Training(String),
    /// The progress callback stopped the training. No model was made.
    #[error("training was stopped by its progress callback; no model was made")]
    Stopped,
    /// A large block of memory could not be allocated. Nothing has changed.
    #[error("cannot allocate {} MB of memory; free some, or use fewer examples or labels", bytes.div_ceil(1_000_000))]
    OutOfMemory {
        /// Size of the block in bytes.
        bytes: usize,
    },
    /// The system could not start a thread for the request queue or for a retraining. Nothing has
    /// changed.
    #[error("{0}")]
    Thread(String),
    /// A file could not be read or written.
    #[error("{path}: {action}: {source}", path = .path.display())]
    Io {
        /// The file's path.
        path: PathBuf,
        /// The action that failed, such as `cannot open`.
        action: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// The bytes are not a model file, or not one that this library can use.
    #[error("{origin}: {fault}")]
    Model {
        /// The file's path, or `model in memory`.
        origin: String,
        /// What is wrong with it.
        fault: ModelFault,
    },
    /// The queue is full. Nothing was queued.
    #[error(
        "the queue is full with {waiting} requests; try again after some are answered, or make the queue longer"
    )]
    Busy {
        /// Maximum number of requests in the queue.
        waiting: usize,
    },
    /// A request was cancelled before it was answered.
    #[error("the request was cancelled")]
    Cancelled,
    /// The classifier is shutting down and accepts no more requests.
    #[error("the classifier is shutting down and accepts no more requests")]
    ShutDown,
    /// The model was trained from feature rows. It has no vectorizer and can't read texts.
    #[error(
        "this model was trained from feature rows and cannot read texts; call predict_features with 256 numbers instead"
    )]
    NoVectorizer,
}

/// What is wrong with a model file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFault {
    /// Not a safetensors file with an `intentkit` entry.
    #[error("not an IntentKit model file ({0})")]
    NotAModel(String),
    /// Written by a newer library.
    #[error(
        "the file has format {found}, this library reads formats 1 to {supported}; update IntentKit to open it"
    )]
    NewerFormat {
        /// Format of the file.
        found: u32,
        /// Newest format this library reads.
        supported: u32,
    },
    /// Shorter or longer than its header says.
    #[error("the file has {found} bytes, its header says {expected}; copy or download it again")]
    WrongLength {
        /// Actual size in bytes.
        found: u64,
        /// Expected size in bytes.
        expected: u64,
    },
    /// The checksum doesn't match: some bytes have changed.
    #[error(
        "the checksum is {found}, the file says {expected}: its contents have changed; copy or download it again"
    )]
    ChecksumMismatch {
        /// Computed now.
        found: String,
        /// Stored in the file.
        expected: String,
    },
    /// The checksum doesn't match and the tensors are in another order: another program has
    /// rewritten the file.
    #[error(
        "another program has rewritten the file with its tensors in another order; IntentKit opens only files as it wrote them: \
         use the original, or train the model again"
    )]
    Rewritten,
    /// A tensor is missing, or its shape or type differs from the metadata.
    #[error("tensor `{name}` {problem}")]
    WrongTensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A size exceeds the limit of every model.
    #[error("{0}")]
    AbsurdSize(String),
}

/// The result of a fallible call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::InvalidArgument(message.into())
    }

    pub(crate) fn io(path: impl Into<PathBuf>, action: &'static str, source: std::io::Error) -> Self {
        Error::Io { path: path.into(), action, source }
    }
}
