//! Acknowledged changes survive the process, however it ends.
#![cfg(unix)]

use intentkit::classifier::RetrainOptions;
use intentkit::data::Example;
use intentkit::learn::{Change, Durability};
use intentkit::{Error, LiveClassifier, TrainOptions};
use std::collections::HashSet;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

const KILLS: u64 = 200;

/// Not a test itself: the next one kills it. Learns until then, and prints each acknowledged
/// change.
#[test]
fn learns_until_it_is_killed() {
    let Ok(path) = env::var("INTENTKIT_TEST_JOURNAL") else { return };
    let round = env::var("INTENTKIT_TEST_ROUND").unwrap();
    let live = LiveClassifier::load_learner(Path::new(&path), Durability::Process).unwrap();
    for i in 0.. {
        let text = format!("zebra {round} quokka {i}");
        live.update(&[Example::new(&text, [if i % 2 == 0 { "CHATBOTS" } else { "GARDEN" }])]).unwrap();
        println!("accepted:{text}");
        std::io::stdout().flush().unwrap();
    }
}

/// Returns a pseudo-random number, the same in every run.
fn scattered(round: u64) -> u64 {
    (round + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31).wrapping_mul(0xFF51_AFD7_ED55_8CCD) >> 40
}

#[test]
fn killing_the_process_at_two_hundred_random_moments_loses_nothing_that_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assistant.learner");
    let live = LiveClassifier::load("models/assistant.intent").unwrap();
    live.save_learner(&path, Durability::Process).unwrap();
    drop(live);
    let mut accepted: HashSet<String> = HashSet::new();
    for round in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["learns_until_it_is_killed", "--exact", "--nocapture"])
            .env("INTENTKIT_TEST_JOURNAL", &path)
            .env("INTENTKIT_TEST_ROUND", round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (first, is_learning) = channel();
        let reader = thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            let accepted = lines.filter_map(|line| Some(line.split_once("accepted:")?.1.to_owned()));
            accepted.inspect(|_| first.send(()).unwrap_or_default()).collect::<Vec<_>>()
        });
        // During startup, during a change, sometimes while the file is rewritten.
        let mut longest = 150_000;
        if round % 4 != 0 {
            is_learning.recv().unwrap();
            longest = 30_000;
        }
        thread::sleep(Duration::from_micros(scattered(round) % longest));
        child.kill().unwrap();
        child.wait().unwrap();
        let said = reader.join().unwrap();
        accepted.extend(said);
        if round % 20 == 19 {
            let live = LiveClassifier::load_learner(&path, Durability::Process).unwrap();
            let kept: HashSet<String> =
                live.kept_examples().into_iter().map(|example| example.text).collect();
            let lost: Vec<_> = accepted.difference(&kept).collect();
            assert!(lost.is_empty(), "round {round}: {lost:?}");
            let beside = std::fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(beside, 1, "no scrap of a file that was being written anew is left");
            assert!(kept.len() <= accepted.len() + round as usize + 1, "one in flight a kill");
        }
    }
    // Three in four rounds wait for the first change.
    assert!(accepted.len() as u64 >= KILLS * 3 / 4, "{}", accepted.len());
}

