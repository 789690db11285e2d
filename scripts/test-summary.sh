#!/usr/bin/env bash
# Counts what a log of `cargo test` holds: passed, failed and ignored tests, and tests that skipped themselves.
#
#   cargo test --release 2>&1 | tee test.log; scripts/test-summary.sh test.log
#
# A test that can't run here, for want of a tool or of data, passes and prints a line "skipped: why" on standard error. Every
# reason is listed with how often it was given. Fails if a test failed, or if the log holds no test result.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: scripts/test-summary.sh LOG" >&2; exit 2; }
awk '
  # "test result: ok. 51 passed; 0 failed; 1 ignored; ..."
  /^test result: / {
    results++
    for (i = 2; i <= NF; i++) {
      if ($i ~ /^passed;?$/) passed += $(i - 1)
      if ($i ~ /^failed;?$/) failed += $(i - 1)
      if ($i ~ /^ignored;?$/) ignored += $(i - 1)
    }
  }
  # Standard error may stand in the middle of a line that a test harness has begun: "test name ... skipped: why".
  match($0, /(^|[ .])skipped: /) {
    why = substr($0, RSTART + RLENGTH)
    # The harness may end the line it has begun.
    sub(/ *(ok)?$/, "", why)
    skipped++
    if (!(why in times)) order[++reasons] = why
    times[why]++
  }
  END {
    printf "%d passed, %d failed, %d ignored, %d skipped themselves\n", passed, failed, ignored, skipped
    for (i = 1; i <= reasons; i++) printf "  skipped %d: %s\n", times[order[i]], order[i]
    if (results == 0) { print "no test result in the log"; exit 1 }
    exit failed > 0
  }' "$1"
