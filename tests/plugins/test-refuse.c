/* SPDX-License-Identifier: MIT
 * What may not be a router is refused, each with a reason of its own, and the old router answers on. */
#include "fixture.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <link.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  Fixture     fixture;
  GHashTable *reasons; /* message without the path -> the case */
  GString    *good;
  char       *path;    /* where the cases are put */
} Zoo;

static void
zoo_init (Zoo *zoo)
{
  g_autofree char *old = NULL;

  fixture_init (&zoo->fixture, 2);
  zoo->reasons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  zoo->good = fixture_load ("node");
  zoo->path = fixture_path (&zoo->fixture, "case.so");
  old = fixture_path (&zoo->fixture, "old.so");
  fixture_write (old, zoo->good);
  fixture_set (&zoo->fixture, old);
}

static void
zoo_clear (Zoo *zoo)
{
  fixture_clear (&zoo->fixture);
  g_hash_table_unref (zoo->reasons);
  g_string_free (zoo->good, TRUE);
  g_free (zoo->path);
}

/* `name` is refused with `code` and a message that has `reason` in it. */
static void
expect_refusal (Zoo *zoo, const char *name, YaraRouterError code, const char *reason)
{
  g_autoptr(GError) error = NULL;
  const char       *bare;

  g_assert_false (yara_routes_set_plugin (zoo->fixture.routes, name, NULL, &error));
  if (!g_error_matches (error, YARA_ROUTER_ERROR, code) || strstr (error->message, reason) == NULL ||
      strchr (error->message, '\n') != NULL)
    g_error ("wanted %d \"%s\", got %s %d \"%s\"", code, reason, g_quark_to_string (error->domain), error->code,
             error->message);
  bare = g_str_has_prefix (error->message, "router \"") ? strstr (error->message, "\": ") : error->message;
  g_assert_nonnull (bare);
  if (!g_hash_table_insert (zoo->reasons, g_strdup (bare), g_strdup (reason)))
    g_error ("the reason \"%s\" is given twice", bare);
  g_assert_cmpstr (fixture_ask (&zoo->fixture, YARA_OPERATION_READ), ==, "node0000");
  if (FIXTURE_UNMAPS)
    g_assert_cmpuint (fixture_count_images (), ==, 1);
}

/* A file with these bytes is refused. */
static void
expect_bytes_refused (Zoo *zoo, const GString *bytes, YaraRouterError code, const char *reason)
{
  fixture_write (zoo->path, bytes);
  expect_refusal (zoo, zoo->path, code, reason);
  g_assert_cmpint (g_unlink (zoo->path), ==, 0);
}

static void
expect_text_refused (Zoo *zoo, const char *text, YaraRouterError code, const char *reason)
{
  g_autoptr(GString) bytes = g_string_new (text);

  expect_bytes_refused (zoo, bytes, code, reason);
}

static void
test_files (void)
{
  Zoo                zoo;
  g_autofree char   *loop = NULL, *missing = NULL, *dangling = NULL;
  g_autoptr(GString) large = g_string_new ("x");

  zoo_init (&zoo);
  expect_refusal (&zoo, "", YARA_ROUTER_ERROR_FILE, "name is empty");
  expect_refusal (&zoo, "no-such-router", YARA_ROUTER_ERROR_FILE, "there is no no-such-router.so in");
  missing = fixture_path (&zoo.fixture, "missing.so");
  expect_refusal (&zoo, missing, YARA_ROUTER_ERROR_FILE, "No such file");
  expect_refusal (&zoo, zoo.fixture.folder, YARA_ROUTER_ERROR_FILE, "is a folder");
  expect_refusal (&zoo, "/dev/null", YARA_ROUTER_ERROR_FILE, "not a regular file");
  dangling = fixture_path (&zoo.fixture, "dangling.so");
  g_assert_cmpint (symlink (missing, dangling), ==, 0);
  g_hash_table_remove_all (zoo.reasons); /* the same reason again */
  expect_refusal (&zoo, dangling, YARA_ROUTER_ERROR_FILE, "No such file");
  loop = fixture_path (&zoo.fixture, "loop.so");
  g_assert_cmpint (symlink (loop, loop), ==, 0);
  expect_refusal (&zoo, loop, YARA_ROUTER_ERROR_FILE, "symbolic links");
  expect_text_refused (&zoo, "", YARA_ROUTER_ERROR_FILE, "is empty");
  expect_text_refused (&zoo, "db_for_read = \"replica\"\n", YARA_ROUTER_ERROR_NOT_A_PLUGIN, "not an ELF file");
  expect_text_refused (&zoo, ELFMAG, YARA_ROUTER_ERROR_NOT_A_PLUGIN, "inside its ELF header");
  expect_refusal (&zoo, "/proc/self/exe", YARA_ROUTER_ERROR_NOT_A_PLUGIN, "is a program");
  fixture_write (zoo.path, large);
  g_assert_cmpint (truncate (zoo.path, 64 * 1024 * 1024 + 1), ==, 0);
  expect_refusal (&zoo, zoo.path, YARA_ROUTER_ERROR_FILE, "larger than 64 MiB");
  zoo_clear (&zoo);
}

