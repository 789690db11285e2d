//! What was measured, as people read it.

use super::Report;
use super::timing::timer_overhead;
use crate::failure::Failure;
use crate::numbers;
use crate::output::Output;
use intentkit::Classifier;
use intentkit::engine::{EngineChoice, Report as EngineReport, State};
use std::path::Path;

pub fn show(
    report: &Report,
    model: &Path,
    classifier: &Classifier,
    texts: usize,
    out: &mut Output,
) -> Result<(), Failure> {
    let bytes = numbers::bytes(classifier.model().as_bytes().len());
    let labels = numbers::of(classifier.labels().len(), "label");
    let passes = numbers::count(report.stages.passes);
    out.pairs(&[
        ("model", format!("{}, {bytes}, {labels}, kernels {}", model.display(), report.kernel)),
        ("data", format!("{}, {passes} passes", numbers::of(texts, "text"))),
    ])?;
    engines(&report.engine).iter().try_for_each(|line| out.line(line))?;
    out.line("")?;
    stages(report, out)?;
    out.line("")?;
    out.pairs(&totals(report))
}

fn stages(report: &Report, out: &mut Output) -> Result<(), Failure> {
    out.line(&format!("{:16}{:>10}{:>10}{:>10}", "", "p50", "p95", "p99"))?;
    for (name, p) in [
        ("text to labels", report.stages.text_to_labels_us),
        ("  vectorize", report.stages.vectorize_us),
        ("  network", report.stages.network_us),
        ("  decision", report.stages.decision_us),
    ] {
        let [p50, p95, p99] = [p.p50, p.p95, p.p99].map(numbers::microseconds);
        out.line(&format!("{name:16}{p50:>10}{p95:>10}{p99:>10}"))?;
    }
    Ok(())
}

fn totals(report: &Report) -> [(&'static str, String); 6] {
    let per_second = |count: u64| format!("{} texts a second", numbers::count(count as usize));
    let memory = report.peak_rss_mb.map_or_else(|| "not known here".into(), |mb| format!("{mb:.1} MB"));
    let timer = timer_overhead().as_secs_f64() * 1e9;
    [
        ("one at a time", format!("{}, one thread", per_second(report.singles_per_s))),
        (
            "in a batch",
            format!("{}, {}", per_second(report.batch_per_s), numbers::of(report.threads, "thread")),
        ),
        ("load", format!("{}, checksum included, warm cache", numbers::microseconds(report.load_us))),
        (
            "first prediction",
            format!("{} in a new process", numbers::microseconds(report.first_prediction_us)),
        ),
        ("peak memory", format!("{memory}, of that process")),
        ("timer", format!("{timer:.0} ns a call, included in the times above")),
    ]
}

/// The engines in use and what became of the others; nothing where the CPU was asked for.
fn engines(report: &EngineReport) -> Vec<String> {
    if report.asked == EngineChoice::Cpu {
        return vec![];
    }
    let mut lines = vec![format!("engine {} for one text, {} for batches", report.single, report.batch)];
    lines.extend(report.note.map(|note| format!("       {note}")));
    let times = |single: f64, batch: f64| {
        format!("{} for one row, {} a row of 64", numbers::microseconds(single), numbers::microseconds(batch))
    };
    lines.extend(report.cpu.map(|cpu| format!("       cpu: {}", times(cpu.single_us, cpu.batch_us))));
    lines.extend(report.candidates.iter().map(|candidate| {
        let state = match &candidate.state {
            State::Agrees(figures) => times(figures.single_us, figures.batch_us),
            State::Dropped(reason) => format!("left out, {reason}"),
            State::Failed(reason) => format!("failed, {reason}"),
        };
        let planned = candidate.plan.map_or(String::new(), |plan| {
            format!(
                "; {} of {} operations planned on the Neural Engine",
                plan.planned_on_neural_engine, plan.operations
            )
        });
        format!("       {}: {state}{planned}", candidate.name)
    }));
    lines
}
