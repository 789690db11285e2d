//! The C ABI: thin exports over the safe crate, one file per noun. `include/intentkit.h` is made from these files.
//!
//! A comment on an export or a type is its comment in the header, and is the whole contract between C and this room:
//! whatever it asks of the caller is what the `unsafe` code here relies on. There is no algorithm here: an export checks
//! its arguments, calls the crate, and writes its results, all inside `boundary`.

// The contract stands in the comments that C reads; a second copy under `# Safety` would go to the header as well.
#![allow(clippy::missing_safety_doc)]

mod arguments;
mod boundary;
mod classifier;
mod error;
mod explain;
mod export;
mod learn;
mod options;
mod predict;
mod queue;
mod rules;
mod runtime;
mod shield;
mod stats;
mod status;
mod train;
mod version;

pub use arguments::IntentText;
#[doc(hidden)]
pub use boundary::panic_inside;
pub use classifier::*;
pub use error::*;
pub use explain::*;
pub use export::*;
pub use learn::*;
pub use options::*;
pub use predict::*;
pub use queue::*;
pub use rules::*;
pub use runtime::*;
pub use stats::*;
pub use status::IntentStatus;
pub use train::*;
pub use version::*;
