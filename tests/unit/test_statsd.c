#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/units.h"
#include "view/statsd.h"

/* Datagrams one behind the other, and how large the largest was. */
struct sink {
	struct buffer text;
	size_t largest;
	unsigned count;
};

static void take(void *context, const char *datagram, size_t size)
{
	struct sink *sink = context;
	assert_in_range(size, 1, STATSD_DATAGRAM_MAX);
	assert_int_equal(datagram[size - 1], '\n');
	buffer_append(&sink->text, datagram, size);
	sink->largest = size > sink->largest ? size : sink->largest;
	sink->count++;
}

static void open_sink(struct sink *sink)
{
	*sink = (struct sink){ 0 };
	buffer_init(&sink->text, 1 << 16);
}

static struct hist *new_hist(void)
{
	struct hist *hist = calloc(1, hist_size(HIST_STREAM_RANGE));
	assert_non_null(hist);
	hist_init(hist, HIST_STREAM_RANGE);
	return hist;
}

#define COUNTS                                  \
	"tcpkali.connections.opened:3|c\n"      \
	"tcpkali.connections.total:7|g\n"       \
	"tcpkali.connections.total.in:0|g\n"    \
	"tcpkali.connections.total.out:7|g\n"   \
	"tcpkali.traffic.bitrate:48000|g\n"     \
	"tcpkali.traffic.bitrate.in:16000|g\n"  \
	"tcpkali.traffic.bitrate.out:32000|g\n" \
	"tcpkali.traffic.data:1500|c\n"         \
	"tcpkali.traffic.data.rcvd:500|c\n"     \
	"tcpkali.traffic.data.sent:1000|c\n"    \
	"tcpkali.traffic.data.reads:2|c\n"      \
	"tcpkali.traffic.data.writes:4|c\n"     \
	"tcpkali.traffic.msgs.rcvd:5|c\n"       \
	"tcpkali.traffic.msgs.sent:10|c\n"

static const struct counters before = { .connects = 4,
					.connections = 90,
					.bytes_sent = 9000,
					.bytes_received = 1,
					.reads = 1,
					.writes = 2,
					.sent = 30,
					.received = 25 };
static const struct counters now = { .connects = 7,
				     .connections = 7,
				     .bytes_sent = 10000,
				     .bytes_received = 501,
				     .reads = 3,
				     .writes = 6,
				     .sent = 40,
				     .received = 30 };

/* The bytes that tcpkali sends: names, types, the end of a line. */
static void names_and_types_are_tcpkalis(void **state)
{
	struct statsd_figures figures;
	struct sink sink;
	open_sink(&sink);
	statsd_between(&before, &now, NS_PER_S / 4, STATSD_OUTGOING, &figures);
	statsd_write(&(struct statsd_writer){ STATSD_TCPKALI, NULL, take, &sink }, &figures);
	assert_string_equal(buffer_text(&sink.text), COUNTS);
	buffer_deinit(&sink.text);
}

static void latencies_are_milliseconds_with_a_tenth(void **state)
{
	static const char text[] = "tcpkali.latency.connect.95:0.0|g\n"
				   "tcpkali.latency.connect.99:0.0|g\n"
				   "tcpkali.latency.connect.99.5:0.0|g\n"
				   "tcpkali.latency.connect.min:0.0|g\n"
				   "tcpkali.latency.connect.mean:0.0|g\n"
				   "tcpkali.latency.connect.max:0.0|g\n"
				   "tcpkali.latency.message.95:2.0|g\n"
				   "tcpkali.latency.message.99:2.0|g\n"
				   "tcpkali.latency.message.99.5:150.0|g\n"
				   "tcpkali.latency.message.min:2.0|g\n"
				   "tcpkali.latency.message.mean:3.5|g\n"
				   "tcpkali.latency.message.max:150.0|g\n";
	struct hist *empty = new_hist();
	struct hist *hist = new_hist();
	struct sink sink;
	open_sink(&sink);
	hist_add_many(hist, 2 * NS_PER_MS, 99);
	hist_add(hist, 150 * NS_PER_MS);
	struct statsd_figures figures = {
		.latencies = 1u << STATSD_CONNECT | 1u << STATSD_FIRST_BYTE | 1u << STATSD_MESSAGE,
		.hists = { NULL, empty, hist },
	};
	statsd_write(&(struct statsd_writer){ STATSD_TCPKALI, NULL, take, &sink }, &figures);
	const char *found = strstr(buffer_text(&sink.text), "tcpkali.latency.");
	assert_non_null(found);
	assert_string_equal(found, text);
	buffer_deinit(&sink.text);
	free(hist);
	free(empty);
}

