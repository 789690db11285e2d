//! The first prediction of a new process, and the memory that the process takes.

use crate::failure::Failure;
use crate::numbers;
use crate::output::Output;
use clap::Args;
use intentkit::Classifier;
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Classify standard input as one text in this new process, for `intent bench`
#[derive(Args)]
pub struct ChildArguments {
    #[arg(long)]
    model: PathBuf,
}

#[derive(Serialize, Deserialize)]
pub struct ChildReport {
    pub first_prediction_us: f64,
    pub peak_rss_mb: Option<f64>,
}

/// A new process that loads the model and answers `text`. The text goes through a pipe: arguments have a length limit.
pub fn child(model: &Path, text: &str) -> Result<ChildReport, Failure> {
    let fault =
        |what: &str| Failure::Failed(format!("cannot measure the first prediction in a new process: {what}"));
    let program = std::env::current_exe().map_err(|e| fault(&e.to_string()))?;
    let mut child = Command::new(program)
        .arg("first-prediction")
        .arg("--model")
        .arg(model)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| fault(&e.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Should the child be gone already, its exit code says more than the broken pipe.
        let _ = stdin.write_all(text.as_bytes());
    }
    let output = child.wait_with_output().map_err(|e| fault(&e.to_string()))?;
    if !output.status.success() {
        return Err(fault(&output.status.to_string()));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| fault(&e.to_string()))
}

/// The child's side.
pub fn run_child(arguments: &ChildArguments) -> Result<(), Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|e| Failure::Failed(format!("standard input: cannot read: {e}")))?;
    let classifier = Classifier::load(&arguments.model)?;
    let start = Instant::now();
    let prediction = classifier.predict(&text)?;
    let elapsed = start.elapsed();
    black_box(prediction);
    Output::new()
        .json(&ChildReport { first_prediction_us: elapsed.as_secs_f64() * 1e6, peak_rss_mb: peak_memory() })
}

/// The most memory this process ever held, in millions of bytes; known on Linux.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(numbers::rounded(kibibytes * 1024.0 / 1e6, 2))
}
