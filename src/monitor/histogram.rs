//! Histograms of durations in buckets of increasing width (as HdrHistogram; Tene, 2012), updated by
//! any number of threads at once.

use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets per doubling. A percentile is off by at most a thirty-second.
const STEPS: usize = 16;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Up to 2^40 ticks, which are minutes on every processor.
const DOUBLINGS: usize = 37;
const BUCKETS: usize = STEPS * DOUBLINGS;
/// Size of one histogram in bytes.
pub(super) const BYTES: usize = BUCKETS * size_of::<AtomicU64>();

/// Returns the bucket of a value: one per value up to 16, then 16 per doubling.
#[inline]
fn bucket(value: u64) -> usize {
    if value < STEPS as u64 {
        return value as usize;
    }
    let doubling = value.ilog2() - STEP_BITS;
    let step = (value >> doubling) as usize & (STEPS - 1);
    ((doubling as usize + 1) * STEPS + step).min(BUCKETS - 1)
}

/// Returns the middle of a bucket.
fn middle(bucket: usize) -> f64 {
    if bucket < STEPS {
        return bucket as f64;
    }
    let (doubling, step) = (bucket / STEPS - 1, bucket % STEPS);
    let width = (1u64 << doubling) as f64;
    (STEPS + step) as f64 * width + (width - 1.0) / 2.0
}

/// Adds to a counter. If `alone`, the thread is the only one that adds to it and needs no locked
/// instruction, which would wait for all earlier stores.
#[inline]
pub(super) fn add(counter: &AtomicU64, number: u64, alone: bool) {
    if alone {
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(number), Ordering::Relaxed);
    } else {
        counter.fetch_add(number, Ordering::Relaxed);
    }
}

/// Counters that many threads add to. The fields that every value updates come first, side by side.
#[repr(C)]
pub(super) struct Histogram {
    sum: AtomicU64,
    largest: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            sum: AtomicU64::new(0),
            largest: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Counts a value; see [`add`].
    #[inline]
    pub(super) fn record(&self, value: u64, alone: bool) {
        add(&self.buckets[bucket(value)], 1, alone);
        add(&self.sum, value, alone);
        if value > self.largest.load(Ordering::Relaxed) {
            self.largest.fetch_max(value, Ordering::Relaxed);
        }
    }

    /// Adds the counts to `total`.
    pub(super) fn add_to(&self, total: &mut Totals) {
        for (to, from) in total.buckets.iter_mut().zip(self.buckets.iter()) {
            *to += from.load(Ordering::Relaxed);
        }
        total.sum += self.sum.load(Ordering::Relaxed);
        total.largest = total.largest.max(self.largest.load(Ordering::Relaxed));
    }
}

/// The counts of several histograms.
pub(super) struct Totals {
    buckets: Vec<u64>,
    sum: u64,
    largest: u64,
}

impl Default for Totals {
    fn default() -> Self {
        Totals { buckets: vec![0; BUCKETS], sum: 0, largest: 0 }
    }
}

impl Totals {
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Returns the mean; 0 without values.
    pub(super) fn mean(&self) -> f64 {
        self.sum as f64 / self.count().max(1) as f64
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum as f64
    }

    pub(super) fn largest(&self) -> f64 {
        self.largest as f64
    }

    /// Returns the smallest value that at least `share` of all values don't exceed; 0 without
    /// values.
    pub(super) fn percentile(&self, share: f64) -> f64 {
        let wanted = (self.count() as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (i, &count) in self.buckets.iter().enumerate() {
            seen += count;
            if count > 0 && seen >= wanted {
                return middle(i).min(self.largest());
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_within_a_thirty_second_of_itself() {
        for value in
            (0..2_000).chain((11..39).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 12_345]))
        {
            let found = middle(bucket(value));
            assert!((found - value as f64).abs() <= value as f64 / 32.0, "{value} {found}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert!((1..1_000_000u64).all(|value| bucket(value) >= bucket(value - 1)));
    }

    #[test]
    fn percentiles_mean_and_largest_are_those_of_the_values() {
        let (one, other) = (Histogram::default(), Histogram::default());
        (1..=1000).for_each(|value| if value % 2 == 0 { &one } else { &other }.record(value, value % 3 == 0));
        let mut totals = Totals::default();
        one.add_to(&mut totals);
        other.add_to(&mut totals);
        let near = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 0.03, "{found} {wanted}");
        assert_eq!((totals.count(), totals.largest(), totals.mean()), (1000, 1000.0, 500.5));
        near(totals.percentile(0.5), 500.0);
        near(totals.percentile(0.95), 950.0);
        near(totals.percentile(0.99), 990.0);
        assert_eq!(Totals::default().percentile(0.5), 0.0);
    }
}
