/* SPDX-License-Identifier: MIT
 * The models that a child knows: those of a library, and those of the configuration. */
#pragma once

#include <yaraorm/yaraorm.h>

#include "probe/router-options.h"

/* What the child says before it loads a library; the parent then knows whose fault a crash is. */
#define PROBE_LOADING_MODELS "loading the models of "

/* Adds models, NULL-terminated, behind those that are known. They must live as long as the child. */
void probe_models_add (const YaraModel *const *models);

/* (transfer none) (nullable) */
const YaraModel *probe_models_find (const char *name);

/* The models that `options` are about, those of their library among them; NULL-terminated: (transfer container).
 * NULL: the parent has been told why not. */
const YaraModel **probe_models_select (const RouterOptions *options);
