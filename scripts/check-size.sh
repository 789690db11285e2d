#!/usr/bin/env bash
# Builds the dynamic library that ships, and checks its size, how much memory a host has resident that opens the sample model
# and predicts, that it trains the sample byte for byte, its standard library being compiled in another way, and how much stack its calls take.
set -euo pipefail
cd "$(dirname "$0")/.."
# One per cent over what it is now; the aim is 1,000,000.
library_limit=2100000
memory_limit=8000

scripts/dist.sh cdylib --quiet
folder=$(realpath "${CARGO_TARGET_DIR:-target}")/$(rustc -vV | sed -n "s/^host: //p")/dist
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
for source in scripts/resident scripts/remake tests/c/stack; do
  "${CC:-cc}" -O2 -Wall -Wextra -Werror -Iinclude $source.c -o "$made/${source##*/}" "$folder/libintentkit.so" -lpthread -Wl,-rpath,"$folder"
done

bytes=$(stat -c %s "$folder/libintentkit.so")
echo "libintentkit.so: $bytes bytes, at most $library_limit"
texts=$(sed -nE 's/.*"text": *"([^"\\]*)".*/\1/p' models/assistant.jsonl)
found=$("$made/resident" models/assistant.intent <<<"$texts")
echo "a C program with the sample model: $found, where $memory_limit kB are allowed"
"$made/remake" models/assistant.jsonl "$made/sample.intent"
cmp "$made/sample.intent" models/assistant.intent && echo "a C program trains the sample with it, byte for byte"
"$made/stack" "$made" && echo "with it a prediction fits a thread with 64 kB of stack, and every other call one with 256 kB"
[ "$bytes" -le "$library_limit" ] && [ "${found%% *}" -le "$memory_limit" ]
