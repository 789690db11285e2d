#!/usr/bin/env bash
# Shows that the static library which ships can live beside other Rust libraries in one program: beside a copy of itself whose calls have
# other names, as another version of it might, and beside an ordinary one that panics and catches that. All objects of all three are linked,
# needed or not. On Linux the program runs; for a Mac it is linked only. Needs what scripts/release.sh makes.
set -euo pipefail
cd "$(dirname "$0")/.."
built=$(realpath "${CARGO_TARGET_DIR:-target}")
host=$(rustc -vV | sed -n 's/^host: //p')
ours=$built/$host/dist/libintentkit.a mac=$built/aarch64-apple-darwin/dist/libintentkit.a
for library in "$ours" "$mac"; do
  [ -f "$library" ] || { echo "beside: $library is missing; run scripts/release.sh first"; exit 1; }
done
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

# Another version: the same calls under other names.
sed 's/^intent_\(.*\)/& other_version_\1/' tests/exports.txt >"$made/names"
objcopy --redefine-syms="$made/names" "$ours" "$made/other_version.a"
rustc --edition 2024 -O --crate-type staticlib scripts/beside.rs -o "$made/other.a"

"${CC:-cc}" -O2 -Wall -Wextra -Werror -Iinclude -Dmain=remake -c scripts/remake.c -o "$made/remake.o"
objcopy --redefine-syms="$made/names" --redefine-sym remake=remake_with_other_version "$made/remake.o" "$made/remake_with_other_version.o"
cat >"$made/main.c" <<'MAIN'
#include <stdbool.h>
#include <stddef.h>
int remake(int, char **), remake_with_other_version(int, char **);
bool other_catches(size_t);
int main(void) {
  char *one[] = {"", "models/assistant.jsonl", ONE}, *other[] = {"", "models/assistant.jsonl", OTHER};
  return remake(3, one) || !other_catches(7) || remake_with_other_version(3, other) || !other_catches(8);
}
MAIN
"${CC:-cc}" -O2 -DONE="\"$made/one.intent\"" -DOTHER="\"$made/other.intent\"" "$made/main.c" "$made"/remake*.o \
  -Wl,--whole-archive "$ours" "$made/other_version.a" "$made/other.a" -Wl,--no-whole-archive -lpthread -ldl -lm -o "$made/program"
"$made/program" >/dev/null 2>"$made/said" || { cat "$made/said"; exit 1; }
[ "$(grep -c 'index out of bounds' "$made/said")" = 2 ] || { echo "beside: the other library's panics were not seen"; cat "$made/said"; exit 1; }
for model in one other; do cmp "$made/$model.intent" models/assistant.intent; done
echo "beside a copy of itself and another Rust library the static library trains the sample, byte for byte"

# What the other library needs of the system is left open.
lld=$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
rustc --edition 2024 -O --crate-type staticlib --target aarch64-apple-darwin scripts/beside.rs -o "$made/other-mac.a"
"$lld" -flavor darwin -dylib -arch arm64 -platform_version macos 12.0 12.0 -undefined dynamic_lookup \
  -force_load "$mac" -force_load "$made/other-mac.a" -o "$made/program.dylib"
echo "for a Mac, the static library links beside another Rust library"
