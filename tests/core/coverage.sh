#!/bin/sh
# Usage: coverage.sh BUILD SOURCE...
#
# Adds up what gcov says of the programs in BUILD, whose objects of the core are in
# BUILD/core: lines per file and in all, and for each status of dm_error.h how many of
# the places that raise it were reached. A line counts as reached when any program that
# includes it got there. Lines that none reached are listed in BUILD/missing.txt. Fails
# below LEAST percent (default 95) in all, and when no place of a status was reached.
set -eu
build=$1
shift
objects=
for source in "$@"; do
  folder=$(basename "$(dirname "$source")")
  objects="$objects $build/core/$folder/$(basename "$source" .c).o"
done
statuses=$(sed -n 's/^ *\(DM_E_[A-Z]*\),\{0,1\}\( .*\)\{0,1\}$/\1/p' "$(dirname "$1")/../base/dm_error.h")
# shellcheck disable=SC2086
gcov --stdout $objects 2>/dev/null | awk -v missing="$build/missing.txt" \
  -v least="${LEAST:-95}" -v statuses="$(echo $statuses)" '
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
        is_core = part[4] ~ /src\/core\/[^\/]*\/[^\/]*$/
        is_comment = 0
      }
      next
    }
    if (!is_core) {
      next
    }
    code = part[3]
    for (i = 4; i <= n; i++) {
      code = code ":" part[i]
    }
    whole = code
    # no comment of this code stands before other code on its line
    if (is_comment) {
      is_comment = code !~ /\*\//
      next
    }
    if (sub(/\/\*.*/, "", code)) {
      is_comment = whole !~ /\*\//
    }
    if (count != "-") {
      key = file SUBSEP line
      if (!(key in reached)) {
        reached[key] = 0
        lines[file]++
        text[key] = whole
      }
      if (count !~ /^[#=]/ && !reached[key]) {
        reached[key] = 1
        good[file]++
      }
    }
    # A status is raised where it is not compared with; the line may go on a statement,
    # whose count stands at its beginning.
    gsub(/[=!]= DM_E_[A-Z]+/, "", code)
    while (match(code, /DM_E_[A-Z]+/)) {
      raises[key] = raises[key] " " substr(code, RSTART, RLENGTH)
      code = substr(code, RSTART + RLENGTH)
    }
  }
  END {
    for (key in reached) {
      if (!reached[key]) {
        split(key, place, SUBSEP)
        shown = place[1] ":" place[2] ":" text[key]
        print shown | "sort -t: -k1,1 -k2,2n >" missing
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

    for (key in raises) {
      n = split(raises[key], names, " ")
      for (i = 1; i <= n; i++) {
        if (!((names[i], key) in seen)) {
          seen[names[i], key] = 1
          places[names[i]]++
          places_good[names[i]] += reached[key]
        }
      }
    }
    n_statuses = split(statuses, names, " ")
    for (i = 1; i <= n_statuses; i++) {
      printf "%-16s raised in %3d of %3d places\n", names[i], places_good[names[i]],
        places[names[i]]
      unreached += !places_good[names[i]]
    }
    exit percent < least || unreached || !n_statuses
  }'
