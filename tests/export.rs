//! Models as Core ML packages. There is no Core ML here: an independent evaluator in Python reads,
//! checks and runs the package.
//!
//! `INTENTKIT_PYTHON` names an interpreter with coremltools and numpy, `INTENTKIT_TOOLS` the folder
//! of `check_mlpackage.py` (`../shared/tools` by default). Without them the tests that run packages
//! print so and pass.

use intentkit::FeatureVector;
use intentkit::MAX_CLAUSES;
use intentkit::data::{Example, read_file};
use intentkit::decision::ScoreSettings;
use intentkit::engine::Precision;
use intentkit::model::Calibration;
use intentkit::model::DIMENSIONS;
use intentkit::model::{LayerParts, Metadata, Model, Parts, RejectSettings, TableParts};
use intentkit::{Classifier, CoreMlOptions, CoreMlPrecision, PredictOptions, Scored, TrainOptions};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PRECISIONS: [CoreMlPrecision; 3] =
    [CoreMlPrecision::Float16, CoreMlPrecision::Float32, CoreMlPrecision::Int8];

fn models(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name)
}

fn sample() -> Classifier {
    Classifier::load(models("assistant.intent")).unwrap()
}

fn texts(file: &Path) -> Vec<String> {
    read_file(file, None).unwrap().into_iter().map(|example| example.text).collect()
}

fn options(precision: CoreMlPrecision, rows: usize) -> CoreMlOptions {
    CoreMlOptions { precision, rows, ..CoreMlOptions::default() }
}

/// Returns all files of a folder with their bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

fn contents(package: &Path) -> Vec<Vec<u8>> {
    files(package).into_iter().map(|(_, bytes)| bytes).collect()
}

/// Returns an interpreter and the evaluator.
fn evaluator() -> Option<(PathBuf, PathBuf)> {
    let python = std::env::var_os("INTENTKIT_PYTHON").map(PathBuf::from);
    let tools = std::env::var_os("INTENTKIT_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tools"), PathBuf::from);
    let checker = tools.join("check_mlpackage.py");
    match python {
        Some(python) if checker.is_file() => Some((python, checker)),
        _ => {
            println!(
                "skipped: set INTENTKIT_PYTHON to a Python with coremltools and INTENTKIT_TOOLS to the folder of \
                 check_mlpackage.py to run packages"
            );
            None
        }
    }
}

/// Runs a package. Returns its output, or why it is rejected.
fn run(package: &Path, folder: &Path) -> Option<Result<Value, String>> {
    let (python, checker) = evaluator()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/evaluate.py");
    let ran = Command::new(python).arg(script).arg(checker).arg(package).arg(folder).output().unwrap();
    if !ran.status.success() {
        return Some(Err(String::from_utf8_lossy(&ran.stderr).into_owned()));
    }
    Some(Ok(serde_json::from_slice(&ran.stdout).unwrap()))
}

