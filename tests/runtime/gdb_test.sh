#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Looks with gdb at the greenlets of a program: alive, and as a core dump. The commands come from the library itself.
#
#   gdb_test.sh GDB PROGRAM

set -euo pipefail

gdb=$1 program=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
output=

# look ARGUMENTS…: runs gdb, keeps what it says.
look() {
  output=$("$gdb" -nx -batch -iex 'set auto-load safe-path /' -iex 'set debuginfod enabled off' "$@" 2>&1) || true
}

# expect REGEX…: lines that match, in this order, are in what gdb said.
expect() {
  local rest=$output
  for regex in "$@"; do
    if ! line=$(grep --max-count=1 --line-number --extended-regexp "$regex" <<<"$rest"); then
      printf 'no line matches %s (in this order) in:\n%s\n' "$regex" "$output" >&2
      exit 1
    fi
    rest=$(tail --lines=+"$((${line%%:*} + 1))" <<<"$rest")
  done
}

# Whether gdb may trace at all is up to the machine: a container may forbid it.
look -ex 'break main' -ex run -ex 'print 6 * 7' "$program"
if ! grep --quiet '= 42' <<<"$output"; then
  printf 'gdb cannot run a program here:\n%s\n' "$output"
  exit 77
fi

commands=(
  -ex 'info greenlets'
  -ex 'greenlet 1 bt'
  -ex 'greenlet apply all bt'
  -ex 'greenlet 9 bt'
  -ex 'greenlet 1 info registers pc'
  -ex bt
)
look -ex 'break stop_here' -ex run "${commands[@]}" -ex kill "$program"
live=$output

check() {
  expect '^ *Id +Thread +State +Stack +Waits for'
  expect '^1 +[0-9]+ +switched away +[1-9][0-9]+ .*raw one +.*main'
  expect '[0-9]+ +waiting +[1-9][0-9]+ +event 0x[0-9a-f]+ +on another thread'
  expect '[0-9]+ +waiting +[1-9][0-9]+ +event 0x[0-9a-f]+ +bridged'
  expect '[0-9]+ +running +[1-9][0-9]+'
  # The functions of one stack, innermost first, and the end of the stack.
  expect "^Greenlet 1 0x[0-9a-f]+ 'raw one': switched away" '^#[0-9]+ .*rest_in_raw_greenlet' \
    '^#[0-9]+ .*call_raw_rest' 'carrier_entry'
  expect "'bridged': waiting event" '^#[0-9]+ .*rest_in_event' 'carrier_entry'
  expect "'on another thread': waiting event" '^#[0-9]+ .*rest_in_event' 'carrier_entry'
  expect ': running' '^#0 .*stop_here' '^#1 .*run_and_stop'
  expect 'There is no greenlet 9'
  # Afterwards the thread's own stack is what it was.
  expect '^pc .*rest_in_raw_greenlet' '^#0 .*stop_here' '^#1 .*run_and_stop'
}
check

# The kernel leaves marked guard pages out of a core dump; gdb, when it makes one itself, gives up at the first.
look -ex 'set environment GREENWAY_STACK_GUARD mprotect' -ex 'break stop_here' -ex run \
  -ex "generate-core-file $folder/core" -ex kill "$program"
look "${commands[@]}" "$program" "$folder/core"
check
for said in "$live" "$output"; do
  if grep --quiet 'corrupt stack\|Python Exception\|Traceback' <<<"$said"; then
    printf '%s\n' "$said" >&2
    exit 1
  fi
done
