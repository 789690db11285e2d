//! Accuracy on public data, which is not part of this repository: `INTENTKIT_DATA` names a folder
//! that contains `clinc150/train.jsonl` and `clinc150/test.jsonl`. Without it these tests print
//! that they were skipped.

use intentkit::data::{Example, read_file};
use intentkit::engine::Precision;
use intentkit::{Classifier, PredictOptions, TrainOptions};
use std::io::Write as _;
use std::path::PathBuf;

/// Returns the lines of two files of the data folder.
fn data(train: &str, test: &str) -> Option<[Vec<Example>; 2]> {
    let Some(folder) = std::env::var_os("INTENTKIT_DATA") else {
        // Not `println!`, which the test harness captures.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: set INTENTKIT_DATA to a folder with {train} to measure accuracy"
        );
        return None;
    };
    Some([train, test].map(|name| read_file(&PathBuf::from(&folder).join(name), None).unwrap()))
}

#[test]
fn clinc150_is_classified_at_least_as_well_as_promised() {
    let Some([train, test]) = data("clinc150/train.jsonl", "clinc150/test.jsonl") else { return };
    let (classifier, report) = Classifier::train(&train, &TrainOptions::default()).unwrap();
    let options = PredictOptions::default();
    let found = classifier.evaluate(&test, &options).unwrap();
    println!("CLINC150 trained in {:.1} s: {found:?}", report.seconds);
    assert!(found.accuracy >= 0.93, "accuracy {}", found.accuracy);
    assert!(found.oos_auroc.is_some_and(|auroc| auroc >= 0.955), "AUROC {:?}", found.oos_auroc);
    assert!(
        classifier.model().as_bytes().len() <= 2_400_000,
        "{} bytes",
        classifier.model().as_bytes().len()
    );
    let exact = classifier.with_precision(Precision::Float32).evaluate(&test, &options).unwrap();
    assert!(
        (exact.accuracy - found.accuracy).abs() <= 0.002,
        "int8 {} float32 {}",
        found.accuracy,
        exact.accuracy
    );
}
