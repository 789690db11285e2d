use super::*;
use crate::error::ModelFault;
use crate::shape::HALF;
use crate::text::ngrams::{NgramSettings, token_hash};

/// A small model with numbers in every tensor.
fn parts(labels: usize, texts: bool) -> Parts {
    let layer = |outputs: usize, inputs: usize, biased: bool| LayerParts {
        weights: (0..outputs * inputs).map(|i| ((i % 255) as i32 - 127) as i8).collect(),
        scales: (0..outputs).map(|i| 0.001 * (i + 1) as f32).collect(),
        biases: if biased { (0..outputs).map(|i| i as f32 / 7.0 - 3.0).collect() } else { vec![] },
    };
    Parts {
        metadata: Metadata {
            preset: "single".into(),
            labels: (0..labels).map(|i| format!("label \"{i}\" é")).collect(),
            ngrams: texts.then_some(NgramSettings {
                words: 2,
                characters: true,
                word_weight: 1,
                character_weight: 1,
                evidence: false,
            }),
            separators: if texts { vec!["and".into(), ",".into()] } else { vec![] },
            reject: RejectSettings {
                keep: 0.95,
                score: ScoreSettings { weight: 20.0, ..ScoreSettings::default() },
            },
            ..Metadata::default()
        },
        table: TableParts::Int4(if texts {
            (0..16 * HALF).map(|i| (i % 251) as u8).collect()
        } else {
            vec![]
        }),
        known: if texts { Filter::build(vec![1 << 60, 2 << 60, 3 << 60]) } else { vec![] },
        frequent: if texts { Filter::build(vec![5 << 60, 6 << 60]) } else { vec![] },
        lexicon_rows: vec![],
        lexicon_words: vec![],
        layers: [layer(256, 256, true), layer(128, 256, true), layer(64, 128, true), layer(labels, 64, true)],
        linear: Some(layer(labels, 256, false)),
        thresholds: vec![0.5; labels],
        reject_points: (0..101).map(|i| i as f32 / 8.0 - 4.0).collect(),
        centroids: (0..labels * DIMENSIONS).map(|i| (i % 253) as u8 as i8).collect(),
        centroid_inverse_norms: vec![0.001; labels],
        outside: vec![],
        reject_right: vec![],
        reject_outside: vec![],
    }
}

/// A small model with three words of a lexicon.
fn with_lexicon() -> Parts {
    let mut parts = parts(3, true);
    parts.metadata.lexicon = Some(LexiconSettings { weight: 3 });
    parts.lexicon_rows = (0..3 * HALF).map(|i| (i % 241) as u8).collect();
    parts.lexicon_words = Vocabulary::build(&["door", "open", "close"].map(token_hash));
    parts
}

fn model() -> Model {
    Model::from_parts(&parts(3, true)).unwrap()
}

fn fault(bytes: &[u8]) -> ModelFault {
    match Model::from_bytes(bytes) {
        Err(Error::Model { fault, .. }) => fault,
        other => panic!("expected a fault, found {other:?}"),
    }
}

