/* See iperf3_read.h. */
#include "metric/iperf3_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "metric/pick.h"
#include "metric/report_latency.h"

#define SAMPLES_MAX 65536
#define SECONDS_MAX UINT64_C(7258118400) /* the year 2200 */

/* The keys of one direction: both ways at once (--bidir) have two. */
struct direction {
	const char *stream;
	const char *sent;
	const char *received;
	const char *interval;
};
static const struct direction forward = { "load", "sum_sent", "sum_received", "sum" };
static const struct direction backward = { "load-reverse", "sum_sent_bidir_reverse",
					   "sum_received_bidir_reverse", "sum_bidir_reverse" };

/* Seconds in ns. */
static uint64_t pick_seconds(struct pick *pick, const json_t *json, const char *key)
{
	double seconds = pick_real(pick, json, key);
	if (seconds < 0 || seconds > (double)PICK_MAX / 1e9) {
		(void)pick_wrong(pick, "\"%s\" is not a time", key);
		return 0;
	}
	return (uint64_t)(seconds * 1e9 + 0.5);
}

static void read_datagrams(struct pick *pick, const json_t *sum, struct counters *totals)
{
	totals->sent = pick_count(pick, sum, "packets");
	totals->lost = pick_count(pick, sum, "lost_packets");
	if (totals->lost > totals->sent)
		totals->lost = totals->sent;
	totals->received = totals->sent - totals->lost;
}

static uint64_t blocks(uint64_t bytes, const struct report_stream *stream)
{
	return stream->message_bytes > 0 ? bytes / stream->message_bytes : 0;
}

static void read_blocks(struct report_stream *stream)
{
	struct counters *totals = &stream->totals;
	totals->sent = blocks(totals->bytes_sent, stream);
	totals->received = blocks(totals->bytes_received, stream);
	if (totals->received > totals->sent)
		totals->received = totals->sent;
	totals->in_flight = totals->sent - totals->received;
}

static void read_totals(struct pick *pick, const json_t *end, const struct direction *direction,
			struct report_stream *stream)
{
	const json_t *sent = pick_object(pick, end, direction->sent);
	const json_t *received = pick_object(pick, end, direction->received);
	struct counters *totals = &stream->totals;
	totals->bytes_sent = pick_count(pick, sent, "bytes");
	totals->bytes_received = pick_count(pick, received, "bytes");
	totals->retransmitted_segments = pick_count(pick, sent, "retransmits");
	totals->connects = stream->slots;
	totals->attempts = stream->slots;
	if (strcmp(stream->transport, "udp") == 0)
		read_datagrams(pick, received ? received : pick_object(pick, end, "sum"), totals);
	else
		read_blocks(stream);
}

static void read_sample(struct pick *pick, const json_t *sum, struct report_stream *stream)
{
	struct report_sample *sample = &stream->samples[stream->sample_count++];
	uint64_t lost = pick_count(pick, sum, "lost_packets");
	uint64_t packets = pick_count(pick, sum, "packets");
	uint64_t count = blocks(pick_count(pick, sum, "bytes"), stream);
	sample->at_ns = (int64_t)pick_seconds(pick, sum, "end");
	sample->connections = stream->slots;
	sample->sent = packets > 0 ? packets : count;
	sample->lost = lost < sample->sent ? lost : sample->sent;
	sample->received = sample->sent - sample->lost;
	sample->unanswered = sample->lost;
}

static void read_samples(struct pick *pick, const json_t *intervals,
			 const struct direction *direction, struct arena *arena,
			 struct report_stream *stream)
{
	size_t count = json_array_size(intervals);
	if (count > SAMPLES_MAX) {
		(void)pick_wrong(pick, "more than %d intervals", SAMPLES_MAX);
		return;
	}
	stream->samples = arena_take_array(arena, count, sizeof(*stream->samples));
	for (size_t i = 0; i < count; i++) {
		const json_t *interval = json_array_get(intervals, i);
		const json_t *sum = pick_object(pick, interval, direction->interval);
		/* What is omitted (-O) is warm-up, and its clock begins anew. */
		if (sum && !json_is_true(json_object_get(sum, "omitted")))
			read_sample(pick, sum, stream);
	}
	if (stream->sample_count > 0)
		stream->sample_interval_ns = (uint64_t)stream->samples[0].at_ns;
}

/* What the kernel of the sender believed at the end of each interval, in us. */
static void add_rtts(struct pick *pick, const json_t *streams, struct hist *hist)
{
	for (size_t i = 0; i < json_array_size(streams); i++) {
		uint64_t rtt = pick_count(pick, json_array_get(streams, i), "rtt");
		if (rtt > 0 && rtt < hist->highest / NS_PER_US)
			hist_add(hist, rtt * NS_PER_US);
	}
}

