/* See trust.h. */
#include "view/trust.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/attributes.h"
#include "base/outcome.h"
#include "base/units.h"
#include "metric/foreign.h"
#include "metric/limit.h"
#include "metric/report_settings.h"
#include "sys/limits.h"
#include "view/clauses.h"
#include "view/foreign_text.h"
#include "view/phrase.h"
#include "view/target_text.h"
#include "view/trust_load.h"

/* From where on the figures are partly, and mostly, those of this host. */
#define WEAK_LATE_NS  (10 * NS_PER_MS)
#define BAD_LATE_NS   (100 * NS_PER_MS)
#define WEAK_LAG_NS   (20 * NS_PER_MS)
#define STILL_NS      (100 * NS_PER_MS)
#define LATE_NS       NS_PER_MS
#define BAD_MISSED_OF 100 /* one message in so many */

static uint64_t scheduled(const struct report *report)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		count += report->streams[i].totals.scheduled;
	return count;
}

static bool was_cut_short(const struct report *report)
{
	return report->is_interrupted && report->duration_ns < report->planned_duration_ns;
}

/* What this host can run out of while it measures, and what to do. */
static const struct {
	enum outcome outcome;
	const char *advice;
} lacks[] = {
	{ OUTCOME_NO_DESCRIPTORS, "raise ulimit -n" },
	{ OUTCOME_NO_PORTS, "give more --source addresses, or widen net.ipv4.ip_local_port_range" },
	{ OUTCOME_NO_MEMORY, "lower -c, or give it more" },
};

static uint64_t attempts_ended(const struct report *report, enum outcome outcome)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		for (uint32_t k = 0; k < report->streams[i].error_count; k++)
			if (report->streams[i].errors[k].outcome == outcome)
				count += report->streams[i].errors[k].count;
	return count;
}

/* More than one message in a hundred was late, and no connection was what it waited for. */
static bool is_late_for_want_of_cpu(const struct report_stream *load)
{
	const struct counters *totals = &load->totals;
	return (totals->sent_late - totals->held_up) * 100 > totals->sent;
}

/* How late this host was. In a load messages also wait for connections that are not free, which
 * says nothing against it: there it is its loop that tells. */
static uint64_t own_lateness_ns(const struct report *report)
{
	const struct report_generator *generator = &report->generator;
	const struct report_stream *load = report_stream(report, "load");
	if (!load || (is_late_for_want_of_cpu(load) &&
		      generator->send_error_p99_ns > generator->loop_lag_p99_ns))
		return generator->send_error_p99_ns;
	return generator->loop_lag_p99_ns;
}

static const char *verdict(const struct report *report)
{
	const struct report_generator *generator = &report->generator;
	uint64_t late_ns = own_lateness_ns(report);
	uint64_t missed = report_missed_here(report);
	bool has_missed_much = missed > scheduled(report) / BAD_MISSED_OF;
	if (foreign_report(report))
		return "weak";
	if (report->has_nothing_answered || !report_is_measured(report) || late_ns > BAD_LATE_NS ||
	    (missed > 0 && has_missed_much) || report_lacked(report) > 0 ||
	    report_processes_lost(report) > 0)
		return "bad";
	bool was_slow = late_ns > WEAK_LATE_NS || generator->loop_lag_p99_ns > WEAK_LAG_NS ||
			generator->loop_lag_max_ns > STILL_NS || missed > 0;
	bool has_overflown = report_stream(report, "served") && generator->listen_overflows > 0;
	bool was_deaf =
		generator->receive_queue_overflows > 0 || has_overflown || report->limit_count > 0;
	return was_slow || was_deaf || was_cut_short(report) ? "weak" : "good";
}

/* "13 missed for want of a connection, none for want of cpu" */
static void trust_missed(const struct counters *totals, struct clauses *clauses)
{
	const struct {
		uint64_t count;
		const char *reason;
		bool is_always_told;
	} causes[] = {
		{ totals->missed_no_connection, "for want of a connection", false },
		{ totals->missed_peer, "because the peer took no more", false },
		{ totals->missed_generator, "for want of cpu", true },
	};
	const char *missed = "missed ";
	char count[PHRASE_MAX];
	if (totals->missed_no_connection + totals->missed_peer + totals->missed_generator == 0) {
		buffer_append_text(clauses_next(clauses), "none missed");
		return;
	}
	for (size_t i = 0; i < array_size(causes); i++) {
		if (causes[i].count == 0 && !causes[i].is_always_told)
			continue;
		buffer_append_format(clauses_next(clauses), "%s %s%s",
				     phrase_none(causes[i].count, count), missed, causes[i].reason);
		missed = "";
	}
}

