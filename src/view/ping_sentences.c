/* The headline and the Trust line of `ping`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/units.h"
#include "metric/report_settings.h"
#include "view/clauses.h"
#include "view/phrase.h"
#include "view/ping_lines.h"
#include "view/ping_text.h"

/* From where on the figures are partly, and mostly, those of this host. */
#define WEAK_DELAY_NS (10 * NS_PER_MS)
#define BAD_DELAY_NS  (100 * NS_PER_MS)
#define HOUR_S        3600
#define DAY_S         86400

bool ping_is_waiting(const struct report *report)
{
	const char *wait = report_setting(report, "wait");
	return wait && strcmp(wait, "0") != 0;
}

/* ---- headline ---- */

static void head_remote(const struct report_ping *ping, struct clauses *clauses)
{
	char remote[ENDPOINT_TEXT_MAX];
	if (!ping->remote.family)
		return;
	struct buffer *out = clauses_next(clauses);
	buffer_append_text(out, ping->remote.port ? endpoint_format(&ping->remote, remote)
						  : endpoint_format_address(&ping->remote, remote));
	if (ping->addresses > 1)
		buffer_append_format(out, " (first of %" PRIu64 " addresses)", ping->addresses);
}

/* "certificate good for 61 days", "certificate ended 3 hours ago" */
static void head_certificate(const struct report *report, int64_t until_s, struct clauses *clauses)
{
	int64_t left_s = until_s - report->started_unix_ns / (int64_t)NS_PER_S;
	uint64_t length_s = left_s < 0 ? (uint64_t)-left_s : (uint64_t)left_s;
	char length[PHRASE_MAX];
	if (length_s < 2 * (uint64_t)DAY_S)
		(void)phrase_count(length_s / HOUR_S, "hour", length);
	else
		(void)phrase_count(length_s / DAY_S, "day", length);
	if (left_s < 0)
		buffer_append_format(clauses_next(clauses), "certificate ended %s ago", length);
	else
		buffer_append_format(clauses_next(clauses), "certificate good for %s", length);
}

static void head_found(const struct report *report, const struct report_stream *stream,
		       struct clauses *clauses)
{
	const struct report_ping *ping = &stream->ping;
	head_remote(ping, clauses);
	if (ping->protocol)
		buffer_append_text(clauses_next(clauses), ping->protocol);
	if (ping->tls_version && strncmp(ping->tls_version, "TLSv", 4) == 0)
		buffer_append_format(clauses_next(clauses), "TLS %s", ping->tls_version + 4);
	else if (ping->tls_version)
		buffer_append_text(clauses_next(clauses), ping->tls_version);
	if (ping->certificate_until_s != INT64_MIN)
		head_certificate(report, ping->certificate_until_s, clauses);
}

void ping_headline(const struct report *report, struct buffer *out)
{
	char date[DATE_TEXT_MAX], length[PHRASE_MAX], interval[UNITS_TEXT_MAX];
	const struct report_stream *first = &report->streams[0];
	struct clauses clauses;
	if (report->stream_count > 1)
		buffer_append_format(out, "ping %" PRIu32 " targets  every %s",
				     report->stream_count,
				     units_format_time(first->schedule.interval_ns, interval));
	else
		buffer_append_format(out, "ping %s  ", first->target);
	clauses_init(&clauses, out, ", ");
	clauses.has_one = report->stream_count > 1;
	if (report->stream_count == 1)
		head_found(report, first, &clauses);
	if (ping_is_waiting(report) && report->duration_ns > 0)
		buffer_append_format(clauses_next(&clauses), "waited %s",
				     phrase_duration(report->duration_ns, length));
	else
		buffer_append_text(out, clauses.has_one ? "; ms," : "ms,");
	buffer_append_format(out, " from %s", date_format_ms(report->started_unix_ns, date));
}

/* ---- trust ---- */

/* Of targets whose round trips have it in them: between the kernel's stamps it is not. */
static uint64_t own_delay_ns(const struct report *report)
{
	uint64_t delay_ns = 0;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_ping *ping = &report->streams[i].ping;
		if (!ping->has_kernel_stamps && ping->own_delay_max_ns > delay_ns)
			delay_ns = ping->own_delay_max_ns;
	}
	return delay_ns;
}

static bool has_stamps_alone(const struct report *report)
{
	for (uint32_t i = 0; i < report->stream_count; i++)
		if (!report->streams[i].ping.has_kernel_stamps)
			return false;
	return true;
}

