//! Numbers as people read them.

/// `1369` → `1,369`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 label`, `8 labels`.
pub fn of(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `2.21 MB`, in millions of bytes.
pub fn bytes(number: usize) -> String {
    match number {
        ..1_000 => of(number, "byte"),
        1_000..1_000_000 => format!("{:.1} kB", number as f64 / 1e3),
        _ => format!("{:.2} MB", number as f64 / 1e6),
    }
}

/// `0.934` → `93.4 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `12.3 µs`, `1.23 ms`, `2.1 s`.
pub fn microseconds(time: f64) -> String {
    if time < 10.0 {
        format!("{time:.2} µs")
    } else if time < 1e3 {
        format!("{time:.1} µs")
    } else if time < 1e6 {
        format!("{:.2} ms", time / 1e3)
    } else {
        format!("{:.1} s", time / 1e6)
    }
}

/// Rounded for JSON: nobody reads the picoseconds.
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}
