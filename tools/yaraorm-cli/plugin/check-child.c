/* SPDX-License-Identifier: MIT
 * The child of "plugin check". Lines: {"check":NAME,"status":"ok"|"warn"|"fail","text":TEXT} and,
 * unless ok, "id". The first "fail" is the last line. What it does next is told as "CHECK (DETAIL)". */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <string.h>

#include "probe/child.h"

/* A call must not hold up the program: microseconds. The fastest call counts, because the machine may
 * be busy with something else. */
#define SLOW_CALL 1000

/* The steps that call without looking at each answer stop after so many calls or microseconds. */
#define N_THREADS 4
#define THREAD_CALLS 5000
#define GROWTH_CALLS 100000
#define STEP_TIME (G_USEC_PER_SEC / 4)
#define STEP_LIMIT 2000

/* A name that no buffer for names holds. */
#define LONG_NAME 10240

static const char *const usual_names[] = { "User", "Event", "Snapshot" };

#define N_USUAL G_N_ELEMENTS (usual_names)
#define N_MODELS (N_USUAL + 3)

typedef struct
{
  const ProbeRouter *router;
  char             **known;            /* the connections that there are; (nullable): nobody has told */
  const YaraModel   *models[N_MODELS]; /* the usual ones first */
  GHashTable        *answers[2];       /* what was answered, by YaraOperation: "model\1answer" */
  gboolean           errno_changed, signals_changed, buffer_shared;
} Check;

static void
send_line (const char *check, const char *id, gboolean failed, const char *format, ...) G_GNUC_PRINTF (4, 5);

/* `id` NULL: all is well. */
static void
send_line (const char *check, const char *id, gboolean failed, const char *format, ...)
{
  JsonObject *line = json_object_new ();
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  json_object_set_string_member (line, "check", check);
  json_object_set_string_member (line, "status", id == NULL ? "ok" : failed ? "fail" : "warn");
  json_object_set_string_member (line, "text", text);
  if (id != NULL)
    json_object_set_string_member (line, "id", id);
  probe_send (line);
}

static YaraHints
make_hints (YaraOperation operation)
{
  return (YaraHints) { sizeof (YaraHints), operation, NULL, NULL };
}

static char *
make_key (const YaraModel *model, const char *answer)
{
  return g_strconcat (model->name, "\1", answer, NULL);
}

/* What stands in the line of a function about one model: the answers it gives in turn. */
static void
describe (GString *text, const YaraModel *model, GHashTable *answers)
{
  g_autoptr(GList) names = g_list_sort (g_hash_table_get_keys (answers), (GCompareFunc) strcmp);

  g_string_append_printf (text, "%s%s ", text->len > 0 ? ", " : "", model->name);
  for (GList *name = names; name != NULL; name = name->next)
    g_string_append_printf (text, "%s%s", name != names ? "|" : "",
                            *(const char *) name->data != '\0' ? (const char *) name->data : "NULL");
}

/* Odd names may lead to odd answers, which no program will see. */
static gboolean
is_usual (const Check *check, const YaraModel *model)
{
  for (gsize i = 0; i < N_USUAL; i++)
    if (check->models[i] == model)
      return TRUE;
  return FALSE;
}

/* FALSE when the answer is bad; the line is sent. */
static gboolean
judge_answer (const Check *check, YaraOperation operation, const YaraModel *model, const Answer *answer)
{
  const char *function = probe_function_name (operation);
  g_autofree char *name = probe_model_describe (model);
  g_autofree char *said = g_strescape (answer->text, NULL);

  if (answer->fault == ANSWER_INVALID)
    send_line (function, "YO-R001", TRUE, "returned what is not UTF-8, or longer than 63 bytes, model %s", name);
  else if (answer->fault == ANSWER_DEAD)
    send_line (function, "YO-P011", TRUE, "returned memory that was given up, model %s", name);
  else if (answer->none || !is_usual (check, model))
    return TRUE;
  else if (!router_options_is_connection (answer->text))
    send_line (function, "YO-R001", TRUE, "returned \"%s\", and no connection can have such a name, model %s", said,
               name);
  else if (check->known != NULL && !g_strv_contains ((const char *const *) check->known, answer->text))
    {
      g_autofree char *known = g_strjoinv (", ", check->known);

      send_line (function, "YO-R003", TRUE, "returned \"%s\", which is none of %s, model %s", said, known, name);
    }
  else
    return TRUE;
  return FALSE;
}

/* Asks about one model several times. FALSE when an answer was bad; the line is sent. */
static gboolean
ask_model (Check *check, YaraOperation operation, const YaraModel *model, Answer *last, gint64 *fastest,
           GString *text)
{
  g_autoptr(GHashTable) answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  YaraHints hints = make_hints (operation);

  for (guint i = 0; i < PROBE_REPEAT; i++)
    {
      Answer answer;

      probe_router_ask (check->router, operation, model, &hints, &answer);
      check->errno_changed |= answer.errno_changed;
      check->signals_changed |= answer.signals_changed;
      *fastest = MIN (*fastest, answer.duration);
      if (!judge_answer (check, operation, model, &answer))
        return FALSE;
      /* The same place with other content: the answer before this one has been overwritten. */
      if (!answer.none && answer.place == last->place && strcmp (answer.text, last->text) != 0)
        check->buffer_shared = TRUE;
      *last = answer;
      g_hash_table_add (answers, g_strdup (answer.text));
      g_hash_table_add (check->answers[operation], make_key (model, answer.text));
    }
  if (text != NULL)
    describe (text, model, answers);
  return TRUE;
}

