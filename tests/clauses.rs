//! Texts of several clauses: two requests stay two, and one request for two things stays one.

use intentkit::data::Example;
use intentkit::decision::{PredictOptions, Scored};
use intentkit::learn::Learner;
use intentkit::model::{DIMENSIONS, Model};
use intentkit::{Classifier, TrainOptions};
use std::sync::Arc;

const ROOMS: [&str; 6] = ["hall", "kitchen", "bedroom", "office", "garage", "bathroom"];
const SONGS: [&str; 6] = ["blues", "jazz", "techno", "piano", "choir", "opera"];

/// Requests for four labels, of which two and two are opposites, alone and two in a line.
fn examples() -> Vec<Example> {
    let requests: [(&str, [&str; 4], [&str; 6]); 4] = [
        (
            "light_on",
            ["turn on the _ light", "switch the _ lamp on", "light up the _", "the _ is dark"],
            ROOMS,
        ),
        (
            "light_off",
            ["turn off the _ light", "switch the _ lamp off", "lights out in the _", "darken the _"],
            ROOMS,
        ),
        ("music_on", ["play some _", "start the _ album", "i want to hear _", "put on a _ song"], SONGS),
        ("music_off", ["stop the _", "no more _ please", "turn the _ album off", "enough _ for now"], SONGS),
    ];
    let say = |label: usize, n: usize| {
        let (_, texts, things) = requests[label];
        texts[n % 4].replace('_', things[n / 4 % 6])
    };
    let mut examples = vec![];
    for i in 0..120 {
        let (first, second, n) = (i % 4, (i % 4 + 1 + i / 4 % 3) % 4, i / 4);
        examples.push(Example::new(say(first, n), [requests[first].0]));
        let separator = [" and ", ", ", " and then "][i % 3];
        let text = format!("{}{separator}{}", say(first, n * 5 + 1), say(second, n * 7 + 2));
        examples.push(Example::new(text, [requests[first].0, requests[second].0]));
    }
    examples
}

fn options() -> TrainOptions {
    let separators = Some(["and", "then", ","].map(str::to_owned).to_vec());
    TrainOptions { separators, ..TrainOptions::default() }
}

fn trained() -> Classifier {
    Classifier::train(&examples(), &options()).unwrap().0
}

/// The number of texts that get exactly these labels, before any is rejected.
fn exact(classifier: &Classifier, texts: &[(String, Vec<&str>)]) -> usize {
    let options = PredictOptions { keep: Some(1.0), ..PredictOptions::default() };
    let is_exact = |(text, labels): &&(String, Vec<&str>)| {
        let prediction = classifier.predict_with(text, &options).unwrap();
        let mut found: Vec<_> =
            prediction.labels().iter().filter_map(|scored| classifier.label(scored.label)).collect();
        found.sort_unstable();
        found == *labels
    };
    texts.iter().filter(is_exact).count()
}

/// One request for two or three things, which no line of the examples is.
fn one_request() -> Vec<(String, Vec<&'static str>)> {
    let mut texts = vec![];
    for i in 0..6 {
        let (a, b, c) = (ROOMS[i], ROOMS[(i + 1) % 6], ROOMS[(i + 3) % 6]);
        texts.push((format!("turn on the {a} light and the {b} light"), vec!["light_on"]));
        texts.push((format!("turn off the {a} light and the {b} light"), vec!["light_off"]));
        texts.push((format!("light up the {a}, the {b} and the {c}"), vec!["light_on"]));
        texts.push((format!("lights out in the {a} and the {b}"), vec!["light_off"]));
        texts.push((format!("play some {} and {}", SONGS[i], SONGS[(i + 2) % 6]), vec!["music_on"]));
        texts.push((format!("no more {} and {} please", SONGS[i], SONGS[(i + 1) % 6]), vec!["music_off"]));
    }
    texts
}

#[test]
fn one_request_for_two_things_is_not_two_opposite_ones() {
    let texts = one_request();
    let right = exact(&trained(), &texts);
    assert!(right * 20 >= texts.len() * 19, "{right} of {}", texts.len());
}