fn floats(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap();
    bytes.as_chunks().0.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

/// Returns the feature rows of a text's clauses.
fn rows_of(classifier: &Classifier, text: &str) -> Vec<FeatureVector> {
    let mut rows = vec![[0.0; DIMENSIONS]; MAX_CLAUSES];
    let count = classifier.vectorize_rows(text, &mut rows).unwrap();
    rows.truncate(count);
    rows
}

/// Differences between a package and the float32 forward pass of the stored weights.
struct Figures {
    about: Value,
    /// Largest difference of a probability.
    largest: f64,
    /// Share of probabilities that differ by at most 0.001.
    close: f64,
    /// Share of texts with the same labels.
    same_labels: f64,
}

fn measure(classifier: &Classifier, texts: &[String], options: &CoreMlOptions) -> Option<Figures> {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("Model with spaces.mlpackage");
    classifier.export_core_ml(&package, options).unwrap();
    let of_texts: Vec<Vec<FeatureVector>> = texts.iter().map(|text| rows_of(classifier, text)).collect();
    let rows: Vec<FeatureVector> = of_texts.iter().flatten().copied().collect();
    fs::write(folder.path().join("features"), bytemuck::cast_slice::<_, u8>(&rows)).unwrap();
    let about = run(&package, folder.path())?.unwrap();

    let (model, labels) = (classifier.model(), classifier.labels().len());
    let logits = floats(&folder.path().join("logits"));
    let probabilities = floats(&folder.path().join("probabilities"));
    assert_eq!((logits.len(), probabilities.len()), (rows.len() * labels, rows.len() * labels));
    let calibration = model.metadata().calibration;
    let (mut largest, mut close) = (0.0f64, 0usize);
    let mut reference = vec![0.0; rows.len() * labels];
    for ((row, logits), found) in
        rows.iter().zip(reference.chunks_mut(labels)).zip(probabilities.chunks(labels))
    {
        classifier.network(row, logits);
        let calibrated = calibration.over(logits);
        for (label, &found) in found.iter().enumerate() {
            let difference = f64::from(calibrated.probability(label) - found).abs();
            largest = largest.max(difference);
            close += usize::from(difference <= 1e-3);
        }
    }
    let (ours, theirs) = (decide(classifier, &of_texts, &reference), decide(classifier, &of_texts, &logits));
    let same = ours.iter().zip(&theirs).filter(|(a, b)| a == b).count();
    Some(Figures {
        about,
        largest,
        close: close as f64 / probabilities.len() as f64,
        same_labels: same as f64 / texts.len() as f64,
    })
}

/// Returns the labels of each text by the logits of its rows.
fn decide(classifier: &Classifier, of_texts: &[Vec<FeatureVector>], of_rows: &[f32]) -> Vec<Vec<u32>> {
    let (model, labels) = (classifier.model(), classifier.labels().len());
    let mut of_rows = of_rows.chunks(labels);
    let of_text = |rows: &Vec<FeatureVector>| {
        let mut combined = vec![0.0; labels];
        let mut reading = model.reading(&mut combined);
        rows.iter().for_each(|row| reading.add(row, of_rows.next().unwrap()));
        let score =
            reading.finish(&mut |features, logits| model.logits(std::slice::from_ref(features), logits));
        let mut chosen = vec![Scored::default(); labels];
        let count = model.rule().decide(score, &combined, &PredictOptions::default(), &mut chosen);
        chosen[..count].iter().map(|scored| scored.label).collect()
    };
    of_texts.iter().map(of_text).collect()
}

fn assert_close(figures: &Figures, precision: CoreMlPrecision, what: &str) {
    println!(
        "{what}, {precision}: largest difference of a probability {:.2e}, within a thousandth {:.3} %, same labels {:.2} %",
        figures.largest,
        100.0 * figures.close,
        100.0 * figures.same_labels
    );
    let (largest, close) = match precision {
        CoreMlPrecision::Float16 => (5e-3, 0.99),
        CoreMlPrecision::Float32 => (1e-5, 1.0),
        CoreMlPrecision::Int8 => (3e-2, 0.95),
    };
    assert!(figures.largest <= largest, "{what}, {precision}: {}", figures.largest);
    assert!(figures.close >= close, "{what}, {precision}: {}", figures.close);
    assert!(figures.same_labels >= 0.995, "{what}, {precision}: {}", figures.same_labels);
}

#[test]
fn packages_of_the_sample_give_the_probabilities_of_the_float32_network() {
    let classifier = sample().with_precision(Precision::Float32);
    let texts = texts(&models("assistant-heldout.jsonl"));
    for precision in PRECISIONS {
        for rows in [1, 7] {
            let Some(figures) = measure(&classifier, &texts, &options(precision, rows)) else { return };
            assert_close(&figures, precision, "sample");
            let wanted = if precision == CoreMlPrecision::Int8 { 7 } else { 6 };
            assert_eq!(figures.about["specification"], wanted);
        }
    }
}

#[test]
fn packages_of_150_labels_agree_on_999_of_1000_texts() {
    let Some(data) = std::env::var_os("INTENTKIT_DATA").map(|folder| PathBuf::from(folder).join("clinc150"))
    else {
        println!("skipped: set INTENTKIT_DATA to a folder with clinc150 to export a model of 150 labels");
        return;
    };
    if evaluator().is_none() {
        return;
    }
    let examples = read_file(&data.join("train.jsonl"), None).unwrap();
    let (classifier, _) = Classifier::train(&examples, &TrainOptions::default()).unwrap();
    let classifier = classifier.with_precision(Precision::Float32);
    assert_eq!(classifier.labels().len(), 150);
    let texts = texts(&data.join("test.jsonl"));
    for precision in PRECISIONS {
        let Some(figures) = measure(&classifier, &texts, &options(precision, 500)) else { return };
        assert_close(&figures, precision, "CLINC150");
        if precision != CoreMlPrecision::Int8 {
            assert!(figures.same_labels >= 0.999, "{precision}: {}", figures.same_labels);
        }
    }
}

#[test]
fn models_of_every_shape_become_sound_packages() {
    let line = |text: &str, labels: &[&str]| Example::new(text, labels.iter().copied());
    let reference =
        TrainOptions { preset: intentkit::Preset::Reference, epochs: Some(2), ..TrainOptions::default() };
    let few = vec![line("turn on the lamp", &["light"]), line("switch the lamp off", &["light"])];
    let mut many: Vec<Example> = vec![];
    for i in 0..300 {
        many.push(line(&format!("word{i} and thing{i}"), &[&format!("label{i}")]));
        many.push(line(&format!("say word{i}"), &[&format!("label{i}")]));
    }
    for (examples, options, what) in [
        (&few, TrainOptions::default(), "one label"),
        (&few, reference, "reference"),
        (&many, TrainOptions { epochs: Some(3), ..TrainOptions::default() }, "300 labels"),
    ] {
        let (classifier, _) = Classifier::train(examples, &options).unwrap();
        let classifier = classifier.with_precision(Precision::Float32);
        let texts: Vec<String> = examples.iter().take(20).map(|example| example.text.clone()).collect();
        for precision in PRECISIONS {
            let Some(figures) = measure(&classifier, &texts, &self::options(precision, 3)) else { return };
            assert_close(&figures, precision, what);
        }
    }
}

/// Returns a model of random numbers for feature rows only. Its scales are multiplied by `size`.
fn random_model(labels: usize, linear: bool, seed: u64, size: f32) -> Classifier {
    let mut state = seed;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let mut layer = |outputs: usize, inputs: usize, biased: bool| LayerParts {
        weights: (0..outputs * inputs).map(|_| (random() * 254.9) as i8).collect(),
        scales: (0..outputs).map(|_| (0.5 + random().abs()) * size / (inputs as f32).sqrt() / 60.0).collect(),
        biases: if biased { (0..outputs).map(|_| random()).collect() } else { vec![] },
    };
    let layers =
        [layer(256, 256, true), layer(128, 256, true), layer(64, 128, true), layer(labels, 64, true)];
    let linear = linear.then(|| layer(labels, 256, false));
    let coupling = if seed.is_multiple_of(3) { 0.0 } else { 0.2 * (seed % 7) as f32 };
    let parts = Parts {
        metadata: Metadata {
            preset: "single".into(),
            labels: (0..labels).map(|i| format!("label \"{i}\" é")).collect(),
            calibration: Calibration { scale: 0.3 + 0.2 * (seed % 5) as f32, coupling, shift: -0.5 },
            reject: RejectSettings {
                keep: 0.95,
                score: ScoreSettings { weight: 20.0, ..ScoreSettings::default() },
            },
            ..Metadata::default()
        },
        table: TableParts::default(),
        known: vec![],
        frequent: vec![],
        lexicon_rows: vec![],
        lexicon_words: vec![],
        layers,
        linear,
        thresholds: vec![0.5; labels],
        reject_points: vec![],
        centroids: vec![1; labels * DIMENSIONS],
        centroid_inverse_norms: vec![0.001; labels],
        outside: vec![],
        reject_right: vec![],
        reject_outside: vec![],
    };
    Classifier::new(Model::from_parts(&parts).unwrap()).with_precision(Precision::Float32)
}

#[test]
fn networks_of_random_numbers_become_packages_that_give_the_same_probabilities() {
    let rows: Vec<FeatureVector> =
        (0..40).map(|i| std::array::from_fn(|j| ((i * 37 + j * 11) % 19) as f32 / 160.0 - 0.05)).collect();
    for (seed, labels, linear) in
        [(1, 1, true), (2, 2, false), (3, 3, true), (4, 17, true), (5, 64, false), (8, 5000, true)]
    {
        let classifier = random_model(labels, linear, seed, 1.0);
        let calibration = classifier.model().metadata().calibration;
        for (precision, tolerance) in PRECISIONS.into_iter().zip([2e-2, 1e-5, 3e-2]) {
            let folder = tempfile::tempdir().unwrap();
            let package = folder.path().join("x.mlpackage");
            classifier.export_core_ml(&package, &options(precision, 8)).unwrap();
            fs::write(folder.path().join("features"), bytemuck::cast_slice::<_, u8>(&rows)).unwrap();
            let Some(ran) = run(&package, folder.path()) else { return };
            ran.unwrap();
            let found = floats(&folder.path().join("probabilities"));
            let mut logits = vec![0.0; labels];
            for (row, found) in rows.iter().zip(found.chunks(labels)) {
                classifier.network(row, &mut logits);
                let calibrated = calibration.over(&logits);
                for (label, &found) in found.iter().enumerate() {
                    let expected = calibrated.probability(label);
                    assert!((expected - found).abs() <= tolerance, "{seed} {precision}: {expected} {found}");
                }
            }
        }
    }
}

#[test]
fn weights_that_a_precision_cannot_hold_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("x.mlpackage");
    for (size, refused) in [
        // Scales just below a model's maximum, and 127 times those.
        (4.5e5, &[CoreMlPrecision::Float16, CoreMlPrecision::Int8][..]),
        (1e-4, &[CoreMlPrecision::Int8]),
        (1.0, &[]),
    ] {
        let classifier = random_model(5, true, 7, size);
        for precision in PRECISIONS {
            let outcome = classifier.export_core_ml(&package, &options(precision, 1));
            match refused.contains(&precision) {
                true => {
                    let error = outcome.unwrap_err().to_string();
                    assert!(
                        error.contains("_weight") && error.contains("export with precision float32"),
                        "{error}"
                    );
                }
                false => outcome.unwrap(),
            }
        }
    }
}

