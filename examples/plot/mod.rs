//! Diagrams for the documentation.

use std::fmt::Write as _;

const COLOURS: [&str; 3] = ["#0a58ca", "#b02a37", "#146c43"];

/// Draws named lines through points, with both axes logarithmic. The second value of a point is in
/// microseconds.
pub fn lines(title: &str, x_name: &str, series: &[(&str, &[(f64, f64)])]) -> String {
    const WIDTH: f64 = 720.0;
    const HEIGHT: f64 = 360.0;
    const MARGIN: f64 = 64.0;
    let decades = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
        (low.log10().floor(), high.log10().ceil())
    };
    let x_range = decades(&mut series.iter().flat_map(|s| s.1).map(|p| p.0));
    let y_range = decades(&mut series.iter().flat_map(|s| s.1).map(|p| p.1));
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
            count(value)
        );
    }
    for value in powers(y_range) {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left - 8.0,
            y(value) + 4.0,
            time(value)
        );
    }
    let _ =
        writeln!(svg, "<text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{x_name}</text>", HEIGHT - 14.0);
    for (&(name, points), colour) in series.iter().zip(COLOURS) {
        let path: Vec<String> = points.iter().map(|&(a, b)| format!("{:.1},{:.1}", x(a), y(b))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
        for &(a, b) in points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"><title>{a}: {}</title></circle>",
                x(a),
                y(b),
                time(b)
            );
        }
        if let Some(&(a, b)) = points.last() {
            let (a, b) = (x(a) + 10.0, y(b) + 4.0);
            let _ = writeln!(svg, "<text x=\"{a:.1}\" y=\"{b:.1}\" fill=\"{colour}\">{name}</text>");
        }
    }
    svg + "</svg>\n"
}

fn count(value: f64) -> String {
    match value {
        1e6.. => format!("{}M", value / 1e6),
        1e3.. => format!("{}k", value / 1e3),
        _ => format!("{value}"),
    }
}

/// Formats microseconds in the unit that gives the shortest number.
fn time(value: f64) -> String {
    match value {
        1e6.. => format!("{} s", round(value / 1e6)),
        1e3.. => format!("{} ms", round(value / 1e3)),
        _ => format!("{} µs", round(value)),
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
