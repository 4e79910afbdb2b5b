/* How `serve` lets go of its connections: between two messages, with nothing unread. */
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
#include "proto/traffic_wire.h"
#include "support/service_bench.h"

#define PORT          5003
#define MESSAGE_BYTES 1000

static void open_one(struct bench *bench, const struct memory_options *options,
		     enum service service)
{
	bench_init(bench, options);
	bench_listen(bench, service, TRANSPORT_TCP, PORT);
	bench_start(bench);
}

/* Messages of `traffic` as they come back from a plain echo. */
static uint8_t *messages(size_t count)
{
	uint8_t *data = bench_bytes(count * MESSAGE_BYTES);

	for (size_t i = 0; i < count; i++)
		wire_write_stream_head(data + i * MESSAGE_BYTES, MESSAGE_BYTES, i);
	return data;
}

static void connect_and_send(struct bench_client *client, struct bench *bench, const void *data,
			     size_t size)
{
	client_open(client, bench, PORT);
	client_send(client, data, size);
	bench_run(bench, 10);
}

static void assert_drained(const struct bench *bench, uint64_t drained, uint64_t cut_off)
{
	struct service_totals totals = bench->worker->service;

	assert_true(bench_is_done(bench));
	assert_int_equal(totals.drained, drained);
	assert_int_equal(totals.cut_off, cut_off);
	assert_int_equal(totals.connections_now, 0);
	assert_int_equal(atomic_load(&bench->shared.connections[0]), 0);
	assert_int_equal(bench_counters(bench)->connections, 0);
	assert_int_equal(bench_counters(bench)->disconnects, 0);
	bench_assert_settled(bench);
}

static void with_nobody_there_it_is_done_at_once(void **state)
{
	struct bench bench;
	struct event event;
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	bench_end(&bench);
	assert_drained(&bench, 0, 0);
	assert_true(event_ring_take(bench.worker->events, &event));
	assert_int_equal(event.kind, EVENT_DRAIN);
	assert_int_equal(event.count, 0);
	bench_free(&bench);
}

static void at_a_boundary_it_ends_at_once(void **state)
{
	struct bench bench;
	struct bench_client client;
	struct event event;
	uint8_t *data = messages(3);
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	connect_and_send(&client, &bench, data, 3 * MESSAGE_BYTES);
	uint64_t ends_ms = bench_now_ms(&bench);
	bench_end(&bench);
	assert_true(client.has_end);
	assert_int_equal(client.ended_ms, ends_ms);
	client_assert_got(&client, data, 3 * MESSAGE_BYTES);
	assert_true(event_ring_take(bench.worker->events, &event));
	assert_int_equal(event.count, 1);
	assert_false(bench_is_done(&bench)); /* the client has not ended its side */
	client_close(&client);
	bench_run(&bench, 1);
	assert_drained(&bench, 1, 0);
	bench_free(&bench);
	free(data);
}

/* One and a half messages have come: the other half is waited for, and answered. */
static void a_message_that_has_begun_is_finished(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = messages(2);
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	connect_and_send(&client, &bench, data, 1500);
	bench_end(&bench);
	bench_run(&bench, 3000);
	assert_false(client.has_end);
	client_send(&client, data + 1500, 499);
	bench_run(&bench, 100);
	assert_false(client.has_end);
	client_send(&client, data + 1999, 1);
	bench_run(&bench, 1);
	assert_true(client.has_end);
	client_assert_got(&client, data, 2000);
	client_close(&client);
	bench_run(&bench, 1);
	assert_drained(&bench, 1, 0);
	bench_free(&bench);
	free(data);
}

static void without_a_head_it_waits_for_a_pause(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(1000);
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	connect_and_send(&client, &bench, data, 100);
	bench_end(&bench);
	for (size_t at = 100; at < 1000; at += 100) {
		bench_run(&bench, 9);
		client_send(&client, data + at, 100);
	}
	uint64_t last_ms = bench_now_ms(&bench);
	assert_false(client.has_end);
	bench_run(&bench, 100);
	assert_true(client.has_end);
	assert_in_range(client.ended_ms - last_ms, 20, 26);
	client_assert_got(&client, data, 1000);
	client_close(&client);
	bench_run(&bench, 1);
	assert_drained(&bench, 1, 0);
	bench_free(&bench);
	free(data);
}

