//! `intent export`: a model as a Core ML package.

use crate::failure::Failure;
use crate::output::Output;
use crate::{input, numbers};
use clap::Args;
use intentkit::export::MAX_ROWS;
use intentkit::{Classifier, CoreMlOptions, CoreMlPrecision};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Write a model's network as a Core ML package
///
/// The package takes the 256 features of a text and returns its logits and calibrated probabilities. The same model and
/// options give the same package, byte for byte. An existing package is replaced in one step.
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent export --model commands.intent --output Commands.mlpackage
  intent export --model commands.intent --output Small.mlpackage \
    --precision int8
  intent export --model commands.intent --output Batches.mlpackage \
    --batch 64 --json"#)]
pub struct Arguments {
    /// Export this model file
    #[arg(long, short, value_name = "MODEL")]
    model: PathBuf,
    /// Write the package to this folder, such as Commands.mlpackage
    #[arg(long, short, value_name = "PACKAGE")]
    output: PathBuf,
    #[command(flatten)]
    options: Options,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Options {
    /// Store weights as float16, float32 (never runs on the Neural Engine) or int8 (needs macOS 13 or iOS 16)
    #[arg(long, value_name = "PRECISION", default_value = "float16")]
    precision: CoreMlPrecision,
    /// Take this many rows of features at a time, 1 to 4096
    #[arg(long, value_name = "N", default_value_t = 1)]
    batch: usize,
    /// Name the author in the package's description [default: none]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    author: String,
    /// Name the licence in the package's description [default: none]
    #[arg(long, value_name = "LICENCE", default_value = "", hide_default_value = true)]
    license: String,
}

#[derive(Serialize)]
struct Report<'a> {
    package: &'a str,
    precision: &'a str,
    batch: usize,
    labels: usize,
    checksum: &'a str,
    bytes: usize,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Options { precision, batch, author, license } = &arguments.options;
    if !(1..=MAX_ROWS).contains(batch) {
        return Err(Failure::Usage(format!("--batch is {batch}; it must be from 1 to {MAX_ROWS}")));
    }
    let options = CoreMlOptions {
        precision: *precision,
        rows: *batch,
        author: author.clone(),
        license: license.clone(),
    };
    check(&arguments.output, "--output")?;
    let classifier = input::classifier(Some(&arguments.model))?;
    let bytes = export(&classifier, &arguments.output, &options)?;
    let mut out = Output::new();
    let package = arguments.output.display().to_string();
    if arguments.json {
        return out.json(&Report {
            package: &package,
            precision: precision.name(),
            batch: *batch,
            labels: classifier.labels().len(),
            checksum: &classifier.model().metadata().checksum,
            bytes,
        });
    }
    out.pairs(&[
        ("package", format!("{package}, {}", numbers::bytes(bytes))),
        ("precision", format!("{precision}, {} at a time", numbers::of(*batch, "row"))),
        ("next", "add it to an app in Xcode, or compile it with `xcrun coremlcompiler compile`".to_owned()),
    ])
}

/// Whether `path` can name a package. To be asked before work goes into the model.
pub fn check(path: &Path, option: &str) -> Result<(), Failure> {
    if path.extension().is_none_or(|extension| extension != "mlpackage") {
        let name = path.display();
        return Err(Failure::Usage(format!(
            "{option} is {name}; its name must end in .mlpackage, which is how Core ML knows it"
        )));
    }
    Ok(())
}

/// Writes the package and returns its size in bytes.
pub fn export(classifier: &Classifier, path: &Path, options: &CoreMlOptions) -> Result<usize, Failure> {
    classifier.export_core_ml(path, options)?;
    Ok(size(path))
}

/// Bytes of all files below `path`; those that can't be looked at count nothing.
fn size(path: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(path) else {
        return path.metadata().map_or(0, |about| about.len() as usize);
    };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}
