#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Installs what is missing, builds the bank (examples/bank) and runs it on SQLite, in a temporary folder.
#
#   scripts/demo.sh [arguments of bank]

source "$(dirname "$0")/steps.sh"

bank=$PWD/build/release/examples/bank/bank
folder=
clean_up() { [[ -z $folder ]] || rm -r "$folder"; }

scripts/setup.sh build
step 'configuring preset release' cmake --preset release
step 'building the bank' cmake --build --preset release --target bank
folder=$(mktemp --directory --tmpdir greenway-demo.XXXXXX)
step 'running the bank: one DAO, called by a blocking thread and by coroutines' env --chdir "$folder" "$bank" "$@"
outcome='the bank ran and its books balance'
