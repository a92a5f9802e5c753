/* SPDX-License-Identifier: MIT
 * The child's side of a probe: limits for the process, the lines to the parent, the way to the mode. */
#include "probe/child.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "probe/probe.h"

/* Addresses: enough for the library and a few threads, little enough to be filled in no time. */
#define MEMORY_LIMIT (G_GUINT64_CONSTANT (256) << 20)
#define CPU_LIMIT 5

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define LIMIT_MEMORY FALSE /* a sanitizer reserves terabytes of addresses */
#else
#define LIMIT_MEMORY TRUE
#endif

static void
limit (int resource, guint64 most)
{
  /* A debugger sees the signal that comes at the first limit of the time, but not the one at the second. */
  struct rlimit limits = { most, resource == RLIMIT_CPU ? most + 1 : most };

  setrlimit (resource, &limits);
}

void
probe_confine (gboolean is_limited)
{
  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  limit (RLIMIT_CORE, 0);
  if (!is_limited)
    return;
  mallopt (M_ARENA_MAX, 1); /* an arena for each thread would use up the addresses */
  limit (RLIMIT_CPU, CPU_LIMIT);
  if (LIMIT_MEMORY)
    limit (RLIMIT_AS, MEMORY_LIMIT);
}

/* Stands before each line. In a debugger it is empty, and nobody reads the lines. */
static char word[64];

/* Takes it out of the environment, where the plugin could find it. */
static void
take_word (void)
{
  char *given = getenv (PROBE_WORD);

  if (given == NULL)
    return;
  g_strlcpy (word, given, sizeof word);
  memset (given, '\0', strlen (given)); /* for those who read /proc/self/environ */
  g_unsetenv (PROBE_WORD);
}

static void
write_line (JsonObject *object)
{
  g_autoptr(JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = json_to_string (node, FALSE);
  g_autofree char *valid = g_utf8_make_valid (text, -1); /* a path need not be UTF-8, but JSON is */
  g_autofree char *line = g_strconcat (word, valid, "\n", NULL);
  const char *rest = line;

  for (ssize_t left = strlen (line), n; left > 0; left -= n, rest += n)
    if ((n = write (PROBE_FD, rest, left)) < 0)
      _exit (1);
}

/* Takes the lines when there is no parent. */
static ProbeTake take;
static gpointer take_data;

void
probe_send (JsonObject *object)
{
  if (take != NULL)
    take (take_data, object);
  else
    write_line (object);
  json_object_unref (object);
}

void
probe_at (guint limit, const char *format, ...)
{
  JsonObject *object = json_object_new ();
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  json_object_set_string_member (object, "at", text);
  json_object_set_int_member (object, "limit", limit);
  probe_send (object);
}

void
probe_refuse (const GError *error)
{
  JsonObject *refused = json_object_new ();
  JsonObject *object = json_object_new ();
  int code = error->domain == YARA_ROUTER_ERROR ? error->code : YARA_ROUTER_ERROR_NOT_A_PLUGIN;

  /* The library's other errors are about names that it was given. */
  json_object_set_int_member (refused, "code", error->domain == YARA_ERROR ? -1 : code);
  json_object_set_string_member (refused, "message", error->message);
  json_object_set_object_member (object, "refused", refused);
  probe_send (object);
}

void
probe_finish (void)
{
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "done", TRUE);
  probe_send (object);
  /* Nothing of the plugin is to run any more. */
  _exit (0);
}

/* Loads the router, and does what `mode` is about. */
static void
work (const char *mode, ProbeRouter *router, const RouterOptions *options)
{
  if (!probe_router_load (router, options))
    return;
  if (g_str_has_prefix (mode, "explain"))
    probe_explain (router, options);
  else if (strcmp (mode, "check") == 0)
    probe_check (router, options);
  else
    probe_route (router, options);
}

void
probe_work_here (const char *mode, const RouterOptions *options, ProbeTake function, gpointer data)
{
  ProbeRouter router = { 0 };
  JsonObject *done = json_object_new ();

  take = function;
  take_data = data;
  work (mode, &router, options);
  json_object_set_boolean_member (done, "done", TRUE);
  probe_send (done);
  g_clear_object (&router.orm);
  g_free (router.path);
  g_free (router.sha256);
}

int
probe_main (char **arguments)
{
  const char *mode = arguments[1];
  g_auto(RouterOptions) options = ROUTER_OPTIONS_INIT;
  g_autoptr(Options) parser = options_new (mode, "PLUGIN");
  g_auto(GStrv) words = g_strdupv (arguments + 1);
  ProbeRouter router = { 0 };
  int status;

  take_word ();
  if (strcmp (mode, "swap") == 0)
    return swap_child_main (arguments + 1);
  if (strcmp (mode, "bench") == 0)
    return bench_child_main (arguments + 1);
  if (g_str_has_prefix (mode, "replay"))
    return replay_child_main (arguments + 1);
  probe_confine (TRUE);
  router_options_add (&options, parser, ROUTER_ALL);
  if (!options_parse (parser, &words, &status) || !router_options_check (&options, mode, words, &status))
    return status;
  options.rules = g_str_has_suffix (mode, "rules");
  work (mode, &router, &options);
  probe_finish ();
}
