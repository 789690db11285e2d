//! One file of texts with the sample model's results, as bits. Every set of kernels on every CPU,
//! and every language binding, must give exactly these.
//!
//! `tests/vectors/sample.json`: for each text its feature rows, combined logits, reject score and
//! chosen labels. A float32 is eight hexadecimal digits of its bits. If the sample model has
//! changed, rewrite it with `INTENTKIT_WRITE_VECTORS=1 cargo test --release --test vectors`.

use intentkit::internal::simd::{kernel_name, kernel_names};
use intentkit::{Classifier, PredictOptions, Scored};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

const TEXTS: [&str; 20] = [
    "can you see my screen?",
    "Can you see my screen, and read the latest email aloud?",
    "read the latest email aloud",
    "what's on my calendar tomorrow",
    "how hot is the cpu?",
    "water the plants on the balcony",
    "Какая завтра погода?",
    "",
    "   \t\n ",
    "screen",
    "SCREEN SCREEN screen",
    "explain the error message on my screen and remind me to call Ben at 5:30",
    "ｆｕｌｌ ｗｉｄｔｈ ｅｍａｉｌ",
    "re\u{301}sume\u{301} of my inbox",
    "don't read it out loud; just summarise it",
    "📧 📅 🔊",
    "a",
    "zzzzqqqq xxxxyyyy",
    "turn the volume up, then open the terminal, then check the disk, then tell me a joke",
    "Please send the quarterly report to everyone in the finance team before the meeting starts at nine, thanks",
];

fn path(parts: &[&str]) -> PathBuf {
    std::iter::once(env!("CARGO_MANIFEST_DIR")).chain(parts.iter().copied()).collect()
}

fn bits(values: &[f32]) -> String {
    values.iter().map(|value| format!("{:08x}", value.to_bits())).collect()
}

fn case(classifier: &Classifier, text: &str) -> Value {
    let mut rows = [[0.0; 256]; 32];
    let count = classifier.vectorize_rows(text, &mut rows).unwrap();
    let mut logits = vec![0.0; classifier.labels().len()];
    let score = classifier.logits(text, &mut logits).unwrap();
    let mut chosen = [Scored::default(); 16];
    let options = PredictOptions::default();
    let labels = classifier.predict_into(text, &options, &mut chosen).unwrap();
    let label = |scored: &Scored| json!([classifier.label(scored.label), bits(&[scored.probability])]);
    // If nothing in the text is known, the logits are undefined.
    let known = score > f32::NEG_INFINITY;
    json!({
        "text": text,
        "rows": rows[..count].iter().map(|row| bits(row)).collect::<Vec<_>>(),
        "logits": if known { bits(&logits) } else { String::new() },
        "score": if known { bits(&[score]) } else { String::new() },
        "labels": chosen[..labels].iter().map(label).collect::<Vec<_>>(),
    })
}

fn made() -> Value {
    let classifier = Classifier::load(path(&["models", "assistant.intent"])).unwrap();
    let long = "what is on my screen right now, please tell me in detail ".repeat(60);
    let texts = TEXTS.into_iter().chain([long.as_str()]);
    let cases: Vec<Value> = texts.map(|text| case(&classifier, text)).collect();
    json!({ "model": "models/assistant.intent", "checksum": classifier.model().metadata().checksum, "cases": cases })
}

#[test]
fn the_kernels_in_use_give_the_bits_of_the_vector_file() {
    let (file, made) = (path(&["tests", "vectors", "sample.json"]), made());
    if std::env::var_os("INTENTKIT_WRITE_VECTORS").is_some() {
        std::fs::write(&file, format!("{made:#}\n")).unwrap();
    }
    let wanted: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(made["checksum"], wanted["checksum"], "the sample model has changed; write the vectors anew");
    let cases = |value: &Value| value["cases"].as_array().unwrap().clone();
    for (made, wanted) in cases(&made).iter().zip(&cases(&wanted)) {
        assert_eq!(made, wanted, "kernels {}", kernel_name());
    }
    assert_eq!(cases(&made).len(), cases(&wanted).len());
}

/// Again for each other set of kernels that this CPU can run, in a separate process, since the
/// choice is made once.
#[test]
fn every_other_kernel_set_gives_them_too() {
    let program = std::env::current_exe().unwrap();
    let runner = std::env::var("INTENTKIT_RUNNER").unwrap_or_default();
    let mut words: Vec<&str> = runner.split_whitespace().collect();
    let program = program.to_str().unwrap();
    words.extend([program, "--exact", "the_kernels_in_use_give_the_bits_of_the_vector_file"]);
    for set in kernel_names() {
        let run = Command::new(words[0]).args(&words[1..]).env("INTENTKIT_KERNELS", set).output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("1 passed"), "{set}: {said}");
        println!("kernels {set}: the same bits");
    }
}
