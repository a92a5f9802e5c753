/* SPDX-License-Identifier: MIT
 * From SQLSTATEs to errors that say what to do. Only the primary message of the server is passed on,
 * and of that nothing that may be a bound value. */
#include "backend/postgres/postgres.h"

#include <string.h>
#include <yaraorm/yara-connection.h>
#include "base/error.h"

typedef struct
{
  const char *state; /* or its beginning */
  YaraError   error;
  const char *hint;  /* or NULL */
} Meaning;

/* Whole states stand before their class. */
static const Meaning meanings[] = {
  { "23", YARA_ERROR_INTEGRITY, NULL },
  { "25006", YARA_ERROR_OPERATIONAL, "this server is a standby or read-only; write to the primary" },
  { "25P02", YARA_ERROR_TRANSACTION, NULL },
  { "2D", YARA_ERROR_TRANSACTION, NULL },
  { "28", YARA_ERROR_CONNECTION, "look at the user and the password of the URL, and at the server's pg_hba.conf" },
  { "3D000", YARA_ERROR_CONNECTION, "create the database, or correct its name in the URL" },
  { "40001", YARA_ERROR_OPERATIONAL, "another transaction came first; try again" },
  { "40P01", YARA_ERROR_OPERATIONAL, "another transaction waited for this one too; try again" },
  { "42601", YARA_ERROR_OPERATIONAL, NULL },
  { "53300", YARA_ERROR_CONNECTION, "lower max_size here, or raise max_connections on the server" },
  { "55P03", YARA_ERROR_OPERATIONAL, "somebody else holds the lock; try again" },
  { "57P01", YARA_ERROR_CONNECTION, "the server ended the session; try again" },
  { "57P02", YARA_ERROR_CONNECTION, "the server went down; try again" },
  { "57P03", YARA_ERROR_CONNECTION, "the server is starting or stopping; try again" },
  { "57P04", YARA_ERROR_CONNECTION, NULL },
  { "57P05", YARA_ERROR_CONNECTION, "the server ended the session because it was idle; try again" },
  { "57014", YARA_ERROR_OPERATIONAL, "the server stopped it, because of its own limits or somebody's request" },
  { "08", YARA_ERROR_CONNECTION, NULL },
};

static const Meaning *
find_meaning (const char *state)
{
  static const Meaning other = { "", YARA_ERROR_OPERATIONAL, NULL };

  for (gsize i = 0; state != NULL && i < G_N_ELEMENTS (meanings); i++)
    if (g_str_has_prefix (state, meanings[i].state))
      return &meanings[i];
  return &other;
}

static char *
one_line (const char *text)
{
  char *line = g_utf8_make_valid (text, -1), *end = line;

  for (char *c = line; *c != '\0'; c++)
    if (!g_ascii_isspace (*c) && !g_ascii_iscntrl (*c))
      *end++ = *c;
    else if (end > line && end[-1] != ' ')
      *end++ = ' ';
  *end = '\0';
  return g_strchomp (line);
}

/* Messages about values that do not fit quote them. */
static char *
hide_value (char *message)
{
  char *first = strchr (message, '"'), *last = strrchr (message, '"');

  if (!g_str_is_ascii (message)) /* a translation, with who knows what quotes */
    {
      g_free (message);
      return g_strdup ("a value does not fit its type");
    }
  if (first != last)
    {
      memmove (first + 4, last, strlen (last) + 1);
      memcpy (first + 1, "***", 3);
    }
  return message;
}

GError *
yara_postgres_error_new_cancelled (gboolean was_running)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                              was_running ? "the statement was cancelled while it ran"
                                          : "the statement was cancelled before it ran");
}

/* ---- what ended for reasons of this side ---- */

static GError *
error_new_stopped (YaraPostgresSession *session)
{
  GError *error;

  if (session->stop == YARA_STOP_CANCELLED)
    return yara_postgres_error_new_cancelled (!session->is_opening);
  if (session->is_opening)
    return yara_postgres_error_new_silent (session->config, PQhost (session->conn));
  error = g_error_new (YARA_ERROR, YARA_ERROR_TIMEOUT,
                       "the statement took longer than %g seconds and was stopped; make it do less, or raise "
                       "statement_timeout", session->timeout / (double) G_USEC_PER_SEC);
  if (session->is_broken && session->writes)
    yara_error_set_outcome_unknown (error);
  return error;
}

