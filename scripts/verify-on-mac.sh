#!/usr/bin/env bash
# For whoever has a Mac: builds, tests, compiles the sample's packages with Apple's compiler, and loads every precision on every choice of
# compute units: parity with the CPU, placement, latency. Progress goes to standard error; the last line, on standard output, is one JSON
# object to send back. Needs Xcode's command-line tools and Rust.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(uname -s)" = Darwin ] || { echo "verify-on-mac: this is no Mac; there is nothing to verify here" >&2; exit 3; }

say() { printf '%s\n' "$1" >&2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

say "building and testing"
cargo build --release --quiet >&2
tests=failed
cargo test --release --quiet >&2 && tests=passed
swift=failed
INTENTKIT_LIB_DIR=$PWD/target/release swift test >&2 && swift=passed

packages=
for precision in float16 float32 int8; do
  target/release/intent export --model models/assistant.intent --output "$folder/$precision.mlpackage" --precision $precision >&2
  compiled=false
  xcrun coremlcompiler compile "$folder/$precision.mlpackage" "$folder" >&2 && compiled=true
  packages+="${packages:+, }\"$precision\": $compiled"
  say "$precision: compiled $compiled"
done

say "loading every precision on every choice of compute units"
core_ml=$(cargo run --release --quiet --example core_ml -- models/assistant.intent models/assistant-heldout.jsonl)

say "measuring"
bench=$(target/release/intent bench --model models/assistant.intent models/assistant-heldout.jsonl --engine core-ml --json)
printf '{"system": "%s", "machine": "%s", "tests": "%s", "swift": "%s", "compiled": {%s}, "core_ml": %s, "bench": %s}\n' \
  "$(sw_vers -productVersion) $(sw_vers -buildVersion)" "$(sysctl -n machdep.cpu.brand_string)" "$tests" "$swift" "$packages" "$core_ml" "$bench"
