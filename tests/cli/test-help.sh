# SPDX-License-Identifier: MIT
# The help and the version.
. "$HERE/common.sh"

cli --help;               expect_golden help
cli help;                 expect_golden help-subjects
cli help YO-R003;         expect_golden help-YO-R003
cli help exit-codes;      expect_golden help-exit-codes
cli --help
sed -n '/^Commands:/,/^$/s/^  \([a-z ]*[a-z]\)  .*/\1/p' out > commands
[ "$(wc -l < commands)" -ge 20 ]
report "commands are listed" $?
while read -r command; do
  cli $command --help
  expect_golden "help-${command// /-}"
  mv out first
  cli help $command
  cmp -s first out
  report "help $command is $command --help" $?
done < commands

cli;                      expect_status "no command" 2
expect_text "no command shows the help" out "Commands:"

# Every error has a page, and no page is about an error that does not exist.
cli help
sed -n 's/^  \(YO-[A-Z][0-9]*\):.*/\1/p' out > ids
[ "$(wc -l < ids)" -ge 20 ]
report "errors are listed" $?
while read -r id; do
  cli help "$id"
  [ $status = 0 ] && [ "$(head -c 7 out)" = "$id" ] && [ "$(wc -l < out)" -ge 5 ]
  report "help $id" $?
done < ids
for page in "$HERE"/../../tools/yaraorm-cli/help/YO-*.txt; do
  grep -qx "$(basename "$page" .txt)" ids
  report "$(basename "$page") belongs to an error" $?
done
cli help yo-p005;         expect_text "ids in lower case" out "YO-P005: plugin crashed"
cli help conn;            expect_text "the commands of a first word" out "conn wait      Wait until databases answer"
cli help YO-R03;          expect_error "unknown id" YO-U003 2
expect_text "an id is suggested" err 'did you mean "YO-R003"?'

cli --version;            expect_status "--version" 0
grep -Eq '^yaraorm-cli [0-9]+\.[0-9]+\.[0-9]+$' out
report "--version prints the version" $?
cp out first
cli version;              cmp -s out first
report "the command version says the same" $?
cli --version --json;     expect_json '$.ok' true
cli version --json;       expect_json '$.ok' true
cli version 1;            expect_error "version of something" YO-U003 2
cli help YO-R003 --json;  expect_json '$.ok' true
expect_text "help as JSON" out '"text":"YO-R003: router answered'
cli --help --json;        expect_json '$.ok' true
cli --json;               expect_json '$.error.id' YO-U003
finish
