#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Installs what is missing, builds greenway-bench and runs it; rows that need PostgreSQL get a private server.
#
#   scripts/bench.sh [arguments of greenway-bench]     --list, --filter REGEX, --json FILE, --help

source "$(dirname "$0")/steps.sh"
source scripts/postgresql.sh

bench=$PWD/build/release/bench/greenway-bench
clean_up() { postgresql_stop; }

scripts/setup.sh bench
step 'configuring preset release' cmake --preset release >&2
step 'building greenway-bench' cmake --build --preset release --target greenway-bench >&2
if [[ " $* " != *' --list '* && $("$bench" "$@" --list) =~ postgresql|interpose/pqxx|sql/execute|orm/ ]]; then
  # Waking another CPU costs more than a short query takes, so server and client share one: the first that is ours.
  cpu=$(awk '/^Cpus_allowed_list:/ { split($2, cpus, /[-,]/); print cpus[1] }' /proc/self/status)
  taskset --cpu-list --pid "$cpu" $$ >&2
  postgresql_start
fi
step "running greenway-bench $*" env --chdir "$called_from" "$bench" "$@"
outcome='greenway-bench has run'
