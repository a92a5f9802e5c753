# SPDX-License-Identifier: MIT
# What the tests of the command line share: TAP on stdout. Each test file sources this, makes its
# checks and ends with `finish`. UPDATE_GOLDEN=1 writes the files in golden/ instead of comparing.
set -u
export LC_ALL=C.UTF-8 TERM=xterm
unset NO_COLOR YARAORM_ROUTER_PATH YARAORM_CONFIG DATABASE_URL

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$BAD"/*.so "$GOOD"/*.so "$work"
cd "$work" || exit 1
export XDG_CONFIG_HOME=$work XDG_CONFIG_DIRS=$work # no configuration of this machine

count=0
failed=0

report () { # WHAT STATUS
  count=$((count + 1))
  if [ "$2" = 0 ]; then
    echo "ok $count - $1"
  else
    failed=$((failed + 1))
    echo "not ok $count - $1"
    sed 's/^/# out: /' out
    sed 's/^/# err: /' err
    echo "# status: $status"
  fi
}

# Runs the tool; leaves $status and the files out and err.
cli () {
  "$CLI" "$@" > out 2> err < /dev/null
  status=$?
}

# The same on a pseudo-terminal of so many columns; out has both streams as the terminal got them.
terminal_cli () { # COLUMNS ARGUMENT...
  local columns=$1
  shift
  script -qec "stty cols $columns rows 40; exec $(printf '%q ' "$CLI" "$@")" /dev/null > out 2> err < /dev/null
  status=$?
  sed -i 's/\r$//' out
}

# Takes out what differs from run to run and from machine to machine.
normalize () {
  sed -e 's/sha256 *[0-9a-f]\{12,64\}/sha256 DIGEST/' -e 's/build-id *[0-9a-f]*$/build-id NUMBER/' -e 's/build-id [0-9a-f]*…\? /build-id NUMBER /' -e 's/bit shared object, [a-z0-9-]*/bit shared object, MACHINE/' -e "s|$work|DIR|g" -e 's/lib[a-z]*san\.so\.[0-9]* //g' -e 's/[0-9]* bytes, mode 0[0-7]*/SIZE bytes, mode MODE/' \
      -e 's/[0-9.]* ms, sha/TIME ms, sha/' -e 's/[0-9]* ns each/TIME ns each/' \
      -e 's/ in [0-9.]* ms (run/ in TIME ms (run/' -e 's/  [0-9]* ns$/  TIME ns/' -e 's/[0-9]* calls,/COUNT calls,/' "$1"
}

# Times of the network, versions of servers; the width of the columns follows them.
normalize_times () {
  sed -i -E -e 's/[0-9]+\.[0-9]+ ms/TIME/g' -e 's/ [0-9]+\.[0-9]+(\.[0-9]+)?/ VERSION/g' -e 's/ +/ /g' -e 's/ $//' "$1"
}

# The last run ended with STATUS.
expect_status () { # WHAT STATUS
  [ "$status" = "$2" ]
  report "$1: exit $2" $?
}

# The last run printed just this on stdout and stderr.
expect_golden () { # NAME
  { normalize out; echo "--- stderr"; normalize err; echo "--- exit $status"; } > actual
  if [ -n "${UPDATE_GOLDEN-}" ]; then
    cp actual "$HERE/golden/$1.txt"
  fi
  diff -u "$HERE/golden/$1.txt" actual > difference
  report "$1 is as in golden/$1.txt" $?
  [ -s difference ] && sed 's/^/# /' difference
}

# A file of the last run (out or err) has a line that holds TEXT.
expect_text () { # WHAT FILE TEXT
  grep -qF -- "$3" "$2"
  report "$1" $?
}

expect_no_text () { # WHAT FILE TEXT
  ! grep -qF -- "$3" "$2"
  report "$1" $?
}

# stdout of the last run is one JSON object that has VALUE at PATH.
expect_json () { # PATH VALUE
  "$JSON_GET" "$1" < out > value 2>> err && [ "$(cat value)" = "$2" ]
  report "JSON: $1 is ${2//$'\n'/, }" $?
}

# The error block of the last run is about ID.
expect_error () { # WHAT ID STATUS
  [ "$status" = "$3" ] && grep -q "^error $2: " err
  report "$1: $2, exit $3" $?
}

finish () {
  echo "1..$count"
  [ $failed = 0 ]
  exit
}
