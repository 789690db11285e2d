//! Training.

use intentkit::data::Example;
use intentkit::decision::{Choice, Cost, PredictOptions, Scored};
use intentkit::engine::Precision;
use intentkit::model::DIMENSIONS;
use intentkit::train::{Dataset, Inputs, Phase, Progress};
use intentkit::{Classifier, Error, Preset, TrainOptions};
use std::sync::atomic::{AtomicBool, Ordering};

const COMMANDS: [(&str, &[&str]); 24] = [
    ("turn on the light in the kitchen", &["light"]),
    ("switch the lamp off", &["light"]),
    ("make the bedroom brighter", &["light"]),
    ("dim the lights please", &["light"]),
    ("lights off", &["light"]),
    ("the lamp is too bright", &["light"]),
    ("play some jazz music", &["music"]),
    ("put on my favourite song", &["music"]),
    ("next track please", &["music"]),
    ("stop the music", &["music"]),
    ("louder music", &["music"]),
    ("play the new album", &["music"]),
    ("will it rain tomorrow", &["weather"]),
    ("how warm is it outside", &["weather"]),
    ("weather forecast for the weekend", &["weather"]),
    ("do i need an umbrella", &["weather"]),
    ("is it going to snow", &["weather"]),
    ("what is the temperature outside", &["weather"]),
    ("the train was late again", &[]),
    ("my brother likes chess", &[]),
    ("this soup needs salt", &[]),
    ("call me when you are home", &[]),
    ("she painted the fence green", &[]),
    ("we missed the bus", &[]),
];

fn commands() -> Vec<Example> {
    COMMANDS.iter().map(|(text, labels)| Example::new(*text, labels.iter().copied())).collect()
}

/// Few epochs: these tests also run under an emulator.
fn options() -> TrainOptions {
    TrainOptions { epochs: Some(8), threads: 1, ..TrainOptions::default() }
}

fn bytes(examples: &[Example], options: &TrainOptions) -> Vec<u8> {
    Classifier::train(examples, options).unwrap().0.model().as_bytes().to_vec()
}

fn pairs() -> Vec<Example> {
    let mut examples = commands();
    for i in 0..6 {
        let (a, b) = (&COMMANDS[i], &COMMANDS[6 + i]);
        examples.push(Example::new(format!("{} and {}", a.0, b.0), [a.1[0], b.1[0]]));
    }
    examples
}

#[test]
fn the_same_data_options_and_seed_give_the_same_bytes() {
    let examples = commands();
    assert_eq!(bytes(&examples, &options()), bytes(&examples, &options()));
    assert_ne!(bytes(&examples, &options()), bytes(&examples, &TrainOptions { seed: 2, ..options() }));
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let examples = pairs();
    let options = TrainOptions { epochs: Some(2), batch: Some(128), ..options() };
    let one = bytes(&examples, &options);
    for threads in [2, 3, 0] {
        assert_eq!(one, bytes(&examples, &TrainOptions { threads, ..options.clone() }), "{threads} threads");
    }
}

/// Lines whose words are unrelated to their labels, so that the best of many epochs is random.
fn noise() -> Vec<Example> {
    let word = |n: usize| ["red", "green", "blue", "grey", "pink", "brown", "black"][n % 7];
    (0..60)
        .map(|i| Example::new(format!("{} {} {i}", word(i * i), word(i / 3)), [["a", "b"][i % 2]]))
        .collect()
}

#[test]
fn two_threads_make_both_runs_at_once_and_report_one_epoch_at_a_time() {
    let examples = noise();
    let data = Dataset::of(&examples);
    let options = TrainOptions { epochs: Some(20), threads: 2, ..options() };
    let (mut seen, inside) = (vec![], AtomicBool::new(false));
    let trained = Classifier::train_on(&data, None, &options, &mut |now| {
        assert!(!inside.swap(true, Ordering::SeqCst), "two at once");
        std::thread::sleep(std::time::Duration::from_millis(1));
        seen.push(*now);
        inside.store(false, Ordering::SeqCst);
        true
    });
    assert!(trained.is_ok());
    // Lines this few are held out over several runs, none of which is scored by itself.
    let epochs = seen.len();
    assert!(seen.iter().map(|p| p.epoch).eq(1..=epochs) && seen.iter().all(|p| p.epochs == epochs));
    assert_eq!(seen.last().map(|p| p.seconds_left), Some(0.0));
    let of_run = |phase| seen.iter().filter(|p| p.phase == phase).count();
    assert_eq!((of_run(Phase::Final), of_run(Phase::Heldout) % 20), (20, 0));
    assert!(of_run(Phase::Heldout) >= 40 && seen.iter().all(|p| p.heldout_score.is_none()));
    // Stopped in either run, nothing more is reported.
    for phase in [Phase::Heldout, Phase::Final] {
        let mut over = false;
        let stopped = Classifier::train_on(&data, None, &options, &mut |now| {
            assert!(!over);
            over = now.phase == phase;
            !over
        });
        assert!(matches!(stopped, Err(Error::Stopped)) && over);
    }
}