/* What the client wrote before it could see our end is lost, and that alone: no reset. */
static void late_bytes_do_not_become_a_reset(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = messages(3);
	open_one(&bench, &(struct memory_options){ .delay_ns = 30 * NS_PER_MS }, SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	client_send(&client, data, MESSAGE_BYTES);
	bench_run(&bench, 200);
	bench_end(&bench);
	client_send(&client, data + MESSAGE_BYTES, MESSAGE_BYTES);
	bench_run(&bench, 45);
	assert_true(client.has_end);
	assert_int_equal(client.error, 0);
	client_assert_got(&client, data, MESSAGE_BYTES);
	bench_run(&bench, 20);
	client_close(&client);
	bench_run(&bench, 60);
	assert_int_equal(client.error, 0);
	assert_drained(&bench, 1, 0);
	assert_int_equal(bench_counters(&bench)->bytes_received, 2 * MESSAGE_BYTES);
	assert_int_equal(bench_counters(&bench)->scheduled, 1);
	bench_free(&bench);
	free(data);
}

static void a_peer_that_never_ends_is_waited_for_200_ms(void **state)
{
	struct bench bench;
	struct bench_client client;
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	connect_and_send(&client, &bench, "x", 1);
	bench_run(&bench, 100);
	bench_end(&bench);
	assert_true(client.has_end);
	bench_run(&bench, 195);
	assert_false(bench_is_done(&bench));
	bench_run(&bench, 15);
	assert_drained(&bench, 1, 0);
	assert_int_equal(client.error, 0);
	client_close(&client);
	bench_free(&bench);
}

static void at_the_deadline_it_is_cut_off(void **state)
{
	struct bench bench;
	struct bench_client clients[2];
	uint8_t *data = messages(1);
	bench_init(&bench, &(struct memory_options){ 0 });
	bench.plan.serve.drain_ns = 400 * NS_PER_MS;
	bench_listen(&bench, SERVICE_ECHO, TRANSPORT_TCP, PORT);
	bench_start(&bench);
	connect_and_send(&clients[0], &bench, data, MESSAGE_BYTES / 2);
	connect_and_send(&clients[1], &bench, data, MESSAGE_BYTES);
	bench_end(&bench);
	bench_run(&bench, 395);
	assert_false(bench_is_done(&bench));
	assert_int_equal(clients[0].error, 0);
	bench_run(&bench, 10);
	assert_drained(&bench, 1, 1);
	bench_run(&bench, 1);
	assert_false(clients[0].has_end);
	assert_true(clients[1].has_end);
	client_close(&clients[0]);
	client_close(&clients[1]);
	bench_free(&bench);
	free(data);
}

static void what_was_read_is_answered_however_slowly(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = messages(200);
	open_one(&bench, &(struct memory_options){ .buffer_bytes = 20000 }, SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	client.is_deaf = true;
	client_send(&client, data, 50000);
	bench_run(&bench, 10);
	bench_end(&bench);
	bench_run(&bench, 1000);
	assert_false(bench_is_done(&bench));
	client_listen(&client);
	bench_run(&bench, 300);
	assert_true(client.has_end);
	client_assert_got(&client, data, 50000);
	assert_drained(&bench, 1, 0);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

/* A transport that lets connections wait unaccepted. */
static bool is_accepting;

static int patient_accept(struct listener *listener, struct stream *stream)
{
	return is_accepting ? stream_memory.accept(listener, stream) : -EAGAIN;
}

static void who_waits_is_let_in_and_served(void **state)
{
	struct stream_transport transport = stream_memory;
	struct bench bench;
	struct bench_client waiting;
	struct bench_client refused;
	uint8_t *data = messages(1);
	transport.accept = patient_accept;
	bench_init(&bench, &(struct memory_options){ 0 });
	bench.plan.stream = &transport;
	bench_listen(&bench, SERVICE_ECHO, TRANSPORT_TCP, PORT);
	bench_start(&bench);
	is_accepting = false;
	connect_and_send(&waiting, &bench, data, MESSAGE_BYTES);
	assert_true(waiting.is_connected);
	assert_int_equal(bench_counters(&bench)->connections, 0);
	is_accepting = true;
	bench_end(&bench);
	connect_and_send(&refused, &bench, data, MESSAGE_BYTES);
	assert_int_equal(refused.error, ECONNREFUSED);
	bench_run(&bench, 300);
	client_assert_got(&waiting, data, MESSAGE_BYTES);
	assert_true(waiting.has_end);
	assert_drained(&bench, 1, 0);
	client_close(&waiting);
	client_close(&refused);
	bench_free(&bench);
	free(data);
}

/* A transport that holds back what has arrived, as when its event is still to come. */
static bool is_receiving;

static ssize_t patient_receive(struct stream *stream, void *data, size_t size)
{
	return is_receiving ? stream_memory.receive(stream, data, size) : -EAGAIN;
}

static void what_has_arrived_unseen_is_answered(void **state)
{
	struct stream_transport transport = stream_memory;
	struct bench bench;
	struct bench_client client;
	uint8_t *data = messages(2);
	transport.receive = patient_receive;
	bench_init(&bench, &(struct memory_options){ 0 });
	bench.plan.stream = &transport;
	bench_listen(&bench, SERVICE_ECHO, TRANSPORT_TCP, PORT);
	bench_start(&bench);
	is_receiving = true;
	connect_and_send(&client, &bench, data, MESSAGE_BYTES);
	is_receiving = false;
	client_send(&client, data + MESSAGE_BYTES, MESSAGE_BYTES);
	bench_run(&bench, 1);
	is_receiving = true;
	bench_end(&bench);
	client_assert_got(&client, data, 2 * MESSAGE_BYTES);
	assert_true(client.has_end);
	client_close(&client);
	bench_run(&bench, 1);
	assert_drained(&bench, 1, 0);
	bench_free(&bench);
	free(data);
}

/* Messages whose size the first read fills and more are there: none of them is cut. */
static void what_one_read_left_is_answered(void **state)
{
	struct bench bench;
	struct bench_client client;
	size_t size = (size_t)3 * WORKER_SCRATCH_BYTES;
	uint8_t *data = bench_bytes(size);
	wire_write_stream_head(data, WORKER_SCRATCH_BYTES, 0);
	open_one(&bench, &(struct memory_options){ .buffer_bytes = 1 << 20 }, SERVICE_ECHO);
	client_open(&client, &bench, PORT);
	bench_run(&bench, 1);
	client_send(&client, data, size);
	bench_end(&bench);
	bench_run(&bench, 1);
	client_assert_got(&client, data, size);
	assert_true(client.has_end);
	client_close(&client);
	bench_run(&bench, 1);
	assert_drained(&bench, 1, 0);
	bench_free(&bench);
	free(data);
}

static void discard_tells_its_count(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = bench_bytes(12345);
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_DISCARD);
	connect_and_send(&client, &bench, data, 12345);
	bench_end(&bench);
	bench_run(&bench, 30);
	client_assert_got(&client, "12345\n", 6);
	assert_true(client.has_end);
	client_close(&client);
	bench_run(&bench, 1);
	assert_drained(&bench, 1, 0);
	bench_free(&bench);
	free(data);
}

static void source_stops(void **state)
{
	struct bench bench;
	struct bench_client client;
	open_one(&bench, &(struct memory_options){ .delay_ns = NS_PER_MS }, SERVICE_SOURCE);
	client_open(&client, &bench, PORT);
	bench_run(&bench, 100);
	bench_end(&bench);
	bench_run(&bench, 100);
	assert_true(client.has_end);
	assert_int_equal(client.got.size, bench_counters(&bench)->bytes_sent);
	client_close(&client);
	bench_run(&bench, 10);
	assert_drained(&bench, 1, 0);
	bench_free(&bench);
}

static void who_leaves_meanwhile_is_drained_too(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = messages(1);
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	connect_and_send(&client, &bench, data, 700);
	bench_end(&bench);
	client_finish(&client);
	bench_run(&bench, 10);
	assert_true(client.has_end);
	client_assert_got(&client, data, 700);
	assert_drained(&bench, 1, 0);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

static void a_second_signal_ends_it_at_once(void **state)
{
	struct bench bench;
	struct bench_client client;
	uint8_t *data = messages(1);
	open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	connect_and_send(&client, &bench, data, 700);
	bench_end(&bench);
	assert_false(bench_is_done(&bench));
	worker_want_abort(bench.worker);
	bench_run(&bench, 0);
	assert_drained(&bench, 0, 1);
	client_close(&client);
	bench_free(&bench);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_nobody_there_it_is_done_at_once),
		cmocka_unit_test(at_a_boundary_it_ends_at_once),
		cmocka_unit_test(a_message_that_has_begun_is_finished),
		cmocka_unit_test(without_a_head_it_waits_for_a_pause),
		cmocka_unit_test(late_bytes_do_not_become_a_reset),
		cmocka_unit_test(a_peer_that_never_ends_is_waited_for_200_ms),
		cmocka_unit_test(at_the_deadline_it_is_cut_off),
		cmocka_unit_test(what_was_read_is_answered_however_slowly),
		cmocka_unit_test(who_waits_is_let_in_and_served),
		cmocka_unit_test(what_has_arrived_unseen_is_answered),
		cmocka_unit_test(what_one_read_left_is_answered),
		cmocka_unit_test(discard_tells_its_count),
		cmocka_unit_test(source_stops),
		cmocka_unit_test(who_leaves_meanwhile_is_drained_too),
		cmocka_unit_test(a_second_signal_ends_it_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
