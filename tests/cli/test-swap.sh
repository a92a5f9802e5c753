# SPDX-License-Identifier: MIT
# route swap: two plugins under load, and what makes it fail.
. "$HERE/common.sh"
export TMPDIR=$work/tmp
mkdir tmp
cp "$ZOO/yielding.so" .

nothing_left () { # WHAT
  [ -z "$(ls tmp)" ]
  report "$1: nothing is left behind" $?
}

# What was done, whatever the machine made of it.
value () { # PATH
  "$JSON_GET" "$1" < out
}

# The figures differ from run to run, and with them the spaces before them.
normalize_report () {
  sed -i -E -e 's/[0-9]+ done/COUNT done/' -e 's/(decisions|statements|rows|files damaged) +[0-9]+( [0-9]{3})*/\1 COUNT/' -e 's/\([ab] [0-9 ]+, b [0-9 ]+\)/(a COUNT, b COUNT)/' \
      -e 's/[0-9]+ refused/COUNT refused/' -e 's/[0-9.]+ (ns|µs|ms)/TIME/g' -e 's/ \(around swap [0-9]+\)//' -e 's/[0-9]+ retired and closed/COUNT retired and closed/' -e 's/ +/ /g' out
}

cli route swap ./replica.so ./analytics.so --threads 4 --duration 2s --every 20ms
expect_no_text "no word of a sanitizer" err WARNING
expect_text "PASS" out PASS
expect_text "nothing wrong" out "wrong or torn                0"
expect_text "no call too late" out "calls into unloaded code     0"
[ -n "$SANITIZE" ] || expect_text "what is left" out "loads left mapped            1 (the active one); "
grep -Eq '^swaps {5,25}[0-9]+ done, 0 refused$' out;   report "swaps are counted" $?
grep -Eq '^decisions +[0-9]+   \(a [0-9]+, b [0-9]+\)$' out; report "decisions, plain digits in a pipe" $?
grep -Eq '^p50 [0-9.]+ (ns|µs|ms)  p99 [0-9.]+ (ns|µs|ms)  p99.9 [0-9.]+ (ns|µs|ms)  max [0-9.]+ (ns|µs|ms)( \(around swap [0-9]+\))?$' out
report "latencies" $?
normalize_report
[ -n "$SANITIZE" ] || expect_golden swap
terminal_cli 100 route swap ./replica.so ./analytics.so --duration 2 --every 20
grep -q "swapping, swap " out;                         report "a terminal is told how far it is" $?
grep -Eq '^decisions +[0-9]+( [0-9]{3})+   \(a' out;    report "and gets digits in groups" $?
sed -i 's/.*\x1b\[K//' out; normalize_report
[ -n "$SANITIZE" ] || expect_golden swap-terminal
expect_no_text "no word of a sanitizer" err WARNING
nothing_left "PASS"

# Rules take part as plugins do.
printf '[connection default]\nurl=sqlite:app.db\n[connection replica]\nurl=sqlite:r.db\n[route]\n*.read=80%% replica, 20%% default\n' > new.ini
cli route swap ./new.ini ./replica.so --duration 0.5 --every 10 --hostile --json
expect_status "rules and a plugin whose file is damaged" 0
expect_json '$.result.wrong' 0
[ "$(value '$.result.decisions_a')" -gt 0 ];           report "the rules decided" $?
cli route swap rules: ./new.ini --config new.ini --duration 0.2 --every 10
expect_status "rules and rules" 0
cli route swap --config new.ini ./new.ini --duration 0.2 --every 10
expect_status "the rules in force are A" 0
expect_text "rules leave nothing mapped" out "loads left mapped            0; "
cli route swap ./new.ini ./new.ini --hostile;          expect_error "nothing to damage" YO-U003 2
cli route swap ./replica.so ./nowhere.ini;             expect_error "no such file" YO-C001 3
printf '[connection default]\nurl=sqlite:app.db\n' > none.ini
cli route swap ./replica.so ./none.ini;                expect_error "no rules" YO-U003 2
cli route swap ./replica.so rules:;                    expect_error "no configuration" YO-U003 2
nothing_left "rules"

