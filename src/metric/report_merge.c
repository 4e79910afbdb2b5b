/* See report_merge.h. */
#include "metric/report_merge.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "metric/report_intervals.h"
#include "metric/report_merge_stream.h"
#include "metric/report_settings.h"

static void note(struct buffer *notes, const char *separator)
{
	if (notes->size > 0)
		buffer_append_text(notes, separator);
}

/* So that no sum of moments overflows. */
#define SPAN_MAX (INT64_C(1) << 60)

static int check_span(const struct report *const *reports, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		int64_t apart = reports[i]->started_unix_ns - reports[0]->started_unix_ns;
		if (reports[i]->duration_ns > SPAN_MAX / 4 || apart > SPAN_MAX / 4 ||
		    apart < -SPAN_MAX / 4)
			return error_set(error, EINVAL, "the runs lie years apart");
	}
	return 0;
}

static int check(const struct report *const *reports, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		if (reports[i]->has_path)
			return error_set(error, EINVAL,
					 "reports of path can't be merged: each is of one path");
		if (reports[i]->has_mesh)
			return error_set(
				error, EINVAL,
				"reports of mesh can't be merged: each is of one node's peers");
		if (strcmp(reports[i]->command, reports[0]->command) != 0)
			return error_set(error, EINVAL,
					 "different commands can't be merged: %s and %s",
					 reports[0]->command, reports[i]->command);
		if (strcmp(reports[i]->tool_name, reports[0]->tool_name) != 0)
			return error_set(error, EINVAL, "what %s and %s measured can't be merged",
					 reports[0]->tool_name, reports[i]->tool_name);
	}
	return check_span(reports, count, error);
}

/* ---- time ---- */

static int64_t end_of(const struct report *report)
{
	return report->started_unix_ns + (int64_t)report->duration_ns;
}

static void merge_time(struct report *into, const struct report *const *reports, size_t count)
{
	int64_t first_start = reports[0]->started_unix_ns;
	int64_t last_start = first_start;
	int64_t first_end = end_of(reports[0]);
	int64_t last_end = first_end;
	for (size_t i = 1; i < count; i++) {
		int64_t start = reports[i]->started_unix_ns;
		int64_t end = end_of(reports[i]);
		first_start = start < first_start ? start : first_start;
		last_start = start > last_start ? start : last_start;
		first_end = end < first_end ? end : first_end;
		last_end = end > last_end ? end : last_end;
	}
	into->started_unix_ns = first_start;
	into->duration_ns = (uint64_t)(last_end - first_start);
	into->overlap_ns = first_end > last_start ? (uint64_t)(first_end - last_start) : 0;
	into->merged_from = count;
}

static void note_time(const struct report *into, struct buffer *notes)
{
	note(notes, "; ");
	if (into->overlap_ns == 0)
		buffer_append_text(notes, "the runs have no time in common, so there are no rates");
	else
		buffer_append_format(notes, "rates are of the %.1f s in which all ran",
				     (double)into->overlap_ns / 1e9);
}

/* ---- texts and settings ---- */

/* The same everywhere, or each one once: "a, b". */
static const char *merge_text(struct report *into, const char *text, const char *other)
{
	if (!text || !other || strcmp(text, other) == 0)
		return text ? text : other;
	size_t size = strlen(other);
	for (const char *at = text; (at = strstr(at, other)); at += size) {
		bool begins = at == text || at[-1] == ' ';
		if (begins && (at[size] == '\0' || at[size] == ','))
			return text;
	}
	return arena_format(&into->arena, "%s, %s", text, other);
}

static bool has_setting(const struct report *report, const struct report_setting *setting)
{
	for (uint32_t i = 0; i < report->setting_count; i++) {
		if (strcmp(report->settings[i].name, setting->name) == 0 &&
		    strcmp(report->settings[i].value, setting->value) == 0)
			return true;
	}
	return false;
}

#define SETTINGS_MAX 1024

/* Those of one name stand together, as values of an option that was given several times. */
static void add_setting(struct report *into, const struct report_setting *setting)
{
	uint32_t place = into->setting_count;
	if (has_setting(into, setting) || into->setting_count == SETTINGS_MAX)
		return;
	for (uint32_t i = 0; i < into->setting_count; i++) {
		if (strcmp(into->settings[i].name, setting->name) == 0)
			place = i + 1;
	}
	memmove(&into->settings[place + 1], &into->settings[place],
		(into->setting_count - place) * sizeof(*into->settings));
	into->settings[place] = *setting;
	into->setting_count++;
}

