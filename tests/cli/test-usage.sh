# SPDX-License-Identifier: MIT
# Mistakes on the command line: the error says what is wrong and what was meant.
. "$HERE/common.sh"

cli rout tset ./x.so;                        expect_golden usage-command
cli check ./x.so;                            expect_error "a command's second word" YO-U001 2
expect_text "the command is suggested" err 'did you mean "plugin check"?'
cli plugin;                                  expect_error "a command's first word" YO-U001 2
expect_text "its commands are shown" err "known    plugin check, plugin info, plugin new"
cli rotue;                                   expect_error "a command's first word, mistyped" YO-U001 2
expect_text "it is suggested" err 'did you mean "route"?'
cli plugni --json;                           expect_json '$.error.command' plugni
expect_json '$.error.hint' 'did you mean "plugin"?'
cli --timeout x conn list --format json;     expect_json '$.error.id' YO-U003
cli frobnicate --json;                       expect_json '$.error.id' YO-U001
expect_status "the same exit code with --json" 2

cli route test --modle User ./x.so;          expect_golden usage-option
cli --jsno route test ./x.so;                expect_error "global option" YO-U002 2
expect_text "the option is suggested" err "did you mean --json?"
cli route test -x ./x.so;                    expect_error "short option" YO-U002 2
cli route test --modle User ./x.so --json;   expect_json '$.error.option' --modle
cli --json plugin check --modle ./x.so;      expect_json '$.error.id' YO-U002

cli route test;                              expect_golden usage-missing
cli route test a.so b.so;                    expect_error "two plugins" YO-U003 2
cli route test "";                           expect_error "empty plugin" YO-U003 2
cli route test ./x.so --model;               expect_error "option without its value" YO-U003 2
cli route test ./x.so --op delete;           expect_error "bad --op" YO-U003 2
cli route test ./x.so --connections "a b";   expect_error "bad --connections" YO-U003 2
cli route test ./x.so --connections "a,,b";  expect_error "empty name in --connections" YO-U003 2
cli route test ./x.so --model "a b";         expect_error "bad --model" YO-U003 2
cli route test ./x.so --model a --model a;   expect_error "--model twice" YO-U003 2
cli route test ./x.so --hint tenant;         expect_error "bad --hint" YO-U003 2
cli route test ./x.so --update;              expect_error "--update without --expect" YO-U003 2
cli --color=blue --version;                  expect_error "bad --color" YO-U003 2
cli help nothing;                            expect_error "help on nothing" YO-U003 2
cli plugin new;                              expect_error "no name" YO-U003 2
cli plugin new 7up;                          expect_error "bad name" YO-N001 2
cli plugin new "$(printf 'a%.0s' {1..64})";  expect_error "long name" YO-N001 2
cli plugin new ok --template cahce;          expect_error "bad template" YO-U003 2
expect_text "the template is suggested" err 'did you mean "cache"?'
printf '[connection default]\nurl=sqlite:a.db\n[model User]\ntable=u\nfield.id=int64; primary-key\n' > yaraorm.ini
cli conn ping defualt;                       expect_error "unknown connection" YO-C003 2
expect_text "the connection is suggested" err 'did you mean "default"?'
cli route test ./template.so --model Usre --model Event
[ "$(cat err)" = 'hint: the configuration has no model "Usre"; did you mean "User"?' ]
report "the model is suggested" $?
cli route explain ./template.so Usre read --quiet
[ ! -s err ];                                report "not with --quiet" $?
cli route test -- -x;                        expect_error "-- ends the options" YO-P001 4
finish
