/* SPDX-License-Identifier: MIT
 *
 * How often this program has called send(), as libpq does to write to a socket.
 */
#pragma once

__attribute__ ((visibility ("default"))) unsigned write_counter_get (void);
