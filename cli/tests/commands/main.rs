//! The subcommands, one topic in each module.

#[path = "../program/mod.rs"]
mod program;

mod bench;
mod eval;
mod explain;
mod export;
mod files;
mod info;
mod predict;
mod rejecting;
mod rules;
mod setup;
mod train;
#[cfg(unix)]
mod update;
mod usage;
mod warnings;
