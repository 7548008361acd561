#!/usr/bin/env bash
# Usage: readme.sh
#
# Runs the code of README.md as it stands, in a folder of its own: the blocks of R in one
# session, then those of the shell in another. Those of make and of a checkout's scripts
# are left out, they are parts of CI themselves. Ends badly at the first error, and where
# a block has written nothing. Needs the package in R's library.
set -euo pipefail
readme=$(cd "$(dirname "$0")/.." && pwd)/README.md
work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-readme.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The blocks that begin with the line $1, but for those that match $2.
blocks() {
  awk -v fence="$1" -v without="$2" '
    $0 == fence { is_in = 1; block = ""; next }
    is_in && $0 == "```" {
      is_in = 0
      if (block !~ without) { printf "%s", block; n++ }
    }
    is_in { block = block $0 "\n" }
    END { exit n == 0 }
  ' "$readme"
}

blocks '``` r' '^$' >"$work/blocks.R"
blocks '```sh' '(^|\n)(make|bash|sh) ' >"$work/blocks.sh"
mkdir "$work/folder"
cd "$work/folder"
Rscript "$work/blocks.R"
bash -eu -O expand_aliases "$work/blocks.sh"
for file in signals.result signals.jsonl run.state spam.result aum.result all.result; do
  [[ -s $file ]] || { echo "$file was not written" >&2; exit 1; }
done
