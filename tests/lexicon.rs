//! Lexicons: words without a training line have meaning, explanations name them, models are
//! deterministic.

use intentkit::data::Example;
use intentkit::lexicon::Lexicon;
use intentkit::model::Model;
use intentkit::train::{Dataset, Inputs};
use intentkit::{Classifier, Error, PredictOptions, Preset, TrainOptions};
use std::sync::Arc;

/// Words of three fields. No training line contains the second half of each.
const FIELDS: [[&str; 12]; 3] = [
    [
        "lamp",
        "light",
        "lights",
        "bulb",
        "bright",
        "dim",
        "glow",
        "lantern",
        "chandelier",
        "shine",
        "candle",
        "beam",
    ],
    [
        "music", "song", "jazz", "album", "tune", "radio", "melody", "waltz", "quartet", "ballad", "hymn",
        "chorus",
    ],
    ["rain", "snow", "warm", "cold", "wind", "storm", "hail", "drizzle", "thunder", "fog", "sleet", "gust"],
];
const COMMON: [&str; 8] = ["the", "please", "some", "now", "it", "turn", "want", "again"];

/// Returns a pseudo-random number, -1 to 1.
fn noise(seed: usize) -> f32 {
    let mut z = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((z >> 40) as f32 / 8_388_608.0) - 1.0
}

/// Returns a lexicon in which the words of a field are close, with vectors of this width.
fn lexicon(width: usize) -> (Vec<&'static str>, Vec<f32>) {
    let (mut words, mut vectors) = (vec![], vec![]);
    for (field, of_field) in FIELDS.iter().enumerate() {
        for word in of_field {
            let own = words.len() * 10_000;
            vectors.extend((0..width).map(|j| noise(field * 5000 + j) + 0.4 * noise(own + j + 1_000_000)));
            words.push(*word);
        }
    }
    for (i, word) in COMMON.iter().enumerate() {
        vectors.extend((0..width).map(|j| noise((i + 100) * 10_000 + j)));
        words.push(word);
    }
    (words, vectors)
}

fn made(width: usize) -> Arc<Lexicon> {
    let (words, vectors) = lexicon(width);
    Arc::new(Lexicon::new(&words, &vectors, width).unwrap())
}

fn examples() -> Vec<Example> {
    let labels = ["light", "music", "weather"];
    let mut examples = vec![];
    for (label, field) in labels.iter().zip(FIELDS) {
        for word in &field[..6] {
            examples.push(Example::new(format!("{} {word}", COMMON[examples.len() % 8]), [*label]));
            examples.push(Example::new(format!("{word} {}", COMMON[(examples.len() + 3) % 8]), [*label]));
        }
    }
    examples
}

fn options(width: usize) -> TrainOptions {
    TrainOptions { lexicon: Some(made(width)), seed: 3, ..TrainOptions::default() }
}

/// Returns the share of words without a training line that get their field's label.
fn right_on_unseen(classifier: &Classifier) -> f64 {
    let everything = PredictOptions { keep: Some(1.0), top: Some(1), ..PredictOptions::default() };
    let mut right = 0;
    for (label, field) in (0..).zip(FIELDS) {
        for word in &field[6..] {
            let answer = classifier.predict_with(word, &everything).unwrap();
            right += usize::from(answer.labels().first().is_some_and(|best| best.label == label));
        }
    }
    right as f64 / 18.0
}

#[test]
fn words_without_a_training_line_mean_what_lies_near_them() {
    let (without, report) =
        Classifier::train(&examples(), &TrainOptions { seed: 3, ..Default::default() }).unwrap();
    assert_eq!((report.lexicon, without.model().lexicon_words()), (None, 0));
    for width in [20, 300] {
        let (with, report) = Classifier::train(&examples(), &options(width)).unwrap();
        let used = report.lexicon.unwrap();
        // The model has all 44 words of the lexicon: those of the texts, and all others, which are
        // few.
        assert_eq!((used.found, used.held, with.model().lexicon_words()), (22, 44, 44), "{used:?}");
        assert!(used.words >= 22);
        let (with, without) = (right_on_unseen(&with), right_on_unseen(&without));
        assert!(with > 0.9 && without < 0.7, "{width}: {with} with, {without} without");
    }
}

#[test]
fn a_text_of_lexicon_words_alone_is_known() {
    let (classifier, _) = Classifier::train(&examples(), &options(50)).unwrap();
    // No training line contains any of its trigrams.
    let features = classifier.vectorize("fog").unwrap();
    assert!(features.iter().any(|&value| value != 0.0));
    assert!(classifier.vectorize("qqq").unwrap().iter().all(|&value| value == 0.0));
}

