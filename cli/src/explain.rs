//! `intent explain`: what a text's words say for and against its labels.

use crate::failure::Failure;
use crate::output::Output;
use crate::{input, mistaken, numbers, terminal};
use clap::Args;
use intentkit::PredictOptions;
use intentkit::classifier::{Attribution, ExplainedClause, Explanation};
use std::collections::HashMap;
use std::path::PathBuf;

/// Show why texts get their labels, or none
///
/// A label's logit is the sum of a start value and of what words, pairs of words and letters of words add; ^ and $ are
/// the edges of a clause. The higher the logit, the more probable the label; 0 is a probability of one half in most
/// models. Shown are each clause's top label and all others with a logit over 0, with their ten strongest reasons, and the
/// words that the model does not know.
#[derive(Args)]
#[command(after_help = r#"Examples:
  intent explain "Can you see my screen?"
  intent explain --model commands.intent "lights on and play some jazz"
  intent explain --all "read my mail aloud"
  intent explain --json "read my mail aloud""#)]
pub struct Arguments {
    /// Texts to explain, each one argument
    #[arg(value_name = "TEXT", required = true)]
    texts: Vec<String>,
    /// Use this model file [default: the sample in this program, commands to a desktop assistant]
    #[arg(long, short, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Show all reasons, and labels with a logit under 0
    #[arg(long)]
    all: bool,
    /// Print one JSON object for each text, each on a line, with all reasons
    #[arg(long)]
    json: bool,
}

/// Reasons shown of one label, the strongest.
const REASONS: usize = 10;

/// Less than that is 0.00.
const VISIBLE: f32 = 0.005;

/// Characters of the longest bar.
const BAR: f32 = 20.0;

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    mistaken::check_texts(&arguments.texts)?;
    let classifier = input::classifier(arguments.model.as_deref())?;
    let mut out = Output::new();
    for (i, text) in arguments.texts.iter().enumerate() {
        let explanation = classifier.explain(text, &PredictOptions::default())?;
        if arguments.json {
            out.json(&explanation)?;
            continue;
        }
        if arguments.texts.len() > 1 {
            let gap = if i > 0 { "\n" } else { "" };
            out.line(&format!("{gap}{}", terminal::printable(text)))?;
        }
        let prediction = classifier.predict(text)?;
        let chosen = prediction.labels().iter().filter_map(|scored| classifier.label(scored.label));
        show(&explanation, &chosen.collect::<Vec<_>>(), arguments.all, &mut out)?;
    }
    Ok(())
}

fn show(explanation: &Explanation, chosen: &[&str], all: bool, out: &mut Output) -> Result<(), Failure> {
    out.line(&answer(explanation, chosen))?;
    if !explanation.by_rule.is_empty() {
        out.line(&format!("asked for by keyword rules: {}", explanation.by_rule.join(", ")))?;
    }
    let dropped = explanation.labels.iter().filter(|label| label.whole == Some(label.logit));
    for label in dropped.filter(|label| !label.chosen) {
        let name = terminal::printable(&label.label);
        out.line(&format!(
            "{name} was in doubt; the text read as a whole speaks against it ({:+.2})",
            label.logit
        ))?;
    }
    let several = explanation.clauses.len() > 1;
    for (number, clause) in (1..).zip(&explanation.clauses) {
        if several {
            out.line(&format!("\nclause {number}: {}", terminal::printable(&clause.text)))?;
        }
        if several && !clause.known {
            out.line("nothing in it is known")?;
        }
        if clause.known && !clause.unknown_words.is_empty() {
            let words: Vec<String> =
                clause.unknown_words.iter().map(|word| terminal::printable(word)).collect();
            out.line(&format!("unknown words: {}", words.join(", ")))?;
        }
        for attribution in spoken_for(clause, all) {
            out.line(&format!("\n{}, logit {:+.2}", attribution.label, attribution.logit))?;
            reasons(attribution, all, out)?;
        }
    }
    Ok(())
}

