/* SPDX-License-Identifier: MIT
 * The URL of a PostgreSQL database. Our parameters are taken out, the rest is libpq's. Its own words
 * about a URL are never passed on: they may hold the password. */
#include "backend/postgres/postgres.h"

#include <string.h>
#include <yaraorm/yara-error.h>

static const char *const own_parameters[] = {
  "max_size", "min_size", "acquire_timeout", "idle_timeout", "max_lifetime", "statement_cache_size",
  "connect_timeout", "statement_timeout", "pooler", NULL
};

/* In the order of YaraPooler. */
static const char *const pooler_names[] = { "auto", "none", "transaction", NULL };

static void
free_secret (gpointer text)
{
  if (text != NULL)
    explicit_bzero (text, strlen (text));
  g_free (text);
}

void
yara_postgres_config_free (YaraBackendConfig *base)
{
  YaraPostgresConfig *config = (YaraPostgresConfig *) base;

  for (guint i = 0; i < config->n_hosts; i++)
    {
      g_free (config->hosts[i].host);
      g_free (config->hosts[i].address);
      g_free (config->hosts[i].port);
    }
  g_free (config->hosts);
  g_ptr_array_unref (config->names);
  g_ptr_array_unref (config->values);
  g_free (base->facts);
  g_free (base->url);
  g_free (config);
}

static gboolean
take_own_parameters (YaraPostgresConfig *config, YaraUrl *url, GError **error)
{
  gint64 max_size = 16, min_size = 0, statement_cache_size = 100;
  double acquire_timeout = 30, idle_timeout = 600, max_lifetime = 0, connect_timeout = 10, statement_timeout = 0;
  guint pooler = YARA_POOLER_AUTO;

  if (!yara_url_take_integer (url, "max_size", 1, 1000, &max_size, error) ||
      !yara_url_take_integer (url, "min_size", 0, max_size, &min_size, error) ||
      !yara_url_take_seconds (url, "acquire_timeout", 0.001, 3600, &acquire_timeout, error) ||
      !yara_url_take_seconds (url, "idle_timeout", 0, 86400, &idle_timeout, error) ||
      !yara_url_take_seconds (url, "max_lifetime", 0, 86400, &max_lifetime, error) ||
      !yara_url_take_integer (url, "statement_cache_size", 0, 10000, &statement_cache_size, error) ||
      !yara_url_take_seconds (url, "connect_timeout", 0.001, 3600, &connect_timeout, error) ||
      !yara_url_take_seconds (url, "statement_timeout", 0, 86400, &statement_timeout, error) ||
      !yara_url_take_choice (url, "pooler", pooler_names, &pooler, error))
    return FALSE;

  config->base.max_size = max_size;
  config->base.min_size = min_size;
  config->base.acquire_timeout = acquire_timeout * G_USEC_PER_SEC;
  config->base.idle_timeout = idle_timeout * G_USEC_PER_SEC;
  config->base.max_lifetime = max_lifetime * G_USEC_PER_SEC;
  config->statement_cache_size = statement_cache_size;
  config->connect_timeout = connect_timeout * G_USEC_PER_SEC;
  config->base.statement_timeout = statement_timeout * G_USEC_PER_SEC;
  config->pooler = pooler;
  return TRUE;
}

/* The names that libpq takes, and ours, NULL-terminated: (transfer container). */
static GPtrArray *
list_known (const PQconninfoOption *defaults)
{
  GPtrArray *known = g_ptr_array_new ();

  for (guint i = 0; own_parameters[i] != NULL; i++)
    g_ptr_array_add (known, (gpointer) own_parameters[i]);
  for (const PQconninfoOption *option = defaults; option->keyword != NULL; option++)
    if (strchr (option->dispchar, 'D') == NULL && !g_strv_contains (own_parameters, option->keyword))
      g_ptr_array_add (known, option->keyword);
  g_ptr_array_add (known, (gpointer) "ssl"); /* ssl=true, as other drivers have it */
  g_ptr_array_add (known, NULL);
  return known;
}

/* Moves what libpq knows from the URL into `text` as a query. */
static void
move_parameters (YaraUrl *url, const char *const *known, GString *text)
{
  char separator = '?';

  for (; *known != NULL; known++)
    {
      const char *value = g_hash_table_lookup (url->parameters, *known);

      if (value == NULL)
        continue;
      g_string_append_printf (text, "%c%s=", separator, *known);
      g_string_append_uri_escaped (text, value, NULL, FALSE);
      g_hash_table_remove (url->parameters, *known);
      separator = '&';
    }
}

static gboolean
fail_malformed (const char *reason, GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
               "the database URL is not a valid PostgreSQL URL: %s; write it as in "
               "\"postgresql://user:password@host:5432/database\"", reason);
  return FALSE;
}

/* A password with one of these as it is would be taken for a host, a port or a database, and shown in
 * messages as such. */
