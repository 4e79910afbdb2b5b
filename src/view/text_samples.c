/* Throughput, and what TCP did meanwhile, by interval. See text_parts.h. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "metric/report_sample.h"
#include "metric/report_settings.h"
#include "view/phrase.h"
#include "view/text_parts.h"
#include "view/text_table.h"

#define ROWS_MAX 10

/* --interval, or a second for who sends in bulk; 0: no table. No finer than the samples are. */
static uint64_t interval_ns(const struct report *report, const struct report_stream *stream)
{
	uint64_t asked_ns = 0;
	const char *text = report_setting(report, "interval");
	if (text && units_parse_time(text, NULL, &asked_ns) < 0)
		asked_ns = 0;
	if (asked_ns == 0)
		asked_ns = text_is_bulk(stream) ? NS_PER_S : 0;
	if (asked_ns > 0 && asked_ns < stream->sample_interval_ns)
		return stream->sample_interval_ns;
	return asked_ns;
}

/* Which columns have something to say. */
struct shape {
	bool is_udp;
	bool has_sent;
	bool has_lost;
	bool has_acked;
	bool has_told; /* what was acknowledged was received: the receiver said so in sum */
	bool has_received;
};

static struct shape shape_of(const struct report_stream *stream)
{
	const struct counters *totals = &stream->totals;
	const char *counted_by = stream->datagrams.is_measured ? stream->datagrams.counted_by : "";
	bool is_udp = strcmp(stream->transport, "udp") == 0;
	return (struct shape){
		.is_udp = is_udp,
		.has_sent = is_udp && totals->bytes_sent > 0,
		.has_lost = is_udp && strcmp(counted_by, "here") == 0,
		.has_acked = totals->bytes_acked > 0 && totals->bytes_sent > 0,
		.has_told = stream->receiver.is_known,
		.has_received = totals->bytes_received > 0,
	};
}

static void rate_cell(struct text_table *table, uint64_t bytes, uint64_t length_ns)
{
	char text[UNITS_TEXT_MAX];
	double bits_per_second =
		length_ns > 0 ? (double)bytes * 8 * NS_PER_S / (double)length_ns : 0;
	text_table_cell(table, "%s", units_format_bandwidth(bits_per_second, text));
}

static void ms_cell(struct text_table *table, uint64_t ns)
{
	char text[UNITS_TEXT_MAX];
	text_table_cell(table, "%s", ns > 0 ? units_format_ms(ns, text) : "-");
}

static void columns(struct text_table *table, const struct shape *shape)
{
	text_table_column(table, "TIME", TEXT_LEFT, 8);
	if (shape->has_sent)
		text_table_column(table, "SENT", TEXT_LEFT, 12);
	if (shape->has_acked)
		text_table_column(table, shape->has_told ? "RECEIVED" : "ACKED", TEXT_LEFT, 12);
	if (shape->has_received)
		text_table_column(table, shape->has_acked ? "RECEIVED HERE" : "RECEIVED", TEXT_LEFT,
				  12);
	if (shape->has_acked) {
		text_table_column(table, "RETRANS", TEXT_RIGHT, 0);
		text_table_column(table, "CWND", TEXT_RIGHT, 8);
		text_table_column(table, "RTT p50", TEXT_RIGHT, 0);
		text_table_column(table, "max ms", TEXT_RIGHT, 0);
	}
	if (shape->has_lost)
		text_table_column(table, "LOST", TEXT_RIGHT, 0);
}

