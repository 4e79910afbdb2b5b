/* What the receiver says has arrived, over the memory network: known, refused, foreign, silent,
 * still arriving; and what goodput makes of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "metric/figures.h"
#include "metric/report_read.h"
#include "metric/report_receiver.h"
#include "metric/report_write.h"
#include "run/receiver.h"
#include "support/service_bench.h"

#define CONTROL 5004
#define ECHO    5007
#define SOURCE  5019
#define DISCARD 5009
#define SILENT  7777

static const char token[CONTROL_TOKEN_MAX] = "open sesame";

struct fixture {
	struct bench bench;
	struct bench_client sender;
	struct report *report;
	struct report_stream *stream;
	struct receiver_plan plan;
	struct receiver_setup setup;
	uint8_t *data;
};

#define SENT_BYTES 250000

/* A sender has sent, and the report knows its connection. */
static void set_up(struct fixture *fixture, const char *place)
{
	struct bench *bench = &fixture->bench;

	*fixture = (struct fixture){ .data = bench_bytes(SENT_BYTES) };
	bench_init(bench, &(struct memory_options){ .delay_ns = NS_PER_MS });
	bench->plan.serve.control_token = token;
	bench_listen(bench, SERVICE_CONTROL, TRANSPORT_TCP, CONTROL);
	bench_listen(bench, SERVICE_DISCARD, TRANSPORT_TCP, DISCARD);
	bench_listen(bench, SERVICE_ECHO, TRANSPORT_TCP, ECHO);
	bench_listen(bench, SERVICE_SOURCE, TRANSPORT_TCP, SOURCE);
	bench_start(bench);
	client_open_from(&fixture->sender, bench, "192.0.2.7:41000", DISCARD);
	client_send(&fixture->sender, fixture->data, SENT_BYTES);
	bench_run(bench, 50);

	assert_int_equal(report_new(&fixture->report), 0);
	fixture->report->duration_ns = 10 * NS_PER_S;
	fixture->stream = report_add_stream(fixture->report);
	*fixture->stream = (struct report_stream){
		.name = "load",
		.kind = "slots",
		.transport = "tcp",
		.is_measured = true,
		.tcp.is_measured = true,
		.totals = { .one_way = 10, .bytes_acked = 200000, .bytes_received = 77 },
	};
	fixture->report->connections =
		arena_take_array(&fixture->report->arena, RECEIVER_ASKED_MAX + 1,
				 sizeof(*fixture->report->connections));
	fixture->report->connection_count = 1;
	fixture->report->connections[0] = (struct report_connection){
		.stream = "load",
		.local = bench_endpoint("192.0.2.7:41000"),
		.remote = bench_endpoint("127.0.0.1:5009"),
		.sent = 10,
	};
	fixture->plan = (struct receiver_plan){ .mode = place ? RECEIVER_PLACE : RECEIVER_AUTO };
	if (place)
		fixture->plan.place = bench_endpoint(place);
	fixture->setup = (struct receiver_setup){ .loop = bench->loop,
						  .transport = &stream_memory,
						  .network = bench->network };
}

static void ask(struct fixture *fixture)
{
	uint64_t before_ns = loop_now(fixture->bench.loop);

	receiver_ask(&fixture->setup, &fixture->plan, fixture->report, fixture->stream);
	assert_true(loop_now(fixture->bench.loop) - before_ns <= RECEIVER_TIME_NS + NS_PER_MS);
}

static void tear_down(struct fixture *fixture)
{
	client_close(&fixture->sender);
	report_free(fixture->report);
	bench_free(&fixture->bench);
	free(fixture->data);
}

static void assert_unknown(const struct fixture *fixture, const char *reason)
{
	const struct report_receiver *receiver = &fixture->stream->receiver;

	assert_true(receiver->is_asked);
	assert_false(receiver->is_known);
	assert_null(receiver->source);
	assert_string_equal(receiver->reason, reason);
}

