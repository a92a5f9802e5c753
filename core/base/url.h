/* SPDX-License-Identifier: MIT
 * Connection URLs: one grammar for the parameters, one way to hide passwords. Messages of this
 * file never hold the text of a URL that could not be parsed, only the position and the reason. */
#pragma once

#include <gio/gio.h>

typedef struct
{
  char       *scheme;     /* "sqlite", "postgresql", as written but lower case and without "+driver" */
  char       *body;       /* after "scheme:" and up to "?": "//./cache.db", ":memory:", "//user:pw@host/db" */
  GHashTable *parameters; /* name -> value, both percent-decoded; entries leave when they are taken */
  char       *redacted;   /* the URL for messages: no password */
} YaraUrl;

/* (transfer full); YARA_ERROR_CONFIGURATION. */
YaraUrl *yara_url_parse (const char *text, GError **error);
void     yara_url_free  (YaraUrl *url);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraUrl, yara_url_free)

/* Take a parameter out; leave `value` as it is when the URL has none. A bad value is
 * YARA_ERROR_CONFIGURATION naming parameter, range and what was found. */
gboolean yara_url_take_integer (YaraUrl *url, const char *name, gint64 minimum, gint64 maximum, gint64 *value, GError **error);
gboolean yara_url_take_seconds (YaraUrl *url, const char *name, double minimum, double maximum, double *value, GError **error);
gboolean yara_url_take_choice  (YaraUrl *url, const char *name, const char *const *choices, guint *index, GError **error); /* any letter case */

/* After all were taken: an error when one is left. `known` (NULL-terminated) is for the suggestion. */
gboolean yara_url_check_rest (YaraUrl *url, const char *const *known, GError **error);
