/* SPDX-License-Identifier: MIT
 * "plugin info": what a plugin's file tells without any of its code being run. */
#include <string.h>

#include "plugin/file.h"
#include "probe/probe.h"
#include "probe/router-options.h"
#include "shell/commands.h"
#include "shell/output.h"
#include <yaraorm/yara-router-types.h>

static void
add_line (struct libscols_table *table, const char *label, const char *text, Style style)
{
  output_table_add (table, (const char *[]) { label, text != NULL ? text : "-", NULL }, 1, style);
}

static void
print_table (const PluginFile *plugin, const char *path)
{
  const char *const columns[] = { "WHAT", "FILE", NULL };
  struct libscols_table *table = output_table_new (columns, FALSE);
  g_autofree char *file = g_strdup_printf ("%s, %" G_GSIZE_FORMAT " bytes, mode %04o, owner %s", path,
                                           plugin->size, plugin->mode, plugin->owner);
  g_autofree char *abi = g_strdup_printf ("%s, this library has %d.%d", plugin->abi != NULL ? plugin->abi : "none",
                                          YARA_ROUTER_ABI_MAJOR, YARA_ROUTER_ABI_MINOR);
  g_autofree char *exports = plugin_file_join (plugin->exports), *needed = plugin_file_join (plugin->needed);

  add_line (table, "file", file, STYLE_PLAIN);
  add_line (table, "form", plugin->form != NULL ? plugin->form : "no ELF file for this machine", STYLE_PLAIN);
  add_line (table, "sha256", plugin->sha256, STYLE_PLAIN);
  add_line (table, "build-id", plugin->build_id, STYLE_PLAIN);
  add_line (table, "abi", abi, STYLE_PLAIN);
  add_line (table, "exports", exports, STYLE_PLAIN);
  add_line (table, "needed", needed, STYLE_PLAIN);
  if (plugin->refusal != NULL)
    {
      g_autofree char *verdict = g_strdup_printf ("%s %s", probe_get_refusal_id (plugin->refusal->code),
                                                  plugin->refusal->message);

      add_line (table, "refused", verdict, STYLE_RED);
    }
  output_table_print (table);
}

/* `names` NULL: null. */
static void
set_names (JsonObject *document, const char *member, GPtrArray *names)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; names != NULL && i < names->len; i++)
    json_array_add_string_element (array, names->pdata[i]);
  json_object_set_array_member (document, member, array);
  if (names == NULL)
    json_object_set_null_member (document, member);
}

static void
print_document (const PluginFile *plugin, const char *path)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  g_autofree char *mode = g_strdup_printf ("%04o", plugin->mode);

  json_object_set_string_member (document, "plugin", path);
  json_object_set_int_member (document, "size", plugin->size);
  json_object_set_string_member (document, "mode", mode);
  json_object_set_string_member (document, "owner", plugin->owner);
  json_object_set_string_member (document, "form", plugin->form);
  json_object_set_string_member (document, "sha256", plugin->sha256);
  json_object_set_string_member (document, "build_id", plugin->build_id);
  json_object_set_string_member (document, "abi", plugin->abi);
  set_names (document, "exports", plugin->exports);
  set_names (document, "needed", plugin->needed);
  if (plugin->refusal != NULL)
    {
      JsonObject *refused = json_object_new ();

      json_object_set_string_member (refused, "id", probe_get_refusal_id (plugin->refusal->code));
      json_object_set_string_member (refused, "reason", plugin->refusal->message);
      json_object_set_object_member (document, "refused", refused);
    }
  output_document_print (document);
}

int
command_plugin_info (char **arguments)
{
  g_auto(RouterOptions) router = ROUTER_OPTIONS_INIT;
  g_autoptr(Options) options = options_new ("plugin info", "FILE");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(PluginFile) plugin = NULL;
  g_autoptr(GError) error = NULL;
  int status;

  if (!options_parse (options, &words, &status)
      || !router_options_check (&router, "plugin info", words, &status))
    return status;
  plugin = plugin_file_read (router.plugin, &error);
  if (plugin == NULL)
    {
      g_autoptr(Report) report = report_new ("YO-P001");

      report_line (report, "plugin", "%s", router.plugin);
      report_line (report, "reason", "%s", error->message);
      report_line (report, "hint", "FILE is a path here, with or without a slash");
      return report_print (report, NULL);
    }
  if (output_is_json ())
    print_document (plugin, router.plugin);
  else
    print_table (plugin, router.plugin);
  return STATUS_DONE;
}
