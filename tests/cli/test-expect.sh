# SPDX-License-Identifier: MIT
# route test --expect: writing and comparing.
. "$HERE/common.sh"

cli route test ./analytics.so --expect routes.expect;  expect_error "no file yet" YO-R006 3
expect_text "how to make one" err "--update writes it"
cli route test ./analytics.so --model User --model Event --expect routes.expect --update
expect_status "--update" 0
printf '%s\n' "Event read analytics" "Event write analytics" "User read default" "User write default" > wanted
diff wanted routes.expect > /dev/null
report "sorted lines are written" $?
cli route test ./analytics.so --expect routes.expect
expect_status "compare" 0
expect_text "the models come from the file" out " ms (run in a child process), as expected by routes.expect"

cli route test ./replica.so --expect routes.expect;    expect_golden expect-differs
cli route test ./replica.so --expect routes.expect --json
expect_status "differs, with --json" 1
expect_json '$.error.id' YO-R005
expect_json '$.differences[0].expected' analytics
expect_json '$.differences[0].connection' replica
cli route test ./analytics.so --expect routes.expect --model Order --op read
expect_text "not in the file" out "- Order read (not in the file)"
cli route test ./replica.so --expect routes.expect --model User --op write
expect_status "only what is asked is compared" 0

# An update keeps comments and what was not asked.
sed -i '1i # kept' routes.expect
cli route test ./replica.so --expect routes.expect --model User --op read --update
printf '%s\n' "# kept" "Event read analytics" "Event write analytics" "User read replica" "User write default" > wanted
diff wanted routes.expect > /dev/null
report "an update changes what was asked" $?

# A router that takes several in turn is expected to do so.
cli route test ./misbehave.so --args turn --model User --expect turn.expect --update
expect_text "in turn, sorted" turn.expect "User read cache,default,replica"
cli route test ./misbehave.so --args turn --expect turn.expect
expect_status "in turn, as expected" 0

# Nothing is written after an error.
cp routes.expect before
cli route test ./misbehave.so --args typo --model User --expect routes.expect --update
expect_error "no update after an error" YO-R003 1
cmp -s before routes.expect
report "the file is as it was" $?

for line in "User read" "User read a b" "User delete a" $'User read a\nUser read b' $'User read \377' $'U\001 read a' \
            "$(printf 'U%.0s' {1..64}) read a" $'User read \033[31ma' "User read a,,b"; do
  echo "$line" > bad.expect
  cli route test ./replica.so --expect bad.expect
  expect_error "bad line $(printf %q "$line")" YO-R006 3
done
expect_text "the line is named" err "line 1: "
cli route test ./replica.so --expect nowhere/x --update; expect_error "cannot be written" YO-R006 3
expect_no_text "what was done is no hint" err hint
finish
