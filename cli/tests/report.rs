//! The page of `intent eval --report`, opened in a browser: it draws itself without errors, sorts and searches, and no text
//! of the data becomes markup. Without Chromium these tests say in one line that they were skipped.

mod program;

use program::{HELDOUT, SAMPLE, intent};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const MARK: &str = r#"<script type="application/json" id="data">"#;

/// A page about `lines`, and a folder that is gone when dropped.
fn report(model: &str, lines: &[Value]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, page) = (path("data.jsonl"), path("report.html"));
    fs::write(&data, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    intent(&["eval", "--model", model, &data, "--report", &page]).succeeded();
    let page = fs::read_to_string(page).unwrap();
    (folder, page)
}

fn heldout() -> Vec<Value> {
    let text = fs::read_to_string(HELDOUT).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the page's script is given.
fn data(page: &str) -> Value {
    let data = page.split(MARK).nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(data).unwrap()
}

fn with_data(page: &str, data: &Value) -> String {
    let (before, rest) = page.split_once(MARK).unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    format!("{before}{MARK}{}</script>{after}", data.to_string().replace('<', "\\u003c"))
}

fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        // Not `println!`, which the test harness keeps to itself.
        let _ = writeln!(std::io::stderr(), "skipped: the report is only opened where Chromium is installed");
    }
    found
}

/// The document once its scripts have run. Whatever a browser complains of fails the test.
fn opened(chromium: &Path, folder: &TempDir, page: &str, fragment: &str) -> String {
    opened_at(chromium, folder, page, fragment, 1280)
}

