//! `intent predict`: texts → labels.

use crate::failure::Failure;
use crate::output::Output;
use crate::rejecting::Rejecting;
use crate::{input, mistaken, numbers, terminal};
use clap::Args;
use intentkit::{Classifier, MAX_TEXT_BYTES, PredictOptions, Prediction};
use serde::Serialize;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::time::Instant;

/// Classify texts
///
/// Prints one line for each text: its labels, best first, with their probabilities, or `(rejected)` if no label fits.
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent predict "Can you see my screen?"
  intent predict --model commands.intent "turn on the lights" "play some jazz"
  intent predict --model commands.intent --top 3 --json < texts.txt
  intent predict --threshold 0.8 "read my mail aloud"
  intent predict --no-reject "water the plants"
  intent predict --ask-back-cost 0.2 --foreign-share 0.1 "water the plants""#)]
pub struct Arguments {
    /// Texts to classify, each one argument [default: the lines of standard input]
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// Use this model file [default: the sample in this program, commands to a desktop assistant]
    #[arg(long, short, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Print the K best labels, 1 or more, whatever the model's thresholds
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    top: Option<usize>,
    /// Print labels of at least this probability, 0 to 1 [default: the model's threshold of each label]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    threshold: Option<f32>,
    #[command(flatten)]
    rejecting: Rejecting,
    /// Print one JSON object for each text, each on a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    text: &'a str,
    labels: Vec<Label<'a>>,
    rejected: bool,
    microseconds: f64,
}

#[derive(Serialize)]
struct Label<'a> {
    label: &'a str,
    probability: f32,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let options = PredictOptions {
        threshold: arguments.threshold,
        top: arguments.top,
        keep: arguments.rejecting.acceptance_rate(),
        cost: arguments.rejecting.cost(),
    };
    options.check()?;
    mistaken::check_texts(&arguments.texts)?;
    let classifier = input::classifier(arguments.model.as_deref())?;
    classifier.prepare();
    let asker = Asker {
        classifier,
        options,
        json: arguments.json,
        // Beside a text that was just typed as the only argument its repetition is noise.
        show_text: arguments.texts.len() != 1,
    };
    let mut out = Output::new();
    if arguments.texts.is_empty() { asker.lines(&mut out) } else { asker.texts(&arguments.texts, &mut out) }
}

struct Asker {
    classifier: Classifier,
    options: PredictOptions,
    json: bool,
    show_text: bool,
}

impl Asker {
    fn texts(&self, texts: &[String], out: &mut Output) -> Result<(), Failure> {
        texts.iter().try_for_each(|text| self.ask(text, out))
    }

    /// Line after line, each answered before the next is read, so that another program can talk to this one.
    fn lines(&self, out: &mut Output) -> Result<(), Failure> {
        let mut stdin = std::io::stdin().lock();
        if stdin.is_terminal() {
            let _ = writeln!(std::io::stderr(), "intent: type a text and press Enter; Ctrl-D ends");
        }
        let mut buffer = Vec::new();
        // Room for the line end and a byte order mark; what is longer can't be classified anyway.
        let limit = MAX_TEXT_BYTES + 8;
        for number in 1u64.. {
            let fault =
                |message: String| Failure::Failed(format!("standard input, line {number}: {message}"));
            buffer.clear();
            let length = stdin
                .by_ref()
                .take(limit as u64)
                .read_until(b'\n', &mut buffer)
                .map_err(|e| fault(format!("cannot read: {e}")))?;
            if length == 0 {
                break;
            }
            if length == limit && buffer.last() != Some(&b'\n') {
                let message =
                    format!("the text has more than {MAX_TEXT_BYTES} bytes, the most that can be classified");
                return Err(fault(format!("{message}; split it")));
            }
            let line = std::str::from_utf8(&buffer).map_err(|e| {
                let byte = e.valid_up_to() + 1;
                fault(format!(
                    "expected UTF-8, found something else at byte {byte} of the line; convert it first"
                ))
            })?;
            let line = if number == 1 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
            let text = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            self.ask(text, out).map_err(|failure| match failure {
                Failure::Failed(sentence) => fault(sentence),
                other => other,
            })?;
        }
        Ok(())
    }

    fn ask(&self, text: &str, out: &mut Output) -> Result<(), Failure> {
        let start = Instant::now();
        let prediction = self.classifier.predict_with(text, &self.options)?;
        let microseconds = numbers::rounded(start.elapsed().as_secs_f64() * 1e6, 2);
        if self.json {
            return out.json(&Answer {
                text,
                labels: labels(&self.classifier, &prediction)
                    .map(|(label, probability)| Label { label, probability })
                    .collect(),
                rejected: prediction.is_rejected(),
                microseconds,
            });
        }
        let labels = readable(&self.classifier, &prediction);
        if self.show_text {
            out.line(&format!("{labels:36}  {}", terminal::printable(text)))
        } else {
            out.line(&labels)
        }
    }
}

fn labels<'a>(
    classifier: &'a Classifier,
    prediction: &'a Prediction,
) -> impl Iterator<Item = (&'a str, f32)> {
    prediction.labels().iter().filter_map(|s| Some((classifier.label(s.label)?, s.probability)))
}

/// `VISION 0.98, CHATBOTS 0.93`, or `(rejected)`.
pub fn readable(classifier: &Classifier, prediction: &Prediction) -> String {
    if prediction.is_rejected() {
        return "(rejected)".into();
    }
    let labels: Vec<String> =
        labels(classifier, prediction).map(|(label, p)| format!("{label} {p:.2}")).collect();
    labels.join(", ")
}
