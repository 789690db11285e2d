//! Compares every precision of a model's Core ML package, on every choice of compute units of this
//! system, with the CPU. Prints one JSON line: how far the logits differ on real texts, how often
//! the top label is the same, what is planned on the Neural Engine, and the time per row.
//!
//! `cargo run --release --example core_ml -- models/assistant.intent models/assistant-heldout.jsonl`.
//! Without Core ML the line has no engines.

use intentkit::Classifier;
use intentkit::FeatureVector;
use intentkit::data::read_file;
use intentkit::engine::{CandidateReport, Engines, has_neural_engine, offered};
use intentkit::export::CoreMlPrecision;
use intentkit::model::Model;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Timeout for compiling, loading and measuring one engine.
const LONGEST: Duration = Duration::from_secs(90);

#[derive(Serialize)]
struct Engine {
    precision: &'static str,
    #[serde(flatten)]
    report: CandidateReport,
    /// `None` if the engine was left out.
    parity: Option<Parity>,
}

#[derive(Serialize)]
struct Parity {
    texts: usize,
    largest_logit_difference: f32,
    same_best_label: usize,
}

fn best(logits: &[f32]) -> Option<usize> {
    (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(model), Some(texts)) = (arguments.next(), arguments.next()) else {
        return Err("use: core_ml MODEL DATA".into());
    };
    let (classifier, model) = (Classifier::load(&model)?, Arc::new(Model::load(Path::new(&model))?));
    let lines = read_file(Path::new(&texts), None)?;
    let rows = lines
        .iter()
        .map(|line| classifier.vectorize(&line.text))
        .collect::<Result<Vec<FeatureVector>, _>>()?;
    let width = model.labels().len();
    let mut of_cpu = vec![0.0; rows.len() * width];
    Engines::new(&model).logits(&model, &rows, &mut of_cpu);

    let mut engines = vec![];
    for precision in [CoreMlPrecision::Float16, CoreMlPrecision::Float32, CoreMlPrecision::Int8] {
        for candidate in offered(precision) {
            // coreml-rs doesn't choose compute units.
            let Ok(choice) = candidate.name.parse() else { continue };
            let asked = Engines::new(&model);
            asked.choose_among(&model, choice, || offered(precision));
            asked.wait(LONGEST);
            let report = asked.report();
            let Some(tried) = report.candidates.into_iter().next() else { continue };
            let parity = (report.batch == candidate.name).then(|| {
                let mut logits = vec![0.0; of_cpu.len()];
                asked.logits(&model, &rows, &mut logits);
                let apart = logits.iter().zip(&of_cpu).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                let same = logits.chunks(width).zip(of_cpu.chunks(width)).filter(|(a, b)| best(a) == best(b));
                Parity { texts: rows.len(), largest_logit_difference: apart, same_best_label: same.count() }
            });
            engines.push(Engine { precision: precision.name(), report: tried, parity });
        }
    }
    let line = serde_json::json!({ "neural_engine": has_neural_engine(), "engines": engines });
    println!("{line}");
    Ok(())
}
