/* SPDX-License-Identifier: MIT
 * "route swap": what its child has counted, as a report, and whether that is good. */
#include <stdio.h>
#include <string.h>

#include "routing/swap.h"
#include "shell/output.h"

/* Where the counts end. */
#define LABEL_WIDTH 20
#define COUNT_END   30

static gint64
get_number (JsonObject *line, const char *member)
{
  return json_object_get_int_member (line, member);
}

/* One reason to fail, when there is one. */
static void
blame (GString *reasons, gboolean is_bad, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
blame (GString *reasons, gboolean is_bad, const char *format, ...)
{
  va_list arguments;

  if (!is_bad)
    return;
  if (reasons->len > 0)
    g_string_append (reasons, "; ");
  va_start (arguments, format);
  g_string_append_vprintf (reasons, format, arguments);
  va_end (arguments);
}

/* Whether plugins leave the memory in this build. */
#ifdef YARAORM_KEEP_PLUGINS
#define UNLOADS FALSE
#else
#define UNLOADS TRUE
#endif

char *
swap_judge (const SwapOptions *swap, JsonObject *line)
{
  GString *reasons = g_string_new (NULL);
  gint64 failed = get_number (line, "failed"), refused = get_number (line, "refusals");
  gint64 torn = get_number (line, "torn"), wrong = get_number (line, "wrong");
  gint64 misplaced = get_number (line, "misplaced"), lost = get_number (line, "lost");
  gint64 retired = get_number (line, "retired"), mapped = get_number (line, "mapped");
  gint64 active = json_object_get_boolean_member (line, "plugin_active");

  blame (reasons, failed > 0, "%" G_GINT64_FORMAT " failed: %s", failed, probe_get_text (line, "failure"));
  blame (reasons, refused > 0 && !swap->hostile, "%" G_GINT64_FORMAT " swaps refused: %s", refused,
         probe_get_text (line, "refusal"));
  blame (reasons, get_number (line, "swaps") == 0, "there was no swap");
  blame (reasons, get_number (line, "statements") == 0, "there was no statement");
  blame (reasons, torn > 0, "%" G_GINT64_FORMAT " swaps put another file in force", torn);
  blame (reasons, wrong > 0, "%" G_GINT64_FORMAT " decisions of neither router", wrong);
  blame (reasons, misplaced > 0, "%" G_GINT64_FORMAT " rows in another place than decided", misplaced);
  blame (reasons, lost > 0, "%" G_GINT64_FORMAT " rows lost", lost);
  blame (reasons, retired > 0, "%" G_GINT64_FORMAT " old routers do not leave", retired);
  blame (reasons, UNLOADS && mapped != active, "%" G_GINT64_FORMAT " loads left mapped", mapped);
  return g_string_free (reasons, FALSE);
}

/* A label, a count that ends in a column, and what `format` says behind it. */
static void
print_count (const char *label, gint64 count, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
print_count (const char *label, gint64 count, const char *format, ...)
{
  g_autofree char *digits = count_format (count), *text = NULL;
  int width = MAX ((int) strlen (label), LABEL_WIDTH);
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  printf ("%-*s%*s%s\n", width, label, COUNT_END - width, digits, text);
}

static void
print_latency (const char *label, JsonObject *line, const char *member)
{
  JsonObject *latency = json_object_get_object_member (line, member);
  g_autofree char *p50 = latency_format (get_number (latency, "p50_ns"));
  g_autofree char *p99 = latency_format (get_number (latency, "p99_ns"));
  g_autofree char *p999 = latency_format (get_number (latency, "p999_ns"));
  g_autofree char *longest = latency_format (get_number (latency, "max_ns"));
  gint64 swap = get_number (latency, "max_at");

  if (get_number (latency, "n") == 0)
    return;
  printf ("%s%sp50 %s  p99 %s  p99.9 %s  max %s", label, *label != '\0' ? "  " : "", p50, p99, p999, longest);
  if (swap > 0)
    printf (" (around swap %" G_GINT64_FORMAT ")", swap);
  puts ("");
}

void
swap_print_report (const SwapOptions *swap, JsonObject *line)
{
  gint64 wrong = get_number (line, "wrong"), swaps = get_number (line, "swaps");
  gint64 mapped = get_number (line, "mapped"), retired = get_number (line, "retired");
  g_autofree char *a = count_format (get_number (line, "decisions_a"));
  g_autofree char *b = count_format (get_number (line, "decisions_b"));
  g_autofree char *left = retired > 0 ? g_strdup_printf (", %" G_GINT64_FORMAT " not gone", retired) : g_strdup ("");

  print_count ("swaps", swaps, " done, %" G_GINT64_FORMAT " refused", get_number (line, "refusals"));
  if (swap->hostile)
    print_count ("files damaged", get_number (line, "damaged"), " times");
  print_count ("decisions", get_number (line, "decisions_a") + get_number (line, "decisions_b") + wrong,
               "   (a %s, b %s)", a, b);
  print_count ("statements", get_number (line, "statements"), ", %" G_GINT64_FORMAT " failed",
               get_number (line, "failed"));
  print_count ("rows", get_number (line, "rows"),
               ", %" G_GINT64_FORMAT " in another place, %" G_GINT64_FORMAT " lost", get_number (line, "misplaced"),
               get_number (line, "lost"));
  print_count ("wrong or torn", wrong + get_number (line, "torn"), "%s", "");
  print_count ("calls into unloaded code", 0, "%s", ""); /* the child has come to its end */
  print_latency ("", line, "decision");
  print_latency ("around a swap:", line, "decision_around");
  print_latency ("statements:", line, "statement");
  print_latency ("swaps:", line, "swap");
  print_count ("loads left mapped", mapped, "%s; %" G_GINT64_FORMAT " retired and closed%s",
               mapped == 1 && json_object_get_boolean_member (line, "plugin_active") ? " (the active one)" : "",
               swaps - retired, left);
}
