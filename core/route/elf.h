/* SPDX-License-Identifier: MIT
 * Reads a plugin's bytes before the dynamic linker does. The linker trusts what it maps: a file that
 * was cut short or damaged would take the process down with it. */
#pragma once

#include <link.h>
#include <yaraorm/yara-error.h>

/* The bytes of a shared object, and what was found in them. */
typedef struct
{
  const guint8     *bytes;
  gsize             size;
  const ElfW(Ehdr) *header;
  const ElfW(Phdr) *segments;     /* header->e_phnum */
  const ElfW(Dyn)  *dynamic;      /* ends with DT_NULL */
  const char       *strings;      /* ends with NUL */
  gsize             strings_size;
  const ElfW(Sym)  *symbols;
  gsize             n_symbols;
} YaraElf;

/* TRUE when `bytes`, 16-aligned, are a router plugin that this process can load and unload, with the
 * ABI mark of a version that this library understands. The errors are bare reasons. */
gboolean yara_elf_check (const guint8 *bytes, gsize size, GError **error);

/* elf-note.c: the ABI mark. */
gboolean yara_elf_check_note (const YaraElf *elf, GError **error);

/* elf-dynamic.c: what PT_DYNAMIC leads to, and the functions of a router in it. */
gboolean yara_elf_check_dynamic (YaraElf *elf, GError **error);

/* `size` bytes at an offset of the file, or at an address that is loaded from the file; NULL when they
 * are not all there or not aligned. */
gconstpointer yara_elf_at_offset  (const YaraElf *elf, guint64 offset, guint64 size, gsize alignment);
gconstpointer yara_elf_at_address (const YaraElf *elf, guint64 address, guint64 size, gsize alignment);

/* Whether `size` bytes of memory at an address lie in one loaded segment that has `flags`. */
gboolean yara_elf_is_loaded (const YaraElf *elf, guint64 address, guint64 size, ElfW(Word) flags);
