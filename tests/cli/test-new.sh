# SPDX-License-Identifier: MIT
# plugin new: what it makes builds with the commands that it prints, and passes.
. "$HERE/common.sh"

# What an installation would give.
mkdir bin pc
ln -s "$CLI" bin/yaraorm-cli
printf 'Name: yaraorm\nDescription: headers\nVersion: 0\nCflags: -I%s\n' "$INCLUDE" > pc/yaraorm.pc
export PATH="$work/bin:$PATH" PKG_CONFIG_PATH="$work/pc"

follow () { # WHAT
  sed -n 's/^  //p' out > commands
  [ "$(wc -l < commands)" = 3 ]
  report "$1 prints three commands" $?
  bash -e commands > out 2> err
  status=$?
  expect_status "$1: the commands work" 0
}

cli plugin new geo
expect_golden new
follow geo
for template in replica analytics cache template; do
  cli plugin new my_$template --template $template
  expect_status "template $template" 0
  cmp -s my_$template/my_$template.c "$HERE/../../plugins/$template.c"
  report "$template is the router that is shipped" $?
  follow $template
done
cli plugin new geo --directory "a folder"
follow "a folder with a space"

echo mine > geo/geo.c
cli plugin new geo;                        expect_error "a folder that exists" YO-N002 1
[ "$(cat geo/geo.c)" = mine ]
report "it is left alone" $?
cli plugin new geo --directory no/where;   expect_error "no folder above" YO-N003 1
cli plugin new geo --directory no/where --json; expect_json '$.error.id' YO-N003
cli plugin new other --json;               expect_json '$.directory' other
expect_text "the build file names the router" other/CMakeLists.txt "yaraorm_add_router (other other.c)"
finish
