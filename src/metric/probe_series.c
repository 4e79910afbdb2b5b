#include "metric/probe_series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "base/status.h"
#include "metric/error_rows.h"
#include "metric/report_errors.h"
#include "metric/report_latency.h"

/* Histograms: one a phase, then these. */
enum { HIST_TOTAL = PROBE_PHASES, HIST_JITTER, HISTS };

/* Answered ones are kept in the first half of the list, every `stride`th; failed ones in the
 * second, the first that come. */
struct kept {
	struct probe_result *items;
	uint32_t half;
	uint32_t answered;
	uint32_t failed;
	uint64_t stride;
	uint64_t omitted;
};

struct probe_series {
	struct probe_series_setup setup;
	struct counters counters;
	struct error_row errors[ERROR_ROWS_MAX];
	struct status_row statuses[STATUS_ROWS_MAX];
	struct kept kept;
	struct probe_result newest;
	struct report_ping found; /* its texts are these: */
	char protocol[sizeof((struct probe_result){ 0 }.protocol)];
	char tls_version[sizeof((struct probe_result){ 0 }.tls_version)];
	uint64_t highest;       /* number that was answered */
	uint64_t transit_ns;    /* of the answer before; 0: there is none */
	uint64_t failures;      /* in a row */
	uint64_t first_good_ns; /* when the first answer was whole; 0: none was */
	void *hists;
};

static struct hist *hist_of(const struct probe_series *series, unsigned which)
{
	return (struct hist *)(void *)((char *)series->hists + which * HIST_STREAM_BYTES);
}

int probe_series_new(const struct probe_series_setup *setup, struct probe_series **ret)
{
	struct probe_series *series = calloc(1, sizeof(*series));
	int result = series ? pages_new(HISTS * HIST_STREAM_BYTES, PAGES_PRIVATE, &series->hists)
			    : -ENOMEM;
	if (result >= 0) {
		series->setup = *setup;
		series->kept.half = setup->kept_max / 2;
		series->kept.stride = 1;
		series->kept.items = calloc(setup->kept_max, sizeof(*series->kept.items));
		series->found.certificate_until_s = INT64_MIN;
		for (unsigned i = 0; i < HISTS; i++)
			hist_init(hist_of(series, i), HIST_STREAM_RANGE);
		result = series->kept.items ? 0 : -ENOMEM;
	}
	if (result < 0) {
		probe_series_free(series);
		return result;
	}
	*ret = series;
	return 0;
}

void probe_series_free(struct probe_series *series)
{
	if (!series)
		return;
	pages_free(series->hists, HISTS * HIST_STREAM_BYTES);
	free(series->kept.items);
	free(series);
}

/* ---- a result ---- */

static bool is_good(const struct probe_result *result)
{
	return result->outcome == OUTCOME_DONE;
}

/* In one space of numbers, as answers of all protocols are counted (base/status.h). */
static uint32_t status_of(const struct probe_result *result)
{
	bool is_health = result->health >= 0 && result->health != 1; /* SERVING */
	switch (result->status_of) {
	case PROBE_STATUS_GRPC:
		if (result->status == 0 && is_health)
			return STATUS_HEALTH + (uint32_t)result->health;
		return STATUS_GRPC + result->status;
	case PROBE_STATUS_DNS:
		return STATUS_DNS + result->status;
	case PROBE_STATUS_HTTP:
	case PROBE_STATUS_SOCKET:
		return result->status;
	default:
		return 0;
	}
}

static enum phase phase_of(enum probe_phase phase)
{
	static const enum phase phases[PROBE_PHASES] = {
		[PROBE_RESOLVE] = PHASE_RESOLVE, [PROBE_CONNECT] = PHASE_CONNECT,
		[PROBE_TLS] = PHASE_TLS,         [PROBE_SEND] = PHASE_SEND,
		[PROBE_WAIT] = PHASE_WAIT,       [PROBE_TRANSFER] = PHASE_TRANSFER,
	};
	return phases[phase];
}

