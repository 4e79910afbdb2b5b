/* See report_merge_stream.h. */
#include "metric/report_merge_stream.h"

#include <stdlib.h>
#include <string.h>

#include "metric/report_intervals.h"
#include "metric/report_latency.h"
#include "metric/report_receiver.h"
#include "metric/report_sample.h"
#include "metric/report_tcp.h"

#define SAMPLES_MAX 3600

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

int64_t merge_shift_ns(const struct merge *merge, size_t report)
{
	return merge->reports[report]->started_unix_ns - merge->into->started_unix_ns;
}

int64_t merge_moment(int64_t moment_ns, int64_t shift_ns)
{
	return moment_ns == INT64_MIN ? INT64_MIN : moment_ns + shift_ns;
}

/* Attempts are numbered by themselves; all else by slots and flows. */
static uint64_t numbers(const struct report_stream *stream)
{
	return strcmp(stream->kind, "attempts") == 0 ? stream->totals.attempts : stream->slots;
}

uint32_t merge_first_slot(const struct merge *merge, size_t report, const char *stream)
{
	uint64_t first = 0;
	for (size_t i = 0; i < report; i++) {
		const struct report_stream *before = report_stream(merge->reports[i], stream);
		first += before ? numbers(before) : 0;
	}
	return (uint32_t)first;
}

void merge_survival(uint64_t into[SURVIVAL_COUNT], const uint64_t from[SURVIVAL_COUNT])
{
	for (unsigned i = 0; i < SURVIVAL_COUNT; i++)
		into[i] += from[i];
}

/* ---- intervals ---- */

/* `offset` is that of the intervals in the stream. */
static const struct report_intervals *intervals_at(const struct report_stream *stream,
						   size_t offset)
{
	return (const void *)((const char *)stream + offset);
}

static void add_intervals(struct report_intervals *into, const struct report_intervals *from,
			  int64_t shift_ns, uint32_t first_slot)
{
	into->count += from->count;
	into->total_ns += from->total_ns;
	into->open += from->open;
	into->slots += from->slots;
	into->expected_false += from->expected_false;
	into->max_ns = larger(into->max_ns, from->max_ns);
	into->resolution_ns = larger(into->resolution_ns, from->resolution_ns);
	into->list_omitted += from->list_omitted;
	for (uint32_t i = 0; i < from->list_count; i++) {
		struct report_interval interval = from->list[i];
		interval.start_ns += shift_ns;
		interval.end_ns += shift_ns;
		interval.slot += first_slot;
		into->list[into->list_count++] = interval;
	}
}

/* Measured where all measured them. */
static void merge_intervals(const struct merge *merge, struct report_stream *stream, size_t offset)
{
	struct report_intervals *into = (void *)((char *)stream + offset);
	size_t room = 0;
	*into = (struct report_intervals){ .is_measured = true };
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		if (from && !intervals_at(from, offset)->is_measured) {
			*into = (struct report_intervals){
				.reason = intervals_at(from, offset)->reason
			};
			return;
		}
		room += from ? intervals_at(from, offset)->list_count : 0;
	}
	into->list = arena_take_array(&merge->into->arena, room, sizeof(*into->list));
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		if (from)
			add_intervals(into, intervals_at(from, offset), merge_shift_ns(merge, i),
				      merge_first_slot(merge, i, stream->name));
	}
	report_intervals_sort(into);
	report_intervals_cut(into);
}

/* ---- latencies ---- */

/* False when a report has figures alone, or a histogram that does not fit them. */
static bool add_latency(struct hist *hist, struct hist *scratch,
			const struct report_latency *latency)
{
	if (latency->count == 0)
		return latency->is_measured;
	hist_clear(scratch);
	if (!latency->is_measured || report_latency_hist(latency, NULL, scratch) < 0)
		return false;
	hist_merge(hist, scratch);
	return true;
}

static struct hist *new_hist(void)
{
	struct hist *hist = calloc(1, HIST_STREAM_BYTES);
	if (!hist)
		abort();
	hist_init(hist, HIST_STREAM_RANGE);
	return hist;
}

static bool merge_latency(const struct merge *merge, struct report_stream *stream,
			  enum latency which)
{
	struct hist *hist = new_hist();
	struct hist *scratch = new_hist();
	bool is_whole = true;
	bool is_measured = false;
	for (size_t i = 0; i < merge->count && is_whole; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		is_measured |= from && from->latency[which].is_measured;
		if (from && from->is_measured)
			is_whole = add_latency(hist, scratch, &from->latency[which]);
	}
	if (is_whole && is_measured)
		stream->latency[which] = report_latency_of(hist, &merge->into->arena);
	free(scratch);
	free(hist);
	return is_whole || !is_measured;
}

static void merge_latencies(const struct merge *merge, struct report_stream *stream,
			    struct buffer *notes)
{
	for (enum latency i = 0; i < LATENCY_COUNT; i++) {
		if (!merge_latency(merge, stream, i))
			buffer_append_format(
				notes, "; not merged: %s.%s, of which a report has no histogram",
				stream->name, latency_name(i));
	}
}

/* ---- samples ---- */

