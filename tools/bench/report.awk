# SPDX-License-Identifier: MIT
# Reads lines "suite<TAB>program<TAB>operation<TAB>elapsed<TAB>processor", or with one figure for a
# decision. Prints tables of medians, and JSON to the file `json`. For any awk.

function sort_numbers (list, n,    i, j, value) {
  for (i = 2; i <= n; i++) {
    value = list[i]
    for (j = i - 1; j > 0 && list[j] > value; j--)
      list[j + 1] = list[j]
    list[j + 1] = value
  }
}

# Sets median, lowest and highest of figures[program, operation, 1..n].
function summarize (program, operation,    i, n, list) {
  n = counts[program, operation]
  for (i = 1; i <= n; i++)
    list[i] = figures[program, operation, i]
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
function pair (operation, base,    i, ratio) {
  for (i = 1; i <= counts["yaraorm", operation]; i++) {
    ratio = figures["yaraorm", operation, i] / figures["hand-written", base, i]
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

# One line of the table: `operation` of yaraorm against `base` of the hand-written program.
function compare (operation, base, target, label,    hand, hand_triple, hand_median, ratio, miss) {
  summarize("hand-written", base)
  hand = span()
  hand_triple = triple(lowest, median, highest)
  hand_median = median
  summarize("yaraorm", operation)
  pair(operation, base)
  ratio = median / hand_median
  miss = target != "" && sprintf ("%.2f", ratio) + 0 > target + 0
  printf "| %-40s | %-19s | %-19s | %.2f (%.2f-%.2f) | %s |\n", label, hand, span(), ratio, low, high, \
         target == "" ? "-" : "<= " target (miss ? " **missed**" : "")
  write_json(separator "\n    { \"operation\": \"" operation "\", \"against\": \"" base "\", " \
             "\"hand_written_ms\": " hand_triple ", \"yaraorm_ms\": " triple(lowest, median, highest) ", " \
             "\"ratio\": " triple(low, ratio, high) ", \"target\": " (target == "" ? "null" : target) " }")
  separator = ","
}

function decision (situation, target,    over) {
  summarize("decision", situation)
  if (situation == "no router")
    unrouted = median
  over = median - unrouted
  printf "| %-33s | %.1f | %.1f | %.1f | %s |\n", situation, lowest, median, over, \
         target == "" ? "-" : "<= " target (over > target + 0 ? " **missed**" : "")
  write_json(separator "\n    { \"situation\": \"" situation "\", " \
             sprintf ("\"min_ns\": %.3f, \"median_ns\": %.3f }", lowest, median))
  separator = ","
}

BEGIN {
  FS = "\t"
}

{
  figures[$2, $3, ++counts[$2, $3]] = clock == "processor" && NF > 4 ? $5 : $4
}

END {
  if (counts["yaraorm", "create_async_64"] != suites || counts["hand-written", "single_insert"] != suites)
    exit 1
  printf "SQLite, %s build, %s, synchronous=%s, %s, %d suites; others used %s %% of a processor.\n", \
         build, filesystem, synchronous, placement, suites, foreign
  printf "Milliseconds of %s time, median (min-max); ratios of medians (min-max of pairs).\n\n", clock
  write_json(sprintf ("{\n  \"filesystem\": \"%s\", \"synchronous\": \"%s\", \"placement\": \"%s\",\n", \
                      filesystem, synchronous, placement))
  write_json(sprintf ("  \"build\": \"%s\", \"clock\": \"%s\", \"suites\": %d,\n", build, clock, suites))
  write_json("  \"foreign_cpu_percent\": " foreign ",\n")
  write_json("  \"order\": [\"min\", \"median\", \"max\"],\n  \"operations\": [")
  print "| operation | hand-written | yaraorm | ratio | target |"
  print "|---|---:|---:|---:|---:|"
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
  compare("create_async_64", "single_insert", synchronous == "FULL" ? "0.20" : "0.50",
          "create, asynchronous, 64 in flight")

  summarize("decision", "swaps in a round")
  printf "\nOne routing decision, nanoseconds of the thread; %d swaps in a round of swapping.\n\n", median
  print "| situation | min | median | over no router | target |"
  print "|---|---:|---:|---:|---:|"
  write_json("\n  ],\n  \"decisions\": [")
  separator = ""
  decision("no router", "")
  decision("functions of the program", "")
  decision("plugin", "30")
  decision("plugin, swapped every millisecond", "")
  write_json("\n  ]\n}\n")
}