static gboolean
check_function (Check *check, YaraOperation operation)
{
  g_autoptr(GString) text = g_string_new (NULL);
  const char *function = probe_function_name (operation);
  Answer last = { 0 };
  gint64 fastest = G_MAXINT64;

  for (gsize i = 0; i < N_MODELS; i++)
    if (!ask_model (check, operation, check->models[i], &last, &fastest, i < N_USUAL ? text : NULL))
      return FALSE;
  if (fastest > SLOW_CALL)
    send_line (function, "YO-P009", FALSE, "a call takes %.1f ms or more; a router must not block",
               fastest / 1000.0);
  else
    send_line (function, NULL, FALSE, "%s", text->str);
  return TRUE;
}

static void
check_caller (const Check *check)
{
  if (check->signals_changed)
    send_line ("caller", "YO-P012", FALSE, "the signal mask is not what it was");
  else if (check->errno_changed)
    send_line ("caller", "YO-P012", FALSE, "errno is not what it was");
  else
    send_line ("caller", NULL, FALSE, "errno and signal mask as they were");
}

typedef struct
{
  const Check *check;
  atomic_uint *calls, *differing;
} Caller;

static gpointer
call_from_thread (gpointer data)
{
  const Caller *caller = data;
  gint64 end = g_get_monotonic_time () + STEP_TIME;

  for (guint i = 0; i < THREAD_CALLS && g_get_monotonic_time () < end; i++)
    {
      YaraOperation operation = i % 2;
      const YaraModel *model = caller->check->models[i / 2 % N_USUAL];
      YaraHints hints = make_hints (operation);
      const char *returned = caller->check->router->ask[operation] (model, &hints);
      g_autofree char *answer = returned != NULL ? g_strndup (returned, 64) : g_strdup ("");
      g_autofree char *key = make_key (model, answer);

      atomic_fetch_add (caller->calls, 1);
      if (!g_hash_table_contains (caller->check->answers[operation], key))
        atomic_fetch_add (caller->differing, 1);
    }
  return NULL;
}

static void
check_threads (const Check *check)
{
  GThread *threads[N_THREADS];
  atomic_uint calls = 0, differing = 0;
  Caller caller = { check, &calls, &differing };

  probe_at (STEP_LIMIT, "threads (%d at once)", N_THREADS);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("caller", call_from_thread, &caller);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  if (check->buffer_shared)
    send_line ("threads", "YO-P014", FALSE, "an answer is overwritten by the next call");
  else if (differing > 0)
    send_line ("threads", "YO-P014", FALSE, "%u of %u answers are none that one thread was given", differing,
               calls);
  else
    send_line ("threads", NULL, FALSE, "%d threads, %u calls, same answers", N_THREADS, calls);
}

static gsize
used_memory (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static guint
call_often (const ProbeRouter *router, const YaraModel *model, guint most)
{
  gint64 end = g_get_monotonic_time () + STEP_TIME;
  guint n;

  for (n = 0; n < most && (n % 64 != 0 || g_get_monotonic_time () < end); n++)
    {
      YaraHints hints = make_hints (n % 2);

      router->ask[n % 2] (model, &hints);
    }
  return n;
}

static void
check_growth (const Check *check)
{
  const YaraModel *model = check->models[0];
  gsize before, after, grown;
  gint64 start;
  guint n;

  probe_at (STEP_LIMIT, "growth (many calls)");
  call_often (check->router, model, GROWTH_CALLS / 100); /* lets caches fill */
  before = used_memory ();
  start = g_get_monotonic_time ();
  n = call_often (check->router, model, GROWTH_CALLS);
  start = g_get_monotonic_time () - start;
  after = used_memory ();
  grown = after > before ? after - before : 0;
  if (grown >= n)
    send_line ("growth", "YO-P013", FALSE, "%u calls, %" G_GSIZE_FORMAT " bytes kept by each", n, grown / n);
  else
    send_line ("growth", NULL, FALSE, "%u calls, none keeps memory, %.0f ns each", n, 1000.0 * start / n);
}

void
probe_check (ProbeRouter *router, const RouterOptions *options)
{
  g_autofree char *long_name = g_strnfill (LONG_NAME, 'X');
  const char *const odd_names[] = { "", "Gr\303\266\303\237e", long_name };
  Check check = {
    .router = router,
    .known = options->connections != NULL ? router_options_list_connections (options) : NULL,
  };

  for (gsize i = 0; i < N_MODELS; i++)
    check.models[i] = probe_model_new (i < N_USUAL ? usual_names[i] : odd_names[i - N_USUAL]);
  for (gsize i = 0; i < 2; i++)
    check.answers[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  send_line ("load", NULL, FALSE, "%.1f ms", router->load_time / 1000.0);
  if (check_function (&check, YARA_OPERATION_READ) && check_function (&check, YARA_OPERATION_WRITE))
    {
      check_caller (&check);
      check_threads (&check);
      check_growth (&check);
    }
  for (gsize i = 0; i < 2; i++)
    g_hash_table_unref (check.answers[i]);
  g_strfreev (check.known);
}
