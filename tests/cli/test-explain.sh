# SPDX-License-Identifier: MIT
# route explain: one decision, step by step.
. "$HERE/common.sh"

cli route explain ./analytics.so Event write;          expect_golden explain-router
cli route explain ./analytics.so User read;            expect_golden explain-default
cli route explain ./analytics.so Event write --in-transaction default; expect_golden explain-pinned
cli route explain ./analytics.so Event write --in-transaction default --rule strict; expect_golden explain-strict
cli route explain ./analytics.so Event read --in-transaction default --rule by_name; expect_golden explain-by-name
cli route explain ./replica.so User read --in-transaction default --rule strict; expect_golden explain-written-there
cli route explain ./replica.so User write --in-transaction default --rule strict
expect_text "the same place" out "4  transaction   the same connection → part of it"
cli route explain ./replica.so User read --using cache; expect_golden explain-using
cli route explain ./replica.so User read --using cache --in-transaction default
expect_error "another connection in a transaction" YO-R007 1
cli route explain ./replica.so User read --using cache --in-transaction cache
expect_text "the same connection" out "=  cache"
cli route explain ./template.so Note read --models ./models.so; expect_golden explain-own
cli route explain ./template.so Note read --models ./models.so --connections other
expect_error "its own connection is none" YO-C003 2
cli route explain ./misbehave.so User read --args typo; expect_golden explain-unknown

cli route explain ./analytics.so Event write --in-transaction analytics --rule strict --json
expect_json '$.ok' true
expect_json '$.reason' transaction
expect_json '$.connection' analytics
expect_json '$.steps[*].step' $'transaction\nplugin\nconnection\ntransaction'
cli route explain ./analytics.so Event write --in-transaction default --rule strict --json
expect_json '$.ok' false
expect_json '$.error.id' YO-R007
"$JSON_GET" '$.steps[1].call_ns' < out > value && [ "$(cat value)" -gt 0 ]
report "JSON has the time of a call" $?

# The samples, in a pipe and on a terminal, and without signs that the encoding lacks.
. "$HERE/sample-config.sh"
cli route explain ./replica_router.so User read --in-transaction default; expect_golden explain-sample-pinned
cli route explain ./replica_router.so User read;       expect_golden explain-sample
terminal_cli 80 route explain ./replica_router.so User read --in-transaction default; expect_golden explain-sample-pinned-terminal
terminal_cli 80 route explain ./replica_router.so User read; expect_golden explain-sample-terminal
LC_ALL=C cli route explain ./replica_router.so User read; expect_golden explain-sample-ascii

# The router of the configuration.
printf '[route]\nUser.read=80%% replica, 20%% default\nAudit.*=cache\n' >> yaraorm.ini
cli route explain User read;                           expect_golden explain-rules
cli route explain User write;                          expect_golden explain-rules-none
cli route explain Audit write --in-transaction default --rule strict
expect_error "rules within a transaction" YO-R007 1
cli route explain Audit write --json;                  expect_json '$.steps[1].says' 'Audit.*=cache → "cache"'
sed -i '/^\[route\]/,$d' yaraorm.ini
printf '[router]\nplugin=./replica_router.so\n' >> yaraorm.ini
cli route explain User read;                           expect_text "its plugin" out 'db_for_read("User") → "replica"'
rm yaraorm.ini

# Other letters than those of ASCII, in the locale of a cron job.
LC_ALL=C cli route explain ./replica.so Größe read;    expect_text "a model in the C locale" out 'db_for_read("Größe") -> "replica"'
LC_ALL=C cli route explain ./tenant.so Größe read --hint tenant=Zürich --args Zürich
expect_error "a hint in the C locale" YO-R003 1

# Mistakes and bad plugins.
cli route explain ./misbehave.so User read --args escape; expect_error "a name that no connection can have" YO-R003 1
expect_no_text "nothing that moves the terminal" out $'\033'
expect_text "why it is none" err "no connection can have such a name"
cli route explain ./replica.so $'Us\377er' read;       expect_error "a model that is not UTF-8" YO-U003 2
cli route explain ./replica.so User read --model User; expect_error "MODEL is a word" YO-U002 2
cli route explain ./replica.so -- User read;           expect_status "-- ends the options" 0
cli route explain ./misbehave.so User read --args not-utf8;      expect_error "not UTF-8" YO-R001 4
cli route explain ./misbehave.so User read --args crash;         expect_error "crash" YO-P005 4
cli route explain ./misbehave.so User write --args loop;         expect_error "loop" YO-P009 4
cli route explain ./misbehave.so User write --args loop --in-transaction default
expect_status "a pinned statement does not ask" 0
cli route explain ./replica.so User read --in-transaction replca; expect_error "unknown place" YO-C003 2
expect_text "a place is suggested" err 'did you mean "replica"?'
cli route explain ./replica.so User read --using geo;            expect_error "unknown connection" YO-C003 2
cli route explain ./replica.so User;                             expect_error "no operation" YO-U003 2
cli route explain User read;                                     expect_error "no router" YO-U003 2
cli route explain ./replica.so User raed;                        expect_error "no such operation" YO-U003 2
expect_text "an operation is suggested" err 'did you mean "read"?'
cli route explain ./replica.so User read --rule strict;          expect_error "a rule alone" YO-U003 2
cli route explain ./replica.so User read --in-transaction default --rule loose; expect_error "no such rule" YO-U003 2
cli route explain ./replica.so User read --in-transacton default; expect_error "mistyped" YO-U002 2
expect_text "an option is suggested" err "did you mean --in-transaction?"
finish
