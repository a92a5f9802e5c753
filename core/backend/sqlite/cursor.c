/* SPDX-License-Identifier: MIT
 * Reading the records of a statement some at a time: a cursor is a prepared statement of its own, which
 * stands on a row between the requests. */
#include "backend/sqlite/sqlite.h"

#include <yaraorm/yara-error.h>

struct YaraSqliteCursor
{
  guint             number;
  YaraPrepared     *prepared;
  YaraSqliteCursor *next;
};

static YaraSqliteCursor **
find_cursor (YaraSqliteSession *session, guint number)
{
  YaraSqliteCursor **link = &session->cursors;

  while (*link != NULL && (*link)->number != number)
    link = &(*link)->next;
  return link;
}

static void
close_cursor (YaraSqliteSession *session, guint number)
{
  YaraSqliteCursor **link = find_cursor (session, number), *cursor = *link;

  if (cursor == NULL)
    return;
  *link = cursor->next;
  yara_sqlite_release (cursor->prepared);
  g_free (cursor);
}

void
yara_sqlite_close_cursors (YaraSqliteSession *session)
{
  while (session->cursors != NULL)
    close_cursor (session, session->cursors->number);
}

static gboolean
open_cursor (YaraSqliteSession *session, YaraRequest *request)
{
  YaraPrepared *prepared = yara_sqlite_prepare_alone (session, request->statement.sql, &request->error);
  YaraSqliteCursor *cursor;

  if (prepared == NULL)
    return FALSE;
  cursor = g_new (YaraSqliteCursor, 1);
  *cursor = (YaraSqliteCursor) { ++session->last_cursor, prepared, session->cursors };
  session->cursors = cursor;
  request->cursor = cursor->number;
  return yara_sqlite_bind_all (session, prepared->stmt, &request->statement, &request->error);
}

static void
fetch (YaraSqliteSession *session, YaraRequest *request)
{
  YaraPrepared *prepared = (*find_cursor (session, request->cursor))->prepared;
  int code;

  request->records = yara_result_new (request->statement.info->model->record_size);
  code = yara_sqlite_step_records (prepared, &request->statement, request->records, &request->error);
  request->n_rows = request->records->n_records;
  if (code != SQLITE_DONE && request->error == NULL)
    request->error = yara_sqlite_error_new (session, code);
}

void
yara_sqlite_run_fetch (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  if (yara_sqlite_begin_request (request, guard))
    {
      yara_sqlite_start_deadline (session);
      if (request->cursor != 0 || open_cursor (session, request))
        fetch (session, request);
      yara_sqlite_end_request (session, request, guard);
    }
  if (request->error != NULL || (gsize) request->n_rows < request->statement.max_rows)
    yara_sqlite_run_end_fetch (session, request);
  if (request->error != NULL)
    yara_sqlite_fail_request (request, g_steal_pointer (&request->error));
}

void
yara_sqlite_run_end_fetch (YaraSqliteSession *session, YaraRequest *request)
{
  close_cursor (session, request->cursor);
  request->cursor = 0;
}
