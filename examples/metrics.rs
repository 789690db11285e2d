//! Prints a live classifier's statistics as OpenMetrics text, as a host would serve it at
//! `/metrics`: `cargo run --release --example metrics`.

use intentkit::data::Example;
use intentkit::{LiveClassifier, Rule};

fn main() -> Result<(), intentkit::Error> {
    // A name that needs quoting.
    let rule = Rule { label: "say \"hi\"\\".into(), keywords: vec!["hello".into()], phrases: vec![] };
    let live = LiveClassifier::of_rules(&[rule])?;
    live.update(&[Example::new("good morning", ["greeting"])])?;
    for text in ["hello there", "good morning", "something else"] {
        live.predict(text)?;
    }
    print!("{}", live.statistics().to_open_metrics());
    Ok(())
}
