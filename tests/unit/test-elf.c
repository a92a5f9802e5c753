/* SPDX-License-Identifier: MIT
 * The ELF reader stays inside the bytes it is given, whatever they are. Each try has its own allocation,
 * so that memory checkers see a byte too far. */
#include "route/elf.h"
#include "route/file.h"

#include <string.h>

static YaraRouterFile *
read_plugin (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char  *path = yara_router_file_find ("replica", &error);
  YaraRouterFile   *file;

  g_assert_no_error (error);
  file = yara_router_file_read (path, &error);
  g_assert_no_error (error);
  return file;
}

/* What the reader says of `size` bytes; with an error exactly when it refuses. */
static gboolean
check (const guint8 *bytes, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (bytes, size);
  g_autoptr(GError)  error = NULL;
  gboolean           is_accepted = yara_elf_check (copy, size, &error);

  g_assert_cmpint (is_accepted, ==, error == NULL);
  g_assert_true (is_accepted || error->domain == YARA_ROUTER_ERROR);
  return is_accepted;
}

static void
test_sound (void)
{
  g_autoptr(YaraRouterFile) file = read_plugin ();

  g_assert_true (check (file->bytes, file->size));
}

static void
test_cut (void)
{
  g_autoptr(YaraRouterFile) file = read_plugin ();

  for (gsize size = 1; size < file->size; size += size < 4096 ? 1 : 61)
    g_assert_false (check (file->bytes, size));
}

/* Damages one to three bytes among the first `reach`. Some damage does not matter to the reader, but the
 * headers cannot be damaged often without its noticing. */
static guint
count_refusals (const YaraRouterFile *file, gsize reach, guint n_tries)
{
  guint n_refused = 0;

  for (guint i = 0; i < n_tries; i++)
    {
      g_autofree guint8 *damaged = g_memdup2 (file->bytes, file->size);

      for (gint n = g_test_rand_int_range (1, 4); n > 0; n--)
        damaged[g_test_rand_int_range (0, reach)] = g_test_rand_int_range (0, 256);
      n_refused += !check (damaged, file->size);
    }
  return n_refused;
}

static void
test_damaged (void)
{
  g_autoptr(YaraRouterFile) file = read_plugin ();
  guint                     in_headers = count_refusals (file, 64 + 9 * 56, 3000);
  guint                     anywhere = count_refusals (file, file->size, 3000);

  g_test_message ("of 3000 each refused: %u damaged in the headers, %u anywhere", in_headers, anywhere);
  g_assert_cmpuint (in_headers, >, 1000);
}

/* Numbers that lead far away, in the place of every word of the tables. */
static void
test_far_away (void)
{
  static const guint64      far[] = { G_MAXUINT64, G_MAXUINT64 - 7, G_MAXINT64, G_MAXUINT32, 1 << 30 };
  g_autoptr(YaraRouterFile) file = read_plugin ();
  const ElfW(Ehdr)         *header = (const ElfW(Ehdr) *) file->bytes;
  const ElfW(Phdr)         *segments = (const ElfW(Phdr) *) (file->bytes + header->e_phoff);

  for (guint i = 0; i < header->e_phnum; i++)
    if (segments[i].p_type == PT_DYNAMIC || i == 0) /* the headers, notes and symbols; the dynamic section */
      for (gsize offset = 0; offset + 8 <= segments[i].p_filesz; offset += 8)
        for (guint n = 0; n < G_N_ELEMENTS (far); n++)
          {
            g_autofree guint8 *damaged = g_memdup2 (file->bytes, file->size);

            memcpy (damaged + segments[i].p_offset + offset, &far[n], 8);
            check (damaged, file->size);
          }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route/elf/sound", test_sound);
  g_test_add_func ("/route/elf/cut", test_cut);
  g_test_add_func ("/route/elf/damaged", test_damaged);
  g_test_add_func ("/route/elf/far-away", test_far_away);
  return g_test_run ();
}
