//! Explanations: their numbers add up to those of the prediction, and the right words support a
//! label.

use intentkit::classifier::{Attribution, Explanation, Share};
use intentkit::data::Example;
use intentkit::engine::Precision;
use intentkit::{Classifier, PredictOptions, Preset, TrainOptions};

fn sample() -> Classifier {
    Classifier::load(concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent")).unwrap()
}

fn explain(classifier: &Classifier, text: &str) -> Explanation {
    classifier.explain(text, &PredictOptions::default()).unwrap()
}

const TEXTS: [&str; 8] = [
    "Can you see my screen?",
    "read the latest email aloud",
    "what's on my calendar tomorrow, and how hot is the cpu",
    "turn the volume up and email Anna the report, then remind me at five",
    "the the the the the same word again and again and again",
    "Öffne die Straße, bitte: ﬁle",
    "打开我的文件 and read it to me",
    "water the plants on the balcony",
];

/// Asserts that every attribution adds up, with a remainder of at most `rounding` times its size.
fn adds_up(explanation: &Explanation, rounding: f32) {
    for clause in &explanation.clauses {
        assert_eq!(clause.labels.len(), if clause.known { explanation.labels.len() } else { 0 });
        for (attribution, label) in clause.labels.iter().zip(&explanation.labels) {
            let Attribution { label: name, logit, base, shares, others, rest } = attribution;
            assert_eq!(name, &label.label);
            let sum: f32 = shares.iter().map(|share| share.share).sum();
            let gap = base + sum + others + rest - logit;
            assert!(gap.abs() < 1e-3 * (1.0 + logit.abs()), "{name}: {gap} of {logit} is missing");
            let allowed = rounding * (1.0 + logit.abs());
            assert!(rest.abs() < allowed, "{name}: {rest} of {logit} is left over");
            assert!(shares.windows(2).all(|pair| pair[0].share.abs() >= pair[1].share.abs()));
        }
    }
}

#[test]
fn shares_add_up_to_the_logits_of_every_clause() {
    let sample = sample();
    for text in TEXTS {
        let explanation = explain(&sample, text);
        assert!(!explanation.labels.is_empty(), "{text}");
        adds_up(&explanation, 0.05);
    }
    let two = explain(&sample, TEXTS[2]);
    let clauses: Vec<&str> = two.clauses.iter().map(|clause| clause.text.as_str()).collect();
    assert_eq!(clauses, ["whats on my calendar tomorrow", "how hot is the cpu"]);
}

#[test]
fn in_float32_nothing_is_left_over() {
    let sample = sample().with_precision(Precision::Float32);
    for text in TEXTS {
        adds_up(&explain(&sample, text), 1e-4);
    }
}

#[test]
fn it_tells_of_the_prediction_that_is_made() {
    let sample = sample();
    let asked = [
        PredictOptions::default(),
        PredictOptions { top: Some(2), ..Default::default() },
        PredictOptions { threshold: Some(0.9), ..Default::default() },
        PredictOptions { keep: Some(1.0), ..Default::default() },
    ];
    for text in TEXTS {
        for options in &asked {
            let (explanation, prediction) =
                (sample.explain(text, options).unwrap(), sample.predict_with(text, options).unwrap());
            assert_eq!(explanation.rejected, prediction.is_rejected());
            let chosen: Vec<(&str, f32)> = explanation
                .labels
                .iter()
                .filter(|label| label.chosen)
                .map(|label| (label.label.as_str(), label.probability))
                .collect();
            let wanted: Vec<(&str, f32)> = prediction
                .labels()
                .iter()
                .map(|scored| (sample.label(scored.label).unwrap(), scored.probability))
                .collect();
            assert_eq!(chosen, wanted, "{text}");
            let mut logits = vec![0.0; sample.labels().len()];
            assert_eq!(explanation.score, Some(sample.logits(text, &mut logits).unwrap()));
            for label in &explanation.labels {
                let index = sample.labels().iter().position(|name| *name == label.label).unwrap();
                assert_eq!(label.logit, logits[index]);
            }
        }
    }
}

fn share<'a>(attribution: &'a Attribution, ngram: &str) -> &'a Share {
    let mut of_words = attribution.shares.iter().filter(|share| share.word.is_none());
    of_words.find(|share| share.ngram == ngram).unwrap_or_else(|| panic!("{ngram} has no share"))
}

/// Trains on forty lines of two labels that share all words except one each.
fn small(preset: Preset) -> Classifier {
    let rooms = ["kitchen", "hall", "bedroom", "garden", "office"];
    let lines = rooms.iter().flat_map(|room| {
        [("lamp", "light"), ("song", "music")].into_iter().flat_map(move |(word, label)| {
            [
                Example::new(format!("the {word} in the {room} please"), [label]),
                Example::new(format!("please change the {word} of the {room}"), [label]),
                Example::new(format!("{room}: the {word}"), [label]),
                Example::new(format!("I want that {word} in my {room}"), [label]),
            ]
        })
    });
    // Only the reference preset requires its own number of epochs.
    let epochs = Some(12).filter(|_| preset != Preset::Reference);
    let options = TrainOptions { preset, epochs, ..TrainOptions::default() };
    Classifier::train(&lines.collect::<Vec<_>>(), &options).unwrap().0
}

