#!/bin/sh
# Usage: network.sh
#
# Workers of mirai in another network, by TLS: the caller and the workers are in two
# network namespaces that are joined by one link, which is cut in the midst of reading.
# tools/network.R says what must come of it. Nothing of the machine's own network is
# touched, and nothing is left of this one. The last line is "N passed, N failed". Needs
# to be root, the package mirai, and the package itself in R's library
# (tools/install-package.sh). Where the kernel or a container allows no namespaces, that
# is said and nothing is run.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-network.XXXXXX")
near=datacarto-near-$$
far=datacarto-far-$$
# By this all that is started here is known: it hands its environment on.
export DATACARTO_NETWORK="$work"

is_ended() {
  [ -z "$(python3 tools/marked.py processes "$work")" ]
}

# A cut link is tried again ever more rarely, so that ending takes its time.
stop() {
  for _ in $(seq 300); do
    ! is_ended || break
    sleep 0.2
  done
  left=$(python3 tools/marked.py processes "$work")
  [ -z "$left" ] || kill -9 $left
  ip netns delete "$near" 2>/dev/null || true
  ip netns delete "$far" 2>/dev/null || true
  [ -z "$left" ]
}
trap 'stop || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Addresses that are for documents: nobody has them.
if ! {
  ip netns add "$near" && ip netns add "$far" &&
    ip -n "$near" link add link0 type veth peer name link0 netns "$far"
} 2>"$work/error"; then
  echo "Not run, since there are no network namespaces here: $(cat "$work/error")"
  echo "0 passed, 0 failed"
  exit
fi
ip -n "$near" address add 192.0.2.1/24 dev link0
ip -n "$far" address add 192.0.2.2/24 dev link0
for one in "$near" "$far"; do
  ip -n "$one" link set lo up
  ip -n "$one" link set link0 up
done

cat >"$work/start-worker" <<END
ip netns exec $far "\$@" </dev/null >>"$work/workers.log" 2>&1 &
END
echo "ip -n $far link set link0 \"\$1\"" >"$work/link"
mkfifo "$work/pipe.jsonl"

ip netns exec "$near" Rscript tools/network.R "$work" 192.0.2.1 >"$work/log" 2>&1 ||
  cat "$work/workers.log"
cat "$work/log"
if stop; then
  echo "ok: nothing runs any more"
else
  echo "FAILED: workers were left"
fi >>"$work/log"
tail -n 1 "$work/log"
awk '
  /^ok: / { passed++ }
  /^FAILED: / { failed++ }
  /^ok: the caller has come to its end/ { ended = 1 }
  END {
    if (!ended) failed++
    print passed + 0 " passed, " failed + 0 " failed"
    exit failed > 0
  }
' "$work/log"
