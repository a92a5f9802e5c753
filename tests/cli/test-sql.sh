# SPDX-License-Identifier: MIT
# SQL from the command line: what it prints, and that it only reads unless asked otherwise.
. "$HERE/common.sh"

printf '[connection default]\nurl=sqlite:app.db\n' > yaraorm.ini
cli sql default 'SELECT 1';              expect_error "no file yet" YO-D001 5
[ ! -e app.db ];                         report "reading makes no file" $?
cli sql default --write "CREATE TABLE t (a INTEGER, b TEXT)"; expect_golden sql-create
cli sql default --write "INSERT INTO t VALUES (1, 'x'), (2, NULL), (3, '')"; expect_golden sql-insert
cli sql default 'SELECT * FROM t ORDER BY a';  expect_golden sql-table
cli sql default 'SELECT * FROM t WHERE a > 9'; expect_golden sql-empty

cli sql default --explain 'DROP TABLE t'; expect_text "a statement without a plan" out "(no plan)"

# Numbers as they were written; what is no number is a text in JSON.
cli sql default 'SELECT 0.1 AS a, 1.0 / 3 AS b, 1e300 AS c, 9e999 AS d' --format csv
expect_text "the shortest that reads back" out '0.1,0.3333333333333333,1e+300,Infinity'
cli sql default 'SELECT 9e999, -9e999' --json
expect_json '$.results[0].rows[0][1]' -Infinity

# Binds.
cli sql default 'SELECT $1 + 1 AS n, $2 AS t, $3 AS u' -p 41 -p "'18'" -p null --json
expect_json '$.results[0].rows[0][0]' 42
expect_json '$.results[0].rows[0][1]' 18
expect_json '$.results[0].rows[0][2]' null
cli sql default 'SELECT count(*) AS n FROM t WHERE b = $1' -p x --format jsonl; expect_golden sql-jsonl
cli sql default 'SELECT $1; SELECT $2' -p 1; expect_error "binds are for one statement" YO-U003 2

# Formats.
cli sql default "SELECT a, b AS \"c,d\" FROM t UNION ALL SELECT 4, 'say \"hi\"' || char(10) ORDER BY 1" --format csv
printf 'a,"c,d"\r\n1,x\r\n2,\r\n3,""\r\n4,"say ""hi""\n"\r\n' > wanted
cmp -s wanted out;                       report "CSV is that of RFC 4180" $?
cli sql default "SELECT 'ä€😀' AS \"größe\", x'00ff' AS raw"; expect_golden sql-utf8
cli sql default 'SELECT 1' --format xml; expect_error "unknown format" YO-U003 2
cli --json sql default 'SELECT 1 AS a'
expect_json '$.results[0].columns[0]' a

# On a terminal, also a narrow one; wide and combining characters keep the columns.
cli sql default --write "CREATE TABLE \"größe 表\" (a INTEGER, \"名\" TEXT); INSERT INTO \"größe 表\" VALUES (1, '日本語'), (22, 'é' || char(0x301)), (333, NULL)"
cli sql default 'SELECT * FROM "größe 表"';  expect_golden sql-wide
terminal_cli 80 sql default 'SELECT * FROM "größe 表"'; expect_golden sql-wide-terminal
terminal_cli 40 sql default "SELECT a, \"名\", '表 of a very long text that does not fit into forty columns' AS long FROM \"größe 表\""
expect_golden sql-narrow-terminal
terminal_cli 40 sql default 'SELECT * FROM t WHERE a > 9'; expect_golden sql-empty-terminal
terminal_cli 40 sql default 'SELECT * FROM "größer 表"'; expect_golden sql-error-terminal

# Plans.
cli sql default --explain 'DELETE FROM t WHERE a IN (SELECT a FROM t WHERE b = $1)' -p x; expect_golden sql-explain
terminal_cli 40 sql default --explain 'SELECT * FROM t ORDER BY b'; expect_golden sql-explain-terminal
cli sql default --explain --write 'DELETE FROM t'; expect_status "with --write" 0
cli sql default --explain --write 'INSERT INTO t SELECT * FROM t; DROP TABLE t'; expect_status "of several" 0
cli sql default --explain 'ANALYZE DELETE FROM t'; expect_error "not two of them" YO-D002 6
cli sql default --explain --json 'SELECT * FROM t'; expect_json '$.results[0].plan[0]' 'SCAN t'
cli sql default 'SELECT count(*) AS n FROM t' --format jsonl
expect_text "nothing was run" out '{"n":3}'

