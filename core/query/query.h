/* SPDX-License-Identifier: MIT
 * Queries from the inside: plain data that the sql layer walks. Names are not resolved here: a
 * query knows a descriptor, not the registered model. */
#pragma once

#include <yaraorm/yara-query.h>
#include "base/value.h"

/* Expressions nest at most so deep, which bounds every walk over them. */
#define YARA_EXPR_MAX_DEPTH 1000

typedef enum
{
  YARA_EXPR_CONDITION,
  YARA_EXPR_AND,
  YARA_EXPR_OR,
  YARA_EXPR_NOT,
  YARA_EXPR_MISTAKE /* could not be built; the query that takes it reports it, so none holds one */
} YaraExprType;

typedef struct
{
  const char *lookup; /* "age__gte" */
  YaraValue   value;
} YaraCondition;

struct YaraExpr
{
  gatomicrefcount ref_count;
  YaraExprType    type;
  guint           depth;     /* 1 for a condition */
  YaraCondition   condition; /* CONDITION */
  YaraExpr       *first;     /* AND, OR, NOT */
  YaraExpr       *second;    /* AND, OR */
  const char     *mistake;   /* MISTAKE: what is wrong, static */
  YaraArena       arena;     /* behind the condition */
  gint64          inline_space[]; /* CONDITION: where the arena starts */
};

/* One call of filter or exclude. */
typedef struct YaraFilter YaraFilter;
struct YaraFilter
{
  gboolean      exclude;
  YaraExpr     *expr;      /* a reference, or NULL for `condition` */
  YaraCondition condition;
  YaraFilter   *next;
};

typedef struct YaraOrder YaraOrder;
struct YaraOrder
{
  const char *field;
  gboolean    descending;
  YaraOrder  *next;
};

typedef struct YaraAssignment YaraAssignment;
struct YaraAssignment
{
  const char     *field;
  YaraValue       value;
  YaraAssignment *next;
};

/* All lists are in the order of the calls. */
struct YaraQuery
{
  gatomicrefcount  ref_count;
  const YaraModel *model;
  YaraFilter      *filters, **filters_end;
  YaraOrder       *orders, **orders_end;
  YaraAssignment  *assignments, **assignments_end;
  gint64           limit;    /* -1: none */
  gint64           offset;   /* 0: none */
  gboolean         distinct;
  gboolean         for_update;
  YaraLock         lock;     /* for_update */
  GError          *error;    /* the first mistake that needs no model to be seen, or NULL */
  YaraArena        arena;    /* behind the lists */
  gint64           inline_space[48];
};