/// The same in a window of this width.
fn opened_at(chromium: &Path, folder: &TempDir, page: &str, fragment: &str, width: u32) -> String {
    let file = folder.path().join("opened.html");
    fs::write(&file, page).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--window-size={width},900"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}{fragment}", file.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaints}");
    let console: Vec<&str> = complaints.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(console, [""; 0]);
    let document = String::from_utf8(output.stdout).unwrap();
    let html = document.split("<html").nth(1).unwrap().split('>').next().unwrap();
    assert!(html.contains(r#"data-ready="true""#) && html.contains(r#"data-errors="0""#), "<html{html}>");
    document
}

/// The labels of the table of labels, from top to bottom.
fn label_order(document: &str) -> Vec<String> {
    let table = document.split(r#"id="label-table""#).nth(1).unwrap().split("</table>").next().unwrap();
    let body = table.split("<tbody").nth(1).unwrap();
    let cells = body.split(r#"<th scope="row""#).skip(1);
    cells.map(|cell| bare(cell.split_once('>').unwrap().1.split("</th>").next().unwrap())).collect()
}

/// Text without its tags.
fn bare(html: &str) -> String {
    html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect()
}

/// The same, by the data that the page was given.
fn sorted(data: &Value, key: &str) -> Vec<String> {
    let mut rows = data["labels"].as_array().unwrap().clone();
    rows.sort_by(|a, b| a[key].as_f64().unwrap().total_cmp(&b[key].as_f64().unwrap()));
    rows.iter().map(|row| row["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn opens_without_complaint_and_sorts_its_labels_by_address_and_by_click() {
    let Some(chromium) = chromium() else { return };
    let (folder, page) = report(SAMPLE, &heldout());
    let data = data(&page);

    let plain = opened(&chromium, &folder, &page, "");
    assert_eq!(label_order(&plain), sorted(&data, "f1"), "the worst label first");
    assert_eq!(plain.matches("<svg").count(), 2, "two diagrams");
    assert!(plain.contains(">98.") || plain.contains(">97."), "figures");

    let by_lines = opened(&chromium, &folder, &page, "#sort=support");
    assert_eq!(label_order(&by_lines), sorted(&data, "support"));
    assert!(by_lines.contains(r#"class="number" aria-sort="ascending"><button type="button">lines"#));
    let descending = opened(&chromium, &folder, &page, "#sort=-support");
    let supports = |order: Vec<String>| -> Vec<u64> {
        let rows = data["labels"].as_array().unwrap();
        let support = |label: String| {
            rows.iter().find(|row| row["label"] == label.as_str()).unwrap()["support"].as_u64()
        };
        order.into_iter().map(|label| support(label).unwrap()).collect()
    };
    assert!(supports(label_order(&descending)).is_sorted_by(|a, b| a >= b));

    // The same by hand: twice on a heading, then a word in the search field.
    let hand = r#"<script>
        const heading = [...document.querySelectorAll('#label-table th button')].find(b => b.textContent === "lines");
        heading.click(); heading.click();
        const search = document.getElementById("search");
        search.value = "no-such-word"; search.dispatchEvent(new Event("input"));
    </script></body>"#;
    let by_hand = opened(&chromium, &folder, &page.replace("</body>", hand), "");
    assert!(supports(label_order(&by_hand)).is_sorted_by(|a, b| a >= b));
    assert!(by_hand.contains(r#"aria-sort="descending""#) && by_hand.contains("0 lines match"));
    let rows = data["misses"].as_array().unwrap().len();
    assert_eq!(by_hand.matches(r#"<tr role="row" hidden="">"#).count(), rows);
}

#[test]
fn texts_and_labels_stay_text_and_an_explanation_is_drawn_where_there_is_one() {
    let Some(chromium) = chromium() else { return };
    let attack =
        "check the battery </script><script>document.title='taken'</script><img src=x onerror=count()>";
    let label = "<b>BOLD</b>&amp;";
    let (folder, page) = report(SAMPLE, &[json!({"text": attack, "labels": [label]})]);
    assert_eq!(data(&page)["misses"][0]["text"], attack);
    let document = opened(&chromium, &folder, &page, "");
    assert!(!document.contains("<img") && !document.contains("<b>") && !document.contains(">taken<"));
    assert!(document.contains("&lt;img src=x onerror=count()&gt;"));
    assert!(document.contains("&lt;b&gt;") && document.contains("&amp;amp;"));
    let reasons = data(&page)["misses"][0]["explanation"].clone();
    let names: Vec<&str> =
        reasons["shares"].as_array().unwrap().iter().filter_map(|reason| reason[0].as_str()).collect();
    assert!(names.iter().any(|name| name.contains("battery")) && names.len() <= 8, "{names:?}");
    assert!(document.contains(r#"class="grams""#));

    let mut explained = data(&page);
    explained["misses"][0]["explanation"] =
        json!({"label": "<u>why</u>", "shares": [["<i>battery</i>", 0.5], ["check", -0.25]]});
    let document = opened(&chromium, &folder, &with_data(&page, &explained), "");
    assert!(document.contains("&lt;i&gt;battery&lt;/i&gt;") && document.contains("+0.50"));
    assert!(document.contains(">for <bdi>&lt;u&gt;why"), "the label that is explained");
    assert!(document.contains(r#"class="track against""#) && document.contains("\u{2212}0.25"));
}

#[test]
fn every_kind_of_data_opens() {
    let Some(chromium) = chromium() else { return };
    let all = heldout();
    let labelled = |line: &&Value| !line["labels"].as_array().unwrap().is_empty();
    let inside: Vec<Value> = all.iter().filter(labelled).cloned().collect();
    let outside: Vec<Value> = all.iter().filter(|line| !labelled(line)).cloned().collect();
    let unknown = [json!({"text": "\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", "labels": ["VOICE"]})];
    let right = [json!({"text": "what percentage is the battery at", "labels": ["MONITORING"]})];
    for (lines, expected) in [
        (&inside[..], "best label right among those"),
        (&outside, "lines without labels that are rejected"),
        (&unknown, "nothing in it is known"),
        (&right, "None: every line got exactly its labels"),
    ] {
        let (folder, page) = report(SAMPLE, lines);
        let document = opened(&chromium, &folder, &page, "");
        assert!(document.contains(expected), "{expected}");
    }
}

#[test]
fn a_model_of_single_labels_has_a_page_too() {
    let Some(chromium) = chromium() else { return };
    let model = format!("{}/report-single.intent", env!("CARGO_TARGET_TMPDIR"));
    let folder = tempfile::tempdir().unwrap();
    let train = folder.path().join("train.csv");
    let lines = "turn on the lights,light\nlamp off,light\nplay some jazz,music\nstop the song,music\n";
    fs::write(&train, format!("text,labels\n{lines}")).unwrap();
    intent(&["train", train.to_str().unwrap(), "--output", &model, "--epochs", "5", "--quiet"]).succeeded();
    let lines = [
        json!({"text": "play some jazz", "labels": ["light"]}),
        json!({"text": "stop the song", "labels": ["music"]}),
        json!({"text": "lamp off", "labels": []}),
    ];
    let (folder, page) = report(&model, &lines);
    let data = data(&page);
    assert_eq!((&data["single"], &data["misses_in_all"]), (&json!(true), &json!(2)));
    assert!(!page.contains(folder.path().to_str().unwrap()), "no folder of this machine is named");
    let document = opened(&chromium, &folder, &page, "");
    assert!(document.contains("out of scope"));
}

#[test]
fn no_more_than_500_mistakes_are_listed_and_the_page_says_so() {
    let line = json!({"text": "check the battery", "labels": ["VOICE"]});
    let (folder, page) = report(SAMPLE, &vec![line; 501]);
    let data = data(&page);
    assert_eq!(data["misses"].as_array().unwrap().len(), 500);
    assert_eq!(data["misses_in_all"], 501);
    let Some(chromium) = chromium() else { return };
    let document = opened(&chromium, &folder, &page, "");
    assert!(document.contains("501 lines did not get exactly the labels they should; the 500 surest"));
}

/// At desktop widths nothing is cut off, and the whole column of reasons is in sight.
#[test]
fn no_table_is_wider_than_the_page_and_reasons_name_their_label() {
    let Some(chromium) = chromium() else { return };
    let long = "FILE_MANAGER_OF_THE_SECOND_COMPUTER_IN_THE_LIVING_ROOM";
    let mut lines = heldout();
    lines.push(json!({"text": "summarise the pdf file in my downloads folder", "labels": [long]}));
    lines.push(json!({"text": format!("check the battery of {}", "x".repeat(300)), "labels": ["VOICE"]}));
    let (folder, page) = report(SAMPLE, &lines);
    let made = data(&page);
    let misses = made["misses"].as_array().unwrap();
    let explained = misses.iter().filter(|miss| miss["explanation"].is_object()).count();
    let own = &made["curve"]["own"];
    assert!(made["curve"]["points"].as_array().unwrap().contains(own), "the dot lies on the curve: {own}");
    let measure = r#"<script>
        const wide = [document.documentElement, ...document.querySelectorAll(".scroll")]
            .filter(node => node.scrollWidth > node.clientWidth).map(node => node.getAttribute("aria-label") || "page");
        const cut = [...document.querySelectorAll(".grams")].filter(list => {
            const [inner, outer] = [list, list.closest(".scroll")].map(node => node.getBoundingClientRect());
            return inner.width < 150 || inner.left < outer.left || inner.right > outer.right;
        });
        document.documentElement.dataset.wide = wide.join();
        document.documentElement.dataset.cut = cut.length;
    </script></body>"#;
    let page = page.replace("</body>", measure);
    for width in [500, 800, 1024, 1160, 1280, 1440, 1920] {
        let document = opened_at(&chromium, &folder, &page, "", width);
        let root = document.split("<html").nth(1).unwrap().split('>').next().unwrap();
        assert!(
            root.contains(r#"data-wide="""#) && root.contains(r#"data-cut="0""#),
            "at {width} px: {root}"
        );
        assert_eq!(document.matches(r#"<span class="of">for "#).count(), explained);
    }
}