#[test]
fn a_package_says_what_it_is() {
    let classifier = sample();
    let texts = texts(&models("assistant-heldout.jsonl"));
    let options = CoreMlOptions { author: "Ada".into(), license: "MIT".into(), ..CoreMlOptions::default() };
    let Some(figures) = measure(&classifier.with_precision(Precision::Float32), &texts[..3], &options) else {
        return;
    };
    let about = figures.about;
    let model = sample();
    assert_eq!((&about["author"], &about["license"]), (&"Ada".into(), &"MIT".into()));
    assert!(about["description"].as_str().unwrap().contains("8 labels"));
    assert!(about["inputs"]["features"].as_str().unwrap().contains("intent_vectorize_rows"));
    assert_eq!(about["outputs"].as_object().unwrap().len(), 2);
    let defined = |key: &str| about["defined"][format!("intentkit.{key}")].as_str().unwrap().to_owned();
    assert_eq!(defined("checksum"), model.model().metadata().checksum);
    assert_eq!(serde_json::from_str::<Vec<String>>(&defined("labels")).unwrap(), model.labels());
    assert_eq!(serde_json::from_str::<Vec<f32>>(&defined("thresholds")).unwrap().len(), model.labels().len());
    assert!(defined("ngrams").contains("\"words\""));
    assert_eq!(defined("precision"), "float16");
}

