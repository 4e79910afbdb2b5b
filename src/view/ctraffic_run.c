/* See ctraffic_run.h. */
#include "view/ctraffic_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"

static const struct report_stream no_stream = { .name = "" };

/* From the first connection to the beginning of -T. */
static uint64_t ramp_ns(const struct report *report)
{
	int64_t first = 0;
	for (uint32_t i = 0; i < report->connection_count; i++) {
		if (report->connections[i].started_ns < first)
			first = report->connections[i].started_ns;
	}
	return -(uint64_t)first;
}

/* ---- connections ---- */

static int compare_slots(const void *left, const void *right)
{
	const struct report_connection *a = *(const struct report_connection *const *)left;
	const struct report_connection *b = *(const struct report_connection *const *)right;
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	return (a->started_ns > b->started_ns) - (a->started_ns < b->started_ns);
}

static int compare_starts(const void *left, const void *right)
{
	const struct ctraffic_connection *a = left;
	const struct ctraffic_connection *b = right;
	if (a->started_ns != b->started_ns)
		return a->started_ns < b->started_ns ? -1 : 1;
	return a->record < b->record ? -1 : a->record > b->record;
}

static void add_connection(struct ctraffic_run *run, uint64_t ramp, int64_t started_ns,
			   const struct report_connection *record)
{
	bool is_up = record->connected_ns != INT64_MIN;
	bool has_end = record->ended_ns != INT64_MIN && (is_up || record->outcome == OUTCOME_OPEN);
	run->connections[run->connection_count++] = (struct ctraffic_connection){
		.started_ns = (uint64_t)started_ns + ramp,
		.connected_ns = is_up ? (uint64_t)record->connected_ns + ramp : 0,
		.ended_ns = has_end ? (uint64_t)record->ended_ns + ramp : run->duration_ns,
		.outcome = is_up ? record->outcome : OUTCOME_OPEN,
		.record = record,
	};
}

/* Records of one slot follow one another: attempts that failed lead to the next one. */
static void add_connections(struct ctraffic_run *run, uint64_t ramp,
			    const struct report_connection *const *records, uint32_t count)
{
	int64_t started_ns = 0;
	bool has_tried = false;
	for (uint32_t i = 0; i < count; i++) {
		bool is_last = i + 1 == count || records[i + 1]->slot != records[i]->slot;
		if (!has_tried)
			started_ns = records[i]->started_ns;
		has_tried = records[i]->connected_ns == INT64_MIN && !is_last;
		if (!has_tried)
			add_connection(run, ramp, started_ns, records[i]);
	}
	if (run->connection_count > 0)
		qsort(run->connections, run->connection_count, sizeof(*run->connections),
		      compare_starts);
}

static void take_connections(struct ctraffic_run *run, const struct report *report, uint64_t ramp)
{
	const char *name = run->stream->name;
	uint32_t count = 0;
	const struct report_connection **records =
		arena_take_array(&run->arena, report->connection_count, sizeof(void *));
	for (uint32_t i = 0; i < report->connection_count; i++) {
		if (strcmp(report->connections[i].stream, name) == 0)
			records[count++] = &report->connections[i];
	}
	if (count > 0)
		qsort(records, count, sizeof(void *), compare_slots);
	run->connections = arena_take_array(&run->arena, count, sizeof(*run->connections));
	add_connections(run, ramp, records, count);
}

/* ---- samples ---- */

static void take_samples(struct ctraffic_run *run, uint64_t ramp)
{
	const struct report_stream *stream = run->stream;
	struct ctraffic_sample sum = { 0 };
	int64_t next_ns = (int64_t)NS_PER_S;
	run->samples = arena_take_array(&run->arena, stream->sample_count, sizeof(*run->samples));
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		const struct report_sample *sample = &stream->samples[i];
		sum.sent += sample->sent;
		sum.received += sample->received;
		sum.dropped += sample->missed;
		if (sample->at_ns < next_ns)
			continue;
		next_ns = sample->at_ns + (int64_t)NS_PER_S;
		sum.time_ns = (uint64_t)sample->at_ns + ramp;
		run->samples[run->sample_count++] = sum;
	}
}

void ctraffic_run_init(struct ctraffic_run *run, const struct report *report)
{
	const struct report_stream *stream = report_main_stream(report);
	uint64_t ramp = ramp_ns(report);
	*run = (struct ctraffic_run){
		.stream = stream ? stream : &no_stream,
		.started_unix_ns = report->started_unix_ns - (int64_t)ramp,
		.duration_ns = report->duration_ns + ramp,
	};
	arena_init(&run->arena);
	take_connections(run, report, ramp);
	take_samples(run, ramp);
}

void ctraffic_run_deinit(struct ctraffic_run *run)
{
	arena_deinit(&run->arena);
}
