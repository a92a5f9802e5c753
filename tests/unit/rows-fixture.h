/* SPDX-License-Identifier: MIT
 * A record with a field of every kind, and a table that takes anything. */
#pragma once

#include "model/field.h"
#include "sqlite-fixture.h"

typedef enum { LOW = 1, HIGH = -2 } Level;

typedef struct
{
  gint64      id;
  bool        flag;
  gint32      truth;
  gint16      small;
  gint32      number;
  double      real;
  const char *name;
  YaraBytes   bytes;
  YaraUuid    uuid;
  const char *price;
  const char *json;
  gint64      moment;
  gint32      day;
  Level       number_level;
  Level       text_level;
  bool        number_is_null;
} Row;

static const YaraChoice levels[] = { { LOW, "low" }, { HIGH, "high" }, { 0, NULL } };

static const YaraField fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, flag),
  YARA_FIELD_AS (Row, truth, BOOL),
  YARA_FIELD (Row, small),
  YARA_FIELD (Row, number, .nullable = true, .null_flag = YARA_NULL_FLAG (Row, number_is_null)),
  YARA_FIELD (Row, real),
  YARA_FIELD (Row, name, .nullable = true),
  YARA_FIELD (Row, bytes, .nullable = true),
  YARA_FIELD (Row, uuid, .nullable = true),
  YARA_FIELD_AS (Row, price, DECIMAL, .precision = 18, .scale = 2, .nullable = true),
  YARA_FIELD_AS (Row, json, JSON, .nullable = true),
  YARA_FIELD_AS (Row, moment, TIMESTAMP),
  YARA_FIELD_AS (Row, day, DATE),
  YARA_FIELD_AS (Row, number_level, ENUM_INT, .choices = levels),
  YARA_FIELD_AS (Row, text_level, ENUM_TEXT, .choices = levels),
};
static const YaraModel row_model = YARA_MODEL (Row, "rows", fields);

#define COLUMNS \
  "id, flag, truth, small, number, real, name, bytes, uuid, price, json, moment, day, number_level, text_level"
#define N_COLUMNS G_N_ELEMENTS (fields)

static YaraModelInfo *info;

static inline void
set_up_rows (Fixture *fixture, gconstpointer data)
{
  set_up (fixture, NULL);
  info = make_info (&row_model);
  execute (fixture->session, "CREATE TABLE rows (" COLUMNS ")", NULL); /* takes anything */
}

static inline void
tear_down_rows (Fixture *fixture, gconstpointer data)
{
  yara_model_info_free (info);
  tear_down (fixture, NULL);
}

static inline void
insert (Fixture *fixture, const Row *row)
{
  YaraValue values[N_COLUMNS];
  g_autoptr(GError) error = NULL;
  YaraRequest request;

  for (guint i = 0; i < N_COLUMNS; i++)
    g_assert_true (yara_field_get (info, &info->fields[i], row, &values[i], &error));
  request = make_generated (info, "INSERT INTO rows VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
                            values, N_COLUMNS, YARA_ANSWER_COUNT);
  yara_sqlite_session_run (&fixture->session->base, &request, NULL);
  g_assert_no_error (request.error);
  g_assert_cmpint (request.n_rows, ==, 1);
  clear_request (&request);
}

static const Row full_row = {
  .id = G_MAXINT64, .flag = true, .truth = 1, .small = G_MININT16, .number = G_MININT32, .real = -0.1,
  .name = "größe", .bytes = { "a\0b", 3 }, .uuid = { { 1, 2, 3, 0xff } }, .price = "-10.5", .json = "{\"a\": 1}", .moment = G_MININT64,
  .day = -1, .number_level = HIGH, .text_level = HIGH,
};
