/* SPDX-License-Identifier: MIT
 * Connection URLs: scheme ":" body [ "?" name "=" value { "&" name "=" value } ]. */
#include "base/url.h"

#include <string.h>
#include "base/error.h"
#include "base/text.h"

static gboolean
fail_at (const char *text, const char *position, const char *reason, GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
               "malformed database URL at byte %" G_GSIZE_FORMAT ": %s", (gsize) (position - text) + 1, reason);
  return FALSE;
}

/* Passwords do not stay in freed memory. */
static void
wipe (gpointer secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

void
yara_url_free (YaraUrl *url)
{
  if (url == NULL)
    return;
  g_free (url->scheme);
  wipe (url->body);
  g_clear_pointer (&url->parameters, g_hash_table_unref);
  g_free (url->redacted);
  g_free (url);
}

static gboolean
check_characters (const char *text, GError **error)
{
  const char *bad;

  if (!g_utf8_validate (text, -1, &bad))
    return fail_at (text, bad, "not UTF-8", error);
  for (bad = text; *bad != '\0'; bad++)
    if (g_ascii_iscntrl (*bad))
      return fail_at (text, bad, "control character", error);
  return TRUE;
}

/* Gives the place behind "scheme:", or NULL. */
static const char *
parse_scheme (YaraUrl *url, const char *text, GError **error)
{
  const char *end = text;

  while (g_ascii_isalnum (*end) || *end == '+')
    end++;
  if (*end != ':' || !g_ascii_isalpha (text[0]))
    {
      fail_at (text, end,
               "no scheme; write it as in \"sqlite://./app.db\", \"sqlite:///var/lib/app.db\" or "
               "\"sqlite::memory:\"", error);
      return NULL;
    }
  url->scheme = g_ascii_strdown (text, strcspn (text, "+:")); /* "postgresql+asyncpg" names a driver */
  return end + 1;
}

/* Everything from the first ":" to the last "@" counts as a password, so that one with "/", "@" or
 * "#" in it is hidden as a whole. */
static void
append_redacted_body (GString *redacted, const char *body)
{
  const char *user = g_str_has_prefix (body, "//") ? body + 2 : body;
  const char *at = strrchr (body, '@');
  const char *colon = strchr (user, ':');

  if (at != NULL && colon != NULL && colon < at)
    {
      g_string_append_len (redacted, body, colon + 1 - body);
      g_string_append (redacted, "***");
      g_string_append (redacted, at);
    }
  else
    g_string_append (redacted, body);
}

static gboolean
is_secret (const char *parameter)
{
  return g_ascii_strcasecmp (parameter, "password") == 0 || g_ascii_strcasecmp (parameter, "sslpassword") == 0;
}

static char *
decode (const char *text, const char *start, const char *end, GError **error)
{
  g_autofree char *decoded = g_uri_unescape_segment (start, end, NULL);

  if (decoded != NULL && g_utf8_validate (decoded, -1, NULL))
    return g_steal_pointer (&decoded);
  fail_at (text, start, "bad percent-encoding", error);
  return NULL;
}

/* One "name=value" from `start` to `end`. */
static gboolean
parse_parameter (YaraUrl *url, const char *text, const char *start, const char *end, GString *redacted,
                 GError **error)
{
  const char      *equals = memchr (start, '=', end - start);
  g_autofree char *name = NULL;
  char            *value;

  if (equals == NULL)
    return fail_at (text, start, "a parameter is written name=value", error);
  if (equals == start)
    return fail_at (text, start, "parameter without a name", error);
  name = decode (text, start, equals, error);
  if (name == NULL)
    return FALSE;
  if (g_hash_table_contains (url->parameters, name))
    return fail_at (text, start, "a parameter of this name came before", error);
  value = decode (text, equals + 1, end, error);
  if (value == NULL)
    return FALSE;

  if (is_secret (name))
    {
      g_string_append_len (redacted, start, equals + 1 - start);
      g_string_append (redacted, "***");
    }
  else
    g_string_append_len (redacted, start, end - start);
  g_hash_table_insert (url->parameters, g_steal_pointer (&name), value);
  return TRUE;
}

static gboolean
parse_parameters (YaraUrl *url, const char *text, const char *start, GString *redacted, GError **error)
{
  const char *at = strchr (start, '@');

  /* Else the end of a password with a "?" in it could be taken for a parameter and be shown. */
  if (at != NULL)
    return fail_at (text, at, "\"@\" behind \"?\"; write %3F for a \"?\" in a password and %40 for an \"@\" "
                              "in a parameter", error);
  for (;;)
    {
      const char *end = start + strcspn (start, "&");

      if (!parse_parameter (url, text, start, end, redacted, error))
        return FALSE;
      if (*end == '\0')
        return TRUE;
      g_string_append_c (redacted, '&');
      start = end + 1;
    }
}

YaraUrl *
yara_url_parse (const char *text, GError **error)
{
  g_autoptr (YaraUrl)  url = g_new0 (YaraUrl, 1);
  g_autoptr (GString)  redacted = g_string_new (NULL);
  const char          *body, *end;

  if (!check_characters (text, error))
    return NULL;
  body = parse_scheme (url, text, error);
  if (body == NULL)
    return NULL;
  end = body + strcspn (body, "?");
  if (end == body)
    {
      fail_at (text, body, "nothing behind the scheme", error);
      return NULL;
    }
  url->body = g_strndup (body, end - body);
  url->parameters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, wipe);

  g_string_append_len (redacted, text, body - text);
  append_redacted_body (redacted, url->body);
  if (*end == '?')
    {
      g_string_append_c (redacted, '?');
      if (!parse_parameters (url, text, end + 1, redacted, error))
        return NULL;
    }
  url->redacted = g_string_free (g_steal_pointer (&redacted), FALSE);
  return g_steal_pointer (&url);
}

