# SPDX-License-Identifier: MIT
# route diff: what another router would change.
. "$HERE/common.sh"

cli route diff ./replica.so ./analytics.so;            expect_golden diff
cli route diff ./replica.so ./replica.so --exit-code;  expect_golden diff-same
cli route diff ./replica.so ./analytics.so --exit-code
expect_status "--exit-code" 1
cli route diff ./replica.so ./template.so --model User --op write --exit-code
expect_status "writes alone, and they stay" 0
expect_text "one question" out "0 of 1 decisions change; 0 writes change"
cli route diff ./replica.so ./analytics.so --json
expect_status "JSON" 0
expect_json '$.old' ./replica.so
expect_json '$.new' ./analytics.so
expect_json '$.decisions' 6
expect_json '$.writes' 1
expect_json '$.changes[0].op' write
expect_json '$.changes[0].was' default
expect_json '$.changes[0].becomes' analytics
cli route diff ./replica.so ./replica.so --args a --new-args a,b --connections default,a,b --model User
expect_text "other args, in turn" out "User   read  a    a,b"

# The sample, in a pipe and on terminals.
. "$HERE/sample-config.sh"
rm yaraorm.ini
printf '%s\n' User Event A B C D E > names
cli route diff active.so emergency.so;                 expect_error "a name without a slash is no file" YO-P001 4
expect_text "how it is one" err "for the file in this folder write ./active.so"
cli route diff ./active.so ./emergency.so --models-from names; expect_golden diff-sample
terminal_cli 80 route diff ./active.so ./emergency.so --models-from names; expect_golden diff-sample-terminal
cli route diff ./active.so ./emergency.so --models-from names --exit-code; expect_status "--exit-code" 1
"$CLI" route diff ./active.so ./emergency.so --models-from - --format csv < names > out 2> err
status=$?
expect_text "CSV, and models from standard input" out "User,read,replica,default"
cli route diff ./active.so ./emergency.so --models-from absent; expect_error "no such list" YO-S002 3
cli route diff ./template.so ./replica.so --models ./models.so; expect_text "a library" out "Note   write  cache  default"

# The router of the configuration.
printf '[connection default]\nurl=sqlite:app.db\n[connection cache]\nurl=sqlite:cache.db\n[connection replica]\nurl=sqlite:replica.db\n[route]\nUser.read=cache\n[model User]\nfield.id=int64; primary-key\n' > yaraorm.ini
cli route diff ./replica.so;                           expect_golden diff-rules
cli route diff ./replica.so rules:;                    expect_text "rules as the new ones" out "User   read  replica  cache"
cli route diff rules: rules: --exit-code;              expect_status "rules and themselves" 0
printf '[connection default]\nurl=sqlite:app.db\n[router]\nplugin=./template.so\n[model User]\nfield.id=int64; primary-key\n' > yaraorm.ini
cli route diff ./template.so --exit-code;              expect_status "the plugin of the configuration" 0
cli route diff rules: ./replica.so;                    expect_error "no rules" YO-U003 2
rm yaraorm.ini

# Files with rules that know other models each: both are asked about all of them.
for file in old:replica:User:Event new:default:Audit:User; do
  IFS=: read -r name target first second <<< "$file"
  printf '[connection default]\nurl=sqlite:app.db\n[connection replica]\nurl=sqlite:replica.db\n[model %s]\nfield.id=int64; primary-key\n[model %s]\nfield.id=int64; primary-key\n[route]\n*.read=%s\n' "$first" "$second" "$target" > "$name.ini"
done
cli route diff ./old.ini ./new.ini;                    expect_text "all models" out "3 of 6 decisions change; 0 writes change"
cli route diff ./new.ini ./old.ini;                    expect_text "the other way round" out "3 of 6 decisions change; 0 writes change"
cli route diff ./replica.so ./old.ini;                 expect_text "a plugin is asked about those of the file" out "0 of 4 decisions change"
cli route diff ./replica.so -- ./moved.so --connections default,replica,analytics
expect_error "words behind --" YO-U003 2
cli route diff ./replica.so -- ./replica.so;           expect_status "-- ends the options" 0

# Mistakes and bad plugins.
cli route diff;                                        expect_error "no router" YO-U003 2
cli route diff ./replica.so;                           expect_error "one router and no configuration" YO-U003 2
cli route diff ./a.so ./b.so ./c.so;                   expect_error "three routers" YO-U003 2
cli route diff ./nothing.so ./replica.so;              expect_error "no old file" YO-P001 4
cli route diff ./replica.so ./nothing.so --json;       expect_json '$.error.id' YO-P001
cli route diff ./replica.so ./misbehave.so --new-args typo --model User; expect_error "an unknown connection" YO-R003 1
expect_text "it is in the table" out "User   read  replica  YO-R003"
expect_text "a connection is suggested" err 'did you mean "replica"?'
cli route diff ./replica.so ./analytics.so --exitcode; expect_error "mistyped" YO-U002 2
expect_text "an option is suggested" err "did you mean --exit-code?"
cli route diff ./misbehave.so ./replica.so --args typo --new-args replica --model User
expect_status "the old one may be bad" 0
expect_text "and is shown as that" out "User   read  YO-R003  replica"
cli route diff ./replica.so ./misbehave.so --new-args crash; expect_error "a crash" YO-P005 4
cli route diff ./misbehave.so ./replica.so --args loop; expect_error "a loop" YO-P009 4
finish
