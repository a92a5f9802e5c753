/* SPDX-License-Identifier: MIT
 *
 * PostgreSQL servers of one test program alone, which it may restart, freeze and cut links to. They end
 * with the program, however it ends.
 */
#pragma once

#include "fixture.h"

/* The URL of the primary, with these parameters; the first call starts the servers. `host` NULL: its
 * socket, else by TCP at this host name. */
char *test_server_url (const char *host, const char *parameters);

/* Its port, and the process that listens there. */
guint test_server_port (void);
GPid  test_server_pid  (void);

/* Stops the primary and starts it again; `mode` is pg_ctl's. Blocks until it takes connections. */
void test_server_restart (const char *mode);

/* A socket that listens on 127.0.0.1, for servers that a test plays itself. */
int test_listen (guint *port);

/* Stops all its processes where they stand, and lets them go on. */
void test_server_freeze (void);
void test_server_thaw   (void);
