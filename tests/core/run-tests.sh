#!/bin/sh
# Runs the test programs named as arguments and adds up their counts. A program that
# ends without a count, or badly in spite of a good one, is one failure more. The last
# line is "N passed, N failed"; the exit status is 0 only if something ran and all held.
# RUNNER, if it is set, is the command that runs a program. Lines "left out: ..." are shown.
# An argument NAME=VALUE sets a variable for the programs after it.
set -u

passed=0
failed=0
for program in "$@"; do
  case $program in
    *=*) export "${program?}" && continue ;;
  esac
  # shellcheck disable=SC2086
  output=$(${RUNNER:-} "$program" 2>&1 </dev/null)
  status=$?
  output=$(printf '%s\n' "$output" | tr -d '\r') # Windows ends lines with it
  counts=$(printf '%s\n' "$output" |
    sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p' | tail -n 1)
  good=${counts% *}
  bad=${counts#* }
  if [ -z "$counts" ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
    good=${good:-0}
    bad=1
    output="$output
exit status $status"
  fi
  if [ "$bad" -gt 0 ]; then
    printf '%s\n' "$output"
  else
    printf '%s\n' "$output" | grep '^left out: '
  fi
  printf '%-40s %s passed, %s failed\n' "$program" "$good" "$bad"
  passed=$((passed + good))
  failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