/// Bytes with one piece of the header replaced by another of the same length, and a checksum that
/// fits.
fn edited(from: &str, to: &str) -> Vec<u8> {
    let mut bytes = model().as_bytes().to_vec();
    let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    assert_eq!(from.len(), to.len());
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    file::seal(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_saved_model_loads_as_the_same_bytes_mapped_or_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.intent");
    let model = model();
    model.save(&path).unwrap();
    let mapped = Model::load(&path).unwrap();
    assert_eq!(mapped.as_bytes(), model.as_bytes());
    assert_eq!(mapped.metadata(), model.metadata());
    assert_eq!(mapped.rule().reject.below(Some(0.9)), -2.75);
    assert_eq!(mapped.rule().reject.below(None), -3.375);
    let copied = Model::from_bytes(&std::fs::read(&path).unwrap()).unwrap();
    let mut logits = [[0.0; 3]; 2];
    for (model, logits) in [mapped, copied].iter().zip(&mut logits) {
        model.logits(&[[0.25; DIMENSIONS]], logits);
    }
    assert_eq!(logits[0].map(f32::to_bits), logits[1].map(f32::to_bits));
}

#[test]
fn saving_over_a_model_leaves_the_mapped_one_whole_and_no_scraps_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.intent");
    model().save(&path).unwrap();
    let old = Model::load(&path).unwrap();
    let other = Model::from_parts(&parts(5, true)).unwrap();
    other.save(&path).unwrap();
    assert_eq!(old.as_bytes(), model().as_bytes());
    assert_eq!(Model::load(&path).unwrap().labels().len(), 5);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn tensors_start_on_a_64_byte_boundary_and_matrices_stay_on_it() {
    for labels in [1, 2, 3, 150] {
        let model = Model::from_parts(&parts(labels, true)).unwrap();
        let header = u64::from_le_bytes(model.as_bytes()[..8].try_into().unwrap()) as usize;
        assert_eq!((8 + header) % 64, 0);
        assert_eq!(model.places.table.start, 8 + header);
        assert!(model.places.layers.iter().all(|layer| layer.weights.start % 64 == 0));
    }
}

#[test]
fn all_metadata_is_one_json_string_under_one_key() {
    let model = model();
    let (_, header) = safetensors::SafeTensors::read_metadata(model.as_bytes()).unwrap();
    let metadata = header.metadata().as_ref().unwrap();
    assert_eq!(metadata.len(), 1);
    let value: serde_json::Value = serde_json::from_str(&metadata["intentkit"]).unwrap();
    assert_eq!(value["format"], 2);
    assert_eq!(value["labels"][1], "label \"1\" é");
}

#[test]
fn a_model_of_feature_rows_has_no_table_and_reads_no_text() {
    let model = Model::from_parts(&parts(3, false)).unwrap();
    assert_eq!(model.rows(), 0);
    assert!(matches!(model.vectorize("hello", &mut [0.0; DIMENSIONS]), Err(Error::NoVectorizer)));
}

#[test]
fn a_text_over_the_limit_is_refused_with_both_lengths() {
    let text = "a".repeat(MAX_TEXT_BYTES + 1);
    let message = model().vectorize(&text, &mut [0.0; DIMENSIONS]).unwrap_err().to_string();
    assert!(message.contains("1048577") && message.contains("1048576"), "{message}");
    model().vectorize(&text[1..], &mut [0.0; DIMENSIONS]).unwrap();
}

#[test]
fn bytes_that_are_no_model_are_told_apart_from_damaged_ones() {
    for bytes in [&b""[..], b"short", b"PK\x03\x04 some other file altogether", &[0xFF; 100], &[0; 64]] {
        assert!(matches!(fault(bytes), ModelFault::NotAModel(_)), "{bytes:?}");
    }
    let foreign = br#"{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}    "#;
    let mut bytes = (foreign.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(foreign);
    bytes.extend([0; 4]);
    assert!(matches!(fault(&bytes), ModelFault::NotAModel(_)));
}

#[test]
fn other_files_given_as_a_model_are_told_by_their_first_bytes() {
    for (bytes, expected) in [
        (&b"\x1F\x8B\x08\0"[..], "(it is compressed with gzip; unpack it first)"),
        (b"PK\x03\x04\x14\0\0\0\0\0", "(it is a zip archive"),
        (b"intentL1\0\0\0\0", "(it is a training-state file (.learner)"),
        (br#"{"text": "lights on", "labels": ["light"]}"#, "(it is a text file; name the model file"),
        (&[0; 64], "(it doesn't start like a safetensors file)"),
    ] {
        let message = fault(bytes).to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_truncated_or_overlong_model_names_both_lengths() {
    let model = model();
    let bytes = model.as_bytes();
    for length in [9, 100, 2000, bytes.len() / 2, bytes.len() - 1] {
        match fault(&bytes[..length]) {
            ModelFault::WrongLength { found, expected } => {
                assert!(found == length as u64 && expected > found)
            }
            other => panic!("{length}: {other}"),
        }
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(matches!(fault(&longer), ModelFault::WrongLength { .. }));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let model = model();
    let mut bytes = model.as_bytes().to_vec();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let places =
        (0..8 + header).step_by(5).chain((8 + header..bytes.len()).step_by(997)).chain([bytes.len() - 1]);
    for at in places {
        bytes[at] ^= 1 << (at % 8);
        assert!(Model::from_bytes(&bytes).is_err(), "byte {at}");
        bytes[at] ^= 1 << (at % 8);
    }
    Model::from_bytes(&bytes).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert!(matches!(fault(&bytes), ModelFault::ChecksumMismatch { .. }));
}

#[test]
fn a_model_that_another_program_wrote_anew_is_told_from_a_damaged_one() {
    let model = model();
    // As safetensors for Python writes it.
    let tensors = safetensors::SafeTensors::deserialize(model.as_bytes()).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(model.as_bytes()).unwrap();
    let rewritten = safetensors::serialize(tensors.tensors(), header.metadata().clone()).unwrap();
    assert_eq!(fault(&rewritten), ModelFault::Rewritten);
    let sentence = ModelFault::Rewritten.to_string();
    assert!(sentence.contains("use the original, or train the model again"), "{sentence}");
}

#[test]
fn a_newer_format_says_both_versions() {
    let own = r#"\"format\":2"#;
    let fault = fault(&edited(own, r#"\"format\":9"#));
    assert_eq!(fault, ModelFault::NewerFormat { found: 9, supported: FORMAT });
    assert!(fault.to_string().contains("format 9") && fault.to_string().contains("update IntentKit"));
}

#[test]
fn wrong_shapes_types_and_sizes_are_named() {
    let wrong = |bytes: &[u8], name: &str| match fault(bytes) {
        ModelFault::WrongTensor { name: found, .. } => assert_eq!(found, name),
        other => panic!("{name}: {other}"),
    };
    wrong(
        &edited(
            r#""hidden2.scale":{"dtype":"F32","shape":[128]"#,
            r#""hidden2.scalx":{"dtype":"F32","shape":[128]"#,
        ),
        "hidden2.scale",
    );
    wrong(
        &edited(
            r#""hidden2.weight":{"dtype":"I8","shape":[128,256]"#,
            r#""hidden2.weight":{"dtype":"I8","shape":[256,128]"#,
        ),
        "hidden2.weight",
    );
    wrong(
        &edited(r#""hidden3.weight":{"dtype":"I8""#, r#""hidden3.weight":{"dtype":"U8""#),
        "hidden3.weight",
    );
    let table =
        edited(r#""table":{"dtype":"U8","shape":[16,128]"#, r#""table":{"dtype":"U8","shape":[8,256] "#);
    wrong(&table, "table");
    assert!(matches!(fault(&edited(r#"\"words\":2"#, r#"\"words\":7"#)), ModelFault::AbsurdSize(_)));
}

#[test]
fn a_lexicon_has_a_row_for_each_of_its_words_and_sane_settings() {
    let model = Model::from_parts(&with_lexicon()).unwrap();
    assert_eq!((model.lexicon_words(), self::model().lexicon_words()), (3, 0));
    assert_eq!(model.parameters(), self::model().parameters() + 3 * DIMENSIONS);
    let refused = |change: fn(&mut Parts)| {
        let mut parts = with_lexicon();
        change(&mut parts);
        match Model::from_parts(&parts) {
            Err(Error::Model { fault: ModelFault::AbsurdSize(message), .. }) => {
                assert!(message.contains("lexicon"), "{message}")
            }
            other => panic!("expected a fault, found {other:?}"),
        }
    };
    refused(|parts| parts.lexicon_rows.truncate(2 * HALF));
    refused(|parts| parts.lexicon_words.truncate(15));
    refused(|parts| parts.metadata.lexicon = Some(LexiconSettings { weight: 0 }));
    refused(|parts| parts.metadata.lexicon = Some(LexiconSettings { weight: 97 }));
    let mut none = with_lexicon();
    none.metadata.lexicon = None;
    assert_eq!(Model::from_parts(&none).unwrap().as_bytes(), self::model().as_bytes());
}

#[test]
fn absurd_sizes_are_refused_before_anything_large_is_allocated() {
    let mut bytes = model().as_bytes().to_vec();
    bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(fault(&bytes), ModelFault::NotAModel(_)));
    bytes[..8].copy_from_slice(&(1u64 << 25).to_le_bytes());
    assert!(matches!(fault(&bytes), ModelFault::WrongLength { .. }));
    // Offsets past the end of the file and above the largest integer.
    let huge =
        edited(r#""shape":[16,128],"data_offsets":[0,2048]"#, r#""shape":[16,128],"data_offsets":[0,9999]"#);
    assert!(Model::from_bytes(&huge).is_err());
    let rows =
        edited(r#""table":{"dtype":"U8","shape":[16,128]"#, r#""table":{"dtype":"U8","shape":[99,999]"#);
    assert!(Model::from_bytes(&rows).is_err());
}

#[test]
fn a_weight_of_minus_128_which_some_kernels_could_not_multiply_is_refused() {
    let mut parts = parts(3, true);
    parts.layers[1].weights[77] = i8::MIN;
    match Model::from_parts(&parts).map_err(|error| error.to_string()) {
        Err(sentence) => {
            assert!(sentence.contains("hidden2.weight") && sentence.contains("-128"), "{sentence}")
        }
        Ok(_) => panic!("the model was accepted"),
    }
}

#[test]
fn numbers_beyond_those_of_any_model_are_refused_by_name() {
    let refused = |name: &str, change: &dyn Fn(&mut Parts, f32)| {
        for value in [f32::NAN, f32::INFINITY, 1e37, -1e37] {
            let mut parts = parts(3, true);
            change(&mut parts, value);
            let sentence = Model::from_parts(&parts).map(drop).unwrap_err().to_string();
            assert!(sentence.contains(name), "{name} {value}: {sentence}");
        }
    };
    refused("hidden2.scale", &|parts, value| parts.layers[1].scales[5] = value);
    refused("linear.scale", &|parts, value| parts.linear.as_mut().unwrap().scales[1] = value);
    refused("output.bias", &|parts, value| parts.layers[3].biases[2] = value);
    refused("thresholds", &|parts, value| parts.thresholds[1] = value);
    refused("reject_points", &|parts, value| parts.reject_points[100] = value);
    refused("centroid_inverse_norms", &|parts, value| parts.centroid_inverse_norms[0] = value);
    refused("outside", &|parts, value| parts.outside = vec![value; DIMENSIONS + 1]);
    refused("reject_right", &|parts, value| parts.reject_right = vec![value; 101]);
    // JSON has no such numbers, so the metadata is invalid.
    for value in [1e37, -1e37] {
        let refused = |change: &dyn Fn(&mut Metadata)| {
            let mut parts = parts(3, true);
            change(&mut parts.metadata);
            let sentence = Model::from_parts(&parts).map(drop).unwrap_err().to_string();
            assert!(
                sentence.contains("out of range") || sentence.contains("from 0 to 1"),
                "{value}: {sentence}"
            );
        };
        refused(&|metadata| metadata.calibration.scale = value);
        refused(&|metadata| metadata.calibration.coupling = value);
        refused(&|metadata| metadata.calibration.shift = value);
        refused(&|metadata| metadata.reject.keep = value);
        refused(&|metadata| metadata.reject.score.weight = value);
        refused(&|metadata| metadata.reject.score.logit_cap = Some(value));
        refused(&|metadata| metadata.training.heldout_accuracy = Some(value.into()));
    }
}

#[test]
fn the_largest_numbers_that_are_read_give_answers_that_are_numbers() {
    for sign in [1.0, -1.0] {
        let mut parts = parts(3, true);
        for layer in parts.layers.iter_mut().chain(&mut parts.linear) {
            layer.weights.fill(127);
            layer.scales.fill(1e3);
            layer.biases.fill(1e6);
        }
        parts.linear.as_mut().unwrap().biases.clear();
        parts.layers[3].scales = vec![1e3 * sign, -1e3 * sign, 0.0];
        parts.metadata.calibration =
            crate::calibration::Calibration { scale: 100.0, coupling: 100.0, shift: 1e6 };
        parts.metadata.reject.score.weight = 1e6;
        parts.centroid_inverse_norms.fill(1.0);
        parts.outside = vec![1e6 * sign; DIMENSIONS + 1];
        let model = Model::from_parts(&parts).unwrap();
        for feature in [1e6, -1e6, 1e-6] {
            let mut logits = [0.0; 3];
            let mut reading = model.reading(&mut logits);
            let network = |features: &FeatureVector, logits: &mut [f32]| {
                model.logits(std::slice::from_ref(features), logits);
            };
            reading.row(&[feature; DIMENSIONS], network);
            reading.row(&[feature / 2.0; DIMENSIONS], network);
            assert!(!reading.finish(&mut |_, _| ()).is_nan());
            assert!(logits.iter().all(|logit| logit.is_finite()), "{logits:?}");
            let calibrated = model.rule().calibration.over(&logits);
            for label in 0..3 {
                assert!((0.0..=1.0).contains(&calibrated.probability(label)), "{label} of {logits:?}");
            }
        }
    }
}

#[test]
fn labels_that_training_would_refuse_are_refused_on_reading() {
    for (label, fault) in [
        ("a\u{1b}[31mred", "its label 1 contains a control character"),
        ("two\r\nlines", "its label 1 contains a control character"),
        ("nothing\0", "its label 1 contains a control character"),
        (" ", "its label 1 is empty"),
        (&"long".repeat(64), "its label 1 has 256 bytes"),
        ("label \"0\" é", "its label 1 is a duplicate"),
    ] {
        let mut parts = parts(3, true);
        parts.metadata.labels[1] = label.into();
        let sentence = Model::from_parts(&parts).map(drop).unwrap_err().to_string();
        assert!(sentence.contains(fault), "{sentence}");
    }
    let mut parts = parts(3, true);
    parts.metadata.rules =
        vec![Rule { label: "a\u{7}".into(), keywords: vec!["bell".into()], phrases: vec![] }];
    let sentence = Model::from_parts(&parts).map(drop).unwrap_err().to_string();
    assert!(sentence.contains("its rule 0: the label contains a control character"), "{sentence}");
}

#[test]
fn a_missing_file_and_a_folder_are_errors_that_name_the_path() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("missing.intent"), folder.path().to_path_buf()] {
        let message = Model::load(&path).unwrap_err().to_string();
        assert!(message.contains(&path.display().to_string()), "{message}");
    }
    let empty = folder.path().join("empty.intent");
    std::fs::write(&empty, b"").unwrap();
    assert!(matches!(Model::load(&empty), Err(Error::Model { fault: ModelFault::NotAModel(_), .. })));
    let unwritable = folder.path().join("no/such/folder/a.intent");
    assert!(matches!(model().save(&unwritable), Err(Error::Io { .. })));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(if cfg!(debug_assertions) { 64 } else { 400 }))]

    /// A file whose checksum always matches: only the checks of shapes and ranges keep it harmless.
    #[test]
    fn a_model_made_up_by_an_enemy_is_refused_or_answers(
        edits in proptest::collection::vec((0usize..1_000_000, 0u8..=255), 1..12),
        in_header in proptest::bool::ANY,
        lexicon in proptest::bool::ANY,
    ) {
        let model = if lexicon { Model::from_parts(&with_lexicon()).unwrap() } else { model() };
        let mut bytes = model.as_bytes().to_vec();
        let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        for (place, value) in edits {
            let place = if in_header { 8 + place % (header - 8) } else { place % bytes.len() };
            bytes[place] = value;
        }
        if file::seal(&mut bytes).is_ok()
            && let Ok(model) = Model::from_bytes(&bytes)
        {
            let mut logits = vec![0.0; model.labels().len()];
            let mut reading = model.reading(&mut logits);
            let network = |features: &FeatureVector, logits: &mut [f32]| {
                model.logits(std::slice::from_ref(features), logits);
            };
            let _ = model.for_each_row("can you see my screen, and open the door", |row| reading.row(row, network));
            let score = reading.finish(&mut |whole, logits| network(whole, logits));
            model.rule().decide(score, &logits, &Default::default(), &mut [Default::default(); 4]);
        }
    }
}