#[test]
fn learns_what_it_was_shown_and_labels_keep_their_order() {
    let (classifier, report) = Classifier::train(&commands(), &TrainOptions::default()).unwrap();
    assert_eq!(classifier.labels(), ["light", "music", "weather"]);
    assert_eq!((report.preset, report.examples, report.labels), (Preset::Single, 24, 3));
    let evaluation = classifier.evaluate(&commands(), &PredictOptions::default()).unwrap();
    assert_eq!(evaluation.accuracy, 1.0);
    let prediction = classifier.predict("please switch the light on").unwrap();
    assert_eq!(classifier.label(prediction.labels()[0].label), Some("light"));
}

#[test]
fn auto_takes_the_multi_preset_when_lines_have_several_labels() {
    let (classifier, report) = Classifier::train(&pairs(), &options()).unwrap();
    assert_eq!((report.preset, classifier.model().metadata().choice), (Preset::Multi, Choice::Multi));
    let (_, report) = Classifier::train(&commands(), &options()).unwrap();
    assert_eq!(report.preset, Preset::Single);
}

#[test]
fn the_single_preset_refuses_lines_with_several_labels() {
    let error =
        Classifier::train(&pairs(), &TrainOptions { preset: Preset::Single, ..options() }).err().unwrap();
    assert!(
        matches!(&error, Error::InvalidArgument(m) if m.contains("6 lines have several labels")),
        "{error}"
    );
}

#[test]
fn the_reference_preset_is_the_original_network_without_a_linear_path() {
    let options = TrainOptions { preset: Preset::Reference, epochs: Some(3), ..options() };
    let (classifier, report) = Classifier::train(&commands(), &options).unwrap();
    let model = classifier.model();
    assert_eq!((report.preset, report.heldout, model.rows()), (Preset::Reference, 0, 512));
    assert!(model.network().linear.is_none());
    assert_eq!(model.rule().reject.below(None), f32::NEG_INFINITY);
    assert!(model.rule().thresholds.iter().all(|&t| t == 0.5));
    // Signed feature hashing: one entry per bucket, of either sign.
    let table = model.vectorizer().unwrap().table;
    for row in 0..table.rows() as u32 {
        let mut numbers = [0; DIMENSIONS];
        table.add(&mut numbers, &[row], 1);
        assert!(numbers.iter().filter(|&&number| number != 0).count() <= 1);
    }
}

#[test]
fn a_label_with_one_example_is_trained_on_and_named_in_a_warning() {
    let mut examples = commands();
    examples.push(Example::new("brew a strong espresso", ["coffee"]));
    let (classifier, report) = Classifier::train(&examples, &TrainOptions::default()).unwrap();
    let expected = "label `coffee` has 1 example, number 25, and can't be held out; it is still trained on";
    assert_eq!(report.warnings, [expected]);
    let top = PredictOptions { keep: Some(1.0), ..Default::default() };
    let prediction = classifier.predict_with("brew a strong espresso", &top).unwrap();
    assert_eq!(classifier.label(prediction.labels()[0].label), Some("coffee"));
}