/* What is now, at the end of a sample: the last one that falls in it counts. */
static void add_gauges(struct report_sample *into, const struct report_sample *from)
{
	into->connections += from->connections;
	into->connecting += from->connecting;
	into->silent += from->silent;
	into->interrupted += from->interrupted;
}

/* Longer until there are few enough: whole multiples of the longest that any report has. */
static uint64_t sample_interval(const struct merge *merge, const char *name)
{
	uint64_t interval_ns = 0;
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], name);
		if (from && from->sample_count > 0)
			interval_ns = larger(interval_ns, from->sample_interval_ns);
	}
	while (interval_ns > 0 && merge->into->duration_ns / interval_ns >= SAMPLES_MAX)
		interval_ns *= 2;
	return interval_ns;
}

/* By the middle of the sample: an end may be a little late. */
static uint32_t place_of(const struct report_stream *stream, const struct report_stream *from,
			 uint32_t sample, int64_t shift_ns)
{
	int64_t middle_ns =
		from->samples[sample].at_ns + shift_ns - (int64_t)(from->sample_interval_ns / 2);
	uint64_t place = middle_ns > 0 ? (uint64_t)middle_ns / stream->sample_interval_ns : 0;
	return place < stream->sample_count ? (uint32_t)place : stream->sample_count - 1;
}

static void add_samples(struct report_stream *stream, const struct report_stream *from,
			int64_t shift_ns)
{
	for (uint32_t i = 0; i < from->sample_count; i++) {
		uint32_t place = place_of(stream, from, i, shift_ns);
		bool is_last = i + 1 == from->sample_count ||
			       place_of(stream, from, i + 1, shift_ns) != place;
		report_sample_add(&stream->samples[place], &from->samples[i]);
		if (is_last)
			add_gauges(&stream->samples[place], &from->samples[i]);
	}
}

static void merge_samples(const struct merge *merge, struct report_stream *stream)
{
	uint64_t interval_ns = sample_interval(merge, stream->name);
	if (interval_ns == 0)
		return;
	stream->sample_interval_ns = interval_ns;
	stream->sample_count =
		(uint32_t)((merge->into->duration_ns + interval_ns - 1) / interval_ns);
	stream->sample_count = stream->sample_count > 0 ? stream->sample_count : 1;
	stream->samples = arena_take_array(&merge->into->arena, stream->sample_count,
					   sizeof(*stream->samples));
	for (uint32_t i = 0; i < stream->sample_count; i++)
		stream->samples[i].at_ns = (int64_t)((i + 1) * interval_ns);
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		if (from)
			add_samples(stream, from, merge_shift_ns(merge, i));
	}
}

/* ---- rates ---- */

/* Of the report's bytes those that came while all ran: as large a part as that of the messages. */
static double bytes_in_overlap(const struct merge *merge, size_t report,
			       const struct report_stream *from)
{
	const struct report *into = merge->into;
	int64_t shift_ns = merge_shift_ns(merge, report);
	int64_t begin_ns = 0; /* the last start */
	double all = 0;
	double inside = 0;
	for (size_t i = 0; i < merge->count; i++) {
		int64_t start_ns = merge_shift_ns(merge, i);
		begin_ns = start_ns > begin_ns ? start_ns : begin_ns;
	}
	int64_t end_ns = begin_ns + (int64_t)into->overlap_ns;
	for (uint32_t i = 0; i < from->sample_count; i++) {
		const struct report_sample *sample = &from->samples[i];
		int64_t middle_ns =
			sample->at_ns + shift_ns - (int64_t)(from->sample_interval_ns / 2);
		all += (double)sample->received;
		if (middle_ns >= begin_ns && middle_ns < end_ns)
			inside += (double)sample->received;
	}
	/* Without samples, evenly. */
	double share = (double)into->overlap_ns /
		       (double)larger(merge->reports[report]->duration_ns, into->overlap_ns);
	struct goodput goodput;
	(void)report_goodput_bytes(from, &goodput);
	return (double)goodput.bytes * (all > 0 ? inside / all : share);
}

static void merge_rates(const struct merge *merge, struct report_stream *stream)
{
	double bytes = 0;
	for (size_t i = 0; i < merge->count && merge->into->overlap_ns > 0; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		if (!from)
			continue;
		bytes += bytes_in_overlap(merge, i, from);
		stream->schedule.rate_per_second += from->schedule.rate_per_second;
	}
	stream->rate_bytes = (uint64_t)bytes;
}

/* ---- TCP ---- */

static void merge_tcp(const struct merge *merge, struct report_stream *stream)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		if (from && from->tcp.is_measured)
			report_tcp_merge(&merge->into->arena, &from->tcp, &stream->tcp);
	}
}

static void merge_receivers(const struct merge *merge, struct report_stream *stream)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		if (from)
			report_receiver_merge(&from->receiver, &stream->receiver);
	}
}

/* ---- datagrams ---- */

