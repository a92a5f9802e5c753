# SPDX-License-Identifier: MIT
# route record, route replay: the decisions of a program, and what another router would make of them.
. "$HERE/common.sh"
unset YARAORM_DECISION_LOG

record () { # ARGUMENT...
  cli route record "$@"
}

# ---- a day ----
# 100,000 decisions, with a shadow that counts what the changed router would do.
record day.log -- "$WORKLOAD" 2000 ./replica.so "" ./moved.so; expect_golden record
[ "$(wc -l < day.log)" = 100000 ]; report "100,000 lines" $?
[ "$(stat -c %a day.log)" = 600 ]; report "for its owner alone" $?
cp out shadow
cli route replay day.log ./replica.so;                 expect_golden replay-same
cli route replay day.log ./moved.so --connections analytics; expect_golden replay-differs
sed -n 's/  */ /gp' out | grep '^Event' > replayed
cmp -s shadow replayed; report "model, pair and count are those of the shadow" $?
cli route replay - ./moved.so --connections analytics --json < day.log
expect_status "from stdin, nothing there" 1
"$CLI" route replay - ./moved.so --connections analytics --json < day.log > out 2> err; status=$?
expect_status "from stdin" 1
expect_json '$.same' 94000
expect_json '$.different' 6000
expect_json '$.first.line' 4
expect_json '$.first.model' Event
expect_json '$.first.op' write
expect_json '$.first.was' default
expect_json '$.first.becomes' analytics
expect_json '$.differences[0].count' 6000

cli route replay <(head -n 100 day.log) ./replica.so;  expect_text "from a pipe with a name" out "same=100 different=0"

# ---- parts of it, on a terminal, with answers that are no connection ----
head -n 50 day.log > short.log
cli route replay short.log ./moved.so;                 expect_golden replay-refused
terminal_cli 100 route replay short.log ./moved.so
sed -i 's/^.*\r\x1b\[K//' out # how far it was at which moment
expect_golden replay-terminal
grep Event day.log | grep tenant=3 | head -n 3 > hints.log
cli route replay hints.log ./moved.so --connections analytics; expect_golden replay-hints
cat short.log hints.log short.log | sed 's/"own":"cache"/"own":"default"/; s/snapshots/shots/' > joined.log
cat short.log joined.log > both.log # a model may be another one further on
cli route replay both.log ./replica.so;                expect_status "joined logs" 0
expect_text "all of it" out "same=153 different=0"
cli route replay short.log ./analytics.so --connections analytics
expect_status "a router of another kind" 1

# ---- in turn, and by shares ----
record turn.log -- "$WORKLOAD" 20 ./replica.so replica,cache,default; expect_status "in turn" 0
cli route replay turn.log ./replica.so --args replica,cache,default
expect_status "replayed in turn" 0
expect_text "the same" out "same=1000 different=0"
cli route replay turn.log ./replica.so --args cache,replica,default
expect_status "another turn" 1

# ---- the router of the configuration ----
printf '[connection default]\nurl=sqlite:app.db\n[connection analytics]\nurl=sqlite:analytics.db\n[router]\nplugin=./moved.so\n' > yaraorm.ini
cli route replay short.log
expect_status "the plugin of the configuration" 1
expect_text "its connections" out "Event  write  default  analytics  3"
printf '[connection default]\nurl=sqlite:app.db\n[connection replica]\nurl=sqlite:replica.db\n[route]\n*.read=replica\n*.write=default\n' > yaraorm.ini
cli route replay day.log
expect_status "its rules" 0
expect_text "all of a day" out "same=100000 different=0"
rm yaraorm.ini

# ---- the program ----
echo text | "$CLI" route record cat.log -- sh -c 'cat; echo more; echo words >&2; exit 3' > out 2> err; status=$?
expect_golden record-exit
[ ! -e cat.log ]; report "nothing is left" $?
record signal.log -- sh -c "\"$WORKLOAD\" 1 ./replica.so; kill -9 \$\$"
expect_error "a signal" YO-L002 1
expect_text "what there was is told" err "recorded 50 decisions of 4 models in signal.log"
record true.log -- true;                               expect_golden record-nothing
record none.log -- ./no-such-program;                  expect_error "no program" YO-X001 1
[ ! -e none.log ]; report "and no log" $?
record day.log -- true;                                expect_golden record-exists
record no/folder.log -- true;                          expect_error "no folder" YO-N003 1
record --json json.log -- "$WORKLOAD" 1 ./replica.so
expect_status "JSON" 0
expect_json '$.decisions' 50
expect_json '$.models' 4
record options.log "$WORKLOAD" 1 ./replica.so;         expect_status "without --" 0
record options2.log -- sh -c 'echo "$*"' sh --json --help
expect_text "options are the program's" out "--json --help"

