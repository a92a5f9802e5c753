# SPDX-License-Identifier: MIT
# route test: what is decided, and what is wrong with it.
. "$HERE/common.sh"

cli route test ./replica.so;                           expect_golden route-replica
cli route test ./analytics.so;                         expect_golden route-analytics
cli route test ./cache.so --model Snapshot --op write; expect_golden route-cache-write
cli route test ./template.so --model User;             expect_golden route-template
cli route test ./replica.so --args a,b --connections a,b,default --model User
expect_golden route-in-turn
YARAORM_ROUTER_PATH=$work cli route test replica --model User
expect_text "an installed router by its name" out "User   read   replica      replica"
cli --json route test ./replica.so --model User --args a --connections a
expect_json '$.decisions[*].connection' $'a\ndefault'
expect_json '$.decisions[0].reason' router
cli route test ./template.so --model User --op read --json
expect_json '$.ok' true
expect_json '$.decisions[0].said' null
expect_json '$.decisions[0].reason' default
cli route test ./misbehave.so --args empty --op read --model User
expect_text "an empty answer is no answer" out "User   read  -            default     fell back"
cli route test ./misbehave.so --args hint --hint tenant=cache --hint other=1 --op read --model User
expect_text "a hint reaches the router" out "User   read  cache        cache"

# Unknown connections.
cli route test ./misbehave.so --args typo --model User; expect_golden route-unknown
cli route test ./misbehave.so --args typo --json
expect_status "unknown connection with --json" 1
expect_json '$.ok' false
expect_json '$.error.id' YO-R003
expect_json '$.error.returned' replcia
expect_json '$.error.op' read
expect_json '$.error.hint' 'did you mean "replica"?'
expect_json '$.decisions[0].id' YO-R003
cli route test ./misbehave.so --args strange;          expect_error "no name near" YO-R003 1
expect_text "how to make it known" err "--connections default,geo_eu"
cli route test ./misbehave.so --args strange --connections geo_eu
expect_status "made known" 0
cli route test ./misbehave.so --args typo --connections replica --model User
expect_text "default is always known" err "known    default, replica"

# Bad answers and bad ends.
cli route test ./misbehave.so --args not-utf8;         expect_error "not UTF-8" YO-R001 4
cli route test ./misbehave.so --args not-utf8 --json;  expect_json '$.error.id' YO-R001
cli route test ./misbehave.so --args overlong;         expect_error "overlong" YO-R001 4
cli route test ./misbehave.so --args escape;           expect_error "escape sequence" YO-R003 1
expect_no_text "control characters stay away from the terminal" err $'\033'
expect_no_text "and from the table" out $'\033'
cli route test ./misbehave.so --args dead-stack;       expect_error "dead stack" YO-P011 4
cli route test ./misbehave.so --args crash;            expect_golden route-crash
cli route test ./misbehave.so --args exit --json
expect_status "exit in a call" 4
expect_json '$.error.id' YO-P010
expect_json '$.error.reason' 'exit (7)'
cli route test ./misbehave.so --args loop;             expect_golden route-loop
cli route test ./misbehave.so --args refuse;           expect_golden route-refuse
cli route test ./misbehave.so --args print --model User
expect_no_text "what a plugin prints stays out of the result" out "a word of the plugin"
expect_text "it goes to stderr" err "a word of the plugin"
expect_text "as its complaints do" err "a complaint of the plugin"

# A path that is not UTF-8.
cp replica.so $'repl\377ca.so'
cli route test $'./repl\377ca.so' --json;              expect_status "a path that is not UTF-8" 0
iconv -f UTF-8 out > /dev/null
report "JSON is UTF-8 all the same" $?
expect_json '$.decisions[0].said' replica
cli route test $'./nothing\377.so' --json;             expect_json '$.error.id' YO-P001

# An interrupt ends the child, too.
timeout --preserve-status -s INT 0.4 "$CLI" route test ./misbehave.so --args loop > out 2> err
status=$?
expect_status "interrupted" 130
sleep 0.1
! grep -alsF "$work" /proc/[0-9]*/maps | xargs -r -n 1 dirname | while read -r process; do
  tr '\0' ' ' < "$process/cmdline"
done | grep -q -- --probe
report "no child stays behind" $?
# One decision, step by step.
cli route explain ./analytics.so Event write;          expect_golden explain-router
cli route explain ./analytics.so User read;            expect_golden explain-default
cli route explain ./analytics.so Event write --in-transaction default; expect_golden explain-pinned
cli route explain ./analytics.so Event write --in-transaction default --rule strict; expect_golden explain-strict
cli route explain ./analytics.so Event read --in-transaction default --rule by_name
expect_text "by its name" out "It goes to analytics, outside of the transaction."
cli route explain ./replica.so User read --in-transaction default --rule strict
expect_status "written there" 0
expect_text "and so read there" out "the model is written there"
cli route explain ./analytics.so Event write --in-transaction analytics --rule strict --json
expect_json '$.ok' true
expect_json '$.reason' transaction
expect_json '$.connection' analytics
expect_json '$.steps[*].step' $'transaction\nusing\nrouter\nmodel\ndefault'
cli route explain ./analytics.so Event write --in-transaction default --rule strict --json
expect_json '$.ok' false
expect_json '$.error.id' YO-R007
cli route explain ./misbehave.so User read --args typo;          expect_error "unknown connection" YO-R003 1
cli route explain ./misbehave.so User read --args not-utf8;      expect_error "not UTF-8" YO-R001 4
cli route explain ./misbehave.so User read --args crash;         expect_error "crash" YO-P005 4
cli route explain ./replica.so User read --in-transaction geo;   expect_error "unknown place" YO-U003 2
cli route explain ./replica.so User;                             expect_error "no operation" YO-U003 2
cli route explain ./replica.so User look;                        expect_error "no such operation" YO-U003 2
cli route explain ./replica.so User read --rule strict;          expect_error "a rule alone" YO-U003 2
cli route explain ./replica.so User read --in-transaction default --rule loose; expect_error "no such rule" YO-U003 2
finish