/* Takes the value of a parameter out, or NULL: (transfer full). */
static char *
take (YaraUrl *url, const char *name)
{
  gpointer key, value; /* NULL when there is none */

  g_hash_table_steal_extended (url->parameters, name, &key, &value);
  g_free (key);
  return value;
}

static gboolean G_GNUC_PRINTF (5, 6)
bad_value (const YaraUrl *url, const char *name, const char *value, GError **error, const char *wanted, ...)
{
  g_autofree char *found = yara_text_quote (is_secret (name) ? "***" : value);
  g_autofree char *range = NULL;
  va_list          arguments;

  va_start (arguments, wanted);
  range = g_strdup_vprintf (wanted, arguments);
  va_end (arguments);
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
               "database URL %s: parameter %s must be %s, found \"%s\"", url->redacted, name, range, found);
  return FALSE;
}

gboolean
yara_url_take_integer (YaraUrl *url, const char *name, gint64 minimum, gint64 maximum, gint64 *value, GError **error)
{
  g_autofree char *text = take (url, name);

  if (text == NULL || g_ascii_string_to_signed (text, 10, minimum, maximum, value, NULL))
    return TRUE;
  return bad_value (url, name, text, error,
                    "a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, minimum, maximum);
}

gboolean
yara_url_take_seconds (YaraUrl *url, const char *name, double minimum, double maximum, double *value, GError **error)
{
  g_autofree char *text = take (url, name);
  char            *end;
  double           seconds;

  if (text == NULL)
    return TRUE;
  seconds = g_ascii_strtod (text, &end);
  /* The set of characters keeps out signs, blanks, hexadecimal and "nan". */
  if (text[strspn (text, "0123456789.")] == '\0' && end != text && *end == '\0' && seconds >= minimum &&
      seconds <= maximum)
    {
      *value = seconds;
      return TRUE;
    }
  return bad_value (url, name, text, error, "seconds from %g to %g", minimum, maximum);
}

gboolean
yara_url_take_choice (YaraUrl *url, const char *name, const char *const *choices, guint *index, GError **error)
{
  g_autofree char *text = take (url, name);
  g_autofree char *known = NULL;

  if (text == NULL)
    return TRUE;
  for (guint i = 0; choices[i] != NULL; i++)
    if (g_ascii_strcasecmp (text, choices[i]) == 0)
      {
        *index = i;
        return TRUE;
      }
  known = g_strjoinv (", ", (char **) choices);
  return bad_value (url, name, text, error, "one of %s", known);
}

gboolean
yara_url_check_rest (YaraUrl *url, const char *const *known, GError **error)
{
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (url->parameters), (GCompareFunc) strcmp);
  g_autofree char  *quoted = NULL, *hint = NULL, *list = NULL;

  if (names == NULL)
    return TRUE;
  quoted = yara_text_quote (names->data);
  hint = yara_text_did_you_mean (names->data, known);
  list = g_strjoinv (", ", (char **) known);
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, "database URL %s: unknown parameter \"%s\"; known: %s%s",
               url->redacted, quoted, list, hint);
  return FALSE;
}