static uint64_t end_of(const struct probe_result *result)
{
	return result->started_ns + probe_total(result) + result->failed_after_ns;
}

/* Of equal stride over all that were answered: when their half is full, every second one goes. */
static void keep_answered(struct kept *kept, const struct probe_result *result)
{
	if ((result->number - 1) % kept->stride != 0) {
		kept->omitted++;
		return;
	}
	if (kept->answered == kept->half) {
		kept->answered = 0;
		kept->stride *= 2;
		for (uint32_t i = 0; i < kept->half; i++)
			if ((kept->items[i].number - 1) % kept->stride == 0)
				kept->items[kept->answered++] = kept->items[i];
			else
				kept->omitted++;
		keep_answered(kept, result);
		return;
	}
	kept->items[kept->answered++] = *result;
}

static void keep(struct kept *kept, const struct probe_result *result)
{
	if (is_good(result))
		keep_answered(kept, result);
	else if (kept->failed < kept->half)
		kept->items[kept->half + kept->failed++] = *result;
	else
		kept->omitted++;
}

/* Nothing came, as far as it was waited for. */
static bool is_silence(enum outcome outcome)
{
	return outcome == OUTCOME_CONNECT_TIMEOUT || outcome == OUTCOME_TIMED_OUT ||
	       outcome == OUTCOME_NO_REPLY;
}

static void count_failure(struct probe_series *series, const struct probe_result *result)
{
	struct counters *counters = &series->counters;
	bool has_status = result->outcome == OUTCOME_REJECTED;
	uint64_t at_ns = end_of(result);
	struct error_row row = {
		.phase = phase_of(result->failed_in),
		.outcome = result->outcome,
		.code = has_status ? status_of(result) : 0,
		.count = 1,
		.first_ns = at_ns,
		.last_ns = at_ns,
	};
	size_t size = strnlen(result->why, sizeof(row.why) - 1);
	memcpy(row.why, result->why, size);
	error_rows_add(series->errors, &row);
	series->failures++;
	counters->connect_failures++;
	counters->lost += is_silence(result->outcome);
	counters->rejected += has_status;
	counters->corrupted += result->outcome == OUTCOME_CORRUPTED;
}

/* RFC 3550, 6.4.1: by how much the transit of two answers differs that came one after the other,
 * without its smoothing. */
static void count_jitter(struct probe_series *series, uint64_t transit_ns)
{
	uint64_t before_ns = series->transit_ns;
	series->transit_ns = transit_ns;
	if (before_ns)
		hist_add(hist_of(series, HIST_JITTER),
			 transit_ns > before_ns ? transit_ns - before_ns : before_ns - transit_ns);
}

/* What the target has not counted of all up to this one was lost on the way there. */
static void count_directions(struct probe_series *series, const struct probe_result *result)
{
	uint64_t counted = result->peer_count;
	if (counted == 0)
		return;
	series->found.peer_counted = counted;
	series->counters.forward_lost =
		result->own_count > counted ? result->own_count - counted : 0;
}

static void count_answer(struct probe_series *series, const struct probe_result *result)
{
	uint64_t total_ns = probe_total(result);
	series->counters.received++;
	series->failures = 0;
	hist_add(hist_of(series, HIST_TOTAL), total_ns);
	if (!series->first_good_ns)
		series->first_good_ns = end_of(result);
	if (!series->setup.is_datagram)
		return;
	series->counters.reordered += result->number < series->highest;
	if (result->number > series->highest) {
		series->highest = result->number;
		count_directions(series, result);
	}
	count_jitter(series, result->phase_ns[PROBE_WAIT]);
}

static void copy_text(const char **place, const char *text)
{
	if (*text)
		*place = text;
}

