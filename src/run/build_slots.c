#include "run/build_slots.h"

#include <stdlib.h>
#include <string.h>

#include "engine/names.h"

/* ---- by backend ---- */

/* The row of a name, added if new. Few rows, so a walk does. */
static struct report_backend *row_of(struct report_stream *stream, struct report *report,
				     const struct worker *worker, uint16_t backend)
{
	const char *name = names_text(&worker->names, backend);
	for (uint32_t i = 0; i < stream->backend_count; i++) {
		const char *known = stream->backends[i].name;
		if (known == name || (known && name && strcmp(known, name) == 0))
			return &stream->backends[i];
	}
	struct report_backend *row = &stream->backends[stream->backend_count++];
	row->name = arena_text(&report->arena, name);
	return row;
}

static void add_slot(const struct worker *worker, const struct slot_record *slot,
		     enum survival survival, struct report *report, struct report_stream *stream)
{
	struct report_backend *row =
		row_of(stream, report, worker, slot_record_first_backend(slot));
	row->slots++;
	row->survival[survival]++;
	row->lost += slot->lost;
	if (slot->longest_ns > row->longest_ns) {
		row->longest_ns = slot->longest_ns;
		row->is_longest_open = slot->is_longest_open;
	}
	if (slot->is_connected_at_end)
		row_of(stream, report, worker, slot_record_last_backend(slot))->slots_at_end++;
	stream->survival[survival]++;
	stream->reconnected += slot->reconnects > 0;
	stream->backend_changed += slot->has_backend_changed;
}

static int compare_backends(const void *left, const void *right)
{
	const struct report_backend *a = left;
	const struct report_backend *b = right;
	if (a->longest_ns != b->longest_ns)
		return a->longest_ns < b->longest_ns ? 1 : -1;
	if (a->lost != b->lost)
		return a->lost < b->lost ? 1 : -1;
	uint64_t a_broken = a->slots - a->survival[SURVIVAL_UNTOUCHED];
	uint64_t b_broken = b->slots - b->survival[SURVIVAL_UNTOUCHED];
	if (a_broken != b_broken)
		return a_broken < b_broken ? 1 : -1;
	if (!a->name || !b->name)
		return (a->name == NULL) - (b->name == NULL);
	return strcmp(a->name, b->name);
}

static uint64_t count_names(const struct build *build)
{
	uint64_t count = 1; /* and the slots without a name */
	for (unsigned w = 0; w < engine_workers(build->engine); w++)
		count += engine_worker(build->engine, w)->names.count;
	return count;
}

void build_slots(const struct build *build, struct report *report, struct report_stream *stream)
{
	stream->has_survival = true;
	stream->backends =
		arena_take_array(&report->arena, count_names(build), sizeof(*stream->backends));
	for (unsigned w = 0; w < engine_workers(build->engine); w++) {
		const struct worker *worker = engine_worker(build->engine, w);
		bool is_lost = engine_is_lost(build->engine, w);
		for (uint32_t i = 0; i < worker->slot_count; i++) {
			const struct slot_record *slot = &worker->slots[i];
			enum survival survival = is_lost ? SURVIVAL_UNKNOWN : slot->survival;
			add_slot(worker, slot, survival, report, stream);
		}
	}
	qsort(stream->backends, stream->backend_count, sizeof(*stream->backends), compare_backends);
}

/* ---- connections ---- */

static int64_t offset_of(const struct build *build, uint64_t at_ns)
{
	return at_ns ? (int64_t)(at_ns - build->begin_ns) : INT64_MIN;
}

static void add_connections(const struct build *build, const struct worker *worker,
			    const struct connection_log *log, struct report *report)
{
	for (uint32_t i = 0; i < log->count; i++) {
		const struct connection_record *from = &log->items[i];
		report->connections[report->connection_count++] = (struct report_connection){
			.slot = from->slot,
			.stream = plan_stream_name(from->stream),
			.local = from->local,
			.remote = from->remote,
			.backend = arena_text(&report->arena,
					      names_text(&worker->names, from->backend)),
			.started_ns = offset_of(build, from->started_ns),
			.connected_ns = offset_of(build, from->connected_ns),
			.ended_ns = offset_of(build, from->ended_ns),
			.outcome = from->outcome,
			.sent = from->sent,
			.received = from->received,
			.lost = from->lost,
			.retransmits = from->retransmits,
			.rtt_ns = from->rtt_ns,
		};
	}
	report->connections_omitted += log->omitted;
}

static int compare_starts(const void *left, const void *right)
{
	const struct report_connection *a = left;
	const struct report_connection *b = right;
	if (a->started_ns != b->started_ns)
		return a->started_ns < b->started_ns ? -1 : 1;
	return a->slot < b->slot ? -1 : a->slot > b->slot;
}

void build_connections(const struct build *build, struct report *report)
{
	size_t count = 1;
	for (unsigned w = 0; w < engine_workers(build->engine); w++) {
		const struct worker *worker = engine_worker(build->engine, w);
		count += worker->logs.ended.count + worker->logs.open.count;
	}
	report->connections = arena_take_array(&report->arena, count, sizeof(*report->connections));
	for (unsigned w = 0; w < engine_workers(build->engine); w++) {
		const struct worker *worker = engine_worker(build->engine, w);
		add_connections(build, worker, &worker->logs.ended, report);
		add_connections(build, worker, &worker->logs.open, report);
	}
	for (unsigned i = 0; i < engine_processes(build->engine); i++)
		report->connections_omitted += engine_process(build->engine, i)->connections;
	qsort(report->connections, report->connection_count, sizeof(*report->connections),
	      compare_starts);
	for (uint32_t i = 0; i < report->connection_count; i++)
		report->connections[i].id = i + 1;
}