static void trust_schedule(const struct report *report, const struct report_stream *stream,
			   struct clauses *clauses)
{
	char late[UNITS_TEXT_MAX];
	if (!stream->schedule.is_open_loop || stream->totals.scheduled == 0)
		return;
	buffer_append_format(clauses_next(clauses), "sent p99 %s ms late",
			     units_format_ms(report->generator.send_error_p99_ns, late));
	clauses->separator = ", ";
	trust_missed(&stream->totals, clauses);
	clauses->separator = "; ";
}

/* "8,431 requests went late, for want of a free connection, none for want of cpu" */
static void trust_late(const struct report_stream *load, struct clauses *clauses)
{
	char count[PHRASE_MAX], held[UNITS_TEXT_MAX];
	uint64_t late = load->totals.sent_late;
	if (late == 0)
		return;
	struct buffer *out = clauses_next(clauses);
	buffer_append_format(out, "%s went late, ", phrase_count(late, message_noun(load), count));
	if (load->totals.held_up == 0)
		buffer_append_text(out, "for want of cpu");
	else if (load->totals.held_up == late)
		buffer_append_text(out, "for want of a free connection, none for want of cpu");
	else
		buffer_append_format(out, "%s for want of a free connection, the others of cpu",
				     units_format_grouped(load->totals.held_up, held));
}

/* Of a load: how messages kept to their schedule, and what held them up. */
static void trust_pace(const struct report *report, const struct report_stream *load,
		       struct clauses *clauses)
{
	bool is_sending = load->latency[LATENCY_SEND_ERROR].is_measured;
	if (!load->schedule.is_open_loop || load->totals.scheduled == 0 || !is_sending)
		return;
	if (own_lateness_ns(report) > LATE_NS || load->totals.sent_late == 0)
		trust_schedule(report, load, clauses);
	trust_late(load, clauses);
	if (own_lateness_ns(report) <= LATE_NS && load->totals.sent_late > 0 &&
	    report_missed_here(report) + load->totals.missed_peer +
			    load->totals.missed_no_connection >
		    0) {
		clauses->separator = ", ";
		trust_missed(&load->totals, clauses);
		clauses->separator = "; ";
	}
}

/* "times are ±0.1 s (one message per 100 ms and client)" */
static void trust_resolution(const struct report_stream *stream, struct clauses *clauses)
{
	char resolution[PHRASE_MAX], interval[PHRASE_MAX];
	uint64_t resolution_ns = stream->interruptions.resolution_ns;
	if (!stream->interruptions.is_measured || resolution_ns == 0)
		return;
	buffer_append_format(clauses_next(clauses), "times are %s %s (one message per %s and %s)",
			     phrase_resolution(resolution_ns, resolution),
			     resolution_ns < NS_PER_MS ? "ms" : "s",
			     phrase_interval(resolution_ns, interval),
			     strcmp(stream->transport, "udp") == 0 ? "flow" : "client");
}

/* What this host kept from being sent says nothing of the path. */
static void trust_probes_missed(const struct counters *totals, struct clauses *clauses)
{
	char count[PHRASE_MAX];
	if (totals->missed_generator > 0)
		buffer_append_format(clauses_next(clauses), "%s not sent for want of cpu",
				     phrase_count(totals->missed_generator, "UDP probe", count));
	if (totals->missed_no_connection > 0)
		buffer_append_format(
			clauses_next(clauses), "%s that this host did not let out",
			phrase_count(totals->missed_no_connection, "UDP probe", count));
}

static void trust_path(const struct report_stream *stream, struct clauses *clauses)
{
	char expected[PHRASE_MAX];
	trust_probes_missed(&stream->totals, clauses);
	if (!stream->is_measured)
		buffer_append_format(
			clauses_next(clauses), "no UDP probe%s%s%s", stream->reason ? " (" : "",
			stream->reason ? stream->reason : "", stream->reason ? ")" : "");
	else if (stream->outages.is_measured && stream->outages.expected_false > 0.01)
		buffer_append_format(clauses_next(clauses),
				     "%s path outages to be expected by chance",
				     phrase_number(stream->outages.expected_false, 2, expected));
}

static void trust_short(const struct report *report, struct clauses *clauses)
{
	char length[PHRASE_MAX], planned[PHRASE_MAX];
	if (was_cut_short(report))
		buffer_append_format(clauses_next(clauses), "interrupted after %s of %s",
				     phrase_duration(report->duration_ns, length),
				     phrase_duration(report->planned_duration_ns, planned));
}

