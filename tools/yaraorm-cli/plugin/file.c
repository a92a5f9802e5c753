/* SPDX-License-Identifier: MIT
 * Reads a plugin's file as data. What the library would say of it is asked of the library's own checks, which are
 * built into this program. */
#include "plugin/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "route/elf.h"
#include "route/file.h"
#include <yaraorm/yara-router-types.h>

#define MAX_SIZE (64 * 1024 * 1024)

#define NATIVE_CLASS (sizeof (gpointer) == 8 ? ELFCLASS64 : ELFCLASS32)
#define NATIVE_DATA  (G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

static const struct
{
  guint       number;
  const char *name;
} machines[] = {
  { EM_X86_64, "x86-64" }, { EM_AARCH64, "aarch64" }, { EM_386, "x86" }, { EM_ARM, "arm" },
  { EM_RISCV, "riscv" }, { EM_PPC64, "ppc64" }, { EM_S390, "s390" },
};

static char *
describe_form (const ElfW(Ehdr) *header)
{
  const char *kind = header->e_type == ET_DYN ? "shared object" : header->e_type == ET_EXEC ? "program" : "object";

  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    if (machines[i].number == header->e_machine)
      return g_strdup_printf ("ELF %d-bit %s, %s", (int) (8 * sizeof (gpointer)), kind, machines[i].name);
  return g_strdup_printf ("ELF %d-bit %s, machine %u", (int) (8 * sizeof (gpointer)), kind, header->e_machine);
}

/* FALSE when the bytes cannot be looked into. */
static gboolean
open_elf (YaraElf *elf, const char *bytes, gsize size)
{
  const ElfW(Ehdr) *header = (const ElfW(Ehdr) *) bytes;

  *elf = (YaraElf) { .bytes = (const guint8 *) bytes, .size = size };
  if (size < sizeof *header || memcmp (bytes, ELFMAG, SELFMAG) != 0
      || header->e_ident[EI_CLASS] != NATIVE_CLASS || header->e_ident[EI_DATA] != NATIVE_DATA
      || header->e_phentsize != sizeof (ElfW(Phdr)))
    return FALSE;
  elf->header = header;
  elf->segments = yara_elf_at_offset (elf, header->e_phoff, header->e_phnum * sizeof (ElfW(Phdr)),
                                      sizeof (gpointer));
  return elf->segments != NULL;
}

static void
take_note (PluginFile *file, const ElfW(Nhdr) *note, const guint8 *description)
{
  const char *name = (const char *) (note + 1);

  if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof "GNU" && memcmp (name, "GNU", sizeof "GNU") == 0
      && file->build_id == NULL)
    {
      GString *text = g_string_new (NULL);

      for (guint i = 0; i < note->n_descsz; i++)
        g_string_append_printf (text, "%02x", description[i]);
      file->build_id = g_string_free (text, FALSE);
    }
  else if (note->n_type == 1 && note->n_namesz == sizeof "yaraorm"
           && memcmp (name, "yaraorm", sizeof "yaraorm") == 0
           && note->n_descsz >= 2 * sizeof (guint32) && file->abi == NULL)
    {
      const YaraRouterNote *mark = (const YaraRouterNote *) note;

      file->abi = g_strdup_printf ("%u.%u", mark->abi_major, mark->abi_minor);
    }
}

static void
take_notes (PluginFile *file, const YaraElf *elf, const ElfW(Phdr) *segment)
{
  guint64 alignment = segment->p_align == 8 ? 8 : 4, offset = 0;
  const guint8 *notes = yara_elf_at_offset (elf, segment->p_offset, segment->p_filesz, 4);

  while (notes != NULL && offset + sizeof (ElfW(Nhdr)) <= segment->p_filesz)
    {
      const ElfW(Nhdr) *note = (const ElfW(Nhdr) *) (notes + offset);
      guint64 name_end = offset + sizeof *note + note->n_namesz;
      guint64 description = (name_end + alignment - 1) & ~(alignment - 1);

      if (description + note->n_descsz > segment->p_filesz)
        return;
      take_note (file, note, notes + description);
      offset = (description + note->n_descsz + alignment - 1) & ~(alignment - 1);
    }
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* A name in the string table: (transfer full) (nullable). */
static char *
get_string (const YaraElf *elf, guint64 offset)
{
  if (offset >= elf->strings_size)
    return NULL;
  return g_strndup (elf->strings + offset, elf->strings_size - offset);
}

/* The value behind `tag`; 0 when there is none. */
static guint64
get_value (const YaraElf *elf, gint64 tag)
{
  for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == tag)
      return entry->d_un.d_val;
  return 0;
}

/* The function that a relocation looks for by name, although the plugin has it: another one of that name in the
 * process would be taken. NULL for anything else. */
static const char *
find_self_call (const YaraElf *elf, guint64 info)
{
  static const char *const functions[] = { "db_for_read", "db_for_write" };
  guint64 number = sizeof (gpointer) == 8 ? info >> 32 : info >> 8;
  const ElfW(Sym) *symbol = number < elf->n_symbols ? &elf->symbols[number] : NULL;

  if (symbol == NULL || symbol->st_shndx == SHN_UNDEF || ELF64_ST_VISIBILITY (symbol->st_other) == STV_PROTECTED)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (symbol->st_name < elf->strings_size && strcmp (elf->strings + symbol->st_name, functions[i]) == 0)
      return functions[i];
  return NULL;
}

