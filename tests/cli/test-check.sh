# SPDX-License-Identifier: MIT
# plugin check: bad plugins are reported, not suffered.
. "$HERE/common.sh"

bad () { # ARGS
  cli plugin check ./misbehave.so --args "$1"
}

for router in replica analytics cache template; do
  cli plugin check ./$router.so
  expect_status "$router" 0
  ! grep -Eq ' (warn|FAIL) ' out
  report "$router has no fault" $?
done
[ -n "$SANITIZE" ] || { cli plugin check ./replica.so; expect_golden check-replica; }
cli plugin check ./replica.so --json
expect_json '$.checks[*].status' "$(printf 'ok\n%.0s' {1..10})"
expect_json '$.ok' true

# Files.
cli plugin check ./nothing.so;        expect_error "no file" YO-P001 4
cli plugin check replica.so;          expect_error "no slash" YO-P001 4
expect_text "the slash is suggested" err "write ./replica.so"
cli plugin check .;                   expect_status "a folder" 4
echo "not a plugin at all" > text.so
cli plugin check ./text.so;           expect_error "a text file" YO-P002 4
head -c 3000 replica.so > short.so
cli plugin check ./short.so;          expect_error "half a file" YO-P002 4
cli plugin check ./unmarked.so;       expect_error "no mark" YO-P003 4
cli plugin check ./half.so;           expect_error "no db_for_write" YO-P004 4
cp replica.so open.so; chmod o+w open.so
cli plugin check ./open.so;           expect_error "writable by others" YO-P006 4
cli plugin check ./open.so --json
expect_json '$.error.id' YO-P006
expect_json '$.checks[0].check' load

# Loading.
bad refuse;                           expect_error "router_open says no" YO-P008 4
expect_text "its words are shown" err "not on a Sunday"
bad abort-open;                       expect_error "abort in router_open" YO-P005 4
bad exit-open;                        expect_error "exit in router_open" YO-P010 4
bad crash-close;                      expect_error "crash in router_close" YO-P005 4
expect_text "in unloading" err "at       unloading"
export CONSTRUCTOR
CONSTRUCTOR=exit;  cli plugin check ./constructor.so; expect_golden check-exit
CONSTRUCTOR=crash; cli plugin check ./constructor.so; expect_error "crash in a constructor" YO-P005 4
CONSTRUCTOR=loop;  cli plugin check ./constructor.so; expect_error "endless constructor" YO-P009 4
SECONDS=0
CONSTRUCTOR=fork;  cli plugin check ./constructor.so; expect_error "a process left behind" YO-P010 4
[ $SECONDS -lt 5 ]
report "it is not waited for" $?
unset CONSTRUCTOR

# Calls.
bad crash;                            expect_golden check-crash
bad crash-empty;                      expect_error "crash with an empty name" YO-P005 4
expect_text "the model is named" err 'db_for_read ("")'
bad loop;                             expect_error "endless loop" YO-P009 4
expect_text "the call is named" err 'db_for_write ("User")'
bad loop;                             expect_text "what was fine is shown" out "db_for_read   ok"
bad exit;                             expect_error "exit in a call" YO-P010 4
bad dead-stack;                       expect_error "dead stack" YO-P011 4
bad not-utf8;                         expect_error "not UTF-8" YO-R001 4
bad overlong;                         expect_error "overlong" YO-R001 4
if [ -z "$SANITIZE" ]; then
  bad dead-heap;                      expect_error "dead heap" YO-P011 4
  bad huge;                           expect_error "all the memory" YO-P005 4
  bad grow;                           expect_status "growth" 0
  expect_text "growth is a warning" out "warn    YO-P013 100000 calls, "
fi
bad shared;                           expect_text "a shared buffer" out "warn    YO-P014"
expect_status "a warning is no failure" 0
bad errno;                            expect_text "errno" out "warn    YO-P012 errno"
bad signals;                          expect_text "signal mask" out "warn    YO-P012 the signal mask"
bad slow;                             expect_text "a slow call" out "warn    YO-P009 a call takes"
bad turn;                             expect_text "answers in turn" out "User cache|default|replica"
bad typo;                             expect_status "which names exist is not asked here" 0
cli plugin check ./self-call.so;      expect_text "a call that left" out "self call     warn    YO-P007"
expect_status "a call that left is a warning" 0
cli route test ./self-call.so --model User
expect_text "but is answered as in a program" out "User   write  replica      replica"
finish
