/* SPDX-License-Identifier: MIT
 * "sql": statements on a database of the configuration. Read-only, unless asked otherwise. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "database/database.h"
#include "database/sql-output.h"
#include "database/sql-split.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/interrupt.h"
#include "shell/options.h"
#include "shell/output.h"

typedef struct
{
  YaraConfig *config;
  const char *name;
  char       *file;
  char      **binds;
  gboolean    write, explain;
  OutputFormat format;
  char      **statements;
  GArray     *values;  /* YaraValue */
  JsonArray  *results;
  guint       n_done;
} Sql;

static void
sql_clear (Sql *sql)
{
  yara_config_unref (sql->config);
  g_free (sql->file);
  g_strfreev (sql->binds);
  g_strfreev (sql->statements);
  g_clear_pointer (&sql->values, g_array_unref);
  g_clear_pointer (&sql->results, json_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sql, sql_clear)

/* ---- the command line ---- */

/* A bound value: a number, true, false, null; anything else is text, and so is what stands in single quotes. */
static YaraValue
parse_bind (char *text)
{
  gsize length = strlen (text);
  gint64 integer;
  double number;
  char *end;

  if (length >= 2 && text[0] == '\'' && text[length - 1] == '\'')
    {
      text[length - 1] = '\0';
      return yara_value_text (text + 1);
    }
  if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &integer, NULL))
    return yara_value_int (integer);
  number = g_ascii_strtod (text, &end);
  if (length > 0 && *end == '\0' && strspn (text, "0123456789.eE+-") == length)
    return yara_value_double (number);
  if (strcmp (text, "true") == 0 || strcmp (text, "false") == 0)
    return yara_value_bool (text[0] == 't');
  return strcmp (text, "null") == 0 ? yara_value_null () : yara_value_text (text);
}

/* The whole of a file, "-" for stdin: (transfer full). */
static char *
read_file (const char *path, GError **error)
{
  gboolean is_stdin = strcmp (path, "-") == 0;
  g_autoptr(GString) text = g_string_new (NULL);
  FILE *stream = is_stdin ? stdin : fopen (path, "r");
  char buffer[4096];

  while (stream != NULL && !ferror (stream) && !feof (stream))
    g_string_append_len (text, buffer, fread (buffer, 1, sizeof buffer, stream));
  if (stream == NULL || ferror (stream))
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", is_stdin ? "stdin" : path,
                 g_strerror (errno));
  else if (strlen (text->str) < text->len)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: it has a NUL in it", is_stdin ? "stdin" : path);
  if (stream != NULL && !is_stdin)
    fclose (stream);
  return *error == NULL ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

/* Finds the statements in the arguments, a file or stdin. */
static gboolean
load_statements (Sql *sql, char **words, int *status)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  const char *statement = words[1] != NULL ? words[2] : NULL;
  const char *file = sql->file != NULL ? sql->file : g_strcmp0 (statement, "-") == 0 ? "-" : NULL;

  if (words[1] == NULL)
    *status = options_wrong ("sql", "NAME is missing");
  else if (statement == NULL && file == NULL)
    *status = options_wrong ("sql", "STATEMENT, -f FILE or - is missing");
  else if (statement != NULL && (sql->file != NULL || words[3] != NULL))
    *status = options_wrong ("sql", sql->file != NULL ? "STATEMENT and -f FILE: one of them is wanted"
                                                      : "one STATEMENT is wanted; quote it for the shell");
  else if (file != NULL && (text = read_file (file, &error)) == NULL)
    *status = options_wrong ("sql", "%s", error->message);
  else
    {
      sql->name = words[1];
      sql->statements = sql_split (text != NULL ? text : statement);
      if (sql->statements[0] == NULL)
        *status = options_wrong ("sql", "there is no statement in it");
      else if (sql->binds != NULL && sql->statements[1] != NULL)
        *status = options_wrong ("sql", "-p is for one statement");
      else
        return TRUE;
    }
  return FALSE;
}

