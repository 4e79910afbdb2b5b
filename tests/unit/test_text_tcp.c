// The part of the text report that tells of bytes by interval and of TCP.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/report.h"
#include "support/sample_parts.h"
#include "view/text_parts.h"

static const struct text_style plain = { .is_utf8 = true };

static struct report *new_report(void)
{
	struct report *report = NULL;
	assert_int_equal(report_new(&report), 0);
	report->settings = arena_take_array(&report->arena, 4, sizeof(*report->settings));
	*report_add_stream(report) = (struct report_stream){
		.name = "load", .kind = "slots", .transport = "tcp", .is_measured = true
	};
	return report;
}

static void set(struct report *report, const char *name, const char *value)
{
	report->settings[report->setting_count++] = (struct report_setting){ name, value };
}

/* Samples of 100 ms with the same in each, but for a loss in the first. */
static void fill_samples(struct report *report, struct report_stream *stream, uint32_t count)
{
	stream->sample_interval_ns = 100 * NS_PER_MS;
	stream->sample_count = count;
	stream->samples = arena_take_array(&report->arena, count, sizeof(*stream->samples));
	for (uint32_t i = 0; i < count; i++)
		stream->samples[i] = (struct report_sample){
			.at_ns = (int64_t)((i + 1) * 100 * NS_PER_MS),
			.bytes_sent = 117620000,
			.bytes_acked = 117620000,
			.retransmits = i == 0 ? 9 : 0,
			.cwnd_bytes = i < 10 ? 1900000 : 2100000,
			.rtt_p50_ns = 1310000 + i * 10000,
			.rtt_max_ns = 1920000,
		};
}

/* B1 of the examples. */
static struct report *sample_bulk(uint32_t samples)
{
	struct report *report = new_report();
	struct report_stream *stream = &report->streams[0];
	stream->totals.one_way = stream->totals.sent = 179500;
	stream->totals.bytes_sent = UINT64_C(11764000000);
	stream->totals.bytes_acked = UINT64_C(11762000000);
	stream->totals.bytes_queued = 2000000;
	stream->tcp = sample_tcp();
	fill_samples(report, stream, samples);
	return report;
}

static void prints(struct report *report, const char *expected)
{
	struct buffer out;
	buffer_init(&out, 1 << 16);
	text_tcp(report, &plain, &out);
	assert_string_equal(buffer_text(&out), expected);
	buffer_deinit(&out);
	report_free(report);
}

static void contains(struct report *report, const char *part)
{
	struct buffer out;
	buffer_init(&out, 1 << 16);
	text_tcp(report, &plain, &out);
	if (!strstr(buffer_text(&out), part))
		fail_msg("\"%s\" is not in:\n%s", part, buffer_text(&out));
	buffer_deinit(&out);
	report_free(report);
}

static void bulk_by_the_second(void **state)
{
	(void)state;
	prints(sample_bulk(20),
	       "TIME      ACKED         RETRANS      CWND  RTT p50  max ms\n"
	       "0-1 s     9.41 Gbps           9    1.9 MB     1.40    1.92\n"
	       "1-2 s     9.41 Gbps           0    2.1 MB     1.50    1.92\n"
	       "BYTES     sender: 11.764 GB written = 11.762 acknowledged + 0.002 still in socket "
	       "buffers\n"
	       "TCP       cubic, mss 1448, path mtu 1500 (kernel's belief), sndbuf 4.2 MB and "
	       "rcvbuf 6.3 MB (autotuned)\n");
}

static void the_receiver_has_the_first_word(void **state)
{
	(void)state;
	struct report *report = sample_bulk(10);
	report->streams[0].receiver.is_known = true;
	report->streams[0].receiver.bytes = UINT64_C(11761000000);
	contains(report, "BYTES     11.761 GB received; sender: 11.764 GB written");
	report = sample_bulk(10);
	report->streams[0].receiver.is_known = true;
	contains(report, "TIME      RECEIVED");
}

