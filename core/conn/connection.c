/* SPDX-License-Identifier: MIT
 * The object behind a connection's name. It knows its name and its owner; what it does is the orm
 * layer's (orm/raw.c). */
#include "conn/connection.h"

#include <stdatomic.h>

struct _YaraConnection
{
  GObject          parent_instance;
  char            *name;
  _Atomic gpointer owner;
};

G_DEFINE_FINAL_TYPE (YaraConnection, yara_connection, G_TYPE_OBJECT)

static void
yara_connection_finalize (GObject *object)
{
  g_free (YARA_CONNECTION (object)->name);
  G_OBJECT_CLASS (yara_connection_parent_class)->finalize (object);
}

static void
yara_connection_class_init (YaraConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = yara_connection_finalize;
}

static void
yara_connection_init (YaraConnection *connection)
{
}

YaraConnection *
yara_connection_new (const char *name, gpointer owner)
{
  YaraConnection *connection = g_object_new (YARA_TYPE_CONNECTION, NULL);

  connection->name = g_strdup (name);
  atomic_store (&connection->owner, owner);
  return connection;
}

const char *
yara_connection_get_name (YaraConnection *connection)
{
  g_return_val_if_fail (YARA_IS_CONNECTION (connection), NULL);
  return connection->name;
}

gpointer
yara_connection_get_owner (YaraConnection *connection)
{
  return atomic_load (&connection->owner);
}

void
yara_connection_disown (YaraConnection *connection)
{
  atomic_store (&connection->owner, NULL);
}
