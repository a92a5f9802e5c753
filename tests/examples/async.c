/* SPDX-License-Identifier: MIT */
/* async.c: the same verbs on the main loop. Nothing here waits: each callback starts the next step. */
#include <yaraorm/yaraorm.h>

typedef struct { gint64 id; const char *name; } Task;

static const YaraField task_fields[] = {
  YARA_FIELD (Task, id, .primary_key = true),
  YARA_FIELD (Task, name),
};
static const YaraModel task_model = YARA_MODEL (Task, "tasks", task_fields);

typedef struct
{
  GMainLoop *loop;
  YaraOrm   *orm;
  Task       tasks[10]; /* a record stays where it is until its callback */
  guint      n_finished;
  GError    *error;
} Program;

static void
on_all (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr(YaraResult) tasks = yara_orm_all_finish (YARA_ORM (source), result, &program->error);

  if (tasks != NULL)
    YARA_FOREACH (Task, task, tasks)
      g_print ("%" G_GINT64_FORMAT " %s\n", task->id, task->name);
  g_main_loop_quit (program->loop);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr(YaraQuery) query = NULL;

  yara_orm_create_finish (YARA_ORM (source), result, program->error == NULL ? &program->error : NULL);
  if (++program->n_finished < G_N_ELEMENTS (program->tasks))
    return;
  if (program->error != NULL)
    {
      g_main_loop_quit (program->loop);
      return;
    }

  query = yara_query_new (&task_model);
  yara_query_filter (query, "id__gt", 7);
  yara_query_order_by (query, "id");
  yara_orm_all_async (program->orm, query, NULL, on_all, program);
}

static void
on_schemas (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;

  if (!yara_orm_generate_schemas_finish (YARA_ORM (source), result, &program->error))
    {
      g_main_loop_quit (program->loop);
      return;
    }
  /* Ten statements in flight. The file's writer thread commits them together. */
  for (guint i = 0; i < G_N_ELEMENTS (program->tasks); i++)
    {
      program->tasks[i].name = "sweep";
      yara_orm_create_async (program->orm, &task_model, &program->tasks[i], NULL, on_created, program);
    }
}

static void
on_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;

  program->orm = yara_orm_open_finish (result, &program->error);
  if (program->orm != NULL && yara_orm_register (program->orm, &task_model, &program->error))
    yara_orm_generate_schemas_async (program->orm, YARA_SCHEMA_SAFE, NULL, on_schemas, program);
  else
    g_main_loop_quit (program->loop);
}

int
main (void)
{
  Program program = { .loop = g_main_loop_new (NULL, FALSE) };
  int status = 0;

  yara_orm_open_async ("sqlite://tasks.db", NULL, NULL, on_open, &program);
  g_main_loop_run (program.loop);

  if (program.error != NULL)
    {
      g_printerr ("%s\n", program.error->message);
      status = 1;
    }
  g_clear_object (&program.orm);
  g_clear_error (&program.error);
  g_main_loop_unref (program.loop);
  return status;
}
