/* SPDX-License-Identifier: MIT
 * The steps of one decision, in words. */
#pragma once

#include <yaraorm/yaraorm.h>

#include "probe/probe.h"
#include "probe/router-options.h"

typedef struct
{
  RouterOptions router;
  YaraConfig   *config;           /* (nullable) */
  JsonObject   *outside, *inside; /* decisions without the transaction and within; (nullable) */
  const char   *own;         /* the model's own connection; (nullable) */
  const char   *rule;        /* of the configuration, that decides; (nullable) */
  gint64        nanoseconds; /* of a call; 0: there was none */
} Explanation;

/* Takes the child's first line, which has to live as long. */
void explanation_take_head (Explanation *explanation, JsonObject *head);

/* The decision that counts. */
JsonObject *explanation_get_decision (const Explanation *explanation);

typedef struct
{
  const char *name;        /* "transaction", "using", "plugin" or "rules", "model", "default", "connection" */
  char       *says;
  gint64      nanoseconds; /* of the call; 0: there was none */
} Step;

/* (transfer full), an array of Step *. */
GPtrArray *explanation_list_steps (const Explanation *explanation);
