# SPDX-License-Identifier: MIT
# The manual page and the completion say what the program says.
. "$HERE/common.sh"

cli man
cmp -s out "$MANUAL";                    report "the page that was built is that of the program" $?
groff -K utf8 -man -ww -z "$MANUAL" > out 2>&1
[ ! -s out ];                            report "groff has nothing to say about it" $?
groff -K utf8 -T utf8 -man -P -cbou -rLL=200n "$MANUAL" > page
cli complete ''
for first in $(cat out); do
  cli complete "$first" ''
  for second in $(cat out) ''; do
    name="$first${second:+ $second}"
    cli help $name
    grep -q '^Usage:' out || continue # a first word alone
    sed 's/^ *//; /^$/d' out > lines
    sed 's/^ *//' page | grep -vqxFf lines - && [ "$(sed 's/^ *//' page | grep -xFf lines | sort -u | wc -l)" -ge "$(sort -u lines | wc -l)" ]
    report "the page has all of $name --help" $?
  done
done
cli help
sed -n 's/^  \(YO-[A-Z][0-9]*\):.*/\1/p' out > ids
for id in $(cat ids); do
  grep -q "$id: " page || echo "$id"
done > out
[ ! -s out ];                            report "the page has all errors" $?

# What the shell is told.
complete_to () { # WHAT EXPECTED WORD...
  local what=$1 expected=$2
  shift 2
  cli complete "$@"
  [ "$(tr '\n' ' ' < out)" = "$expected" ]
  report "$what" $?
}
complete_to "a command" "schema " sch
complete_to "its second word" "plan " schema pl
complete_to "all second words" "list ping wait " conn ''
complete_to "behind an option" "plan " --json schema pl
complete_to "options of a command" "--exit-code " schema plan --e
complete_to "options of the program" "--color --config " --co
complete_to "nothing without a configuration" "" sql ''
printf '[connection default]\nurl=sqlite:app.db\n[connection cache]\nurl=sqlite:cache.db\n' > yaraorm.ini
complete_to "connections" "default cache " sql ''
complete_to "more connections" "cache " conn ping default c
complete_to "commands behind help" "ping " help conn p
complete_to "formats" "json jsonl " conn list --format js
complete_to "colors" "auto always never " --color ''
complete_to "behind an option with a value" "plan " --format json schema pl
complete_to "options of every command" "--quiet " sql --q
complete_to "the command version" "version " v
printf '[connection default]\nurl=sqlite:a.db\n[connection other]\nurl=sqlite:b.db\n' > other.ini
complete_to "connections of another file" "default other " --config other.ini sql ''
complete_to "the same behind the command" "other " sql --config other.ini o
complete_to "nothing for a file" "" sql --config ''
complete_to "nothing that begins so" "" nothing
bash -c 'source "$SOURCE/yaraorm-cli.bash"; COMP_WORDS=("$CLI" conn pi); COMP_CWORD=2; _yaraorm_cli "$CLI"; echo "${COMPREPLY[@]}"' > out 2> err
[ "$(cat out)" = ping ];                 report "through bash" $?
finish
