/* See report_sample.h. */
#include "metric/report_sample.h"

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t answering(const struct report_sample *sample)
{
	return sample->connections - sample->silent;
}

static void take_gauges(struct report_sample *sample, const struct report_sample *from)
{
	sample->connections = from->connections;
	sample->connecting = from->connecting;
	sample->silent = from->silent;
	sample->interrupted = from->interrupted;
}

void report_sample_add(struct report_sample *into, const struct report_sample *from)
{
	into->scheduled += from->scheduled;
	into->sent += from->sent;
	into->received += from->received;
	into->lost += from->lost;
	into->missed += from->missed;
	into->unanswered += from->unanswered;
	into->connects += from->connects;
	into->failed += from->failed;
	into->bytes_sent += from->bytes_sent;
	into->bytes_received += from->bytes_received;
	into->bytes_acked += from->bytes_acked;
	into->retransmits += from->retransmits;
	into->cwnd_bytes = larger(into->cwnd_bytes, from->cwnd_bytes);
	into->rtt_p50_ns = larger(into->rtt_p50_ns, from->rtt_p50_ns);
	into->rtt_max_ns = larger(into->rtt_max_ns, from->rtt_max_ns);
	into->response_p50_ns = larger(into->response_p50_ns, from->response_p50_ns);
	into->response_p99_ns = larger(into->response_p99_ns, from->response_p99_ns);
	into->response_max_ns = larger(into->response_max_ns, from->response_max_ns);
}

struct report_sample report_sample_join(const struct report_sample *a,
					const struct report_sample *b)
{
	struct report_sample both = *b;
	if (answering(a) < answering(b) || a->interrupted > b->interrupted)
		take_gauges(&both, a);
	report_sample_add(&both, a);
	/* A window that a loss halves is back soon: the later one is where it went. */
	if (b->cwnd_bytes > 0)
		both.cwnd_bytes = b->cwnd_bytes;
	return both;
}
