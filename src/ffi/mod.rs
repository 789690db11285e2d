//! The C ABI: thin exports of the safe crate, one file per noun. `include/intentkit.h` is generated
//! from these files.
//!
//! The comment on an export or type is its comment in the header, and the whole contract between C
//! and this module: the `unsafe` code here relies on what it requires of the caller. There are no
//! algorithms here: an export checks its arguments, calls the crate and writes the results, all
//! inside `boundary`.

// The contract is in the header's comments; a `# Safety` section would be copied to the header too.
#![allow(clippy::missing_safety_doc)]

mod arguments;
mod boundary;
mod classifier;
mod engine;
mod error;
mod explain;
mod export;
mod features;
mod labels;
mod model_file;
mod options;
mod predict;
mod report;
mod requests;
mod retraining;
mod rules;
mod sized;
mod statistics;
mod status;
mod train;
mod training_state;
mod update;
mod version;

pub use arguments::{IntentFeatureRows, IntentText};
#[doc(hidden)]
pub use boundary::panic_inside;
pub use classifier::{IntentClassifier, intent_free, intent_model_version, intent_prepare, intent_replace};
pub use engine::*;
pub use error::*;
pub use explain::*;
pub use export::*;
pub use features::*;
pub use labels::*;
pub use model_file::*;
pub use options::*;
pub use predict::*;
pub use report::*;
pub use requests::*;
pub use retraining::*;
pub use rules::*;
pub use statistics::*;
pub use status::IntentStatus;
pub use train::*;
pub use training_state::*;
pub use update::*;
pub use version::*;
