/* The sentence after "Result:" of `ping`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/units.h"
#include "view/clauses.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/ping_lines.h"
#include "view/ping_one_way.h"
#include "view/ping_text.h"
#include "view/result_traffic.h"

#define ERRORS_TOLD  4
#define TARGETS_TOLD 3

/* ---- order ---- */

struct rank {
	uint32_t index;
	double failed; /* share */
	uint64_t total_ns;
};

static int worst_first(const void *left, const void *right)
{
	const struct rank *a = left;
	const struct rank *b = right;
	if (a->failed != b->failed)
		return a->failed > b->failed ? -1 : 1;
	if (a->total_ns != b->total_ns)
		return a->total_ns > b->total_ns ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

uint32_t *ping_order(const struct report *report, struct arena *arena)
{
	uint32_t count = report->stream_count;
	struct rank *ranks = arena_take_array(arena, count, sizeof(*ranks));
	uint32_t *order = arena_take_array(arena, count, sizeof(*order));
	for (uint32_t i = 0; i < count; i++) {
		const struct report_stream *stream = &report->streams[i];
		uint64_t ended = stream->totals.sent - stream->totals.in_flight;
		ranks[i] = (struct rank){
			.index = i,
			.failed =
				ended ? (double)stream->totals.connect_failures / (double)ended : 0,
			.total_ns = stream->latency[LATENCY_TOTAL].p50_ns,
		};
	}
	qsort(ranks, count, sizeof(*ranks), worst_first);
	for (uint32_t i = 0; i < count; i++)
		order[i] = ranks[i].index;
	return order;
}

/* ---- words ---- */

static uint64_t ended(const struct report_stream *stream)
{
	return stream->totals.sent - stream->totals.in_flight;
}

/* "timed out in connect", "refused", "status 503" */
static const char *failure_words(const struct report_error *error, char text[PHRASE_MAX])
{
	if (error->outcome == OUTCOME_CONNECT_TIMEOUT || error->outcome == OUTCOME_TIMED_OUT)
		(void)snprintf(text, PHRASE_MAX, "timed out in %s", phase_name(error->phase));
	else
		(void)error_words(error, text);
	return text;
}

/* "1 timed out in connect, 2 status 503", or "14 x refused" */
static void append_failures(const struct report_stream *stream, const char *between,
			    struct clauses *clauses)
{
	char count[UNITS_TEXT_MAX], words[PHRASE_MAX];
	for (uint32_t i = 0; i < stream->error_count && i < ERRORS_TOLD; i++) {
		const struct report_error *error = &stream->errors[i];
		buffer_append_format(clauses_next(clauses), "%s%s%s",
				     units_format_grouped(error->count, count), between,
				     failure_words(error, words));
	}
}

/* ---- one target ---- */

/* "27", "8.12": as the lines have it, where that is not more than anyone compares. */
#define WHOLE_MS 10
static const char *about_ms(uint64_t ns, char text[PING_MS_MAX])
{
	if (ns < WHOLE_MS * NS_PER_MS)
		return ping_ms(ns, text);
	(void)snprintf(text, PING_MS_MAX, "%.0f", (double)ns / 1e6);
	return text;
}

/* The longest of its phases, by their medians. */
static void append_largest(const struct report_stream *stream, struct clauses *clauses)
{
	static const enum latency phases[] = { LATENCY_RESOLVE, LATENCY_CONNECT, LATENCY_TLS,
					       LATENCY_SEND,    LATENCY_WAIT,    LATENCY_TRANSFER };
	const struct report_latency *total = &stream->latency[LATENCY_TOTAL];
	enum latency largest = LATENCY_COUNT;
	unsigned count = 0;
	char part[PING_MS_MAX], whole[PING_MS_MAX];
	for (size_t i = 0; i < array_size(phases); i++) {
		const struct report_latency *latency = &stream->latency[phases[i]];
		if (latency->count == 0)
			continue;
		count++;
		if (largest == LATENCY_COUNT || latency->p50_ns > stream->latency[largest].p50_ns)
			largest = phases[i];
	}
	/* One that happened but once, on a connection that was kept, is not most of them. */
	if (count < 2 || stream->latency[largest].count * 2 <= total->count)
		return;
	buffer_append_format(clauses_next(clauses), "most of it is %s (%s of %s ms)",
			     latency_name(largest), about_ms(stream->latency[largest].p50_ns, part),
			     about_ms(total->p50_ns, whole));
}

static void append_total(const struct report_stream *stream, struct clauses *clauses)
{
	const struct report_latency *total = &stream->latency[LATENCY_TOTAL];
	char least[PING_MS_MAX], mean[PING_MS_MAX], most[PING_MS_MAX];
	if (total->count == 0)
		return;
	buffer_append_format(clauses_next(clauses), "total min %s, mean %s, max %s ms",
			     ping_ms(total->min_ns, least), ping_ms(total->mean_ns, mean),
			     ping_ms(total->max_ns, most));
}

/* "lost 3 on the way there, 2 on the way back", of those before the last answer. */
static void append_directions(const struct report_stream *stream, struct clauses *clauses)
{
	const struct counters *totals = &stream->totals;
	uint64_t counted = stream->ping.peer_counted;
	char there[UNITS_TEXT_MAX], back[UNITS_TEXT_MAX];
	if (counted == 0 || totals->lost == 0)
		return;
	buffer_append_format(
		clauses_next(clauses), "lost %s on the way there, %s on the way back",
		units_format_grouped(totals->forward_lost, there),
		units_format_grouped(counted > totals->received ? counted - totals->received : 0,
				     back));
}

/* Of datagrams: what else became of answers, and how evenly they came. */
static void append_datagrams(const struct report_stream *stream, struct clauses *clauses)
{
	const struct report_latency *jitter = &stream->latency[LATENCY_JITTER];
	const struct counters *totals = &stream->totals;
	const struct {
		uint64_t count;
		const char *what;
	} odd[] = { { totals->late, "too late" },
		    { totals->duplicate, "more than once" },
		    { totals->reordered, "out of order" } };
	char count[UNITS_TEXT_MAX], mean[PING_MS_MAX], most[PING_MS_MAX];
	for (size_t i = 0; i < array_size(odd); i++)
		if (odd[i].count > 0)
			buffer_append_format(clauses_next(clauses), "%s came %s",
					     units_format_grouped(odd[i].count, count),
					     odd[i].what);
	cleanup(buffer_deinit) struct buffer ways;
	buffer_init(&ways, 4096);
	ping_one_way_of_all(stream, &ways);
	if (ways.size > 0)
		buffer_append_text(clauses_next(clauses), buffer_text(&ways));
	if (jitter->count > 0)
		buffer_append_format(clauses_next(clauses), "jitter mean %s, max %s ms",
				     ping_ms(jitter->mean_ns, mean), ping_ms(jitter->max_ns, most));
}

static void result_one(const struct report_stream *stream, struct buffer *out)
{
	char answered[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX];
	struct clauses failures, clauses;
	buffer_append_format(out, "%s of %s answered",
			     units_format_grouped(stream->totals.received, answered),
			     units_format_grouped(ended(stream), all));
	clauses_init(&failures, out, ", ");
	failures.has_one = true;
	append_failures(stream, " ", &failures);
	if (stream->ping.is_stopped)
		buffer_append_format(out, ", stopped after %" PRIu64 " failures in a row",
				     stream->ping.failures_in_a_row);
	clauses_init(&clauses, out, "; ");
	clauses.has_one = true;
	append_total(stream, &clauses);
	append_directions(stream, &clauses);
	append_datagrams(stream, &clauses);
	if (!stream->latency[LATENCY_JITTER]
		     .is_measured) /* of datagrams all but the wait is ours */
		append_largest(stream, &clauses);
}

/* ---- several ---- */

/* "http://b:80/: 3 of 5 good (2 timed out in connect)" */
static void append_bad(const struct report_stream *stream, struct clauses *clauses)
{
	char answered[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX];
	struct clauses failures;
	struct buffer *out = clauses_next(clauses);
	if (stream->totals.received == 0)
		buffer_append_format(out, "%s: none of %s good", stream->target,
				     units_format_grouped(ended(stream), all));
	else
		buffer_append_format(out, "%s: %s of %s good", stream->target,
				     units_format_grouped(stream->totals.received, answered),
				     units_format_grouped(ended(stream), all));
	buffer_append_text(out, " (");
	clauses_init(&failures, out, ", ");
	append_failures(stream, " ", &failures);
	buffer_append_text(out, ")");
}

static void append_slowest(const struct report *report, struct clauses *clauses)
{
	const struct report_stream *slowest = NULL;
	char median[PING_MS_MAX];
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (stream->latency[LATENCY_TOTAL].count == 0)
			continue;
		if (!slowest ||
		    stream->latency[LATENCY_TOTAL].p50_ns > slowest->latency[LATENCY_TOTAL].p50_ns)
			slowest = stream;
	}
	if (slowest)
		buffer_append_format(clauses_next(clauses), "slowest: %s, %s ms in the middle",
				     slowest->target,
				     ping_ms(slowest->latency[LATENCY_TOTAL].p50_ns, median));
}

