//! What a prediction costs by the length of the text and by the number of labels: two plots for `docs/performance.md`.
//!
//! `cargo run --release --example sweep -- docs/performance` writes `length.svg` and `labels.svg` there and prints the numbers.

use intentkit::data::Example;
use intentkit::{Classifier, PredictOptions, Scored, TrainOptions};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write the plots to")?;
    std::fs::create_dir_all(&folder)?;
    let sample = Classifier::load(concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent"))?;
    let prose = "please tell me what is on my screen right now and then read the latest email aloud to me ";

    let mut by_length = vec![];
    for bytes in [10, 20, 40, 100, 400, 1_000, 4_000, 10_000, 40_000, 100_000, 400_000, 1 << 20] {
        let text: String = prose.chars().cycle().take(bytes).collect();
        by_length.push((bytes as f64, microseconds(&sample, &text)?));
    }
    println!("bytes,microseconds");
    by_length.iter().for_each(|(bytes, time)| println!("{bytes},{time:.2}"));

    let mut by_labels = vec![];
    for labels in [2, 5, 10, 20, 50, 100, 150, 500, 1_000, 2_000, 5_000] {
        let examples: Vec<Example> = (0..labels.max(20))
            .map(|i| Example::new(format!("request number {i} of word{i}"), [format!("label{}", i % labels)]))
            .collect();
        let options = TrainOptions { epochs: Some(1), label_names: false, ..TrainOptions::default() };
        let (classifier, _) = Classifier::train(&examples, &options)?;
        by_labels.push((labels as f64, microseconds(&classifier, "request number 1 of word1 and word2")?));
    }
    println!("labels,microseconds");
    by_labels.iter().for_each(|(labels, time)| println!("{labels},{time:.2}"));

    let folder = Path::new(&folder);
    let about = "A prediction by the length of the text (the sample model)";
    std::fs::write(folder.join("length.svg"), plot(about, "bytes of text", &by_length))?;
    let about = "A prediction by the number of labels (a text of 35 bytes)";
    std::fs::write(folder.join("labels.svg"), plot(about, "labels", &by_labels))?;
    Ok(())
}

/// The median time of a prediction.
fn microseconds(classifier: &Classifier, text: &str) -> Result<f64, intentkit::Error> {
    let (options, mut chosen) = (PredictOptions::default(), [Scored::default(); 4]);
    let (mut times, start) = (vec![], Instant::now());
    while times.len() < 9 || (start.elapsed() < Duration::from_millis(300) && times.len() < 20_000) {
        let before = Instant::now();
        black_box(classifier.predict_into(black_box(text), &options, &mut chosen)?);
        times.push(before.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// A line through points, both axes logarithmic.
fn plot(title: &str, x_name: &str, points: &[(f64, f64)]) -> String {
    const WIDTH: f64 = 720.0;
    const HEIGHT: f64 = 360.0;
    const MARGIN: f64 = 64.0;
    let decades = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
        (low.log10().floor(), high.log10().ceil())
    };
    let x_range = decades(&mut points.iter().map(|p| p.0));
    let y_range = decades(&mut points.iter().map(|p| p.1));
    let along = |value: f64, (low, high): (f64, f64)| (value.log10() - low) / (high - low);
    let x = |value: f64| MARGIN + along(value, x_range) * (WIDTH - 2.0 * MARGIN);
    let y = |value: f64| HEIGHT - MARGIN - along(value, y_range) * (HEIGHT - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{MARGIN}\" y=\"28\" font-size=\"15\">{title}</text>\n"
    );
    let mut line = |x1: f64, y1: f64, x2: f64, y2: f64| {
        let _ = writeln!(
            svg,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#ddd\"/>"
        );
    };
    let (left, right, top, bottom) = (MARGIN, WIDTH - MARGIN, MARGIN, HEIGHT - MARGIN);
    let powers = |(low, high): (f64, f64)| (low as i32..=high as i32).map(|power| 10f64.powi(power));
    powers(x_range).for_each(|value| line(x(value), top, x(value), bottom));
    powers(y_range).for_each(|value| line(left, y(value), right, y(value)));
    for value in powers(x_range) {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x(value),
            bottom + 20.0,
            short(value, "")
        );
    }
    for value in powers(y_range) {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left - 8.0,
            y(value) + 4.0,
            short(value, " µs")
        );
    }
    let _ =
        writeln!(svg, "<text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{x_name}</text>", HEIGHT - 14.0);
    let path: Vec<String> = points.iter().map(|&(a, b)| format!("{:.1},{:.1}", x(a), y(b))).collect();
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#0a58ca\" stroke-width=\"2\"/>",
        path.join(" ")
    );
    for &(a, b) in points {
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"#0a58ca\"><title>{a}: {b:.2} µs</title></circle>",
            x(a),
            y(b)
        );
    }
    svg + "</svg>\n"
}

fn short(value: f64, unit: &str) -> String {
    match value {
        1e6.. => format!("{}M{unit}", value / 1e6),
        1e3.. if unit.is_empty() => format!("{}k", value / 1e3),
        1e3.. => format!("{} ms", value / 1e3),
        _ => format!("{value}{unit}"),
    }
}
