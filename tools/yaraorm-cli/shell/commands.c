/* SPDX-License-Identifier: MIT
 * The table of commands, and finding one. */
#include "shell/commands.h"

#include <string.h>

#include "shell/errors.h"
#include "shell/suggest.h"

const Command commands[] = {
  { "route test",   command_route_test,   "Show where a router sends each model, or compare with a file", TRUE },
  { "route explain", command_route_explain, "Tell how one decision is made, step by step" },
  { "route diff",   command_route_diff,   "Show which decisions another router would change, writes first", TRUE },
  { "route record", command_route_record, "Run a program and write down each of its decisions" },
  { "route replay", command_route_replay, "Show which decisions of a log another router would make differently", TRUE },
  { "route swap",   command_route_swap,   "Swap two routers under load and check that nothing goes wrong" },
  { "route bench",  command_route_bench,  "Measure what a decision costs, by number of threads", TRUE },
  { "plugin check", command_plugin_check, "Try a plugin's code for crashes, endless loops and bad answers", TRUE },
  { "plugin info",  command_plugin_info,  "Show what a plugin's file tells, without running its code", TRUE },
  { "plugin new",   command_plugin_new,   "Write a new router to start from" },
  { "config init",  command_config_init,  "Write a configuration file to start from" },
  { "config check", command_config_check, "Look for mistakes in the configuration and load its router" },
  { "config show",  command_config_show,  "Show the connections, the router and the models that are in force", TRUE },
  { "config path",  command_config_path,  "Show where the configuration file is looked for" },
  { "conn list",    command_conn_list,    "List the connections of the configuration", TRUE },
  { "conn ping",    command_conn_ping,    "Ask every database for its role, version, latency and lag", TRUE },
  { "conn wait",    command_conn_wait,    "Wait until databases answer" },
  { "sql",          command_sql,          "Run SQL on a connection; it may only read, unless asked otherwise", TRUE },
  { "schema plan",  command_schema_plan,  "Show what the tables of the models lack, connection by connection" },
  { "schema apply", command_schema_apply, "Add what the tables of the models lack" },
  { "schema show",  command_schema_show,  "Show the statements that would make all tables in empty databases" },
  { "schema import", command_schema_import, "Print the tables of a database as models of the configuration" },
  { "schema drift", command_schema_drift, "Look whether a new router would leave rows or references behind", TRUE },
  { "doctor",       command_doctor,       "Look at everything, for a report of a problem" },
  { "help",         command_help,         "Explain a command, a topic or an error such as YO-R003" },
  { "version",      command_version,      "Print the version" },
  { NULL }
};

/* The first `n` words as one text, without options: (transfer full). */
static char *
join (char **words, guint n)
{
  if (n == 2 && words[0] != NULL && words[1] != NULL && words[1][0] != '-')
    return g_strconcat (words[0], " ", words[1], NULL);
  return g_strdup (words[0]);
}

const Command *
command_find (char **words, guint *n_words)
{
  g_autofree char *two = join (words, 2);
  g_autofree char *one = join (words, 1);

  for (const Command *command = commands; command->name != NULL; command++)
    {
      gboolean is_two = g_strcmp0 (command->name, two) == 0;

      if (!is_two && g_strcmp0 (command->name, one) != 0)
        continue;
      *n_words = strchr (command->name, ' ') != NULL ? 2 : 1;
      return command;
    }
  return NULL;
}

gboolean
command_has_table (const char *name)
{
  for (const Command *command = commands; command->name != NULL; command++)
    if (strcmp (command->name, name) == 0)
      return command->has_table;
  return *name == '\0';
}

int
command_run (const Command *command, char **words)
{
  g_autoptr(GPtrArray) arguments = g_ptr_array_new ();

  g_ptr_array_add (arguments, (char *) "yaraorm-cli");
  for (; *words != NULL; words++)
    g_ptr_array_add (arguments, *words);
  g_ptr_array_add (arguments, NULL);
  return command->run ((char **) arguments->pdata);
}

/* The names of the commands that begin with `word`, or all of them: (transfer container). */
static const char **
list_names (const char *word)
{
  g_autofree char *group = g_strconcat (word, " ", NULL);
  GPtrArray *names = g_ptr_array_new ();
  gboolean is_group = FALSE;

  for (const Command *command = commands; command->name != NULL; command++)
    is_group |= g_str_has_prefix (command->name, group);
  for (const Command *command = commands; command->name != NULL; command++)
    if (!is_group || g_str_has_prefix (command->name, group))
      g_ptr_array_add (names, (char *) command->name);
  g_ptr_array_add (names, NULL);
  return (const char **) g_ptr_array_free (names, FALSE);
}

/* The first word of commands of two that `word` is, but for a slip: (transfer full) (nullable). */
static char *
suggest_group (const char *word)
{
  g_auto(GStrv) groups = NULL;
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (const Command *command = commands; command->name != NULL; command++)
    {
      g_autofree char *group = g_strndup (command->name, strcspn (command->name, " "));

      if (strchr (command->name, ' ') != NULL)
        g_strv_builder_add (builder, group);
    }
  groups = g_strv_builder_end (builder);
  return g_strdup (suggest_nearest (word, (const char *const *) groups));
}

/* The command that was meant: both words mistyped a little, or only the second one given. */
static const char *
suggest_command (char **words, const char *const *names)
{
  g_autofree char *two = join (words, 2);
  const char *nearest = suggest_nearest (two, names);

  for (; nearest == NULL && *names != NULL; names++)
    {
      const char *space = strchr (*names, ' ');
      const char *last[] = { space != NULL ? space + 1 : *names, NULL };

      for (guint i = 0; i < 2 && words[i] != NULL && nearest == NULL; i++)
        nearest = suggest_nearest (words[i], last) != NULL ? *names : NULL;
    }
  return nearest;
}

int
command_report_unknown (char **words)
{
  g_autoptr(Report) report = report_new ("YO-U001");
  gboolean is_one = words[1] == NULL || words[1][0] == '-';
  g_autofree char *group = is_one ? suggest_group (words[0]) : NULL;
  g_autofree const char **names = list_names (group != NULL ? group : words[0]);
  g_autofree char *known = g_strjoinv (", ", (char **) names);
  g_autofree char *given = join (words, 2);
  const char *nearest = group == NULL ? suggest_command (words, names) : group;

  report_line (report, "command", "%s", given);
  report_line (report, "known", "%s", known);
  if (nearest != NULL && strcmp (nearest, given) != 0)
    report_line (report, "hint", "did you mean \"%s\"?", nearest);
  report_line (report, "help", "yaraorm-cli --help");
  return report_print (report, NULL);
}
