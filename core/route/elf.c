/* SPDX-License-Identifier: MIT
 * The outer form of a plugin: ELF header and segments. */
#include "route/elf.h"

#include <string.h>
#include <unistd.h>

#include "route/refuse.h"

#define MAX_SEGMENTS 64
#define MAX_SPAN     (G_GUINT64_CONSTANT (1) << 30)

/* Of the program or library that this code is linked into; the linker defines it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__ ((visibility ("hidden")));

gconstpointer
yara_elf_at_offset (const YaraElf *elf, guint64 offset, guint64 size, gsize alignment)
{
  if (offset > elf->size || size > elf->size - offset || offset % alignment != 0)
    return NULL;
  return elf->bytes + offset;
}

gconstpointer
yara_elf_at_address (const YaraElf *elf, guint64 address, guint64 size, gsize alignment)
{
  for (guint i = 0; i < elf->header->e_phnum; i++)
    {
      const ElfW(Phdr) *segment = &elf->segments[i];

      if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
          address - segment->p_vaddr <= segment->p_filesz &&
          size <= segment->p_filesz - (address - segment->p_vaddr))
        return yara_elf_at_offset (elf, segment->p_offset + (address - segment->p_vaddr), size, alignment);
    }
  return NULL;
}

gboolean
yara_elf_is_loaded (const YaraElf *elf, guint64 address, guint64 size, ElfW(Word) flags)
{
  for (guint i = 0; i < elf->header->e_phnum; i++)
    {
      const ElfW(Phdr) *segment = &elf->segments[i];

      if (segment->p_type == PT_LOAD && (segment->p_flags & flags) == flags &&
          address >= segment->p_vaddr && address - segment->p_vaddr <= segment->p_memsz &&
          size <= segment->p_memsz - (address - segment->p_vaddr))
        return TRUE;
    }
  return FALSE;
}

static gboolean
check_header (YaraElf *elf, GError **error)
{
  const ElfW(Ehdr) *header = (const ElfW(Ehdr) *) elf->bytes;

  if (elf->size < SELFMAG || memcmp (elf->bytes, ELFMAG, SELFMAG) != 0)
    return yara_refuse (error, NOT_A_PLUGIN, "is not an ELF file; build it with cc -shared -fPIC");
  if (elf->size < sizeof *header)
    return yara_refuse (error, NOT_A_PLUGIN, "is cut short inside its ELF header");
  if (header->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS])
    return yara_refuse (error, NOT_A_PLUGIN, "is not a %d-bit file", (int) (8 * sizeof (gpointer)));
  if (header->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA])
    return yara_refuse (error, NOT_A_PLUGIN, "is for a machine of the other byte order");
  if (header->e_machine != __ehdr_start.e_machine)
    return yara_refuse (error, NOT_A_PLUGIN, "is for another machine: ELF machine %u, wanted %u",
                        header->e_machine, __ehdr_start.e_machine);
  if (header->e_type != ET_DYN || header->e_ident[EI_VERSION] != EV_CURRENT)
    return yara_refuse (error, NOT_A_PLUGIN, "is not a shared object; build it with cc -shared -fPIC");
  elf->segments = yara_elf_at_offset (elf, header->e_phoff, header->e_phnum * sizeof (ElfW(Phdr)),
                                      sizeof (gpointer));
  if (header->e_phentsize != sizeof (ElfW(Phdr)) || header->e_phnum == 0 || header->e_phnum > MAX_SEGMENTS ||
      elf->segments == NULL)
    return yara_refuse (error, NOT_A_PLUGIN, "is cut short or damaged: its program headers are not in the file");
  /* Nobody reads the section headers, but they come last: without them the end is missing. */
  if (header->e_shoff != 0 &&
      yara_elf_at_offset (elf, header->e_shoff, (guint64) header->e_shnum * header->e_shentsize, 1) == NULL)
    return yara_refuse (error, NOT_A_PLUGIN, "is cut short: it ends after %" G_GSIZE_FORMAT " bytes", elf->size);
  elf->header = header;
  return TRUE;
}

/* One PT_LOAD; `end` is where the one before ended. */
static gboolean
check_load (const YaraElf *elf, const ElfW(Phdr) *segment, guint64 *end, GError **error)
{
  guint64 page = sysconf (_SC_PAGESIZE);

  if (yara_elf_at_offset (elf, segment->p_offset, segment->p_filesz, 1) == NULL)
    return yara_refuse (error, NOT_A_PLUGIN, "is cut short: a segment is not in the file");
  if ((segment->p_flags & PF_W) != 0 && (segment->p_flags & PF_X) != 0)
    return yara_refuse (error, UNSAFE, "has memory that is writable and executable");
  if (segment->p_filesz > segment->p_memsz || segment->p_vaddr < *end || segment->p_memsz > MAX_SPAN ||
      segment->p_vaddr > MAX_SPAN || segment->p_vaddr % page != segment->p_offset % page ||
      (segment->p_align & (segment->p_align - 1)) != 0)
    return yara_refuse (error, NOT_A_PLUGIN, "is damaged: its segments do not fit together");
  *end = segment->p_vaddr + segment->p_memsz;
  return TRUE;
}

static gboolean
check_segments (const YaraElf *elf, GError **error)
{
  gboolean has_code = FALSE, stack_is_safe = FALSE;
  guint64  end = 0;

  for (guint i = 0; i < elf->header->e_phnum; i++)
    {
      const ElfW(Phdr) *segment = &elf->segments[i];

      switch (segment->p_type)
        {
        case PT_LOAD:
          if (!check_load (elf, segment, &end, error))
            return FALSE;
          has_code |= (segment->p_flags & PF_X) != 0;
          break;
        case PT_INTERP:
          return yara_refuse (error, NOT_A_PLUGIN, "is a program, not a shared object; "
                              "build it with cc -shared -fPIC");
        case PT_GNU_STACK:
          stack_is_safe = (segment->p_flags & PF_X) == 0;
          break;
        case PT_TLS:
          if (segment->p_filesz > segment->p_memsz || segment->p_memsz > MAX_SPAN ||
              (segment->p_filesz > 0 &&
               yara_elf_at_address (elf, segment->p_vaddr, segment->p_filesz, 1) == NULL))
            return yara_refuse (error, NOT_A_PLUGIN, "is damaged: its thread-local data is not in the file");
          break;
        default:
          break;
        }
    }
  if (!has_code)
    return yara_refuse (error, NOT_A_PLUGIN, "has no code");
  /* Loading it would make the stacks of the whole process executable. */
  if (!stack_is_safe)
    return yara_refuse (error, UNSAFE, "needs an executable stack; build it with -Wl,-z,noexecstack");
  return TRUE;
}

gboolean
yara_elf_check (const guint8 *bytes, gsize size, GError **error)
{
  YaraElf elf = { .bytes = bytes, .size = size };

  return check_header (&elf, error) &&
         check_segments (&elf, error) &&
         yara_elf_check_note (&elf, error) &&
         yara_elf_check_dynamic (&elf, error);
}
