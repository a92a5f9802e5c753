# SPDX-License-Identifier: MIT
# What the commands say about real servers: a primary, a standby whose replay is paused, a pooler, and an old
# primary after a promotion. The servers are this test's own.
. "$HERE/common.sh"

servers=/tmp/yaraorm-cli-$$
trap '"$THROWAWAY" stop "$servers" > /dev/null 2>&1; rm -rf "$work"' EXIT
"$THROWAWAY" start --pgbouncer "$servers" > env 2> err
. ./env
url () { echo "postgresql://app:canary@/postgres?host=$servers&port=$1"; }
cat > yaraorm.ini <<INI
[connection default]
url=$(url "$YARAORM_POSTGRES_PRIMARY_PORT")
role=primary
[connection replica]
url=$(url "$YARAORM_POSTGRES_STANDBY_PORT")
role=standby
max-lag-bytes=1KiB
[connection pooled]
url=$(url "$YARAORM_POSTGRES_PGBOUNCER_PORT")
[connection cache]
url=sqlite:cache.db
[model User]
field.id=int64; primary-key
field.name=text
INI
chmod 600 yaraorm.ini
cli sql cache --write 'CREATE TABLE t (a)'

# The width of what stands in the columns follows the ports, versions and times.
steady () {
  sed -i -E 's/socket:[0-9]+ */socket:PORT /' out
  normalize_times out
}

cli conn list
steady
expect_golden conn-list
terminal_cli 80 conn list
steady
expect_golden conn-list-terminal
cli conn wait --for all --timeout 20;    expect_golden conn-wait
terminal_cli 40 conn wait --for cache --for default; expect_text "some are ready" out "2 ready"
cli conn ping
steady
expect_golden conn-ping
terminal_cli 160 conn ping
steady
expect_golden conn-ping-terminal
cli conn ping cache;                     expect_text "one alone" out "1 reachable"
cli conn ping --format csv;              expect_text "as CSV, the same columns each time" out "NAME,BACKEND,SERVER,ROLE,VERSION,CONNECT,QUERY,LAG,VIA,NOTE"
cli conn wait --for cache cache;         expect_text "each name counts once" out "1 ready"
cli conn ping --json
expect_json '$.connections[3].journal_mode' wal
expect_json '$.connections[0].role' primary
expect_json '$.connections[1].role' standby
expect_json '$.connections[2].pooler' true
expect_json '$.connections[0].pooler' false
expect_no_text "no password" out canary

# What the manual shows: the primary through a pooler, its standby, a file.
cat > sample.ini <<INI
[connection default]
url=$(url "$YARAORM_POSTGRES_PGBOUNCER_PORT")
role=primary
[connection cache]
url=sqlite:cache.db
[connection replica]
url=$(url "$YARAORM_POSTGRES_STANDBY_PORT")
role=standby
[route]
Snapshot.*=cache
*.read=replica
[model Snapshot]
field.id=int64; primary-key
INI
{ cat sample.ini; printf '[model Audit]\nfield.id=int64; primary-key\n'; } > before.ini
printf '[model User]\ntable=user\nfield.id=int64; primary-key\nfield.name=text\n[model Audit]\nfield.id=int64; primary-key\nfield.at=timestamp; nullable\n' >> sample.ini
chmod 600 sample.ini before.ini
steady_lag () {
  sed -i -E 's/ [0-9]+ B(, [0-9.]+ s)?/ LAG/' out
  steady
}
cli --config sample.ini conn ping
steady_lag
expect_golden conn-ping-sample
terminal_cli 40 --config sample.ini conn ping --color=never
expect_text "on a narrow terminal" out "all 3 reachable"
cli --config before.ini schema apply --yes
cli --config sample.ini schema plan --exit-code; expect_golden schema-plan-sample
terminal_cli 100 --config sample.ini schema plan; expect_golden schema-plan-sample-terminal
cli --config sample.ini schema apply;    expect_error "nobody to ask" YO-S005 2
expect_text "the command to be repeated" err "yaraorm-cli --config sample.ini schema apply --yes"
cli sql default --write 'DROP TABLE audit'

# Pgpool: one connection, several servers.
exec 9> >("$PGPOOL" "$servers/.s.PGSQL.9999" "$servers/.s.PGSQL.$YARAORM_POSTGRES_PRIMARY_PORT" > pgpool.log 2>&1)
printf '[connection default]\nurl=%s\n[connection primary]\nurl=%s\nrole=primary\n' "$(url 9999)" "$(url "$YARAORM_POSTGRES_PRIMARY_PORT")" > pgpool.ini
chmod 600 pgpool.ini
cli --config pgpool.ini conn wait --timeout 20
cli --config pgpool.ini conn ping
steady
expect_golden conn-ping-pgpool
cli --config pgpool.ini conn ping --json; expect_json '$.connections[0].via' Pgpool
exec 9>&-

