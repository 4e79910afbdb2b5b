#include "view/statsd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/statsd_batch.h"

static uint64_t risen(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

static uint64_t bits_a_second(uint64_t bytes, uint64_t elapsed_ns)
{
	if (elapsed_ns == 0)
		return 0;
	return (uint64_t)((double)bytes * 8 * (double)NS_PER_S / (double)elapsed_ns);
}

void statsd_between(const struct counters *before, const struct counters *now, uint64_t elapsed_ns,
		    enum statsd_side side, struct statsd_figures *ret)
{
	*ret = (struct statsd_figures){
		.opened = risen(before->connects, now->connects),
		.bytes_received = risen(before->bytes_received, now->bytes_received),
		.bytes_sent = risen(before->bytes_sent, now->bytes_sent),
		.reads = risen(before->reads, now->reads),
		.writes = risen(before->writes, now->writes),
		.messages_received = risen(before->received, now->received),
		.messages_sent = risen(before->sent, now->sent),
	};
	ret->bits_in = bits_a_second(ret->bytes_received, elapsed_ns);
	ret->bits_out = bits_a_second(ret->bytes_sent, elapsed_ns);
	if (side == STATSD_INCOMING)
		ret->connections_in = now->connections;
	else
		ret->connections_out = now->connections;
}

void statsd_add(struct statsd_figures *into, const struct statsd_figures *from)
{
	into->opened += from->opened;
	into->bytes_received += from->bytes_received;
	into->bytes_sent += from->bytes_sent;
	into->reads += from->reads;
	into->writes += from->writes;
	into->messages_received += from->messages_received;
	into->messages_sent += from->messages_sent;
	into->connections_in += from->connections_in;
	into->connections_out += from->connections_out;
	into->bits_in += from->bits_in;
	into->bits_out += from->bits_out;
}

const char *statsd_tags(const char *stream, const char *target, char text[STATSD_TAGS_MAX])
{
	*text = '\0';
	(void)statsd_tag("stream", stream, text);
	return statsd_tag("target", target, text);
}

const char *statsd_tag(const char *name, const char *value, char text[STATSD_TAGS_MAX])
{
	size_t place = strlen(text);
	(void)snprintf(text + place, STATSD_TAGS_MAX - place, "%s%s:", place > 0 ? "," : "", name);
	place += strlen(text + place);
	(void)snprintf(text + place, STATSD_TAGS_MAX - place, "%s", value);
	for (char *letter = text + place; *letter; letter++)
		if ((unsigned char)*letter <= ' ' || strchr(",|#", *letter))
			*letter = '_';
	return text;
}

/* ---- writing */

static void add_count(struct statsd_batch *batch, const char *name, uint64_t value, char type)
{
	char text[24];
	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	statsd_batch_add(batch, name, text, type);
}

static void add_ms(struct statsd_batch *batch, const char *latency, const char *suffix, double ns)
{
	char name[48];
	char text[32];
	(void)snprintf(name, sizeof(name), "latency.%s.%s", latency, suffix);
	(void)snprintf(text, sizeof(text), "%.1f", ns / (double)NS_PER_MS);
	statsd_batch_add(batch, name, text, 'g');
}

static const char *const latency_names[STATSD_LATENCIES] = {
	[STATSD_CONNECT] = "connect",
	[STATSD_FIRST_BYTE] = "firstbyte",
	[STATSD_MESSAGE] = "message",
};

static void add_latency(struct statsd_batch *batch, const char *name, const struct hist *hist)
{
	static const struct {
		double percentile;
		const char *tcpkali;
		const char *ours;
	} percentiles[] = { { 95, "95", "p95" }, { 99, "99", "p99" }, { 99.5, "99.5", "p99_5" } };
	bool is_ours = strcmp(batch->writer->name_space, STATSD_OURS) == 0;
	for (size_t i = 0; i < array_size(percentiles); i++) {
		uint64_t ns = hist ? hist_percentile(hist, percentiles[i].percentile) : 0;
		add_ms(batch, name, is_ours ? percentiles[i].ours : percentiles[i].tcpkali,
		       (double)ns);
	}
	add_ms(batch, name, "min", hist ? (double)hist_percentile(hist, 0) : 0);
	add_ms(batch, name, "mean", hist ? hist_mean(hist) : 0);
	add_ms(batch, name, "max", hist ? (double)hist_percentile(hist, 100) : 0);
}

static void add_figures(struct statsd_batch *batch, const struct statsd_figures *figures)
{
	const struct {
		const char *name;
		uint64_t value;
		char type;
	} lines[] = {
		{ "connections.opened", figures->opened, 'c' },
		{ "connections.total", figures->connections_in + figures->connections_out, 'g' },
		{ "connections.total.in", figures->connections_in, 'g' },
		{ "connections.total.out", figures->connections_out, 'g' },
		{ "traffic.bitrate", figures->bits_in + figures->bits_out, 'g' },
		{ "traffic.bitrate.in", figures->bits_in, 'g' },
		{ "traffic.bitrate.out", figures->bits_out, 'g' },
		{ "traffic.data", figures->bytes_received + figures->bytes_sent, 'c' },
		{ "traffic.data.rcvd", figures->bytes_received, 'c' },
		{ "traffic.data.sent", figures->bytes_sent, 'c' },
		{ "traffic.data.reads", figures->reads, 'c' },
		{ "traffic.data.writes", figures->writes, 'c' },
		{ "traffic.msgs.rcvd", figures->messages_received, 'c' },
		{ "traffic.msgs.sent", figures->messages_sent, 'c' },
	};
	for (size_t i = 0; i < array_size(lines); i++)
		add_count(batch, lines[i].name, lines[i].value, lines[i].type);
}

void statsd_write(const struct statsd_writer *writer, const struct statsd_figures *figures)
{
	struct statsd_batch batch = { .writer = writer };
	add_figures(&batch, figures);
	for (int i = 0; i < STATSD_LATENCIES; i++) {
		const struct hist *hist = figures->hists[i];
		if ((figures->latencies & 1u << i) != 0 && (!hist || hist->count > 0))
			add_latency(&batch, latency_names[i], hist);
	}
	statsd_batch_flush(&batch);
}