/* Neither a good answer nor one that was not as it was to be. */
static bool has_nothing_heard(const struct report *report)
{
	uint64_t rejected = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		rejected += report->streams[i].totals.rejected;
	return report->has_nothing_answered && rejected == 0;
}

static const char *verdict(const struct report *report)
{
	uint64_t delay_ns = own_delay_ns(report);
	if (has_nothing_heard(report) || report_lacked(report) > 0 || delay_ns > BAD_DELAY_NS)
		return "bad";
	return delay_ns > WEAK_DELAY_NS || report_missed_here(report) > 0 ? "weak" : "good";
}

static bool is_over_streams(const struct report_stream *stream)
{
	return stream->latency[LATENCY_CONNECT].is_measured;
}

static void trust_connections(const struct report *report, struct clauses *clauses)
{
	const struct report_stream *first = &report->streams[0];
	char count[PHRASE_MAX];
	bool is_mixed = false;
	uint64_t again = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		if (report->streams[i].totals.connects > 1)
			again += report->streams[i].totals.connects - 1;
	for (uint32_t i = 1; i < report->stream_count; i++)
		is_mixed |= is_over_streams(&report->streams[i]) != is_over_streams(first) ||
			    report->streams[i].ping.is_kept != first->ping.is_kept;
	if (is_mixed || !is_over_streams(first))
		return;
	if (!first->ping.is_kept)
		buffer_append_text(clauses_next(clauses), "new connection each time");
	else if (again == 0)
		buffer_append_text(clauses_next(clauses), "one connection for all of a target");
	else
		buffer_append_format(clauses_next(clauses),
				     "connections were kept, but had to be made again %s",
				     phrase_count(again, "time", count));
}

/* Whoever waits also waits for the way there and back. */
static void trust_wait(const struct report_stream *stream, struct clauses *clauses)
{
	const struct report_latency *connect = &stream->latency[LATENCY_CONNECT];
	if (stream->latency[LATENCY_WAIT].count == 0 || connect->count == 0)
		return;
	buffer_append_format(clauses_next(clauses),
			     "wait = server time + 1 round trip (about %.2f ms by connect)",
			     (double)connect->p50_ns / 1e6);
}

static void trust_delay(const struct report *report, struct clauses *clauses)
{
	char delay[PING_MS_MAX], count[PHRASE_MAX];
	if (has_stamps_alone(report))
		buffer_append_text(
			clauses_next(clauses),
			"round trips by the kernel's stamps, without this host's own delay");
	else
		buffer_append_format(clauses_next(clauses), "own delay at most %s ms",
				     ping_ms(own_delay_ns(report), delay));
	if (report_missed_here(report) > 0)
		buffer_append_format(clauses_next(clauses),
				     "%s not begun: this host was held up, or too many were "
				     "in flight",
				     phrase_count(report_missed_here(report), "probe", count));
}

static void trust_clauses(const struct report *report, struct clauses *clauses)
{
	char interval[PHRASE_MAX], count[PHRASE_MAX];
	const char *insecure = report_setting(report, "insecure");
	if (report_lacked(report) > 0)
		buffer_append_format(clauses_next(clauses), "this host lacked what %s needed",
				     phrase_count(report_lacked(report), "probe", count));
	if (ping_is_waiting(report)) {
		buffer_append_format(
			clauses_next(clauses), "asked every %s s",
			phrase_number((double)report->streams[0].schedule.interval_ns / 1e9, 2,
				      interval));
	} else if (has_nothing_heard(report)) {
		buffer_append_text(clauses_next(clauses), "there was nothing to measure");
	} else {
		trust_delay(report, clauses);
		trust_connections(report, clauses);
		if (report->stream_count == 1)
			trust_wait(&report->streams[0], clauses);
	}
	if (insecure && strcmp(insecure, "true") == 0)
		buffer_append_text(clauses_next(clauses), "certificates were not verified (-k)");
}

void ping_sentences(struct report *report)
{
	cleanup(buffer_deinit) struct buffer out;
	struct clauses clauses;
	buffer_init(&out, CLAUSES_MAX);
	ping_headline(report, &out);
	report->headline = arena_text(&report->arena, buffer_text(&out));
	buffer_clear(&out);
	ping_result(report, &out);
	report->result = arena_text(&report->arena, buffer_text(&out));
	buffer_clear(&out);
	clauses_init(&clauses, &out, "; ");
	trust_clauses(report, &clauses);
	report->generator.verdict = verdict(report);
	report->generator.evidence = arena_text(&report->arena, buffer_text(&out));
	report->trust = arena_format(&report->arena, "%s%s%s", report->generator.verdict,
				     clauses.has_one ? ": " : "", report->generator.evidence);
}