/* A pipe would block whoever opens it. The reason is that of /dev/null. */
static void
test_pipe (void)
{
  Zoo zoo;

  zoo_init (&zoo);
  g_assert_cmpint (mkfifo (zoo.path, 0644), ==, 0);
  expect_refusal (&zoo, zoo.path, YARA_ROUTER_ERROR_FILE, "not a regular file");
  zoo_clear (&zoo);
}

/* Root may read everything. */
static void
test_unreadable (void)
{
  uid_t user = geteuid ();
  Zoo   zoo;

  zoo_init (&zoo);
  fixture_write (zoo.path, zoo.good);
  g_assert_cmpint (g_chmod (zoo.path, 0), ==, 0);
  g_assert_cmpint (user == 0 ? seteuid (12345) : 0, ==, 0);
  expect_refusal (&zoo, zoo.path, YARA_ROUTER_ERROR_FILE, "Permission denied");
  g_assert_cmpint (user == 0 ? seteuid (0) : 0, ==, 0);
  zoo_clear (&zoo);
}

/* After a trial only the bytes that passed it are loaded. */
static void
test_only_the_same_bytes (void)
{
  guint            n_tries = FIXTURE_ROUNDS (3000);
  g_autofree char *sum = NULL;
  Zoo              zoo;

  zoo_init (&zoo);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, zoo.good->str, zoo.good->len);
  for (guint i = 0; i < n_tries; i++)
    {
      g_autoptr(GString) bytes = g_string_new_len (zoo.good->str, zoo.good->len);
      g_autoptr(GError)  error = NULL;

      bytes->str[g_test_rand_int_range (0, bytes->len)] ^= 1 << g_test_rand_int_range (0, 8);
      fixture_write (zoo.path, bytes);
      g_assert_null (yara_routes_replace (zoo.fixture.routes, zoo.path, NULL, sum, FALSE, NULL, &error));
      g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_TRIAL);
    }
  g_assert_cmpstr (fixture_ask (&zoo.fixture, YARA_OPERATION_READ), ==, "node0000");
  zoo_clear (&zoo);
}

static void
test_truncated (void)
{
  gsize step = FIXTURE_IS_SCALED_DOWN ? 4096 : 32;
  guint n_files = 0;
  Zoo   zoo;

  zoo_init (&zoo);
  for (gsize size = step; size < zoo.good->len; size += step, n_files++)
    {
      g_autoptr(GString) part = g_string_new_len (zoo.good->str, size);
      g_autoptr(GError)  error = NULL;

      fixture_write (zoo.path, part);
      g_assert_false (yara_routes_set_plugin (zoo.fixture.routes, zoo.path, NULL, &error));
      g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_NOT_A_PLUGIN);
      g_assert_nonnull (strstr (error->message, "is cut short"));
      g_assert_cmpstr (fixture_ask (&zoo.fixture, YARA_OPERATION_READ), ==, "node0000");
    }
  g_test_message ("%u files, cut at every %" G_GSIZE_FORMAT " bytes", n_files, step);
  g_assert_cmpuint (n_files, >, 2);
  zoo_clear (&zoo);
}

