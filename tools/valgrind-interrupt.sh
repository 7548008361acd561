#!/bin/sh
# Usage: valgrind-interrupt.sh
#
# Interrupts R under valgrind while it reads: files of far more than a gigabyte, then a
# FIFO that never ends. Both times it must come back to the prompt with the condition that
# Ctrl-C raises, the next reading must be right, and at the end no block may be lost.
# The last line is "N passed, N failed".
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-interrupt.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

sh tools/install-package.sh "$work/library" >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}

line='{"id": 1, "label": 0, "probs": [0.7, 0.3], "loss": 0.125}'
yes "$line" | head -n 400000 >"$work/large.jsonl"
mkfifo "$work/endless"
yes "$line" >"$work/endless" 2>/dev/null &

cat >"$work/child.R" <<'END'
at <- function(name) file.path(commandArgs(TRUE), name)
library(datacarto)
readings <- list(files = rep(at("large.jsonl"), 1000), fifo = at("endless"))
cat(Sys.getpid(), file = at("pid"))
for (kind in names(readings)) {
  file.create(at(paste0(kind, "-ready")))
  how <- tryCatch(
    {
      datamap_summarise(readings[[kind]])
      "the end"
    },
    interrupt = function(e) "interrupt"
  )
  map <- datamap_summarise(at("large.jsonl"))
  cat(how, map$evaluations, file = at("part"))
  file.rename(at("part"), at(paste0(kind, "-done")))
}
END
valgrind="valgrind --leak-check=full --errors-for-leak-kinds=definite,indirect"
valgrind="$valgrind --error-exitcode=99 --log-file=$work/valgrind"
R_LIBS=$work/library${R_LIBS:+:$R_LIBS} R --vanilla --no-echo -d "$valgrind" \
  --args "$work" <"$work/child.R" &
child=$!

wait_for() {
  seconds=0
  while [ ! -e "$work/$1" ]; do
    seconds=$((seconds + 1))
    if [ $seconds -gt 300 ]; then
      echo "no $1 after 300 s"
      exit 1
    fi
    sleep 1
  done
}

failed=0
check() {
  if [ "$2" = "$3" ]; then
    echo "ok: $1: $2"
  else
    failed=$((failed + 1))
    echo "FAILED: $1: $2 instead of $3"
  fi
}

for kind in files fifo; do
  wait_for $kind-ready
  # Long enough that it is in the midst of reading.
  sleep 5
  kill -INT "$(cat "$work/pid")"
  wait_for $kind-done
  check "reading the $kind ended by, and the next counted" \
    "$(cat "$work/$kind-done")" 'interrupt 400000'
done
status=0
wait $child || status=$?
check "the exit status of R under valgrind" $status 0
lost=$(sed -n 's/.*\(definitely\|indirectly\) lost: \([0-9,]*\) bytes.*/\2/p' "$work/valgrind")
check "bytes lost" "$(echo $lost)" '0 0'
[ $failed -eq 0 ] || cat "$work/valgrind"
echo "$((4 - failed)) passed, $failed failed"
[ $failed -eq 0 ]
