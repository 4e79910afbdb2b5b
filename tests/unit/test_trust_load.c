// What the Trust line says of a load, and what of it stands in the report.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "view/trust_load.h"

struct sample {
	struct counters totals;
	double worker_cpu;
	bool is_paced;
	const char *sentence;
	const char *who;
};

static void check_kept(const struct sample *sample, double worker_wait, double throttled)
{
	struct report *report = NULL;
	struct buffer text;
	struct clauses clauses;
	assert_int_equal(report_new(&report), 0);
	report->duration_ns = 10 * NS_PER_S;
	report->generator.cpus = 8;
	report->generator.cpu_seconds = 6;
	report->generator.worker_cpu_max = sample->worker_cpu;
	report->generator.worker_wait_max = worker_wait;
	report->generator.throttled = throttled;
	*report_add_stream(report) =
		(struct report_stream){ .name = "load",
					.transport = "tcp",
					.is_measured = true,
					.schedule.is_open_loop = sample->is_paced,
					.totals = sample->totals };
	buffer_init(&text, 4096);
	clauses_init(&clauses, &text, "; ");
	trust_load(report, &clauses);
	assert_string_equal(buffer_text(&text), sample->sentence);
	assert_string_equal(report->generator.limited_by, sample->who);
	buffer_deinit(&text);
	report_free(report);
}

static void check(const struct sample *sample)
{
	check_kept(sample, 0, 0);
}

/* clang-format off */
#define FULL .tcp_watched_ns = 1000, .tcp_busy_ns = 980, .tcp_samples = 100, .tcp_samples_full = 100
/* clang-format on */

static void every_limit(void **state)
{
	static const struct sample samples[] = {
		{ { FULL, .tcp_receiver_limited_ns = 10, .tcp_buffer_limited_ns = 10 },
		  0.4,
		  false,
		  "limited by the network (window full 96 % of the time); here 0.6 of 8 CPUs",
		  "network" },
		{ { FULL, .tcp_receiver_limited_ns = 800 },
		  0.4,
		  false,
		  "limited by the receiver (its window was full 80 % of the time); here 0.6 of 8 "
		  "CPUs",
		  "receiver" },
		{ { FULL },
		  0.98,
		  false,
		  "limited by this host (cpu: 98 % of one worker's thread); here 0.6 of 8 CPUs",
		  "host" },
		{ { FULL, .tcp_buffer_limited_ns = 800 },
		  0.4,
		  false,
		  "limited by this host (its send buffer was full 80 % of the time: --sndbuf, "
		  "net.ipv4.tcp_wmem); here 0.6 of 8 CPUs",
		  "host" },
		{ { .received = 10 },
		  0.4,
		  false,
		  "limited by the time to a reply, of network and server together; here 0.6 of 8 "
		  "CPUs",
		  "unknown" },
		{ { 0 }, 0.4, false, "what limited it is unknown; here 0.6 of 8 CPUs", "unknown" },
		{ { .scheduled = 100, .missed_generator = 3 },
		  0.4,
		  true,
		  "limited by this host (3 % of the messages were not sent in time); here 0.6 of 8 "
		  "CPUs",
		  "host" },
		{ { .scheduled = 100, .received = 100 },
		  0.4,
		  true,
		  "here 0.6 of 8 CPUs",
		  "schedule" },
	};
	(void)state;
	for (size_t i = 0; i < array_size(samples); i++)
		check(&samples[i]);
}

static void kept_from_its_cpu(void **state)
{
	static const struct sample starved = {
		{ .received = 10 },
		0.4,
		false,
		"limited by this host (others had the cpu that a worker waited for 55 % of the "
		"time); here 0.6 of 8 CPUs",
		"host",
	};
	static const struct sample stopped = {
		{ .received = 10 },
		0.2,
		false,
		"limited by this host (its control group's cpu quota stopped a worker 79 % of the "
		"time); here 0.6 of 8 CPUs",
		"host",
	};
	(void)state;
	check_kept(&starved, 0.55, 0);
	check_kept(&stopped, 0.79, 0.6);
}

static void nothing_without_a_load(void **state)
{
	struct report *report = NULL;
	struct buffer text;
	struct clauses clauses;
	(void)state;
	assert_int_equal(report_new(&report), 0);
	buffer_init(&text, 4096);
	clauses_init(&clauses, &text, "; ");
	trust_load(report, &clauses);
	*report_add_stream(report) = (struct report_stream){ .name = "load" }; /* not measured */
	trust_load(report, &clauses);
	assert_int_equal(text.size, 0);
	assert_null(report->generator.limited_by);
	buffer_deinit(&text);
	report_free(report);
}

/* ---- datagrams ---- */

#define SENT .scheduled = 1000, .sent = 1000, .one_way = 1000

static void check_datagrams(const struct report_stream *stream, const char *sentence)
{
	struct report_stream load = *stream;
	struct buffer text;
	struct clauses clauses;
	load.name = "load";
	load.transport = "udp";
	load.is_measured = true;
	buffer_init(&text, 4096);
	clauses_init(&clauses, &text, "; ");
	trust_datagrams(&load, &clauses);
	assert_string_equal(buffer_text(&text), sentence);
	buffer_deinit(&text);
}