static void merge_settings(struct report *into, const struct report *const *reports, size_t count)
{
	into->settings = arena_take_array(&into->arena, SETTINGS_MAX + 1, sizeof(*into->settings));
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < reports[i]->setting_count; k++) {
			if (!report_setting_is_idle(reports[i]->settings[k].name))
				add_setting(into, &reports[i]->settings[k]);
		}
	}
}

/* "settings differ: rate 10/conn, 20/conn" */
static void note_settings(struct report *into, const struct report *const *reports, size_t count,
			  struct buffer *notes)
{
	struct setting_difference *list = NULL;
	uint32_t found = 0;
	for (size_t i = 1; i < count && found == 0; i++)
		found = report_settings_compare(reports[0], reports[i], &into->arena, &list);
	for (uint32_t i = 0; i < found; i++) {
		note(notes, i > 0 ? ", " : "; ");
		buffer_append_format(
			notes, "%s%s %s and %s", i > 0 ? "" : "settings differ: ", list[i].name,
			*list[i].a ? list[i].a : "unset", *list[i].b ? list[i].b : "unset");
	}
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void merge_processes(struct report *into, const struct report *const *reports, size_t count)
{
	struct report_generator *generator = &into->generator;
	size_t most = 0;
	for (size_t i = 0; i < count; i++)
		most += reports[i]->generator.process_count;
	if (most > REPORT_PROCESSES_MAX)
		most = REPORT_PROCESSES_MAX;
	generator->processes = arena_take_array(&into->arena, most, sizeof(*generator->processes));
	generator->has_processes = most > 0;
	for (size_t i = 0; i < count; i++) {
		const struct report_generator *from = &reports[i]->generator;
		for (uint32_t k = 0; k < from->process_count && generator->process_count < most;
		     k++)
			generator->processes[generator->process_count++] = from->processes[k];
	}
}

/* Hosts that bear one name are one. */
static void merge_generator(struct report *into, const struct report *from)
{
	struct report_generator *generator = &into->generator;
	const struct report_generator *other = &from->generator;
	bool is_same_host =
		into->host_name && from->host_name && strcmp(into->host_name, from->host_name) == 0;
	generator->cpus =
		is_same_host ? larger(generator->cpus, other->cpus) : generator->cpus + other->cpus;
	generator->cpu_seconds += other->cpu_seconds;
	generator->loop_lag_p99_ns = larger(generator->loop_lag_p99_ns, other->loop_lag_p99_ns);
	generator->worker_cpu_max = fmax(generator->worker_cpu_max, other->worker_cpu_max);
	generator->worker_wait_max = fmax(generator->worker_wait_max, other->worker_wait_max);
	generator->throttled = fmax(generator->throttled, other->throttled);
	generator->pairs += other->pairs;
	generator->loop_lag_max_ns = larger(generator->loop_lag_max_ns, other->loop_lag_max_ns);
	generator->send_error_p99_ns =
		larger(generator->send_error_p99_ns, other->send_error_p99_ns);
	generator->receive_queue_overflows += other->receive_queue_overflows;
	generator->events_dropped += other->events_dropped;
	generator->listen_overflows += other->listen_overflows;
}

/* Verified is what all were; the complaint is the first report's that has one. */
static void merge_tls(struct report *into, const struct report *from)
{
	struct report_tls *tls = &into->tls;
	const struct report_tls *other = &from->tls;
	if (!from->has_tls)
		return;
	tls->is_verified = other->is_verified && (tls->is_verified || !into->has_tls);
	into->has_tls = true;
	tls->version = merge_text(into, tls->version, other->version);
	tls->cipher = merge_text(into, tls->cipher, other->cipher);
	tls->protocol = merge_text(into, tls->protocol, other->protocol);
	tls->handshakes += other->handshakes;
	tls->resumed += other->resumed;
	tls->cut_short += other->cut_short;
	tls->complaint = tls->complaint ? tls->complaint : other->complaint;
}

static void merge_head(struct report *into, const struct report *from)
{
	merge_generator(into, from);
	merge_tls(into, from);
	into->target = merge_text(into, into->target, from->target);
	into->host_name = merge_text(into, into->host_name, from->host_name);
	into->kernel = merge_text(into, into->kernel, from->kernel);
	into->tool_version = merge_text(into, into->tool_version, from->tool_version);
	into->reply_timeout_ns = larger(into->reply_timeout_ns, from->reply_timeout_ns);
	into->stall_after_ns = larger(into->stall_after_ns, from->stall_after_ns);
	into->planned_duration_ns = larger(into->planned_duration_ns, from->planned_duration_ns);
	into->is_interrupted |= from->is_interrupted;
	into->has_nothing_answered &= from->has_nothing_answered;
	into->drained += from->drained;
	into->cut_off += from->cut_off;
	into->drain_ns = larger(into->drain_ns, from->drain_ns);
}

static struct report_limit *limit_of(struct report *into, const char *name)
{
	for (uint32_t i = 0; i < into->limit_count; i++) {
		if (strcmp(into->limits[i].name, name) == 0)
			return &into->limits[i];
	}
	into->limits[into->limit_count].name = name;
	return &into->limits[into->limit_count++];
}

static void merge_limits(struct report *into, const struct report *const *reports, size_t count)
{
	size_t most = 0;
	for (size_t i = 0; i < count; i++)
		most += reports[i]->limit_count;
	into->limits = arena_take_array(&into->arena, most, sizeof(*into->limits));
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < reports[i]->limit_count; k++)
			limit_of(into, reports[i]->limits[k].name)->count +=
				reports[i]->limits[k].count;
	}
}

