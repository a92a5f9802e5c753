# SPDX-License-Identifier: MIT
# Ctrl-C on a terminal, in the middle of work: exit 130, no garbage, and nothing is left behind.
. "$HERE/common.sh"

export TMPDIR=$work/tmp
mkdir tmp
LOOP="WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)" # has no end
printf '[connection default]\nurl=sqlite:app.db\n[connection gone]\nurl=postgresql://127.0.0.1:1/none\n[model User]\ntable=u\nfield.id=int64; primary-key\n' > yaraorm.ini
cli sql default --write 'CREATE TABLE t (a integer)'

# The processes of the tool that the run started, a line each.
list_processes () {
  find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$CLI" 2> /dev/null | while read -r program; do
    grep -qzx "YARAORM_TEST=$work" "${program%exe}environ" && echo "$program"
  done 2> /dev/null
}

# Waits until TEST is true, for ten seconds.
wait_until () { # TEST...
  for _ in {1..100}; do
    "$@" && return
    sleep 0.1
  done
  return 1
}
has_processes () { [ "$(list_processes | wc -l)" -ge "$1" ]; }
has_none () { ! has_processes 1; }

# Types Ctrl-C when the command has been at work for a moment, with N processes.
interrupt () { # N ARGUMENT...
  local n=$1
  shift
  { wait_until has_processes "$n"; sleep 0.5; printf '\003'; wait_until has_none; } \
    | script -qec "stty cols 80 rows 40; exec env YARAORM_TEST=$(printf '%q ' "$work" "$CLI" "$@")" /dev/null > out 2> err
  status=$?
  sed -i 's/\r$//' out
}

expect_clean_end () { # WHAT
  expect_status "$1" 130
  wait_until has_none;                  report "$1: no process is left" $?
  [ -z "$(ls tmp)" ];                   report "$1: no file is left" $?
  ! grep -q error out;                  report "$1: no error" $?
  # The terminal is as it was: what was switched is switched back.
  [ "$(grep -o $'\033\[[1-9][0-9]*m' out | wc -l)" = "$(grep -o $'\033\[0m' out | wc -l)" ] \
    && [ "$(grep -o $'\033\[?7l' out | wc -l)" = "$(grep -o $'\033\[?7h' out | wc -l)" ]
  report "$1: no color stays" $?
}

interrupt 2 route swap ./replica.so ./cache.so --connections default,replica,cache --duration 30; expect_clean_end "route swap"
interrupt 2 route bench ./replica.so --connections default,replica --threads 1,1,1,1,1,1; expect_clean_end "route bench"
interrupt 1 conn wait gone;                                         expect_clean_end "conn wait"
interrupt 1 conn ping --watch 1s default;                           expect_clean_end "conn ping --watch"
expect_text "what was seen is there" out "default"
interrupt 1 sql default "$LOOP SELECT count (*) FROM c";            expect_clean_end "sql"
interrupt 1 sql default --write "$LOOP INSERT INTO t SELECT x FROM c"; expect_clean_end "sql that writes"
cli sql default 'SELECT count (*) AS n FROM t' --format csv;        expect_text "it is undone" out 0
interrupt 1 schema apply;                                           expect_clean_end "schema apply, at the question"
cli sql default "SELECT count (*) AS n FROM sqlite_schema WHERE name = 'u'" --format csv; expect_text "no table was made" out 0
interrupt 2 plugin check ./misbehave.so --args loop;                expect_clean_end "plugin check"
interrupt 2 route test ./misbehave.so --args loop;                  expect_clean_end "route test"

# The same in a pipe, and twice: the second one ends the program at once.
for signals in 1 2; do
  env "YARAORM_TEST=$work" "$CLI" sql default "$LOOP SELECT count (*) FROM c" > out 2> err < /dev/null &
  wait_until has_processes 1
  sleep 0.5
  for ((i = 0; i < signals; i++)); do kill -INT $!; done
  wait $!
  status=$?
  expect_status "without a terminal, $signals" 130
  [ ! -s out ] && [ ! -s err ];         report "nothing is said" $?
done

# The end of the time is something else than an interrupt.
cli sql default --timeout 300ms "$LOOP SELECT count (*) FROM c";    expect_error "--timeout" YO-D004 5
finish
