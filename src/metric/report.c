/* See report.h. */
#include "metric/report.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metric/foreign.h"

#define STREAMS_AT_FIRST 4

int report_new(struct report **ret)
{
	struct report *report = calloc(1, sizeof(*report));
	if (!report)
		return -ENOMEM;
	arena_init(&report->arena);
	report->tool_name = "conntest";
	*ret = report;
	return 0;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	arena_deinit(&report->arena);
	free(report);
}

/* The list doubles; what it grew out of stays in the arena. */
struct report_stream *report_add_stream(struct report *report)
{
	assert(report->stream_count < REPORT_STREAMS_MAX);
	if (report->stream_count == report->stream_capacity) {
		const struct report_stream *before = report->streams;
		report->stream_capacity =
			report->stream_capacity ? 2 * report->stream_capacity : STREAMS_AT_FIRST;
		report->streams = arena_take_array(&report->arena, report->stream_capacity,
						   sizeof(*report->streams));
		for (uint32_t i = 0; i < report->stream_count; i++)
			report->streams[i] = before[i];
	}
	return &report->streams[report->stream_count++];
}

uint32_t report_processes_lost(const struct report *report)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < report->generator.process_count; i++)
		count += report->generator.processes[i].lost != NULL;
	return count;
}

const struct report_stream *report_stream(const struct report *report, const char *name)
{
	for (uint32_t i = 0; i < report->stream_count; i++) {
		if (strcmp(report->streams[i].name, name) == 0)
			return &report->streams[i];
	}
	return NULL;
}

const struct report_stream *report_main_stream(const struct report *report)
{
	const struct report_stream *stream = report_stream(report, "persistent");
	return stream || foreign_report(report) ? stream : report_stream(report, "load");
}

bool report_is_serving(const struct report *report)
{
	return report_stream(report, "served") && !report_stream(report, "load");
}

bool report_is_ping(const struct report *report)
{
	return report->stream_count > 0 && report->streams[0].has_ping;
}

static uint64_t lacked(const struct report_stream *stream)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < stream->error_count; i++) {
		enum outcome outcome = stream->errors[i].outcome;
		if (outcome == OUTCOME_NO_DESCRIPTORS || outcome == OUTCOME_NO_PORTS ||
		    outcome == OUTCOME_NO_MEMORY)
			count += stream->errors[i].count;
	}
	return count;
}

uint64_t report_lacked(const struct report *report)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		count += lacked(&report->streams[i]);
	return count;
}

uint64_t report_missed_here(const struct report *report)
{
	uint64_t missed = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		missed += report->streams[i].totals.missed_generator;
	return missed;
}

bool report_is_measured(const struct report *report)
{
	for (uint32_t i = 0; i < report->stream_count; i++)
		if (report->streams[i].is_measured)
			return true;
	return false;
}

const struct report_mark *report_mark_of(const struct report *report, const char *kind)
{
	for (uint32_t i = 0; i < report->mark_count; i++) {
		if (strcmp(report->marks[i].kind, kind) == 0)
			return &report->marks[i];
	}
	return NULL;
}

bool report_has_backend_names(const struct report_stream *stream)
{
	for (uint32_t i = 0; i < stream->backend_count; i++) {
		if (stream->backends[i].name)
			return true;
	}
	return false;
}

uint64_t report_answered(const struct report_stream *stream)
{
	const struct counters *totals = &stream->totals;
	uint64_t after = stream->schedule.is_open_loop ? 0 : totals->received_after;
	return totals->received > after ? totals->received - after : 0;
}