static void row(struct text_table *table, const struct shape *shape,
		const struct report_sample *sample, int64_t start_ns)
{
	char from[PHRASE_MAX], to[PHRASE_MAX], text[UNITS_TEXT_MAX], volume[PHRASE_MAX];
	uint64_t length_ns = (uint64_t)(sample->at_ns - start_ns);
	text_table_cell(table, "%s-%s s", phrase_number((double)start_ns / NS_PER_S, 3, from),
			phrase_number((double)sample->at_ns / NS_PER_S, 3, to));
	if (shape->has_sent)
		rate_cell(table, sample->bytes_sent, length_ns);
	if (shape->has_acked)
		rate_cell(table, sample->bytes_acked, length_ns);
	if (shape->has_received)
		rate_cell(table, sample->bytes_received, length_ns);
	if (shape->has_acked) {
		text_table_cell(table, "%s", units_format_grouped(sample->retransmits, text));
		text_table_cell(table, "%s",
				sample->cwnd_bytes > 0 ? phrase_volume(sample->cwnd_bytes, volume)
						       : "-");
		ms_cell(table, sample->rtt_p50_ns);
		ms_cell(table, sample->rtt_max_ns);
	}
	if (shape->has_lost)
		text_table_cell(table, "%s", units_format_grouped(sample->lost, text));
}

/* In which row a sample's interval lies, by its middle: an end may be a little late. */
static uint64_t row_of(const struct report_stream *stream, uint32_t sample, uint64_t length_ns)
{
	int64_t middle_ns =
		stream->samples[sample].at_ns - (int64_t)(stream->sample_interval_ns / 2);
	return middle_ns > 0 ? (uint64_t)middle_ns / length_ns : 0;
}

/* The samples from `*next` on that lie in one row. */
static struct report_sample take_row(const struct report_stream *stream, uint64_t length_ns,
				     uint32_t *next)
{
	uint64_t which = row_of(stream, *next, length_ns);
	struct report_sample sum = stream->samples[(*next)++];
	while (*next < stream->sample_count && row_of(stream, *next, length_ns) == which) {
		sum = report_sample_join(&sum, &stream->samples[*next]);
		(*next)++;
	}
	return sum;
}

/* Of the datagrams that were sent in this time. An echo is given up when its time is over, what a
 * source sent when a later one comes. */
static uint64_t lost_of(const struct report *report, const struct report_stream *stream,
			int64_t from_ns, int64_t to_ns)
{
	bool is_echo = stream->latency[LATENCY_SERVICE].is_measured;
	int64_t later_ns = is_echo ? (int64_t)report->reply_timeout_ns : 0;
	uint64_t lost = 0;
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		int64_t at_ns = stream->samples[i].at_ns - later_ns;
		lost += at_ns > from_ns && at_ns <= to_ns ? stream->samples[i].lost : 0;
	}
	return lost;
}

/* Where nothing more was sent or came: what is awaited behind the end. */
static bool is_behind_the_end(const struct report *report, const struct report_sample *sample)
{
	int64_t slack_ns = (int64_t)report->duration_ns + (int64_t)NS_PER_MS;
	return report->duration_ns > 0 && sample->at_ns > slack_ns &&
	       sample->bytes_sent + sample->bytes_received == 0;
}

void text_samples(const struct report *report, const struct report_stream *stream,
		  const struct text_style *style, struct buffer *out)
{
	char length[UNITS_TEXT_MAX];
	uint64_t length_ns = interval_ns(report, stream);
	struct shape shape = shape_of(stream);
	uint32_t next = 0;
	uint64_t left = 0;
	int64_t start_ns = 0;
	if (length_ns == 0 || stream->sample_count == 0)
		return;
	cleanup(text_table_deinit) struct text_table table;
	text_table_init(&table, style);
	columns(&table, &shape);
	for (uint64_t rows = 0; next < stream->sample_count; rows++) {
		struct report_sample sample = take_row(stream, length_ns, &next);
		sample.lost = lost_of(report, stream, start_ns, sample.at_ns);
		if (shape.is_udp && is_behind_the_end(report, &sample))
			break;
		if (rows < ROWS_MAX)
			row(&table, &shape, &sample, start_ns);
		left += rows >= ROWS_MAX;
		start_ns = sample.at_ns;
	}
	text_table_write(&table, out);
	if (left > 0)
		buffer_append_format(out,
				     "...       (--interval %s; %" PRIu64 " more line%s; -o csv "
				     "has all)\n",
				     units_format_time(length_ns, length), left,
				     left == 1 ? "" : "s");
}
