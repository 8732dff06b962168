//! Numbers as reports show them.

/// Scores, contributions and shares are rounded to four decimals: more would be noise.
pub(super) fn rounded(value: f64) -> f64 {
    round(value, 1e4)
}

/// Times are rounded to milliseconds.
pub(super) fn rounded_s(value: f64) -> f64 {
    round(value, 1e3)
}

/// Rounds; −0, infinity and NaN become 0.
fn round(value: f64, scale: f64) -> f64 {
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() {
        rounded + 0.0
    } else {
        0.0
    }
}
