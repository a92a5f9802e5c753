#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a program that must not survive, and succeeds when it crashed or failed. What it leaves in its
# temporary folder is removed.
ulimit -c 0
TMPDIR=$(mktemp -d) || exit 1
export TMPDIR
"$@"
status=$?
rm -rf "$TMPDIR"
echo "exit status $status"
[ "$status" -ne 0 ]