/* As JSON and back: the figure is the same, and so is its absence. */
static void check_written(struct fixture *fixture)
{
	const struct figure_row *row = figure_find("goodput");
	const struct report_receiver *receiver = &fixture->stream->receiver;
	struct buffer text cleanup(buffer_deinit);
	struct report *again = NULL;
	struct error error = { "" };
	struct figure_value values[2];

	fixture->report->command = "load";
	fixture->report->target = "discard://127.0.0.1";
	fixture->report->headline = "h";
	fixture->report->result = "r";
	fixture->report->trust = "t";
	fixture->report->host_name = "a";
	fixture->report->tool_version = "1";
	buffer_init(&text, 1 << 20);
	report_write(fixture->report, &text);
	if (report_read(text.data, text.size, &error, &again) < 0)
		fail_msg("%s", error.text);
	const struct report_receiver *read = &again->streams[0].receiver;
	assert_int_equal(read->is_asked, receiver->is_asked);
	assert_int_equal(read->is_known, receiver->is_known);
	assert_int_equal(read->bytes, receiver->bytes);
	assert_int_equal(read->connections, receiver->connections);
	assert_string_equal(read->source ? read->source : "",
			    receiver->source ? receiver->source : "");
	assert_string_equal(read->reason ? read->reason : "",
			    receiver->reason ? receiver->reason : "");
	figure_value(fixture->report, fixture->stream, row, &values[0]);
	figure_value(again, &again->streams[0], row, &values[1]);
	assert_true(values[0].is_measured && values[1].is_measured);
	assert_true(values[0].number == values[1].number);
	report_free(again);
}

static void control_tells(void **state)
{
	struct fixture fixture;
	struct goodput goodput;

	set_up(&fixture, NULL);
	ask(&fixture);
	const struct report_receiver *receiver = &fixture.stream->receiver;
	assert_true(receiver->is_known);
	assert_string_equal(receiver->source, "control");
	assert_null(receiver->reason);
	assert_int_equal(receiver->connections, 1);
	assert_int_equal(receiver->connections_known, 1);
	assert_int_equal(receiver->bytes, SENT_BYTES);
	assert_null(report_goodput(fixture.report, fixture.stream, &goodput));
	assert_int_equal(goodput.source, GOODPUT_RECEIVER);
	assert_int_equal(goodput.bytes, SENT_BYTES);
	assert_true(goodput.bits_per_second == SENT_BYTES * 8 / 10.0);
	check_written(&fixture);
	tear_down(&fixture);
}

static void the_warm_up_does_not_count(void **state)
{
	struct fixture fixture;

	set_up(&fixture, NULL);
	fixture.stream->totals.warm_up_bytes = 50000;
	ask(&fixture);
	assert_int_equal(fixture.stream->receiver.bytes, 200000);
	assert_true(fixture.stream->receiver.bits_per_second == 160000);
	/* It received for 30 ms, of which the run says that it lasted 1 ms. */
	client_send(&fixture.sender, fixture.data, SENT_BYTES);
	bench_run(&fixture.bench, 50);
	fixture.report->duration_ns = NS_PER_MS;
	ask(&fixture);
	assert_int_equal(fixture.stream->receiver.bytes, 450000);
	assert_true(fixture.stream->receiver.bits_per_second < 8.0 * 500000 / 0.05);
	tear_down(&fixture);
}

static void what_still_arrives_is_waited_for(void **state)
{
	struct fixture fixture;
	uint8_t *more = bench_bytes(10000000);

	set_up(&fixture, NULL);
	client_send(&fixture.sender, more, 10000000); /* 256 KiB a round trip of 2 ms: 80 ms */
	ask(&fixture);
	assert_true(fixture.stream->receiver.is_known);
	assert_int_equal(fixture.stream->receiver.bytes, SENT_BYTES + 10000000);
	tear_down(&fixture);
	free(more);
}