# Read-only.
cli sql default 'DELETE FROM t';         expect_golden sql-read-only
cli sql default 'CREATE TABLE u (a)';    expect_error "no table" YO-D003 6
cli sql default 'DELETE FROM t' --json;  expect_json '$.error.id' YO-D003
cli sql default 'COMMIT; DELETE FROM t'; expect_golden sql-control
cli sql default --write 'BEGIN; DELETE FROM t; COMMIT'; expect_error "nor with --write" YO-D002 6
cli sql default 'SELECT 1; PRAGMA Query_Only = 0; DELETE FROM t'; expect_golden sql-lock
cli sql default 'SELECT count(*) AS n FROM t' --format jsonl
expect_text "all rows are still there" out '{"n":3}'

# Files.
cat > script.sql <<'SQL'
-- a comment; with a semicolon
INSERT INTO t VALUES (4, 'a;b'); /* ; */
CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET b = CASE WHEN a = 5 THEN 'five;' ELSE b END; DELETE FROM t WHERE a = 99; END;
INSERT INTO t VALUES (5, '');
SELECT b FROM t WHERE a > 3 ORDER BY a;
;
-- the end
SQL
cli sql default --write -f script.sql;   expect_golden sql-script
cli sql default --write 'INSERT INTO t VALUES (6, 6); INSERT INTO nothing VALUES (1); INSERT INTO t VALUES (7, 7)'
expect_golden sql-stops
cli sql default 'SELECT max(a) AS n FROM t' --format jsonl; expect_text "what ran before stays, what comes after does not" out '{"n":6}'
"$CLI" sql default - > out 2> err <<< 'SELECT 7 AS n'
status=$?
expect_text "stdin" out 7
"$CLI" sql default -f - --format jsonl > out 2> err <<< 'SELECT 8 AS n'
expect_text "stdin as a file" out '{"n":8}'
printf 'DELETE FROM t;\0SELECT 1' > nul.sql
cli sql default --write -f nul.sql;      expect_error "a NUL in the file" YO-U003 2
cli sql default -f .;                    expect_error "a folder" YO-U003 2
"$CLI" sql default - > out 2> err < .
status=$?
expect_text "stdin that cannot be read" err "stdin: Is a directory"
cli sql default -f absent.sql;           expect_error "a file that is absent" YO-U003 2
cli sql default '/* ; */';             expect_error "no statement" YO-U003 2

# Mistakes.
cli sql default 'SELECT nothing';        expect_error "a bad statement" YO-D002 6
cli sql defualt 'SELECT 1';              expect_error "a bad name" YO-C003 2
expect_text "the name is suggested" err 'did you mean "default"?'
cli sql default;                         expect_error "no statement at all" YO-U003 2
cli sql;                                 expect_error "no name" YO-U003 2
cli sql default SELECT 1;                expect_error "unquoted" YO-U003 2
cli sql default -f x.sql 'SELECT 1';     expect_error "file and statement" YO-U003 2

# Ctrl-C: the statement that runs is undone, and what was done before is said.
cat > long.sql <<'SQL'
INSERT INTO t VALUES (8, 'stays');
INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n) SELECT i, 'undone' FROM n LIMIT 1000000000;
SQL
timeout --foreground --preserve-status -s INT 2 "$CLI" sql default --write -f long.sql > out 2> err
status=$?
expect_status "interrupted" 130
expect_text "what stays is said" err "interrupted at statement 2 of 2; what ran before it stays"
cli sql default 'SELECT count(*) AS n FROM t WHERE a >= 8' --format jsonl
expect_text "nothing half done" out '{"n":1}'
cli sql default --timeout 500ms 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n'
expect_error "the time is over" YO-D004 5

# A reader that goes away.
"$CLI" sql default 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT i FROM n' --format csv 2> err | head -n 1 > out
[ "$(cat out)" = $'i\r' ] && [ ! -s err ]; report "a broken pipe is quiet" $?
finish
