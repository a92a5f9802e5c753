# SPDX-License-Identifier: MIT
# Completion for bash: the program answers by itself.
_yaraorm_cli ()
{
  mapfile -t COMPREPLY < <("$1" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
}
complete -o default -F _yaraorm_cli yaraorm-cli