static void read_rtts(struct pick *pick, const json_t *intervals, struct arena *arena,
		      struct report_stream *stream)
{
	struct hist *hist = arena_take(arena, HIST_STREAM_BYTES);
	hist_init(hist, HIST_STREAM_RANGE);
	for (size_t i = 0; i < json_array_size(intervals); i++)
		add_rtts(pick, pick_list(pick, json_array_get(intervals, i), "streams"), hist);
	if (hist->count > 0)
		stream->latency[LATENCY_RTT] = report_latency_of(hist, arena);
}

static void read_stream(struct pick *pick, const json_t *json, const struct direction *direction,
			struct report *report)
{
	const json_t *test = pick_object(pick, pick_object(pick, json, "start"), "test_start");
	const json_t *intervals = pick_list(pick, json, "intervals");
	const char *protocol = pick_text(pick, test, "protocol");
	struct report_stream *stream = report_add_stream(report);
	*stream = (struct report_stream){
		.name = direction->stream,
		.kind = "slots",
		.target = report->target,
		.transport = protocol && strcmp(protocol, "UDP") == 0 ? "udp" : "tcp",
		.slots = pick_count(pick, test, "num_streams"),
		.message_bytes = pick_count(pick, test, "blksize"),
		.is_measured = true,
		.interruptions.reason = "iperf3 counts none",
		.stalls.reason = "iperf3 counts none",
		.outages.reason = "iperf3 counts none",
	};
	read_totals(pick, pick_object(pick, json, "end"), direction, stream);
	read_samples(pick, intervals, direction, &report->arena, stream);
	if (direction == &forward)
		read_rtts(pick, intervals, &report->arena, stream);
}

/* "iperf3://192.0.2.1:5201": where the client went, or on the server's side who came. */
static const char *target_of(struct pick *pick, const json_t *start, struct arena *arena)
{
	const json_t *peer = pick_object(pick, start, "connecting_to");
	if (!peer)
		peer = pick_object(pick, start, "accepted_connection");
	const char *host = pick_text(pick, peer, "host");
	uint64_t port = pick_count(pick, peer, "port");
	if (!host)
		return "iperf3://";
	bool has_colon = strchr(host, ':') != NULL;
	return arena_format(arena, "iperf3://%s%s%s:%u", has_colon ? "[" : "", host,
			    has_colon ? "]" : "", (unsigned)port);
}

static void read_head(struct pick *pick, const json_t *json, struct report *report)
{
	const json_t *start = pick_object(pick, json, "start");
	const json_t *timestamp = pick_object(pick, start, "timestamp");
	const char *version = pick_text(pick, start, "version");
	uint64_t milliseconds = pick_count(pick, timestamp, "timemillisecs");
	uint64_t seconds = pick_count(pick, timestamp, "timesecs");
	report->tool_name = "iperf3";
	report->tool_version = arena_text(&report->arena, version);
	report->command = "load";
	report->target = target_of(pick, start, &report->arena);
	/* Since 3.16 the milliseconds are of the epoch, and not of the second. */
	if (seconds < SECONDS_MAX)
		report->started_unix_ns =
			(int64_t)(seconds * NS_PER_S + milliseconds % 1000 * NS_PER_MS);
}

static void read_end(struct pick *pick, const json_t *end, struct report *report)
{
	const json_t *received = pick_object(pick, end, forward.received);
	const json_t *cpu = pick_object(pick, end, "cpu_utilization_percent");
	report->duration_ns = pick_seconds(pick, received, "end");
	report->generator.cpu_seconds =
		pick_real(pick, cpu, "host_total") / 100 * (double)report->duration_ns / 1e9;
}

int iperf3_read(const json_t *json, struct report *report, struct error *error)
{
	struct pick pick = { .what = "an iperf3 result", .error = error };
	const char *failure = pick_text(&pick, json, "error");
	const json_t *end = pick_object(&pick, json, "end");
	if (failure)
		return error_set(error, EINVAL, "an iperf3 run that failed: %.200s", failure);
	if (!pick_object(&pick, end, forward.received))
		return pick_wrong(&pick, "it has no \"%s\"", forward.received);
	read_head(&pick, json, report);
	read_stream(&pick, json, &forward, report);
	if (pick_object(&pick, end, backward.received))
		read_stream(&pick, json, &backward, report);
	read_end(&pick, end, report);
	return pick.failure;
}
