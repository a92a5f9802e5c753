# SPDX-License-Identifier: MIT
# route test --live: the role that servers tell. They are this test's own.
. "$HERE/common.sh"

servers=/tmp/yaraorm-live-$$
trap '"$THROWAWAY" stop "$servers" > /dev/null 2>&1; rm -rf "$work"' EXIT
"$THROWAWAY" start "$servers" > env 2> err
. ./env
url () { echo "postgresql://app@/postgres?host=$servers&port=$1"; }
. "$HERE/sample-config.sh"
sed -i -e "s|^url=postgresql://db1/app|url=$(url "$YARAORM_POSTGRES_PRIMARY_PORT" | sed 's/&/\\&/')|" \
       -e "s|^url=postgresql://db2/app|url=$(url "$YARAORM_POSTGRES_STANDBY_PORT" | sed 's/&/\\&/')|" yaraorm.ini
cli conn wait default replica --timeout 20;                           expect_status "they are ready" 0
cli route test ./replica_router.so --live;             expect_golden route-live
terminal_cli 100 route test ./replica_router.so --live; expect_golden route-live-terminal

# The configuration has it the wrong way.
sed -i -e 's/^role=primary/role=X/' -e 's/^role=standby/role=primary/' -e 's/^role=X/role=standby/' yaraorm.ini
cli route test ./replica_router.so --live;             expect_golden route-live-differs
cli route test ./replica_router.so --live --json
expect_json '$.decisions[0].role' standby
expect_json '$.decisions[0].configured_role' primary
expect_json '$.error.reason' 'the server says that "replica" is a standby'
cli route test ./replica_router.so --model User
expect_text "without --live the configuration is believed" err 'hint: let db_for_write("User") return "replica"'

# A server that is away.
sed -i "s|port=$YARAORM_POSTGRES_STANDBY_PORT|port=1|" yaraorm.ini
cli route test ./replica_router.so --live;             expect_error "it cannot be reached" YO-D001 5
cli route test ./replica_router.so --live --json;      expect_json '$.error.connection' replica
cli route test ./replica_router.so --live --model Snapshot
expect_status "only those are asked that are needed" 0
finish
