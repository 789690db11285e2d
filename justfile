# The commands people need. `just` alone lists them.

_list:
    @just --list --unsorted

# Trains the sample and asks it a few things.
demo:
    cargo run --release -- demo

# Every test this machine can run.
test *ARGUMENTS:
    cargo test --release {{ARGUMENTS}}

# What a change must pass before anything else: format, lints, documentation.
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet

# Puts the program `intent` on your path.
install:
    cargo install --path cli

# The libraries that ship: target/TRIPLE/dist.
dist:
    scripts/dist.sh cdylib
    scripts/dist.sh staticlib

# The Swift package's tests, with a library built here.
swift:
    cargo build --release --lib
    INTENTKIT_LIB_DIR={{justfile_directory()}}/target/release swift test

# Speed of the stages and of learning.
bench:
    cargo bench

# The instructions of a prediction, against those on record.
instructions:
    scripts/count-instructions.sh --check

# Everything that must hold (Debian, root, half an hour).
ci:
    .ci/run
