/* See trust_load.h. */
#include "view/trust_load.h"

#include <math.h>

#include "metric/limit.h"
#include "metric/report_settings.h"
#include "view/phrase.h"

/* Missed at most one message in so many. */
#define KEPT_OF 1000

static struct limit_evidence evidence_of(const struct report *report,
					 const struct report_stream *load)
{
	const struct report_generator *generator = &report->generator;
	const struct counters *totals = &load->totals;
	return (struct limit_evidence){
		.is_paced = load->schedule.is_open_loop,
		.scheduled = totals->scheduled,
		.missed_generator = totals->missed_generator,
		.missed_peer = totals->missed_peer,
		.missed_no_connection = totals->missed_no_connection,
		.send_error_p99_ns = load->latency[LATENCY_SEND_ERROR].p99_ns,
		.worker_cpu = report_is_spinning(report) ? 0 : generator->worker_cpu_max,
		.worker_wait = generator->worker_wait_max,
		.throttled = generator->throttled,
		.loop_lag_p99_ns = generator->loop_lag_p99_ns,
		.queue_overflows = totals->queue_overflows,
		.received = totals->received,
		.watched_ns = totals->tcp_watched_ns,
		.busy_ns = totals->tcp_busy_ns,
		.receiver_limited_ns = totals->tcp_receiver_limited_ns,
		.buffer_limited_ns = totals->tcp_buffer_limited_ns,
		.looks = totals->tcp_samples,
		.looks_full = totals->tcp_samples_full,
		.awaits_replies = !load->schedule.is_open_loop && totals->received > 0,
	};
}

/* Around the share in percent; only `before` where there is none. NULL: there is nothing to say. */
static const struct {
	const char *before;
	const char *after;
} sayings[LIMIT_COUNT] = {
	[LIMIT_WINDOW] = { "limited by the network (window full ", " % of the time)" },
	[LIMIT_RECEIVE_WINDOW] = { "limited by the receiver (its window was full ",
				   " % of the time)" },
	[LIMIT_CPU] = { "limited by this host (cpu: ", " % of one worker's thread)" },
	[LIMIT_LATE] = { "limited by this host (", " % of the messages were not sent in time)" },
	[LIMIT_SEND_BUFFER] = { "limited by this host (its send buffer was full ",
				" % of the time: --sndbuf, net.ipv4.tcp_wmem)" },
	[LIMIT_QUEUE] = { "limited by this host (its receive queue dropped ", " %)" },
	[LIMIT_QUOTA] = { "limited by this host (its control group's cpu quota stopped a worker ",
			  " % of the time)" },
	[LIMIT_STARVED] = { "limited by this host (others had the cpu that a worker waited for ",
			    " % of the time)" },
	[LIMIT_LAG] = { "limited by this host (it woke late)", NULL },
	[LIMIT_REPLIES] = { "limited by the time to a reply, of network and server together",
			    NULL },
	[LIMIT_UNKNOWN] = { "what limited it is unknown", NULL },
};

static void say_limit(struct limit_verdict verdict, struct clauses *clauses)
{
	const char *before = sayings[verdict.limit].before;
	const char *after = sayings[verdict.limit].after;
	if (!before)
		return;
	struct buffer *out = clauses_next(clauses);
	buffer_append_text(out, before);
	if (after)
		buffer_append_format(out, "%ld%s", lround(verdict.share * 100), after);
}

/* "here 0.6 of 8 CPUs" */
static void say_cpu(const struct report *report, struct clauses *clauses)
{
	char count[PHRASE_MAX];
	double seconds = (double)report->duration_ns / 1e9;
	double used = seconds > 0 ? report->generator.cpu_seconds / seconds : 0;
	buffer_append_format(clauses_next(clauses),
			     used < 0.095 ? "here %.2f of %s" : "here %.1f of %s", used,
			     phrase_count(report->generator.cpus, "CPU", count));
}

void trust_load(struct report *report, struct clauses *clauses)
{
	const struct report_stream *load = report_stream(report, "load");
	if (!load || !load->is_measured)
		return;
	struct limit_evidence evidence = evidence_of(report, load);
	struct limit_verdict verdict = limit_judge(&evidence);
	report->generator.limited_by = limit_who(verdict.limit);
	report->generator.limited_cause = limit_cause(verdict.limit);
	report->generator.limited_share = verdict.share;
	/* A rate that was kept asks for no limit. */
	bool is_kept = evidence.is_paced && evidence.missed_generator + evidence.missed_peer +
							    evidence.missed_no_connection <=
						    evidence.scheduled / KEPT_OF;
	/* Of datagrams what held them up is counted, and told besides. */
	bool is_counted = trust_is_of_datagrams(load);
	if (verdict.limit != LIMIT_UNKNOWN || (!is_kept && !is_counted))
		say_limit(verdict, clauses);
	if (!is_kept || !is_counted)
		say_cpu(report, clauses);
}
