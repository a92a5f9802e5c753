# SPDX-License-Identifier: MIT
# plugin new: what it makes builds with the commands that it prints, and passes.
. "$HERE/common.sh"

# What an installation would give; tests/install has a real one.
mkdir -p bin pc prefix/lib/cmake/yaraorm
ln -s "$CLI" bin/yaraorm-cli
printf 'Name: yaraorm\nDescription: headers\nVersion: 0\nCflags: -I%s\n' "$INCLUDE" > pc/yaraorm.pc
cat > prefix/lib/cmake/yaraorm/yaraormConfig.cmake <<CONFIG
add_library (yaraorm::yaraorm INTERFACE IMPORTED)
target_include_directories (yaraorm::yaraorm INTERFACE "$INCLUDE")
include ("$INCLUDE/../cmake/YaraormAddRouter.cmake")
CONFIG
export PATH="$work/bin:$PATH" PKG_CONFIG_PATH="$work/pc" CMAKE_PREFIX_PATH="$work/prefix"
command -v make > /dev/null || export CMAKE_GENERATOR=Ninja

follow () { # WHAT
  sed -n 's/^  //p' out > commands
  [ "$(wc -l < commands)" = 4 ]
  report "$1 prints four commands" $?
  bash -e commands > out 2> err
  status=$?
  expect_status "$1: the commands work" 0
}

cli plugin new geo
expect_golden new
follow geo
terminal_cli 80 plugin new shop --template replica; expect_golden new-terminal
for template in replica shard tenant cache analytics percent template; do
  cli plugin new my_$template --template $template
  expect_status "template $template" 0
  cmp -s my_$template/my_$template.c "$HERE/../../plugins/$template.c"
  report "$template is the router that is shipped" $?
  follow $template
done
expect_text "what was expected is what was decided" out "my_template.so"
(cd geo && bash -ec "$(sed -n 's/^#  *cc/cc/p' CMakeLists.txt)" && [ -s geo.so ]) > out 2> err
report "without CMake" $?
cli plugin new geo --directory "a folder"
follow "a folder with a space"

echo mine > geo/geo.c
cli plugin new geo;                        expect_error "a folder that exists" YO-N002 1
[ "$(cat geo/geo.c)" = mine ]
report "it is left alone" $?
cli plugin new geo --directory no/where;   expect_error "no folder above" YO-N003 1
cli plugin new geo --directory no/where --json; expect_json '$.error.id' YO-N003
cli plugin new other --json;               expect_json '$.directory' other
expect_json '$.commands[*]' $'cd other\ncmake -B build\ncmake --build build\nyaraorm-cli route test build/other.so --expect routes.expect'
cli plugin new shop2 --template shop;      expect_error "no such template" YO-U003 2
cli plugin new shop2 --template replcia;   expect_text "which was meant" err 'did you mean "replica"?'
cli plugin new;                            expect_error "no NAME" YO-U003 2
cli plugin new a b;                        expect_error "two names" YO-U003 2
cli plugin new 9lives;                     expect_error "no name for a target" YO-N001 2
cli plugin new -- -x;                       expect_error "nor an option behind --" YO-N001 2

# What the new ones do with args and hints.
routed () { # WHAT TEXT ARGUMENT...
  local what=$1 text=$2
  shift 2
  cli route test "$@" --model User
  expect_text "$what" out "$text"
}
routed "a tenant that is no connection" YO-R003 tenant --hint tenant=nobody --op read
routed "no tenant" "User   read   NULL         default" tenant
routed "one key" "shard0" shard --connections shard0,shard1 --hint shard_key=1
routed "another key" "shard1" shard --connections shard0,shard1 --hint shard_key=2
routed "other shards" "User   write  a" shard --connections a --args a --hint shard_key=2
routed "no key" "User   write  NULL         default" shard
routed "no share" "User   read   NULL         default" percent --args replica=0
routed "all" "User   read   replica      replica" percent --args replica=100
for args in replica replica= =5 replica=101 replica=x replica=-1 replica=99999999999999999999; do
  cli route test percent --args "$args";   expect_error "percent, $args" YO-P008 4
done
for args in , a,, "$(seq -s, 65)" "$(printf '%2000s' x)"; do
  cli route test shard --args "$args";     expect_error "shard, ${args:0:10}" YO-P008 4
done
expect_text "the build file names the router" other/CMakeLists.txt "yaraorm_add_router (other other.c)"
finish
