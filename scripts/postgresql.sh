#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# A private PostgreSQL 15 cluster in a temporary folder, for tests and benchmarks: it listens on a free port of
# 127.0.0.1 and on a socket in that folder, trusts everybody, keeps nothing on disk for good, and is gone afterwards.
#
#   scripts/postgresql.sh run COMMAND…     runs COMMAND with the variables below set
#
# Sourced after steps.sh it gives postgresql_start, which sets them, and postgresql_stop:
#
#   GREENWAY_TEST_POSTGRESQL_URL           through TCP
#   GREENWAY_BENCH_POSTGRESQL_URL          through the socket
#   TMPDIR                                 a folder that goes with the cluster, for what COMMAND would leave behind

postgresql_bin=/usr/lib/postgresql/15/bin
postgresql_folder=
postgresql_pid=

# as_postgresql COMMAND…: replaces this shell by COMMAND, in the cluster's folder and as an ordinary user, ended by the
# kernel should the script be killed.
as_postgresql() {
  local user=()
  ((EUID != 0)) || user=(--reuid postgres --regid postgres --init-groups)
  cd "$postgresql_folder" || exit
  exec setpriv --pdeathsig QUIT "${user[@]}" "$@"
}

# postgresql_serve PORT: starts the server; true when it answers.
postgresql_serve() {
  local options=(
    -c listen_addresses=127.0.0.1 -c port="$1" -c unix_socket_directories="$postgresql_folder"
    -c max_connections=300 -c max_prepared_transactions=10
    -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c jit=off
  )
  # In a session of its own Ctrl-C does not reach it: it is stopped when all its clients have ended.
  (as_postgresql setsid postgres -D data "${options[@]}" >"$postgresql_folder/log" 2>&1) &
  postgresql_pid=$!
  for _ in {1..600}; do
    kill -0 "$postgresql_pid" 2>/dev/null || return 1
    ! pg_isready --quiet --host "$postgresql_folder" --port "$1" || return 0
    sleep 0.1
  done
  return 1
}

postgresql_start() {
  local port
  [[ -x $postgresql_bin/postgres ]] || fail "no PostgreSQL 15 in $postgresql_bin; scripts/setup.sh test installs it"
  PATH=$postgresql_bin:$PATH
  unset "${!PG@}" # the caller's server is not ours
  postgresql_folder=$(mktemp --directory --tmpdir greenway-postgresql.XXXXXX)
  ((EUID != 0)) || chown postgres: "$postgresql_folder"
  # TMPDIR lies in it, and who is root only in a namespace of his own has to pass.
  chmod 755 "$postgresql_folder"
  (as_postgresql initdb -D data --username greenway --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync \
    >"$postgresql_folder/log" 2>&1) || fail "initdb: $(tail -n 1 "$postgresql_folder/log")"
  # A port below those that the kernel hands out; another one when it is taken.
  for _ in {1..10}; do
    port=$((20000 + RANDOM % 12000))
    ! postgresql_serve "$port" || break
    grep --quiet 'Address already in use' "$postgresql_folder/log" ||
      fail "PostgreSQL does not start: $(tail -n 1 "$postgresql_folder/log")"
  done
  createdb --host "$postgresql_folder" --port "$port" --username greenway greenway
  export GREENWAY_TEST_POSTGRESQL_URL="postgresql://greenway@127.0.0.1:$port/greenway"
  export GREENWAY_BENCH_POSTGRESQL_URL="postgresql://greenway@/greenway?host=$postgresql_folder&port=$port"
  export TMPDIR=$postgresql_folder/tmp
  mkdir "$TMPDIR"
  say "a private $(postgres --version) listens on 127.0.0.1:$port"
}

postgresql_stop() {
  [[ -n $postgresql_folder ]] || return
  # At once: nothing in it is worth a checkpoint. The server itself kills children that do not end within 5 s.
  [[ -z $postgresql_pid ]] || kill -QUIT "$postgresql_pid" 2>/dev/null
  wait "$postgresql_pid" 2>/dev/null
  rm -rf "$postgresql_folder"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  source "$(dirname "$0")/steps.sh"
  [[ ${1:-} == run && $# -ge 2 ]] || fail 'usage: scripts/postgresql.sh run COMMAND…' 2
  shift
  clean_up() { postgresql_stop; }
  postgresql_start
  step "running $1" env --chdir "$called_from" "$@"
  outcome="$1 succeeded"
fi
