#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Installs what is missing, builds greenway-bench and runs it; rows that need PostgreSQL or MariaDB get a private server.
#
#   scripts/bench.sh [arguments of greenway-bench]     --list, --filter REGEX, --json FILE, --help

source "$(dirname "$0")/steps.sh"
source scripts/postgresql.sh
source scripts/mariadb.sh

bench=$PWD/build/release/bench/greenway-bench
clean_up() {
  mariadb_stop
  postgresql_stop
}

scripts/setup.sh bench
step 'configuring preset release' cmake --preset release >&2
step 'building greenway-bench' cmake --build --preset release --target greenway-bench >&2
rows=
[[ " $* " == *' --list '* ]] || rows=$("$bench" "$@" --list)
need_postgresql='postgresql|interpose/pqxx|sql/execute|orm/'
need_mariadb='interpose/mariadb'
if [[ $rows =~ $need_postgresql|$need_mariadb ]]; then
  # Waking another CPU costs more than a short query takes, so server and client share one: the first that is ours.
  cpu=$(awk '/^Cpus_allowed_list:/ { split($2, cpus, /[-,]/); print cpus[1] }' /proc/self/status)
  taskset --cpu-list --pid "$cpu" $$ >&2
fi
[[ ! $rows =~ $need_postgresql ]] || postgresql_start
[[ ! $rows =~ $need_mariadb ]] || mariadb_start
step "running greenway-bench $*" env --chdir "$called_from" "$bench" "$@"
outcome='greenway-bench has run'
