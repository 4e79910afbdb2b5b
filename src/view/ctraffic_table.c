/* See ctraffic_table.h. */
#include "view/ctraffic_table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "view/ctraffic_run.h"

#define NUMBER_MAX 64

/* The shortest digits that read back as the same number, as Go prints one. */
static const char *format_number(double number, char text[NUMBER_MAX])
{
	int digits = 0;
	do
		(void)snprintf(text, NUMBER_MAX, "%.*e", digits, number);
	while (strtod(text, NULL) != number && ++digits < 17);
	int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	if (exponent >= -4 && exponent < 21)
		(void)snprintf(text, NUMBER_MAX, "%.*f", digits > exponent ? digits - exponent : 0,
			       number);
	return text;
}

/* As Go's Duration.Seconds(): the whole seconds and the rest apart. */
static double seconds(uint64_t ns)
{
	uint64_t whole = ns / NS_PER_S;
	return (double)whole + (double)(ns % NS_PER_S) / 1e9;
}

int ctraffic_table_throughput(const struct report *report, struct buffer *out, struct error *error)
{
	cleanup(ctraffic_run_deinit) struct ctraffic_run run;
	char time[NUMBER_MAX], rate[NUMBER_MAX];
	ctraffic_run_init(&run, report);
	if (run.sample_count == 0)
		return error_set(error, ENODATA, "it has no samples%s",
				 strcmp(report->tool_name, "ctraffic") == 0
					 ? " (ctraffic writes them with -stats all)"
					 : "");
	buffer_append_text(out, "Time Throughput\n");
	for (uint32_t i = 1; i < run.sample_count; i++) {
		const struct ctraffic_sample *sample = &run.samples[i];
		const struct ctraffic_sample *before = sample - 1;
		uint64_t interval_ns = sample->time_ns - before->time_ns;
		uint64_t kibibytes =
			(sample->received - before->received) * run.stream->message_bytes / 1024;
		uint64_t middle_ns = before->time_ns + interval_ns / 2;
		buffer_append_format(out, "%s %s\n", format_number(seconds(middle_ns), time),
				     format_number((double)kibibytes / seconds(interval_ns), rate));
	}
	return 0;
}

/* ---- connections ---- */

struct second {
	unsigned active, begun, failed, connecting;
};

/* What the connection was in the second that ends at `end_ns`. */
static void count(const struct ctraffic_connection *connection, uint64_t end_ns,
		  struct second *second)
{
	uint64_t begin_ns = end_ns - NS_PER_S;
	bool is_failed = outcome_is_failure(connection->outcome);
	if (connection->ended_ns < end_ns) {
		second->failed += is_failed && connection->ended_ns >= begin_ns;
		return;
	}
	if (connection->started_ns > end_ns)
		return;
	bool is_up = connection->connected_ns > 0 && connection->connected_ns <= end_ns;
	second->begun += connection->started_ns > begin_ns;
	second->active += is_up;
	second->connecting += !is_up;
}

/* Rows at most: a day of seconds. */
#define SECONDS_MAX 86400

int ctraffic_table_connections(const struct report *report, struct buffer *out, struct error *error)
{
	cleanup(ctraffic_run_deinit) struct ctraffic_run run;
	char time[NUMBER_MAX];
	ctraffic_run_init(&run, report);
	if (run.duration_ns > SECONDS_MAX * NS_PER_S)
		return error_set(error, ENODATA,
				 "it is longer than a day, which is a row a second");
	buffer_append_text(out, "Time Active New Failed Connecting\n");
	for (uint64_t end_ns = NS_PER_S; end_ns < run.duration_ns; end_ns += NS_PER_S) {
		struct second second = { 0 };
		for (uint32_t i = 0; i < run.connection_count; i++)
			count(&run.connections[i], end_ns, &second);
		buffer_append_format(out, "%s %u %u %u %u\n",
				     format_number(seconds(end_ns - NS_PER_S / 2), time),
				     second.active, second.begun, second.failed, second.connecting);
	}
	return 0;
}

/* ---- hosts ---- */

static int compare_hosts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void write_hosts(const char *head, const char **hosts, uint32_t host_count,
			struct buffer *out)
{
	buffer_append_format(out, "%s: %" PRIu32 "\n", head, host_count);
	if (host_count > 0)
		qsort(hosts, host_count, sizeof(*hosts), compare_hosts);
	for (uint32_t i = 0, end = 0; i < host_count; i = end) {
		while (end < host_count && strcmp(hosts[end], hosts[i]) == 0)
			end++;
		buffer_append_format(out, "  %s %" PRIu32 "\n", hosts[i], end - i);
	}
}

int ctraffic_table_hosts(const struct report *report, struct buffer *out, struct error *error)
{
	cleanup(ctraffic_run_deinit) struct ctraffic_run run;
	uint32_t lost_count = 0;
	uint32_t lasting_count = 0;
	(void)error;
	ctraffic_run_init(&run, report);
	const char **lost = arena_take_array(&run.arena, run.connection_count, sizeof(*lost));
	const char **lasting = arena_take_array(&run.arena, run.connection_count, sizeof(*lost));
	for (uint32_t i = 0; i < run.connection_count; i++) {
		const char *host = run.connections[i].record->backend;
		if (!host)
			continue;
		if (outcome_is_failure(run.connections[i].outcome))
			lost[lost_count++] = host;
		else
			lasting[lasting_count++] = host;
	}
	write_hosts("Lost connections", lost, lost_count, out);
	write_hosts("Lasting connections", lasting, lasting_count, out);
	return 0;
}