static void nobody_listens(void **state)
{
	struct fixture fixture;
	struct goodput goodput;

	set_up(&fixture, "127.0.0.1:1");
	ask(&fixture);
	assert_unknown(&fixture, "control://127.0.0.1:1: refused (serve answers other hosts only "
				 "with --control-token)");
	assert_null(report_goodput(fixture.report, fixture.stream, &goodput));
	assert_int_equal(goodput.source, GOODPUT_ACKED);
	assert_int_equal(goodput.bytes, 200000);
	check_written(&fixture);
	fixture.stream->transport = "udp";
	assert_string_equal(report_goodput(fixture.report, fixture.stream, &goodput),
			    "nobody told what has arrived");
	fixture.stream->totals.one_way = 0;
	assert_null(report_goodput(fixture.report, fixture.stream, &goodput));
	assert_int_equal(goodput.source, GOODPUT_READ);
	assert_int_equal(goodput.bytes, 77);
	tear_down(&fixture);
}

static void others_answer(void **state)
{
	static const struct {
		const char *place;
		const char *reason;
	} cases[] = {
		{ "127.0.0.1:5007",
		  "control://127.0.0.1:5007: its answer is not what a control service says" },
		{ "127.0.0.1:5019",
		  "control://127.0.0.1:5019: its answer is not what a control service says" },
		{ "127.0.0.1:5009", "control://127.0.0.1:5009: no answer in time" },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct fixture fixture;

		set_up(&fixture, cases[i].place);
		ask(&fixture);
		assert_unknown(&fixture, cases[i].reason);
		tear_down(&fixture);
	}
}

static void nothing_answers_in_time(void **state)
{
	struct fixture fixture;

	set_up(&fixture, NULL);
	memory_network_cut(fixture.bench.network);
	ask(&fixture);
	assert_unknown(&fixture, "control://127.0.0.1:5004: no answer in time");
	memory_network_join(fixture.bench.network);
	tear_down(&fixture);
}

static void it_knows_other_connections(void **state)
{
	struct fixture fixture;

	set_up(&fixture, NULL);
	fixture.report->connections[1] = fixture.report->connections[0];
	fixture.report->connections[1].local = bench_endpoint("192.0.2.7:41001");
	fixture.report->connection_count = 2;
	ask(&fixture);
	assert_unknown(&fixture,
		       "the receiver knows 1 of 2 connections (is there NAT or a balancer in "
		       "between, or is its service no discard?)");
	/* Of which nothing was sent on, or which are another stream's, are not asked about. */
	fixture.report->connections[1].sent = 0;
	ask(&fixture);
	assert_true(fixture.stream->receiver.is_known);
	fixture.report->connections[1].sent = 1;
	fixture.report->connections[1].stream = "probe";
	ask(&fixture);
	assert_true(fixture.stream->receiver.is_known);
	tear_down(&fixture);
}

static void there_are_too_many(void **state)
{
	struct fixture fixture;

	set_up(&fixture, NULL);
	for (uint32_t i = 1; i <= RECEIVER_ASKED_MAX; i++)
		fixture.report->connections[i] = fixture.report->connections[0];
	fixture.report->connection_count = RECEIVER_ASKED_MAX;
	ask(&fixture);
	assert_true(fixture.stream->receiver.is_known);
	assert_int_equal(fixture.stream->receiver.connections, RECEIVER_ASKED_MAX);
	fixture.report->connection_count++;
	ask(&fixture);
	assert_unknown(&fixture, "there were more than 1000 connections, too many to ask about");
	fixture.report->connection_count = 1;
	fixture.report->connections_omitted = 1;
	ask(&fixture);
	assert_unknown(&fixture, "there were more than 1000 connections, too many to ask about");
	fixture.report->connections_omitted = 0;
	fixture.report->connections[0].sent = 0;
	ask(&fixture);
	assert_unknown(&fixture, "nothing was sent");
	tear_down(&fixture);
}