cli route swap ./replica.so ./yielding.so --connections default,replica,node0000 --duration 2 --every 5 --hostile --json
expect_status "files that are damaged meanwhile" 0
expect_no_text "no word of a sanitizer there" err WARNING
expect_json '$.ok' true
for path in wrong torn misplaced lost failed retired; do
  expect_json "\$.result.$path" 0
done
for path in swaps refusals damaged rows decisions_a decisions_b statement.n decision.p50_ns; do
  [ "$(value "\$.result.$path")" -gt 0 ];              report "JSON: $path is more than 0" $?
done
[ "$(value '$.result.statements')" = $((2 * $(value '$.result.rows'))) ]
report "each row that was written was found: every other statement wrote one" $?
cmp -s replica.so "$GOOD/replica.so";                  report "the plugins themselves stay as they were" $?
nothing_left "--hostile"

# In turn, with args of its own, on a database that is named; its tables go again.
cli route swap ./replica.so ./replica.so --args a --new-args a,b --connections default,a,b --model User --model Event \
    --threads 2 --duration 0.5 --every 10 --connection "b=sqlite://$work/b.db" --json
expect_status "answers in turn" 0
expect_json '$.result.wrong' 0
cli sql b "SELECT count(*) FROM sqlite_master" --json --config <(printf '[connection default]\nurl=sqlite::memory:\n[connection b]\nurl=sqlite://%s/b.db\n' "$work")
expect_json '$.results[0].rows[0][0]' 0

# What fails.
if [ -n "${NO_DRAIN-}" ]; then
  LD_LIBRARY_PATH=$NO_DRAIN cli route swap ./replica.so ./yielding.so --connections default,replica,node0000 --duration 2 --every 1
  expect_error "a library that does not wait for calls" YO-R008 1
  expect_text "FAIL" out FAIL
  expect_text "it crashed" err "the program crashed: signal"
  nothing_left "FAIL"
fi
cli route swap ./misbehave.so ./replica.so --args exit; expect_error "a bad router" YO-P010 4
cli route swap ./replica.so ./misbehave.so --new-args typo; expect_error "an unknown connection" YO-R003 1
cli route swap ./replica.so ./nothing.so;              expect_error "no file" YO-P001 4
cli route swap ./replica.so ./analytics.so --connection "replica=sqlite:///nowhere/at/all.db"
expect_error "no database" YO-D001 5
cli route swap ./replica.so ./analytics.so --connection "replica=sqlite:///nowhere/at/all.db" --json
expect_json '$.error.id' YO-D001
nothing_left "an error"

cli route swap;                                        expect_error "no plugin" YO-U003 2
cli route swap ./replica.so;                           expect_error "one plugin" YO-U003 2
for option in --threads=0 --threads=65 --duration=0 --duration=nan --duration=5parsec --duration=2d --every=0 --every=5000 --every=5s --every=x --connection=x --connection=x=sqlite:y.db; do
  cli route swap ./replica.so ./analytics.so $option;  expect_error "$option" YO-U003 2
done

cli route swap ./replica.so ./analytics.so --connection replica=sqlite:x.db --connection replica=sqlite:y.db
expect_error "two databases for one connection" YO-U003 2
cli route swap ./replica.so ./analytics.so --op read;  expect_error "it reads and writes" YO-U002 2
TMPDIR=/nowhere cli route swap ./replica.so ./analytics.so; expect_error "no folder for the files" YO-N003 1

# The routers get the hints of the program.
cli route swap ./misbehave.so ./replica.so --args needs-hint --new-args replica --duration 0.2 --hint tenant=cache
expect_status "with hints" 0

# One signal, as Ctrl-C gives; a second one would not wait for the cleaning.
timeout --foreground --preserve-status -s INT 1 "$CLI" route swap ./replica.so ./analytics.so > out 2> err
status=$?
expect_status "interrupted" 130
nothing_left "an interrupt"
timeout --foreground --preserve-status -s INT 1 "$CLI" route swap ./replica.so ./analytics.so --connection "replica=sqlite://$work/r.db" > out 2> err
status=$?
expect_status "interrupted, with a database of the user" 130
expect_text "what may be left there is told" err "tables yaraorm_swap_* may be left"
finish