static GError *
error_new_lost (YaraPostgresSession *session)
{
  g_autofree char *reason = one_line (PQerrorMessage (session->conn));
  gboolean is_unknown = session->writes && !session->is_opening;
  GError *error;

  session->is_broken = TRUE;
  error = g_error_new (YARA_ERROR, YARA_ERROR_CONNECTION, "the link to the server was lost%s%s; %s",
                       *reason != '\0' ? ": " : "", reason,
                       is_unknown ? "whether the statement took effect is unknown, look before you try again"
                                  : "try again");
  if (is_unknown)
    yara_error_set_outcome_unknown (error);
  return error;
}

/* ---- what the server says ---- */

static GError *
error_new_refused (YaraPostgresSession *session, const PGresult *result, const char *state)
{
  const Meaning *meaning = find_meaning (state);
  const char *primary = PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY);
  g_autofree char *message = one_line (primary != NULL ? primary : "the server refused the statement");
  const char *hint = meaning->hint;
  GError *error;

  if (g_str_has_prefix (state, "22"))
    message = hide_value (message);
  if (strcmp (state, "42601") == 0 && strstr (message, "multiple commands") != NULL)
    hint = "the SQL holds more than one statement, and none of them was run; use execute_script for several";
  if (strcmp (state, "25006") == 0 && session->is_reading)
    hint = "it was begun so";
  error = g_error_new (YARA_ERROR, meaning->error, hint != NULL ? "%s; %s" : "%s", message, hint);
  yara_error_set_sqlstate (error, state);
  yara_error_set_origin (error, PQresultErrorField (result, PG_DIAG_CONSTRAINT_NAME),
                         PQresultErrorField (result, PG_DIAG_TABLE_NAME),
                         PQresultErrorField (result, PG_DIAG_COLUMN_NAME));
  yara_error_set_detail (error, PQresultErrorField (result, PG_DIAG_MESSAGE_DETAIL));
  return error;
}

static GError *
error_new_unexpected (YaraPostgresSession *session, const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  session->is_broken = TRUE;
  if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
    return g_error_new_literal (YARA_ERROR, YARA_ERROR_UNSUPPORTED,
                                "COPY between the server and the program is not for raw SQL; use bulk_create, or COPY "
                                "with a file of the server");
  return g_error_new (YARA_ERROR, YARA_ERROR_CONNECTION, "the server answered out of turn (%s)", PQresStatus (status));
}

GError *
yara_postgres_error_new (YaraPostgresSession *session, const PGresult *result)
{
  const char *state = result != NULL ? PQresultErrorField (result, PG_DIAG_SQLSTATE) : NULL;
  gboolean is_lost = state == NULL && (result == NULL || PQstatus (session->conn) == CONNECTION_BAD);

  session->is_broken |= is_lost && PQstatus (session->conn) == CONNECTION_BAD;
  if (session->stop != YARA_STOP_NONE && (session->is_broken || is_lost || g_strcmp0 (state, "57014") == 0))
    return error_new_stopped (session);
  if (is_lost)
    return error_new_lost (session);
  if (state == NULL && PQresultStatus (result) == PGRES_EMPTY_QUERY)
    return g_error_new_literal (YARA_ERROR, YARA_ERROR_OPERATIONAL, "the SQL holds no statement");
  if (state == NULL && PQresultStatus (result) == PGRES_FATAL_ERROR) /* libpq's own */
    {
      g_autofree char *reason = one_line (PQresultErrorMessage (result));

      session->is_broken = TRUE;
      return g_error_new (YARA_ERROR, YARA_ERROR_OPERATIONAL, "%s", reason);
    }
  if (state == NULL)
    return error_new_unexpected (session, result);
  /* A role that changed, and a server that goes: a new session may find a better one. */
  if (strcmp (state, "25006") == 0 && !session->is_reading)
    {
      atomic_store_explicit (&session->config->base.facts->role, YARA_ROLE_STANDBY, memory_order_relaxed);
      session->is_retired = TRUE;
    }
  if (g_str_has_prefix (state, "57P") || PQstatus (session->conn) == CONNECTION_BAD)
    session->is_broken = TRUE;
  return error_new_refused (session, result, state);
}