#[test]
fn a_word_that_only_one_label_has_speaks_for_it_and_against_the_other() {
    let classifier = small(Preset::Single);
    let explanation = explain(&classifier, "please change the lamp in the hall");
    adds_up(&explanation, 0.05);
    let of = |label: &str| {
        explanation.clauses[0].labels.iter().find(|attribution| attribution.label == label).unwrap()
    };
    assert_eq!(explanation.labels[0].label, "light");
    assert!(share(of("light"), "lamp").share > 0.0 && share(of("music"), "lamp").share < 0.0);
    // The shares of the lamp's n-grams exceed those of the hall's.
    let about = |word: &str| -> f32 {
        let with = |s: &&Share| s.ngram.split(' ').any(|w| w == word) || s.word.as_deref() == Some(word);
        of("light").shares.iter().filter(with).map(|s| s.share).sum()
    };
    assert!(about("lamp") > 2.0 * about("hall").abs(), "{} {}", about("lamp"), about("hall"));
}

#[test]
fn shares_add_up_whatever_the_preset_reads() {
    for preset in [Preset::Single, Preset::Multi, Preset::Reference] {
        let explanation = explain(&small(preset), "change the song of the garden");
        adds_up(&explanation, 0.05);
        let best = &explanation.clauses[0].labels[0];
        assert!(best.label == "music" && best.shares.len() > 20, "{preset:?}");
    }
}

#[test]
fn repeated_ngrams_have_one_share_and_the_letters_of_two_words_one_in_each() {
    let explanation = explain(&sample(), "screen screens screen");
    let shares = &explanation.clauses[0].labels[0].shares;
    let count = |ngram: &str, word: Option<&str>| {
        shares.iter().filter(|share| share.ngram == ngram && share.word.as_deref() == word).count()
    };
    assert_eq!(count("screen", None), 1);
    assert_eq!(count("<scr", Some("screen")), 1);
    assert_eq!(count("<scr", Some("screens")), 1);
}

#[test]
fn a_text_in_which_nothing_is_known_is_rejected_without_a_label() {
    let sample = sample();
    for text in ["Какая завтра погода?", "", "?!", "и, а"] {
        let explanation = explain(&sample, text);
        assert!(explanation.rejected && explanation.labels.is_empty(), "{text}");
        assert_eq!(explanation.score, None);
        assert!(explanation.clauses.iter().all(|clause| !clause.known && clause.labels.is_empty()));
    }
    // Beside a known clause an unknown one has no effect.
    let half = explain(&sample, "Какая погода, can you see my screen");
    let known: Vec<bool> = half.clauses.iter().map(|clause| clause.known).collect();
    assert_eq!(known, [false, true]);
    assert_eq!(half.labels[0].logit, half.clauses[1].labels[0].logit);
}

#[test]
fn a_long_text_keeps_its_first_ngrams_and_the_sum_of_the_others() {
    let words: Vec<String> = (0..3000).map(|i| format!("word{i} screen")).collect();
    let explanation = explain(&sample(), &words.join(" "));
    adds_up(&explanation, 0.05);
    let attribution = &explanation.clauses[0].labels[0];
    assert!(attribution.others != 0.0 && attribution.shares.len() <= 2048);
    assert!(explanation.clauses[0].labels.iter().all(|label| label.shares.len() > 1000));
}

#[test]
fn wrong_options_and_long_texts_are_refused_as_in_a_prediction() {
    let (sample, long) = (sample(), "a".repeat((1 << 20) + 1));
    let options = PredictOptions { top: Some(0), ..Default::default() };
    assert!(sample.explain("hi", &options).unwrap_err().to_string().contains("`top`"));
    assert!(sample.explain(&long, &PredictOptions::default()).unwrap_err().to_string().contains("1048577"));
}

#[test]
fn words_that_the_model_does_not_know_are_named_whether_it_counts_words_or_only_letters() {
    let sample = sample();
    let unknown = |classifier: &Classifier, text: &str| -> Vec<Vec<String>> {
        explain(classifier, text).clauses.into_iter().map(|clause| clause.unknown_words).collect()
    };
    assert_eq!(unknown(&sample, "can you see my screen?"), [[""; 0]]);
    assert_eq!(unknown(&sample, "can the Zyzzyva see my zyzzyva?"), [["zyzzyva"]]);
    assert_eq!(unknown(&sample, "Какая погода?"), [["какая", "погода"]]);
    let two = unknown(&sample, "what's on my qwkalendar tomorrow, and how hot is the xcpuz");
    assert_eq!(two, [["qwkalendar"], ["xcpuz"]]);

    let line = |text: &str, label: &str| Example::new(text, [label]);
    let lines = [
        line("turn on the lamp", "light"),
        line("lamp off", "light"),
        line("the lamp is bright", "light"),
        line("play a song", "music"),
        line("stop the song", "music"),
        line("a loud song", "music"),
    ];
    let options = TrainOptions { preset: Preset::Single, ..TrainOptions::default() };
    let (single, _) = Classifier::train(&lines, &options).unwrap();
    assert_eq!(unknown(&single, "the lamps are off the song"), [["lamps", "are"]]);
}
