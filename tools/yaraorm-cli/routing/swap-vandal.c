/* SPDX-License-Identifier: MIT
 * What careless and hostile people do to a plugin's file while it is in use, over and over. Only copies suffer. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "routing/swap.h"

struct SwapVandal
{
  char       *paths[2], *spare[2]; /* spare: another name beside it */
  char       *bytes[2];
  gsize       sizes[2];
  gulong      pause;               /* microseconds */
  guint       n_damaged;
  atomic_bool is_over;
  GThread    *thread;
};

/* As cp does, which writes into the file that is there. */
static void
overwrite (const char *path, const char *bytes, gsize size)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

  for (gssize n; fd >= 0 && size > 0 && (n = write (fd, bytes, MIN (size, 4096))) > 0; bytes += n)
    size -= n;
  if (fd >= 0)
    close (fd);
}

static void
damage (SwapVandal *vandal, guint side, guint how)
{
  static const char words[] = "this was a router once\n";
  const char *path = vandal->paths[side];

  switch (how)
    {
    case 0:
      overwrite (path, words, sizeof words - 1);
      break;
    case 1:
      if (truncate (path, 0) != 0)
        return;
      break;
    case 2:
      if (truncate (path, vandal->sizes[side] / 2) != 0)
        return;
      break;
    case 3:
      g_unlink (path);
      break;
    case 4:
      g_rename (path, vandal->spare[side]);
      break;
    default:
      overwrite (path, vandal->bytes[side], vandal->sizes[side]);
      break;
    }
  vandal->n_damaged++;
}

/* As it should be done: a new file that takes the name. */
static void
mend (SwapVandal *vandal, guint side)
{
  overwrite (vandal->spare[side], vandal->bytes[side], vandal->sizes[side]);
  g_rename (vandal->spare[side], vandal->paths[side]);
}

static gpointer
run (gpointer data)
{
  SwapVandal *vandal = data;

  for (guint i = 0; !atomic_load (&vandal->is_over); i++)
    {
      if (vandal->paths[i % 2] == NULL)
        continue;
      damage (vandal, i % 2, i / 2 % 6);
      g_usleep (vandal->pause);
      mend (vandal, i % 2);
      g_usleep (vandal->pause);
    }
  return NULL;
}

static void
vandal_free (SwapVandal *vandal)
{
  for (guint i = 0; i < 2; i++)
    {
      g_free (vandal->paths[i]);
      g_free (vandal->spare[i]);
      g_free (vandal->bytes[i]);
    }
  g_free (vandal);
}

SwapVandal *
swap_vandal_start (SwapOptions *swap, GError **error)
{
  SwapVandal *vandal = g_new0 (SwapVandal, 1);

  for (guint i = 0; i < 2; i++)
    {
      RouterOptions *router = &swap->pair.sides[i];

      if (router->rules) /* they are read before they are used, and need no file then */
        continue;
      vandal->paths[i] = g_strdup_printf ("%s/%u.so", swap->folder, i);
      vandal->spare[i] = g_strdup_printf ("%s/%u.new", swap->folder, i);
      if (!g_file_get_contents (router->plugin, &vandal->bytes[i], &vandal->sizes[i], error))
        {
          vandal_free (vandal);
          return NULL;
        }
      mend (vandal, i);
      g_free (router->plugin);
      router->plugin = g_strdup (vandal->paths[i]);
    }
  vandal->pause = swap->every * G_USEC_PER_SEC / 4;
  vandal->thread = g_thread_new ("vandal", run, vandal);
  return vandal;
}

guint
swap_vandal_stop (SwapVandal *vandal)
{
  guint n_damaged;

  atomic_store (&vandal->is_over, TRUE);
  g_thread_join (vandal->thread);
  n_damaged = vandal->n_damaged;
  vandal_free (vandal);
  return n_damaged;
}
