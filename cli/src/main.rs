//! `intent`: trains, asks and measures classifiers from the command line.
//!
//! One module for each subcommand. Modules that several share: `failure` (exit codes and sentences), `input` (data, models,
//! the embedded sample), `output` (standard output, files), `figures` and `report` (an evaluation as text and as a page),
//! `cross_validate` (`eval` without a model), `progress`, `numbers` (numbers as people read them) and `terminal` (other
//! people's texts made safe to show), `mistaken` (file names where something else belongs).

mod bench;
mod cross_validate;
mod demo;
mod eval;
mod explain;
mod export;
mod failure;
mod figures;
mod info;
mod input;
mod mistaken;
mod new;
mod numbers;
mod output;
mod predict;
mod progress;
mod rejecting;
mod report;
mod setup;
mod terminal;
mod train;
mod update;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use failure::Failure;
use std::io::Write;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "intent",
    version,
    max_term_width = 100,
    about = "Classifies short texts: trains on this machine, answers in microseconds",
    after_help = r#"Examples:
  intent demo
  intent predict "Can you see my screen?"
  intent explain "Can you see my screen?"
  intent train commands.jsonl --output commands.intent
  intent predict --model commands.intent "turn on the lights"
  intent update --model commands.intent fixes.jsonl --output better.intent
  intent eval --model commands.intent test.jsonl
  intent export --model commands.intent --output Commands.mlpackage

In every subcommand:
  -m, --model FILE   the model to use; predict, explain and info use the
                     sample in this program without it
  -o, --output FILE  the file to write
  arguments          what the subcommand works on: texts, data files or a file
                     of rules; `-` as a data file is standard input

Data files hold one text a line with its labels:
  JSON Lines  {"text": "turn on the lights", "labels": ["light"]}
  fastText    __label__light turn on the lights
  CSV         a header text,labels; several labels are separated by |
A line without labels is an example of a text that no label fits.

Exit codes: 0 success, 1 failure, 2 wrong usage"#
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Train(train::Arguments),
    Update(update::Arguments),
    New(new::Arguments),
    Predict(predict::Arguments),
    Explain(explain::Arguments),
    Eval(eval::Arguments),
    Bench(bench::Arguments),
    Export(export::Arguments),
    Info(info::Arguments),
    Demo(demo::Arguments),
    Setup(setup::Arguments),
    #[command(hide = true)]
    FirstPrediction(bench::ChildArguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => run(cli.command),
        Err(error) => return refuse(&error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Train(arguments) => train::run(&arguments),
        Command::Update(arguments) => update::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Eval(arguments) => match arguments.cross_validate {
            Some(folds) => cross_validate::run(&arguments, folds),
            None => eval::run(&arguments),
        },
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Info(arguments) => info::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Setup(arguments) => setup::run(&arguments, Cli::command()),
        Command::FirstPrediction(arguments) => bench::run_child(&arguments),
    }
}

/// What clap has to say: help as it is, a complaint as one sentence like all others.
fn refuse(error: &clap::Error) -> ExitCode {
    let complaint = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A closed pipe behind `intent --help | head` is nothing to complain about.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            return ExitCode::from(2);
        }
        _ => error.render().to_string(),
    };
    let complaint = complaint.strip_prefix("error: ").unwrap_or(&complaint);
    let end = ["Usage:", "For more information"].iter().filter_map(|mark| complaint.find(mark)).min();
    let sentence: Vec<&str> = complaint[..end.unwrap_or(complaint.len())].split_whitespace().collect();
    let sentence = sentence.join(" ").replace(" tip: ", "; ");
    let sentence = terminal::visible(sentence.trim_end_matches(['.', ' ']), false);
    let step = match (error.kind(), mistaken::stray_model(std::env::args_os().skip(2))) {
        (ErrorKind::UnknownArgument | ErrorKind::MissingRequiredArgument, Some(model)) => {
            format!("write --model {}", terminal::visible(&model, false))
        }
        _ => "see --help".into(),
    };
    let _ = writeln!(std::io::stderr(), "intent: {sentence}; {step}");
    ExitCode::from(2)
}
