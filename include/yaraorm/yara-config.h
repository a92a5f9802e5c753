/* SPDX-License-Identifier: MIT
 *
 * The configuration file, which a program and yaraorm-cli share: connections, the router, and models
 * for the command line.
 *
 *     [yaraorm]
 *     version=1
 *     default=main                      the connection that is "default", too; default: "default"
 *
 *     [connection main]
 *     url=postgresql://app@db1/app
 *     role=primary                      primary, standby or any
 *     pool-max=8
 *     connect-timeout=3s
 *
 *     [connection replica]
 *     url=${APP_REPLICA_URL}
 *     role=standby
 *     max-lag-bytes=1MiB
 *
 *     [connection cache]
 *     url=sqlite:cache.db
 *
 *     [router]
 *     plugin=routers/geo.so             as for yara_orm_set_router()
 *     args=eu
 *
 *     [model User]
 *     table=users
 *     field.id=int64; primary-key
 *     field.name=text; max=120; unique
 *     index.by_name=name, id
 *
 * The file is a GLib key file in UTF-8; a line that begins with # is a comment. Unknown groups and keys
 * are errors.
 *
 * [connection NAME]. Relative paths are relative to the file. In `url` only, ${NAME} stands for an
 * environment variable, which must be set. Keys that go with the parameters of a URL (yara-orm.h); one
 * that the URL has too is an error:
 *   pool-max max_size     pool-min min_size       checkout-timeout acquire_timeout
 *   and under their own names, with - for _: idle-timeout max-lifetime connect-timeout statement-timeout
 *   busy-timeout statement-cache-size synchronous sync-fast-path pooler
 * A time is a number with ms, s, min, h or d, seconds without; max-lag-bytes has B, KiB, MiB or GiB. `role`
 * and `max-lag-bytes` change nothing in a program; yaraorm-cli holds them against what the server says.
 *
 * [route], instead of [router], are rules for which no plugin is needed. The first that matches decides;
 * a model that none matches goes its usual way:
 *     User.read=replica
 *     Event*.*=analytics
 *     *.read=80% replica, 20% default
 *
 * [model NAME] takes table (default: the name in lower case), connection, description; field.NAME=KIND and
 * options; index.NAME=FIELD, FIELD and "; unique". KIND is one of bool int16 int32 int64 double text bytes uuid
 * decimal json timestamp date enum-int enum-text. Options, after semicolons: primary-key natural nullable
 * not-null unique index unconstrained auto-now auto-now-add column=NAME description=TEXT max=N
 * precision=N scale=N default=VALUE default-sql=EXPRESSION references=MODEL
 * on-delete=cascade|restrict|set-null|set-default|no-action choices=NAME:NUMBER,NAME:NUMBER.
 * default=now of a timestamp is auto-now-add. Options mean what they do in yara-model.h.
 *
 * Sets. A group such as [production connection replica] belongs to the set "production". Its keys come over
 * those of [connection replica] when the set is asked for, and are not looked at otherwise. A set's
 * [router] or [route] replaces both of the file.
 *
 * Environment. DATABASE_URL is the URL of "default" when the file gives none. YARAORM_URL_NAME is
 * that of the connection NAME, whatever the file says; its letters are the upper case ones of the name,
 * with _ for -. A file is not needed when these are set.
 */
#ifndef YARA_CONFIG_H
#define YARA_CONFIG_H

#include <yaraorm/yara-routing.h>

G_BEGIN_DECLS

/* A configuration that was read and checked. Immutable, counted, usable from any thread. */
typedef struct YaraConfig YaraConfig;

#define YARA_TYPE_CONFIG (yara_config_get_type ())
YARA_API GType yara_config_get_type (void);

/* Reads a file; `path` NULL: the first that exists of yara_config_list_places(), or the environment
 * alone. `set` (nullable) chooses among sets. Opens nothing: (transfer full).
 * YARA_ERROR_CONFIGURATION names file, group and key. */
YARA_API YaraConfig *yara_config_load  (const char *path, const char *set, GError **error);
YARA_API YaraConfig *yara_config_ref   (YaraConfig *config);
YARA_API void        yara_config_unref (YaraConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraConfig, yara_config_unref)

/* Where yara_config_load() looks without a path: (transfer full). $YARAORM_CONFIG alone when it is set;
 * else yaraorm.ini in the working directory and, inside of a git repository, in the folders above up to
 * its top, then yaraorm/yaraorm.ini in the user's and the system's configuration folders. */
YARA_API char **yara_config_list_places (void);

YARA_API const char *yara_config_get_path (YaraConfig *config); /* absolute; (transfer none) (nullable): no file */

/* What an administrator should know: others can read a password in the file: (transfer none)
 * (nullable). yara_orm_open_config() logs it as a warning. */
YARA_API const char *yara_config_get_warning (YaraConfig *config);

/* The names of the connections, "default" first: (transfer full). */
YARA_API char **yara_config_list_connections (YaraConfig *config);

/* About a connection; `name` must be one of those: (transfer none). The first has no password in it; the
 * second has, and is for yara_orm_add_connection(). */
YARA_API const char *yara_config_get_url      (YaraConfig *config, const char *name);
YARA_API const char *yara_config_get_full_url (YaraConfig *config, const char *name);
YARA_API YaraRole    yara_config_get_role     (YaraConfig *config, const char *name); /* UNKNOWN: any */
YARA_API gint64      yara_config_get_max_lag  (YaraConfig *config, const char *name); /* bytes; -1: not given */

/* The router: the path or name of a plugin and its args, or the rules as "PATTERN=TARGET" in their order:
 * (transfer none) (nullable). */
YARA_API const char        *yara_config_get_plugin      (YaraConfig *config);
YARA_API const char        *yara_config_get_plugin_args (YaraConfig *config);
YARA_API const char *const *yara_config_get_rules       (YaraConfig *config);

/* Puts that router in force, or none, as yara_orm_set_router() does; to be called again with a file that
 * was changed. */
YARA_API gboolean yara_config_set_router (YaraConfig *config, YaraOrm *orm, GError **error);

/* The models of the file, NULL-terminated, for yara_orm_register(): (transfer none). They live as long
 * as the configuration. */
YARA_API const YaraModel *const *yara_config_get_models (YaraConfig *config);

/* Loads a configuration, opens its connections and puts its router in force: (transfer full). Models are
 * the program's to register. When any of it fails nothing stays open. */
YARA_API YaraOrm *yara_orm_open_config        (const char *path, const char *set, GCancellable *cancellable, GError **error);
YARA_API void     yara_orm_open_config_async  (const char *path, const char *set, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraOrm *yara_orm_open_config_finish (GAsyncResult *result, GError **error);

/* The models that are registered, as [model NAME] groups of a file, for yaraorm-cli and for a test that holds
 * file and program against each other: (transfer full). Read again they make the same tables, columns, keys and indexes;
 * an index without a name has the one that it gets. What the file cannot hold is a comment in place of it: a text with
 * a line end, a blank at an end, or (of a field) a semicolon; names with "[", "]" or "=", of models also with blanks;
 * a reference to a model that is not registered. */
YARA_API char *yara_orm_print_models (YaraOrm *orm);

/* What the library exports that yaraorm-cli is given with --models, under the name "yaraorm_models": its
 * models, NULL-terminated. */
typedef const YaraModel *const *(*YaraModelsFunc) (void);

G_END_DECLS

#endif
