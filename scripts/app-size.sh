#!/usr/bin/env bash
# What the library adds to an app: links stripped C programs with the static library that ships, and checks their sizes. Needs
# `scripts/dist.sh staticlib`.
set -euo pipefail
cd "$(dirname "$0")/.."
# What they are now and 3 %; the aims are 600,000 and 1,050,000.
predict_limit=737000 train_limit=1475000
library=$(realpath "${CARGO_TARGET_DIR:-target}")/$(rustc -vV | sed -n 's/^host: //p')/dist/libintentkit.a
[ -f "$library" ] || { echo "app-size: $library is missing; run scripts/dist.sh staticlib first"; exit 1; }
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
# size SOURCE LIMIT WHAT
size() {
  "${CC:-cc}" -Os -Iinclude "$1" "$library" -Wl,--gc-sections -s -lpthread -ldl -lm -o "$made/program"
  local bytes
  bytes=$(stat -c %s "$made/program")
  echo "a stripped C program that $3: $bytes bytes, at most $2"
  [ "$bytes" -le "$2" ]
}
size scripts/resident.c $predict_limit "loads a model and predicts"
size examples/hello.c $train_limit "trains and predicts"
