# SPDX-License-Identifier: MIT
# Color: on a terminal only, unless it is asked for. A pseudo-terminal comes from script.
. "$HERE/common.sh"

terminal () { # COMMAND
  script -qec "$1" /dev/null > out 2> err < /dev/null
  status=$?
}

color=$'\033['
command="'$CLI' plugin check ./misbehave.so --args typo"
error="'$CLI' route test ./misbehave.so --args typo"

terminal "$command";                    expect_text "color on a terminal" out "$color"
terminal "$error";                      expect_text "color in errors" out "${color}31merror"
expect_status "through a terminal" 1
terminal "NO_COLOR=1 $command";         expect_no_text "NO_COLOR" out "$color"
terminal "NO_COLOR= $command";          expect_text "empty NO_COLOR" out "$color"
terminal "TERM=dumb $command";          expect_no_text "TERM=dumb" out "$color"
terminal "$command --color=never";      expect_no_text "--color=never" out "$color"
terminal "$command --json";             expect_no_text "--json" out "$color"
cli plugin check ./misbehave.so;        expect_no_text "none in a pipe" out "$color"
cli --color=always plugin check ./misbehave.so; expect_text "--color=always in a pipe" out "$color"
NO_COLOR=1 cli --color=always plugin check ./misbehave.so; expect_text "--color wins over NO_COLOR" out "$color"
cli --color=always route nothing;       expect_text "--color=always in errors" err "$color"
finish
