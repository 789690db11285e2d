#!/usr/bin/env bash
# Builds the dynamic library that ships, and checks its size and how much memory a host has resident that opens the sample
# model and predicts.
set -euo pipefail
cd "$(dirname "$0")/.."
# What it is now and 3 %; the aim is 1,000,000.
library_limit=1560000
memory_limit=8000

scripts/dist.sh cdylib --quiet
folder=$(realpath "${CARGO_TARGET_DIR:-target}")/dist
program=$(mktemp)
trap 'rm -f "$program"' EXIT
"${CC:-cc}" -O2 -Iinclude scripts/resident.c -o "$program" "$folder/libintentkit.so" -Wl,-rpath,"$folder"

bytes=$(stat -c %s "$folder/libintentkit.so")
echo "libintentkit.so: $bytes bytes, at most $library_limit"
texts=$(sed -nE 's/.*"text": *"([^"\\]*)".*/\1/p' models/assistant.jsonl)
found=$("$program" models/assistant.intent <<<"$texts")
echo "a C program with the sample model: $found, where $memory_limit kB are allowed"
[ "$bytes" -le "$library_limit" ] && [ "${found%% *}" -le "$memory_limit" ]