#[test]
fn damaging_any_file_of_a_package_makes_the_check_fail() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("features"), bytemuck::cast_slice::<_, u8>(&[0.0625f32; DIMENSIONS]))
        .unwrap();
    let package = folder.path().join("x.mlpackage");
    let whole = |package: &Path| sample().export_core_ml(package, &CoreMlOptions::default()).unwrap();
    whole(&package);
    match run(&package, folder.path()) {
        Some(sound) => assert!(sound.is_ok(), "{sound:?}"),
        None => return,
    }
    let all = files(&package);
    assert_eq!(all.len(), 3);
    for (path, bytes) in all {
        let damages: [Option<Vec<u8>>; 3] = [
            None,
            Some(bytes[..bytes.len() / 2].to_vec()),
            // Everything else depends on the first bytes: a record count, a version, a brace.
            Some(bytes.iter().enumerate().map(|(i, &b)| if i < 4 { b ^ 0x55 } else { b }).collect()),
        ];
        for damage in damages {
            whole(&package);
            match &damage {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let outcome = run(&package, folder.path()).unwrap();
            assert!(outcome.is_err(), "{}: {:?} bytes left", path.display(), damage.map(|bytes| bytes.len()));
            // Removed by hand, since the exporter would no longer recognise it as a package.
            fs::remove_dir_all(&package).unwrap();
        }
    }
}

