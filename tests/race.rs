//! A mistake for the thread sanitizer to find: otherwise one that was never linked in would pass everything.

use std::thread;

static mut COUNT: u64 = 0;

#[test]
#[ignore = "a data race, made on purpose: run it under the thread sanitizer, which must fail it"]
fn two_threads_count_without_asking_each_other() {
    let count = || {
        for _ in 0..1000 {
            // SAFETY: none. That is the point.
            unsafe { COUNT = std::hint::black_box(COUNT) + 1 };
        }
    };
    let other = thread::spawn(count);
    count();
    other.join().unwrap();
}