/* One change to the header or the segments of a sound plugin. */
static void
test_patched (void)
{
  Zoo         zoo;
  GString    *bytes;
  ElfW(Ehdr) *header;
  ElfW(Phdr) *segments;

  zoo_init (&zoo);
#define PATCHED(change, code, reason) \
  G_STMT_START { \
    bytes = g_string_new_len (zoo.good->str, zoo.good->len); \
    header = (ElfW(Ehdr) *) bytes->str; \
    segments = (ElfW(Phdr) *) (bytes->str + header->e_phoff); \
    change; \
    expect_bytes_refused (&zoo, bytes, YARA_ROUTER_ERROR_##code, reason); \
    g_string_free (bytes, TRUE); \
  } G_STMT_END
  PATCHED (header->e_machine ^= 0xff, NOT_A_PLUGIN, "for another machine");
  PATCHED (header->e_ident[EI_CLASS] ^= 3, NOT_A_PLUGIN, "-bit file");
  PATCHED (header->e_ident[EI_DATA] ^= 3, NOT_A_PLUGIN, "other byte order");
  PATCHED (header->e_type = ET_REL, NOT_A_PLUGIN, "not a shared object");
  PATCHED (segments[1].p_flags |= PF_W | PF_X, UNSAFE, "writable and executable");
  PATCHED (segments[1].p_vaddr++, NOT_A_PLUGIN, "segments do not fit");
  zoo_clear (&zoo);
#undef PATCHED
}

static void
test_built (void)
{
  static const struct
  {
    const char     *name;
    YaraRouterError code;
    const char     *reason;
  } cases[] = {
    { "no-read", YARA_ROUTER_ERROR_MISSING_SYMBOL, "does not define db_for_read" },
    { "read-elsewhere", YARA_ROUTER_ERROR_MISSING_SYMBOL, "does not define db_for_read" },
    { "no-write", YARA_ROUTER_ERROR_MISSING_SYMBOL, "does not define db_for_write" },
    { "not-a-function", YARA_ROUTER_ERROR_MISSING_SYMBOL, "db_for_read, but it is not a function" },
    { "undefined", YARA_ROUTER_ERROR_NOT_A_PLUGIN, "undefined symbol: nobody_has_this" },
    { "no-delete", YARA_ROUTER_ERROR_UNSAFE, "never to be unloaded" },
    { "unique", YARA_ROUTER_ERROR_UNSAFE, "keeps it loaded for good (flaw_unique)" },
    { "static-tls", YARA_ROUTER_ERROR_UNSAFE, "static thread-local storage" },
    { "executable-stack", YARA_ROUTER_ERROR_UNSAFE, "executable stack" },
    { "refuses", YARA_ROUTER_ERROR_REFUSED, "refused the arguments \"\": nnn nnn" },
    { "no-mark", YARA_ROUTER_ERROR_ABI, "no ABI mark" },
    { "other-mark", YARA_ROUTER_ERROR_ABI, "no ABI mark" },
    { "short-mark", YARA_ROUTER_ERROR_ABI, "damaged ABI mark" },
    { "older-major", YARA_ROUTER_ERROR_ABI, "was built for router ABI 0.9, this library has 1.0" },
    { "newer-major", YARA_ROUTER_ERROR_ABI, "was built for router ABI 2.0, this library has 1.0" },
    { "newer-minor", YARA_ROUTER_ERROR_ABI, "the newer router ABI 1.1" },
    { "larger-structs", YARA_ROUTER_ERROR_ABI, "larger structs" },
    { "two-marks", YARA_ROUTER_ERROR_ABI, "ABI marks of two versions" },
  };
  Zoo             zoo;
  g_autofree char *same_marks = NULL;

  zoo_init (&zoo);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GString) bytes = fixture_load (cases[i].name);

      if (i > 0 && strcmp (cases[i].reason, cases[i - 1].reason) == 0)
        g_hash_table_remove_all (zoo.reasons);
      expect_bytes_refused (&zoo, bytes, cases[i].code, cases[i].reason);
    }
  /* Plugins without a fitting mark have a constructor; it must not have run. */
  g_assert_null (getenv ("YARA_TEST_CONSTRUCTOR_RAN"));
  same_marks = fixture_zoo_path ("same-marks");
  fixture_set (&zoo.fixture, same_marks);
  g_assert_cmpstr (fixture_ask (&zoo.fixture, YARA_OPERATION_READ), ==, "node0001");
  g_assert_nonnull (getenv ("YARA_TEST_CONSTRUCTOR_RAN"));
  g_unsetenv ("YARA_TEST_CONSTRUCTOR_RAN");
  zoo_clear (&zoo);
}