/* ---- connections ---- */

static void merge_connections(struct report *into, const struct report *const *reports,
			      size_t count)
{
	struct merge merge = { .into = into, .reports = reports, .count = count };
	uint64_t all = 0;
	for (size_t i = 0; i < count; i++)
		all += reports[i]->connection_count;
	uint64_t room = all < MERGE_CONNECTIONS_MAX ? all : MERGE_CONNECTIONS_MAX;
	into->connections = arena_take_array(&into->arena, room, sizeof(*into->connections));
	into->connections_omitted = all - room;
	for (size_t i = 0; i < count; i++) {
		const struct report *from = reports[i];
		into->connections_omitted += from->connections_omitted;
		for (uint32_t k = 0; k < from->connection_count; k++) {
			if (into->connection_count == room)
				break;
			struct report_connection connection = from->connections[k];
			int64_t shift = merge_shift_ns(&merge, i);
			connection.id = into->connection_count;
			connection.slot += merge_first_slot(&merge, i, connection.stream);
			connection.started_ns += shift;
			connection.connected_ns = merge_moment(connection.connected_ns, shift);
			connection.ended_ns = merge_moment(connection.ended_ns, shift);
			into->connections[into->connection_count++] = connection;
		}
	}
}

static void note_expectations(const struct report *const *reports, size_t count,
			      struct buffer *notes)
{
	for (size_t i = 0; i < count; i++) {
		if (reports[i]->expectation_count == 0)
			continue;
		note(notes, "; ");
		buffer_append_text(notes, "not merged: what was expected");
		return;
	}
}

static void note_marks(const struct report *const *reports, size_t count, struct buffer *notes)
{
	uint64_t marks = 0;
	for (size_t i = 0; i < count; i++)
		marks += reports[i]->mark_count;
	if (marks == 0)
		return;
	note(notes, "; ");
	buffer_append_format(notes, "not merged: %" PRIu64 " mark%s", marks, marks == 1 ? "" : "s");
}

int report_merge(const struct report *const *reports, size_t count, struct buffer *notes,
		 struct error *error, struct report **ret)
{
	struct report *into = NULL;
	assert(count > 0 && count <= MERGE_REPORTS_MAX);
	int failure = check(reports, count, error);
	if (failure < 0)
		return failure;
	failure = report_new(&into);
	if (failure < 0 || !into)
		return failure;
	into->tool_name = reports[0]->tool_name;
	into->command = reports[0]->command;
	into->has_nothing_answered = true;
	for (size_t i = 0; i < count; i++)
		merge_head(into, reports[i]);
	merge_time(into, reports, count);
	note_time(into, notes);
	merge_settings(into, reports, count);
	note_settings(into, reports, count, notes);
	merge_limits(into, reports, count);
	merge_processes(into, reports, count);
	merge_streams(into, reports, count, notes);
	merge_connections(into, reports, count);
	note_expectations(reports, count, notes);
	note_marks(reports, count, notes);
	*ret = into;
	return 0;
}