/* The median of all is not known from those of each: it stays 0. */
static void merge_datagrams(const struct merge *merge, struct report_stream *stream)
{
	struct report_datagrams *into = &stream->datagrams;
	*into = (struct report_datagrams){ .first_lost_ns = INT64_MIN,
					   .last_lost_ns = INT64_MIN,
					   .has_overflows = true,
					   .has_network_lost = true };
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *stream_from =
			report_stream(merge->reports[i], stream->name);
		if (!stream_from || !stream_from->datagrams.is_measured)
			continue;
		const struct report_datagrams *from = &stream_from->datagrams;
		int64_t first_ns = merge_moment(from->first_lost_ns, merge_shift_ns(merge, i));
		int64_t last_ns = merge_moment(from->last_lost_ns, merge_shift_ns(merge, i));
		into->is_measured = true;
		into->counted_by = from->counted_by;
		into->lost += from->lost;
		into->bursts += from->bursts;
		into->longest_burst = larger(into->longest_burst, from->longest_burst);
		into->longest_burst_ns = larger(into->longest_burst_ns, from->longest_burst_ns);
		if (into->first_lost_ns == INT64_MIN ||
		    (first_ns != INT64_MIN && first_ns < into->first_lost_ns))
			into->first_lost_ns = first_ns;
		if (last_ns > into->last_lost_ns)
			into->last_lost_ns = last_ns;
		into->has_overflows &= from->has_overflows;
		into->has_network_lost &= from->has_network_lost;
		/* Both may have been dropped by the same socket, which counts for all its flows. */
		if (into->receiver_overflows > 0 && from->receiver_overflows > 0)
			into->has_overflows = into->has_network_lost = false;
		into->receiver_overflows =
			larger(into->receiver_overflows, from->receiver_overflows);
		into->network_lost += from->network_lost;
	}
	into->has_overflows &= into->is_measured;
	into->has_network_lost &= into->is_measured;
}

/* ---- a stream ---- */

static void add_totals(struct report_stream *stream, const struct report_stream *from)
{
	counters_merge(&stream->totals, &from->totals);
	stream->slots += from->slots;
	stream->has_survival |= from->has_survival;
	merge_survival(stream->survival, from->survival);
	stream->reconnected += from->reconnected;
	stream->backend_changed += from->backend_changed;
	stream->is_measured |= from->is_measured;
	stream->message_bytes = larger(stream->message_bytes, from->message_bytes);
	stream->schedule.interval_ns =
		larger(stream->schedule.interval_ns, from->schedule.interval_ns);
	stream->schedule.changed += from->schedule.changed;
	stream->schedule.paused_ns = larger(stream->schedule.paused_ns, from->schedule.paused_ns);
}

/* Who answers, and how, is what the first found; probes belong to their own run, and are counted
 * as left out. */
static void merge_ping(const struct merge *merge, struct report_stream *stream,
		       const struct report_stream *first)
{
	struct report_ping *ping = &stream->ping;
	stream->has_ping = first->has_ping;
	*ping = first->ping;
	ping->probes = NULL;
	ping->probe_count = 0;
	ping->probes_omitted = 0;
	ping->peer_counted = 0;
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], stream->name);
		if (!from)
			continue;
		ping->own_delay_max_ns =
			larger(ping->own_delay_max_ns, from->ping.own_delay_max_ns);
		ping->peer_counted += from->ping.peer_counted;
		ping->probes_omitted += from->ping.probe_count + from->ping.probes_omitted;
	}
}

static void merge_stream(const struct merge *merge, const struct report_stream *first,
			 struct buffer *notes)
{
	struct report_stream *stream = report_add_stream(merge->into);
	*stream = (struct report_stream){
		.name = first->name,
		.kind = first->kind,
		.target = merge->into->target,
		.transport = first->transport,
		.schedule.is_open_loop = first->schedule.is_open_loop,
		.reason = first->reason,
	};
	for (size_t i = 0; i < merge->count; i++) {
		const struct report_stream *from = report_stream(merge->reports[i], first->name);
		if (from)
			add_totals(stream, from);
	}
	merge_intervals(merge, stream, offsetof(struct report_stream, interruptions));
	merge_intervals(merge, stream, offsetof(struct report_stream, stalls));
	merge_intervals(merge, stream, offsetof(struct report_stream, outages));
	if (strcmp(stream->kind, "probes") == 0 && stream->outages.is_measured)
		report_intervals_group(&stream->outages, stream->slots);
	merge_datagrams(merge, stream);
	merge_latencies(merge, stream, notes);
	merge_samples(merge, stream);
	merge_rates(merge, stream);
	merge_lists(merge, stream);
	merge_tcp(merge, stream);
	merge_receivers(merge, stream);
	merge_ping(merge, stream, first);
	if (stream->has_ping)
		stream->target = first->target;
}

void merge_streams(struct report *into, const struct report *const *reports, size_t count,
		   struct buffer *notes)
{
	struct merge merge = { .into = into, .reports = reports, .count = count };
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < reports[i]->stream_count; k++) {
			const struct report_stream *stream = &reports[i]->streams[k];
			if (report_stream(into, stream->name))
				continue;
			if (into->stream_count == REPORT_STREAMS_MAX)
				buffer_append_format(notes, "; not merged: stream %s, one too many",
						     stream->name);
			else
				merge_stream(&merge, stream, notes);
		}
	}
}