#[test]
fn training_warns_of_slips_in_the_data_by_the_numbers_of_the_examples() {
    let mut examples = commands();
    let options = TrainOptions { epochs: Some(1), threads: 1, ..TrainOptions::default() };
    assert_eq!(Classifier::train(&examples, &options).unwrap().1.warnings, [""; 0]);
    examples.extend([
        Example::new("Lights off", ["music"]),
        Example::new("next track, please", ["weather"]),
        Example::new("...", ["music"]),
        Example::new("what a lovely tune", ["Music"]),
        Example::new("turn the volume down", ["Music"]),
    ]);
    let expected = [
        "examples 5 and 25 have the same text but different labels",
        "examples 9 and 26 have different labels but differ only in punctuation",
        "example 27 has no words",
        "labels that differ only in case, spaces, `_`, `-` or Unicode form are learned as different labels; use \
         one spelling: `music` (example 7) and `Music` (example 28)",
    ];
    let warnings = Classifier::train(&examples, &options).unwrap().1.warnings;
    assert_eq!(warnings.len(), expected.len(), "{warnings:#?}");
    for (warning, start) in warnings.iter().zip(expected) {
        assert!(warning.starts_with(start), "{warning}");
    }
    let one = [Example::new("play a song", ["music"]), Example::new("play some jazz", ["music"])];
    let warnings = Classifier::train(&one, &options).unwrap().1.warnings;
    assert!(warnings.len() == 2 && warnings[0].starts_with("`music` is the only label"), "{warnings:?}");
    assert!(
        warnings[1].contains("could be held out") && warnings[1].contains("about 20 examples"),
        "{warnings:?}"
    );
}

#[test]
fn too_few_held_out_lines_are_warned_of_but_not_in_the_reference() {
    let few = &commands()[..9];
    let (classifier, report) = Classifier::train(few, &options()).unwrap();
    assert!(
        report.heldout < 10 && report.warnings.iter().any(|w| w.contains("could be held out")),
        "{report:?}"
    );
    let told = &classifier.model().metadata().training;
    assert_eq!((told.heldout, told.heldout_answered), (report.heldout, report.heldout_answered));
    let reference = TrainOptions { preset: Preset::Reference, ..options() };
    assert_eq!(Classifier::train(few, &reference).unwrap().1.warnings, [""; 0]);
    let valid = Dataset::of(few);
    let (_, report) =
        Classifier::train_on(&Dataset::of(&commands()), Some(&valid), &options(), &mut |_| true).unwrap();
    assert!(
        report.warnings.iter().any(|w| w.starts_with("only 9 validation examples have labels")),
        "{report:?}"
    );
}

#[test]
fn costs_given_in_training_are_the_models_rule() {
    let examples = pairs();
    let cost = |ask_back| Cost { ask_back, foreign: 0.2 };
    let own = Classifier::train(&examples, &options()).unwrap().0;
    let answered = |classifier: &Classifier, options: &PredictOptions| {
        examples.iter().filter(|e| !classifier.predict_with(&e.text, options).unwrap().is_rejected()).count()
    };
    let mut counts = vec![];
    for ask_back in [0.0, 0.3, 1.0] {
        let trained = TrainOptions { cost: Some(cost(ask_back)), ..options() };
        let trained = Classifier::train(&examples, &trained).unwrap().0;
        let asked = PredictOptions { cost: Some(cost(ask_back)), ..PredictOptions::default() };
        counts.push(answered(&trained, &PredictOptions::default()));
        assert_eq!(counts.last(), Some(&answered(&own, &asked)));
    }
    assert!(counts.is_sorted() && counts[0] < counts[2], "{counts:?}");
    let both = TrainOptions { keep: 0.9, cost: Some(cost(0.3)), ..options() };
    assert!(both.check().unwrap_err().to_string().contains("`keep` and `cost`"));
}

#[test]
fn one_example_for_each_of_two_labels_is_enough() {
    let examples = [Example::new("yes please", ["yes"]), Example::new("no thanks", ["no"])];
    let (classifier, report) = Classifier::train(&examples, &TrainOptions::default()).unwrap();
    assert_eq!((report.heldout, report.heldout_accuracy), (0, None));
    for example in &examples {
        let prediction = classifier.predict(&example.text).unwrap();
        assert_eq!(classifier.label(prediction.labels()[0].label), Some(example.labels[0].as_str()));
    }
}

#[test]
fn data_that_cannot_be_learned_from_is_refused_in_a_sentence() {
    let message = |examples: &[Example]| Classifier::train(examples, &options()).err().unwrap().to_string();
    assert_eq!(message(&[]), "there are no examples to train on");
    assert!(message(&[Example::new("a", [""; 0])]).contains("no example has a label"));
    assert!(
        message(&[Example::new("a", ["b\0"])]).contains("example 0: label 1 contains a control character")
    );
    assert!(message(&[Example::new("a", [" "])]).contains("is empty"));
    let data = Dataset { inputs: Inputs::Texts(vec!["a", "b"]), labels: vec![vec!["x"]] };
    let error = Classifier::train_on(&data, None, &options(), &mut |_| true).err().unwrap();
    assert!(error.to_string().contains("2 lines but labels for 1"), "{error}");
}

