#!/bin/sh
# Usage: check-includes.sh
#
# Which folder of src/core includes which: an arrow may only run down, and a file includes
# by the name of the folder, so that a wrong one is seen where it is written. Nor is there
# a circle among modules, each a header and the .c file of its name. README.md there has a
# row for each module, under its folder, and no other. Prints the arrows with how many
# includes make each. The last line is "N passed, N failed", in includes and modules; a
# circle counts as one that failed. The exit status is 0 only if none did.
set -u
cd "$(dirname "$0")/../src/core"

# FILE FOLDER/HEADER of every include in quotes
includes=$(grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*"' ./*.[ch] ./*/*.[ch] \
  2>/dev/null | sed 's|^\./||; s|:[^"]*"| |; s|"$||')

# the modules of each include, one with itself left out
loops=$(echo "$includes" | sed 's|[^ ]*/||g; s|\.[ch]||g' | awk '$1 != $2' |
  tsort 2>&1 >/dev/null | sed 's/^tsort: //')

# FOLDER/MODULE of the files, and of the rows of README.md
modules=$(ls ./*/*.[ch] | sed 's|^\./||; s|\.[ch]$||' | sort -u)
listed=$(awk '/^## /{ folder = $2; sub(/:$/, "", folder) }
  /^\| `/{ gsub(/`/, "", $2); print folder "/" $2 }' README.md | sort)
differ=$({ echo "$modules"; echo "$listed"; } | sort | uniq -u)

echo "$includes" | awk -v differ="$differ" -v n_modules="$(echo "$modules" | wc -l)" -v loops="$loops" '
  BEGIN {
    # each folder, and those below it
    below["files"] = "summary signals io number base"
    below["summary"] = "signals io number base"
    below["signals"] = "io number base"
    below["io"] = "base"
    below["number"] = "base"
    below["base"] = ""
  }
  NF {
    split($1, from, "/")
    n = split($2, to, "/")
    is_known = n == 2 && (from[1] in below) && (to[1] in below)
    if (is_known && (to[1] == from[1] || (" " below[from[1]] " ") ~ (" " to[1] " "))) {
      passed++
      if (to[1] != from[1]) {
        arrows[from[1] " -> " to[1]]++
      }
    } else {
      failed++
      print "FAILED: " $1 " includes \"" $2 "\""
    }
  }
  END {
    for (arrow in arrows) {
      printf "%-20s %3d\n", arrow, arrows[arrow] | "sort"
    }
    close("sort")
    n = split(loops, line, "\n")
    for (i = 1; i <= n; i++) {
      is_start = line[i] ~ /loop/
      failed += is_start
      print is_start ? "FAILED: a circle of" : "  " line[i]
    }
    n = split(differ, line, "\n")
    for (i = 1; i <= n; i++) {
      failed++
      print "FAILED: " line[i] " is not both a module and once in README.md"
    }
    passed += n_modules - n
    print passed + 0 " passed, " failed + 0 " failed"
    exit failed > 0 || passed == 0
  }'
