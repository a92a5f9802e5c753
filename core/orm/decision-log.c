/* SPDX-License-Identifier: MIT
 * The public side of the log of decisions. */
#include "orm/engine.h"

#include <stdlib.h>

gboolean
yara_orm_log_decisions (YaraOrm *orm, const char *path, GError **error)
{
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);

  return yara_routes_log_decisions (orm->engine->routes, path, error);
}

void
yara_engine_start_decision_log (YaraEngine *engine)
{
  const char        *path = secure_getenv ("YARAORM_DECISION_LOG");
  g_autoptr (GError) error = NULL;

  if (path != NULL && *path != '\0' && !yara_routes_log_decisions (engine->routes, path, &error))
    g_warning ("%s", error->message);
}
