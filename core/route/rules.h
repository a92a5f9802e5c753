/* SPDX-License-Identifier: MIT
 * Routing rules: a router made of lines such as "Event*.*=analytics" instead of code. */
#pragma once

#include <gio/gio.h>
#include <yaraorm/yara-router-types.h>

typedef struct YaraRules YaraRules;

YaraRules *yara_rules_new  (void);
void       yara_rules_free (YaraRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraRules, yara_rules_free)

/* Adds a rule behind the others; the first one that matches decides. `pattern` is MODEL.OPERATION: the
 * name of a model, in which * stands for any text and ? for a character, and read, write or *. `target`
 * is the name of a connection, or shares such as "80% replica, 20% default" that make 100% in all. Names
 * have to be in `known` (NULL-terminated). YARA_ERROR_CONFIGURATION. */
gboolean yara_rules_add (YaraRules *rules, const char *pattern, const char *target, const char *const *known, GError **error);

/* The two functions of the router. The rules are the router's user data. A model that no rule matches is
 * one without an opinion. */
const char *yara_rules_db_for_read  (const YaraModel *model, const YaraHints *hints);
const char *yara_rules_db_for_write (const YaraModel *model, const YaraHints *hints);
