/* What TCP makes of a path: all comes back, nothing does, or somebody ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "probe/path_tcp.h"
#include "support/service_bench.h"

#define PORT        5003
#define DISCARD     5009
#define PATIENCE_NS (5 * NS_PER_S)

struct look {
	struct bench bench;
	struct path_tcp_probe *probe;
	struct path_tcp result;
	struct arena arena;
	bool is_over;
};

static void on_over(void *context)
{
	struct look *look = context;
	look->is_over = true;
}

static void look_open(struct look *look)
{
	struct memory_options options = { .delay_ns = 5 * NS_PER_MS, .chunk_max_bytes = 3000 };
	*look = (struct look){ .is_over = false };
	arena_init(&look->arena);
	bench_init(&look->bench, &options);
	bench_listen(&look->bench, SERVICE_TRAFFIC, TRANSPORT_TCP, PORT);
	bench_listen(&look->bench, SERVICE_DISCARD, TRANSPORT_TCP, DISCARD);
	bench_start(&look->bench);
}

static void look_begin(struct look *look, const char *to)
{
	struct path_tcp_setup setup = {
		.loop = look->bench.loop,
		.remote = bench_endpoint(to),
		.connect_timeout_ns = PATIENCE_NS,
		.patience_ns = PATIENCE_NS,
		.stream = &stream_memory,
		.network = look->bench.network,
		.over = on_over,
		.context = look,
	};
	assert_int_equal(path_tcp_new(&setup, &look->probe), 0);
	path_tcp_start(look->probe);
}

static void look_close(struct look *look)
{
	path_tcp_free(look->probe);
	bench_end(&look->bench);
	bench_run(&look->bench, 10000);
	bench_free(&look->bench);
	arena_deinit(&look->arena);
}

static void all_comes_back(void **state)
{
	struct look look;

	look_open(&look);
	look_begin(&look, "127.0.0.1:5003");
	bench_run(&look.bench, 1000);
	assert_true(look.is_over);
	path_tcp_describe(look.probe, &look.arena, &look.result);
	assert_true(look.result.is_measured);
	assert_true(look.result.is_echoed);
	assert_null(look.result.ended);
	assert_true(look.result.sent_bytes >= 16384);
	assert_int_equal(look.result.received_bytes, look.result.sent_bytes);
	look_close(&look);
}

static void nobody_is_there(void **state)
{
	struct look look;

	look_open(&look);
	look_begin(&look, "127.0.0.1:5555");
	bench_run(&look.bench, 1000);
	assert_true(look.is_over);
	path_tcp_describe(look.probe, &look.arena, &look.result);
	assert_false(look.result.is_measured);
	assert_string_equal(look.result.reason, "refused");
	look_close(&look);
}

static void what_is_stuck_is_given_up(void **state)
{
	struct look look;

	look_open(&look);
	look_begin(&look, "127.0.0.1:5003");
	bench_run(&look.bench, 11);
	memory_network_cut(look.bench.network);
	bench_run(&look.bench, 4900);
	assert_false(look.is_over);
	bench_run(&look.bench, 300);
	assert_true(look.is_over);
	path_tcp_describe(look.probe, &look.arena, &look.result);
	assert_true(look.result.is_measured);
	assert_false(look.result.is_echoed);
	assert_null(look.result.ended);
	assert_true(look.result.silent_ns >= PATIENCE_NS - 100 * NS_PER_MS);
	memory_network_join(look.bench.network);
	look_close(&look);
}

static void who_hangs_up_is_told(void **state)
{
	struct endpoint listening = bench_endpoint("127.0.0.1:5009");
	struct look look;

	look_open(&look);
	look_begin(&look, "127.0.0.1:5009");
	bench_run(&look.bench, 30);
	assert_int_equal(memory_network_reset_streams(look.bench.network, &listening), 1);
	bench_run(&look.bench, 100);
	assert_true(look.is_over);
	path_tcp_describe(look.probe, &look.arena, &look.result);
	assert_true(look.result.is_measured);
	assert_false(look.result.is_echoed);
	assert_non_null(look.result.ended);
	look_close(&look);
}

static void stopping_tells_nobody(void **state)
{
	struct look look;

	look_open(&look);
	look_begin(&look, "127.0.0.1:5003");
	bench_run(&look.bench, 12);
	path_tcp_stop(look.probe);
	bench_run(&look.bench, 1000);
	assert_false(look.is_over);
	path_tcp_describe(look.probe, &look.arena, &look.result);
	assert_true(look.result.is_measured);
	look_close(&look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_comes_back),
		cmocka_unit_test(nobody_is_there),
		cmocka_unit_test(what_is_stuck_is_given_up),
		cmocka_unit_test(who_hangs_up_is_told),
		cmocka_unit_test(stopping_tells_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
