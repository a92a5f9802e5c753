/* SPDX-License-Identifier: MIT
 * The ABI mark of a plugin, read from its ELF notes before any of its code runs. */
#include "route/elf.h"

#include <string.h>
#include <yaraorm/yara-router-types.h>

#include "route/refuse.h"

/* Takes the mark `note` into `*mark`; a plugin of several source files has several, all the same. */
static gboolean
take_mark (const ElfW(Nhdr) *note, const YaraRouterNote **mark, GError **error)
{
  const YaraRouterNote *found = (const YaraRouterNote *) note;

  if (note->n_descsz != sizeof *found - G_STRUCT_OFFSET (YaraRouterNote, abi_major))
    return yara_refuse (error, ABI, "has a damaged ABI mark");
  if (*mark != NULL && memcmp (*mark, found, sizeof *found) != 0)
    return yara_refuse (error, ABI, "has ABI marks of two versions; rebuild all of it with one yara-router.h");
  *mark = found;
  return TRUE;
}

/* Goes through the notes of one segment. */
static gboolean
find_mark (const YaraElf *elf, const ElfW(Phdr) *segment, const YaraRouterNote **mark, GError **error)
{
  guint64 alignment = segment->p_align == 8 ? 8 : 4;
  guint64 offset = 0;

  if (yara_elf_at_offset (elf, segment->p_offset, segment->p_filesz, 4) == NULL)
    return yara_refuse (error, NOT_A_PLUGIN, "is cut short or damaged: its notes are not in the file");
  while (offset + sizeof (ElfW(Nhdr)) <= segment->p_filesz)
    {
      const ElfW(Nhdr) *note = (const ElfW(Nhdr) *) (elf->bytes + segment->p_offset + offset);
      guint64           name_end = offset + sizeof *note + note->n_namesz;
      guint64           desc = (name_end + alignment - 1) & ~(alignment - 1);

      if (desc + note->n_descsz > segment->p_filesz)
        return yara_refuse (error, NOT_A_PLUGIN, "is damaged: a note does not end");
      if (note->n_type == 1 && note->n_namesz == sizeof "yaraorm" &&
          memcmp (note + 1, "yaraorm", sizeof "yaraorm") == 0 && !take_mark (note, mark, error))
        return FALSE;
      offset = (desc + note->n_descsz + alignment - 1) & ~(alignment - 1);
    }
  return TRUE;
}

gboolean
yara_elf_check_note (const YaraElf *elf, GError **error)
{
  const YaraRouterNote *mark = NULL;

  for (guint i = 0; i < elf->header->e_phnum; i++)
    if (elf->segments[i].p_type == PT_NOTE && !find_mark (elf, &elf->segments[i], &mark, error))
      return FALSE;
  if (mark == NULL)
    return yara_refuse (error, ABI, "has no ABI mark; include <yaraorm/yara-router.h> in it");
  if (mark->abi_major != YARA_ROUTER_ABI_MAJOR)
    return yara_refuse (error, ABI, "was built for router ABI %u.%u, this library has %u.%u; rebuild it",
                        mark->abi_major, mark->abi_minor, YARA_ROUTER_ABI_MAJOR, YARA_ROUTER_ABI_MINOR);
  if (mark->abi_minor > YARA_ROUTER_ABI_MINOR)
    return yara_refuse (error, ABI, "was built for the newer router ABI %u.%u, this library has %u.%u; "
                        "rebuild it with this library's header",
                        mark->abi_major, mark->abi_minor, YARA_ROUTER_ABI_MAJOR, YARA_ROUTER_ABI_MINOR);
  if (mark->model_size > sizeof (YaraModel) || mark->hints_size > sizeof (YaraHints))
    return yara_refuse (error, ABI, "expects larger structs than this library has; "
                        "rebuild it with this library's header");
  return TRUE;
}