/// The labels with their probabilities, and how the reject score stands to its limit. Where nothing
/// is known, the labels are those of rules, for which the network has no probability.
fn answer(explanation: &Explanation, chosen: &[&str]) -> String {
    if explanation.score.is_none() && !explanation.rejected {
        return format!("{}: chosen by keyword rules; nothing in the text is known", chosen.join(", "));
    }
    let chosen: Vec<String> = explanation
        .labels
        .iter()
        .filter(|label| label.chosen)
        .map(|label| format!("{} {:.2}", label.label, label.probability))
        .collect();
    let labels = if explanation.rejected { "(rejected)".into() } else { chosen.join(", ") };
    match (explanation.score, explanation.reject_below) {
        (None, _) => format!("{labels}: nothing in it is known"),
        (Some(score), Some(limit)) if score < limit => {
            format!("{labels}: reject score {score:.2} (rejected if below {limit:.2})")
        }
        (Some(_), _) if explanation.rejected => format!("{labels}: no label reaches its threshold"),
        (Some(score), Some(limit)) => {
            format!("{labels}; reject score {score:.2} (rejected if below {limit:.2})")
        }
        (Some(_), None) => labels,
    }
}

/// What to show of a clause: the labels it speaks for, best first, and its best one whatever it says of it.
fn spoken_for(clause: &ExplainedClause, all: bool) -> Vec<&Attribution> {
    let mut labels: Vec<&Attribution> = clause.labels.iter().collect();
    labels.sort_by(|a, b| b.logit.total_cmp(&a.logit));
    let ranked = labels.into_iter().enumerate();
    ranked.filter(|(rank, label)| all || *rank == 0 || label.logit > 0.0).map(|(_, label)| label).collect()
}

/// The shares of word n-grams, and of all letters of a word together, strongest first.
pub fn grouped(attribution: &Attribution) -> Vec<(String, f32)> {
    let mut reasons: Vec<(String, f32)> = vec![];
    let mut letters: HashMap<&str, usize> = HashMap::new();
    for share in &attribution.shares {
        match &share.word {
            None if share.lexicon => reasons.push((format!("{} (lexicon)", share.ngram), share.share)),
            None => reasons.push((share.ngram.clone(), share.share)),
            Some(word) => {
                let place = *letters.entry(word).or_insert(reasons.len());
                if place == reasons.len() {
                    reasons.push((format!("{word} (letters)"), 0.0));
                }
                reasons[place].1 += share.share;
            }
        }
    }
    reasons.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    reasons
}

/// One line for each reason; the numbers add up to the logit.
fn reasons(attribution: &Attribution, all: bool, out: &mut Output) -> Result<(), Failure> {
    let reasons = grouped(attribution);
    let strongest = reasons.first().map_or(1.0, |(_, share)| share.abs());
    let visible = |(_, share): &&(String, f32)| share.abs() >= VISIBLE;
    let shown = if all { reasons.len() } else { reasons.iter().take(REASONS).filter(visible).count() };
    for (name, share) in &reasons[..shown] {
        let mark = if *share > 0.0 { "█" } else { "░" };
        let bar = mark.repeat((BAR * share.abs() / strongest).round() as usize);
        out.line(&format!("  {share:+6.2}  {bar:20}  {}", terminal::printable(name)))?;
    }
    let mut plain = |share: f32, name: &str| {
        if share.abs() >= VISIBLE { out.line(&format!("  {share:+6.2}  {:20}  {name}", "")) } else { Ok(()) }
    };
    let hidden = reasons[shown..].iter().map(|(_, share)| share).sum::<f32>();
    plain(hidden, &format!("({} more)", numbers::count(reasons.len() - shown)))?;
    plain(attribution.others, "(the rest of the text)")?;
    plain(attribution.base, "(before any word)")?;
    plain(attribution.rest, "(rounding)")
}