static gboolean
check_body (const char *body, GError **error)
{
  const char *at = strchr (body, '@');
  const char *authority = g_str_has_prefix (body, "//") ? body + 2 : NULL;

  if (authority == NULL)
    return fail_malformed ("\"//\" is missing behind the scheme", error);
  if (at != NULL && (strchr (at + 1, '@') != NULL || memchr (authority, '/', at - authority) != NULL))
    return fail_malformed ("in a password, write %40 for \"@\" and %2F for \"/\"", error);
  for (const char *percent = strchr (body, '%'); percent != NULL; percent = strchr (percent + 1, '%'))
    if (!g_ascii_isxdigit (percent[1]) || !g_ascii_isxdigit (percent[2]))
      return fail_malformed ("\"%\" stands before two hexadecimal digits; write %25 for the sign itself", error);
  return TRUE;
}

/* ---- hosts ---- */

/* Cuts a list at its commas; one empty entry when there is none. */
static char **
split_list (const char *list)
{
  char **items = g_strsplit (list != NULL ? list : "", ",", -1);

  if (items[0] == NULL)
    {
      g_free (items);
      items = g_new0 (char *, 2);
      items[0] = g_strdup ("");
    }
  return items;
}

static char *
dup_unless_empty (const char *text)
{
  return *text != '\0' ? g_strdup (text) : NULL;
}

static gboolean
check_ports (char **ports, GError **error)
{
  for (; *ports != NULL; ports++)
    if (**ports != '\0' && !g_ascii_string_to_unsigned (*ports, 10, 1, 65535, NULL, NULL))
      return fail_malformed ("a port is not a number from 1 to 65535 (in a password, write %3A for \":\", %2F for "
                             "\"/\" and %40 for \"@\")", error);
  return TRUE;
}

static gboolean
set_hosts (YaraPostgresConfig *config, const char *host, const char *address, const char *port, GError **error)
{
  g_auto(GStrv) hosts = split_list (host), addresses = split_list (address), ports = split_list (port);
  guint n_hosts = g_strv_length (hosts), n_addresses = g_strv_length (addresses), n_ports = g_strv_length (ports);
  guint n = MAX (n_hosts, n_addresses);

  if (!check_ports (ports, error))
    return FALSE;
  if ((host != NULL && n_hosts != n) || (address != NULL && n_addresses != n) || (n_ports != 1 && n_ports != n))
    return fail_malformed ("the lists of hosts, addresses and ports are not equally long", error);
  config->n_hosts = n;
  config->hosts = g_new0 (YaraPostgresHost, n);
  for (guint i = 0; i < n; i++)
    {
      config->hosts[i].host = dup_unless_empty (hosts[n_hosts == n ? i : 0]);
      config->hosts[i].address = dup_unless_empty (addresses[n_addresses == n ? i : 0]);
      config->hosts[i].port = dup_unless_empty (ports[n_ports == n ? i : 0]);
    }
  return TRUE;
}

/* Sorts what libpq has made of the URL into hosts and the rest. */
static gboolean
take_options (YaraPostgresConfig *config, const PQconninfoOption *options, GError **error)
{
  const char *host = NULL, *address = NULL, *port = NULL;

  for (; options->keyword != NULL; options++)
    {
      if (options->val == NULL)
        continue;
      if (strcmp (options->keyword, "host") == 0)
        host = options->val;
      else if (strcmp (options->keyword, "hostaddr") == 0)
        address = options->val;
      else if (strcmp (options->keyword, "port") == 0)
        port = options->val;
      else if (strcmp (options->keyword, "target_session_attrs") == 0 && strcmp (options->val, "prefer-standby") == 0)
        config->prefers_standby = TRUE;
      else
        {
          g_ptr_array_add (config->names, g_strdup (options->keyword));
          g_ptr_array_add (config->values, g_strdup (options->val));
        }
    }
  return set_hosts (config, host, address, port, error);
}

static gboolean
parse (YaraPostgresConfig *config, YaraUrl *url, GError **error)
{
  PQconninfoOption *defaults = PQconndefaults (), *options;
  g_autoptr(GPtrArray) known = NULL;
  GString *text = g_string_new ("postgresql:");
  char *message = NULL;
  gboolean ok;

  if (defaults == NULL)
    g_error ("out of memory");
  known = list_known (defaults);
  g_string_append (text, url->body);
  move_parameters (url, (const char *const *) known->pdata, text);
  options = PQconninfoParse (text->str, &message);
  ok = check_body (url->body, error) &&
       yara_url_check_rest (url, (const char *const *) known->pdata, error) &&
       (options != NULL || fail_malformed ("look at the host, its brackets and its port; ssl can only be true", error)) &&
       take_options (config, options, error);

  if (message != NULL)
    explicit_bzero (message, strlen (message));
  PQfreemem (message);
  explicit_bzero (text->str, text->len);
  g_string_free (text, TRUE);
  PQconninfoFree (options);
  PQconninfoFree (defaults);
  return ok;
}

YaraBackendConfig *
yara_postgres_config_new (YaraUrl *url, GError **error)
{
  YaraPostgresConfig *config = g_new0 (YaraPostgresConfig, 1);

  config->base.backend = &yara_backend_postgres;
  config->base.url = g_strdup (url->redacted);
  config->base.facts = g_new0 (YaraServerFacts, 1);
  config->names = g_ptr_array_new_with_free_func (g_free);
  config->values = g_ptr_array_new_with_free_func (free_secret);
  if (!take_own_parameters (config, url, error) || !parse (config, url, error))
    {
      yara_postgres_config_free (&config->base);
      return NULL;
    }
  return &config->base;
}
