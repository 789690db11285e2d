//! Another Rust library, for scripts/beside.sh: it panics and catches that.

/// Whether an index out of range was a panic, and another one was not.
#[unsafe(no_mangle)]
pub extern "C" fn other_catches(index: usize) -> bool {
    let caught = |index: usize| {
        std::thread::spawn(move || std::panic::catch_unwind(|| [1, 2, 3][index]).is_err()).join().unwrap_or(false)
    };
    caught(index) && !caught(index % 3)
}
