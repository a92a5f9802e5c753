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
cli schema show;                         expect_status "show" 0
cli schema apply;                        expect_error "nobody to ask" YO-S005 2
cli schema apply --yes;                  expect_golden schema-apply
cli schema apply --yes;                  expect_golden schema-again
cli schema plan --exit-code;             expect_status "nothing is missing" 0
[ ! -e spare.db ];                       report "a file that nobody writes to is not made" $?
script -qec "'$CLI' schema apply" /dev/null > out 2> err < /dev/null
expect_text "nothing to do on a terminal" out "nothing to do"

# What is new.
sed -i 's/^field.title=.*/&\nfield.code=text; unique; nullable\nindex.by_title=title, code/' yaraorm.ini
cli schema plan;                         expect_golden schema-changes
cli schema plan --json;                  expect_json '$.connections[0].name' default
echo n | script -qec "'$CLI' schema apply" /dev/null > out 2> err
status=$?
expect_status "no" 1
expect_text "the question names it" out "Run 3 statements on 1 connection?"
echo y | script -qec "'$CLI' schema apply" /dev/null > out 2> err
status=$?
expect_status "yes" 0
cli schema plan --exit-code;             expect_status "it was applied" 0
cli sql default "INSERT INTO teams (title, code) VALUES ('a', 'b'), ('c', 'b')" --write
expect_error "the new column is unique" YO-D002 6

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
cli schema drift --router ./move.so --json; expect_json '$.moves[0].model' Team
cli schema drift --router ./replica.so;  expect_error "a router without that rule" YO-S006 1
cli schema drift --router ./absent.so;   expect_error "a plugin that is absent" YO-P001 4
cli schema drift;                        expect_error "no router" YO-U003 2

# The other way: the tables as models, and nothing lacks.
cli sql default --write 'CREATE TABLE odd (a, b, PRIMARY KEY (a, b)); CREATE TABLE "audit_log" (id INTEGER PRIMARY KEY, price NUMERIC, raw BLOB NOT NULL, at TIMESTAMP, "say=so" TEXT); CREATE TABLE kinds (code VARCHAR(3) PRIMARY KEY, r REAL, b BOOLEAN, i SMALLINT, d DATE)'
cli schema import default;               expect_golden schema-import
{ printf '[connection default]\nurl=sqlite:app.db\n'; cat out; } > import.ini
cli --config import.ini schema plan --exit-code; expect_status "what was imported is complete" 0
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