/// The file is rewritten after every 128 changes: another file takes its name. A process that opens
/// it at that moment must not get it.
#[test]
fn no_other_process_gets_a_training_state_that_is_being_learned_with() {
    const ENOUGH: usize = 600;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assistant.learner");
    let live = LiveClassifier::load("models/assistant.intent").unwrap();
    live.save_learner(&path, Durability::Process).unwrap();
    drop(live);
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["learns_until_it_is_killed", "--exact", "--nocapture"])
        .env("INTENTKIT_TEST_JOURNAL", &path)
        .env("INTENTKIT_TEST_ROUND", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let lines = output.lines().map_while(Result::ok);
    let accepted = lines.filter_map(|line| Some(line.split_once("accepted:")?.1.to_owned()));
    let (said, is_learning) = channel();
    let reader =
        thread::spawn(move || accepted.inspect(|_| said.send(()).unwrap_or_default()).collect::<Vec<_>>());
    is_learning.recv().unwrap();
    let mut learned = 1;
    while learned < ENOUGH {
        let opened = LiveClassifier::load_learner(&path, Durability::Process);
        let error = opened.map(drop).unwrap_err().to_string();
        assert!(error.contains("another process or classifier has this training state open"), "{error}");
        learned += is_learning.try_iter().count();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let accepted = reader.join().unwrap();
    let kept: HashSet<String> = kept(&path).into_iter().collect();
    assert!(accepted.iter().all(|text| kept.contains(text)), "{} of {}", kept.len(), accepted.len());
}

fn of(text: &str) -> Example {
    Example::new(text, ["GARDEN"])
}

/// Creates a classifier with a new training-state file.
fn saved(path: &Path) -> LiveClassifier {
    let live = LiveClassifier::load("models/assistant.intent").unwrap();
    live.save_learner(path, Durability::Process).unwrap();
    live
}

fn kept(path: &Path) -> Vec<String> {
    let live = LiveClassifier::load_learner(path, Durability::Process).unwrap();
    live.kept_examples().into_iter().map(|example| example.text).collect()
}

#[test]
fn a_training_state_file_that_is_deleted_under_an_open_classifier_is_made_again_with_the_next_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assistant.learner");
    let live = saved(&path);
    live.update(&[of("water the ficus")]).unwrap();
    fs::remove_file(&path).unwrap();
    live.update(&[of("prune the roses")]).unwrap();
    live.update(&[of("rake the leaves")]).unwrap();
    let bytes = live.current().model().as_bytes().to_vec();
    let error = LiveClassifier::load_learner(&path, Durability::Process).map(drop).unwrap_err().to_string();
    assert!(error.contains("another process or classifier"), "the new file is locked too: {error}");
    drop(live);
    assert_eq!(kept(&path), ["water the ficus", "prune the roses", "rake the leaves"]);
    let again = LiveClassifier::load_learner(&path, Durability::Process).unwrap();
    assert_eq!(again.current().model().as_bytes(), bytes);

    fs::remove_file(&path).unwrap();
    again.forget_examples().unwrap();
    drop(again);
    assert_eq!(kept(&path), [""; 0]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_change_is_refused_where_another_file_took_the_place_of_the_training_state_and_that_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assistant.learner");
    let backup = folder.path().join("backup");
    let live = saved(&path);
    live.update(&[of("water the ficus")]).unwrap();
    live.set_retraining(RetrainOptions { after: None, ..RetrainOptions::default() });
    for in_place in [false, true] {
        fs::copy(&path, &backup).unwrap();
        match in_place {
            // As `cp` restores a backup: the file keeps its inode.
            true => fs::write(&path, &fs::read(&backup).unwrap()[..1000]).unwrap(),
            false => fs::rename(&backup, &path).unwrap(),
        }
        let theirs = fs::read(&path).unwrap();
        let before = live.current().version();
        let changes = [
            live.update(&[of("prune the roses")]).map(drop),
            live.change(&Change::Rename { label: "GARDEN".into(), to: "PLANTS".into() }).map(drop),
            live.forget_examples(),
        ];
        for change in changes {
            let error = change.unwrap_err();
            assert!(matches!(error, Error::Learner { .. }), "{error}");
            assert!(error.to_string().contains("replaced or changed"), "{error}");
            assert!(error.to_string().contains("save the training state to another path"), "{error}");
        }
        assert_eq!(live.current().version(), before, "nothing has changed");
        assert_eq!(live.kept_examples().len(), 1);
        assert_eq!(fs::read(&path).unwrap(), theirs, "the other file is as it was");
        // Saving explicitly replaces the file.
        live.save_learner(&path, Durability::Process).unwrap();
    }
    let other = folder.path().join("other.learner");
    fs::write(&path, "a file of somebody else").unwrap();
    live.save_learner(&other, Durability::Process).unwrap();
    live.update(&[of("prune the roses")]).unwrap();
    drop(live);
    assert_eq!(kept(&other), ["water the ficus", "prune the roses"]);
    assert_eq!(fs::read(&path).unwrap(), b"a file of somebody else");
}

#[test]
fn a_retrained_model_is_not_written_over_a_file_that_took_the_place_of_the_training_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.learner");
    let lines = ["lights on", "lamp on", "lights off", "lamp off"];
    let lines: Vec<Example> =
        lines.iter().map(|text| Example::new(*text, [text.rsplit(' ').next().unwrap()])).collect();
    let data = intentkit::train::Dataset::of(&lines);
    let learner = Some((path.as_path(), Durability::Process));
    let live =
        LiveClassifier::train(&data, None, &TrainOptions::default(), learner, &mut |_| true).unwrap().0;
    fs::rename(&path, folder.path().join("away")).unwrap();
    fs::write(&path, "a file of somebody else").unwrap();
    live.retrain().unwrap();
    assert!(live.wait_for_retraining(Duration::from_secs(120)));
    let report = live.statistics();
    assert_eq!((report.retrained, report.retrainings_refused), (0, 1));
    assert!(report.last_refusal.unwrap().contains("replaced or changed"));
    assert_eq!(fs::read(&path).unwrap(), b"a file of somebody else");
}
