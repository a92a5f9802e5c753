/* SPDX-License-Identifier: MIT
 *
 * A TCP proxy before the PostgreSQL server of the test run: it counts round trips, and cuts links.
 */
#pragma once

#include "fixture.h"

typedef struct TestProxy TestProxy;

TestProxy *test_proxy_new  (void);
void       test_proxy_free (TestProxy *proxy);

/* The URL of the database `name` of this case through the proxy, with parameters "a=b&c=d". */
char *test_proxy_url (TestProxy *proxy, const char *name, const char *parameters);

/* How often a client has sent something after the server had answered. */
guint test_proxy_get_n_trips (TestProxy *proxy);

/* From now on, when the server ends a link, the client hears what it says last, and of the end only once it
 * sends something itself. */
void test_proxy_hide_ends (TestProxy *proxy);

/* Resets every link, on both sides, in so many microseconds. Awaited by test_proxy_await_cut(). */
void test_proxy_cut_in    (TestProxy *proxy, guint delay);
void test_proxy_await_cut (TestProxy *proxy);