#[test]
fn the_same_model_for_every_number_of_threads_and_after_loading() {
    let bytes = |threads| {
        let options = TrainOptions { threads, ..options(300) };
        Classifier::train(&examples(), &options).unwrap().0.model().as_bytes().to_vec()
    };
    let one = bytes(1);
    assert_eq!(one, bytes(3));
    let loaded = Classifier::new(Model::from_bytes(&one).unwrap());
    assert_eq!(loaded.model().as_bytes(), one);
    assert!(right_on_unseen(&loaded) > 0.9);
}

#[test]
fn explanations_name_the_words_of_the_lexicon_and_add_up() {
    let (classifier, _) = Classifier::train(&examples(), &options(50)).unwrap();
    let explanation = classifier
        .explain("Chandelier, please: glow glow and a quartet", &PredictOptions::default())
        .unwrap();
    let clause = &explanation.clauses[0];
    for attribution in &clause.labels {
        let sum: f32 = attribution.shares.iter().map(|share| share.share).sum();
        let gap = attribution.base + sum + attribution.others + attribution.rest - attribution.logit;
        assert!(
            gap.abs() < 1e-3 * (1.0 + attribution.logit.abs()),
            "{gap} of {} is missing",
            attribution.logit
        );
        assert!(
            attribution.rest.abs() < 0.05 * (1.0 + attribution.logit.abs()),
            "{} is left over",
            attribution.rest
        );
        let from_lexicon: Vec<&str> = attribution
            .shares
            .iter()
            .filter(|share| share.lexicon)
            .map(|share| share.ngram.as_str())
            .collect();
        assert_eq!(
            from_lexicon.len(),
            4,
            "one share for each word, however often it stands there: {from_lexicon:?}"
        );
        assert!(["chandelier", "please", "glow", "quartet"].iter().all(|word| from_lexicon.contains(word)));
    }
    let light = clause.labels.iter().find(|attribution| attribution.label == "light").unwrap();
    let strongest = light.shares.iter().find(|share| share.share > 0.0).unwrap();
    assert!(strongest.lexicon && ["chandelier", "glow"].contains(&strongest.ngram.as_str()), "{strongest:?}");
    let json = serde_json::to_value(&explanation).unwrap();
    let shares = json["clauses"][0]["labels"][0]["shares"].as_array().unwrap();
    assert!(
        shares.iter().any(|share| share["lexicon"] == true)
            && shares.iter().any(|share| share.get("lexicon").is_none())
    );
}

#[test]
fn sets_of_labels_and_clauses_have_lexicon_words_as_well() {
    let mut lines = examples();
    for i in 0..60 {
        let (a, b) = (&examples()[i % 36], &examples()[(i * 7 + 13) % 36]);
        if a.labels != b.labels {
            lines.push(Example::new(
                format!("{} and {}", a.text, b.text),
                [a.labels[0].clone(), b.labels[0].clone()],
            ));
        }
    }
    let options = TrainOptions { separators: Some(vec!["and".into()]), preset: Preset::Multi, ..options(50) };
    let (classifier, _) = Classifier::train(&lines, &options).unwrap();
    let answer = classifier
        .predict_with("drizzle and waltz", &PredictOptions { keep: Some(1.0), ..Default::default() });
    let mut names: Vec<&str> =
        answer.unwrap().labels().iter().map(|scored| classifier.label(scored.label).unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["music", "weather"]);
}

#[test]
fn a_lexicon_that_cannot_help_is_refused_in_a_sentence() {
    let russian = Arc::new(Lexicon::new(&["привет", "мир"], &[1.0, 0.0, 0.0, 1.0], 2).unwrap());
    let options = TrainOptions { lexicon: Some(russian), ..TrainOptions::default() };
    let message = Classifier::train(&examples(), &options).err().unwrap().to_string();
    assert!(message.contains("none of the lexicon's 2 words occurs in the training texts"), "{message}");

    let rows = [[0.5; 256]; 2];
    let data = Dataset { inputs: Inputs::Features(&rows), labels: vec![vec!["a"], vec!["b"]] };
    let refused = Classifier::train_on(&data, None, &options, &mut |_| true).err().unwrap();
    assert!(
        matches!(&refused, Error::InvalidArgument(message) if message.contains("requires texts")),
        "{refused}"
    );

    let reference = TrainOptions { preset: Preset::Reference, ..options };
    assert!(reference.check().unwrap_err().to_string().contains("`lexicon`"));
}

#[test]
fn a_long_text_of_lexicon_words_is_answered() {
    let (classifier, _) = Classifier::train(&examples(), &options(50)).unwrap();
    let text = "rain fog ".repeat(1 << 16);
    assert!(classifier.vectorize(&text).unwrap().iter().all(|value| value.is_finite()));
    let explanation = classifier.explain(&"rain fog ".repeat(5000), &PredictOptions::default()).unwrap();
    assert_eq!(explanation.clauses.len(), 1);
}