static void result_many(const struct report *report, struct buffer *out)
{
	struct arena arena cleanup(arena_deinit);
	struct clauses clauses;
	uint32_t good = 0, told = 0;
	char count[PHRASE_MAX], times[UNITS_TEXT_MAX];
	arena_init(&arena);
	uint32_t *order = ping_order(report, &arena);
	for (uint32_t i = 0; i < report->stream_count; i++)
		good += report->streams[i].totals.connect_failures == 0;
	buffer_append_format(out, "%s of %s good every time", units_format_grouped(good, times),
			     phrase_count(report->stream_count, "target", count));
	clauses_init(&clauses, out, "; ");
	clauses.has_one = true;
	for (; told < report->stream_count - good && told < TARGETS_TOLD; told++)
		append_bad(&report->streams[order[told]], &clauses);
	if (told < report->stream_count - good)
		buffer_append_format(clauses_next(&clauses), "%" PRIu32 " more not always",
				     report->stream_count - good - told);
	append_slowest(report, &clauses);
}

/* ---- until it is up ---- */

static const struct report_probe *first_answer(const struct report_stream *stream)
{
	for (uint32_t i = 0; i < stream->ping.probe_count; i++)
		if (!stream->ping.probes[i].has_failed)
			return &stream->ping.probes[i];
	return NULL;
}

