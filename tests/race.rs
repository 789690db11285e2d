//! A deliberate data race for the thread sanitizer to find: one that was not linked in would let
//! everything pass.

use std::thread;

static mut COUNT: u64 = 0;

#[test]
#[ignore = "a data race, made on purpose: run it under the thread sanitizer, which must fail it"]
fn two_threads_count_without_asking_each_other() {
    let count = || {
        for _ in 0..1000 {
            // SAFETY: none; this is the deliberate bug.
            unsafe { COUNT = std::hint::black_box(COUNT) + 1 };
        }
    };
    let other = thread::spawn(count);
    count();
    other.join().unwrap();
}