static gboolean
load_options (Sql *sql, char **words, int *status)
{
  sql->format = output_get_format ();
  sql->values = g_array_new (FALSE, TRUE, sizeof (YaraValue));
  for (char **bind = sql->binds; bind != NULL && *bind != NULL; bind++)
    {
      YaraValue value = parse_bind (*bind);

      g_array_append_val (sql->values, value);
    }
  sql->results = json_array_new ();
  return load_statements (sql, words, status);
}

/* ---- running ---- */

/* Whether the statement changes rows and gives none back. */
static gboolean
is_change (const char *statement)
{
  static const char *const verbs[] = { "insert", "update", "delete", "replace", "merge" };
  g_autofree char *lower = g_ascii_strdown (statement, -1);

  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (g_str_has_prefix (lower, verbs[i]))
      return strstr (lower, "returning") == NULL;
  return FALSE;
}

/* How the database would run the statement. Both forms of EXPLAIN run nothing, whatever the statement says: there
 * is no place left in it for ANALYZE. */
static gboolean
explain_statement (Sql *sql, YaraConnection *connection, const char *statement, GError **error)
{
  const YaraArgs args = { (const YaraValue *) sql->values->data, sql->values->len };
  gboolean is_sqlite = strcmp (yara_connection_get_backend (connection), "sqlite") == 0;
  g_autofree char *question = g_strconcat (is_sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN (ANALYZE FALSE) ", statement,
                                           NULL);
  g_autoptr(YaraRows) rows = yara_connection_fetch_rows (connection, question, &args, interrupt_get_timed (), error);

  if (rows != NULL)
    sql_output_plan (rows, sql->format, sql->results);
  return rows != NULL;
}

static gboolean
run_statement (Sql *sql, YaraConnection *connection, const char *statement, GError **error)
{
  const YaraArgs args = { (const YaraValue *) sql->values->data, sql->values->len };
  g_autoptr(YaraRows) rows = NULL;
  gint64 n_changed;

  if (sql->explain)
    return explain_statement (sql, connection, statement, error);
  if (is_change (statement))
    {
      n_changed = yara_connection_execute (connection, statement, &args, interrupt_get_timed (), error);
      if (n_changed >= 0)
        sql_output_count (n_changed, sql->format, sql->results);
      return n_changed >= 0;
    }
  rows = yara_connection_fetch_rows (connection, statement, &args, interrupt_get_timed (), error);
  if (rows != NULL)
    sql_output_rows (rows, sql->format, sql->results);
  return rows != NULL;
}

static gboolean
run_all (Sql *sql, YaraConnection *connection, GError **error)
{
  for (char **statement = sql->statements; *statement != NULL; statement++, sql->n_done++)
    if (!run_statement (sql, connection, *statement, error))
      return FALSE;
  return TRUE;
}

/* PostgreSQL lets a transaction become one that writes until it has seen its first query. */
static gboolean
run_read_only (YaraTransaction *transaction, gpointer data, GError **error)
{
  YaraConnection *connection = yara_transaction_get_connection (transaction);

  return yara_connection_execute (connection, "SELECT 1", NULL, interrupt_get_timed (), error) >= 0
         && run_all (data, connection, error);
}

/* SQLite keeps a connection from writing by a PRAGMA, which SQL could take back: (transfer full) (nullable). */
static Report *
check_lock (const Sql *sql)
{
  if (sql->write || strcmp (configuration_get_backend (sql->config, sql->name), "sqlite") != 0)
    return NULL;
  for (char **statement = sql->statements; *statement != NULL; statement++)
    {
      g_autofree char *lower = g_ascii_strdown (*statement, -1);
      Report *report;

      if (strstr (lower, "query_only") == NULL)
        continue;
      report = report_new ("YO-D003");
      report_line (report, "reason", "PRAGMA query_only is what keeps the statements from writing; nothing was run");
      report_line (report, "hint", "--write lets it change the database");
      return report;
    }
  return NULL;
}

