/* Looks at names: a DNS server of the test's own answers over loopback, late, or never; what is
 * looked at is in memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/probe_bench.h"
#include "sys/ip_socket.h"

#define WEB      "http://web.test:8080/"
#define DELAY_NS (30 * NS_PER_MS)

#define bench probe_bench

static const struct probe_script ok = {
	.parts = { { .text = "HTTP/1.1 204 No Content\r\n\r\n" } },
};

/* ---- the server ---- */

enum { NO_ERROR = 0, SERVER_FAILURE = 2, NO_SUCH_NAME = 3, SILENT = 100 };

struct server {
	struct watch watch;
	struct timer timer;
	int rcode;
	uint64_t delay_ns;
	unsigned asked;
	struct endpoint client;
	uint8_t query[512];
	size_t size;
};

static struct server server;
static char servers[ENDPOINT_TEXT_MAX];

/* Behind the name and its type. */
static size_t question_end(void)
{
	size_t at = 12;
	while (server.query[at] != 0)
		at += server.query[at] + 1U;
	return at + 5;
}

static void answer(struct timer *timer)
{
	static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1 };
	struct sockaddr_storage to;
	uint8_t bytes[600];
	size_t size = question_end();
	bool is_found = server.rcode == NO_ERROR;
	(void)timer;
	memcpy(bytes, server.query, size);
	bytes[2] = 0x81;
	bytes[3] = (uint8_t)(0x80 | server.rcode);
	bytes[7] = is_found;
	bytes[11] = 0; /* without EDNS */
	if (is_found)
		memcpy(bytes + size, record, sizeof(record));
	size += is_found ? sizeof(record) : 0;
	socklen_t length = endpoint_to_sockaddr(&server.client, &to);
	assert_int_equal(sendto(server.watch.fd, bytes, size, 0, (struct sockaddr *)&to, length),
			 size);
}

static void on_query(struct watch *watch, uint32_t events)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	(void)events;
	ssize_t got = recvfrom(watch->fd, server.query, sizeof(server.query), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &length);
	if (got <= 12)
		return;
	server.asked++;
	server.size = (size_t)got;
	endpoint_from_sockaddr((struct sockaddr *)&from, &server.client);
	if (server.rcode != SILENT)
		loop_set_timer(bench.loop, &server.timer,
			       loop_read_clock(bench.loop) + server.delay_ns);
}

static void open_bench(int rcode, uint64_t delay_ns)
{
	struct endpoint local;
	probe_bench_open_real(&ok, 1);
	probe_bench_target(WEB);
	bench.target.family = AF_INET;
	server = (struct server){ .rcode = rcode, .delay_ns = delay_ns };
	timer_init(&server.timer, answer);
	assert_int_equal(endpoint_parse("127.0.0.1", 0, &local), 0);
	server.watch.ready = on_query;
	server.watch.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(server.watch.fd >= 0);
	assert_int_equal(ip_socket_bind(server.watch.fd, &local), 0);
	assert_int_equal(ip_socket_local(server.watch.fd, &local), 0);
	assert_int_equal(loop_watch(bench.loop, &server.watch), 0);
	(void)endpoint_format(&local, servers);
	bench.servers = servers;
}

static void close_bench(void)
{
	loop_unwatch(bench.loop, &server.watch);
	loop_clear_timer(bench.loop, &server.timer);
	(void)close(server.watch.fd);
	probe_bench_close();
}

static const struct probe_result *look(void)
{
	probe_bench_start(1);
	while (!bench.is_finished)
		probe_bench_run_until(loop_read_clock(bench.loop) + NS_PER_MS);
	return &bench.results[0];
}

/* ---- cases ---- */

static void a_name_is_resolved_each_time(void **state)
{
	(void)state;
	open_bench(NO_ERROR, DELAY_NS);
	bench.targets[0].count = 2;
	bench.targets[0].interval_ns = 100 * NS_PER_MS;
	(void)look();
	assert_int_equal(bench.told, 2);
	assert_int_equal(server.asked, 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct probe_result *result = &bench.results[i];
		assert_int_equal(result->outcome, OUTCOME_DONE);
		assert_true(result->phase_ns[PROBE_RESOLVE] >= DELAY_NS);
		assert_int_equal(result->addresses, 1);
		assert_int_equal(result->status, 204);
	}
	close_bench();
}

static void a_kept_connection_asks_once(void **state)
{
	(void)state;
	open_bench(NO_ERROR, 0);
	bench.target.is_kept = true;
	bench.targets[0].count = 3;
	bench.targets[0].interval_ns = 50 * NS_PER_MS;
	(void)look();
	assert_int_equal(server.asked, 1);
	assert_false(probe_has(&bench.results[2], PROBE_RESOLVE));
	assert_int_equal(bench.results[2].addresses, 1);
	close_bench();
}

struct wrong_case {
	int rcode;
	const char *why;
};

static const struct wrong_case wrongs[] = {
	{ NO_SUCH_NAME, "web.test: no such name" },
	{ SERVER_FAILURE, "web.test: no name server gives an answer" },
	{ SILENT, "no answer from DNS in time" },
};

static void names_that_are_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(wrongs); i++) {
		open_bench(wrongs[i].rcode, 0);
		bench.targets[0].timeout_ns = 300 * NS_PER_MS;
		const struct probe_result *result = look();
		assert_int_equal(result->outcome, OUTCOME_NOT_RESOLVED);
		assert_string_equal(result->why, wrongs[i].why);
		assert_int_equal(result->failed_in, PROBE_RESOLVE);
		assert_int_not_equal(result->failed_after_ns, 0);
		assert_int_equal(result->phases, 0);
		close_bench();
	}
}

/* The answer comes when nobody waits for it any more, or after all is over. */
static void a_late_answer_is_nobodys(void **state)
{
	(void)state;
	open_bench(NO_ERROR, DELAY_NS);
	bench.targets[0].timeout_ns = 5 * NS_PER_MS;
	const struct probe_result *result = look();
	assert_int_equal(result->outcome, OUTCOME_NOT_RESOLVED);
	probe_bench_run_until(loop_read_clock(bench.loop) + 2 * DELAY_NS);
	assert_int_equal(bench.told, 1);
	assert_int_equal(bench.accepted, 0);
	close_bench();

	open_bench(SILENT, 0);
	probe_bench_start(1);
	probe_bench_run_until(loop_read_clock(bench.loop) + 5 * NS_PER_MS);
	close_bench();
	assert_int_equal(bench.told, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_resolved_each_time),
		cmocka_unit_test(a_kept_connection_asks_once),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(a_late_answer_is_nobodys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
