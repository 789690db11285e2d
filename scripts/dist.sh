#!/usr/bin/env bash
# Builds a library that ships: scripts/dist.sh cdylib|staticlib [cargo's options, such as --target].
#
# One crate type in a build: with several, cargo silently drops the link-time optimisation. The compiler inlines and unrolls
# less than by itself, which costs no prediction anything (what has to be inlined says so) and takes a tenth off the size:
# docs/performance.md, "Size".
set -euo pipefail
cd "$(dirname "$0")/.."
crate_type=${1:?cdylib or staticlib}
shift
exec cargo rustc --profile dist --no-default-features --lib --crate-type "$crate_type" "$@" -- \
  -C llvm-args='--inline-threshold=10 --inlinehint-threshold=200 --unroll-threshold=100'
