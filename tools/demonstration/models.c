/* SPDX-License-Identifier: MIT
 * The descriptors of the models. */
#include "models.h"

typedef Record User;
typedef Record Event;
typedef Record Snapshot;

static const YaraField fields[] = {
  YARA_FIELD (Record, id, .primary_key = true),
  YARA_FIELD (Record, step, .index = true),
  YARA_FIELD (Record, serial),
};
static const YaraModel user = YARA_MODEL (User, "users", fields);
static const YaraModel event = YARA_MODEL (Event, "events", fields);
static const YaraModel snapshot = YARA_MODEL (Snapshot, "snapshots", fields);

const YaraModel *const models[N_MODELS] = { &user, &event, &snapshot };