/* Who kept it from its cpu, where it was late and what limited it was not that. */
static void trust_wait(const struct report_generator *generator, struct clauses *clauses)
{
	enum limit limit = limit_of_wait(generator->worker_wait_max, generator->throttled);
	const char *limited = generator->limited_cause;
	bool is_told = limited && strcmp(limited, limit_cause(limit)) == 0;
	double share = generator->worker_wait_max < 1 ? generator->worker_wait_max : 1;
	if (limit == LIMIT_UNKNOWN || is_told)
		return;
	buffer_append_format(clauses_next(clauses),
			     limit == LIMIT_QUOTA
				     ? "its control group's cpu quota stopped it %ld %% of the time"
				     : "others had the cpu that it waited for %ld %% of the time",
			     lround(share * 100));
}

static void trust_host(const struct report *report, struct clauses *clauses)
{
	const struct report_generator *generator = &report->generator;
	const struct report_stream *load = report_stream(report, "load");
	uint64_t late_ns = load ? WEAK_LATE_NS : WEAK_LAG_NS;
	bool is_told = load && trust_is_of_intake(load);
	char text[PHRASE_MAX];
	if (generator->receive_queue_overflows > 0 && !is_told)
		buffer_append_format(
			clauses_next(clauses), "%s dropped by this host's receive queue",
			phrase_count(generator->receive_queue_overflows, "datagram", text));
	if (generator->loop_lag_p99_ns > late_ns)
		buffer_append_format(clauses_next(clauses), "this program woke p99 %s ms late",
				     units_format_ms(generator->loop_lag_p99_ns, text));
	if (generator->loop_lag_max_ns > STILL_NS)
		buffer_append_format(clauses_next(clauses),
				     "this program stood still for up to %s ms",
				     units_format_ms(generator->loop_lag_max_ns, text));
	if (generator->loop_lag_p99_ns > late_ns || generator->loop_lag_max_ns > STILL_NS)
		trust_wait(generator, clauses);
	if (report_is_spinning(report))
		buffer_append_text(clauses_next(clauses),
				   "the workers spin (--spin), so that cpu figures say nothing");
	if (generator->events_dropped > 0)
		buffer_append_format(clauses_next(clauses), "%s not told",
				     phrase_count(generator->events_dropped, "event", text));
}

/* "this host was out of local ports 12 times (give more ...)" */
static void trust_lacks(const struct report *report, struct clauses *clauses)
{
	char times[PHRASE_MAX];
	for (size_t i = 0; i < array_size(lacks); i++) {
		uint64_t count = attempts_ended(report, lacks[i].outcome);
		if (count > 0)
			buffer_append_format(clauses_next(clauses), "this host was %s %s (%s)",
					     outcome_sentence(lacks[i].outcome),
					     phrase_count(count, "time", times), lacks[i].advice);
	}
}

#define PROCESSES_TOLD_MAX 3

/* "process 3 of 8 was killed by signal 9 (SIGKILL) after 12.3 s, with 9,000 connections" */
static void trust_process(const struct report_generator *generator,
			  const struct report_process *process, struct clauses *clauses)
{
	char length[PHRASE_MAX], count[PHRASE_MAX];
	struct buffer *out = clauses_next(clauses);
	buffer_append_format(out, "process %" PRIu64 " of %" PRIu32 " %s ", process->index,
			     generator->process_count, process->lost);
	if (process->lost_ns > 0)
		buffer_append_format(out, "after %s",
				     phrase_duration((uint64_t)process->lost_ns, length));
	else
		buffer_append_text(out, "in the ramp");
	buffer_append_format(out, ", with %s",
			     phrase_count(process->connections, "connection", count));
}

static void trust_processes(const struct report *report, struct clauses *clauses)
{
	const struct report_generator *generator = &report->generator;
	uint32_t lost = report_processes_lost(report);
	uint32_t told = 0;
	for (uint32_t i = 0; i < generator->process_count && told < PROCESSES_TOLD_MAX; i++) {
		if (!generator->processes[i].lost)
			continue;
		trust_process(generator, &generator->processes[i], clauses);
		told++;
	}
	if (lost > told)
		buffer_append_format(clauses_next(clauses), "and so %" PRIu32 " more", lost - told);
	if (lost > 0)
		buffer_append_text(clauses_next(clauses),
				   lost == 1 ? "what it had measured is kept"
					     : "what they had measured is kept");
}

