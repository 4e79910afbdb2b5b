/* The schedule: who falls due when, what is skipped and counted, how it ends; and that a probe
 * allocates nothing once the first ones are over. The linker has every malloc() and calloc() of
 * ours go through here (tests/CMakeLists.txt). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/probe_bench.h"

#define START_NS PROBE_START_NS
#define WEB      "http://192.0.2.1:8080/"
#define MUTE     "http://192.0.2.1:8081/"

#define WINDOWS_MAX     8
#define PROBES_A_WINDOW 20

#define bench probe_bench

static uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *data);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *data);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations++;
	return __real_realloc(old, size);
}

void __wrap_free(void *data)
{
	__real_free(data);
}

static const struct probe_script ok = {
	.parts = { { .text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" } },
};

static void open_bench(const char *uri)
{
	probe_bench_open(NULL, PROBE_OVER_TCP, &ok, 1);
	probe_bench_target(uri);
}

static void check_counts(uint32_t target, uint64_t due, uint64_t started, uint64_t in_flight)
{
	struct pinger_counts counts;
	pinger_counts(bench.pinger, target, &counts);
	assert_int_equal(counts.due, due);
	assert_int_equal(counts.started, started);
	assert_int_equal(counts.skipped, due - started);
	assert_int_equal(counts.in_flight, in_flight);
}

/* ---- who falls due when ---- */

static void targets_take_turns(void **state)
{
	(void)state;
	open_bench(WEB);
	bench.targets[0].count = 4;
	bench.targets[1].count = 3;
	bench.targets[1].after_ns = pinger_spread(1, 2, NS_PER_S);
	probe_bench_run(2);
	assert_int_equal(bench.told, 7);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(bench.results[i].target, i % 2);
		assert_int_equal(bench.results[i].number, 1 + i / 2);
		assert_int_equal(bench.results[i].due_ns, START_NS + i * NS_PER_S / 2);
	}
	probe_bench_close();
}

/* Each has its own, and an `after_ns` may be longer than the interval. */
static void intervals_differ(void **state)
{
	static const uint64_t due_ms[] = { 0, 1000, 1300, 1600, 2000 };
	static const unsigned targets[] = { 0, 0, 1, 1, 0 };
	(void)state;
	open_bench(WEB);
	bench.targets[0].count = 3;
	bench.targets[1].count = 2;
	bench.targets[1].interval_ns = 300 * NS_PER_MS;
	bench.targets[1].after_ns = 1300 * NS_PER_MS;
	probe_bench_run(2);
	assert_int_equal(bench.told, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(bench.results[i].target, targets[i]);
		assert_int_equal(bench.results[i].due_ns, START_NS + due_ms[i] * NS_PER_MS);
	}
	probe_bench_close();
}

/* In one ring, though the later one comes first. */
static void the_order_is_kept(void **state)
{
	(void)state;
	open_bench(WEB);
	bench.targets[0].count = 2;
	bench.targets[0].after_ns = 3 * NS_PER_S + NS_PER_S / 2;
	bench.targets[1].count = 6;
	probe_bench_run(2);
	assert_int_equal(bench.told, 8);
	for (unsigned i = 1; i < 8; i++)
		assert_true(bench.results[i].due_ns > bench.results[i - 1].due_ns);
	assert_int_equal(bench.results[4].target, 0);
	probe_bench_close();
}

/* ---- what is skipped ---- */

static void too_many_in_flight_are_skipped(void **state)
{
	(void)state;
	open_bench(MUTE);
	bench.targets[0].count = 6;
	bench.targets[0].timeout_ns = 2500 * NS_PER_MS;
	bench.targets[0].in_flight_max = 2;
	probe_bench_start(1);
	probe_bench_run_until(START_NS + 2 * NS_PER_S);
	check_counts(0, 3, 2, 2);
	probe_bench_run_until(START_NS + 60 * NS_PER_S);
	assert_true(bench.is_finished);
	check_counts(0, 6, 4, 0);
	assert_int_equal(bench.results[1].number, 2);
	assert_int_equal(bench.results[2].number, 4);
	assert_int_equal(bench.results[3].number, 5);
	probe_bench_close();
}