# SQL on servers.
cli sql default 'CREATE TABLE t (a integer)'; expect_error "read-only" YO-D003 6
cli sql default --write 'CREATE TABLE t (a integer)'; expect_status "--write" 0
cli sql pooled 'SELECT count(*) AS n FROM t WHERE a = $1' -p 3 --format jsonl; expect_text "through the pooler" out '{"n":0}'
cli sql replica --write 'DELETE FROM t'; expect_error "a standby writes nothing" YO-D002 6
expect_text "the SQLSTATE is shown" err "sqlstate 25006"
cli sql default 'SELECT $$a;b$$ AS a; SELECT 2 AS b' --format jsonl; expect_golden sql-dollar

# An interrupt reaches the server. (timeout sends two unless it is in the foreground, and a second one ends the program.)
timeout --foreground --preserve-status -s INT 1 "$CLI" sql default 'SELECT pg_sleep (60)' > out 2> err
status=$?
expect_status "interrupted" 130
for _ in {1..50}; do # it comes by a connection of its own
  cli sql default "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep (60)%' AND state = 'active' AND pid <> pg_backend_pid ()" --format jsonl
  grep -q '{"n":0}' out && break
  sleep 0.1
done
expect_text "the statement was cancelled" out '{"n":0}'

# Tables.
cli schema apply --yes;                  expect_status "tables are made" 0
cli schema apply --yes;                  expect_text "once" out "nothing to do"
printf '[route]\n*.write=replica\n[model Late]\nfield.id=int64; primary-key\n' >> yaraorm.ini
cli schema apply --yes;                  expect_error "not on a standby" YO-S004 1

cli sql default --write 'CREATE TABLE all_kinds (id uuid PRIMARY KEY, a smallint NOT NULL, b integer, c bigint, d double precision, e numeric (12, 2), f numeric, g jsonb, h timestamptz, i date, j boolean, k bytea, l varchar (9), m inet, n bigint REFERENCES "user" (id)); CREATE TABLE no_key (a integer)'
cli schema import default;               expect_golden schema-import-postgres
{ sed -n '/^\[connection default/,/^role/p' yaraorm.ini; cat out; } > import.ini
chmod 600 import.ini
cli --config import.ini schema plan --exit-code; expect_status "what was imported is complete" 0

# What no model has.
cli sql default --write 'ALTER TABLE "user" ADD COLUMN old text; CREATE INDEX by_old ON "user" (old); ALTER TABLE "user" ADD COLUMN seen text UNIQUE; CREATE VIEW looks AS SELECT old FROM "user"'
sed '/^\[route/,$d' yaraorm.ini > drop.ini
chmod 600 drop.ini
cli --config drop.ini schema plan;       expect_golden schema-kept-postgres
terminal_cli 80 --config drop.ini schema plan --allow-drop; expect_golden schema-drop-postgres-terminal
cli --config drop.ini schema apply --allow-drop
expect_text "the command to be repeated" err "hint     yaraorm-cli --config drop.ini schema apply --allow-drop --yes"
expect_text "host and database" err "default (socket:$YARAORM_POSTGRES_PRIMARY_PORT, database postgres)"
cli --config drop.ini schema apply --allow-drop --yes; expect_golden schema-drop-refused-postgres
cli sql default --write 'DROP VIEW looks'
cli --config drop.ini schema apply --allow-drop --yes; expect_status "dropped" 0
cli --config drop.ini schema apply --allow-drop --yes; expect_text "once" out "nothing to do"

# Reading is reading, whatever the SQL says.
for way in 'SET TRANSACTION READ WRITE' 'SET transaction_read_only = off' "SELECT set_config ('transaction_read_only', 'off', FALSE)"; do
  cli sql default "$way; CREATE TABLE evil (a int)"; expect_error "$way" YO-D002 6
done
cli sql default "SELECT '{\"a\": 1e400}'::json AS j, 'NaN'::float8 AS n, 'null'::json AS z" --format jsonl
expect_text "JSON stays JSON" out '{"j":"{\"a\": 1e400}","n":"NaN","z":null}'

# A table that somebody holds is not waited for.
sed 's/^field.name=text/&\nfield.late=text; nullable/' drop.ini > lock.ini
chmod 600 lock.ini
timeout --foreground -s INT 60 "$CLI" sql default --write 'DO $$ BEGIN LOCK TABLE "user"; PERFORM pg_sleep (60); END $$' > held 2>&1 < /dev/null &
holder=$!
for _ in {1..100}; do
  cli sql default "SELECT count(*) AS n FROM pg_locks WHERE relation = '\"user\"'::regclass AND mode = 'AccessExclusiveLock' AND granted" --format jsonl
  grep -q '{"n":1}' out && break
  sleep 0.1
done
cli --config lock.ini schema apply --yes; expect_golden schema-locked
kill -INT $holder
wait $holder
cli --config lock.ini schema apply --yes; expect_status "and after that it is done" 0