/* "up after 4.5 s (200 in 2.14 ms); before: 14 x refused, 4 x status 503" */
static void result_up(const struct report_stream *stream, struct buffer *out)
{
	char after[PHRASE_MAX], status[PING_STATUS_MAX], total[PING_MS_MAX];
	const struct report_probe *answer = first_answer(stream);
	struct clauses failures;
	buffer_append_format(out, "up after %s",
			     phrase_duration((uint64_t)stream->ping.first_answered_ns, after));
	if (answer)
		buffer_append_format(out, " (%s in %s ms)", ping_status_text(answer, status),
				     ping_ms((uint64_t)answer->total_ns, total));
	if (stream->error_count == 0)
		return;
	buffer_append_text(out, "; before: ");
	clauses_init(&failures, out, ", ");
	append_failures(stream, " x ", &failures);
}

static void result_down(const struct report *report, const struct report_stream *stream,
			struct buffer *out)
{
	char length[PHRASE_MAX];
	struct clauses failures;
	buffer_append_format(out,
			     "not up within %s: ", phrase_duration(report->duration_ns, length));
	clauses_init(&failures, out, ", ");
	append_failures(stream, " x ", &failures);
	if (stream->error_count == 0)
		buffer_append_text(out, "no answer yet");
}

static void result_waited(const struct report *report, struct buffer *out)
{
	uint32_t up = 0;
	const struct report_stream *down = NULL;
	const struct report_stream *last = &report->streams[0];
	char after[PHRASE_MAX];
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		up += stream->totals.received > 0;
		if (stream->totals.received == 0)
			down = down ? down : stream;
		else if (stream->ping.first_answered_ns > last->ping.first_answered_ns)
			last = stream;
	}
	if (report->stream_count == 1 && !down) {
		result_up(last, out);
	} else if (report->stream_count == 1) {
		result_down(report, down, out);
	} else if (!down) {
		buffer_append_format(out, "all %" PRIu32 " targets up after %s, %s last", up,
				     phrase_duration((uint64_t)last->ping.first_answered_ns, after),
				     last->target);
	} else {
		buffer_append_format(out, "%" PRIu32 " of %" PRIu32 " targets up; %s ", up,
				     report->stream_count, down->target);
		result_down(report, down, out);
	}
}

