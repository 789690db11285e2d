//! `intent new`: a model of keyword rules alone.

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::{numbers, update};
use clap::Args;
use intentkit::model::Model;
use std::path::PathBuf;

/// Make a model of keyword rules, without training
///
/// The model answers what its rules ask for and rejects everything else. `intent update` teaches it examples.
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent new rules.json --output first.intent
  intent predict --model first.intent "take a screenshot"

A file of rules:
  [{"label": "vision", "keywords": ["screenshot", "my screen"],
    "phrases": ["what is this"]}]
A keyword is one to eight words in a row, anywhere in a text; a phrase is a whole text. Case and punctuation don't matter."#)]
pub struct Arguments {
    /// A JSON file of rules
    #[arg(value_name = "RULES")]
    rules: PathBuf,
    /// Write the model to this file
    #[arg(long, short, value_name = "MODEL")]
    output: PathBuf,
    /// Print no summary
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    output::check_file(&arguments.output, "--output", "first.intent", [&arguments.rules].into_iter())?;
    let rules = update::rules(&arguments.rules)?;
    let model = Model::of_rules(&rules)
        .map_err(|e| Failure::Failed(format!("{}: {e}", arguments.rules.display())))?;
    model.save(&arguments.output)?;
    if arguments.quiet {
        return Ok(());
    }
    let output = arguments.output.display();
    let count = rules.iter().map(|rule| rule.keywords.len() + rule.phrases.len()).sum();
    Output::new().pairs(&[
        ("model", format!("{output}, {}", numbers::bytes(model.as_bytes().len()))),
        ("labels", numbers::count(model.labels().len())),
        ("rules", numbers::of(count, "keyword or phrase")),
        ("next", format!("intent predict --model {output} \"some text\"")),
    ])
}