static void ten_rows_and_no_more(void **state)
{
	(void)state;
	contains(sample_bulk(120), "\n...       (--interval 1s; 2 more lines; -o csv has all)\n");
	contains(sample_bulk(110), "1 more line;");
	struct report *report = sample_bulk(40);
	set(report, "interval", "2s");
	contains(report, "\n2-4 s     9.41 Gbps");
	/* No finer than what was sampled. */
	report = sample_bulk(3);
	set(report, "interval", "1ms");
	contains(report, "\n0.1-0.2 s ");
	/* The last one is short, and its rate that of its own time. */
	contains(sample_bulk(15), "\n1-1.5 s   9.41 Gbps");
}

static void sums_add_up_as_printed(void **state)
{
	(void)state;
	struct report *report = sample_bulk(10);
	report->streams[0].totals.bytes_acked = 1000600;
	report->streams[0].totals.bytes_queued = 600;
	contains(report, "sender: 1.002 MB written = 1.001 acknowledged + 0.001 still");
}

static void received_in_bulk(void **state)
{
	(void)state;
	struct report *report = sample_bulk(10);
	struct report_stream *stream = &report->streams[0];
	stream->totals = (struct counters){ .bytes_received = 1234567 };
	for (uint32_t i = 0; i < 10; i++)
		stream->samples[i] =
			(struct report_sample){ .at_ns = (int64_t)((i + 1) * 100 * NS_PER_MS),
						.bytes_received = 123456 };
	prints(report,
	       "TIME      RECEIVED\n"
	       "0-1 s     9.88 Mbps\n"
	       "BYTES     1.235 MB received\n"
	       "TCP       cubic, mss 1448, path mtu 1500 (kernel's belief), sndbuf 4.2 MB and "
	       "rcvbuf 6.3 MB (autotuned)\n");
}

static void what_was_asked_for(void **state)
{
	(void)state;
	struct report *report = sample_bulk(10);
	report->streams[0].tcp.send_buffer_asked_bytes = 2100000;
	contains(report, "sndbuf 4.2 MB (2.1MB asked for, and doubled for overhead) and rcvbuf "
			 "6.3 MB\n");
	report = sample_bulk(10);
	report->streams[0].tcp.receive_buffer_asked_bytes = 8000000;
	contains(report, "rcvbuf 6.3 MB (8MB asked for, net.core.rmem_max allows no more)\n");
	report = sample_bulk(10);
	report->streams[0].tcp.facts.mss_min_bytes = 988;
	report->streams[0].tcp.facts.congestion_others = 2;
	report->streams[0].tcp.facts.described = 5;
	contains(report, "TCP       cubic (2 of 5 not), mss 988 to 1448, ");
	report = sample_bulk(10);
	set(report, "mptcp", "true");
	set(report, "fastopen", "true");
	report->streams[0].tcp.facts.fast_opened = 1;
	contains(report, ", mptcp on 0 of 1 connections, fast open on 1 of 1 connections\n");
}

/* Messages that are answered have a table of latencies instead, unless more is asked for. */
static void answered_messages(void **state)
{
	(void)state;
	struct report *report = sample_bulk(10);
	report->streams[0].totals.received = 5;
	prints(report, "");
	report = sample_bulk(10);
	report->streams[0].totals.received = 5;
	set(report, "interval", "1s");
	contains(report, "TIME      ACKED");
	report = sample_bulk(10);
	report->streams[0].totals.received = 5;
	set(report, "sndbuf", "0");
	set(report, "mptcp", "false");
	set(report, "mss", "1000");
	contains(report, "TCP       cubic, mss 1448");
	report = sample_bulk(10);
	report->streams[0].tcp.is_measured = false;
	prints(report, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bulk_by_the_second),
		cmocka_unit_test(the_receiver_has_the_first_word),
		cmocka_unit_test(ten_rows_and_no_more),
		cmocka_unit_test(sums_add_up_as_printed),
		cmocka_unit_test(received_in_bulk),
		cmocka_unit_test(what_was_asked_for),
		cmocka_unit_test(answered_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
