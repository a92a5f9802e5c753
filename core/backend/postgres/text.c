/* SPDX-License-Identifier: MIT
 * Cells in text form: of answers with a column whose binary form is not known here, for which the server
 * is asked for text throughout. The session has ISO dates and UTC. */
#include "backend/postgres/binary.h"

static const char *
read_boolean (const char *text, YaraValue *value)
{
  value->integer = *text == 't';
  return strcmp (text, "t") == 0 || strcmp (text, "f") == 0 ? NULL : "a malformed boolean";
}

static const char *
read_integer (const char *text, YaraValue *value)
{
  gboolean ok = g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &value->integer, NULL);

  return ok ? NULL : "a malformed integer";
}

static const char *
read_double (const char *text, YaraValue *value)
{
  char *end;

  value->number = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' ? NULL : "a malformed number";
}

/* "\x00ff" */
static const char *
read_bytes (const char *text, gsize size, YaraArena *arena, YaraValue *value)
{
  gsize n_bytes = size / 2 - 1;
  guint8 *bytes;

  if (size < 2 || size % 2 != 0 || text[0] != '\\' || text[1] != 'x')
    return "bytes that are not in hexadecimal; set bytea_output to hex";
  bytes = yara_arena_try_alloc (arena, MAX (n_bytes, 1));
  if (bytes == NULL)
    return "more bytes than there is memory for";
  for (gsize i = 0; i < n_bytes; i++)
    bytes[i] = g_ascii_xdigit_value (text[2 * i + 2]) << 4 | g_ascii_xdigit_value (text[2 * i + 3]);
  value->bytes = (YaraBytes) { bytes, n_bytes };
  return NULL;
}

/* In Unix microseconds. GLib knows the years 1 to 9999. */
static gboolean
parse_time (const char *text, gint64 *microseconds)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, utc);

  if (time != NULL)
    *microseconds = g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);
  return time != NULL;
}

static const char *
read_timestamp (const char *text, YaraValue *value)
{
  return parse_time (text, &value->integer) ? NULL : "a timestamp that is not of the years 1 to 9999";
}

static const char *
read_date (const char *text, YaraValue *value)
{
  const gint64 day = 24 * 60 * 60 * (gint64) G_USEC_PER_SEC;
  g_autofree char *midnight = g_strconcat (text, "T00:00:00Z", NULL);
  gint64 microseconds;

  if (!parse_time (midnight, &microseconds))
    return "a date that is not of the years 1 to 9999";
  value->integer = microseconds / day;
  return NULL;
}

const char *
yara_postgres_read_text (const char *text, gsize size, YaraKind kind, YaraArena *arena, YaraValue *value)
{
  value->kind = kind;
  switch (kind)
    {
    case YARA_KIND_BOOL:
      return read_boolean (text, value);
    case YARA_KIND_INT64:
      return read_integer (text, value);
    case YARA_KIND_DOUBLE:
      return read_double (text, value);
    case YARA_KIND_BYTES:
      return read_bytes (text, size, arena, value);
    case YARA_KIND_UUID:
      return yara_uuid_from_text (text, &value->uuid) ? NULL : "a malformed uuid";
    case YARA_KIND_TIMESTAMP:
      return read_timestamp (text, value);
    case YARA_KIND_DATE:
      return read_date (text, value);
    case YARA_KIND_NULL: /* void */
      return NULL;
    default: /* TEXT, DECIMAL, JSON: as they are */
      value->bytes = (YaraBytes) { text, size };
      return NULL;
    }
}
