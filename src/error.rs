//! Everything that can go wrong, each as one sentence a caller can act on.

use std::path::PathBuf;

/// An error of this library. The sentence names the argument, the value or the file, and the next step where there is one;
/// it is the same in Rust, C and Swift, and never quotes a user's text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument or an option has a value that can't be used.
    #[error("{0}")]
    InvalidArgument(String),
    /// A text is longer than [`crate::text::MAX_TEXT_BYTES`].
    #[error("the text has {length} bytes; the longest that can be classified has {limit}", limit = crate::text::MAX_TEXT_BYTES)]
    TextTooLong {
        /// Length of the text in bytes.
        length: usize,
    },
    /// A line of training or evaluation data can't be read.
    #[error("{origin}, line {line}: {message}")]
    Data {
        /// The file's name as the caller gave it, or `standard input`.
        origin: String,
        /// Counted from 1.
        line: u64,
        /// What was expected.
        message: String,
    },
    /// A lexicon can't be used.
    #[error("{origin}: {message}")]
    Lexicon {
        /// The file or folder as the caller named it.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// A learner file can't be used.
    #[error("{origin}: {message}")]
    Learner {
        /// The file's path.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// The training data can't be learned from.
    #[error("{0}")]
    Training(String),
    /// The progress callback asked for training to stop. No model was made.
    #[error("training was stopped by its progress callback; no model was made")]
    Stopped,
    /// There is no memory for a large block. Nothing has changed.
    #[error("there is no room for {} MB of memory; free some, or use fewer examples or labels", bytes.div_ceil(1_000_000))]
    OutOfMemory {
        /// Size of the block in bytes.
        bytes: usize,
    },
    /// A file could not be read or written.
    #[error("{path}: {action}: {source}", path = .path.display())]
    Io {
        /// The file in question.
        path: PathBuf,
        /// What was being done, such as `cannot open`.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are no model file, or not one this library can use.
    #[error("{origin}: {fault}")]
    Model {
        /// The file's path, or `model in memory`.
        origin: String,
        /// What is wrong with it.
        fault: ModelFault,
    },
    /// As many requests are waiting as the queue takes. Nothing was queued.
    #[error(
        "{waiting} requests are waiting, as many as the queue takes; try again when some are answered, or make it longer"
    )]
    Busy {
        /// How many the queue takes.
        waiting: usize,
    },
    /// A request was cancelled before it was answered.
    #[error("the request was cancelled")]
    Cancelled,
    /// The classifier takes no requests any more.
    #[error("the classifier is shutting down and takes no more requests")]
    ShutDown,
    /// The model was trained from feature rows and holds no vectorizer, so it can't read texts.
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
    #[error("the file has {found} bytes, its header asks for {expected}; copy or download it again")]
    WrongLength {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
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
    /// The checksum doesn't match and the tensors lie in another order: another program has written the file anew.
    #[error(
        "another program has written the file anew, with its tensors in another order; only files as IntentKit wrote them \
         are opened: use the original, or train the model again"
    )]
    Rewritten,
    /// A tensor is missing or has another shape or type than the metadata asks for.
    #[error("tensor `{name}` {problem}")]
    WrongTensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A size is beyond what any model may have.
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
