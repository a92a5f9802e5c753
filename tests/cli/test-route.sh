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
expect_text "an empty answer is no answer" out "User   read  NULL         default     fell back"
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

# The sample, in a pipe and on terminals, and without signs that the encoding lacks.
. "$HERE/sample-config.sh"
cli route test ./replica_router.so;                              expect_golden route-sample
grep -qx 'router  ./replica_router.so   abi 1   build-id [0-9a-f]\{6\}…   exports db_for_read db_for_write' out
report "the head has the begin of the build-id" $?
terminal_cli 100 route test ./replica_router.so;                 expect_golden route-sample-terminal
terminal_cli 40 route test ./replica_router.so --color=never;    expect_golden route-sample-narrow-terminal
LC_ALL=C cli route test ./replica_router.so --model Audit;       expect_golden route-sample-ascii
cli route test ./replica_router.so --model User --model Snapshot; expect_status "no problem" 0
cli route test ./replica_router.so --json
expect_status "a write to a standby, with --json" 1
expect_json '$.error.id' YO-R004
expect_json '$.error.hint' 'let db_for_write("Audit") return NULL or "default"'
expect_json '$.decisions[5].role' standby
expect_json '$.decisions[2].backend' sqlite
cli route test ./replica_router.so --format csv --model User
expect_text "CSV" out "User,write,NULL,default,postgresql,primary,fell back"
sed -i -e 's/^role=primary/role=standby/' -e 's/^role=standby/role=primary/2' yaraorm.ini
sed -i '/^\[connection cache/,/^url/s/^url=.*/&\nrole=primary/' yaraorm.ini
cli route test ./replica_router.so --model Audit --op write
expect_text "default is no way out" err 'hint: let db_for_write("Audit") return "cache"'
rm yaraorm.ini

# Models by name and from a library.
printf '%s\n' '# all of them' Order '' ' Order ' Invoice > names
cli route test ./replica.so --models-from names --op write;      expect_golden route-models-from
"$CLI" route test ./replica.so --models-from - --op read < names > out 2> err
status=$?
expect_text "from standard input" out "Invoice  read  replica"
cli route test ./replica.so --models-from names --model User --json
expect_json '$.decisions[*].model' $'User\nUser\nOrder\nOrder\nInvoice\nInvoice'
cli route test ./replica.so --models-from absent;                expect_error "no such list" YO-S002 3
echo 'two words' > names
cli route test ./replica.so --models-from names;                 expect_error "no name" YO-S002 3
expect_text "its line" err "line 1: "
: > names
cli route test ./replica.so --models-from names;                 expect_error "no names" YO-S002 3
printf 'Us\377er\n' > names
cli route test ./replica.so --models-from names;                 expect_error "not UTF-8" YO-S002 3
cli route test ./template.so --models ./models.so;               expect_golden route-library
cli route test ./template.so --models ./models.so --model Nose;  expect_error "not in the library" YO-S002 3
expect_text "a model is suggested" err 'did you mean "Note"?'
cli route test ./template.so --models ./models.so --model Note --json
expect_json '$.decisions[*].connection' $'cache\ncache'
cli route test ./template.so --models ./models.so --connections other
expect_error "its connection is none" YO-C003 2
cli route test ./template.so --models ./replica.so;              expect_error "no models" YO-S002 3
MODELS=crash cli route test ./template.so --models ./models.so;  expect_error "a library that crashes" YO-S002 3
MODELS=loop cli route test ./template.so --models ./models.so;   expect_error "a library that hangs" YO-S002 3

# Limits and repeats.
cli route test ./misbehave.so --args loop --deadline 50ms --model User; expect_error "a deadline" YO-P009 4
expect_text "it is named" err "deadline 50ms"
cli route test ./misbehave.so --args slow --deadline 1s --model User --repeat 3; expect_status "slow, but in time" 0
cli route test ./misbehave.so --args turn --model User --repeat 7; expect_golden route-repeat
cli route test ./misbehave.so --args turn --model User --repeat 1; expect_no_text "asked once" out "in turn"

# In this process.
cli route test ./replica.so --in-process --model User;           expect_golden route-in-process
cli route test ./misbehave.so --args typo --in-process;          expect_error "errors are the same" YO-R003 1
cli route test ./misbehave.so --args refuse --in-process;        expect_error "refusals, too" YO-P008 4
bash -c 'ulimit -c 0; exec "$0" route test ./misbehave.so --args crash --in-process' "$CLI" > out 2> err
status=$?
expect_status "a crash is that of the program" 139

# Other letters than those of ASCII, in the locale of a cron job.
printf '[connection default]\nurl=sqlite:app.db\n[connection replica]\nurl=sqlite:replica.db\n[model Größe]\nfield.id=int64; primary-key\n[route]\n*.read=replica\n' > umlaut.ini
LC_ALL=C cli route test --config umlaut.ini --json;              expect_json '$.decisions[*].model' $'Größe\nGröße'
LC_ALL=C cli route test ./replica.so --model Größe;              expect_status "as an option" 0
cli route test ./umlaut.ini;                                     expect_error "rules are no plugin" YO-P002 4
expect_text "how they are asked" err "--config ./umlaut.ini"

# Wrong usage.
cli route test ./replica.so --connections default,replica,replica; expect_error "a connection twice" YO-U003 2
cli route test ./replica.so --in-process --deadline 1s;          expect_error "nobody to end it" YO-U003 2
cli route test ./replica.so --deadline soon;                     expect_error "no time" YO-U003 2
cli route test ./replica.so --deadline 10s;                      expect_error "too long" YO-U003 2
cli route test ./replica.so --repeat 2000;                       expect_error "too often" YO-U003 2
cli route test ./replica.so --repeat -1;                         expect_error "less than once" YO-U003 2
cli route test ./replica.so --modles-from x;                     expect_error "mistyped" YO-U002 2
expect_text "an option is suggested" err "did you mean --models-from?"
cli route test ./replica.so --op wirte;                          expect_error "mistyped operation" YO-U003 2
expect_text "an operation is suggested" err 'did you mean "write"?'
cli route test ./replica.so --live;                              expect_error "live without a configuration" YO-C002 3
finish