/* Whether the statement failed because it may only read. */
static gboolean
is_read_only_error (const Sql *sql, const GError *error)
{
  return !sql->write && (g_strcmp0 (yara_error_get_sqlstate (error), "25006") == 0
                         || (yara_error_get_sqlite_code (error) & 0xff) == 8 /* SQLITE_READONLY */);
}

static int
report_failure (const Sql *sql, const GError *error)
{
  gboolean read_only = is_read_only_error (sql, error);
  gboolean at_statement = sql->statements[sql->n_done] != NULL; /* and not at the end of all */
  gboolean control = at_statement && g_error_matches (error, YARA_ERROR, YARA_ERROR_TRANSACTION); /* BEGIN and the like */
  g_autoptr(Report) report = read_only ? report_new ("YO-D003")
                             : control ? report_new ("YO-D002") : database_report (sql->name, error);
  g_autoptr(JsonObject) document = output_document_new (FALSE);

  if (read_only || control) /* without the library's advice, which is for programs */
    report_line (report, "reason", "%.*s", (int) strcspn (error->message, ";"), error->message);
  if (read_only || control)
    report_line (report, "hint", "%s", read_only ? "--write lets it change the database"
                                                 : "leave it out: with --write each statement is committed by itself");
  if (at_statement && sql->statements[1] != NULL)
    report_line (report, "at", "statement %u of %u; %s", sql->n_done + 1, g_strv_length (sql->statements),
                 sql->write && sql->n_done > 0 ? "what ran before it stays" : "nothing was changed");
  json_object_set_array_member (document, "results", json_array_ref (sql->results));
  return report_print (report, document);
}

static int
run (Sql *sql)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraOrm) orm = database_open (sql->config, sql->name, sql->write && !sql->explain,
                                          interrupt_get_timed (), &error);
  g_autoptr(JsonObject) document = NULL;
  gboolean ok = FALSE;

  if (orm != NULL && sql->write && !sql->explain)
    ok = run_all (sql, database_get (orm, sql->name), &error);
  else if (orm != NULL)
    ok = yara_orm_in_transaction (orm, sql->name, YARA_TRANSACTION_OPTIONS (.read_only = TRUE), run_read_only, sql,
                                  interrupt_get_timed (), &error);
  if (!ok && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      if (sql->write && sql->n_done > 0)
        output_words ("interrupted at statement %u of %u; what ran before it stays", sql->n_done + 1,
                      g_strv_length (sql->statements));
      return interrupt_report ();
    }
  if (!ok)
    return report_failure (sql, error);
  document = output_document_new (TRUE);
  json_object_set_array_member (document, "results", json_array_ref (sql->results));
  if (sql->format == FORMAT_JSON)
    output_document_print (document);
  return STATUS_DONE;
}

int
command_sql (char **arguments)
{
  g_auto(Sql) sql = { 0 };
  const GOptionEntry entries[] = {
    { "file", 'f', 0, G_OPTION_ARG_FILENAME, &sql.file, "Run the statements of FILE, - for stdin", "FILE" },
    { "bind", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &sql.binds, "The value of $1, then of $2, ...; may be repeated",
      "VALUE" },
    { "explain", 0, 0, G_OPTION_ARG_NONE, &sql.explain, "Show how the database would run it; run nothing", NULL },
    { "write", 0, 0, G_OPTION_ARG_NONE, &sql.write, "Allow statements that change something", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("sql", "NAME [STATEMENT | -]");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;
  int status;

  options_add (options, entries);
  if (!options_parse (options, &words, &status) || !load_options (&sql, words, &status))
    return status;
  sql.config = configuration_load (&report);
  if (report == NULL)
    report = configuration_check_name (sql.config, sql.name);
  if (report == NULL)
    report = check_lock (&sql);
  return report != NULL ? report_print (report, NULL) : run (&sql);
}
