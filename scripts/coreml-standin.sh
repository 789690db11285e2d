#!/usr/bin/env bash
# Runs the engine over the crate coreml-rs, with the crate's own Swift code, against a module that stands in for Core ML. Needs what
# scripts/swift-root.sh needs; says so in a line where it is missing (exit code 3).
set -euo pipefail
cd "$(dirname "$0")/.."
root=${INTENTKIT_SWIFT_ROOT:-$PWD/target/swift-root}
scripts/swift-root.sh true
# Into the root: the crate writes into its own sources when it is built, and there is no network inside.
CARGO_HOME=$root/cargo cargo fetch --quiet --locked
mkdir -p "$root/standin"
cp -r tests/coreml-standin/. "$root/standin/"
cat >"$root/standin/swift" <<'SWIFT'
#!/bin/sh
# The real Swift, which finds the stand-in under Core ML's name.
[ "$1" = build ] || exec /usr/bin/swift "$@"
exec /usr/bin/swift "$@" -Xswiftc -I -Xswiftc /standin/.build/release/Modules
SWIFT
chmod +x "$root/standin/swift"
scripts/swift-root.sh swift build --quiet --package-path /standin -c release
INTENTKIT_SWIFT_ENV='RUSTFLAGS=--cfg coreml_standin
PATH=/standin:/rust/bin:/usr/bin:/bin
CARGO_TARGET_DIR=/cargo/target
INTENTKIT_COREML_STANDIN=/standin/.build/release
STANDIN_STRICT_URL=1
CARGO_TERM_COLOR=never' \
  scripts/swift-root.sh sh -c 'cd /src && cargo test -p intentkit --offline --features coreml-rs --test coreml_rs'