/* What one did not find out does not undo what another one did. */
void report_ping_found(const struct probe_result *result, struct report_ping *ret)
{
	if (result->remote.family)
		ret->remote = result->remote;
	if (result->addresses)
		ret->addresses = result->addresses;
	copy_text(&ret->protocol, result->protocol);
	copy_text(&ret->tls_version, result->tls_version);
	if (result->certificate_until_s != PROBE_UNKNOWN)
		ret->certificate_until_s = result->certificate_until_s;
	if (result->tcp_mss_bytes)
		ret->tcp_mss_bytes = result->tcp_mss_bytes;
	if (result->tcp_path_mtu_bytes)
		ret->tcp_path_mtu_bytes = result->tcp_path_mtu_bytes;
	if (result->tcp_rtt_min_ns &&
	    (!ret->tcp_rtt_min_ns || result->tcp_rtt_min_ns < ret->tcp_rtt_min_ns))
		ret->tcp_rtt_min_ns = result->tcp_rtt_min_ns;
	if (result->own_ns > ret->own_delay_max_ns)
		ret->own_delay_max_ns = result->own_ns;
	ret->has_kernel_stamps |= result->has_kernel_stamps;
}

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

/* The texts of a result do not outlive it. */
static void take_found(struct probe_series *series, const struct probe_result *result)
{
	struct report_ping *found = &series->found;
	report_ping_found(result, found);
	if (found->protocol == result->protocol)
		memcpy(series->protocol, result->protocol, sizeof(series->protocol));
	if (found->tls_version == result->tls_version)
		memcpy(series->tls_version, result->tls_version, sizeof(series->tls_version));
	found->protocol = text_or_null(series->protocol);
	found->tls_version = text_or_null(series->tls_version);
}

void probe_series_add(struct probe_series *series, const struct probe_result *result)
{
	uint32_t status = status_of(result);
	series->newest = *result;
	series->counters.sent++;
	series->counters.attempts++;
	series->counters.bytes_received += result->body_bytes;
	series->counters.retransmitted_segments += result->tcp_retransmits;
	for (unsigned i = 0; i < PROBE_PHASES; i++)
		if (probe_has(result, i))
			hist_add(hist_of(series, i), result->phase_ns[i]);
	series->counters.connects += probe_has(result, PROBE_CONNECT);
	if (status)
		status_rows_add(series->statuses, status, 1);
	if (is_good(result))
		count_answer(series, result);
	else
		count_failure(series, result);
	take_found(series, result);
	keep(&series->kept, result);
}

void probe_series_stray(struct probe_series *series, enum probe_stray kind)
{
	if (kind == PROBE_STRAY_LATE)
		series->counters.late++;
	else
		series->counters.duplicate++;
}

/* ---- how it stands ---- */

const struct counters *probe_series_counters(const struct probe_series *series)
{
	return &series->counters;
}

const struct hist *probe_series_total(const struct probe_series *series)
{
	return hist_of(series, HIST_TOTAL);
}

uint64_t probe_series_failures_in_a_row(const struct probe_series *series)
{
	return series->failures;
}

const struct probe_result *probe_series_newest(const struct probe_series *series)
{
	return series->counters.sent > 0 ? &series->newest : NULL;
}

/* ---- in a report ---- */

static void times_of(const struct probe_result *result, struct report_probe *ret)
{
	for (unsigned i = 0; i < PROBE_PHASES; i++)
		ret->phase_ns[i] = probe_has(result, i) ? (int64_t)result->phase_ns[i] : INT64_MIN;
	bool is_whole = !ret->has_failed || result->outcome == OUTCOME_REJECTED;
	ret->total_ns = is_whole ? (int64_t)probe_total(result) : INT64_MIN;
	ret->failed_after_ns = is_whole ? INT64_MIN : (int64_t)result->failed_after_ns;
}