#[test]
fn the_progress_callback_sees_every_epoch_and_can_stop_without_leaving_a_model() {
    let examples = commands();
    let data = Dataset::of(&examples);
    let mut seen: Vec<Progress> = vec![];
    let options = TrainOptions { epochs: Some(3), ..options() };
    Classifier::train_on(&data, None, &options, &mut |now| {
        seen.push(*now);
        true
    })
    .unwrap();
    let epochs = seen.len();
    assert!(seen.iter().map(|p| p.epoch).eq(1..=epochs) && epochs.is_multiple_of(3));
    assert!(seen.iter().all(|p| p.epochs == epochs && p.loss.is_finite() && p.seconds_left >= 0.0));
    assert!(seen[..epochs - 3].iter().all(|p| p.phase == Phase::Heldout));
    assert!(seen[epochs - 3..].iter().all(|p| p.phase == Phase::Final));
    // With validation lines they score the only run.
    seen.clear();
    Classifier::train_on(&data, Some(&data), &options, &mut |now| {
        seen.push(*now);
        true
    })
    .unwrap();
    assert!(seen.len() == 3 && seen.iter().all(|p| p.phase == Phase::Heldout && p.heldout_score.is_some()));
    let mut left = 4;
    let stopped = Classifier::train_on(&data, None, &options, &mut |_| {
        left -= 1;
        left > 0
    });
    assert!(matches!(stopped, Err(Error::Stopped)));
    assert_eq!(left, 0);
}

#[test]
fn validation_data_takes_the_place_of_held_out_lines() {
    let examples = commands();
    let mut valid = vec![Example::new("light off now", ["light"]), Example::new("make coffee", ["coffee"])];
    valid.push(Example::new("cats sleep all day", [""; 0]));
    let train = |valid: &[Example]| {
        Classifier::train_on(&Dataset::of(&examples), Some(&Dataset::of(valid)), &options(), &mut |_| true)
            .unwrap()
            .1
    };
    let report = train(&valid);
    // The unknown label is a miss, not an error.
    assert_eq!((report.heldout, report.heldout_accuracy, report.examples), (2, Some(0.5), 24));
    let unknown = "the training data doesn't have all labels of the validation data, so examples with these count as wrong: \
                   `coffee` (validation example 2)";
    assert!(report.warnings.len() == 2 && report.warnings[0].starts_with(unknown), "{:?}", report.warnings);
    assert!(
        report.warnings[1].starts_with("only 2 validation examples have labels"),
        "{:?}",
        report.warnings
    );
    assert_eq!(report.familiar_accuracy, None);
    valid[1] = Example::new("Lights off!", ["light"]);
    let shared =
        "validation example 2 has the text of training example 5, so accuracy measured on it is too high";
    let report = train(&valid);
    assert!(report.warnings.len() == 2 && report.warnings[0].starts_with(shared), "{:?}", report.warnings);
}

#[test]
fn feature_rows_train_a_model_that_reads_features_only() {
    let mut rows = vec![[0.0; DIMENSIONS]; 40];
    rows.iter_mut().enumerate().for_each(|(i, row)| row[i % 4] = 1.0);
    let names = ["north", "east", "south", "west"];
    let labels = (0..40).map(|i| vec![names[i % 4]]).collect();
    let data = Dataset { inputs: Inputs::Features(&rows), labels };
    let options = TrainOptions { epochs: Some(30), threads: 1, ..TrainOptions::default() };
    let (classifier, _) = Classifier::train_on(&data, None, &options, &mut |_| true).unwrap();
    let mut chosen = [Scored::default(); 1];
    for (i, row) in rows.iter().take(4).enumerate() {
        assert_eq!(classifier.predict_features(&[*row], &PredictOptions::default(), &mut chosen).unwrap(), 1);
        assert_eq!(chosen[0].label, i as u32);
    }
    assert!(matches!(classifier.predict("north"), Err(Error::NoVectorizer)));
    let mut bad = rows[0];
    bad[7] = f32::INFINITY;
    assert!(classifier.predict_features(&[bad], &PredictOptions::default(), &mut chosen).is_err());
}

