# SPDX-License-Identifier: MIT
# plugin info: what a file tells without any of its code being run.
. "$HERE/common.sh"

cli plugin info ./replica.so;                          expect_status "a sound plugin" 0
if [ -z "$SANITIZE" ]; then
  expect_golden info-replica
  terminal_cli 100 plugin info ./replica.so;           expect_golden info-replica-terminal
fi
sum=$(sha256sum < replica.so)
cli plugin info ./replica.so --json
expect_json '$.ok' true
expect_json '$.sha256' "${sum%% *}"
expect_json '$.size' "$(stat -c %s replica.so)"
expect_json '$.abi' 1.0
expect_json '$.exports[*]' $'db_for_read\ndb_for_write\nrouter_open'
expect_no_text "it is not refused" out refused
cli plugin info replica.so;                            expect_status "a path needs no slash" 0

# What would be refused is told, too; nothing runs.
CONSTRUCTOR=exit cli plugin info ./constructor.so
expect_status "a constructor that ends the process" 0
expect_text "is not run" out "exports   db_for_read db_for_write"
cli plugin info ./unmarked.so;                         expect_text "no mark" out "refused   YO-P003 has no ABI mark"
cli plugin info "$ZOO/newer-major.so"
expect_text "another version" out "abi       2.0, this library has 1.0"
expect_status "and still no error" 0
cli plugin info "$ZOO/no-write.so" --json
expect_json '$.refused.id' YO-P004
expect_json '$.exports[*]' db_for_read
cli plugin info "$ZOO/no-delete.so" --json;            expect_json '$.exports' null
cp replica.so open.so; chmod o+w open.so
cli plugin info open.so;                               expect_text "writable by others" out "refused   YO-P006 the file can be written by everybody"
echo "not a plugin at all" > text.so
cli plugin info text.so;                               expect_text "a text file" out "refused   YO-P002 is not an ELF file"
: > empty.so
cli plugin info empty.so;                              expect_text "an empty file" out "refused   YO-P001 is empty"

# Cut anywhere, it must be read to the end of what there is.
size=$(stat -c %s replica.so)
for ((length = 0, bad = 0; length < size; length += size / 60)); do
  head -c $length replica.so > cut.so
  cli plugin info cut.so
  [ $status = 0 ] && grep -q '^refused ' out || bad=$((bad + 1))
done
[ $bad = 0 ];                                          report "cut short in 60 places" $?

cli plugin info ./nothing.so;                          expect_error "no file" YO-P001 4
cli plugin info . --json;                              expect_json '$.error.id' YO-P001
mkfifo pipe.so
cli plugin info pipe.so;                               expect_error "a pipe" YO-P001 4
cli plugin info;                                       expect_error "no FILE" YO-U003 2
finish
