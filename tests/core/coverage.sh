#!/bin/sh
# Usage: coverage.sh BUILD SOURCE...
#
# Adds up what gcov says of the programs in BUILD, whose objects of the core are in
# BUILD/core: lines per file and in all. A line counts as reached when any program that
# includes it got there. Lines that none reached are listed in BUILD/missing.txt. Fails
# below LEAST percent (default 95) in all.
set -eu
build=$1
shift
objects=
for source in "$@"; do
  objects="$objects $build/core/$(basename "$source" .c).o"
done
# shellcheck disable=SC2086
gcov --stdout $objects 2>/dev/null | awk -v missing="$build/missing.txt" -v least="${LEAST:-95}" '
  # count:line:text, where the count is "-" (no code), "#####" (not reached) or a number
  {
    n = split($0, part, ":")
    count = part[1]
    line = part[2] + 0
    gsub(/ /, "", count)
    if (line == 0) {
      if (part[3] == "Source") {
        file = part[4]
        sub(/^.*src\/core\//, "", file)
        is_core = part[4] ~ /src\/core\/[^\/]*$/
      }
      next
    }
    if (!is_core || count == "-") {
      next
    }
    key = file SUBSEP line
    if (!(key in reached)) {
      reached[key] = 0
      lines[file]++
      text[key] = substr($0, index($0, ":") + 1)
    }
    if (count !~ /^[#=]/ && !reached[key]) {
      reached[key] = 1
      good[file]++
    }
  }
  END {
    for (key in reached) {
      if (!reached[key]) {
        split(key, place, SUBSEP)
        printf "%s:%s\n", place[1], text[key] | "sort -t: -k1,1 -k2,2n >" missing
      }
    }
    close("sort -t: -k1,1 -k2,2n >" missing)
    for (file in lines) {
      printf "%6.2f %%  %5d of %5d  %s\n", 100 * good[file] / lines[file], good[file],
        lines[file], file | "sort -k5"
      all += lines[file]
      all_good += good[file]
    }
    close("sort -k5")
    if (all == 0) {
      print "no lines"
      exit 1
    }
    percent = 100 * all_good / all
    printf "%6.2f %%  %5d of %5d  in all\n", percent, all_good, all
    exit percent < least
  }'