#[test]
fn the_same_model_gives_the_same_bytes_and_another_precision_others() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, options: &CoreMlOptions| {
        let package = folder.path().join(name);
        sample().export_core_ml(&package, options).unwrap();
        contents(&package)
    };
    let first = made("a.mlpackage", &CoreMlOptions::default());
    assert_eq!(first, made("b.mlpackage", &CoreMlOptions::default()));
    assert_ne!(first, made("c.mlpackage", &options(CoreMlPrecision::Int8, 1)));
    assert_ne!(first, made("d.mlpackage", &options(CoreMlPrecision::Float16, 8)));
}

#[test]
fn the_package_in_the_repository_is_the_samples() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("x.mlpackage");
    let about = CoreMlOptions {
        author: "IntentKit".into(),
        license: "MIT OR Apache-2.0".into(),
        ..CoreMlOptions::default()
    };
    sample().export_core_ml(&package, &about).unwrap();
    let advice = "make it anew: intent export --model models/assistant.intent --output models/assistant.mlpackage \
                  --author IntentKit --license 'MIT OR Apache-2.0'";
    assert!(contents(&package) == contents(&models("assistant.mlpackage")), "{advice}");
}

#[test]
fn a_package_is_replaced_and_anything_else_in_the_way_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("x.mlpackage");
    sample().export_core_ml(&package, &options(CoreMlPrecision::Float32, 1)).unwrap();
    fs::write(package.join("note"), "of somebody").unwrap();
    sample().export_core_ml(&package, &CoreMlOptions::default()).unwrap();
    assert_eq!(files(&package).len(), 3);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

    for (name, make) in [
        ("file.mlpackage", (|path| fs::write(path, "mine").unwrap()) as fn(&Path)),
        ("folder.mlpackage", |path| fs::create_dir_all(path.join("mine")).unwrap()),
    ] {
        let other = folder.path().join(name);
        make(&other);
        let error = sample().export_core_ml(&other, &CoreMlOptions::default()).unwrap_err().to_string();
        assert!(error.contains("is not a Core ML package"), "{error}");
        assert!(other.exists());
    }
}

#[test]
fn what_cannot_be_exported_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("x.mlpackage");
    for rows in [0, 4097, usize::MAX] {
        let error = sample().export_core_ml(&package, &options(CoreMlPrecision::Float16, rows)).unwrap_err();
        assert!(error.to_string().contains("must be from 1 to 4096"), "{error}");
    }
    let nowhere = folder.path().join("missing").join("x.mlpackage");
    let error = sample().export_core_ml(&nowhere, &CoreMlOptions::default()).unwrap_err().to_string();
    assert!(error.contains("cannot write beside the package"), "{error}");
    assert!(!package.exists());
}