/* As behind a process that was stopped for 10.4 s: the last one due is started, late. */
static void held_up_ones_are_skipped(void **state)
{
	struct pinger_counts counts;
	struct error error;
	(void)state;
	open_bench(WEB);
	bench.targets[0].count = 12;
	assert_int_equal(probe_bench_new(1, &error), 0);
	probe_bench_run_until(START_NS + 10400 * NS_PER_MS);
	pinger_start(bench.pinger, START_NS);
	probe_bench_run_until(START_NS + 60 * NS_PER_S);
	assert_true(bench.is_finished);
	assert_int_equal(bench.told, 2);
	assert_int_equal(bench.results[0].number, 11);
	assert_int_equal(bench.results[0].due_ns, START_NS + 10 * NS_PER_S);
	assert_int_equal(bench.results[0].started_ns, START_NS + 10400 * NS_PER_MS);
	assert_int_equal(bench.results[1].number, 12);
	check_counts(0, 12, 2, 0);
	pinger_counts(bench.pinger, 0, &counts);
	assert_int_equal(counts.late_max_ns, 400 * NS_PER_MS);
	probe_bench_close();
}

/* ---- the end ---- */

static void is_stopped(void **state)
{
	(void)state;
	open_bench(MUTE);
	bench.targets[0].count = 0;
	probe_bench_start(1);
	probe_bench_run_until(START_NS + NS_PER_S + NS_PER_S / 2);
	pinger_stop(bench.pinger);
	pinger_stop(bench.pinger);
	assert_false(bench.is_finished);
	probe_bench_run_until(START_NS + 2 * NS_PER_S + NS_PER_S / 2);
	assert_false(bench.is_finished);
	check_counts(0, 2, 2, 1);
	probe_bench_run_until(START_NS + 60 * NS_PER_S);
	assert_true(bench.is_finished);
	assert_int_equal(bench.told, 2);
	probe_bench_close();
}

static void a_target_is_stopped(void **state)
{
	(void)state;
	open_bench(WEB);
	bench.targets[0].count = 0;
	bench.targets[1].count = 5;
	bench.targets[1].after_ns = NS_PER_S / 2;
	probe_bench_start(2);
	probe_bench_run_until(START_NS + 2 * NS_PER_S + NS_PER_S / 4);
	pinger_stop_target(bench.pinger, 0);
	probe_bench_run_until(START_NS + 60 * NS_PER_S);
	assert_true(bench.is_finished);
	check_counts(0, 3, 3, 0);
	check_counts(1, 5, 5, 0);
	probe_bench_close();
}

/* With nothing in flight it is over at once, and told at the end of a turn. */
static void is_stopped_at_rest(void **state)
{
	(void)state;
	open_bench(WEB);
	bench.targets[0].count = 0;
	probe_bench_start(1);
	probe_bench_run_until(START_NS + NS_PER_S / 2);
	pinger_stop(bench.pinger);
	assert_false(bench.is_finished);
	probe_bench_run_until(START_NS + NS_PER_S / 2 + 1);
	assert_true(bench.is_finished);
	probe_bench_close();
}

/* Of the second target: the first is closed again. */
static void an_impossible_target_is_named(void **state)
{
	struct error error = { "" };
	(void)state;
	open_bench(WEB);
	bench.other.uri = probe_bench_uri("discard://192.0.2.1");
	assert_int_equal(probe_bench_new(2, &error), -EINVAL);
	assert_string_equal(error.text, "discard://192.0.2.1:5009: cannot be looked at");
	probe_bench_close();
}

/* ---- memory ---- */

/* Answers whatever comes, over the kernel's TCP, out of a fixed number of places. */
struct place {
	struct stream stream;
	bool is_taken;
};

struct web {
	struct listener listener;
	struct place places[8];
};