/* ---- connecting ---- */

/* libpq's message holds the SQLSTATE only as text: "FATAL:  28P01: password authentication failed ...". */
static const char *
find_state (const char *message, char state[6])
{
  for (const char *next = strstr (message, ":  "); next != NULL; next = strstr (next + 1, ":  "))
    {
      const char *code = next + 3;

      if (strspn (code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && g_str_has_prefix (code + 5, ": "))
        {
          memcpy (state, code, 5);
          state[5] = '\0';
          return code + 7;
        }
    }
  return NULL;
}

/* libpq's own reasons have no SQLSTATE. */
static const struct { const char *phrase, *hint; } own_reasons[] = {
  { "hot standby mode", "target_session_attrs asks for a server of the other role; name one more host" },
  { "read-only", "target_session_attrs asks for a server of the other role; name one more host" },
  { "not support SSL", "set up TLS on the server, or look at sslmode" },
};

static const char *
find_hint (const char *message)
{
  for (gsize i = 0; i < G_N_ELEMENTS (own_reasons); i++)
    if (strstr (message, own_reasons[i].phrase) != NULL)
      return own_reasons[i].hint;
  return NULL;
}

static char *
join_lines (const char *message)
{
  g_auto(GStrv) lines = g_strsplit (message, "\n", -1);
  g_autoptr(GString) joined = g_string_new (NULL);

  for (char **line = lines; *line != NULL; line++)
    if (*g_strstrip (*line) != '\0')
      g_string_append_printf (joined, "%s%s", joined->len > 0 ? "; " : "", *line);
  return one_line (joined->str);
}

/* Nothing was sent to anybody: libpq does not take what the URL says. */
static gboolean
is_about_url (PGconn *conn, const char *message)
{
  return PQsocket (conn) < 0 &&
         (g_str_has_prefix (message, "invalid ") || g_str_has_prefix (message, "service file") ||
          g_str_has_prefix (message, "definition of service"));
}

/* A server may quote the password that it was given. Where it is also a name of the URL it is no secret. */
static char *
hide_password (char *message, PGconn *conn)
{
  const char *password = PQpass (conn);
  g_auto(GStrv) parts = NULL;

  if (password == NULL || *password == '\0' || g_strcmp0 (password, PQuser (conn)) == 0 ||
      g_strcmp0 (password, PQdb (conn)) == 0)
    return message;
  parts = g_strsplit (message, password, -1);
  g_free (message);
  return g_strjoinv ("***", parts);
}

GError *
yara_postgres_error_new_connect (PGconn *conn)
{
  const char *message = PQerrorMessage (conn), *hint;
  char state[6] = "";
  const char *primary = find_state (message, state);
  g_autofree char *first = primary != NULL ? g_strndup (primary, strcspn (primary, "\n")) : NULL;
  g_autofree char *text = hide_password (join_lines (first != NULL ? first : message), conn);
  gboolean is_configuration = is_about_url (conn, message);
  GError *error;

  hint = is_configuration ? "look at the URL" : first != NULL ? find_meaning (state)->hint : find_hint (message);
  error = g_error_new (YARA_ERROR, is_configuration ? YARA_ERROR_CONFIGURATION : YARA_ERROR_CONNECTION,
                       hint != NULL ? "cannot connect to PostgreSQL: %s; %s" : "cannot connect to PostgreSQL: %s",
                       text, hint);
  if (first != NULL)
    yara_error_set_sqlstate (error, state);
  return error;
}

GError *
yara_postgres_error_new_silent (const YaraPostgresConfig *config, const char *host)
{
  return g_error_new (YARA_ERROR, YARA_ERROR_TIMEOUT,
                      "cannot connect to PostgreSQL: %s did not answer within %g seconds; look whether it runs, or "
                      "raise connect_timeout", host != NULL ? host : "the default host",
                      config->connect_timeout / (double) G_USEC_PER_SEC);
}
