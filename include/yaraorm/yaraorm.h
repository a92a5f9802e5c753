/* SPDX-License-Identifier: MIT
 *
 * yaraorm: an asynchronous ORM for programs on the GLib main loop. The header for programs; a
 * router plugin includes <yaraorm/yara-router.h> instead.
 */
#ifndef YARAORM_H
#define YARAORM_H

#include <yaraorm/yara-config.h>
#include <yaraorm/yara-connection.h>
#include <yaraorm/yara-error.h>
#include <yaraorm/yara-ledger.h>
#include <yaraorm/yara-model.h>
#include <yaraorm/yara-orm.h>
#include <yaraorm/yara-query.h>
#include <yaraorm/yara-records.h>
#include <yaraorm/yara-result.h>
#include <yaraorm/yara-routing.h>
#include <yaraorm/yara-schema.h>
#include <yaraorm/yara-transaction.h>
#include <yaraorm/yara-value.h>

#endif
