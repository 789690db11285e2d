//! What `intent explain` prints.

use crate::program::{Folder, Ran, SAMPLE, intent};
use intentkit::classifier::Explanation;
use intentkit::{Classifier, PredictOptions};
use serde_json::Value;

fn run(arguments: &[&str]) -> Ran {
    intent(&[&["explain"], arguments].concat())
}

fn printed(arguments: &[&str]) -> String {
    let ran = run(arguments);
    ran.succeeded();
    ran.out
}

const TWO: &str = "what's on my calendar tomorrow, and how hot is the cpu";

/// The blocks of one label each: what is said of the logit, and the numbers of the lines.
fn blocks(printed: &str) -> Vec<(String, Vec<f32>)> {
    let mut blocks: Vec<(String, Vec<f32>)> = vec![];
    for line in printed.lines() {
        if line.contains(", logit ") {
            blocks.push((line.to_owned(), vec![]));
        } else if let (Some((_, numbers)), Some(line)) = (blocks.last_mut(), line.strip_prefix("  ")) {
            numbers.push(line.split_whitespace().next().unwrap().parse().unwrap());
        }
    }
    blocks
}

#[test]
fn the_printed_numbers_add_up_to_the_printed_logit() {
    for all in [false, true] {
        let more = if all { &["--all"][..] } else { &[] };
        let printed = printed(&[&[TWO], more].concat());
        assert!(printed.contains("\nclause 1: whats on my calendar tomorrow\n"), "{printed}");
        let blocks = blocks(&printed);
        // What each clause speaks for, or every explained label of both.
        assert_eq!(blocks.len(), if all { 6 } else { 2 }, "{printed}");
        for (title, numbers) in blocks {
            let logit: f32 = title.rsplit(' ').next().unwrap().parse().unwrap();
            let gap = numbers.iter().sum::<f32>() - logit;
            // Each line is rounded to two digits, and those under half of the last aren't shown.
            assert!(gap.abs() < 0.011 * (numbers.len() + 4) as f32, "{title}: {gap}");
            assert!(all || numbers.len() <= 14, "{title}");
        }
    }
}

#[test]
fn json_is_one_object_a_text_with_the_fields_of_the_explanation() {
    let printed = printed(&["--json", TWO, "Какая погода?"]);
    let objects: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sample = Classifier::load(SAMPLE).unwrap();
    let wanted: Explanation = sample.explain(TWO, &PredictOptions::default()).unwrap();
    assert_eq!(objects.len(), 2);
    assert_eq!(serde_json::from_str::<Value>(&serde_json::to_string(&wanted).unwrap()).unwrap(), objects[0]);
    let keys: Vec<&String> = objects[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["text", "rejected", "score", "reject_below", "labels", "clauses"]);
    assert_eq!(objects[0]["clauses"][0]["unknown_words"], serde_json::json!([]));
    assert_eq!(objects[1]["clauses"][0]["unknown_words"][0], "какая");
    let share = &objects[0]["clauses"][0]["labels"][0]["shares"][0];
    assert!(share["ngram"].is_string() && share["share"].is_number());
    assert_eq!((&objects[1]["rejected"], &objects[1]["score"]), (&Value::Bool(true), &Value::Null));
}

#[test]
fn a_rejected_text_is_told_why() {
    let out = printed(&["water the plants on the balcony", "Какая\u{1b}[2J завтра погода?"]);
    assert!(out.contains("(rejected): reject score "), "{out}");
    assert!(out.contains("(rejected): nothing in it is known"), "{out}");
    assert!(!out.contains('\u{1b}'));
    assert_eq!(run(&[]).code, 2, "without a text there is nothing to explain");
}

#[test]
fn a_label_that_a_rule_chose_is_named_even_if_the_network_knows_nothing_of_the_text() {
    let folder = Folder::new();
    let rules =
        r#"[{"label": "vision", "keywords": ["screenshot"]}, {"label": "music", "keywords": ["song"]}]"#;
    let rules = folder.put("rules.json", rules.as_bytes());
    let model = folder.path("rules.intent");
    intent(&["new", &rules, "--output", &model]).succeeded();
    let first = |text: &str| printed(&["--model", &model, text]).lines().next().unwrap().to_owned();
    assert_eq!(first("a screenshot"), "vision: chosen by keyword rules; nothing in the text is known");
    assert!(first("a song and a screenshot").starts_with("music, vision: chosen by keyword rules"));
    assert_eq!(first("neither"), "(rejected): nothing in it is known");
    // A model with one label per text answers one of those that the rules ask for.
    let rules =
        r#"[{"label": "light", "keywords": ["погода"]}, {"label": "music", "keywords": ["погода завтра"]}]"#;
    let rules = folder.put("other.json", rules.as_bytes());
    folder.train("data.jsonl", "small.intent", &["--preset", "single"]).succeeded();
    let (small, model) = (folder.path("small.intent"), folder.path("both.intent"));
    intent(&["update", "--model", &small, "--rules", &rules, "--output", &model]).succeeded();
    let out = printed(&["--model", &model, "погода завтра"]);
    assert!(out.starts_with("music: chosen by keyword rules; nothing in the text is known\n"), "{out}");
    assert!(out.contains("asked for by keyword rules: music, light"), "{out}");
}

#[test]
fn unknown_words_are_shown_as_such() {
    let out = printed(&["can you see my zyzzyva?"]);
    assert!(out.lines().any(|line| line == "unknown words: zyzzyva"), "{out}");
    assert!(!printed(&["can you see my screen?"]).contains("unknown words"));
    let two = printed(&["what's on my qwkalendar tomorrow, and how hot is the cpu"]);
    assert!(two.contains("clause 1: whats on my qwkalendar tomorrow\nunknown words: qwkalendar\n"), "{two}");
}
