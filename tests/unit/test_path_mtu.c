/* A path in the memory network: our own service at its far end, asked each way, and who else may
 * stand there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "probe/path_back.h"
#include "probe/path_mtu.h"
#include "probe/pmtu.h"
#include "support/service_bench.h"

#define PORT    5003
#define ECHO    5007
#define NOBODY  5555
#define CONTROL 5004
#define SERVER  "127.0.0.1"
#define CLIENT  "192.0.2.9"
#define ROUTER  "198.51.100.1"
#define TOKEN   "open sesame"

static const char token[CONTROL_TOKEN_MAX] = TOKEN;

struct look {
	struct bench bench;
	struct path_far_end far_end;
	const struct datagram_transport *datagram;
	struct path_mtu *path;
	struct path_result result;
	struct arena arena;
	bool is_over;
};

static void on_over(void *context)
{
	struct look *look = context;
	look->is_over = true;
}

static void look_open(struct look *look, const struct memory_options *options)
{
	*look = (struct look){ .datagram = &datagram_memory };
	arena_init(&look->arena);
	bench_init(&look->bench, options);
	look->bench.plan.serve.control_token = token;
	bench_listen(&look->bench, SERVICE_TRAFFIC, TRANSPORT_UDP, PORT);
	bench_listen(&look->bench, SERVICE_ECHO, TRANSPORT_UDP, ECHO);
	bench_listen(&look->bench, SERVICE_CONTROL, TRANSPORT_TCP, CONTROL);
	bench_start(&look->bench);
	look->far_end = (struct path_far_end){
		.place = bench_endpoint(SERVER ":5004"),
		.token = TOKEN,
		.stream = &stream_memory,
		.network = look->bench.network,
	};
}

static void look_at(struct look *look, uint16_t port)
{
	struct path_mtu_setup setup = {
		.loop = look->bench.loop,
		.remote = bench_endpoint(SERVER ":1"),
		.source = bench_endpoint(CLIENT ":40000"),
		.step_bytes = 1,
		.timeout_ns = PMTU_TIMEOUT_NS,
		.run = 77,
		.far_end = &look->far_end,
		.datagram = look->datagram,
		.network = look->bench.network,
		.interface_bytes = 1500,
		.over = on_over,
		.context = look,
	};
	setup.remote.port = port;
	assert_int_equal(path_mtu_new(&setup, &look->path), 0);
	path_mtu_start(look->path);
	for (int i = 0; i < 600 && !look->is_over; i++)
		bench_run(&look->bench, 100);
	assert_true(look->is_over);
	path_mtu_describe(look->path, &look->arena, &look->result);
}

static void look_close(struct look *look)
{
	path_mtu_free(look->path);
	bench_end(&look->bench);
	bench_run(&look->bench, 2000);
	bench_free(&look->bench);
	arena_deinit(&look->arena);
}

static void narrow(struct look *look, const char *to, uint32_t mtu_bytes, const char *teller)
{
	struct endpoint there = bench_endpoint(to);
	struct endpoint router = { 0 };
	if (teller)
		router = bench_endpoint(teller);
	if (mtu_bytes > 0)
		memory_network_narrow(look->bench.network, &there, mtu_bytes, &router);
}

static void each_way_gets_its_own_verdict(void **state)
{
	static const struct {
		uint32_t there_bytes; /* 0: wide */
		const char *there_teller;
		uint32_t back_bytes;
		const char *back_teller;
		double loss;
		enum path_verdict there;
		enum path_verdict back;
	} cases[] = {
		{ .there = PATH_OK, .back = PATH_OK },
		{ 1400, ROUTER, 1400, ROUTER, 0, PATH_REDUCED, PATH_REDUCED },
		{ 1400, NULL, 1400, NULL, 0, PATH_BLACK_HOLE, PATH_BLACK_HOLE },
		{ 1400, NULL, 0, NULL, 0, PATH_BLACK_HOLE, PATH_OK },
		{ 0, NULL, 1280, NULL, 0, PATH_OK, PATH_BLACK_HOLE },
		{ 1420, ROUTER, 1337, NULL, 0, PATH_REDUCED, PATH_BLACK_HOLE },
		{ 0, NULL, 0, NULL, 0.05, PATH_OK, PATH_OK },
		{ 1400, NULL, 1400, ROUTER, 0.05, PATH_BLACK_HOLE, PATH_REDUCED },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct memory_options options = { .delay_ns = 5 * NS_PER_MS,
						  .loss = cases[i].loss,
						  .seed = i + 1 };
		uint64_t there_bytes = cases[i].there_bytes ? cases[i].there_bytes : 1500;
		uint64_t back_bytes = cases[i].back_bytes ? cases[i].back_bytes : 1500;
		struct look look;

		look_open(&look, &options);
		narrow(&look, SERVER, cases[i].there_bytes, cases[i].there_teller);
		narrow(&look, CLIENT, cases[i].back_bytes, cases[i].back_teller);
		look_at(&look, PORT);
		const struct path_direction *there = &look.result.forward;
		const struct path_direction *back = &look.result.reverse;
		print_message("case %zu\n", i);
		assert_string_equal(there->told_by, PATH_BY_ANSWER);
		assert_string_equal(there->verdict, path_verdict_name(cases[i].there));
		assert_int_equal(there->mtu_bytes, there_bytes);
		assert_true(back->is_measured);
		assert_string_equal(back->verdict, path_verdict_name(cases[i].back));
		assert_int_equal(back->mtu_bytes, back_bytes);
		if (cases[i].there == PATH_REDUCED)
			assert_string_equal(there->signal_from, ROUTER);
		look_close(&look);
	}
}