static void how_datagrams_went(void **state)
{
	static const struct report_latency late = { .is_measured = true,
						    .count = 1000,
						    .p99_ns = 20000 };
	static const struct report_receiver known = { .is_asked = true,
						      .is_known = true,
						      .queue_overflows = 12 };
	static const struct report_datagrams told = { .is_measured = true,
						      .has_overflows = true,
						      .has_network_lost = true };
	static const struct {
		struct report_stream load;
		const char *sentence;
	} cases[] = {
		{ { .totals = { SENT }, .receiver = known, .datagrams = told },
		  "all sent, spacing p99 within 0.02 ms; receiver's socket dropped 0; no GSO" },
		{ { .totals = { SENT, .datagrams_merged = 900, .merged_sends = 100 },
		    .receiver = known,
		    .datagrams = told },
		  "all sent, spacing p99 within 0.02 ms; receiver's socket dropped 0; GSO (5 "
		  "datagrams a send on average)" },
		{ { .totals = { SENT, .sent_late = 3 }, .receiver = known, .datagrams = told },
		  "all sent, spacing p99 within 0.02 ms; 3 went more than 1 ms late: this host was "
		  "late; receiver's socket dropped 0; no GSO" },
		{ { .totals = { SENT, .sent_late = 3, .held_up = 3 },
		    .receiver = known,
		    .datagrams = told },
		  "all sent, spacing p99 within 0.02 ms; 3 went more than 1 ms late: the socket's "
		  "buffer was full (--sndbuf); receiver's socket dropped 0; no GSO" },
		{ { .totals = { SENT, .sent_late = 3, .held_up = 2 },
		    .receiver = known,
		    .datagrams = told },
		  "all sent, spacing p99 within 0.02 ms; 3 went more than 1 ms late: this host was "
		  "late 1, the socket's buffer was full 2 (--sndbuf); receiver's socket dropped 0; "
		  "no GSO" },
		{ { .totals = { .scheduled = 1012,
				.sent = 1000,
				.one_way = 1000,
				.missed_peer = 9,
				.missed_generator = 3 },
		    .receiver = known,
		    .datagrams = told },
		  "12 of 1,012 not sent: the socket's buffer was full 9, this host was late 3; "
		  "spacing p99 within 0.02 ms; receiver's socket dropped 0; no GSO" },
		{ { .totals = { SENT },
		    .receiver = known,
		    .datagrams = { .is_measured = true,
				   .has_overflows = true,
				   .receiver_overflows = 12 } },
		  "all sent, spacing p99 within 0.02 ms; receiver's socket dropped 12 times, each "
		  "of one datagram or of several put together (GRO): how many is unknown; no GSO" },
		{ { .totals = { SENT }, .receiver = { .is_asked = true, .reason = "refused" } },
		  "all sent, spacing p99 within 0.02 ms; what arrived is unknown: refused; no "
		  "GSO" },
		{ { .totals = { SENT } },
		  "all sent, spacing p99 within 0.02 ms; what arrived is unknown: nobody was asked "
		  "(--receiver control://HOST asks a conntest serve there); no GSO" },
		{ { .totals = { .scheduled = 10, .sent = 10, .received = 10 } },
		  "all sent, spacing p99 within 0.02 ms" },
	};
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct report_stream load = cases[i].load;
		load.latency[LATENCY_SEND_ERROR] = late;
		check_datagrams(&load, cases[i].sentence);
	}
}

/* From source: nothing was sent here. */
static void how_datagrams_came(void **state)
{
	(void)state;
	check_datagrams(&(struct report_stream){ .totals = { .received = 10 } },
			"our socket dropped 0; no GRO");
	check_datagrams(
		&(struct report_stream){ .totals = { .received = 10, .queue_overflows = 1 } },
		"our socket dropped 1; no GRO");
	check_datagrams(
		&(struct report_stream){
			.totals = { .received = 10, .received_merged = 8, .queue_overflows = 1 } },
		"our socket dropped 1 time, each of one datagram or of several put together "
		"(GRO): how many is unknown; GRO (8 came several in one, and their delays "
		"are those of the first)");
}

/* A worker that never sleeps has a full cpu, which limits nothing. */
static void no_limit_of_who_spins(void **state)
{
	struct report_setting spin = { "spin", "true" };
	struct report *report = NULL;
	struct buffer text;
	struct clauses clauses;
	assert_int_equal(report_new(&report), 0);
	report->settings = &spin;
	report->setting_count = 1;
	report->generator.worker_cpu_max = 1;
	*report_add_stream(report) = (struct report_stream){
		.name = "load", .transport = "tcp", .is_measured = true, .totals.received = 5
	};
	buffer_init(&text, 4096);
	clauses_init(&clauses, &text, "; ");
	trust_load(report, &clauses);
	assert_string_equal(report->generator.limited_by, "unknown");
	report->setting_count = 0;
	trust_load(report, &clauses);
	assert_string_equal(report->generator.limited_by, "host");
	buffer_deinit(&text);
	report_free(report);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_limit),           cmocka_unit_test(kept_from_its_cpu),
		cmocka_unit_test(no_limit_of_who_spins), cmocka_unit_test(nothing_without_a_load),
		cmocka_unit_test(how_datagrams_went),    cmocka_unit_test(how_datagrams_came),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
