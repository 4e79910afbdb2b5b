/* The service discard reads bulk in lumps, over the kernel's TCP: nothing of it stays behind. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/service.h"

#define CHUNK_BYTES ((size_t)1024 * 1024)
/* Until the mark stands: bulk is looked for every 100 ms. */
#define BULK_NS (300 * NS_PER_MS)

struct bench {
	struct plan plan;
	struct loop *loop;
	struct worker *worker;
	struct service_shared shared;
	int fd; /* the client's */
	uint64_t sent_bytes;
};

static void turn(struct bench *bench, uint64_t ns)
{
	assert_int_equal(loop_run(bench->loop, loop_read_clock(bench->loop) + ns), 0);
}

static void bench_init(struct bench *bench)
{
	struct endpoint local = { .address = { 127, 0, 0, 1 }, .family = AF_INET };
	struct error error = { "" };

	*bench = (struct bench){
		.plan = { .serve = { .listen = { { SERVICE_DISCARD, TRANSPORT_TCP, local } },
				     .listen_count = 1,
				     .name = "web",
				     .connections_max = 10 },
			  .workers = 1,
			  .stream = &stream_tcp },
	};
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &bench->loop), 0);
	assert_int_equal(worker_new(&bench->plan, 0, bench->loop, &bench->worker), 0);
	assert_int_equal(service_add(bench->worker, &bench->shared, &error), 0);
	worker_start(bench->worker);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(bench->shared.ports[0]),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bench->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(bench->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void bench_deinit(struct bench *bench)
{
	close(bench->fd);
	turn(bench, NS_PER_MS);
	worker_free(bench->worker);
	loop_free(bench->loop);
}

static void send_some(struct bench *bench, const void *data, size_t size)
{
	ssize_t sent = send(bench->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

	bench->sent_bytes += sent > 0 ? (uint64_t)sent : 0;
}

static void send_in_bulk(struct bench *bench, uint64_t ns)
{
	void *chunk = calloc(1, CHUNK_BYTES);
	uint64_t end_ns = loop_read_clock(bench->loop) + ns;

	while (loop_read_clock(bench->loop) < end_ns) {
		send_some(bench, chunk, CHUNK_BYTES);
		turn(bench, NS_PER_MS / 20);
	}
	free(chunk);
}

static uint64_t received(const struct bench *bench)
{
	return bench->worker->recorders[PLAN_SERVED]->counters.bytes_received;
}

/* SO_RCVLOWAT of the server's end can't be asked from here; that it holds back few bytes can. */
static bool is_held_back(struct bench *bench)
{
	uint64_t before = received(bench);

	send_some(bench, "x", 1);
	turn(bench, 5 * NS_PER_MS);
	return received(bench) == before;
}

static void who_was_fast_and_turns_slow_is_counted(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	assert_false(is_held_back(&bench));
	send_in_bulk(&bench, BULK_NS);
	turn(&bench, 20 * NS_PER_MS);
	bool was_held_back = is_held_back(&bench);
	turn(&bench, 250 * NS_PER_MS);
	assert_int_equal(received(&bench), bench.sent_bytes);
	for (int i = 0; i < 20; i++) /* a byte a ms from now on */
		assert_false(is_held_back(&bench));
	bench_deinit(&bench);
	if (!was_held_back)
		skip(); /* a machine too slow, or busy, for bulk */
}

static void the_end_of_bulk_is_answered_with_all_of_it(void **state)
{
	struct bench bench;
	char expected[32];
	char got[32] = "";

	(void)state;
	bench_init(&bench);
	send_in_bulk(&bench, BULK_NS);
	send_some(&bench, "tail", 4);
	assert_int_equal(shutdown(bench.fd, SHUT_WR), 0);
	for (int i = 0; i < 100 && recv(bench.fd, got, sizeof(got) - 1, MSG_DONTWAIT) <= 0; i++)
		turn(&bench, 10 * NS_PER_MS);
	(void)snprintf(expected, sizeof(expected), "%" PRIu64 "\n", bench.sent_bytes);
	assert_string_equal(got, expected);
	bench_deinit(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_fast_and_turns_slow_is_counted),
		cmocka_unit_test(the_end_of_bulk_is_answered_with_all_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
