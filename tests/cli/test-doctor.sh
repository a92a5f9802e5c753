# SPDX-License-Identifier: MIT
# The page for a report of a problem.
. "$HERE/common.sh"

steady () {
  sed -i -e 's/^yaraorm  .*/yaraorm        VERSION/' -e 's/^GLib .*/GLib           VERSION/' -e 's/^system .*/system         SYSTEM/' \
         -e 's/^limits .*/limits         LIMITS/' -e 's/[0-9]* checks\{0,1\} passed/CHECKS passed/' -e 's/, page_size.*/, PAGES/' out
  normalize_times out
}

cli doctor;                              expect_status "no configuration" 1
expect_text "that is said" err "error YO-C002"
printf '[connection default]\nurl=sqlite:app.db\n[connection cache]\nurl=sqlite:cache.db\n[router]\nplugin=./replica.so\n' > yaraorm.ini
cli doctor;                              expect_error "no files" YO-C043 1
expect_text "each of them is named" err '  cache    YO-C043: connection "cache": there is no file'
cli doctor default;                      expect_error "doctor takes no argument" YO-U003 2
cli sql default --write 'CREATE TABLE t (a)'
cli sql cache --write 'CREATE TABLE t (a)'
cli doctor
steady
expect_golden doctor
terminal_cli 120 doctor
steady
expect_golden doctor-terminal
terminal_cli 40 doctor
expect_text "a narrow page" out "all is well"
DATABASE_URL=sqlite:app.db YARAORM_URL_CACHE=sqlite:cache.db cli doctor
expect_text "the environment has its say" out "environment    DATABASE_URL, YARAORM_URL_CACHE"
cli --config yaraorm.ini doctor;         expect_text "why this file" out "yaraorm.ini (given with --config)"
cli doctor --json;                       expect_json '$.ok' true
expect_json '$.file_reason' 'in the working directory'
expect_json '$.plugin_checks[0].status' ok
expect_json '$.connections[0].journal_mode' wal
expect_json '$.connections[1].name' cache
sed -i 's|./replica.so|./misbehave.so\nargs=crash|' yaraorm.ini
cli doctor;                              expect_error "a plugin that crashes" YO-P005 1
cli doctor --json;                       expect_json '$.problems[0].id' YO-P005
sed -i '/^\[router/,$d' yaraorm.ini
printf '[connection old]\nurl=postgresql://app:canary@/app?host=/nowhere\n' >> yaraorm.ini
chmod 644 yaraorm.ini
cli doctor --json
expect_json '$.problems[0].id' YO-C010
expect_json '$.problems[1].id' YO-C043
expect_no_text "no password" out canary
finish
