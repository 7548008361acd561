#!/bin/sh
# Usage: run.sh BUILD SECONDS JOBS TARGET...
#
# Runs each target for so many seconds, JOBS of them side by side, from its kept corpus;
# with 0 seconds, once over the corpus. New inputs that reach new code are kept in
# BUILD/new/TARGET, what breaks a target in BUILD/crash-*. SEED, if it is set, is where the
# random numbers start, so that the next run tries the same. Shows per target how many
# inputs it executed; the last line is "N passed, N failed", in targets.
set -u
build=$1
seconds=$2
jobs=$3
shift 3
results=$build/results
rm -rf "$results"
mkdir -p "$results"

# Freed memory is used again soon, which is faster than asking the system for other.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}:quarantine_size_mb=8"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
# The C library converts numbers for the naive readers.
export LC_ALL=C

run_target() {
  mkdir -p "$build/new/$1"
  if [ "$seconds" -eq 0 ]; then
    set -- "$1" -runs=0
  else
    set -- "$1" -max_total_time="$seconds"
  fi
  log=$results/$1.log
  longest=4096
  largest=0 # allocation: as all together
  if [ "$1" = state ]; then
    longest=8192 # two files, with a table for all that a state has
    largest=64   # whatever a file claims
  fi
  "$build/$1" "$2" -seed="${SEED:-0}" -max_len="$longest" \
    -malloc_limit_mb="$largest" -rss_limit_mb=2500 -dict=signals.dict -timeout=30 -print_final_stats=1 -artifact_prefix="$build/crash-$1-" \
    "$build/new/$1" "corpus/$1" >"$log" 2>&1 </dev/null
  status=$?
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ "$status" -eq 0 ]; then
    echo "ok      $1  ${executed:-?} executed"
    : >"$results/$1.passed"
  else
    grep -v '^#' "$log" | tail -n 60
    echo "FAILED  $1  ${executed:-?} executed, exit status $status"
    : >"$results/$1.failed"
  fi
}

running=0
for target in "$@"; do
  run_target "$target" &
  running=$((running + 1))
  if [ "$running" -eq "$jobs" ]; then # the rest in pairs: all take the same time
    wait
    running=0
  fi
done
wait
passed=$(find "$results" -name '*.passed' | wc -l)
failed=$(($# - passed))
echo "$((passed)) passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
