/* SPDX-License-Identifier: MIT
 * Rows as a GVariant of type aa{sv}. */
#include "model/result.h"

/* "2024-01-02T03:04:05.000006Z"; the bare number outside the years 1 to 9999. */
static char *
timestamp_to_text (gint64 microseconds)
{
  gint64                seconds = microseconds / G_USEC_PER_SEC;
  int                   rest = microseconds % G_USEC_PER_SEC;
  g_autoptr (GDateTime) time = NULL;

  if (rest < 0)
    {
      rest += G_USEC_PER_SEC;
      seconds--;
    }
  time = g_date_time_new_from_unix_utc (seconds);
  if (time == NULL)
    return g_strdup_printf ("%" G_GINT64_FORMAT, microseconds);
  return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", g_date_time_get_year (time),
                          g_date_time_get_month (time), g_date_time_get_day_of_month (time),
                          g_date_time_get_hour (time), g_date_time_get_minute (time), g_date_time_get_second (time), rest);
}

/* "2024-01-02"; the bare number outside the years 1 to 9999. */
static char *
date_to_text (gint64 days)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (days * 24 * 60 * 60);

  if (time == NULL)
    return g_strdup_printf ("%" G_GINT64_FORMAT, days);
  return g_strdup_printf ("%04d-%02d-%02d", g_date_time_get_year (time), g_date_time_get_month (time),
                          g_date_time_get_day_of_month (time));
}

static GVariant *
cell_to_variant (const YaraValue *cell)
{
  char uuid[YARA_UUID_TEXT_SIZE];

  switch (cell->kind)
    {
    case YARA_KIND_BOOL:
      return g_variant_new_boolean (cell->integer != 0);
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_ENUM_INT:
      return g_variant_new_int64 (cell->integer);
    case YARA_KIND_DOUBLE:
      return g_variant_new_double (cell->number);
    case YARA_KIND_TEXT:
    case YARA_KIND_DECIMAL:
    case YARA_KIND_JSON:
    case YARA_KIND_ENUM_TEXT:
      return g_variant_new_take_string (g_strndup (cell->bytes.data, cell->bytes.size));
    case YARA_KIND_BYTES:
      return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, cell->bytes.data, cell->bytes.size, 1);
    case YARA_KIND_UUID:
      yara_uuid_to_text (&cell->uuid, uuid);
      return g_variant_new_string (uuid);
    case YARA_KIND_TIMESTAMP:
      return g_variant_new_take_string (timestamp_to_text (cell->integer));
    case YARA_KIND_DATE:
      return g_variant_new_take_string (date_to_text (cell->integer));
    default: /* no cell holds another kind */
      g_assert_not_reached ();
    }
}

/* Whether a later column has the name of `column`. */
static gboolean
is_shadowed (const YaraRows *rows, gsize column)
{
  for (gsize later = column + 1; later < rows->n_columns; later++)
    if (strcmp (rows->names[column], rows->names[later]) == 0)
      return TRUE;
  return FALSE;
}

GVariant *
yara_rows_to_variant (const YaraRows *rows)
{
  g_autofree gboolean *shadowed = g_new (gboolean, rows->n_columns);
  GVariantBuilder      builder;

  for (gsize column = 0; column < rows->n_columns; column++)
    shadowed[column] = is_shadowed (rows, column);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize row = 0; row < rows->n_rows; row++)
    {
      const YaraValue *cells = rows->cells + row * rows->n_columns;

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      for (gsize column = 0; column < rows->n_columns; column++)
        if (cells[column].kind != YARA_KIND_NULL && !shadowed[column])
          g_variant_builder_add (&builder, "{sv}", rows->names[column], cell_to_variant (&cells[column]));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}
