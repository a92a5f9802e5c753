# SPDX-License-Identifier: MIT
# Terminals of 40 columns: nothing is cut off, no line is longer unless it was printed so; names and values in UTF-8.
. "$HERE/common.sh"

printf '[connection default]\nurl=sqlite:app.db\n' > yaraorm.ini
cli sql default --write "CREATE TABLE \"顧客\" (a integer PRIMARY KEY, \"名前\" text, note text);
INSERT INTO \"顧客\" VALUES (1, '山田太郎', 'A note that tells more about this customer than one line can hold'),
  (2, 'Ae' || char (769) || 'pfel', 'short'), (3, 'a' || char (10) || 'b' || char (27) || '[31m', ''),
  (4, '長い名前' || char (7), '一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十'), (5, NULL, NULL)"
everything='SELECT * FROM "顧客" ORDER BY a'

cli sql default "$everything";                    expect_golden narrow-pipe
terminal_cli 100 sql default "$everything";       expect_golden narrow-100-terminal
terminal_cli 40 sql default "$everything";        expect_golden narrow-40-terminal
terminal_cli 24 sql default "$everything";        expect_golden narrow-24-terminal
terminal_cli 5 sql default "$everything";         expect_status "5 columns" 0
terminal_cli 40 sql default 'SELECT * FROM "顧客" WHERE 0'; expect_golden narrow-empty-terminal
cli sql default 'SELECT * FROM "顧客" WHERE 0';   expect_golden narrow-empty
terminal_cli 40 sql default 'SELECT * FROM "顧客い"'; expect_text "an error names the table" out '顧客い'
cli sql default "$everything" --format csv;       expect_golden narrow-csv
cli sql default "$everything" --format jsonl;     expect_golden narrow-jsonl

# Where the locale has no such characters they are written as what they are.
for columns in 40 100; do
  script -qec "stty cols $columns; LC_ALL=C '$CLI' sql default $(printf '%q' "$everything")" /dev/null > out 2> err < /dev/null
  status=$?
  expect_status "$columns columns in the C locale" 0
  ! LC_ALL=C grep -q $'[\200-\377]' out;          report "$columns columns in the C locale: no bytes that it has not" $?
done

terminal_cli 40 plugin info ./replica.so;         expect_text "labels and texts" out "exports"
[ "$(wc -L < out)" -le 40 ];                      report "40 columns hold them" $?
terminal_cli 40 plugin check ./replica.so;        expect_status "plugin check" 0
[ "$(sed $'s/\033\[[0-9]*m//g' out | wc -L)" -le 40 ]; report "40 columns hold its table" $?
terminal_cli 30 route diff ./replica.so ./cache.so --connections default,replica,cache; expect_golden narrow-diff-terminal
terminal_cli 40 conn list;                        expect_golden narrow-conn-terminal
finish
