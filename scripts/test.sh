#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Installs what is missing, builds, and runs the whole test suite on SQLite and on a private PostgreSQL 15; where legacy
# programs are tested, on a private MariaDB and a private Redis too.
#
#   scripts/test.sh [--preset NAME] [arguments of ctest]
#
# NAME is one of CMakePresets.json (default: dev); among ctest's arguments are -R REGEX, -j N and --repeat until-fail:N.

source "$(dirname "$0")/steps.sh"
source scripts/postgresql.sh
source scripts/mariadb.sh
source scripts/redis.sh

preset=dev
if [[ ${1:-} == --preset ]]; then
  preset=${2:?--preset needs a name}
  shift 2
fi
log=build/$preset/ctest.log
rm -f "$log"
clean_up() {
  redis_stop
  mariadb_stop
  postgresql_stop
  local counts
  counts=$(grep --no-messages 'tests passed' "$log") && outcome+=", $counts"
}

scripts/setup.sh test
step "configuring preset $preset" cmake --preset "$preset"
step "building preset $preset" cmake --build --preset "$preset"
postgresql_start
if [[ $(ctest --preset "$preset" --show-only "$@") == *' legacy/'* ]]; then
  mariadb_start
  redis_start
fi
step 'running the tests' ctest --preset "$preset" --parallel "$(nproc)" --output-log "$log" "$@"
outcome="preset $preset"
