# SPDX-License-Identifier: MIT
# route bench: what a decision costs.
. "$HERE/common.sh"

cli route bench ./replica.so --threads 1,2
expect_status "a good router" 0
expect_text "without a router" out "1        none"
expect_text "two threads" out "2        plugin"
normalize_bench () {
  sed -i -E -e 's/[0-9.]+ (ns|µs|ms)/TIME/g' -e 's/[0-9.]+ million/COUNT million/' -e 's/ +/ /g' -e 's/ $//' out
}
normalize_bench; expect_golden bench
terminal_cli 80 route bench ./replica.so --threads 1
sed -i 's/.*\x1b\[K//' out; normalize_bench; expect_golden bench-terminal
cli route bench ./replica.so --threads 1 --json
expect_json '$.ok' true
expect_json '$.rounds' 5
expect_json '$.results[*].threads' $'1\n1'
expect_json '$.results[*].router' $'false\ntrue'
sum=$(sha256sum < replica.so)
expect_json '$.sha256' "${sum%% *}"
[ "$("$JSON_GET" '$.results[1].per_second' < out)" -gt 1000 ]
report "it decided" $?
for line in 0 1; do
  least=$("$JSON_GET" "\$.results[$line].min_ns" < out) median=$("$JSON_GET" "\$.results[$line].median_ns" < out)
  awk "BEGIN { exit !(0 < $least && $least <= $median) }"
  report "line $line: $least ns at best, $median ns usually" $?
  awk "BEGIN { exit !(0 < $("$JSON_GET" "\$.results[$line].p99_ns" < out)) }"
  report "line $line: 99 of 100 took time" $?
done

printf '[connection default]\nurl=sqlite:app.db\n[connection replica]\nurl=sqlite:r.db\n[route]\n*.read=80%% replica, 20%% default\n' > new.ini
cli route bench ./new.ini --threads 1;                 expect_text "rules of a file" out "1        rules"
cli route bench --config new.ini --threads 1
expect_text "rules of the configuration" out "1        rules"
cli route bench rules: --config new.ini --threads 1 --json
expect_json '$.plugin' '[route]'
expect_json '$.sha256' null
cli route bench rules:;                                expect_error "no rules" YO-U003 2
cli route bench ./a.so ./b.so;                         expect_error "two plugins" YO-U003 2

cli route bench ./replica.so --op read;                expect_error "it asks for both" YO-U002 2
cli route bench ./misbehave.so --args needs-hint --hint tenant=cache --threads 1
expect_status "the router gets the hints of the program" 0
cli route bench ./misbehave.so --args needs-hint;      expect_error "which it needs" YO-P005 4

cli route bench ./misbehave.so --args crash;           expect_error "a crash" YO-P005 4
cli route bench ./misbehave.so --args typo;            expect_error "an unknown connection" YO-R003 1
cli route bench ./nothing.so;                          expect_error "no file" YO-P001 4
cli route bench;                                       expect_error "no plugin" YO-U003 2
for threads in 0 257 x "" 1,,2 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17; do
  cli route bench ./replica.so --threads "$threads";   expect_error "--threads $threads" YO-U003 2
done
finish
