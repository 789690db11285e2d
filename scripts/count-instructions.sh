#!/usr/bin/env bash
# Counts the instructions of a prediction, from text to labels, for the kernel sets that emulators run. Unlike times, counts
# don't depend on the machine's load; they say nothing of cache misses and of how many instructions a cycle takes in.
#
#   scripts/count-instructions.sh [--check | --record] [MODEL TEXTS]
#
# --check compares with benches/instructions.txt and fails when a set takes over 3 % more; --record writes that file. Both
# are for the sample model and its held-out texts, which are the default. TEXTS is in any format that `intent` reads.
#
# The count is the difference between two passes over the texts and one, so that start and end cancel out. x86-64 runs
# under valgrind, which has no AVX-512, so `avx512` isn't counted; arm64 runs under qemu on three CPUs, one for each set.
# Needs an x86-64 Debian with valgrind, qemu-user, gcc, gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and Rust's target
# aarch64-unknown-linux-gnu.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '5s/^# *//p' "$0" >&2; exit 2; }
mode=print model=models/assistant.intent texts=models/assistant-heldout.jsonl
case ${1-} in
  --check | --record) mode=${1#--}; shift; [ $# -eq 0 ] || usage ;;
  -*) usage ;;
esac
if [ $# -eq 2 ]; then model=$1 texts=$2; elif [ $# -ne 0 ]; then usage; fi
recorded=benches/instructions.txt
arm=aarch64-unknown-linux-gnu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
cargo build --release --quiet --example predict_lines
cargo build -p intentkit --release --quiet --example predict_lines --target $arm
cc -O2 -Wall -Wextra -Werror -shared -fPIC benches/instructions/insn.c -o "$folder/libinsn.so"
built=${CARGO_TARGET_DIR:-target}

# executed SET PASSES: instructions of the whole program.
executed() {
  case $1 in
    portable | avx2)
      INTENTKIT_KERNELS=$1 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$built/release/examples/predict_lines" "$model" "$texts" "$2" ;;
    *)
      local cpu
      case $1 in neon) cpu=cortex-a53 ;; neon-dotprod) cpu=cortex-a76 ;; neon-i8mm) cpu=max,sve=off ;; esac
      INTENTKIT_KERNELS=$1 qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu "$cpu" -plugin "$folder/libinsn.so" -d plugin \
        "$built/$arm/release/examples/predict_lines" "$model" "$texts" "$2" ;;
  esac >"$folder/answers" 2>"$folder/log" || { cat "$folder/log" >&2; return 1; }
  # A set that can't run is passed over without a word, and another would be counted.
  grep -qx "kernels $1" "$folder/log" || { echo "$1 doesn't run here: $(grep ^kernels "$folder/log")" >&2; return 1; }
  sed -nE 's/^(instructions|.*Collected :) ([0-9]+)$/\2/p' "$folder/log"
}

counts=$folder/counts
for set in portable avx2 neon neon-dotprod neon-i8mm; do
  once=$(executed $set 1)
  twice=$(executed $set 2)
  lines=$(wc -l <"$folder/answers")
  printf '%-13s %8d\n' $set $(((twice - once) / lines))
done >"$counts"
cat "$counts"

case $mode in
  record)
    {
      echo "# Instructions of a prediction, the mean over the sample's held-out texts; $(rustc --version | cut -d' ' -f1,2)."
      echo "# Written by scripts/count-instructions.sh --record, held to by --check."
      cat "$counts"
    } >$recorded ;;
  check)
    awk -v command="scripts/count-instructions.sh --record" '
      /^#/ { next }
      NR == FNR { before[$1] = $2; next }
      !($1 in before) { print $1 " is not in benches/instructions.txt: run " command; failed = 1; next }
      $2 > before[$1] * 1.03 {
        printf "%s: a prediction takes %d instructions, over 3 %% more than the %d of benches/instructions.txt; ", $1, $2, before[$1]
        print "find out why, or if it is worth it run " command; failed = 1
      }
      $2 < before[$1] * 0.97 {
        printf "%s: a prediction takes %d instructions, fewer than the %d of benches/instructions.txt; ", $1, $2, before[$1]
        print "record the gain with " command
      }
      END { exit failed }' $recorded "$counts" ;;
esac
