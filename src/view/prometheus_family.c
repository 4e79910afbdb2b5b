/* See prometheus_family.h. */
#include "view/prometheus_family.h"

#include <stdio.h>
#include <string.h>

#include "base/attributes.h"

static bool ends_in(const char *text, const char *end)
{
	size_t size = strlen(text);
	return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

/* The unit comes last: bytes_sent is conntest_sent_bytes, debt_max_ns conntest_debt_max_seconds. */
struct prometheus_family prometheus_family_of_counter(const struct counter_row *row)
{
	bool only_rises = row->kind == COUNTER_TOTAL && row->merge == COUNTER_SUM;
	struct prometheus_family family = { .type = only_rises ? PROMETHEUS_COUNTER
							       : PROMETHEUS_GAUGE,
					    .help = row->help };
	bool is_time = ends_in(row->name, "_ns");
	bool is_bytes_first = strncmp(row->name, "bytes_", 6) == 0;
	const char *name = is_bytes_first ? row->name + 6 : row->name;
	int size = (int)strlen(name) - (is_time ? 3 : 0);

	if (is_time)
		family.unit = "seconds";
	else if (is_bytes_first || ends_in(row->name, "_bytes"))
		family.unit = "bytes";
	(void)snprintf(family.name, sizeof(family.name), "conntest_%.*s%s%s", size, name,
		       is_time || is_bytes_first ? "_" : "",
		       is_time || is_bytes_first ? family.unit : "");
	return family;
}

struct prometheus_family prometheus_family_of_latency(enum latency latency)
{
	struct prometheus_family family = { .type = PROMETHEUS_HISTOGRAM,
					    .unit = "seconds",
					    .help = latency_help(latency) };

	(void)snprintf(family.name, sizeof(family.name), "conntest_%s_seconds",
		       latency_name(latency));
	return family;
}

/* clang-format off */
const struct prometheus_family prometheus_own[] = {
	[PROMETHEUS_OWN_BUILD]     = { "conntest_build", PROMETHEUS_INFO, NULL, "the version of this conntest" },
	[PROMETHEUS_OWN_ERRORS]    = { "conntest_errors", PROMETHEUS_COUNTER, NULL,
			    "what went wrong, by the phase in which it did and the outcome" },
	[PROMETHEUS_OWN_RESPONSES] = { "conntest_http_responses", PROMETHEUS_COUNTER, NULL,
			    "answers by the class of their HTTP status" },
	[PROMETHEUS_OWN_CPU]       = { "process_cpu_seconds", PROMETHEUS_COUNTER, "seconds",
			    "cpu time of this process, user and system" },
	[PROMETHEUS_OWN_START]     = { "process_start_time_seconds", PROMETHEUS_GAUGE, "seconds",
			    "when this run began, in Unix time" },
	[PROMETHEUS_OWN_DROPPED]   = { "conntest_events_dropped", PROMETHEUS_COUNTER, NULL,
			    "events that came faster than they could be told" },
	[PROMETHEUS_OWN_LAG_MAX]   = { "conntest_loop_lag_max_seconds", PROMETHEUS_GAUGE, "seconds",
			    "the latest that a thread of this process woke" },
	[PROMETHEUS_OWN_LAG]       = { "conntest_loop_lag_seconds", PROMETHEUS_SUMMARY, "seconds",
			    "how late the threads of this process woke" },
};
/* clang-format on */

struct prometheus_words prometheus_words(const struct prometheus_family *family,
					 enum prometheus_format format)
{
	static const struct prometheus_words text[] = {
		[PROMETHEUS_COUNTER] = { "counter", "_total" },
		[PROMETHEUS_GAUGE] = { "gauge", "" },
		[PROMETHEUS_HISTOGRAM] = { "histogram", "" },
		[PROMETHEUS_SUMMARY] = { "summary", "" },
		[PROMETHEUS_INFO] = { "gauge", "_info" },
		[PROMETHEUS_BARE_COUNTER] = { "counter", "" },
	};
	static const struct prometheus_words openmetrics[] = {
		[PROMETHEUS_COUNTER] = { "counter", "" },
		[PROMETHEUS_GAUGE] = { "gauge", "" },
		[PROMETHEUS_HISTOGRAM] = { "histogram", "" },
		[PROMETHEUS_SUMMARY] = { "summary", "" },
		[PROMETHEUS_INFO] = { "info", "" },
		[PROMETHEUS_BARE_COUNTER] = { "unknown", "" },
	};

	return format == PROMETHEUS_TEXT ? text[family->type] : openmetrics[family->type];
}

/* ---- help */

void prometheus_help_family(struct buffer *out, const struct prometheus_family *family)
{
	const struct prometheus_words words = prometheus_words(family, PROMETHEUS_TEXT);
	char name[PROMETHEUS_NAME_MAX + 8];

	(void)snprintf(name, sizeof(name), "%s%s", family->name, words.suffix);
	buffer_append_format(out, "%-46s %-10s %s\n", name, words.type, family->help);
}

void prometheus_help(struct buffer *out)
{
	buffer_append_text(
		out,
		"What --metrics of load, traffic and serve exposes at /metrics while they run, as "
		"Prometheus text\n0.0.4 or OpenMetrics 1.0, whichever the scraper prefers. Samples "
		"have the labels command,\nstream and target, those of the process none. Counters "
		"begin at 0 with the run and never go back.\n\n");
	for (size_t i = 0; i < counter_table_size; i++) {
		const struct prometheus_family family =
			prometheus_family_of_counter(&counter_table[i]);
		prometheus_help_family(out, &family);
	}
	for (enum latency i = 0; i < LATENCY_RECORDED; i++) {
		const struct prometheus_family family = prometheus_family_of_latency(i);
		prometheus_help_family(out, &family);
	}
	for (size_t i = 0; i < PROMETHEUS_OWN_COUNT; i++)
		prometheus_help_family(out, &prometheus_own[i]);
}
