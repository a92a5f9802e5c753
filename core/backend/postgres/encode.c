/* SPDX-License-Identifier: MIT
 * Values as parameters: binary, but text and JSON alone go as text, which needs no copy and lets the
 * server take text for any type. */
#include "backend/postgres/binary.h"

#include <yaraorm/yara-error.h>

#define ARRAY_HEADER_SIZE 20

static Oid
type_of_elements (const YaraValue *list)
{
  Oid type = 0;

  for (gsize i = 0; i < list->list.n_values; i++)
    if (list->list.values[i].kind != YARA_KIND_NULL)
      {
        type = yara_binary_type_of (&list->list.values[i]);
        break;
      }
  return type != 0 ? type : YARA_OID_TEXT;
}

Oid
yara_postgres_type_of (const YaraValue *value)
{
  if (value->kind != YARA_KIND_LIST)
    return yara_binary_type_of (value);
  return value->list.n_values > 0 ? yara_postgres_type_find (type_of_elements (value))->array : 0;
}

/* ---- arrays ---- */

/* The size of one dimension of values, each behind its length; 0 with an error. */
static gsize
measure_array (const YaraValue *list, Oid type, GError **error)
{
  gsize size = ARRAY_HEADER_SIZE;
  YaraBinary binary;

  for (gsize i = 0; i < list->list.n_values; i++)
    {
      const YaraValue *value = &list->list.values[i];
      gsize own = 0;

      if (value->kind != YARA_KIND_NULL)
        {
          if (!yara_binary_make (&binary, value, type, error))
            {
              g_prefix_error (error, "is a list whose element %" G_GSIZE_FORMAT " ", i + 1);
              return 0;
            }
          own = yara_binary_get_size (&binary);
        }
      if (!g_size_checked_add (&size, size, 4 + own) || size > G_MAXINT)
        {
          yara_binary_fail (error, "is a list of more bytes than PostgreSQL takes; divide it");
          return 0;
        }
    }
  return size;
}

static void
write_array (char *out, const YaraValue *list, Oid type)
{
  YaraBinary binary;

  out = yara_write_32 (out, 1); /* dimensions */
  out = yara_write_32 (out, 0); /* flags; NULL is seen without one */
  out = yara_write_32 (out, type);
  out = yara_write_32 (out, list->list.n_values);
  out = yara_write_32 (out, 1); /* index of the first */
  for (gsize i = 0; i < list->list.n_values; i++)
    {
      const YaraValue *value = &list->list.values[i];

      if (value->kind == YARA_KIND_NULL)
        {
          out = yara_write_32 (out, G_MAXUINT32);
          continue;
        }
      yara_binary_make (&binary, value, type, NULL);
      out = yara_write_32 (out, yara_binary_get_size (&binary));
      out = yara_binary_write (&binary, out);
    }
}

static gboolean
encode_list (const YaraValue *list, Oid type, YaraArena *arena, const char **data, int *length, int *format,
             GError **error)
{
  const YaraPostgresType *element = yara_postgres_type_find_element (type);
  Oid element_type = element != NULL ? element->oid : type_of_elements (list);
  gsize size;
  char *out;

  if (list->list.n_values == 0) /* as text, an empty array of any type */
    {
      *data = "{}";
      *length = 2;
      *format = 0;
      return TRUE;
    }
  if (type != 0 && element == NULL)
    return yara_binary_fail_type (list, type, error);
  size = measure_array (list, element_type, error);
  if (size == 0)
    return FALSE;
  out = yara_arena_try_alloc (arena, size);
  if (out == NULL)
    return yara_binary_fail (error, "needs more memory than there is");
  write_array (out, list, element_type);
  *data = out;
  *length = size;
  return TRUE;
}

/* ---- parameters ---- */

static gboolean
encode_text (const YaraValue *value, const char **data, int *length, int *format, GError **error)
{
  if (!yara_binary_check_text (value, error))
    return FALSE;
  if (value->bytes.size > G_MAXINT)
    return yara_binary_fail (error, "is longer than PostgreSQL takes");
  *data = value->bytes.data;
  *length = value->bytes.size;
  *format = 0;
  return TRUE;
}

gboolean
yara_postgres_encode (const YaraValue *value, Oid type, YaraArena *arena, const char **data, int *length,
                      int *format, GError **error)
{
  YaraBinary binary;
  char *out;

  *data = NULL;
  *length = 0;
  *format = 1;
  switch (value->kind)
    {
    case YARA_KIND_NULL:
      return TRUE;
    case YARA_KIND_TEXT:
    case YARA_KIND_ENUM_TEXT:
    case YARA_KIND_JSON:
      return encode_text (value, data, length, format, error);
    case YARA_KIND_LIST:
      return encode_list (value, type, arena, data, length, format, error);
    default:
      break;
    }
  if (!yara_binary_make (&binary, value, type, error))
    return FALSE;
  if (binary.size > G_MAXINT)
    return yara_binary_fail (error, "is longer than PostgreSQL takes");
  *length = binary.size;
  *data = binary.data;
  if (!binary.is_numeric && binary.data != binary.fixed)
    return TRUE;
  *data = out = yara_arena_try_alloc (arena, binary.size);
  if (out == NULL)
    return yara_binary_fail (error, "needs more memory than there is");
  yara_binary_write (&binary, out);
  return TRUE;
}

gboolean
yara_postgres_append_binary (const YaraValue *value, Oid type, GByteArray *buffer, GError **error)
{
  guint start = buffer->len;
  YaraBinary binary;

  if (value->kind == YARA_KIND_NULL)
    {
      g_byte_array_append (buffer, (const guint8 *) "\xff\xff\xff\xff", 4);
      return TRUE;
    }
  if (!yara_binary_make (&binary, value, type, error))
    return FALSE;
  if (yara_binary_get_size (&binary) > (gsize) G_MAXINT - 4 - MIN (start, G_MAXINT - 4))
    return yara_binary_fail (error, "is longer than PostgreSQL takes");
  g_byte_array_set_size (buffer, start + 4 + yara_binary_get_size (&binary));
  yara_binary_write (&binary, yara_write_32 ((char *) buffer->data + start, yara_binary_get_size (&binary)));
  return TRUE;
}
