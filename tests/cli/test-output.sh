# SPDX-License-Identifier: MIT
# The options of every command about what is printed, readers that go away and disks that are full.
. "$HERE/common.sh"

printf '[connection default]\nurl=sqlite:app.db\n[connection cache]\nurl=sqlite:cache.db\nrole=primary\n' > yaraorm.ini
cli sql default --write 'CREATE TABLE t (a)'

# ---- formats ----
cli conn list --format csv;                       expect_golden output-csv
cli --format jsonl conn list;                     expect_golden output-jsonl
cli conn list --format table;                     cp out table
cli conn list;                                    cmp -s out table; report "a table is the default" $?
cli --format json conn list;                      expect_json '$.ok' true
cli --json conn list --format json;               expect_json '$.ok' true
cli route test ./replica.so --connections default,replica --format csv
[ "$(head -1 out | tr -d '\r' | cut -d, -f1-4)" = "MODEL,OP,ROUTER SAID,CONNECTION" ] && [ "$(wc -l < out)" = 7 ]
report "only the table of route test" $?
cli route test ./replica.so --connections default,replica --format jsonl
[ "$(grep -c '^{"model":.*"router_said":' out)" = 6 ] && [ "$(wc -l < out)" = 6 ]
report "its rows as JSON" $?
cli plugin info ./replica.so --format csv;        expect_text "a table without headings has them as CSV" out "exports,"
cli route test ./replica.so --format csv;         expect_error "an error with --format csv is text" YO-R003 1
cli version --format csv;                         expect_error "a command without a table" YO-U003 2
cli --format jsonl schema plan;                   expect_error "before the command" YO-U003 2
cli conn list --format xml;                       expect_error "unknown format" YO-U003 2
cli conn list --json --format csv;                expect_json '$.error.id' YO-U003
cli conn list --frmat csv --format json;          expect_json '$.error.id' YO-U002
cli conn list --format csv --help;                expect_text "help is text" out "Usage:"

# ---- words and waiting ----
for time in 0 -1 1y x "" 2d; do
  cli conn list --timeout "$time";                expect_error "--timeout $time" YO-U003 2
done
for time in 5 5s 500ms "0.5 s" 2min 1h 1d; do
  cli conn list --timeout "$time";                expect_status "--timeout $time" 0
done
cli --timeout 1 conn ping default --timeout 2s;          expect_status "before and after the command" 0
cli --quiet route test ./replica.so --connections default,replica
[ ! -s err ] && grep -q replica out;              report "--quiet leaves the result" $?
cli --quiet route test ./replica.so;              expect_error "--quiet leaves errors" YO-R003 1
cli route swap ./replica.so ./cache.so --connections default,replica,cache --duration 0.2 --every 20
[ ! -s err ];                                     report "no progress in a pipe" $?
terminal_cli 80 route swap ./replica.so ./cache.so --connections default,replica,cache --duration 1 --every 50 --quiet
! grep -q $'\033\[K' out;                         report "no progress with --quiet" $?
printf '[connection default]\nurl=sqlite:other.db\n[connection gone]\nurl=postgresql://127.0.0.1:1/none\n[model User]\ntable=u\nfield.id=int64; primary-key\n' > other.ini
terminal_cli 80 --config other.ini schema apply --no-input
expect_text "--no-input asks nothing" out "YO-S005"
expect_status "--no-input" 2
terminal_cli 80 --config other.ini conn wait gone --timeout 2
grep -q $'waiting.*\033\[K.*error' out;           report "progress is taken away before the error" $?
cli --config other.ini conn wait gone --timeout 1;  expect_no_text "no progress in a pipe" err "waiting"
cli --config other.ini conn wait gone --timeout 11 --verbose
[ "$(grep -c '^waiting' err)" = 1 ];              report "one line in ten seconds with --verbose" $?

# ---- readers that go away ----
for command in man help "conn ping --watch 100ms"; do
  timeout 60 "$CLI" $command 2> err | head -n 1 > out
  status=${PIPESTATUS[0]}
  [ $status = 141 ] || { [ $status = 0 ] && [ "$command" = help ]; } # short enough for the pipe
  report "$command to a reader of one line" $?
  [ ! -s err ];                                   report "$command says nothing about it" $?
done
LOOP="WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000) SELECT x FROM c"
for format in table json jsonl csv; do
  "$CLI" sql default "$LOOP" --format $format 2> err | head -c 1 > out
  status=${PIPESTATUS[0]}
  expect_status "sql as $format to a reader of one byte" 141
  [ ! -s err ];                                   report "sql as $format says nothing about it" $?
done

# ---- output that cannot be written ----
for format in table json jsonl csv; do
  "$CLI" conn list --format $format > /dev/full 2> err < /dev/null
  status=$?
  expect_error "a full disk, $format" YO-X002 1
  "$CLI" conn list --format $format >&- 2> err < /dev/null
  status=$?
  expect_error "no stdout, $format" YO-X002 1
done
"$CLI" sql default 'SELECT count (*) FROM t' >&- 2> err < /dev/null
cli sql default 'SELECT count (*) AS n FROM t' --format csv
expect_text "what should have been printed is not in the database" out 0
"$CLI" help 2>&- > out < /dev/null;               status=$?
expect_status "no stderr" 0
"$CLI" route test ./none.so 2> /dev/full > out < /dev/null; status=$?
expect_status "an error that cannot be written" 4
"$CLI" route test ./none.so --json > /dev/full 2> err < /dev/null; status=$?
expect_error "the exit code of the command stays" YO-X002 4
finish
