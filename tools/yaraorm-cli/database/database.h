/* SPDX-License-Identifier: MIT
 * A database of the configuration, opened for one command. */
#pragma once

#include <yaraorm/yaraorm.h>

#include "shell/errors.h"

/* Opens the one connection `name`: an ORM that has it and, when it has another name, an empty "default" in
 * memory: (transfer full). `create`: an SQLite file that is not there is made. */
YaraOrm *database_open (YaraConfig *config, const char *name, gboolean create, GCancellable *cancellable, GError **error);

/* FALSE: it is an SQLite file that is not there. */
gboolean database_exists (YaraConfig *config, const char *name, GError **error);

/* Where it is, from its URL: "db1:5432", "socket:5432", "service app", the name of a file or "memory":
 * (transfer full). */
char *database_name_server (YaraConfig *config, const char *name);

/* The same with the name of the database there: "db1:5432, database app": (transfer full). */
char *database_name_place (YaraConfig *config, const char *name);

/* The connection of a name that was opened: (transfer none). */
YaraConnection *database_get (YaraOrm *orm, const char *name);

/* What a database said: cannot be reached (YO-D001), refused (YO-D002) or what the library found wrong with the
 * configuration (YO-C001): (transfer full). `name` is nullable. */
Report *database_report (const char *name, const GError *error);
