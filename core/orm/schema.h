/* SPDX-License-Identifier: MIT
 * The plan of a schema: which statements make the tables of models, connection by connection. */
#pragma once

#include "orm/execute.h"

/* The statements for one connection. */
typedef struct
{
  YaraDecision decision;
  GPtrArray   *statements; /* char *, NULL-terminated */
} YaraSchemaGroup;

/* The groups for `models` (NULL: all registered), referenced models first: (transfer full). `existing`
 * (nullable): what there is of each model, const YaraModel * to what yara_schema_append_missing() takes; the
 * plan is then for what is missing. */
GPtrArray *yara_schema_plan (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags, GHashTable *existing, GError **error);

/* The same as a GVariant of type a(sas). */
GVariant *yara_schema_plan_to_variant (const GPtrArray *groups);