static void an_echo_tells_of_both_ways_as_one(void **state)
{
	struct memory_options options = { .delay_ns = NS_PER_MS };
	struct look look;

	look_open(&look, &options);
	narrow(&look, CLIENT, 1400, NULL);
	look_at(&look, ECHO);
	assert_string_equal(look.result.forward.told_by, PATH_BY_ECHO);
	assert_string_equal(look.result.forward.verdict, path_verdict_name(PATH_BLACK_HOLE));
	assert_int_equal(look.result.forward.mtu_bytes, 1400);
	assert_false(look.result.reverse.is_measured);
	assert_non_null(strstr(look.result.reverse.reason, "both ways as one"));
	look_close(&look);
}

static void a_closed_port_tells_by_icmp(void **state)
{
	struct memory_options options = { .delay_ns = NS_PER_MS };
	struct look look;

	look_open(&look, &options);
	narrow(&look, SERVER, 1400, NULL);
	look_at(&look, NOBODY);
	assert_string_equal(look.result.forward.told_by, PATH_BY_ICMP);
	assert_int_equal(look.result.forward.mtu_bytes, 1400);
	assert_false(look.result.reverse.is_measured);
	look_close(&look);
}

static void the_way_back_is_for_who_may_ask(void **state)
{
	static const struct {
		const char *token;
		uint16_t port; /* of control */
		bool is_off;
		const char *reason;
	} cases[] = {
		{ "", CONTROL, false, "need the token" },
		{ "open barley", CONTROL, false, "not the token" },
		{ TOKEN, NOBODY, false, "refused" },
		{ TOKEN, CONTROL, true, "off" },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct memory_options options = { .delay_ns = NS_PER_MS };
		struct look look;

		look_open(&look, &options);
		memset(look.far_end.token, 0, sizeof(look.far_end.token));
		memcpy(look.far_end.token, cases[i].token, strlen(cases[i].token));
		look.far_end.place.port = cases[i].port;
		look.far_end.is_off = cases[i].is_off;
		look_at(&look, PORT);
		assert_string_equal(look.result.forward.verdict, path_verdict_name(PATH_OK));
		assert_false(look.result.reverse.is_measured);
		assert_non_null(strstr(look.result.reverse.reason, cases[i].reason));
		look_close(&look);
	}
}

/* What a far end that hangs up in the middle leaves is told as far as it came. */
static void stopping_keeps_what_is_known(void **state)
{
	struct memory_options options = { .delay_ns = 50 * NS_PER_MS };
	struct path_mtu_setup setup;
	struct look look;

	look_open(&look, &options);
	setup = (struct path_mtu_setup){
		.loop = look.bench.loop,
		.remote = bench_endpoint(SERVER ":5003"),
		.source = bench_endpoint(CLIENT ":40000"),
		.step_bytes = 20,
		.timeout_ns = PMTU_TIMEOUT_NS,
		.far_end = &look.far_end,
		.datagram = &datagram_memory,
		.network = look.bench.network,
		.interface_bytes = 1500,
		.over = on_over,
		.context = &look,
	};
	assert_int_equal(path_mtu_new(&setup, &look.path), 0);
	path_mtu_start(look.path);
	bench_run(&look.bench, 120);
	path_mtu_stop(look.path);
	path_mtu_describe(look.path, &look.arena, &look.result);
	assert_int_equal(look.result.forward.small_answered, 1);
	assert_string_equal(look.result.forward.verdict, path_verdict_name(PATH_UNDECIDED));
	bench_run(&look.bench, 5000);
	assert_false(look.is_over);
	look_close(&look);
}

static int receive_nothing(struct datagram_socket *socket, struct datagram *batch, int count)
{
	(void)socket;
	(void)batch;
	(void)count;
	return -ENOMEM;
}

/* Each receive fails, and waiting ends nothing: the search ends all the same. */
static void a_failure_that_stays_ends_nothing_else(void **state)
{
	struct memory_options options = { .delay_ns = 5 * NS_PER_MS };
	struct datagram_transport failing = datagram_memory;
	struct look look;

	failing.receive = receive_nothing;
	look_open(&look, &options);
	look.datagram = &failing;
	look_at(&look, PORT);
	assert_string_equal(look.result.forward.verdict, path_verdict_name(PATH_UNDECIDED));
	assert_int_equal(look.result.forward.small_answered, 0);
	look_close(&look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_gets_its_own_verdict),
		cmocka_unit_test(an_echo_tells_of_both_ways_as_one),
		cmocka_unit_test(a_closed_port_tells_by_icmp),
		cmocka_unit_test(the_way_back_is_for_who_may_ask),
		cmocka_unit_test(stopping_keeps_what_is_known),
		cmocka_unit_test(a_failure_that_stays_ends_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