#[test]
fn float32_gives_the_same_answers_over_the_same_numbers() {
    let (classifier, _) = Classifier::train(&pairs(), &options()).unwrap();
    let exact = Classifier::new(intentkit::model::Model::from_bytes(classifier.model().as_bytes()).unwrap())
        .with_precision(Precision::Float32);
    assert_eq!((classifier.engine(), exact.engine()), ("cpu-int8", "cpu-float32"));
    for (text, _) in COMMANDS {
        let (mut a, mut b) = ([0.0; 3], [0.0; 3]);
        let scores = (classifier.logits(text, &mut a).unwrap(), exact.logits(text, &mut b).unwrap());
        assert!((scores.0 - scores.1).abs() < 0.1, "{scores:?}");
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 0.1), "{a:?} {b:?}");
    }
}

#[test]
fn symbols_that_tell_labels_apart_count_as_words_and_others_do_not() {
    let lines = |lines: &[(&str, &str)]| -> Vec<Example> {
        lines.iter().map(|&(text, label)| Example::new(text, [label])).collect()
    };
    let best = |classifier: &Classifier, text: &str| {
        let any = PredictOptions { keep: Some(1.0), ..PredictOptions::default() };
        let prediction = classifier.predict_with(text, &any).unwrap();
        prediction.labels().first().and_then(|scored| classifier.label(scored.label)).map(str::to_owned)
    };
    for (data, symbols) in [
        (
            &[
                ("c", "C"),
                ("c compiler", "C"),
                ("pointer in c", "C"),
                ("c++", "CPP"),
                ("c++ templates", "CPP"),
                ("vector in c++", "CPP"),
                ("c#", "CS"),
                ("c# linq", "CS"),
                ("dotnet in c#", "CS"),
            ][..],
            &["#", "+"][..],
        ),
        (
            &[("?", "help"), ("help", "help"), ("what can i say", "help"), ("!", "alert"), ("fire", "alert")],
            &["!", "?"],
        ),
        (
            &[
                ("2 + 3", "add"),
                ("7+1", "add"),
                ("12 + 5 please", "add"),
                ("2 * 3", "times"),
                ("7*1", "times"),
                ("12 * 5 please", "times"),
            ],
            &["*", "+"],
        ),
        (
            &[
                ("i have 5 €", "euro"),
                ("7€", "euro"),
                ("20 € please", "euro"),
                ("i have 5 $", "dollar"),
                ("7$", "dollar"),
            ],
            &["$", "€"],
        ),
    ] {
        let (classifier, report) = Classifier::train(&lines(data), &TrainOptions::default()).unwrap();
        assert_eq!(report.symbols, symbols);
        assert_eq!(classifier.model().metadata().symbols, symbols);
        for (text, label) in data {
            assert_eq!(best(&classifier, text).as_deref(), Some(*label), "{text}");
        }
    }
    // Every label has lines with and without it.
    let (_, report) =
        Classifier::train(&lines(&[("is it?", "a"), ("it is", "a"), ("who?", "b"), ("me", "b")]), &options())
            .unwrap();
    assert_eq!(report.symbols, [""; 0]);
}

/// Returns requests for four labels, alone and in pairs with a clause separator between them. Each
/// is a verb and a noun apart; read as a whole, nothing tells which verb belongs to which noun.
fn joined(separator: &str) -> Vec<Example> {
    const LABELS: [&str; 4] = ["set_alarm", "set_timer", "cancel_alarm", "cancel_timer"];
    let clause = |label: usize, n: usize| {
        let (verb, thing) = LABELS[label].split_once('_').unwrap();
        format!("{verb} the {} {thing} of {n}", ["first", "new", "loud", "other"][n % 4])
    };
    let mut examples = vec![];
    for i in 0..100 {
        let (first, second) = (i % 4, (i % 4 + 1 + i / 4 % 3) % 4);
        let (text, other) = (clause(first, i), clause(second, i + 200));
        examples.push(Example::new(format!("{text}{separator}{other}"), [LABELS[first], LABELS[second]]));
        examples.push(Example::new(clause(first, i + 100), [LABELS[first]]));
    }
    examples
}