#[test]
fn two_requests_stay_two_also_if_they_are_opposites_of_one_thing() {
    let mut texts = vec![];
    for i in 0..6 {
        let (a, b, song) = (ROOMS[i], ROOMS[(i + 1) % 6], SONGS[i]);
        texts.push((
            format!("turn on the {a} light and turn off the {b} light"),
            vec!["light_off", "light_on"],
        ));
        texts.push((format!("lights out in the {a}, then play some {song}"), vec!["light_off", "music_on"]));
        texts.push((format!("enough {song} for now and light up the {a}"), vec!["light_on", "music_off"]));
    }
    let right = exact(&trained(), &texts);
    assert!(right * 20 >= texts.len() * 19, "{right} of {}", texts.len());
}

#[test]
fn lines_with_one_label_and_given_separators_are_enough() {
    let alone: Vec<Example> = examples().into_iter().filter(|example| example.labels.len() == 1).collect();
    let options = TrainOptions { preset: intentkit::Preset::Multi, ..options() };
    let classifier = Classifier::train(&alone, &options).unwrap().0;
    let texts = one_request();
    let right = exact(&classifier, &texts);
    assert!(right * 20 >= texts.len() * 17, "{right} of {}", texts.len());
    let two: Vec<(String, Vec<&str>)> = (0..6)
        .map(|i| {
            (
                format!("play some {} and switch the {} lamp off", SONGS[i], ROOMS[i]),
                vec!["light_off", "music_on"],
            )
        })
        .collect();
    let right = exact(&classifier, &two);
    assert!(right >= 5, "{right} of 6");
}

#[test]
fn every_way_to_ask_gives_the_same_answer() {
    let classifier = trained();
    let options = PredictOptions { keep: Some(1.0), ..PredictOptions::default() };
    let texts: Vec<String> = one_request().into_iter().map(|(text, _)| text).collect();
    let batch = classifier.predict_batch(&texts, &options).unwrap();
    let mut in_doubt = 0;
    for (text, in_batch) in texts.iter().zip(&batch) {
        let one = classifier.predict_with(text, &options).unwrap();
        assert_eq!(one.labels(), in_batch.labels(), "{text}");
        let mut rows = [[0.0; DIMENSIONS]; 4];
        let count = classifier.vectorize_rows(text, &mut rows).unwrap();
        let mut chosen = [Scored::default(); 4];
        let found = classifier.predict_features(&rows[..count], &options, &mut chosen).unwrap();
        assert_eq!(&chosen[..found], one.labels(), "{text}");
        let explained = classifier.explain(text, &options).unwrap();
        for label in &explained.labels {
            in_doubt += usize::from(label.whole.is_some());
            let probability =
                one.labels().iter().find(|scored| classifier.label(scored.label) == Some(&label.label));
            assert_eq!(
                probability.map(|scored| scored.probability),
                label.chosen.then_some(label.probability)
            );
        }
    }
    assert!(in_doubt > 0, "no text has labels in doubt");
}

#[test]
fn a_correction_of_a_text_of_two_clauses_is_learned() {
    let model = Model::from_bytes(trained().model().as_bytes()).unwrap();
    let mut learner = Learner::of(Arc::new(model)).unwrap();
    for (text, labels) in [
        ("the cellar is dark and play some harp", vec!["light_on", "music_on"]),
        // The text as a whole speaks against the second label.
        ("turn on the hall light and the kitchen light", vec!["light_off", "light_on"]),
        ("turn on the hall light and the kitchen light", vec!["light_on"]),
    ] {
        let report = learner.update(&[Example::new(text, labels.clone())]).unwrap();
        assert_eq!(report.right, 1, "{text} {labels:?}");
        let classifier = Classifier::from_bytes(learner.model().as_bytes()).unwrap();
        assert_eq!(exact(&classifier, &[(text.into(), labels)]), 1);
    }
}
