//! Random numbers from a fixed algorithm (ChaCha with 8 rounds, seeded as by rand_core's
//! `seed_from_u64`), so that a seed gives the same numbers on every machine and in every version.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Uses of randomness, each with its own stream: a change to one doesn't affect the others.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Holdout = 1,
    Weights = 2,
    Table = 3,
    Minibatches = 4,
    Trial = 5,
    Learning = 6,
    Fragments = 7,
}

pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(purpose as u64);
        Random(generator)
    }

    /// Uniform in 0..1, 24 bits.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// Uniform in -1..1.
    pub(crate) fn symmetric(&mut self) -> f32 {
        2.0 * self.unit() - 1.0
    }

    /// Standard normal (Box and Muller, 1958).
    pub(crate) fn normal(&mut self) -> f32 {
        // 1 - unit() is never 0.
        let radius = (-2.0 * libm::log(f64::from(1.0 - self.unit()))).sqrt();
        (radius * libm::cos(std::f64::consts::TAU * f64::from(self.unit()))) as f32
    }

    /// Uniform in 0..bound. Returns 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // Taking the high half of a product has a bias below 2^-32 times any bound used here.
        ((u64::from(self.0.next_u32()) * bound as u64) >> 32) as usize
    }

    /// A uniform permutation (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Fills with uniform bytes.
    pub(crate) fn bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}
