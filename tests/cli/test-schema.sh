# SPDX-License-Identifier: MIT
# Tables of models from the command line, on SQLite files.
. "$HERE/common.sh"

cat > yaraorm.ini <<'INI'
[connection default]
url=sqlite:app.db
[connection events]
url=sqlite:events.db
[connection spare]
url=sqlite:spare.db
[route]
Event.*=events
[model User]
table=users
field.id=int64; primary-key
field.name=text; max=20; unique
field.team=int64; references=Team; nullable
[model Team]
table=teams
field.id=int64; primary-key
field.title=text
[model Event]
field.id=int64; primary-key
field.at=timestamp; default=now
INI

cli schema plan;                         expect_golden schema-plan
[ ! -e app.db ];                         report "a plan makes no file" $?
cli schema plan --exit-code;             expect_status "--exit-code" 1
cli schema show;                         expect_golden schema-show
terminal_cli 40 schema show;             expect_golden schema-show-terminal
terminal_cli 80 schema plan;             expect_golden schema-plan-terminal
terminal_cli 40 schema plan;             expect_golden schema-plan-40-terminal
cli schema plan --json;                  expect_json '$.connections[1].statements[0]' 'CREATE TABLE "event" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "at" INTEGER NOT NULL) STRICT'
cli schema apply;                        expect_golden schema-nobody
cli --config yaraorm.ini schema apply --no-input --allow-drop --json; expect_json '$.error.hint' 'yaraorm-cli --config yaraorm.ini schema apply --no-input --allow-drop --json --yes'
expect_status "nobody to ask" 2
expect_json '$.connections[1].name' events
cp yaraorm.ini "it's a file.ini"
cli --config "it's a file.ini" --timeout 3 schema apply; expect_text "the command is quoted for a shell" err "yaraorm-cli --config 'it'\\''s a file.ini' --timeout 3 schema apply --yes"
for command in 'schema plan' 'schema apply --yes' 'schema show' 'schema drift --router x'; do
  cli $command default;                  expect_error "$command takes no name" YO-U003 2
done
[ ! -e app.db ];                         report "nothing was applied" $?
cli schema apply --yes;                  expect_golden schema-apply
cli schema apply --yes;                  expect_golden schema-again
cli schema plan --exit-code;             expect_status "nothing is missing" 0
[ ! -e spare.db ];                       report "a file that nobody writes to is not made" $?
terminal_cli 80 schema apply
expect_text "nothing to do on a terminal" out "nothing to do"

# What is new.
sed -i 's/^field.title=.*/&\nfield.code=text; unique; nullable\nindex.by_title=title, code/' yaraorm.ini
cli schema plan;                         expect_golden schema-changes
cli schema plan --json;                  expect_json '$.connections[0].name' default
echo n | script -qec "'$CLI' schema apply" /dev/null > out 2> err
status=$?
expect_status "no" 1
expect_text "no is no" out "nothing was run"
expect_text "the question names it" out "Run 3 statements on default (app.db)? [y/N]"
{ sleep 2; echo y; } | script -qec "stty -echo; exec '$CLI' schema apply --color=never" /dev/null > out 2> err
status=$?
sed -i 's/\r$//' out
expect_golden schema-apply-terminal
cli schema plan --exit-code;             expect_status "it was applied" 0
cli sql default "INSERT INTO teams (title, code) VALUES ('a', 'b'), ('c', 'b')" --write
expect_error "the new column is unique" YO-D002 6

# What no model has stays, unless it may be dropped. A table without a model is nobody's business.
cli sql default --write "ALTER TABLE teams ADD COLUMN \"größe\" TEXT; CREATE INDEX by_size ON teams (\"größe\"); ALTER TABLE teams ADD COLUMN used INTEGER; CREATE VIEW seen AS SELECT used FROM teams; CREATE TABLE apart (a); ALTER TABLE users ADD COLUMN boss INTEGER REFERENCES users (id)"
cli schema plan --exit-code;             expect_golden schema-kept
terminal_cli 80 schema plan;             expect_golden schema-kept-terminal
cli schema apply;                        expect_status "nothing to be done" 0
cli schema plan --allow-drop;            expect_golden schema-drop
terminal_cli 40 schema plan --allow-drop; expect_golden schema-drop-terminal
cli schema plan --json;                  expect_json '$.connections[0].kept[1]' 'index "by_size" of "teams" is not in the model; kept'
cli schema plan --allow-drop --json;     expect_json '$.connections[0].statements[1]' 'DROP INDEX "by_size"'
echo n | script -qec "'$CLI' schema apply --allow-drop" /dev/null > out 2> err
expect_text "the question says that something is dropped" out "Run 4 statements, 4 of them to drop something, on default (app.db)? [y/N]"
cli schema apply --allow-drop --yes;     expect_golden schema-drop-refused
cli sql default 'SELECT count(*) AS n FROM pragma_table_info ($1)' -p teams --format jsonl
expect_text "nothing was dropped" out '{"n":5}'
cli sql default --write 'DROP VIEW seen'
cli schema apply --allow-drop --yes;     expect_golden schema-dropped
cli schema apply --allow-drop --yes;     expect_text "once" out "nothing to do"
cli sql default 'SELECT count(*) AS n FROM pragma_table_info ($1)' -p teams --format jsonl
expect_text "two columns are gone" out '{"n":3}'
cli sql default --write 'SELECT * FROM apart'; expect_status "the table is still there" 0