/* "12 clients turned away by --max-connections" */
static void trust_limit(const struct report_limit *limit, struct clauses *clauses)
{
	char count[PHRASE_MAX];
	bool is_option = strcmp(limit->name, "descriptors") != 0;
	buffer_append_format(clauses_next(clauses), "%s turned away by %s%s",
			     phrase_count(limit->count, "client", count), is_option ? "--" : "",
			     is_option ? limit->name : "ulimit -n");
}

/* "3 listen-queue overflows (4 may wait: sysctl -w net.core.somaxconn=4096)" */
static void trust_listen_queue(const struct report_generator *generator, struct clauses *clauses)
{
	char count[PHRASE_MAX];
	struct buffer *out = clauses_next(clauses);
	uint64_t wanted = 2 * generator->listen_queue;
	if (wanted < LIMITS_LISTEN_QUEUE_USUAL)
		wanted = LIMITS_LISTEN_QUEUE_USUAL;
	if (generator->listen_overflows == 0) {
		buffer_append_text(out, "no listen-queue overflow");
		return;
	}
	buffer_append_text(
		out, phrase_count(generator->listen_overflows, "listen-queue overflow", count));
	if (generator->listen_queue > 0)
		buffer_append_format(
			out, " (%" PRIu64 " may wait: sysctl -w net.core.somaxconn=%" PRIu64 ")",
			generator->listen_queue, wanted);
}

/* "no limit was reached, no listen-queue overflow, 0.04 of 2 CPUs" */
static void trust_served(const struct report *report, struct clauses *clauses)
{
	const struct report_generator *generator = &report->generator;
	char count[PHRASE_MAX];
	double seconds = (double)report->duration_ns / 1e9;
	clauses->separator = ", ";
	for (uint32_t i = 0; i < report->limit_count; i++)
		trust_limit(&report->limits[i], clauses);
	if (report->limit_count == 0)
		buffer_append_text(clauses_next(clauses), "no limit was reached");
	trust_listen_queue(generator, clauses);
	buffer_append_format(clauses_next(clauses), "%.2f of %s",
			     seconds > 0 ? generator->cpu_seconds / seconds : 0.0,
			     phrase_count(generator->cpus, "CPU", count));
}

/* "OTLP http://a:4318: 2 of 5 requests not taken (refused)": the run is none the worse for it. */
static void trust_pushes(const struct report *report, struct clauses *clauses)
{
	char dropped[UNITS_TEXT_MAX], sent[PHRASE_MAX];
	for (uint32_t i = 0; i < report->push_count; i++) {
		const struct report_push *push = &report->pushes[i];
		bool is_statsd = strcmp(push->kind, "StatsD") == 0;
		if (push->dropped == 0)
			continue;
		buffer_append_format(
			clauses_next(clauses), "%s %s: %s of %s not taken (%s)", push->kind,
			push->to, units_format_grouped(push->dropped, dropped),
			phrase_count(push->sent, is_statsd ? "datagram" : "request", sent),
			push->trouble ? push->trouble : "no answer in time");
	}
}

static void trust_clauses(struct report *report, struct clauses *clauses)
{
	const struct report_stream *slots = report_main_stream(report);
	const struct report_stream *attempts = report_stream(report, "new");
	const struct report_stream *path = report_stream(report, "path");
	const struct report_stream *load = report_stream(report, "load");
	const struct report_stream *paced = slots ? slots : attempts;
	if (foreign_report(report)) {
		buffer_append_text(clauses_next(clauses), foreign_evidence(report));
		return;
	}
	if (!report->not_measured)
		trust_lacks(report, clauses);
	trust_processes(report, clauses);
	if (report->has_nothing_answered || !report_is_measured(report)) {
		buffer_append_text(clauses_next(clauses), "there was nothing to measure");
		return;
	}
	trust_short(report, clauses);
	if (report_is_serving(report))
		trust_served(report, clauses);
	trust_load(report, clauses);
	if (load && trust_is_of_datagrams(load))
		trust_datagrams(load, clauses);
	else if (load)
		trust_pace(report, load, clauses);
	else if (paced)
		trust_schedule(report, paced, clauses);
	if (slots && !load)
		trust_resolution(slots, clauses);
	if (path)
		trust_path(path, clauses);
	trust_host(report, clauses);
	trust_pushes(report, clauses);
}

void trust_build(struct report *report, struct buffer *scratch)
{
	struct clauses clauses;
	clauses_init(&clauses, scratch, "; ");
	trust_clauses(report, &clauses);
	report->generator.verdict = verdict(report);
	report->generator.evidence = arena_text(&report->arena, buffer_text(scratch));
	report->trust = arena_format(&report->arena, "%s%s%s", report->generator.verdict,
				     clauses.has_one ? ": " : "", report->generator.evidence);
}
