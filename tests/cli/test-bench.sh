# SPDX-License-Identifier: MIT
# route bench: what a decision costs.
. "$HERE/common.sh"

cli route bench ./replica.so --threads 1,2
expect_status "a good router" 0
expect_text "without a router" out "1        none"
expect_text "two threads" out "2        plugin"
cli route bench ./replica.so --threads 1 --json
expect_json '$.ok' true
expect_json '$.rounds' 5
expect_json '$.results[*].threads' $'1\n1'
expect_json '$.results[*].router' $'false\ntrue'
sum=$(sha256sum < replica.so)
expect_json '$.sha256' "${sum%% *}"
[ "$("$JSON_GET" '$.results[1].per_second' < out)" -gt 1000 ]
report "it decided" $?
[ "$("$JSON_GET" '$.results[1].p99_ns' < out)" -gt 0 ]
report "that took time" $?

cli route bench ./misbehave.so --args crash;           expect_error "a crash" YO-P005 4
cli route bench ./misbehave.so --args typo;            expect_error "an unknown connection" YO-R003 1
cli route bench ./nothing.so;                          expect_error "no file" YO-P001 4
cli route bench;                                       expect_error "no plugin" YO-U003 2
for threads in 0 257 x "" 1,,2 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17; do
  cli route bench ./replica.so --threads "$threads";   expect_error "--threads $threads" YO-U003 2
done
finish
