# SPDX-License-Identifier: BSL-1.0
# shellcheck shell=bash
#
# How the scripts work; each of them sources this file.
#
# A script is a row of steps. Each step is announced and runs as a process group of its own, so that Ctrl-C or a signal
# to the script ends the step with all its children. However the script ends, its clean_up runs, and then its last line
# says what happened. What a script says goes to stderr; stdout is for what its commands print.

! declare -F step >/dev/null || return 0 # a script that this one sources has sourced it already

set -euo pipefail

# shellcheck disable=SC2034 # for the scripts
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

outcome='FAILED'
step_group=

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# fail MESSAGE [EXIT_CODE]
fail() {
  outcome="FAILED: $1"
  exit "${2:-1}"
}

# For a script to redefine. Runs once, at the end, with signals ignored.
clean_up() { :; }

# step TITLE COMMAND…: ends the script when the command fails.
step() {
  local title=$1 status=0
  shift
  say "$title"
  set -m # gives the next background command a process group, and the default action for SIGINT
  "$@" </dev/null &
  step_group=$!
  set +m
  wait "$step_group" || status=$?
  end_step
  ((status == 0)) || fail "$title (exit code $status)" "$status"
}

# Ends what is left of the current step's process group.
end_step() {
  local group=$step_group
  step_group=
  [[ -n $group ]] && kill -TERM -- "-$group" 2>/dev/null || return 0
  for _ in {1..200}; do
    kill -0 -- "-$group" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$group"
}

at_exit() {
  local status=$?
  set +e
  trap '' INT TERM HUP
  end_step
  clean_up
  say "$outcome ($SECONDS s)"
  exit "$status"
}

interrupted() {
  outcome="interrupted by SIG$1"
  exit "$((128 + $(kill -l "$1")))"
}

trap at_exit EXIT
for signal in INT TERM HUP; do
  # shellcheck disable=SC2064 # the name is meant to be put in now
  trap "interrupted $signal" "$signal"
done
