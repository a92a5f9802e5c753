/* SPDX-License-Identifier: MIT
 * Makers and copies of values, and UUIDs. */
#include "base/value.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

const char *
yara_kind_get_name (YaraKind kind)
{
  static const char *const names[] = {
    [YARA_KIND_NULL] = "null", [YARA_KIND_BOOL] = "bool", [YARA_KIND_INT16] = "int16",
    [YARA_KIND_INT32] = "int32", [YARA_KIND_INT64] = "int64", [YARA_KIND_DOUBLE] = "double",
    [YARA_KIND_TEXT] = "text", [YARA_KIND_BYTES] = "bytes", [YARA_KIND_UUID] = "uuid",
    [YARA_KIND_DECIMAL] = "decimal", [YARA_KIND_JSON] = "json", [YARA_KIND_TIMESTAMP] = "timestamp",
    [YARA_KIND_DATE] = "date", [YARA_KIND_ENUM_INT] = "enum_int", [YARA_KIND_ENUM_TEXT] = "enum_text",
    [YARA_KIND_LIST] = "list", [YARA_KIND_INVALID] = "invalid",
  };

  return (gsize) kind < G_N_ELEMENTS (names) ? names[kind] : "unknown";
}

/* Whether a dash stands before byte `index` of the text form. */
static gboolean
uuid_has_dash (int index)
{
  return index == 4 || index == 6 || index == 8 || index == 10;
}

void
yara_uuid_to_text (const YaraUuid *uuid, char text[YARA_UUID_TEXT_SIZE])
{
  static const char digits[] = "0123456789abcdef";

  for (int i = 0; i < 16; i++)
    {
      if (uuid_has_dash (i))
        *text++ = '-';
      *text++ = digits[uuid->bytes[i] >> 4];
      *text++ = digits[uuid->bytes[i] & 15];
    }
  *text = '\0';
}

gboolean
yara_uuid_from_text (const char *text, YaraUuid *uuid)
{
  YaraUuid parsed;

  for (int i = 0; i < 16; i++)
    {
      if (uuid_has_dash (i) && *text++ != '-')
        return FALSE;
      if (!g_ascii_isxdigit (text[0]) || !g_ascii_isxdigit (text[1]))
        return FALSE;
      parsed.bytes[i] = g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]);
      text += 2;
    }
  if (*text != '\0')
    return FALSE;
  *uuid = parsed;
  return TRUE;
}

YaraUuid
yara_uuid_random (void)
{
  YaraUuid uuid;

  while (getrandom (uuid.bytes, sizeof uuid.bytes, 0) != sizeof uuid.bytes)
    if (errno != EINTR)
      g_error ("the system gives no random numbers: %s", g_strerror (errno));
  uuid.bytes[6] = (uuid.bytes[6] & 0x0f) | 0x40; /* version 4 */
  uuid.bytes[8] = (uuid.bytes[8] & 0x3f) | 0x80; /* variant of RFC 9562 */
  return uuid;
}

YaraValue
yara_value_null (void)
{
  return (YaraValue) { .kind = YARA_KIND_NULL };
}

YaraValue
yara_value_bool (bool value)
{
  return (YaraValue) { .kind = YARA_KIND_BOOL, .integer = value };
}

YaraValue
yara_value_int (gint64 value)
{
  return (YaraValue) { .kind = YARA_KIND_INT64, .integer = value };
}

YaraValue
yara_value_uint (guint64 value)
{
  return value <= G_MAXINT64 ? yara_value_int (value) : (YaraValue) { .kind = YARA_KIND_INVALID };
}

YaraValue
yara_value_double (double value)
{
  return (YaraValue) { .kind = YARA_KIND_DOUBLE, .number = value };
}

static YaraValue
from_text (YaraKind kind, const char *text)
{
  if (text == NULL)
    return yara_value_null ();
  return (YaraValue) { .kind = kind, .bytes = { text, strlen (text) } };
}

YaraValue
yara_value_text (const char *value)
{
  return from_text (YARA_KIND_TEXT, value);
}

YaraValue
yara_value_bytes (YaraBytes value)
{
  if (value.data == NULL)
    return yara_value_null ();
  return (YaraValue) { .kind = YARA_KIND_BYTES, .bytes = value };
}

YaraValue
yara_value_gbytes (GBytes *value)
{
  YaraBytes bytes;

  if (value == NULL)
    return yara_value_null ();
  bytes.data = g_bytes_get_data (value, &bytes.size);
  if (bytes.data == NULL) /* an empty GBytes is not NULL */
    bytes.data = "";
  return yara_value_bytes (bytes);
}

YaraValue
yara_value_uuid (YaraUuid value)
{
  return (YaraValue) { .kind = YARA_KIND_UUID, .uuid = value };
}

YaraValue
yara_value_decimal (const char *value)
{
  return from_text (YARA_KIND_DECIMAL, value);
}

YaraValue
yara_value_json (const char *value)
{
  return from_text (YARA_KIND_JSON, value);
}

YaraValue
yara_value_timestamp (gint64 microseconds)
{
  return (YaraValue) { .kind = YARA_KIND_TIMESTAMP, .integer = microseconds };
}

YaraValue
yara_value_date (gint32 days)
{
  return (YaraValue) { .kind = YARA_KIND_DATE, .integer = days };
}

YaraValue
yara_value_list (const YaraValue *values, gsize n_values)
{
  return (YaraValue) { .kind = YARA_KIND_LIST, .list = { values, n_values } };
}

YaraValue
yara_value_copy (YaraValue value)
{
  return value;
}

YaraValue
yara_value_pointer (const void *value)
{
  return (YaraValue) { .kind = value == NULL ? YARA_KIND_NULL : YARA_KIND_INVALID };
}

static gboolean
copy_list (YaraValue *copy, const YaraValue *value, YaraArena *arena)
{
  gsize      n_values = value->list.n_values, size;
  YaraValue *values;

  if (!g_size_checked_mul (&size, n_values, sizeof (YaraValue)))
    return FALSE;
  values = yara_arena_try_alloc (arena, size);
  if (values == NULL)
    return FALSE;
  for (gsize i = 0; i < n_values; i++)
    if (value->list.values[i].kind == YARA_KIND_LIST) /* a list of lists means nothing */
      values[i] = (YaraValue) { .kind = YARA_KIND_INVALID };
    else if (!yara_value_copy_to (&values[i], &value->list.values[i], arena))
      return FALSE;
  *copy = yara_value_list (values, n_values);
  return TRUE;
}

gboolean
yara_value_copy_to (YaraValue *copy, const YaraValue *value, YaraArena *arena)
{
  if (value->kind == YARA_KIND_LIST)
    return copy_list (copy, value, arena);
  *copy = *value;
  if (!yara_kind_is_bytes (value->kind))
    return TRUE;
  copy->bytes.data = yara_arena_try_copy (arena, value->bytes.data, value->bytes.size);
  return copy->bytes.data != NULL;
}
