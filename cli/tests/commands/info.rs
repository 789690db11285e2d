//! `intent info` and `intent demo`.

use crate::program::{SAMPLE, has_keys, intent, small};
use serde_json::Value;

#[test]
fn info_describes_a_file_and_the_embedded_sample() {
    let expected = [
        "format",
        "labels",
        "dimensions",
        "buckets",
        "parameters",
        "bytes",
        "preset",
        "examples",
        "library_version",
        "checksum",
        "heldout_accuracy",
        "familiar_accuracy",
        "heldout_answered",
        "epochs",
        "seed",
        "choice",
    ];
    let small_one = intent(&["info", "--model", small(), "--json"]).json();
    has_keys(&small_one, &expected);
    assert_eq!((&small_one["labels"], &small_one["examples"]), (&Value::from(2), &Value::from(14)));
    assert_eq!(small_one["label_names"], serde_json::json!(["light", "music"]));
    assert_eq!(small_one["dimensions"], 256);
    assert_eq!(small_one["library_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(small_one["checksum"].as_str().unwrap().len(), 16);
    let embedded = intent(&["info", "--json"]).json();
    assert_eq!(
        embedded,
        intent(&["info", "--model", SAMPLE, "--json"]).json(),
        "the embedded sample is the committed file"
    );
    assert!(intent(&["info"]).out.contains("CHATBOTS"));
    let told = intent(&["info", "--model", small()]).out;
    assert!(told.contains("new wording") && told.contains("known wording"), "{told}");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "trains the whole sample: run with --release")]
fn demo_trains_the_committed_sample_byte_for_byte_and_asks_it() {
    let ran = intent(&["demo"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.contains("byte for byte"),
        "models/assistant.intent is not what training makes: {}",
        ran.out
    );
    let screen = ran.out.lines().find(|line| line.contains("Can you see my screen?")).unwrap();
    assert!(screen.contains("VISION") && screen.contains("CHATBOTS"), "{screen}");
    assert!(ran.out.contains("(rejected)"), "{}", ran.out);
    assert!(ran.out.contains("get exactly their labels"), "{}", ran.out);
}
