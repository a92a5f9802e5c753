# SPDX-License-Identifier: MIT
# Hostile plugins: plugin check names the cause of each, and comes back in time.
. "$HERE/common.sh"

# The child may take five seconds; a sanitizer needs some for itself.
hostile () { # FILE ARGS ID TEXT
  local start=$SECONDS
  cli plugin check "$1" --args "$2" --connections default,replica,node0000
  [ "$status" = 4 ] && grep -q " FAIL  *$3 " out && grep -qF -- "$4" out
  report "$(basename "$1") $2: $3, $4" $?
  [ $((SECONDS - start)) -le 8 ];                      report "it took no longer than its limit" $?
}

hostile "$ZOO/no-read.so" "" YO-P004 "does not define db_for_read"
hostile "$ZOO/no-write.so" "" YO-P004 "does not define db_for_write"
hostile "$ZOO/not-a-function.so" "" YO-P004 "has db_for_read, but it is not a function"
hostile "$ZOO/undefined.so" "" YO-P002 "nobody_has_this"
hostile "$ZOO/unique.so" "" YO-P006 "flaw_unique"
hostile "$ZOO/static-tls.so" "" YO-P006 "static thread-local storage"
hostile "$ZOO/no-delete.so" "" YO-P006 "asks never to be unloaded"
hostile "$ZOO/executable-stack.so" "" YO-P006 "executable stack"
hostile "$ZOO/refuses.so" "" YO-P008 "router_open"
hostile "$ZOO/no-mark.so" "" YO-P003 "no ABI mark"
hostile "$ZOO/newer-major.so" "" YO-P003 "ABI 2.0"
hostile "$ZOO/newer-minor.so" "" YO-P003 "newer router ABI 1.1"
hostile "$ZOO/larger-structs.so" "" YO-P003 "larger structs"
hostile "$ZOO/two-marks.so" "" YO-P003 "ABI marks of two versions"
hostile ./misbehave.so crash YO-P005 'crashed, signal 11 (SIGSEGV), model "User"'
hostile ./misbehave.so loop YO-P009 'did not come back, killed, model "User"'
hostile ./misbehave.so exit YO-P010 "exit (7)"
hostile ./misbehave.so dead-stack YO-P011 "memory that was given up"
hostile ./misbehave.so not-utf8 YO-R001 "not UTF-8"
CONSTRUCTOR=loop hostile ./constructor.so "" YO-P009 "did not come back"
CONSTRUCTOR=exit hostile ./constructor.so "" YO-P010 "ended the process, exit (0)"
CONSTRUCTOR=fork hostile ./constructor.so "" YO-P010 "ended the process, exit (0)"
CONSTRUCTOR=forge hostile ./constructor.so "" YO-P010 "ended the process, exit (0)"
CONSTRUCTOR=forge cli route test ./constructor.so;     expect_error "words to the parent, forged" YO-P010 4
CONSTRUCTOR=write cli route test ./constructor.so;     expect_status "words to the parent" 0

# Those that a trial must refuse, too: each by its name.
call () { # KIND ID TEXT
  hostile "$ZOO/hostile-$1.so" "" "$2" "$3"
  grep -q '^db_for_read  *ok ' out && grep -q '^db_for_write  *FAIL ' out
  report "hostile-$1: in db_for_write" $?
}
call abort YO-P005 'crashed, signal 6 (SIGABRT), model "User"'
call crash YO-P005 'crashed, signal 11 (SIGSEGV), model "User"'
call exit YO-P010 'ended the process, exit (0), model "User"'
call loop YO-P009 'did not come back, killed, model "User"'
call unknown YO-R003 'returned "nowhere", which is none of default, replica, node0000'
call long YO-R001 'longer than 63 bytes'
call space YO-R001 'returned " node0000", and no connection can have such a name'
call forged YO-R001 'returned "node0000\ndone", and no connection can have such a name'
call pointer YO-P005 'model "User", reading its answer'
call turns YO-R003 'returned "nowhere"'
call kill YO-P005 'crashed, signal 9 (SIGKILL)'
call close YO-P009 'did not come back, killed, model "User"'
finish