static void
test_writable_by_others (void)
{
  Zoo              zoo;
  g_autofree char *link = NULL, *folder = NULL, *inside = NULL;

  zoo_init (&zoo);
  fixture_write (zoo.path, zoo.good);
  g_assert_cmpint (g_chmod (zoo.path, 0664), ==, 0);
  expect_refusal (&zoo, zoo.path, YARA_ROUTER_ERROR_UNSAFE, "the file can be written by its group");
  g_assert_cmpint (g_chmod (zoo.path, 0646), ==, 0);
  expect_refusal (&zoo, zoo.path, YARA_ROUTER_ERROR_UNSAFE, "the file can be written by everybody");
  g_assert_cmpint (g_chmod (zoo.path, 0644), ==, 0);

  /* The file's own folder, and the folder of a link to it. */
  folder = fixture_path (&zoo.fixture, "open");
  g_assert_cmpint (g_mkdir (folder, 0777), ==, 0);
  g_assert_cmpint (g_chmod (folder, 0777), ==, 0);
  inside = g_build_filename (folder, "router.so", NULL);
  g_assert_cmpint (symlink (zoo.path, inside), ==, 0);
  expect_refusal (&zoo, inside, YARA_ROUTER_ERROR_UNSAFE, "can be written by everybody");
  g_assert_cmpint (g_unlink (inside), ==, 0);
  fixture_write (inside, zoo.good);
  g_hash_table_remove_all (zoo.reasons);
  expect_refusal (&zoo, inside, YARA_ROUTER_ERROR_UNSAFE, "can be written by everybody");
  link = fixture_path (&zoo.fixture, "link.so");
  g_assert_cmpint (symlink (inside, link), ==, 0);
  g_hash_table_remove_all (zoo.reasons);
  expect_refusal (&zoo, link, YARA_ROUTER_ERROR_UNSAFE, "can be written by everybody");

  /* In a sticky folder nobody can replace the file of another. */
  g_assert_cmpint (g_chmod (folder, 01777), ==, 0);
  fixture_set (&zoo.fixture, link);
  g_assert_cmpint (g_unlink (inside), ==, 0);
  zoo_clear (&zoo);
}

static void
test_other_owner (void)
{
  Zoo zoo;

  if (geteuid () != 0)
    {
      g_test_skip ("only root can give files away");
      return;
    }
  zoo_init (&zoo);
  fixture_write (zoo.path, zoo.good);
  g_assert_cmpint (chown (zoo.path, 12345, 12345), ==, 0);
  expect_refusal (&zoo, zoo.path, YARA_ROUTER_ERROR_UNSAFE, "the file belongs to user 12345");
  g_assert_cmpint (chown (zoo.path, 0, 0), ==, 0);
  g_assert_cmpint (chown (zoo.fixture.folder, 12345, 12345), ==, 0);
  expect_refusal (&zoo, zoo.path, YARA_ROUTER_ERROR_UNSAFE, "belongs to user 12345");
  g_assert_cmpint (chown (zoo.fixture.folder, 0, 0), ==, 0);
  zoo_clear (&zoo);
}

static void
test_noexec (void)
{
  Zoo              zoo;
  g_autofree char *folder = NULL, *path = NULL;

  zoo_init (&zoo);
  folder = fixture_path (&zoo.fixture, "noexec");
  path = g_build_filename (folder, "router.so", NULL);
  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
  if (unshare (CLONE_NEWNS) == 0 && mount ("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
      mount ("none", folder, "tmpfs", MS_NOEXEC, "mode=755") == 0)
    {
      fixture_write (path, zoo.good);
      expect_refusal (&zoo, path, YARA_ROUTER_ERROR_UNSAFE, "mounted noexec");
      g_assert_cmpint (umount (folder), ==, 0);
    }
  else
    g_test_skip ("no right to mount a file system noexec");
  zoo_clear (&zoo);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/refuse/files", test_files);
  g_test_add_func ("/plugins/refuse/pipe", test_pipe);
  g_test_add_func ("/plugins/refuse/unreadable", test_unreadable);
  g_test_add_func ("/plugins/refuse/only-the-same-bytes", test_only_the_same_bytes);
  g_test_add_func ("/plugins/refuse/truncated", test_truncated);
  g_test_add_func ("/plugins/refuse/patched", test_patched);
  g_test_add_func ("/plugins/refuse/built", test_built);
  g_test_add_func ("/plugins/refuse/writable-by-others", test_writable_by_others);
  g_test_add_func ("/plugins/refuse/other-owner", test_other_owner);
  g_test_add_func ("/plugins/refuse/noexec", test_noexec);
  return g_test_run ();
}