/* A percentile with a dot in it is two levels to Graphite, so it has none under our own name. */
static void names_begin_with_the_name_space(void **state)
{
	static const struct {
		const char *name_space;
		const char *line;
	} cases[] = {
		{ "tcpkali", "\ntcpkali.latency.message.99.5:0.0|g\n" },
		{ "edge.lisbon", "\nedge.lisbon.latency.message.99.5:0.0|g\n" },
		{ "conntest", "\nconntest.latency.message.p99_5:0.0|g\n" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct statsd_figures figures = { .latencies = 1u << STATSD_MESSAGE };
		struct sink sink;
		open_sink(&sink);
		statsd_write(&(struct statsd_writer){ cases[i].name_space, NULL, take, &sink },
			     &figures);
		assert_non_null(strstr(buffer_text(&sink.text), cases[i].line));
		buffer_deinit(&sink.text);
	}
}

/* Each line carries the tags, and no datagram grows past its limit for them. */
static void tags_are_dogstatsds(void **state)
{
	char tags[STATSD_TAGS_MAX];
	char long_target[2000];
	struct statsd_figures figures;
	struct sink sink;
	assert_string_equal(statsd_tags("load", "tcp://10.0.0.1:5003", tags),
			    "stream:load,target:tcp://10.0.0.1:5003");
	assert_string_equal(statsd_tags("load", "http://a/?x=1,2|3#4 http://b/\n", tags),
			    "stream:load,target:http://a/?x=1_2_3_4_http://b/_");
	memset(long_target, 'x', sizeof(long_target) - 1);
	long_target[sizeof(long_target) - 1] = '\0';
	assert_int_equal(strlen(statsd_tags("persistent", long_target, tags)), STATSD_TAGS_MAX - 1);
	open_sink(&sink);
	statsd_between(&before, &now, 0, STATSD_INCOMING, &figures);
	figures.latencies = 7;
	figures.bits_in = UINT64_MAX;
	statsd_write(&(struct statsd_writer){ "a123456789012345678901234567890123456789012345678901"
					      "2345678901",
					      tags, take, &sink },
		     &figures);
	unsigned lines = 0;
	for (const char *at = buffer_text(&sink.text); *at; at = strchr(at, '\n') + 1, lines++) {
		const char *tag = strstr(at, "|#stream:persistent,target:xxx");
		assert_true(tag != NULL && tag < strchr(at, '\n'));
	}
	assert_int_equal(lines, 14 + 18);
	assert_int_equal(sink.count, lines); /* two of these lines are too much for one */
	buffer_deinit(&sink.text);
}

static void lines_fill_datagrams(void **state)
{
	struct statsd_figures figures = { .latencies = 7 };
	struct sink sink;
	open_sink(&sink);
	statsd_write(&(struct statsd_writer){ STATSD_TCPKALI, NULL, take, &sink }, &figures);
	assert_in_range(sink.largest, STATSD_DATAGRAM_MAX - 48, STATSD_DATAGRAM_MAX);
	assert_int_equal(sink.count,
			 (sink.text.size + STATSD_DATAGRAM_MAX - 1) / STATSD_DATAGRAM_MAX);
	buffer_deinit(&sink.text);
}

static void sides_are_kept_apart_and_added_up(void **state)
{
	struct statsd_figures in, out;
	statsd_between(&before, &now, 0, STATSD_INCOMING, &in);
	statsd_between(&before, &now, NS_PER_S / 4, STATSD_OUTGOING, &out);
	assert_int_equal(in.connections_in, 7);
	assert_int_equal(in.connections_out, 0);
	assert_int_equal(in.bits_out, 0); /* in no known time */
	statsd_add(&out, &in);
	assert_int_equal(out.connections_in, 7);
	assert_int_equal(out.connections_out, 7);
	assert_int_equal(out.opened, 6);
	assert_int_equal(out.bytes_sent, 2000);
	assert_int_equal(out.bytes_received, 1000);
	assert_int_equal(out.reads, 4);
	assert_int_equal(out.writes, 8);
	assert_int_equal(out.messages_sent, 20);
	assert_int_equal(out.messages_received, 10);
	assert_int_equal(out.bits_out, 32000);
	/* What falls (a warm-up that is not counted) is no count. */
	statsd_between(&now, &before, NS_PER_S, STATSD_OUTGOING, &out);
	assert_int_equal(out.opened, 0);
	assert_int_equal(out.bytes_sent, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_types_are_tcpkalis),
		cmocka_unit_test(latencies_are_milliseconds_with_a_tenth),
		cmocka_unit_test(names_begin_with_the_name_space),
		cmocka_unit_test(tags_are_dogstatsds),
		cmocka_unit_test(lines_fill_datagrams),
		cmocka_unit_test(sides_are_kept_apart_and_added_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