#[test]
fn separators_are_learned_where_cutting_helps_and_a_text_is_read_clause_by_clause() {
    let (classifier, report) = Classifier::train(&joined(", und danach "), &TrainOptions::default()).unwrap();
    assert!(
        report.separators.iter().any(|separator| separator == "danach" || separator == "und"),
        "{:?}",
        report.separators
    );
    assert_eq!(classifier.model().metadata().separators, report.separators);
    let mut rows = [[0.0; DIMENSIONS]; 4];
    let text = "set the new alarm of 7, und danach cancel the other timer of 9";
    assert_eq!(classifier.vectorize_rows(text, &mut rows).unwrap(), 2);
    let mut names: Vec<_> =
        classifier.predict(text).unwrap().labels().iter().map(|s| classifier.label(s.label)).collect();
    names.sort_unstable();
    assert_eq!(names, [Some("cancel_timer"), Some("set_alarm")]);
    let separators = [",", "und", "danach"].map(str::to_owned).to_vec();
    let given = TrainOptions { separators: Some(separators), ..TrainOptions::default() };
    let (classifier, _) = Classifier::train(&joined(", und danach "), &given).unwrap();
    assert_eq!(classifier.vectorize_rows(text, &mut rows).unwrap(), 2);
    assert_eq!(rows[0], classifier.vectorize("set the new alarm of 7").unwrap());
}

#[test]
fn separators_that_the_caller_gives_are_used_and_none_are_learned_from_lines_with_one_label() {
    let given = TrainOptions { separators: Some(vec!["Danach".into(), ",".into()]), ..options() };
    let (_, report) = Classifier::train(&joined(" danach "), &given).unwrap();
    assert_eq!(report.separators, [",", "danach"]);
    let none = TrainOptions { separators: Some(vec![]), ..options() };
    assert!(Classifier::train(&joined(" danach "), &none).unwrap().1.separators.is_empty());
    assert!(Classifier::train(&commands(), &options()).unwrap().1.separators.is_empty());
    let wrong = TrainOptions { separators: Some(vec!["and then".into()]), ..options() };
    let error = Classifier::train(&commands(), &wrong).err().unwrap().to_string();
    assert!(error.contains("clause separator `and then` must be one word"), "{error}");
}

#[test]
fn a_caller_chooses_the_share_of_texts_to_let_through() {
    let examples: Vec<Example> = (0..40)
        .flat_map(|i| {
            [
                Example::new(format!("switch on lamp {i}"), ["light"]),
                Example::new(format!("play song {i}"), ["music"]),
            ]
        })
        .collect();
    // Few lines have a rejection threshold too: typical lines supplement them.
    let few = Classifier::train(&examples, &options()).unwrap().0;
    let reject = few.model().rule().reject;
    assert!(reject.below(Some(0.5)) > reject.below(None) && reject.below(None) > reject.below(Some(1.0)));
    let many: Vec<Example> = examples
        .iter()
        .cycle()
        .enumerate()
        .take(400)
        .map(|(i, e)| Example::new(format!("{} number {i}", e.text), e.labels.clone()))
        .collect();
    let (classifier, _) = Classifier::train(&many, &options()).unwrap();
    let reject = classifier.model().rule().reject;
    assert!(reject.below(Some(0.5)) > reject.below(None) && reject.below(None) > reject.below(Some(1.0)));
    assert_eq!(reject.below(None), reject.below(Some(0.95)));
    let kept = |keep| {
        let options = PredictOptions { keep: Some(keep), ..Default::default() };
        many.iter().filter(|e| !classifier.predict_with(&e.text, &options).unwrap().is_rejected()).count()
    };
    assert!(kept(0.05) < kept(0.5) && kept(0.5) < kept(1.0));
    assert_eq!(kept(1.0), many.len());
}

#[test]
fn a_label_with_one_example_is_also_known_by_its_name() {
    let mut examples = commands();
    examples.push(Example::new("brew a strong espresso", ["make_coffee"]));
    let top = PredictOptions { keep: Some(1.0), ..Default::default() };
    let answer = |options: &TrainOptions| {
        let (classifier, _) = Classifier::train(&examples, options).unwrap();
        let prediction = classifier.predict_with("coffee", &top).unwrap();
        prediction.labels().first().and_then(|s| classifier.label(s.label).map(str::to_owned))
    };
    assert_eq!(answer(&TrainOptions::default()).as_deref(), Some("make_coffee"));
    assert_ne!(
        answer(&TrainOptions { label_names: false, ..TrainOptions::default() }).as_deref(),
        Some("make_coffee")
    );
}
