/* SPDX-License-Identifier: MIT
 * The mark of a router, for the two halves that include no header. */
#include <yaraorm/yara-router.h>
