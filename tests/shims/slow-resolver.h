/* SPDX-License-Identifier: MIT
 *
 * How a test knows that the slow resolver was asked.
 */
#pragma once

__attribute__ ((visibility ("default"))) unsigned slow_resolver_count (void);
