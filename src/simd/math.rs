//! Elementary functions in plain float32 arithmetic, with the same bits on every system (a system's
//! own `expf` differs between platforms). They are inlined into the kernels and vectorised there.

/// Returns `e^x`, accurate to 2 units in the last place. Clamps `x` to ±87, so the result is finite
/// and over 0.
///
/// Range reduction to `2^n * e^r`, `|r| <= ln 2 / 2`, and the degree-5 polynomial of Cephes' `expf`
/// (Moshier, 1989).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    /// Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let rounded = x * LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let e = p * (r * r) + r + 1.0;
    // 2^n by its exponent bits. The lowest bits of the sum are n, which is in -126..=126.
    e * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}