# Plans: nothing is run, whatever is asked.
cli sql default --write 'INSERT INTO t VALUES (1)'
cli sql default --explain 'DELETE FROM t WHERE a = $1' -p 1; expect_text "a plan" out "Delete on t"
cli sql default --explain --write 'DELETE FROM t'; expect_status "--write" 0
cli sql default --explain --write 'ANALYZE DELETE FROM t'; expect_error "not ANALYZE" YO-D002 6
cli sql default --explain --write '(ANALYZE) DELETE FROM t'; expect_error "nor so" YO-D002 6
terminal_cli 40 sql default --explain 'SELECT 1'; expect_text "a plan on a terminal" out "Result"
cli sql default 'SELECT count(*) AS n FROM t' --format jsonl; expect_text "nothing was run" out '{"n":1}'
cli doctor;                              expect_text "limits of servers" out "max_connections "

# Lag, to the byte.
cli sql replica --write 'SELECT pg_wal_replay_pause ()'
for _ in {1..100}; do
  cli sql replica 'SELECT pg_get_wal_replay_pause_state () AS s' --format jsonl
  grep -q '"paused"' out && break
  sleep 0.1
done
cli sql default --write 'INSERT INTO t SELECT generate_series (1, 1000)'
for _ in {1..20}; do # the server writes its own records, too, at times
  cli sql default "SELECT (pg_current_wal_lsn () - '0/0')::bigint AS p" --format csv
  before=$(sed -n 's/\r//; 2p' out)
  cli sql replica "SELECT (pg_last_wal_replay_lsn () - '0/0')::bigint AS p" --format csv
  replayed=$(sed -n 's/\r//; 2p' out)
  cli conn ping default replica --json
  cp out ping
  cli sql default "SELECT (pg_current_wal_lsn () - '0/0')::bigint AS p" --format csv
  [ "$before" = "$(sed -n 's/\r//; 2p' out)" ] && break
done
cp ping out
expect_json '$.connections[1].lag_bytes' $((before - replayed))
expect_json '$.connections[1].id' YO-C042
expect_json '$.error.id' YO-C042
cli sql replica --write 'SELECT pg_wal_replay_resume ()'

# A role that is not what was written down.
sed 's/^role=standby/role=primary/' yaraorm.ini > wrong.ini
chmod 600 wrong.ini
cli --config wrong.ini conn ping replica; expect_error "another role" YO-C041 1
expect_text "in the table, too" out "YO-C041 should be primary"

# Watching: a line a look, until the reader goes.
timeout 20 "$CLI" conn ping default --watch 100ms 2> err | head -n 2 > out
[ "$(grep -c '^{"v":1,"ok":true' out)" = 2 ]; report "--watch prints JSON lines into a pipe" $?
timeout -s INT 3 script -qec "stty cols 40 rows 40; exec '$CLI' conn ping cache --watch 200ms" /dev/null > out 2> err < /dev/null
[ "$(grep -c "$(printf '\033')\[H" out)" -gt 1 ]; report "--watch redraws a terminal" $?
cli conn ping --watch soon;              expect_error "--watch takes a time" YO-U003 2

# Down, and up in time or not.
sed "s/port=$YARAORM_POSTGRES_STANDBY_PORT/port=1/" yaraorm.ini > down.ini
chmod 600 down.ini
cli --config down.ini conn ping;         expect_error "one does not answer" YO-C043 1
expect_text "the others do" out "3 of 4 reachable"
expect_text "which one" out "YO-C043 does not answer"
sed 's/port=[0-9]*/port=1/' yaraorm.ini > dark.ini
chmod 600 dark.ini
cli --config dark.ini conn ping;         expect_text "all errors are told" err '  pooled   YO-C043: connection "pooled": '
cli --config down.ini conn wait --timeout 1; expect_error "not ready" YO-C044 5
cli --config down.ini conn wait --for default; expect_status "the one that matters is" 0
terminal_cli 40 --config down.ini conn wait --timeout 1s; expect_text "waiting is shown" out "waiting for 1 of 4"
cli conn wait --for defualt;             expect_error "nobody waits for an unknown name" YO-C003 2
cli --config down.ini sql replica 'SELECT 1'; expect_error "not reachable" YO-D001 5
expect_no_text "no password in errors" err canary

# A server that takes connections and says nothing.
postmaster=$(head -n 1 "$servers/standby/postmaster.pid")
kill -STOP "$postmaster"
SECONDS=0
cli conn ping --timeout 1
kill -CONT "$postmaster"
expect_error "a server that hangs" YO-C043 1
expect_text "why" err 'connection "replica": no answer in 1 s'
expect_text "the others are not held up" out "3 of 4 reachable"
[ $SECONDS -lt 20 ];                     report "it does not hang itself" $?

# The standby is promoted, and the old primary is still there.
cli sql replica --write 'SELECT pg_promote ()'
cli conn ping default replica;           expect_error "two primaries" YO-C040 1
expect_text "the old timeline" err "a primary on timeline 1"
expect_text "and the new one" err "a primary on timeline 2"
expect_text "the same in the table" out "YO-C040 split brain? timelines 1 and 2"
terminal_cli 40 conn ping default replica --color=never
expect_text "and on a narrow terminal" out "YO-C040"
cli conn ping default pooled;            expect_status "two names of one server are no split brain" 0
finish
