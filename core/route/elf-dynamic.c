/* SPDX-License-Identifier: MIT
 * What a plugin tells the dynamic linker: tables that must be where they are said to be, wishes that
 * are not granted, and the functions of a router. */
#include <string.h>

#include "route/elf.h"
#include "route/refuse.h"

#define R_SYM(info) (sizeof (gpointer) == 8 ? (guint64) (info) >> 32 : (guint64) (info) >> 8)

#define MAX_SYMBOLS (1 << 20)

/* The value behind `tag`; 0 when there is none. */
static guint64
get_value (const YaraElf *elf, gint64 tag)
{
  for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == tag)
      return entry->d_un.d_val;
  return 0;
}

static gboolean
find_dynamic (YaraElf *elf, GError **error)
{
  const ElfW(Phdr) *found = NULL;
  gsize             n_entries;

  for (guint i = 0; i < elf->header->e_phnum; i++)
    if (elf->segments[i].p_type == PT_DYNAMIC)
      {
        if (found != NULL)
          return yara_refuse (error, NOT_A_PLUGIN, "is damaged: it has two dynamic sections");
        found = &elf->segments[i];
      }
  if (found == NULL)
    return yara_refuse (error, NOT_A_PLUGIN, "has no dynamic section; build it with cc -shared -fPIC");
  n_entries = found->p_filesz / sizeof (ElfW(Dyn));
  elf->dynamic = yara_elf_at_address (elf, found->p_vaddr, found->p_filesz, sizeof (gpointer));
  if (elf->dynamic != NULL)
    for (gsize i = 0; i < n_entries; i++)
      if (elf->dynamic[i].d_tag == DT_NULL)
        return TRUE;
  return yara_refuse (error, NOT_A_PLUGIN, "is cut short or damaged: its dynamic section is not in the file");
}

/* What would change the process for good. */
static gboolean
check_wishes (const YaraElf *elf, GError **error)
{
  guint64 flags = get_value (elf, DT_FLAGS), flags_1 = get_value (elf, DT_FLAGS_1);

  if ((flags_1 & DF_1_PIE) != 0)
    return yara_refuse (error, NOT_A_PLUGIN, "is a program, not a shared object; build it with cc -shared -fPIC");
  if ((flags_1 & DF_1_NODELETE) != 0)
    return yara_refuse (error, UNSAFE, "asks never to be unloaded; build it without -z nodelete");
  if ((flags & DF_STATIC_TLS) != 0)
    return yara_refuse (error, UNSAFE, "uses static thread-local storage; build it with -ftls-model=global-dynamic");
  for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_TEXTREL)
      flags |= DF_TEXTREL;
  if ((flags & DF_TEXTREL) != 0)
    return yara_refuse (error, UNSAFE, "has relocations in its code; build it with -fPIC");
  return TRUE;
}

/* The symbols that the GNU hash table reaches; -1 when it is damaged. */
static gint64
count_by_gnu_hash (const YaraElf *elf, guint64 table)
{
  const guint32 *head = yara_elf_at_address (elf, table, 4 * sizeof (guint32), sizeof (guint32));
  const guint32 *buckets;
  guint32        n_buckets, first, n_filters, last = 0;
  guint64        chains;

  if (head == NULL || head[0] == 0 || head[2] == 0 || (head[2] & (head[2] - 1)) != 0)
    return -1;
  n_buckets = head[0], first = head[1], n_filters = head[2];
  table += 4 * sizeof (guint32) + (guint64) n_filters * sizeof (ElfW(Addr));
  buckets = yara_elf_at_address (elf, table, (guint64) n_buckets * sizeof (guint32), sizeof (guint32));
  if (buckets == NULL)
    return -1;
  for (guint32 i = 0; i < n_buckets; i++)
    {
      if (buckets[i] != 0 && buckets[i] < first)
        return -1;
      last = MAX (last, buckets[i]);
    }
  if (last == 0)
    return first;
  chains = table + (guint64) n_buckets * sizeof (guint32);
  for (;; last++)
    {
      const guint32 *hash = yara_elf_at_address (elf, chains + (guint64) (last - first) * sizeof (guint32),
                                                 sizeof (guint32), sizeof (guint32));

      if (hash == NULL)
        return -1;
      if ((*hash & 1) != 0)
        return (gint64) last + 1;
    }
}

