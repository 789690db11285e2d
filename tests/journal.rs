//! What was accepted survives the process, however it ends.
#![cfg(unix)]

use intentkit::LiveClassifier;
use intentkit::data::Example;
use intentkit::train::Durability;
use std::collections::HashSet;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

const KILLS: u64 = 200;

/// No test by itself: what the next one kills. Learns until then, and says each time what has been accepted.
#[test]
fn learns_until_it_is_killed() {
    let Ok(path) = env::var("INTENTKIT_TEST_JOURNAL") else { return };
    let round = env::var("INTENTKIT_TEST_ROUND").unwrap();
    let live = LiveClassifier::load_learner(Path::new(&path), Durability::Process).unwrap();
    for i in 0.. {
        let text = format!("zebra {round} quokka {i}");
        live.learn(&[Example::new(&text, [if i % 2 == 0 { "CHATBOTS" } else { "GARDEN" }])]).unwrap();
        println!("accepted:{text}");
        std::io::stdout().flush().unwrap();
    }
}

/// A number that looks random; the same in every run.
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
        // In mid-start, in mid-change, now and then while the file is written anew.
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
    assert!(accepted.len() > 200, "{}", accepted.len());
}