# Nobody is kept waiting: Ctrl-C at the question.
sed -i 's/^index.by_title.*/&\nindex.by_code=code/' yaraorm.ini
(sleep 1; printf '\003'; sleep 2) | script -qec "'$CLI' schema apply" /dev/null > out 2> err
status=$?
expect_status "Ctrl-C at the question" 130
cli schema apply --yes;                  expect_status "nothing had been done" 0

# What cannot be done is said, with what was.
printf '[model Log]\nfield.id=int64; primary-key\n' >> yaraorm.ini
sed -i 's/^field.at=.*/&\nfield.kind=text/; s/^Event\.\*=events/&/' yaraorm.ini
cli sql events --write "INSERT INTO event (at) VALUES (0)"
cli schema apply --yes;                  expect_golden schema-fails
cli sql default "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'log'" --format jsonl
expect_text "what was done before stays" out '{"n":1}'
sed -i '/^field.kind=text/d' yaraorm.ini

# A new router.
cat > move.c <<'C'
#include <yaraorm/yara-router.h>
const char *db_for_read  (const YaraModel *m, const YaraHints *h) { return 0; }
const char *db_for_write (const YaraModel *m, const YaraHints *h) { return strcmp (m->name, "Team") == 0 ? "spare" : strcmp (m->name, "Event") == 0 ? "events" : 0; }
C
cc -shared -fPIC -I"$INCLUDE" -o move.so move.c
cli schema drift --router ./move.so;     expect_golden schema-parted
sed -i 's/references=Team; nullable/&; unconstrained/' yaraorm.ini
cli schema drift --router ./move.so;     expect_status "an empty table may move" 0
cli sql default --write "INSERT INTO teams (title) VALUES ('a')"
cli schema drift --router ./move.so;     expect_golden schema-drift
terminal_cli 40 schema drift --router ./move.so; expect_golden schema-drift-terminal
cli schema drift --router ./move.so --json; expect_json '$.moves[0].model' Team
cli schema drift --router ./replica.so;  expect_error "a router without that rule" YO-S006 1
cli schema drift --router ./absent.so;   expect_error "a plugin that is absent" YO-P001 4
cli schema drift;                        expect_error "no router" YO-U003 2

# The other way: the tables as models, and nothing lacks.
cli sql default --write 'CREATE TABLE odd (a, b, PRIMARY KEY (a, b)); CREATE TABLE "audit_log" (id INTEGER PRIMARY KEY, price NUMERIC, raw BLOB NOT NULL, at TIMESTAMP, "say=so" TEXT); CREATE TABLE kinds (code VARCHAR(3) PRIMARY KEY, r REAL, b BOOLEAN, i SMALLINT, d DATE)'
cli schema import default;               expect_golden schema-import
terminal_cli 40 schema import default;   expect_golden schema-import-terminal
cli schema import default
{ printf '[connection default]\nurl=sqlite:app.db\n'; cat out; } > import.ini
cli --config import.ini schema plan --exit-code; expect_status "what was imported is complete" 0
cli sql spare --write 'CREATE TABLE "a-b" (id INTEGER PRIMARY KEY); CREATE TABLE a_b (id INTEGER PRIMARY KEY); CREATE TABLE " c" (id INTEGER PRIMARY KEY); CREATE TABLE "c " (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY); CREATE TABLE d (id INTEGER PRIMARY KEY, "e " TEXT)'
cli schema import spare;                 expect_golden schema-import-names
cli schema import nothing;               expect_error "import of an unknown name" YO-C003 2
cli schema import;                       expect_error "import of nothing" YO-U003 2

# Models of a program.
cat > models.c <<'C'
#include <yaraorm/yaraorm.h>
typedef struct { gint64 id; const char *text; } Note;
static const YaraField fields[] = { YARA_FIELD (Note, id, .primary_key = true), YARA_FIELD (Note, text) };
static const YaraModel note = YARA_MODEL (Note, "notes", fields, .connection = "spare");
const YaraModel *const *yaraorm_models (void);
const YaraModel *const *yaraorm_models (void) { static const YaraModel *const all[] = { &note, NULL }; return all; }
C
cc -shared -fPIC -I"$INCLUDE" $(pkg-config --cflags gio-2.0) -o models.so models.c
cli schema plan --models ./models.so;    expect_golden schema-library
cli schema plan --models ./replica.so;   expect_error "a library without models" YO-S002 3
cli schema plan --models ./absent.so;    expect_error "a library that is absent" YO-S002 3
sed -i '/^\[model/,$d' yaraorm.ini
cli schema plan;                         expect_error "no models" YO-S001 3
finish