/* ---- nothing ---- */

/* TLS says itself what is wrong, and so does an answer that broke off. */
static bool is_said(const struct report_error *error)
{
	bool is_broken_off = error->outcome == OUTCOME_RESET || error->outcome == OUTCOME_CLOSED;
	return error->why && (is_broken_off || error->outcome == OUTCOME_UNTRUSTED ||
			      error->outcome == OUTCOME_TLS || error->outcome == OUTCOME_PROTOCOL);
}

static const char *likely_cause(const struct report_stream *stream,
				const struct report_error *error)
{
	bool is_datagram = stream->latency[LATENCY_JITTER].is_measured;
	if (is_datagram && error->outcome == OUTCOME_NO_REPLY)
		return "is not there, does not answer this, or something drops the packets";
	return error_likely_cause(error);
}

static void result_nothing(const struct report *report, struct buffer *out)
{
	char host[PHRASE_MAX], words[PHRASE_MAX], count[UNITS_TEXT_MAX];
	const struct report_error *error = NULL;
	const struct report_stream *stream = NULL;
	for (uint32_t i = 0; i < report->stream_count && !error; i++) {
		stream = &report->streams[i];
		error = stream->error_count > 0 ? &stream->errors[0] : NULL;
	}
	bool is_rejected = error && error->outcome == OUTCOME_REJECTED;
	buffer_append_text(out, is_rejected ? "no answer was good" : "nothing answered");
	if (!error && report->streams[0].totals.in_flight > 0)
		buffer_append_text(out, " before it was ended");
	if (!error)
		return;
	if (error->outcome == OUTCOME_NOT_RESOLVED && error->why) {
		buffer_append_format(out, ": %s", error->why);
		return;
	}
	buffer_append_format(out, ": %s %s", failure_words(error, words),
			     units_format_grouped(error->count, count));
	const char *cause = likely_cause(stream, error);
	bool is_no_answer = error->outcome == OUTCOME_CLOSED && error->phase == PHASE_WAIT;
	if (is_said(error))
		buffer_append_format(out, " (%s: %s%s)", phrase_host(stream->target, host),
				     error->why,
				     is_no_answer ? "; no backend behind a balancer?" : "");
	else if (cause)
		buffer_append_format(out, " (%s %s)", phrase_host(stream->target, host), cause);
}

void ping_result(const struct report *report, struct buffer *out)
{
	if (report->not_measured) {
		buffer_append_format(out, "could not measure: %s", report->not_measured);
		return;
	}
	if (report->expectation_count > 0)
		result_verdict(report, out);
	if (ping_is_waiting(report))
		result_waited(report, out);
	else if (report->has_nothing_answered)
		result_nothing(report, out);
	else if (report->stream_count == 1)
		result_one(&report->streams[0], out);
	else
		result_many(report, out);
}
