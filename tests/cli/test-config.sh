# SPDX-License-Identifier: MIT
# The configuration: what the commands make of it, and of mistakes in it.
. "$HERE/common.sh"

config () { # TEXT
  printf '%s\n' "$1" > yaraorm.ini
  chmod 600 yaraorm.ini
}

# Nothing there.
cli config show;                         expect_golden config-none
cli config path;                         expect_golden config-path-none
cli config path --json;                  expect_json '$.file' null
cli --config absent.ini config check;    expect_error "a file that is absent" YO-C001 3
cli route test ./replica.so --model User; expect_status "route test needs none" 0

# The first one.
cli config init;                         expect_golden config-init
[ "$(stat -c %a yaraorm.ini)" = 600 ];   report "the file is for its owner" $?
cli config init;                         expect_error "nothing is overwritten" YO-C011 1
cli config check;                        expect_golden config-check
terminal_cli 40 config check;            expect_golden config-check-terminal
terminal_cli 40 config init;             expect_golden config-init-terminal
cli config init --url 'sqlite::memory:' other.ini
cli --config other.ini config show --json; expect_json '$.connections[0].url' 'sqlite::memory:'
cli config init --url nonsense bad.ini;  expect_error "a URL that is none" YO-C001 3
[ ! -e bad.ini ];                        report "no file is left of it" $?
cli config init --url '${NOT_YET}' late.ini; expect_status "a variable may come later" 0
cli config path;                         expect_golden config-path
cli config path x;                       expect_error "config path takes no argument" YO-U003 2
terminal_cli 40 config path;             expect_golden config-path-terminal
cli config show;                         expect_golden config-show
terminal_cli 40 --config other.ini config show; expect_golden config-show-terminal
cli --config other.ini config path --json; expect_json '$.reason' 'given with --config'
mkdir -p top/.git top/sub/deep yaraorm
printf '[connection default]\nurl=sqlite::memory:\n' | tee top/yaraorm.ini > yaraorm/yaraorm.ini
cd top/sub/deep
DATABASE_URL=sqlite:x.db YARAORM_URL_REPLICA=sqlite:y.db cli config path; expect_golden config-path-above
YARAORM_CONFIG=../../yaraorm.ini cli config path; expect_golden config-path-named
cd "$work"
mv yaraorm.ini kept.ini
cli config path --json;                  expect_json '$.reason' "in the user's configuration folder"
mv kept.ini yaraorm.ini
rm -r yaraorm
sed 's/^# \([][a-z]\)/\1/' yaraorm.ini > all.ini
sed -i -e '/^What yaraorm/d' -e '/^yaraorm-cli/d' -e 's/^plugin=.*/plugin=.\/replica.so/' -e '/^\[route\]/,/^\*/d' all.ini
chmod 600 all.ini
APP_REPLICA_URL=postgresql://db2/app cli --config all.ini config check
expect_status "what init has as comments is sound" 0

# Mistakes.
config "[conection default]
url=sqlite:app.db";                      cli config check; expect_golden config-mistake
config "[connection default]
url=postgresql://app:\${SECRET}@db/app"; cli config check; expect_error "a variable that is not set" YO-C001 3
expect_text "it is named" err "environment variable SECRET is not set"
cli config check --json;                 expect_json '$.error.id' YO-C001
config "[connection default]
url=postgresql://app:canary@db/app
pool-mx=1";                              cli config check; expect_error "an unknown key" YO-C001 3
expect_text "the key is suggested" err 'did you mean "pool-max"?'
terminal_cli 40 config check;            expect_golden config-mistake-terminal
cli config show x;                       expect_error "an argument too many" YO-U003 2

# Passwords.
config "[connection default]
url=postgresql://app:canary@db/app?sslpassword=canary"
cli config show;                         expect_status "a password" 0
expect_no_text "it is not shown" out canary
cli config show --json;                  expect_no_text "not as JSON either" out canary
chmod 644 yaraorm.ini
cli config check;                        expect_golden config-public
cli config show;                         expect_status "only the check minds" 0

# Where a URL leads.
config "[connection default]
url=postgresql://app:can%40ary@db1/app
[connection several]
url=postgresql://db2:6543,db3/app
[connection service]
url=postgresql:///?service=app
[connection six]
url=postgresql://[::1]/app
[connection folder]
url=postgresql:///app?host=/run/x&port=7
[connection encoded]
url=postgresql://%2Frun%2Fx/app
[connection port]
url=postgresql://db4/app?port=6000
[connection memory]
url=sqlite::memory:
[connection file]
url=sqlite:sub/cache.db?busy_timeout=1"
cli conn list;                           expect_golden conn-list-servers
terminal_cli 40 conn list;               expect_golden conn-list-servers-terminal
cli conn list --format csv;              expect_text "as CSV" out "default,postgresql,db1:5432,"

# A name like that of a member of the error.
config "[connection default]
url=sqlite:absent.db
[connection id]
url=sqlite:absent.db"
cli conn ping --json;                    expect_json '$.error.id' YO-C043
expect_json '$.connections[1].id' YO-C043

# Sets, and the environment.
config "[connection default]
url=sqlite:app.db
[test connection default]
url=sqlite::memory:"
cli --set test config show --json;       expect_json '$.connections[0].url' 'sqlite::memory:'
cli --set tset config show;              expect_error "an unknown set" YO-C001 3
YARAORM_URL_DEFAULT=sqlite:env.db cli config show --json
expect_json '$.connections[0].url' "sqlite://$PWD/env.db"
rm yaraorm.ini
DATABASE_URL=sqlite:env.db cli config check; expect_golden config-environment

# The router.
config "[connection default]
url=sqlite:app.db
role=primary
[connection replica]
url=postgresql://db2/app
role=standby
[connection events]
url=sqlite:events.db
[route]
Event*.*=events
Audit.write=replica
*.read=80% replica, 20% default
[model User]
field.id=int64; primary-key
[model Audit]
field.id=int64; primary-key
[model EventLog]
field.id=int64; primary-key
connection=events"
cli route test;                          expect_golden config-route
cli route test --json;                   expect_json '$.decisions[0].varies[1]' replica
expect_json '$.decisions[3].id' YO-R004
cli route test --model User;             expect_status "one model" 0
cli route test --model Other --expect routes.expect --update; expect_status "an expectation is written" 0
cli route test --expect routes.expect;   expect_status "and met" 0
sed -i 's/^\*.read=.*/*.read=default/' yaraorm.ini
cli route test --expect routes.expect;   expect_error "and missed after a change" YO-R005 1
cli route test ./replica.so;             expect_golden config-route-plugin
sed -i -e '/^\[route\]/,/^\*/d' yaraorm.ini
cli route test;                          expect_error "no router" YO-U003 2
printf '[router]\nplugin=./replica.so\nargs=replica\n' >> yaraorm.ini
cli route test --model User;             expect_status "the plugin of the file" 0
cli config check;                        expect_status "a plugin that loads" 0
sed -i 's/^plugin=.*/plugin=.\/absent.so/' yaraorm.ini
cli config check;                        expect_error "a plugin that is absent" YO-P001 4
mkdir deep
cp replica.so deep
sed 's/^plugin=.*/plugin=replica.so/; s/replica.so/.\/replica.so/' yaraorm.ini > deep/yaraorm.ini
cli --config deep/yaraorm.ini config check; expect_status "paths are relative to the file" 0
finish
