#include "run/build_intervals.h"

#include <math.h>
#include <stdlib.h>

#include "metric/report_intervals.h"

/* ---- one kind of one stream ---- */

static int compare_slots(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;
	return a < b ? -1 : a > b;
}

static uint64_t count_slots(const struct report_interval *list, uint32_t count)
{
	uint64_t different = 0;
	uint32_t *slots = calloc(count ? count : 1, sizeof(*slots));
	if (!slots)
		abort();
	for (uint32_t i = 0; i < count; i++)
		slots[i] = list[i].slot;
	qsort(slots, count, sizeof(*slots), compare_slots);
	for (uint32_t i = 0; i < count; i++)
		different += i == 0 || slots[i] != slots[i - 1];
	free(slots);
	return different;
}

static struct report_interval interval_of(const struct build *build, const struct worker *worker,
					  const struct interval *from, struct arena *arena)
{
	return (struct report_interval){
		.start_ns = (int64_t)(from->start_ns - build->begin_ns),
		.end_ns = (int64_t)(from->end_ns - build->begin_ns),
		.unanswered = from->unanswered,
		.forward_lost = from->forward_lost,
		.slot = from->slot,
		.backend = arena_text(arena, names_text(&worker->names, from->backend)),
		.is_open = from->is_open,
		.has_forward = from->has_forward,
	};
}

static bool is_wanted(const struct interval *interval, enum plan_stream which,
		      enum interval_kind kind)
{
	return interval->kind == kind && interval->stream == which;
}

static uint32_t count_wanted(const struct build *build, enum plan_stream which,
			     enum interval_kind kind)
{
	uint32_t count = 0;
	for (unsigned w = 0; w < engine_workers(build->engine); w++) {
		const struct interval_log *log = &engine_worker(build->engine, w)->logs.intervals;
		for (uint32_t i = 0; i < log->count; i++)
			count += is_wanted(&log->items[i], which, kind);
	}
	return count;
}

static void collect(const struct build *build, enum plan_stream which, enum interval_kind kind,
		    struct arena *arena, struct report_intervals *ret)
{
	uint32_t count = count_wanted(build, which, kind);
	ret->list = arena_take_array(arena, count ? count : 1, sizeof(*ret->list));
	for (unsigned w = 0; w < engine_workers(build->engine); w++) {
		const struct worker *worker = engine_worker(build->engine, w);
		for (uint32_t i = 0; i < worker->logs.intervals.count; i++)
			if (is_wanted(&worker->logs.intervals.items[i], which, kind))
				ret->list[ret->list_count++] = interval_of(
					build, worker, &worker->logs.intervals.items[i], arena);
	}
	report_intervals_sort(ret);
}

static void add_totals(const struct build *build, enum plan_stream which, enum interval_kind kind,
		       struct report_intervals *intervals)
{
	for (unsigned w = 0; w < engine_workers(build->engine); w++) {
		const struct interval_totals *totals =
			&engine_worker(build->engine, w)->logs.intervals.totals[which][kind];
		intervals->count += totals->count;
		intervals->open += totals->open;
		intervals->total_ns += totals->total_ns;
		if (totals->max_ns > intervals->max_ns)
			intervals->max_ns = totals->max_ns;
	}
}

/* The list is capped, the totals are not. */
static void take(const struct build *build, enum plan_stream which, enum interval_kind kind,
		 struct arena *arena, struct report_intervals *intervals)
{
	collect(build, which, kind, arena, intervals);
	add_totals(build, which, kind, intervals);
	intervals->is_measured = true;
	intervals->slots = count_slots(intervals->list, intervals->list_count);
	intervals->list_omitted = intervals->count - intervals->list_count;
}

/* Runs of K losses that chance alone makes at the loss seen outside outages: each probe begins one
 * with probability p^K (1 - p). */
static double expected_by_chance(const struct report_stream *stream, uint32_t outage_after)
{
	uint64_t in_outages = 0;
	for (uint32_t i = 0; i < stream->outages.list_count; i++)
		in_outages += stream->outages.list[i].unanswered;
	const struct counters *totals = &stream->totals;
	if (totals->sent <= in_outages || totals->lost <= in_outages)
		return 0;
	double outside = (double)(totals->sent - in_outages);
	double loss = (double)(totals->lost - in_outages) / outside;
	return outside * pow(loss, outage_after) * (1 - loss);
}

static void build_outages(const struct build *build, enum plan_stream which, struct report *report,
			  struct report_stream *stream)
{
	struct report_intervals *outages = &stream->outages;
	take(build, which, INTERVAL_OUTAGE, &report->arena, outages);
	outages->resolution_ns = stream->schedule.interval_ns;
	if (which == PLAN_PATH) {
		report_intervals_group(outages, stream->slots);
		outages->expected_false =
			expected_by_chance(stream, build->plan->path.outage_after);
	}
	outages->is_measured = stream->is_measured;
	outages->reason = stream->reason;
	report_intervals_cut(outages);
}

void build_intervals(const struct build *build, enum plan_stream which, struct report *report,
		     struct report_stream *stream)
{
	if (which == PLAN_SERVED || which == PLAN_PROBE)
		return;
	if (which != build->plan->slots_stream) {
		build_outages(build, which, report, stream);
		return;
	}
	if (!stream->latency[LATENCY_SERVICE].is_measured) {
		stream->interruptions.reason = stream->stalls.reason = "nothing is answered";
		return;
	}
	if (!stream->latency[LATENCY_RESPONSE].is_measured)
		stream->interruptions.reason = "nothing is due at a time in a closed loop";
	else
		take(build, which, INTERVAL_INTERRUPTION, &report->arena, &stream->interruptions);
	stream->interruptions.resolution_ns = stream->schedule.interval_ns;
	report_intervals_cut(&stream->interruptions);
	if (build->plan->slots.transport == TRANSPORT_UDP) {
		stream->stalls.reason = "datagrams have no order in which to stall";
		return;
	}
	take(build, which, INTERVAL_STALL, &report->arena, &stream->stalls);
	report_intervals_cut(&stream->stalls);
}
