/* SPDX-License-Identifier: MIT */
/* tenants.c: a router inside the program, which reads the caller's hints: a database a tenant. */
#include <yaraorm/yaraorm.h>

typedef struct { gint64 id; const char *text; } Note;

static const YaraField note_fields[] = {
  YARA_FIELD (Note, id, .primary_key = true),
  YARA_FIELD (Note, text),
};
static const YaraModel note_model = YARA_MODEL (Note, "notes", note_fields);

/* Reads and writes alike: the connection is named after the tenant; no tenant, no opinion. */
static const char *
db_for_tenant (const YaraModel *model, const YaraHints *hints)
{
  return yara_hints_get (hints, "tenant");
}

static gboolean
write_note (YaraOrm *orm, const char *tenant, const char *text, GError **error)
{
  g_autofree char *hint = g_strconcat ("tenant=", tenant, NULL);
  g_autoptr(YaraOrm) view = yara_orm_with_hints (orm, YARA_NAMES (hint));
  g_autoptr(YaraQuery) all = yara_query_new (&note_model);
  Note note = { .text = text };
  gint64 count;

  if (!yara_orm_generate_schemas (view, YARA_SCHEMA_SAFE, NULL, error) ||
      !yara_orm_create (view, &note_model, &note, NULL, error))
    return FALSE;
  count = yara_orm_count (view, all, NULL, error);
  if (count < 0)
    return FALSE;
  g_print ("%s has %" G_GINT64_FORMAT "\n", tenant, count);
  return TRUE;
}

int
main (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraOrm) orm = yara_orm_open ("sqlite://app.db", NULL, NULL, &error);

  if (orm == NULL ||
      !yara_orm_add_connection (orm, "acme", "sqlite://acme.db", NULL, &error) ||
      !yara_orm_add_connection (orm, "globex", "sqlite://globex.db", NULL, &error) ||
      !yara_orm_register (orm, &note_model, &error) ||
      !yara_orm_set_router_functions (orm, db_for_tenant, db_for_tenant, NULL, NULL, &error) ||
      !write_note (orm, "acme", "call back", &error) ||
      !write_note (orm, "acme", "send the bill", &error) ||
      !write_note (orm, "globex", "first contact", &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  return 0;
}