static void
take_self_call (PluginFile *file, const YaraElf *elf)
{
  const struct
  {
    gint64 address, size;
    gsize  step;
  } tables[] = {
    { DT_RELA, DT_RELASZ, sizeof (ElfW(Rela)) },
    { DT_REL, DT_RELSZ, sizeof (ElfW(Rel)) },
    { DT_JMPREL, DT_PLTRELSZ, get_value (elf, DT_PLTREL) == DT_RELA ? sizeof (ElfW(Rela)) : sizeof (ElfW(Rel)) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (tables) && elf->symbols != NULL; i++)
    {
      guint64 size = get_value (elf, tables[i].size);
      const guint8 *entries =
        yara_elf_at_address (elf, get_value (elf, tables[i].address), size, sizeof (gpointer));

      for (guint64 at = 0; entries != NULL && at + tables[i].step <= size && file->self_call == NULL;
           at += tables[i].step)
        file->self_call = find_self_call (elf, ((const ElfW(Rel) *) (entries + at))->r_info);
    }
}

static void
take_names (PluginFile *file, YaraElf *elf)
{
  yara_elf_check_dynamic (elf, NULL); /* leaves what it found, unless it found something worse before */
  if (elf->strings == NULL)
    return;
  file->exports = g_ptr_array_new_with_free_func (g_free);
  file->needed = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; elf->symbols != NULL && i < elf->n_symbols; i++)
    {
      const ElfW(Sym) *symbol = &elf->symbols[i];
      char *name = get_string (elf, symbol->st_name);

      if (symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE (symbol->st_info) == STT_FUNC && name != NULL)
        g_ptr_array_add (file->exports, name);
      else
        g_free (name);
    }
  g_ptr_array_sort (file->exports, compare);
  for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++)
    {
      char *name = entry->d_tag == DT_NEEDED ? get_string (elf, entry->d_un.d_val) : NULL;

      if (name != NULL)
        g_ptr_array_add (file->needed, name);
    }
  if (file->refusal == NULL) /* what follows has been found sound */
    take_self_call (file, elf);
}

static char *
describe_owner (uid_t owner)
{
  if (owner == geteuid ())
    return g_strdup ("you");
  return owner == 0 ? g_strdup ("root") : g_strdup_printf ("user %u", (guint) owner);
}

/* What the library checks before it loads a file. */
static void
judge (PluginFile *file, const char *path)
{
  g_autoptr(YaraRouterFile) read = yara_router_file_read (path, &file->refusal);

  if (read != NULL)
    yara_elf_check (read->bytes, read->size, &file->refusal);
}

PluginFile *
plugin_file_read (const char *path, GError **error)
{
  g_autoptr(PluginFile) file = g_new0 (PluginFile, 1);
  g_autofree char *bytes = NULL;
  struct stat status;
  YaraElf elf;

  if (stat (path, &status) != 0)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s", g_strerror (errno));
  else if (!S_ISREG (status.st_mode) || status.st_size > MAX_SIZE)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "it is not a regular file of at most 64 MiB");
  else if (g_file_get_contents (path, &bytes, &file->size, error))
    {
      file->mode = status.st_mode & 07777;
      file->owner = describe_owner (status.st_uid);
      file->sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) bytes, file->size);
      judge (file, path);
      if (!open_elf (&elf, bytes, file->size))
        return g_steal_pointer (&file);
      file->form = describe_form (elf.header);
      for (guint i = 0; i < elf.header->e_phnum; i++)
        if (elf.segments[i].p_type == PT_NOTE)
          take_notes (file, &elf, &elf.segments[i]);
      take_names (file, &elf);
      return g_steal_pointer (&file);
    }
  return NULL;
}

void
plugin_file_free (PluginFile *file)
{
  g_free (file->owner);
  g_free (file->sha256);
  g_free (file->form);
  g_free (file->build_id);
  g_free (file->abi);
  g_clear_pointer (&file->exports, g_ptr_array_unref);
  g_clear_pointer (&file->needed, g_ptr_array_unref);
  g_clear_error (&file->refusal);
  g_free (file);
}

char *
plugin_file_join (GPtrArray *names)
{
  GString *text = g_string_new (names == NULL ? "not read" : names->len == 0 ? "-" : NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", (char *) names->pdata[i]);
  return g_string_free (text, FALSE);
}

char *
plugin_file_describe_functions (const PluginFile *file)
{
  static const char *const functions[] = { "db_for_read", "db_for_write", "router_open", "router_close" };
  g_autoptr(GPtrArray) found = g_ptr_array_new ();

  for (guint i = 0; file->exports != NULL && i < G_N_ELEMENTS (functions); i++)
    if (g_ptr_array_find_with_equal_func (file->exports, functions[i], g_str_equal, NULL))
      g_ptr_array_add (found, (char *) functions[i]);
  return plugin_file_join (found);
}