# What this program is told by a signal goes to the program; it ends, and the log stays.
"$CLI" route record term.log -- bash -c "\"$WORKLOAD\" 1 ./replica.so; trap 'echo told; exit 0' TERM; echo ready; while :; do sleep 0.1; done" > out 2> err &
pid=$!
until grep -q ready out; do sleep 0.1; done
kill -TERM $pid
wait $pid; status=$?
expect_status "a signal is passed on" 0
expect_text "the program was told" out told
expect_text "and the log is there" err "recorded 50 decisions"

# Ctrl-C ends the program; what it decided until then is there.
rm out
{ until grep -qs ready out; do sleep 0.1; done; printf '\003'; sleep 1; } \
  | script -qec "exec $(printf '%q ' "$CLI" route record interrupted.log -- bash -c "\"$WORKLOAD\" 1 ./replica.so; echo ready; sleep 60")" /dev/null > out 2> err
status=${PIPESTATUS[1]}
expect_status "Ctrl-C while it records" 130
expect_text "the count is told" out "recorded 50 decisions of 4 models in interrupted.log"
expect_no_text "and no error" out error
cli route replay interrupted.log ./replica.so;         expect_text "the log is whole" out "same=50 different=0"
record --json told.log -- sh -c "\"$WORKLOAD\" 1 ./replica.so; exit 130"
expect_status "a program that tells of Ctrl-C" 130
expect_json '$.decisions' 50
record none.log -- sh -c 'kill -INT $$';               expect_error "Ctrl-C before any decision" YO-L003 130
record caught.log -- sh -c "trap 'exit 0' INT; \"$WORKLOAD\" 1 ./replica.so; kill -INT \$\$; sleep 1"
expect_status "a program that ends well by Ctrl-C" 0
record real-time.log -- sh -c 'kill -40 $$';           expect_no_text "a signal without a name" err null
record --quiet quiet.log -- "$WORKLOAD" 1 ./replica.so; [ "$status" = 0 ] && [ ! -s err ]; report "--quiet" $?

# Ctrl-C ends a replay, and its child.
for i in 1 2 3 4 5 6 7 8 9 10; do cat day.log; done > days.log
timeout --preserve-status -s INT 2 "$CLI" route replay days.log ./replica.so > out 2> err
status=$?
expect_status "Ctrl-C" 130
[ ! -s out ]; report "and says nothing" $?
rm days.log

# ---- mistakes ----
sed '7s/.*/{"model":"User","table":/' short.log > cut.log
cli route replay cut.log ./replica.so;                 expect_golden replay-damaged
cli route replay cut.log ./replica.so --json;          expect_status "damaged, as JSON" 3
expect_json '$.error.line' 7
for change in '3s/"reason":"[a-z]*"/"reason":1/' '3s/"answer":"[a-z]*",//' '3s/"operation":"[a-z]*"/"operation":"reed"/' '3s/.*/[]/' '3s/.*//' '3s/"table":"[^,]*"/"table":""/'; do
  sed "$change" short.log > bad.log
  cli route replay bad.log ./replica.so;               expect_error "damaged by $change" YO-L004 3
  expect_text "its line" err "line     3"
done
cli route replay nothing.log ./replica.so;             expect_error "no log" YO-L004 3
: > empty.log
cli route replay empty.log ./replica.so;               expect_error "an empty log" YO-L003 1
cli route replay . ./replica.so;                       expect_error "a folder" YO-L004 3
cli route replay;                                      expect_error "no arguments" YO-U003 2
cli route replay day.log;                              expect_error "no router" YO-U003 2
cli route replay day.log ./a.so ./b.so;                expect_error "two routers" YO-U003 2
cli route replay day.log ./replica.so --conections a;  expect_error "a mistyped option" YO-U002 2
expect_text "did you mean" err "did you mean --connections?"
cli route record;                                      expect_error "no log to be" YO-U003 2
cli route record x.log;                                expect_error "no program to be run" YO-U003 2
cli route record - -- true;                            expect_error "no file" YO-U003 2
cli route record -- true true;                         expect_error "no log before --" YO-U003 2
cli route record x.log --json -- true;                 expect_error "an option behind the log" YO-U003 2
[ ! -e x.log ] && [ ! -e - ];                          report "nothing is left" $?
cli route replay short.log ./nothing.so;               expect_error "no plugin" YO-P001 4
cli route replay short.log ./misbehave.so --args crash; expect_golden replay-crash
cli route replay short.log ./misbehave.so --args loop; expect_error "a loop" YO-P009 4
cli route replay short.log ./misbehave.so --args exit; expect_error "an end" YO-P010 4
finish
