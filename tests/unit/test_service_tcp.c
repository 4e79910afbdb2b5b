/* The stream services over the memory network: bytes, counts, limits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "proto/traffic_wire.h"
#include "support/service_bench.h"

#define PORT 5003

static void open_one(struct bench *bench, const struct memory_options *options,
		     enum service service)
{
	bench_init(bench, options);
	bench_listen(bench, service, TRANSPORT_TCP, PORT);
	bench_start(bench);
}

/* ---- echo */

static void echo_survives_any_cut(const struct memory_options *options, size_t size)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(size);
	open_one(&bench, options, SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	client_send(&client, data, size);
	bench_run(&bench, 60000);
	client_assert_got(&client, data, size);
	assert_false(client.has_end);
	client_finish(&client);
	bench_run(&bench, 100);
	assert_true(client.has_end);
	assert_int_equal(bench_counters(&bench)->bytes_received, size);
	assert_int_equal(bench_counters(&bench)->bytes_sent, size);
	bench_assert_settled(&bench);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

static void echo_returns_every_byte(void **state)
{
	static const struct {
		struct memory_options options;
		size_t size;
	} cases[] = {
		{ { 0 }, 1 },
		{ { 0 }, 1000000 },
		{ { .chunk_max_bytes = 1 }, 500 },
		{ { .chunk_max_bytes = 3, .buffer_bytes = 7 }, 2000 },
		{ { .chunk_max_bytes = 16369, .delay_ns = NS_PER_MS }, 700000 },
		{ { .buffer_bytes = 100000, .delay_ns = NS_PER_MS }, 700000 },
		{ { .buffer_bytes = 1 << 20, .delay_ns = NS_PER_MS }, 1000000 }, /* in one burst */
		{ { .delay_ns = NS_PER_MS, .jitter_ns = NS_PER_MS, .loss = 0.1 }, 300000 },
	};
	for (size_t i = 0; i < array_size(cases); i++)
		echo_survives_any_cut(&cases[i].options, cases[i].size);
}

static void echo_answers_what_came_before_the_end(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(50000);
	open_one(&bench, &(struct memory_options){ .buffer_bytes = 8192 }, SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	client.is_deaf = true;
	client_send(&client, data, 10000);
	bench_run(&bench, 10);
	client_finish(&client);
	bench_run(&bench, 10);
	assert_int_equal(client.got.size, 0);
	client_listen(&client);
	bench_run(&bench, 10);
	client_assert_got(&client, data, 10000);
	assert_true(client.has_end);
	assert_int_equal(bench_errors(&bench, OUTCOME_RESET), 0);
	bench_assert_settled(&bench);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

/* The peer takes nothing: the server reads on only until its answer finds no room. */
static void echo_stops_reading_while_its_answer_waits(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(2000000);
	open_one(&bench, &(struct memory_options){ .buffer_bytes = 65536 }, SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	client.is_deaf = true;
	client_send(&client, data, 2000000);
	bench_run(&bench, 1000);
	/* Two buffers on the way and what one read took. */
	assert_in_range(2000000 - client.to_send_bytes, 65536, 3 * 65536);
	assert_int_equal(bench_counters(&bench)->bytes_sent, 65536);
	client_listen(&client);
	bench_run(&bench, 1000);
	client_assert_got(&client, data, 2000000);
	bench_assert_settled(&bench);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

/* ---- traffic */

static void name_lies_over_the_first_bytes(size_t piece, const char *name)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(200);
	uint8_t expected[200];
	memcpy(expected, data, sizeof(expected));
	memcpy(expected, name, strlen(name) + 1);
	bench_init(&bench, &(struct memory_options){ 0 });
	bench.plan.serve.name = name;
	bench_listen(&bench, SERVICE_TRAFFIC, TRANSPORT_TCP, PORT);
	bench_start(&bench);
	client_open(&client, &bench, PORT);
	for (size_t at = 0; at < 200; at += piece) {
		client_send(&client, data + at, piece < 200 - at ? piece : 200 - at);
		bench_run(&bench, 1);
	}
	client_assert_got(&client, expected, sizeof(expected));
	client_close(&client);
	bench_free(&bench);
	free(data);
}

static void name_comes_whole_however_it_is_asked(void **state)
{
	static const size_t pieces[] = { 1, 2, 10, 11, 63, 64, 65, 200 };
	char longest[WIRE_NAME_BYTES];
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < array_size(pieces); i++) {
		name_lies_over_the_first_bytes(pieces[i], "web-3-7d9f");
		name_lies_over_the_first_bytes(pieces[i], longest);
	}
}

/* ---- counts */

static void messages_with_a_head_are_counted_exactly(void **state)
{
	static const size_t pieces[] = { 1, 79, 80, 81, 333, 1000, 2500, 3000 };
	for (size_t i = 0; i < array_size(pieces); i++) {
		struct bench bench;
		struct bench_client client;
		uint8_t data[3000] = { 0 };
		for (size_t message = 0; message < 3; message++)
			wire_write_stream_head(data + message * 1000, 1000, message);
		open_one(&bench, &(struct memory_options){ 0 }, SERVICE_TRAFFIC);
		client_open(&client, &bench, PORT);
		for (size_t at = 0; at < sizeof(data); at += pieces[i]) {
			size_t left = sizeof(data) - at;
			client_send(&client, data + at, pieces[i] < left ? pieces[i] : left);
			bench_run(&bench, 1);
			assert_int_equal(bench_counters(&bench)->scheduled,
					 (at + (pieces[i] < left ? pieces[i] : left)) / 1000);
			bench_assert_settled(&bench);
		}
		assert_int_equal(bench_counters(&bench)->sent, 3);
		client_close(&client);
		bench_free(&bench);
	}
}

static void other_messages_are_one_a_read(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t data[100] = { 0 };
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	for (int i = 0; i < 5; i++) {
		client_send(&client, data, sizeof(data));
		bench_run(&bench, 1);
	}
	assert_int_equal(bench_counters(&bench)->sent, 5);
	client_close(&client);
	client_open(&client, &bench, PORT);
	client_send(&client, "hello\n", 6);
	bench_run(&bench, 1);
	client_finish(&client);
	bench_run(&bench, 1);
	assert_int_equal(bench_counters(&bench)->sent, 6);
	bench_assert_settled(&bench);
	client_close(&client);
	bench_free(&bench);
}

static void what_a_reset_leaves_unanswered_is_missed(void **state)
{
	struct bench bench;
	struct bench_client client;
	struct endpoint listening = bench_endpoint("127.0.0.1:5003");
	uint8_t data[5000] = { 0 };
	wire_write_stream_head(data, 1000, 0);
	open_one(&bench, &(struct memory_options){ .buffer_bytes = 2500 }, SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	client.is_deaf = true;
	client_send(&client, data, sizeof(data));
	bench_run(&bench, 10);
	assert_int_equal(bench_counters(&bench)->scheduled, 5);
	assert_int_equal(bench_counters(&bench)->sent, 2);
	assert_int_equal(bench_counters(&bench)->debt, 3);
	assert_int_equal(bench_counters(&bench)->connections, 1);
	assert_int_equal(memory_network_reset_streams(bench.network, &listening), 1);
	bench_run(&bench, 10);
	assert_int_equal(bench_counters(&bench)->missed_peer, 3);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	assert_int_equal(bench_counters(&bench)->disconnects, 1);
	assert_int_equal(bench_errors(&bench, OUTCOME_RESET), 1);
	bench_assert_settled(&bench);
	client_close(&client);
	bench_free(&bench);
}

static void connections_are_counted(void **state)
{
	struct bench bench;
	struct bench_client clients[3];
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	for (size_t i = 0; i < array_size(clients); i++)
		client_open(&clients[i], &bench, PORT);
	bench_run(&bench, 1);
	client_close(&clients[0]);
	bench_run(&bench, 1);
	const struct counters *counters = bench_counters(&bench);
	assert_int_equal(counters->attempts, 3);
	assert_int_equal(counters->connects, 3);
	assert_int_equal(counters->disconnects, 1);
	assert_int_equal(counters->connections, 2);
	assert_int_equal(bench.worker->service.connections_now, 2);
	assert_int_equal(atomic_load(&bench.shared.connections[0]), 2);
	for (size_t i = 0; i < ERROR_ROWS_MAX; i++)
		assert_int_equal(bench.worker->recorders[PLAN_SERVED]->errors[i].count, 0);
	client_close(&clients[1]);
	client_close(&clients[2]);
	bench_free(&bench);
}

/* ---- discard */

static void discard_answers_the_end_with_its_count(void **state)
{
	static const size_t sizes[] = { 0, 7, 79, 80, 3000000 };
	static const size_t chunks[] = { 0, 1 };
	for (size_t i = 0; i < array_size(sizes) * array_size(chunks); i++) {
		struct memory_options options = { .buffer_bytes = 1 << 22, .delay_ns = NS_PER_US };
		struct bench bench;
		struct bench_client client;
		size_t size = sizes[i / array_size(chunks)];
		char expected[24];
		uint8_t *data = bench_bytes(size);
		options.chunk_max_bytes = size < 1000 ? chunks[i % array_size(chunks)] : 0;
		(void)snprintf(expected, sizeof(expected), "%zu\n", size);
		open_one(&bench, &options, SERVICE_DISCARD);
		client_open(&client, &bench, PORT);
		client_send(&client, data, size);
		bench_run(&bench, 1000);
		client_assert_got(&client, NULL, 0);
		client_finish(&client);
		bench_run(&bench, 1000);
		client_assert_got(&client, expected, strlen(expected));
		assert_true(client.has_end);
		assert_int_equal(bench_counters(&bench)->bytes_received, size);
		bench_assert_settled(&bench);
		client_close(&client);
		bench_free(&bench);
		free(data);
	}
}

/* ---- source */

static void source_sends_while_it_is_read(void **state)
{
	struct bench bench;
	struct bench_client client;
	open_one(&bench, &(struct memory_options){ .buffer_bytes = 1000000, .delay_ns = NS_PER_MS },
		 SERVICE_SOURCE);
	client_open(&client, &bench, PORT);
	client.is_deaf = true;
	bench_run(&bench, 1000);
	assert_int_equal(bench_counters(&bench)->bytes_sent, 1000000);
	client_listen(&client);
	bench_run(&bench, 10);
	assert_in_range(client.got.size, 3 * 1000000, 20 * 1000000);
	for (size_t i = 0; i < client.got.size; i += 999)
		assert_int_equal(client.got.data[i], 0);
	client.is_deaf = true;
	bench_run(&bench, 1000);
	uint64_t sent = bench_counters(&bench)->bytes_sent;
	bench_run(&bench, 1000);
	assert_int_equal(bench_counters(&bench)->bytes_sent, sent);
	client_finish(&client);
	client_listen(&client);
	bench_run(&bench, 1000);
	assert_true(client.has_end);
	assert_int_equal(client.error, 0);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	bench_assert_settled(&bench);
	client_close(&client);
	bench_free(&bench);
}

/* ---- limits */

static unsigned count_events(struct bench *bench, enum event_kind kind, enum outcome outcome)
{
	struct event event;
	unsigned count = 0;
	while (event_ring_take(bench->worker->events, &event)) {
		assert_int_equal(event.stream, PLAN_SERVED);
		count += event.kind == kind && event.outcome == outcome;
	}
	return count;
}

static void who_comes_beyond_the_limit_is_turned_away(void **state)
{
	struct bench bench;
	struct bench_client clients[4];
	bench_init(&bench, &(struct memory_options){ 0 });
	bench.plan.serve.connections_max = 2;
	bench_listen(&bench, SERVICE_ECHO, TRANSPORT_TCP, PORT);
	bench_start(&bench);
	for (size_t i = 0; i < 3; i++) {
		client_open(&clients[i], &bench, PORT);
		bench_run(&bench, 1);
	}
	assert_false(clients[1].has_end);
	assert_true(clients[2].has_end);
	assert_int_equal(count_events(&bench, EVENT_LIMIT, OUTCOME_LIMITED), 1);
	assert_int_equal(bench_errors(&bench, OUTCOME_LIMITED), 1);
	client_close(&clients[0]);
	bench_run(&bench, 1);
	client_open(&clients[3], &bench, PORT);
	bench_run(&bench, 1);
	assert_false(clients[3].has_end);
	const struct counters *counters = bench_counters(&bench);
	assert_int_equal(bench.worker->service.turned_away, 1);
	assert_int_equal(counters->attempts, 4);
	assert_int_equal(counters->connects, 3);
	assert_int_equal(counters->connect_failures, 1);
	assert_int_equal(counters->connections, 2);
	for (size_t i = 1; i < array_size(clients); i++)
		client_close(&clients[i]);
	bench_free(&bench);
}

/* A transport whose accept fails as often as told, then works. */
static struct {
	int code;
	unsigned count;
} failing;

static int failing_accept(struct listener *listener, struct stream *stream)
{
	if (failing.count > 0) {
		failing.count--;
		return -failing.code;
	}
	return stream_memory.accept(listener, stream);
}

static void open_with_failing_accept(struct bench *bench, struct stream_transport *transport)
{
	*transport = stream_memory;
	transport->accept = failing_accept;
	bench_init(bench, &(struct memory_options){ 0 });
	bench->plan.stream = transport;
	bench_listen(bench, SERVICE_ECHO, TRANSPORT_TCP, PORT);
	bench_start(bench);
}

static void without_descriptors_the_reserve_turns_away(void **state)
{
	struct stream_transport transport;
	struct bench bench;
	struct bench_client client;
	failing.code = EMFILE;
	failing.count = 1;
	open_with_failing_accept(&bench, &transport);
	client_open(&client, &bench, PORT);
	bench_run(&bench, 1);
	assert_true(client.has_end);
	assert_int_equal(bench.worker->service.turned_away, 1);
	assert_int_equal(bench_errors(&bench, OUTCOME_NO_DESCRIPTORS), 1);
	assert_int_equal(count_events(&bench, EVENT_LIMIT, OUTCOME_NO_DESCRIPTORS), 1);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	client_close(&client);
	bench_free(&bench);
}

static void what_time_may_cure_is_tried_again(void **state)
{
	static const int codes[] = { EMFILE, ENOBUFS, ENOMEM };
	for (size_t i = 0; i < array_size(codes); i++) {
		struct stream_transport transport;
		struct bench bench;
		struct bench_client client;
		failing.code = codes[i];
		failing.count = 4;
		open_with_failing_accept(&bench, &transport);
		client_open(&client, &bench, PORT);
		client_send(&client, "hello\n", 6);
		bench_run(&bench, 5);
		assert_int_equal(client.got.size, 0);
		bench_run(&bench, 1000);
		client_assert_got(&client, "hello\n", 6);
		assert_int_equal(bench.worker->service.turned_away, 0);
		client_close(&client);
		bench_free(&bench);
	}
}

/* More than one turn accepts at a time. */
static void a_crowd_is_let_in(void **state)
{
	static struct bench_client clients[300];
	struct stream_transport transport;
	struct bench bench;
	failing.count = UINT32_MAX;
	failing.code = EAGAIN;
	open_with_failing_accept(&bench, &transport);
	for (size_t i = 0; i + 1 < array_size(clients); i++)
		client_open(&clients[i], &bench, PORT);
	bench_run(&bench, 10);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	failing.count = 0;
	client_open(&clients[array_size(clients) - 1], &bench, PORT);
	bench_run(&bench, 10);
	assert_int_equal(bench_counters(&bench)->connections, array_size(clients));
	for (size_t i = 0; i < array_size(clients); i++)
		client_close(&clients[i]);
	bench_free(&bench);
}

/* ---- opening */

static void a_taken_port_is_told(void **state)
{
	struct bench bench;
	struct error error = { "" };
	struct service_shared shared = { .ports = { 0 } };
	struct worker *other = NULL;
	struct loop *loop = NULL;
	struct loop_options simulated = { .is_simulated = true };
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_TRAFFIC);
	assert_int_equal(loop_new(&simulated, &loop), 0);
	assert_int_equal(worker_new(&bench.plan, 0, loop, &other), 0);
	assert_int_equal(service_add(other, &shared, &error), -EADDRINUSE);
	assert_string_equal(error.text,
			    "cannot listen on traffic://127.0.0.1:5003: address in use (another "
			    "conntest serve? see ss -ltnp 'sport = :5003')");
	worker_free(other);
	loop_free(loop);
	bench_free(&bench);
}

static void a_port_of_the_kernels_choice_is_shared(void **state)
{
	struct bench bench;
	bench_init(&bench, &(struct memory_options){ 0 });
	bench_listen(&bench, SERVICE_TRAFFIC, TRANSPORT_TCP, 0);
	bench_listen(&bench, SERVICE_TRAFFIC, TRANSPORT_UDP, 5004);
	bench_start(&bench);
	assert_int_not_equal(bench.shared.ports[0], 0);
	assert_int_equal(bench.shared.ports[1], 5004);
	struct bench_client client;
	client_open(&client, &bench, bench.shared.ports[0]);
	bench_run(&bench, 1);
	assert_true(client.is_connected);
	client_close(&client);
	bench_free(&bench);
}

static void the_limit_leaves_descriptors_for_ourselves(void **state)
{
	struct plan plan = { .workers = 2, .serve.listen_count = 3 };
	uint64_t most = service_connections_max(&plan);
	assert_true(most > 0);
	plan.workers = 3;
	assert_true(service_connections_max(&plan) <= most);
	plan.serve.connections_max = 7;
	assert_int_equal(service_connections_max(&plan), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_returns_every_byte),
		cmocka_unit_test(echo_answers_what_came_before_the_end),
		cmocka_unit_test(echo_stops_reading_while_its_answer_waits),
		cmocka_unit_test(name_comes_whole_however_it_is_asked),
		cmocka_unit_test(messages_with_a_head_are_counted_exactly),
		cmocka_unit_test(other_messages_are_one_a_read),
		cmocka_unit_test(what_a_reset_leaves_unanswered_is_missed),
		cmocka_unit_test(connections_are_counted),
		cmocka_unit_test(discard_answers_the_end_with_its_count),
		cmocka_unit_test(source_sends_while_it_is_read),
		cmocka_unit_test(who_comes_beyond_the_limit_is_turned_away),
		cmocka_unit_test(without_descriptors_the_reserve_turns_away),
		cmocka_unit_test(what_time_may_cure_is_tried_again),
		cmocka_unit_test(a_crowd_is_let_in),
		cmocka_unit_test(a_taken_port_is_told),
		cmocka_unit_test(a_port_of_the_kernels_choice_is_shared),
		cmocka_unit_test(the_limit_leaves_descriptors_for_ourselves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
