//! The C ABI: thin exports over the safe crate, one file per noun. `include/intentkit.h` is made from these files.
//!
//! A comment on an export or a type is its comment in the header, and is the whole contract between C and this module:
//! whatever it asks of the caller is what the `unsafe` code here relies on. There is no algorithm here: an export checks
//! its arguments, calls the crate, and writes its results, all inside `boundary`.

// The contract is in the comments that C reads; a second copy under `# Safety` would go to the header as well.
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