/* The same for the older hash table, whose chains must also end. */
static gint64
count_by_hash (const YaraElf *elf, guint64 table)
{
  const guint32 *head = yara_elf_at_address (elf, table, 2 * sizeof (guint32), sizeof (guint32));
  const guint32 *buckets, *chains;
  guint64        n_buckets, n_symbols, n_steps = 0;

  if (head == NULL || head[0] == 0)
    return -1;
  n_buckets = head[0], n_symbols = head[1];
  if (yara_elf_at_address (elf, table, (2 + n_buckets + n_symbols) * sizeof (guint32), sizeof (guint32)) == NULL)
    return -1;
  buckets = head + 2, chains = buckets + n_buckets;
  for (guint64 i = 0; i < n_buckets; i++)
    for (guint32 symbol = buckets[i]; symbol != STN_UNDEF; symbol = chains[symbol])
      if (symbol >= n_symbols || ++n_steps > n_symbols)
        return -1;
  return n_symbols;
}

static gboolean
find_symbols (YaraElf *elf, GError **error)
{
  static const gint64 names[] = { DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH };
  guint64             gnu_hash = get_value (elf, DT_GNU_HASH), hash = get_value (elf, DT_HASH);
  guint64             versions = get_value (elf, DT_VERSYM);
  gint64              n_symbols = gnu_hash != 0 ? count_by_gnu_hash (elf, gnu_hash) : 0;

  if (hash != 0 && n_symbols >= 0)
    n_symbols = MAX (n_symbols, count_by_hash (elf, hash));
  elf->strings_size = get_value (elf, DT_STRSZ);
  elf->strings = yara_elf_at_address (elf, get_value (elf, DT_STRTAB), elf->strings_size, 1);
  elf->n_symbols = CLAMP (n_symbols, 0, MAX_SYMBOLS);
  elf->symbols = yara_elf_at_address (elf, get_value (elf, DT_SYMTAB), elf->n_symbols * sizeof (ElfW(Sym)),
                                      sizeof (gpointer));
  if (n_symbols <= 0 || n_symbols > MAX_SYMBOLS || elf->symbols == NULL || elf->strings == NULL ||
      elf->strings_size == 0 || elf->strings[elf->strings_size - 1] != '\0')
    return yara_refuse (error, NOT_A_PLUGIN, "is damaged: its symbol table is not in the file");
  for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++)
    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
      if (entry->d_tag == names[i] && entry->d_un.d_val >= elf->strings_size)
        return yara_refuse (error, NOT_A_PLUGIN, "is damaged: a library's name is not in its string table");
  if (versions != 0 &&
      yara_elf_at_address (elf, versions, elf->n_symbols * sizeof (ElfW(Half)), sizeof (ElfW(Half))) == NULL)
    return yara_refuse (error, NOT_A_PLUGIN, "is damaged: its symbol versions are not in the file");
  return TRUE;
}

/* A table of ElfW(Rel) or ElfW(Rela), which begin alike. */
static gboolean
check_relocations (const YaraElf *elf, guint64 address, guint64 size, gboolean with_addend, GError **error)
{
  gsize       entry_size = with_addend ? sizeof (ElfW(Rela)) : sizeof (ElfW(Rel));
  const char *table = yara_elf_at_address (elf, address, size, sizeof (gpointer));

  if (size == 0)
    return TRUE;
  if (table == NULL || size % entry_size != 0)
    return yara_refuse (error, NOT_A_PLUGIN, "is damaged: its relocations are not in the file");
  for (guint64 offset = 0; offset < size; offset += entry_size)
    {
      const ElfW(Rel) *relocation = (const ElfW(Rel) *) (table + offset);

      if (R_SYM (relocation->r_info) >= elf->n_symbols ||
          (relocation->r_info != 0 && !yara_elf_is_loaded (elf, relocation->r_offset, sizeof (gpointer), PF_W)))
        return yara_refuse (error, NOT_A_PLUGIN, "is damaged: a relocation leads out of the file");
    }
  return TRUE;
}

