/* SPDX-License-Identifier: MIT
 * Host names to addresses: a blocking call, but one with a limit, and that can be stopped. */
#include "backend/postgres/postgres.h"

#include <glib-unix.h>
#include <yaraorm/yara-error.h>

typedef struct
{
  GCancellable *cancellable;
  GList        *addresses;
  gboolean      is_done, is_late;
} Resolution;

static void
on_resolved (GObject *resolver, GAsyncResult *result, gpointer data)
{
  Resolution *resolution = data;

  resolution->addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (resolver), result, NULL);
  resolution->is_done = TRUE;
}

static gboolean
on_late (gpointer data)
{
  Resolution *resolution = data;

  resolution->is_late = TRUE;
  g_cancellable_cancel (resolution->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
on_interrupted (int fd, GIOCondition condition, gpointer data)
{
  Resolution *resolution = data;

  g_cancellable_cancel (resolution->cancellable);
  return G_SOURCE_REMOVE;
}

static void
attach (GSource *source, GSourceFunc callback, Resolution *resolution, GMainContext *context)
{
  g_source_set_callback (source, callback, resolution, NULL);
  g_source_attach (source, context);
}

static void
resolve (YaraPostgresSession *session, const char *name, Resolution *resolution)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GResolver) resolver = g_resolver_get_default ();
  g_autoptr(GSource) timer = g_timeout_source_new (session->config->connect_timeout / 1000);
  g_autoptr(GSource) wake = g_unix_fd_source_new (session->wake_fd, G_IO_IN);
  g_autoptr(GSource) opener = g_unix_fd_source_new (session->cancel_fd >= 0 ? session->cancel_fd : session->wake_fd,
                                                    G_IO_IN);

  attach (timer, on_late, resolution, context);
  attach (wake, G_SOURCE_FUNC (on_interrupted), resolution, context);
  attach (opener, G_SOURCE_FUNC (on_interrupted), resolution, context);
  g_main_context_push_thread_default (context);
  g_resolver_lookup_by_name_async (resolver, name, resolution->cancellable, on_resolved, resolution);
  while (!resolution->is_done)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  g_source_destroy (timer);
  g_source_destroy (wake);
  g_source_destroy (opener);
}

GList *
yara_postgres_resolve (YaraPostgresSession *session, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr(GCancellable) stop = g_cancellable_new ();
  Resolution resolution = { .cancellable = stop };

  resolve (session, name, &resolution);
  if (resolution.addresses != NULL)
    return resolution.addresses;
  if (atomic_load (&session->interrupted) || g_cancellable_is_cancelled (cancellable))
    g_propagate_error (error, yara_postgres_error_new_cancelled (FALSE));
  else if (resolution.is_late)
    g_set_error (error, YARA_ERROR, YARA_ERROR_TIMEOUT,
                 "cannot connect to PostgreSQL: the host name \"%s\" was not resolved within %g seconds; look at the "
                 "name server, or raise connect_timeout", name,
                 session->config->connect_timeout / (double) G_USEC_PER_SEC);
  else
    g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION,
                 "cannot connect to PostgreSQL: no address is known for the host \"%s\"; look at its name", name);
  return NULL;
}