static void ends_stand_in(void **state)
{
	struct fixture fixture;
	const struct report_receiver *receiver;

	set_up(&fixture, "127.0.0.1:1");
	receiver = &fixture.stream->receiver;
	fixture.stream->totals.told = 2;
	fixture.stream->totals.told_bytes = 300000;
	fixture.stream->totals.warm_up_bytes = 100000;
	fixture.stream->totals.told_ns = 9 * NS_PER_S;
	ask(&fixture);
	assert_true(receiver->is_known);
	assert_string_equal(receiver->source, "end");
	assert_null(receiver->reason);
	assert_int_equal(receiver->connections_known, 2);
	assert_int_equal(receiver->bytes, 200000);
	assert_true(receiver->bits_per_second == 160000);

	/* It took longer than the run to arrive. */
	fixture.stream->totals.told_ns = 20 * NS_PER_S;
	ask(&fixture);
	assert_true(receiver->bits_per_second == 300000 * 8 / 20.0);

	fixture.plan.mode = RECEIVER_OFF;
	ask(&fixture);
	assert_string_equal(receiver->source, "end");

	fixture.stream->totals.untold = 1;
	ask(&fixture);
	assert_true(receiver->is_asked);
	assert_false(receiver->is_known);

	fixture.stream->totals.told = 0;
	fixture.stream->totals.untold = 0;
	ask(&fixture);
	assert_false(receiver->is_asked);
	tear_down(&fixture);
}

static void plans_are_made(void **state)
{
	static const struct {
		const char *receiver;
		const char *token;
		enum service service;
		enum receiver_mode mode;
		const char *error; /* NULL: it is right */
	} cases[] = {
		/* clang-format off */
		{ "auto", NULL, SERVICE_DISCARD, RECEIVER_AUTO, NULL },
		{ "auto", NULL, SERVICE_ECHO, RECEIVER_OFF, NULL },
		{ "off", "x", SERVICE_DISCARD, RECEIVER_OFF, NULL },
		{ "control://192.0.2.1", "x", SERVICE_ECHO, RECEIVER_PLACE, NULL },
		{ "192.0.2.1:99", NULL, SERVICE_ECHO, RECEIVER_PLACE, NULL },
		{ "auto", "", SERVICE_DISCARD, RECEIVER_OFF, "--receiver-token: a token has 1 to 255 printable characters" },
	};
	/* clang-format on */

	for (size_t i = 0; i < array_size(cases); i++) {
		struct receiver_options options = { cases[i].receiver, cases[i].token };
		struct receiver_plan plan;
		struct error error = { "" };
		int code = receiver_plan_make(&options, cases[i].service, &error, &plan);

		assert_string_equal(error.text, cases[i].error ? cases[i].error : "");
		assert_int_equal(code, cases[i].error ? -EINVAL : 0);
		assert_int_equal(plan.mode, cases[i].mode);
	}
}

static void places_are_found(void **state)
{
	struct receiver_options options = { "control://192.0.2.1", NULL };
	struct receiver_plan plan;
	struct error error = { "" };
	struct endpoint expected = bench_endpoint("192.0.2.1:5004");

	assert_int_equal(receiver_plan_make(&options, SERVICE_ECHO, &error, &plan), 0);
	assert_int_equal(receiver_prepare(&plan, &error), 0);
	assert_true(endpoint_is_equal(&plan.place, &expected));
	options.receiver = "discard://192.0.2.1";
	assert_int_equal(receiver_plan_make(&options, SERVICE_ECHO, &error, &plan), -EINVAL);
	assert_memory_equal(error.text, "--receiver: ", 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_tells),
		cmocka_unit_test(the_warm_up_does_not_count),
		cmocka_unit_test(what_still_arrives_is_waited_for),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(others_answer),
		cmocka_unit_test(nothing_answers_in_time),
		cmocka_unit_test(it_knows_other_connections),
		cmocka_unit_test(there_are_too_many),
		cmocka_unit_test(ends_stand_in),
		cmocka_unit_test(plans_are_made),
		cmocka_unit_test(places_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