/* Code that runs when the plugin is loaded and unloaded. */
static gboolean
check_start_and_end (const YaraElf *elf, GError **error)
{
  guint64 init = get_value (elf, DT_INIT), fini = get_value (elf, DT_FINI);
  guint64 init_size = get_value (elf, DT_INIT_ARRAYSZ), fini_size = get_value (elf, DT_FINI_ARRAYSZ);

  if ((init != 0 && !yara_elf_is_loaded (elf, init, 1, PF_X)) ||
      (fini != 0 && !yara_elf_is_loaded (elf, fini, 1, PF_X)) ||
      (init_size != 0 && !yara_elf_is_loaded (elf, get_value (elf, DT_INIT_ARRAY), init_size, PF_R)) ||
      (fini_size != 0 && !yara_elf_is_loaded (elf, get_value (elf, DT_FINI_ARRAY), fini_size, PF_R)))
    return yara_refuse (error, NOT_A_PLUGIN, "is damaged: its constructors or destructors are not in the file");
  return TRUE;
}

/* Whether `name`, when it is defined at all, is a function. */
static gboolean
check_function (const YaraElf *elf, const char *name, gboolean is_required, GError **error)
{
  for (gsize i = 0; i < elf->n_symbols; i++)
    {
      const ElfW(Sym) *symbol = &elf->symbols[i];

      if (symbol->st_shndx == SHN_UNDEF || strcmp (elf->strings + symbol->st_name, name) != 0)
        continue;
      if (ELF64_ST_TYPE (symbol->st_info) != STT_FUNC)
        return yara_refuse (error, MISSING_SYMBOL, "has %s, but it is not a function", name);
      if (!yara_elf_is_loaded (elf, symbol->st_value, 1, PF_X))
        return yara_refuse (error, MISSING_SYMBOL, "has %s, but not in executable memory", name);
      return TRUE;
    }
  if (is_required)
    return yara_refuse (error, MISSING_SYMBOL, "does not define %s; a router needs db_for_read and db_for_write",
                        name);
  return TRUE;
}

static gboolean
check_symbols (const YaraElf *elf, GError **error)
{
  for (gsize i = 0; i < elf->n_symbols; i++)
    {
      if (elf->symbols[i].st_name >= elf->strings_size)
        return yara_refuse (error, NOT_A_PLUGIN, "is damaged: a symbol's name is not in its string table");
      if (ELF64_ST_BIND (elf->symbols[i].st_info) == STB_GNU_UNIQUE)
        return yara_refuse (error, UNSAFE, "has a symbol that keeps it loaded for good (%s); "
                            "build C++ with -fno-gnu-unique", elf->strings + elf->symbols[i].st_name);
    }
  return check_function (elf, "db_for_read", TRUE, error) &&
         check_function (elf, "db_for_write", TRUE, error) &&
         check_function (elf, "router_open", FALSE, error) &&
         check_function (elf, "router_close", FALSE, error);
}

gboolean
yara_elf_check_dynamic (YaraElf *elf, GError **error)
{
  return find_dynamic (elf, error) &&
         check_wishes (elf, error) &&
         find_symbols (elf, error) &&
         check_symbols (elf, error) &&
         check_relocations (elf, get_value (elf, DT_RELA), get_value (elf, DT_RELASZ), TRUE, error) &&
         check_relocations (elf, get_value (elf, DT_REL), get_value (elf, DT_RELSZ), FALSE, error) &&
         check_relocations (elf, get_value (elf, DT_JMPREL), get_value (elf, DT_PLTRELSZ),
                            get_value (elf, DT_PLTREL) == DT_RELA, error) &&
         check_start_and_end (elf, error);
}
