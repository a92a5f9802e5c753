# SPDX-License-Identifier: MIT
# plugin check: bad plugins are reported, not suffered.
. "$HERE/common.sh"

same_load () { # what loading takes, and how the file may be used
  sed -i -E -e 's/[0-9.]+ ms(.?)$/TIME\1/' -e 's/mode 0[0-7]+/mode MODE/' out
}

bad () { # ARGS
  cli plugin check ./misbehave.so --args "$1"
}

# The last run found the fault ID in CHECK, which is told in its lines and nowhere else.
expect_fail () { # WHAT CHECK ID
  [ "$status" = 4 ] && grep -Eq "^$2 +FAIL +$3 " out && ! grep -q "^error " err && grep -q "^hint: " err
  report "$1: $2 FAIL $3, exit 4" $?
}

for router in replica analytics cache template shard tenant percent; do
  cli plugin check ./$router.so
  expect_status "$router" 0
  ! grep -Eq ' (warn|FAIL) ' out
  report "$router has no fault" $?
done
if [ -z "$SANITIZE" ]; then
  cli plugin check ./replica.so;      same_load; expect_golden check-replica
  terminal_cli 100 plugin check ./replica.so; same_load; expect_golden check-replica-terminal
fi
cli plugin check ./replica.so --json
expect_json '$.checks[*].status' "$(printf 'ok\n%.0s' {1..10})"
expect_json '$.ok' true

# Files.
cli plugin check ./nothing.so;        expect_error "no file" YO-P001 4
cli plugin check replica.so;          expect_error "no slash" YO-P001 4
expect_text "the slash is suggested" err "write ./replica.so"
cli plugin check .;                   expect_status "a folder" 4
echo "not a plugin at all" > text.so
cli plugin check ./text.so;           expect_fail "a text file" file YO-P002
head -c 3000 replica.so > short.so
cli plugin check ./short.so;          expect_fail "half a file" file YO-P002
cli plugin check ./unmarked.so;       expect_fail "no mark" file YO-P003
cli plugin check ./half.so;           expect_fail "no db_for_write" symbols YO-P004
cp replica.so open.so; chmod o+w open.so
cli plugin check ./open.so;           expect_fail "writable by others" file YO-P006
cli plugin check ./open.so --json
expect_json '$.error.id' YO-P006
expect_json '$.checks[*].check' file
expect_json '$.checks[0].status' fail

# Loading.
bad refuse;                           expect_fail "router_open says no" load YO-P008
expect_text "its words are shown" out "not on a Sunday"
bad abort-open;                       expect_fail "abort in router_open" load YO-P005
bad exit-open;                        expect_fail "exit in router_open" load YO-P010
bad crash-close;                      expect_fail "crash in router_close" unload YO-P005
export CONSTRUCTOR
CONSTRUCTOR=exit;  cli plugin check ./constructor.so; same_load; expect_golden check-exit
CONSTRUCTOR=crash; cli plugin check ./constructor.so; expect_fail "crash in a constructor" load YO-P005
CONSTRUCTOR=loop;  cli plugin check ./constructor.so; expect_fail "endless constructor" load YO-P009
SECONDS=0
CONSTRUCTOR=fork;  cli plugin check ./constructor.so; expect_fail "a process left behind" load YO-P010
[ $SECONDS -lt 5 ]
report "it is not waited for" $?
unset CONSTRUCTOR

# Calls.
bad crash;                            same_load; expect_golden check-crash
terminal_cli 100 plugin check ./misbehave.so --args crash; same_load; expect_golden check-crash-terminal
cli plugin check ./misbehave.so --args crash --json
expect_json '$.error.id' YO-P005
expect_json '$.error.hint' "yaraorm-cli plugin check --debug ./misbehave.so --args crash   starts gdb at the call"
bad crash-empty;                      expect_fail "crash with an empty name" db_for_read YO-P005
expect_text "the model is named" out 'signal 6 (SIGABRT), model ""'
bad loop;                             expect_fail "endless loop" db_for_write YO-P009
expect_text "the model is named" out 'model "User"'
bad loop;                             expect_text "what was fine is shown" out "db_for_read   ok"
bad exit;                             expect_fail "exit in a call" db_for_write YO-P010
bad dead-stack;                       expect_fail "dead stack" db_for_read YO-P011
bad not-utf8;                         expect_fail "not UTF-8" db_for_read YO-R001
bad overlong;                         expect_fail "overlong" db_for_read YO-R001
if [ -z "$SANITIZE" ]; then
  bad dead-heap;                      expect_fail "dead heap" db_for_read YO-P011
  bad huge;                           expect_fail "all the memory" db_for_read YO-P005
  bad grow;                           expect_status "growth" 0
  expect_text "growth is a warning" out "warn    YO-P013 100000 calls, "
fi
bad shared;                           expect_text "a shared buffer" out "warn    YO-P014"
expect_status "a warning is no failure" 0
bad errno;                            expect_text "errno" out "warn    YO-P012 errno"
bad signals;                          expect_text "signal mask" out "warn    YO-P012 the signal mask"
bad slow;                             expect_text "a slow call" out "warn    YO-P009 a call takes"
bad turn;                             expect_text "answers in turn" out "User cache|default|replica"
bad typo;                             expect_status "which names exist is not asked" 0
cli plugin check ./misbehave.so --args typo --connections default,replica
expect_fail "an unknown connection" db_for_read YO-R003
expect_text "it is quoted" out 'returned "replcia", which is none of default, replica, model "User"'
bad escape;                           expect_fail "an impossible name" db_for_read YO-R001
cli plugin check ./self-call.so
expect_text "a call that left" out "self call     warn    YO-P007 calls its own db_for_read through the symbol table"
expect_status "a call that left is a warning" 0
cli route test ./self-call.so --model User
expect_text "but is answered as in a program" out "User   write  replica      replica"

# --debug, with a gdb that writes down how it was started.
mkdir fake
printf '#!/bin/sh\nprintf "%%s\\n" "$@" > %s/gdb.words\n: >&3 && echo open >> %s/gdb.words\n' "$work" "$work" > fake/gdb
chmod +x fake/gdb
PATH=$work/fake:$PATH cli plugin check --debug ./misbehave.so --args "a b" --connections default,replica
expect_status "the fake gdb" 0
printf '%s\n' -q -ex run -ex backtrace -batch --args "$(readlink -f "$CLI")" --probe check "--args=a b" \
       --connections=default,replica -- ./misbehave.so open > expected
diff expected gdb.words > difference;                  report "gdb gets the child's command, and an open place for its lines" $?
sed 's/^/# /' difference
PATH=$work/fake:$PATH terminal_cli 80 plugin check --debug ./misbehave.so
! grep -qx -- -batch gdb.words;                        report "a terminal gets gdb's prompt" $?
PATH=$work/none cli plugin check --debug ./misbehave.so
expect_error "no gdb" YO-X001 1
expect_text "what to install" err "apt install gdb"
if [ -z "$SANITIZE" ] && gdb -batch -ex run --args true > out 2>&1 < /dev/null && grep -q "exited normally" out; then
  CLI="timeout 60 $CLI" # a debugger that hangs is a failure
  $CLI plugin check --debug ./misbehave.so --args crash > out 2> err < /dev/null
  status=$?
  expect_text "the real gdb stops at the signal" out "received signal SIGSEGV"
  expect_text "in the plugin" out "in db_for_read"
fi
finish