static void on_request(struct stream *stream, unsigned events)
{
	struct place *place = container_of(stream, struct place, stream);
	char bytes[1000];
	struct iovec part = { (void *)ok.parts[0].text, strlen(ok.parts[0].text) };
	ssize_t got = stream_receive(stream, bytes, sizeof(bytes));
	(void)events;
	if (got > 0)
		assert_int_equal(stream_send(stream, &part, 1), part.iov_len);
	if (got == -EAGAIN || got > 0)
		return;
	stream_close(stream);
	place->is_taken = false;
}

static void on_arrived(struct listener *listener)
{
	struct web *web = container_of(listener, struct web, listener);
	size_t i = 0;
	while (web->places[i].is_taken)
		i++;
	assert_true(i < array_size(web->places));
	web->places[i].is_taken =
		listener_accept(listener, &web->places[i].stream, on_request) == 0;
}

static void count_told(void *context, const struct probe_result *result)
{
	assert_int_equal(result->outcome, OUTCOME_DONE);
	++*(unsigned *)context;
}

static void stop_loop(void *context)
{
	(void)context;
	loop_stop(bench.loop);
}

static void allocates_nothing(bool is_kept)
{
	struct web web = { .places = { { .is_taken = false } } };
	struct listen_options options = { .local.family = AF_INET };
	struct error error;
	unsigned told = 0;
	char text[64];
	bench = (struct probe_bench){ .loop = NULL };
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &bench.loop), 0);
	assert_int_equal(endpoint_parse("127.0.0.1", 0, &options.local), 0);
	assert_int_equal(
		listener_open(&web.listener, &stream_tcp, bench.loop, &options, on_arrived), 0);
	(void)snprintf(text, sizeof(text), "http://127.0.0.1:%u/", web.listener.local.port);
	struct probe_target target = { .uri = probe_bench_uri(text), .is_kept = is_kept };
	struct pinger_target pinged = { .target = &target,
					.interval_ns = NS_PER_MS,
					.timeout_ns = 10 * NS_PER_S,
					.in_flight_max = 4 };
	assert_int_equal(pinger_new(&(struct pinger_setup){ .loop = bench.loop,
							    .targets = &pinged,
							    .target_count = 1,
							    .done = count_told,
							    .finished = stop_loop,
							    .context = &told },
				    &error, &bench.pinger),
			 0);
	pinger_start(bench.pinger, loop_read_clock(bench.loop));
	/* On a busy machine more are in flight at once now and then than ever before: what
	 * allocates for each probe does so in each of several windows. */
	uint64_t fewest = UINT64_MAX;
	for (unsigned window = 0; window < WINDOWS_MAX && fewest > 0; window++) {
		uint64_t before = allocations;
		unsigned until = told + PROBES_A_WINDOW;
		while (told < until)
			assert_int_equal(
				loop_run(bench.loop, loop_read_clock(bench.loop) + NS_PER_MS), 0);
		fewest = allocations - before < fewest ? allocations - before : fewest;
	}
	assert_int_equal(fewest, 0);
	pinger_stop(bench.pinger);
	assert_int_equal(loop_run(bench.loop, UINT64_MAX), 0);
	pinger_free(bench.pinger);
	for (size_t i = 0; i < array_size(web.places); i++)
		if (web.places[i].is_taken)
			stream_close(&web.places[i].stream);
	listener_close(&web.listener);
	loop_free(bench.loop);
}

static void probes_allocate_nothing(void **state)
{
	(void)state;
	allocates_nothing(false);
	allocates_nothing(true);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_take_turns),
		cmocka_unit_test(intervals_differ),
		cmocka_unit_test(the_order_is_kept),
		cmocka_unit_test(too_many_in_flight_are_skipped),
		cmocka_unit_test(held_up_ones_are_skipped),
		cmocka_unit_test(is_stopped),
		cmocka_unit_test(a_target_is_stopped),
		cmocka_unit_test(is_stopped_at_rest),
		cmocka_unit_test(an_impossible_target_is_named),
		cmocka_unit_test(probes_allocate_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
