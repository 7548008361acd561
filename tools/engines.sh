#!/bin/sh
# Usage: engines.sh [sqlite|postgresql|mariadb ...]
#
# Runs the tests of R/lazy*.R against real databases, all of them if none is named. Each
# server is started here, on the loopback interface, with its data in a temporary folder,
# and stopped at the end; nothing of the machine's own servers is used. The last line is
# "N passed, N failed"; a test that was skipped has failed. Needs the Debian packages
# postgresql, mariadb-server, r-cran-dbplyr, r-cran-rsqlite, r-cran-rpostgresql and
# r-cran-rmysql, and the package itself in R's library (tools/install-package.sh). As
# root, the servers run as the users of their packages.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- sqlite postgresql mariadb

work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-engines.XXXXXX")
chmod 755 "$work"
stop=
trap 'for one in $stop; do stop_$one || true; done; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# A port of the loopback interface that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# As the user that a server runs as, where root must not be it.
run_as() {
  user=$1
  shift
  if [ "$(id -u)" -eq 0 ]; then
    runuser -u "$user" -- "$@"
  else
    "$@"
  fi
}

# A folder of that user's.
folder_of() {
  mkdir "$work/$2"
  [ "$(id -u)" -ne 0 ] || chown "$1" "$work/$2"
}

# --- each engine: start, a file of R that connects, stop ---

start_sqlite() {
  echo 'DBI::dbConnect(RSQLite::SQLite(), ":memory:")' >"$work/sqlite.R"
}

postgresql_programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)

# Starts a cluster in the folder $1, whose port goes to the file $1.port.
start_cluster() {
  folder_of postgres "$1"
  free_port >"$work/$1.port"
  run_as postgres "$postgresql_programs/initdb" -D "$work/$1" -U postgres -A trust \
    --no-sync --no-locale -E UTF8 >"$work/$1.log" 2>&1
  run_as postgres "$postgresql_programs/pg_ctl" -D "$work/$1" -w -t 60 -l "$work/$1/log" \
    -o "-p $(cat "$work/$1.port") -c listen_addresses=127.0.0.1" \
    -o "-c unix_socket_directories='' -c fsync=off -c jit=off" \
    start >>"$work/$1.log" 2>&1 </dev/null || { cat "$work/$1.log" "$work/$1/log"; exit 1; }
}

stop_cluster() {
  run_as postgres "$postgresql_programs/pg_ctl" -D "$work/$1" -m fast stop >/dev/null
}

start_postgresql() {
  start_cluster pg
  stop="$stop postgresql"
  cat >"$work/postgresql.R" <<END
DBI::dbConnect(
  RPostgreSQL::PostgreSQL(), host = "127.0.0.1", port = $(cat "$work/pg.port"),
  user = "postgres", dbname = "postgres"
)
END
}

stop_postgresql() {
  stop_cluster pg
}

start_mariadb() {
  folder_of mysql my
  port=$(free_port)
  run_as mysql mariadb-install-db --no-defaults --datadir="$work/my/data" --skip-test-db \
    --auth-root-authentication-method=normal >"$work/my.log" 2>&1
  run_as mysql mariadbd --no-defaults --datadir="$work/my/data" --port="$port" \
    --bind-address=127.0.0.1 --socket="$work/my/socket" --pid-file="$work/my/pid" \
    --log-error="$work/my/log" --skip-log-bin --innodb-flush-log-at-trx-commit=0 \
    </dev/null >/dev/null 2>&1 &
  stop="$stop mariadb"
  for _ in $(seq 120); do
    mariadb-admin --no-defaults -h127.0.0.1 -P"$port" -uroot ping >/dev/null 2>&1 && break
    sleep 0.5
  done
  mariadb --no-defaults -h127.0.0.1 -P"$port" -uroot -e 'CREATE DATABASE signals'
  cat >"$work/mariadb.R" <<END
DBI::dbConnect(
  RMySQL::MySQL(), host = "127.0.0.1", port = $port, user = "root",
  dbname = "signals"
)
END
}

stop_mariadb() {
  kill "$(cat "$work/my/pid")"
  for _ in $(seq 60); do
    [ -e "$work/my/pid" ] || return 0
    sleep 0.5
  done
}

# --- the tests ---

failed=0
for engine in "$@"; do
  "start_$engine"
  echo "== $engine"
  DATACARTO_DATABASE=$work/$engine.R Rscript tools/engines.R |
    tee "$work/$engine.counts"
  # an R that ended before its end has counted nothing
  grep -q ' passed, ' "$work/$engine.counts" || failed=1
done
awk -v failed="$failed" '
  / passed, / { passed += $1; failed += $3 }
  END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 }
' "$work"/*.counts
