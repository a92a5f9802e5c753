/* SPDX-License-Identifier: MIT
 * The child's side of a probe: limits for the process, the lines to the parent, the way to the mode. */
#include "probe-child.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "probe.h"
#include "route-bench.h"
#include "route-swap.h"

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
  struct rlimit limits = { most, most };

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

void
probe_send (JsonObject *object)
{
  g_autoptr(JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = json_to_string (node, FALSE);
  g_autofree char *valid = g_utf8_make_valid (text, -1); /* a path need not be UTF-8, but JSON is */
  g_autofree char *line = g_strconcat (valid, "\n", NULL);
  const char *rest = line;

  json_object_unref (object);
  for (ssize_t left = strlen (line), n; left > 0; left -= n, rest += n)
    if ((n = write (PROBE_FD, rest, left)) < 0)
      _exit (1);
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

int
probe_main (char **arguments)
{
  const char *mode = arguments[1];
  g_auto(RouterOptions) options = ROUTER_OPTIONS_INIT;
  g_autoptr(Options) parser = options_new (mode, "PLUGIN");
  g_auto(GStrv) words = g_strdupv (arguments + 1);
  ProbeRouter router = { 0 };
  int status;

  if (strcmp (mode, "swap") == 0)
    return swap_child_main (arguments + 1);
  if (strcmp (mode, "bench") == 0)
    return bench_child_main (arguments + 1);
  probe_confine (TRUE);
  router_options_add (&options, parser, TRUE);
  router_options_add_transaction (&options, parser);
  if (!options_parse (parser, &words, &status) || !router_options_check (&options, mode, words, &status))
    return status;
  options.rules = strcmp (mode, "rules") == 0;
  if (probe_router_load (&router, &options))
    {
      if (options.rules)
        probe_rules (&router, &options);
      else if (strcmp (mode, "route") == 0)
        probe_route (&router, &options);
      else if (strcmp (mode, "explain") == 0)
        probe_explain (&router, &options);
      else
        probe_check (&router);
    }
  probe_finish ();
}
