#!/bin/sh
# Usage: check-shape.sh
#
# What keeps the C readable, that of the tests too: no file of 700 lines or more, but for
# tables that are generated, and no function of more than 7 parameters, but those whose
# callers dictate them (ENTRY() of init.c counts what R calls). Prints those that are too
# large. And every file of R/ has its row in R/README.md, and no other has. The last line is
# "N passed, N failed", in files and functions; the exit status is 0 only if none failed.
set -u
cd "$(dirname "$0")/.."

files=$(cd R && ls ./*.R | sed 's|^\./||' | sort)
listed=$(sed -n 's/^| `\([^`]*\.R\)` .*/\1/p' R/README.md | sort)
differ=$({ echo "$files"; echo "$listed"; } | sort | uniq -u)

awk -v differ="$differ" -v n_files="$(echo "$files" | wc -l)" '
  FNR == 1 {
    end_file()
    file = FILENAME
    is_generated = 0
    text = ""
    is_comment = 0
  }
  {
    lines = FNR
    is_generated = is_generated || /^\/\* .*Made by .*; not edited/
    line = $0
    gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
    while (1) { # without comments
      if (is_comment) {
        if ((at = index(line, "*/")) == 0) {
          line = ""
          break
        }
        line = substr(line, at + 2)
        is_comment = 0
      } else {
        if ((at = index(line, "/*")) == 0) {
          break
        }
        rest = substr(line, at + 2)
        line = substr(line, 1, at - 1)
        if ((at = index(rest, "*/")) > 0) {
          line = line substr(rest, at + 2)
        } else {
          is_comment = 1
        }
      }
    }
    # a function starts at the margin and ends before its body
    if (text == "" && line ~ /^[A-Za-z_]/ && line ~ /\(/ && line !~ /=/) {
      text = line
    } else if (text != "") {
      text = text " " line
    }
    if (text != "" && text ~ /[;{]/) {
      if (text ~ /\{/) {
        count(text)
      }
      text = ""
    }
  }
  function count(text,    i, c, depth, n, name, is_empty) {
    name = text
    sub(/\(.*/, "", name)
    sub(/.*[ *]/, "", name)
    n = 1
    for (i = index(text, "("); i <= length(text); i++) {
      c = substr(text, i, 1)
      depth += c == "("
      depth -= c == ")"
      n += c == "," && depth == 1
      if (depth == 0) {
        break
      }
    }
    if (n > 7) {
      print "FAILED: " file ": " name "() has " n " parameters"
      failed++
    } else {
      passed++
    }
  }
  function end_file() {
    if (file == "") {
      return
    }
    if (lines >= 700 && !is_generated) {
      print "FAILED: " file " has " lines " lines"
      failed++
    } else {
      passed++
    }
  }
  END {
    end_file()
    n = split(differ, names, "\n")
    for (i = 1; i <= n; i++) {
      failed++
      print "FAILED: R/" names[i] " is not both a file and once in R/README.md"
    }
    passed += n_files - n
    print passed + 0 " passed, " failed + 0 " failed"
    exit failed > 0 || passed == 0
  }' src/*.[ch] src/core/*/*.[ch] tests/core/*.[ch] tests/core/fuzz/*.[ch] \
  bench/*.c