/// Returns the result of coremltools on a package: see `change.py`.
fn changed(how: &str, package: &Path, result: &Path) -> Option<Value> {
    let (python, _) = evaluator()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/change.py");
    let ran = Command::new(python).arg(script).arg(how).arg(package).arg(result).output().unwrap();
    assert!(ran.status.success(), "{how}: {}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).unwrap())
}

/// Writes the sample's packages in float16 and int8, named as in the guide.
fn two_packages(folder: &Path) -> (PathBuf, PathBuf) {
    let (one, other) = (folder.join("Commands.mlpackage"), folder.join("Rooms.mlpackage"));
    let about = CoreMlOptions { author: "Ada".into(), ..CoreMlOptions::default() };
    sample().export_core_ml(&one, &about).unwrap();
    sample().export_core_ml(&other, &options(CoreMlPrecision::Int8, 1)).unwrap();
    (one, other)
}

#[test]
fn merging_loses_the_metadata_and_the_guides_lines_copy_it_over() {
    let Some((python, _)) = evaluator() else { return };
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/core-ml.md")).unwrap();
    let lines = guide.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    two_packages(folder.path());
    let ran = Command::new(python).arg("-c").arg(lines).current_dir(folder.path()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let about = |name: &str| changed("none", &folder.path().join(name), Path::new("")).unwrap();
    let (bare, merged) = (about("Bare.mlpackage"), about("Merged.mlpackage"));
    assert_eq!(
        (&bare["author"], &bare["version"], &bare["defined"]),
        (&"".into(), &"".into(), &serde_json::json!({}))
    );
    assert_eq!(bare["specification"], 9);
    assert_eq!((&merged["author"], &merged["specification"]), (&"Ada".into(), &9.into()));
    for name in ["commands", "rooms"] {
        let labels = merged["defined"][format!("{name}.intentkit.labels")].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Vec<String>>(labels).unwrap(), sample().labels());
    }
}

#[test]
fn what_coremltools_changes_in_a_package_is_what_the_guide_says() {
    let folder = tempfile::tempdir().unwrap();
    let (float16, int8) = two_packages(folder.path());
    let change =
        |how: &str, package: &Path| changed(how, package, &folder.path().join(format!("{how}.mlpackage")));
    let Some(before) = change("none", &float16) else { return };
    assert_eq!(
        (&before["specification"], &before["layers"], &before["compressed"]),
        (&6.into(), &5.into(), &0.into())
    );
    let typed = change("float16-outputs", &float16).unwrap();
    assert_eq!(typed["outputs"], serde_json::json!(["probabilities_to_fp16", "logits_to_fp16"]));
    assert_eq!((&typed["specification"], &typed["defined"]), (&7.into(), &before["defined"]));
    for how in ["int8", "palettes"] {
        let small = change(how, &float16).unwrap();
        assert_eq!((&small["specification"], &small["compressed"]), (&7.into(), &3.into()), "{how}");
        assert_eq!((&small["defined"], &small["outputs"]), (&before["defined"], &before["outputs"]), "{how}");
        let ours = change("none", &int8).unwrap();
        fs::remove_dir_all(folder.path().join(format!("{how}.mlpackage"))).unwrap();
        let again = change(how, &int8).unwrap();
        assert_eq!((&again["specification"], &again["compressed"]), (&7.into(), &5.into()), "{how}");
        let (ours, again) = (ours["bytes"].as_u64().unwrap(), again["bytes"].as_u64().unwrap());
        assert!(ours.abs_diff(again) < 1_000, "int8 packages stay as they are: {ours} {again}");
        let small = small["bytes"].as_u64().unwrap();
        assert!(
            if how == "palettes" { 10 * small < 6 * ours } else { small > ours },
            "{how}: {small} {ours}"
        );
        fs::remove_dir_all(folder.path().join(format!("{how}.mlpackage"))).unwrap();
    }
}

/// Share of lines with exactly their labels: for our float32 network, and for packages in float16,
/// int8 and float16 with palettes.
#[test]
fn palettes_of_four_bits_cost_little_accuracy() {
    let Some(data) = std::env::var_os("INTENTKIT_DATA").map(PathBuf::from) else {
        println!(
            "skipped: set INTENTKIT_DATA to a folder with clinc150, banking77 and mixsnips to measure palettes"
        );
        return;
    };
    for set in ["clinc150", "banking77", "mixsnips"] {
        if evaluator().is_none() {
            return;
        }
        let examples = read_file(&data.join(set).join("train.jsonl"), None).unwrap();
        let (classifier, _) = Classifier::train(&examples, &TrainOptions::default()).unwrap();
        let test = read_file(&data.join(set).join("test.jsonl"), None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let of_texts: Vec<_> = test.iter().map(|example| rows_of(&classifier, &example.text)).collect();
        fs::write(at("features"), bytemuck::cast_slice::<_, u8>(&of_texts.concat())).unwrap();
        let mut shares = vec![];
        for (name, precision, how) in [
            ("float16", CoreMlPrecision::Float16, "none"),
            ("int8", CoreMlPrecision::Int8, "none"),
            ("palettes", CoreMlPrecision::Float16, "palettes"),
        ] {
            let (package, result) = (at("x.mlpackage"), at("y.mlpackage"));
            classifier.export_core_ml(&package, &options(precision, 500)).unwrap();
            let bytes = changed(how, &package, &result).unwrap()["bytes"].clone();
            run(if how == "none" { &package } else { &result }, folder.path()).unwrap().unwrap();
            let found = decide(&classifier, &of_texts, &floats(&at("logits")));
            let right = found.iter().zip(&test).filter(|(found, example)| {
                let mut found: Vec<&str> =
                    found.iter().map(|&label| classifier.label(label).unwrap()).collect();
                let mut wanted: Vec<&str> = example.labels.iter().map(String::as_str).collect();
                found.sort_unstable();
                wanted.sort_unstable();
                found == wanted
            });
            let share = 100.0 * right.count() as f64 / test.len() as f64;
            println!("{set}, {name}: {share:.2} % get exactly their labels, {bytes} bytes");
            shares.push(share);
        }
        assert!(shares[2] > shares[0] - 1.0, "{set}: {shares:?}");
    }
}
