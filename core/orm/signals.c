/* SPDX-License-Identifier: MIT
 * The signals of a YaraOrm. */
#include "orm/engine.h"

static guint router_changed, connection_changed;

void
yara_orm_install_signals (YaraOrmClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  router_changed = g_signal_new ("router-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                 G_TYPE_UINT64, G_TYPE_STRING);
  connection_changed = g_signal_new ("connection-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                     2, G_TYPE_STRING, G_TYPE_BOOLEAN);
}

void
yara_orm_announce_router (YaraOrm *orm, const YaraRouterReceipt *receipt)
{
  g_signal_emit (orm->root != NULL ? orm->root : orm, router_changed, 0, receipt->generation, receipt->path);
}

void
yara_orm_announce_connection (YaraOrm *orm, const char *name, gboolean is_there)
{
  g_signal_emit (orm->root != NULL ? orm->root : orm, connection_changed, 0, name, is_there);
}
