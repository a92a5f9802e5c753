# SPDX-License-Identifier: MIT
# Reads lines "suite<TAB>program<TAB>operation<TAB>elapsed<TAB>processor<TAB>server", or with one figure for
# a decision. Prints tables of medians, and JSON to the file `json`. For any awk.

function sort_numbers (list, n,    i, j, value) {
  for (i = 2; i <= n; i++) {
    value = list[i]
    for (j = i - 1; j > 0 && list[j] > value; j--)
      list[j + 1] = list[j]
    list[j + 1] = value
  }
}

# Sets median, lowest and highest of table[program, operation, 1..n].
function summarize (table, program, operation,    i, n, list) {
  n = counts[program, operation]
  if (n == 0) {
    print "bench: no figures of " program " for " operation > "/dev/stderr"
    failed = 1
    exit 1
  }
  for (i = 1; i <= n; i++)
    list[i] = table[program, operation, i]
  sort_numbers(list, n)
  lowest = list[1]
  highest = list[n]
  median = n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function number (value) {
  return sprintf (value < 1 ? "%.3f" : value < 10 ? "%.2f" : "%.1f", value)
}

function span () {
  return number(median) " (" number(lowest) "-" number(highest) ")"
}

# Sets low and high of the ratios of the runs that followed each other.
function pair (program, operation, base,    i, ratio) {
  for (i = 1; i <= counts["yaraorm", operation]; i++) {
    ratio = figures["yaraorm", operation, i] / figures[program, base, i]
    if (i == 1 || ratio < low)
      low = ratio
    if (i == 1 || ratio > high)
      high = ratio
  }
}

function triple (first, second, third) {
  return sprintf ("[%.6f, %.6f, %.6f]", first, second, third)
}

function write_json (text) {
  if (json)
    printf "%s", text > json
}

function begin_table (first, second) {
  print "\n| operation | " first " | " second " | ratio | " (served ? "of it the client | " : "") "target |"
  print "|---|---:|---:|---:|" (served ? "---:|" : "") "---:|"
}

# Medians of the processor time of the programs themselves.
function client_column (program, operation, base,    first) {
  summarize(clients, program, base)
  first = number(median)
  summarize(clients, "yaraorm", operation)
  return first " / " number(median) " | "
}

# One line of the table: `operation` of yaraorm against `base` of `program`.
function compare_with (program, operation, base, target, label,    first, first_triple, first_median, ratio, miss) {
  summarize(figures, program, base)
  first = span()
  first_triple = triple(lowest, median, highest)
  first_median = median
  summarize(figures, "yaraorm", operation)
  pair(program, operation, base)
  ratio = median / first_median
  miss = target != "" && sprintf ("%.2f", ratio) + 0 > target + 0
  write_json(separator "\n    { \"operation\": \"" operation "\", \"against\": \"" base "\", " \
             "\"hand_written_ms\": " first_triple ", \"yaraorm_ms\": " triple(lowest, median, highest) ", " \
             "\"ratio\": " triple(low, ratio, high) ", \"target\": " (target == "" ? "null" : target) " }")
  separator = ","
  printf "| %-40s | %-19s | %-19s | %.2f (%.2f-%.2f) | ", label, first, span(), ratio, low, high
  printf "%s%s |\n", served ? client_column(program, operation, base) : "", \
         target == "" ? "-" : "<= " target (miss ? " **missed**" : "")
}

function compare (operation, base, target, label) {
  compare_with("hand-written", operation, base, target, label)
}

# How the hand-written program does it otherwise.
function form (operation, base, label,    base_median) {
  summarize(figures, "hand-written", base)
  base_median = median
  summarize(figures, "hand-written", operation)
  printf "| %-40s | %-19s | %.2f |\n", label, span(), median / base_median
}

function decision (situation, target,    over) {
  summarize(figures, "decision", situation)
  if (situation == "no router")
    unrouted = median
  over = median - unrouted
  printf "| %-33s | %.1f | %.1f | %.1f | %s |\n", situation, lowest, median, over, \
         target == "" ? "-" : "<= " target (over > target + 0 ? " **missed**" : "")
  write_json(separator "\n    { \"situation\": \"" situation "\", " \
             sprintf ("\"min_ns\": %.3f, \"median_ns\": %.3f }", lowest, median))
  separator = ","
}

function report_sqlite () {
  begin_table("hand-written", "yaraorm")
  compare("bulk_insert", "bulk_insert", "1.10", "bulk_insert of 5000")
  compare("single_insert", "single_insert", "1.10", "single_insert, 500 commits")
  compare("fetch_all", "fetch_all", "0.95", "fetch_all of 5000")
  compare("filter", "filter", "0.95", "filter, 2500 of 5000")
  compare("count", "count", "1.05", "count, 100 times")
  compare("group_by", "group_by", "", "group_by through raw SQL")
  compare("get", "get", "1.10", "get by key, 1000 times")
  compare("update", "update", "1.05", "update of 2500")
  compare("delete", "delete", "1.05", "delete of 2500")
  compare("get_async_1", "get", "", "get, asynchronous, 1 in flight")
  compare("get_async_64", "get", "1.50", "get, asynchronous, 64 in flight")
  compare("get_fast_path_1", "get", "", "the same, sync_fast_path=1, 1 in flight")
  compare("get_fast_path_64", "get", "1.80", "the same, sync_fast_path=1, 64 in flight")
  compare("create_async_64", "single_insert", settings ~ /FULL/ ? "0.20" : "0.50",
          "create, asynchronous, 64 in flight")
}

function report_postgres () {
  begin_table("hand-written", "yaraorm")
  compare("bulk_insert", "bulk_insert", "1.10", "bulk_insert of 5000, by COPY")
  compare("single_insert", "single_insert", "1.05", "single_insert, 500 commits")
  compare("fetch_all", "fetch_all", "1.00", "fetch_all of 5000")
  compare("filter", "filter", "1.00", "filter, 2500 of 5000")
  compare("count", "count", "1.05", "count, 100 times")
  compare("group_by", "group_by", "", "group_by through raw SQL")
  compare("get", "get", "1.05", "get by key, 1000 times")
  compare("update", "update", "1.05", "update of 2500")
  compare("delete", "delete", "1.05", "delete of 2500")
  begin_table("blocking, hand-written", "asynchronous, yaraorm")
  compare("get_async_1_on_1", "get", "1.25", "get, 1 in flight, 1 session")
  compare("get_async_8_on_1", "get", "", "get, 8 in flight, 1 session")
  compare("get_async_64_on_1", "get", "0.33", "get, 64 in flight, 1 session")
  compare("get_async_256_on_1", "get", "", "get, 256 in flight, 1 session")
  compare("get_async_1_on_4", "get", "", "get, 1 in flight, up to 4 sessions")
  compare("get_async_8_on_4", "get", "", "get, 8 in flight, up to 4 sessions")
  compare("get_async_64_on_4", "get", "", "get, 64 in flight, up to 4 sessions")
  compare("get_async_256_on_4", "get", "", "get, 256 in flight, up to 4 sessions")
  compare("get_async_64_by_turns", "get", "", "get, 64 in flight, 2 connections by turns")
  compare("create_async_64_on_1", "single_insert", "", "create, 64 in flight, 1 session")
  compare("create_async_64_on_4", "single_insert", "", "create, 64 in flight, up to 4 sessions")
  begin_table("pipelined, hand-written", "asynchronous, yaraorm")
  compare("get_async_64_on_1", "get_pipelined_sync_64", "1.20", "get, 64 in flight, 1 session")
  compare("create_async_64_on_1", "single_insert_pipelined", "", "create, 64 in flight, 1 session")
  begin_table("without a router", "replica plugin")
  compare_with("yaraorm", "get_routed", "get_unrouted", "1.02", "get by key, 1000 times")

  print "\n| hand-written besides | ms | to the form above |"
  print "|---|---:|---:|"
  form("bulk_insert_unnest", "bulk_insert", "bulk_insert by one INSERT from arrays")
  form("single_insert_pipelined", "single_insert", "single_insert, 64 in a pipeline")
  form("get_pipelined_sync_each", "get", "get, 64 in a pipeline, a sync each")
  form("get_pipelined_sync_64", "get", "get, 64 in a pipeline, one sync")
}

function report_decisions () {
  summarize(figures, "decision", "swaps in a round")
  printf "\nOne routing decision, nanoseconds of the thread; %d swaps in a round of swapping.\n\n", median
  print "| situation | min | median | over no router | target |"
  print "|---|---:|---:|---:|---:|"
  separator = ""
  decision("no router", "")
  decision("functions of the program", "")
  decision("plugin", "30")
  decision("plugin, swapped every millisecond", "")
}

BEGIN {
  FS = "\t"
  served = database == "PostgreSQL"
}

{
  figures[$2, $3, ++counts[$2, $3]] = clock == "processor" && NF > 4 ? $5 + $6 : $4
  clients[$2, $3, counts[$2, $3]] = $5
}

END {
  if (failed)
    exit 1
  printf "%s, %s build, %s, %s, %s, %d suites; others used %s %% of a processor.\n", \
         database, build, filesystem, settings, placement, suites, foreign
  printf "Milliseconds of %s time%s, median (min-max); ratios of medians (min-max of pairs).\n", clock, \
         served && clock == "processor" ? " of client and server" : ""
  write_json(sprintf ("{\n  \"database\": \"%s\", \"filesystem\": \"%s\", \"settings\": \"%s\",\n", \
                      database, filesystem, settings))
  write_json(sprintf ("  \"placement\": \"%s\", \"build\": \"%s\", \"clock\": \"%s\", \"suites\": %d,\n", \
                      placement, build, clock, suites))
  write_json("  \"foreign_cpu_percent\": " foreign ",\n")
  write_json("  \"order\": [\"min\", \"median\", \"max\"],\n  \"operations\": [")
  if (served)
    report_postgres()
  else
    report_sqlite()
  write_json("\n  ],\n  \"decisions\": [")
  if (!served)
    report_decisions()
  write_json("\n  ]\n}\n")
}