void report_probe_of(const struct probe_result *result, uint64_t begin_ns, struct report_probe *ret)
{
	*ret = (struct report_probe){
		.number = result->number,
		.at_ns = (int64_t)(result->due_ns - begin_ns),
		.outcome = result->outcome,
		.has_failed = !is_good(result),
		.failed_in = phase_of(result->failed_in),
		.status = status_of(result),
		.body_bytes = result->body_bytes,
		.is_cut = result->is_cut,
		.is_kept = result->is_kept,
		.ttl = result->ttl,
		.why = text_or_null(result->why),
		.location = text_or_null(result->location),
		.remote = result->remote,
		.forward_ns = result->forward_ns,
		.backward_ns = result->backward_ns,
		.clock_error_ns = result->clock_error_ns,
	};
	times_of(result, ret);
}

static int by_number(const void *left, const void *right)
{
	const struct report_probe *a = left;
	const struct report_probe *b = right;
	return (a->number > b->number) - (a->number < b->number);
}

static void give_kept(const struct probe_series *series, struct arena *arena,
		      struct report_ping *ping)
{
	const struct kept *kept = &series->kept;
	ping->probes =
		arena_take_array(arena, kept->answered + kept->failed + 1, sizeof(*ping->probes));
	for (uint32_t i = 0; i < kept->half + kept->failed; i++) {
		struct report_probe *probe = &ping->probes[ping->probe_count];
		if (i >= kept->answered && i < kept->half)
			continue;
		report_probe_of(&kept->items[i], series->setup.begin_ns, probe);
		probe->why = arena_text(arena, probe->why);
		probe->location = arena_text(arena, probe->location);
		ping->probe_count++;
	}
	qsort(ping->probes, ping->probe_count, sizeof(*ping->probes), by_number);
	ping->probes_omitted = kept->omitted;
}

static void give_ping(const struct probe_series *series, uint64_t late_max_ns, struct arena *arena,
		      struct report_ping *ping)
{
	struct report_ping planned = *ping;
	*ping = series->found;
	ping->timeout_ns = planned.timeout_ns;
	ping->is_kept = planned.is_kept;
	ping->is_stopped = planned.is_stopped;
	ping->protocol = arena_text(arena, ping->protocol);
	ping->tls_version = arena_text(arena, ping->tls_version);
	ping->failures_in_a_row = series->failures;
	if (late_max_ns > ping->own_delay_max_ns)
		ping->own_delay_max_ns = late_max_ns;
	ping->first_answered_ns =
		series->first_good_ns ? (int64_t)(series->first_good_ns - series->setup.begin_ns)
				      : INT64_MIN;
	give_kept(series, arena, ping);
}

static void give_latencies(const struct probe_series *series, struct report *report,
			   struct report_stream *stream)
{
	static const enum latency latencies[HISTS] = {
		[PROBE_RESOLVE] = LATENCY_RESOLVE, [PROBE_CONNECT] = LATENCY_CONNECT,
		[PROBE_TLS] = LATENCY_TLS,         [PROBE_SEND] = LATENCY_SEND,
		[PROBE_WAIT] = LATENCY_WAIT,       [PROBE_TRANSFER] = LATENCY_TRANSFER,
		[HIST_TOTAL] = LATENCY_TOTAL,      [HIST_JITTER] = LATENCY_JITTER,
	};
	for (unsigned i = 0; i < HISTS; i++)
		if (stream->latency[latencies[i]].is_measured)
			stream->latency[latencies[i]] =
				report_latency_of(hist_of(series, i), &report->arena);
}

void probe_series_give(const struct probe_series *series,
		       const struct probe_series_schedule *schedule, struct report *report,
		       struct report_stream *stream)
{
	stream->totals = series->counters;
	stream->totals.scheduled = schedule->due;
	stream->totals.missed_generator = schedule->skipped;
	stream->totals.in_flight = schedule->in_flight;
	stream->totals.sent += schedule->in_flight;
	stream->totals.attempts += schedule->in_flight;
	give_latencies(series, report, stream);
	report_errors_fill(report, stream, series->errors, series->setup.begin_ns);
	report_statuses_fill(report, stream, series->statuses);
	give_ping(series, schedule->late_max_ns, &report->arena, &stream->ping);
}
