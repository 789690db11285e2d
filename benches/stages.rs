//! The time of each stage on the sample model and its held-out texts.
//!
//! `cargo bench` measures. `cargo bench -- --test` only runs everything once. `INTENTKIT_KERNELS`
//! selects another kernel set. Each call is a pass over all texts, or over as many rows as there
//! are texts with something known. Throughput is in texts or rows.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use intentkit::FeatureVector;
use intentkit::MAX_CLAUSES;
use intentkit::data::read_file;
use intentkit::internal::simd::TILE;
use intentkit::internal::text::for_each_piece;
use intentkit::model::DIMENSIONS;
use intentkit::{Classifier, LiveClassifier, PredictOptions, Scored};
use std::path::Path;
use std::sync::LazyLock;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent");
const TEXTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant-heldout.jsonl");

/// The features of a text's clauses, and their logits, row by row.
struct Clauses {
    rows: Vec<FeatureVector>,
    logits: Vec<f32>,
}

struct Sample {
    classifier: Classifier,
    texts: Vec<String>,
    clauses: Vec<Clauses>,
    /// The features of all texts.
    rows: Vec<FeatureVector>,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let classifier = Classifier::load(MODEL).expect("the sample model");
    classifier.prepare();
    let examples = read_file(Path::new(TEXTS), None).expect("the sample's texts");
    let texts: Vec<String> = examples.into_iter().map(|example| example.text).collect();
    let clauses: Vec<Clauses> = texts
        .iter()
        .map(|text| {
            let mut rows = vec![[0.0; DIMENSIONS]; MAX_CLAUSES];
            let count = classifier.vectorize_rows(text, &mut rows).expect("a short text");
            rows.truncate(count);
            let mut logits = vec![0.0; count * classifier.labels().len()];
            classifier.model().logits(&rows, &mut logits);
            Clauses { rows, logits }
        })
        .collect();
    let rows = clauses.iter().flat_map(|clauses| &clauses.rows).copied().collect();
    Sample { classifier, texts, clauses, rows }
});

fn main() {
    println!("kernels {}, {} texts", intentkit::internal::simd::kernel_name(), SAMPLE.texts.len());
    divan::main();
}

fn texts() -> ItemsCount {
    ItemsCount::new(SAMPLE.texts.len())
}

fn rows() -> ItemsCount {
    ItemsCount::new(SAMPLE.rows.len())
}

/// From text to hashes of n-grams.
#[divan::bench]
fn ngrams(bencher: Bencher<'_, '_>) {
    let vectorizer = SAMPLE.classifier.model().vectorizer().expect("the sample reads texts");
    bencher.counter(texts()).bench(|| {
        for text in &SAMPLE.texts {
            for_each_piece(black_box(text), vectorizer.settings, &vectorizer.words, |piece| {
                black_box(piece);
            });
        }
    });
}

/// From text to features.
#[divan::bench]
fn vectorize(bencher: Bencher<'_, '_>) {
    let mut rows = [[0.0; DIMENSIONS]; MAX_CLAUSES];
    bencher.counter(texts()).bench_local(|| {
        for text in &SAMPLE.texts {
            let _ = black_box(SAMPLE.classifier.vectorize_rows(black_box(text), &mut rows));
        }
    });
}

/// From features to logits.
#[divan::bench]
fn network_one_row(bencher: Bencher<'_, '_>) {
    let mut logits = vec![0.0; SAMPLE.classifier.labels().len()];
    bencher.counter(rows()).bench_local(|| {
        for row in &SAMPLE.rows {
            SAMPLE.classifier.network(black_box(row), &mut logits);
            black_box(&logits);
        }
    });
}

/// From features to logits, several rows at a time.
#[divan::bench]
fn network_tiles_of_rows(bencher: Bencher<'_, '_>) {
    let labels = SAMPLE.classifier.labels().len();
    let mut logits = vec![0.0; TILE * labels];
    bencher.counter(rows()).bench_local(|| {
        for tile in SAMPLE.rows.chunks(TILE) {
            SAMPLE.classifier.model().logits(black_box(tile), &mut logits[..tile.len() * labels]);
            black_box(&logits);
        }
    });
}

/// From features and logits of clauses to labels.
#[divan::bench]
fn decision(bencher: Bencher<'_, '_>) {
    let (model, options) = (SAMPLE.classifier.model(), PredictOptions::default());
    let labels = model.labels().len();
    let (mut logits, mut chosen) = (vec![0.0; labels], vec![Scored::default(); labels]);
    bencher.counter(texts()).bench_local(|| {
        for clauses in &SAMPLE.clauses {
            let mut reading = model.reading(&mut logits);
            for (row, of_row) in clauses.rows.iter().zip(clauses.logits.chunks(labels)) {
                reading.add(black_box(row), of_row);
            }
            let score =
                reading.finish(&mut |features, logits| model.logits(std::slice::from_ref(features), logits));
            black_box(model.rule().decide(score, black_box(&logits), &options, &mut chosen));
        }
    });
}

/// The whole prediction, one text at a time.
#[divan::bench]
fn text_to_labels(bencher: Bencher<'_, '_>) {
    let options = PredictOptions::default();
    let mut chosen = vec![Scored::default(); SAMPLE.classifier.labels().len()];
    bencher.counter(texts()).bench_local(|| {
        for text in &SAMPLE.texts {
            let _ = black_box(SAMPLE.classifier.predict_into(black_box(text), &options, &mut chosen));
        }
    });
}

/// The whole prediction on every core, forty times the texts.
#[divan::bench]
fn batch(bencher: Bencher<'_, '_>) {
    let texts: Vec<&str> = std::iter::repeat_n(&SAMPLE.texts, 40).flatten().map(String::as_str).collect();
    let options = PredictOptions::default();
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| SAMPLE.classifier.predict_batch(black_box(&texts), &options));
}

/// Opens the model file, checksum included, with a warm cache.
#[divan::bench]
fn load() -> Classifier {
    Classifier::load(black_box(MODEL)).expect("the sample model")
}

/// Whole predictions of the live classifier, without statistics and with them.
#[divan::bench(args = [false, true])]
fn live(bencher: Bencher<'_, '_>, counting: bool) {
    let live = LiveClassifier::load(MODEL).expect("the sample model");
    live.count(counting);
    let (options, mut chosen) = (PredictOptions::default(), [Scored::default(); 4]);
    bencher.counter(texts()).bench_local(|| {
        for text in &SAMPLE.texts {
            black_box(live.predict_into(black_box(text), &options, &mut chosen).expect("a short text"));
        }
    });
}
