//! The guide's tour of the command line, run line by line as it is printed.
#![cfg(unix)]

mod program;

use program::shell;
use std::fs;

const GUIDE: &str = include_str!("../../docs/command-line.md");

/// What somebody who follows the tour has in their folder.
fn files() -> Vec<(&'static str, String)> {
    const REQUESTS: [(&str, [&str; 6]); 3] = [
        (
            "lamp",
            [
                "turn on the lamp",
                "lamp off",
                "it is dark",
                "brighter please",
                "switch the lamp on",
                "dim the lamp",
            ],
        ),
        (
            "music",
            [
                "play a song",
                "stop the song",
                "louder please",
                "play some jazz",
                "next track",
                "skip this track",
            ],
        ),
        (
            "weather",
            [
                "will it rain",
                "is it cold outside",
                "how warm is it",
                "do i need a coat",
                "any snow today",
                "the forecast please",
            ],
        ),
    ];
    let lines = || REQUESTS.iter().flat_map(|(label, texts)| texts.iter().map(move |text| (*text, *label)));
    let json = |label: &dyn Fn(&'static str) -> &'static str| {
        let line = |(text, name)| format!("{{\"text\":\"{text}\",\"labels\":[\"{}\"]}}\n", label(name));
        lines().map(line).collect::<String>()
    };
    let csv = |skipped: usize| {
        let rows = lines().step_by(skipped).map(|(text, label)| format!("{text},{label}\n"));
        format!("text,labels\n{}", rows.collect::<String>())
    };
    let renamed = |name| if name == "lamp" { "light" } else { name };
    let vectors = ["lamp 1 0 0 0", "song 0 1 0 0", "rain 0 0 1 0", "snow 0 0 1 0.5"].join("\n");
    vec![
        ("commands.jsonl", json(&|name| name)),
        ("few.jsonl", json(&|name| name)),
        ("words.vec", format!("4 4\n{vectors}\n")),
        ("train.csv", csv(1)),
        ("more.csv", csv(2)),
        ("valid.csv", "text,labels\nis it raining,weather\nplay something,music\nlamp on now,lamp\n".into()),
        ("texts.txt", "lamp on\nplay a song\n".into()),
        ("corrections.jsonl", "{\"text\":\"i can't see a thing\",\"labels\":[\"lamp\"]}\n".into()),
        ("rules.json", "[{\"label\":\"vision\",\"keywords\":[\"screenshot\"]}]".into()),
        // Behind the tour's renaming.
        ("test.jsonl", json(&renamed)),
    ]
}

#[test]
fn every_line_of_the_tour_works_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, contents) in files() {
        fs::write(folder.path().join(name), contents).unwrap();
    }
    let tour = GUIDE.split("## A tour\n").nth(1).and_then(|rest| rest.split("```").nth(1)).unwrap();
    let lines: Vec<&str> = tour.lines().filter(|line| line.starts_with("intent ")).collect();
    assert!(lines.len() >= 15, "{tour}");
    for line in lines {
        let ran = shell(folder.path(), line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.err);
    }
}
