/* The datagram services over the memory network. */
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

#define PORT        5003
#define ANSWERS_MAX 600

/* Who sends datagrams and keeps the answers. */
struct prober {
	struct datagram_socket socket;
	uint8_t answers[ANSWERS_MAX][2048];
	struct datagram got[ANSWERS_MAX];
	unsigned count;
};

static void prober_ready(struct datagram_socket *socket, unsigned events)
{
	struct prober *prober = container_of(socket, struct prober, socket);
	int rc = 1;
	while (rc > 0 && prober->count < ANSWERS_MAX) {
		struct datagram *got = &prober->got[prober->count];
		*got = (struct datagram){ .data = prober->answers[prober->count],
					  .capacity = 2048 };
		rc = datagram_receive(socket, got, 1);
		prober->count += rc > 0;
	}
}

static struct prober *prober_open(struct bench *bench, const char *local)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	struct datagram_options options = {
		.local = bench_endpoint(local),
		.network = bench->network,
	};
	assert_non_null(prober);
	assert_int_equal(datagram_open(&prober->socket, &datagram_memory, bench->loop, &options,
				       prober_ready),
			 0);
	return prober;
}

static void prober_close(struct prober *prober)
{
	datagram_close(&prober->socket);
	free(prober);
}

static void probe(struct prober *prober, const char *to, const void *data, size_t size)
{
	struct datagram datagram = {
		.data = (void *)data,
		.size = size,
		.remote = bench_endpoint(to),
	};
	assert_int_equal(datagram_send(&prober->socket, &datagram, 1), 1);
}

static void probe_flow(struct prober *prober, uint32_t flow, uint64_t sequence)
{
	uint8_t data[128];
	wire_write_datagram(data, sizeof(data), flow, sequence);
	probe(prober, "127.0.0.1:5003", data, sizeof(data));
}

static struct wire_datagram answer(const struct prober *prober, unsigned index)
{
	struct wire_datagram wire;
	assert_in_range(index, 0, prober->count - 1);
	assert_true(wire_read_datagram(prober->answers[index], prober->got[index].size, &wire));
	return wire;
}

static struct prober *open_one(struct bench *bench, const struct memory_options *options,
			       enum service service)
{
	bench_init(bench, options);
	bench_listen(bench, service, TRANSPORT_UDP, PORT);
	bench_start(bench);
	return prober_open(bench, "127.0.0.1");
}

static void traffic_puts_its_name_over_the_head(void **state)
{
	static const size_t sizes[] = { 0, 1, 10, 11, 63, 64, 65, 95, 96, 1400 };
	struct bench bench;
	struct prober *prober = open_one(&bench, &(struct memory_options){ 0 }, SERVICE_TRAFFIC);
	uint8_t *data = bench_bytes(1400);
	for (unsigned i = 0; i < array_size(sizes); i++) {
		uint8_t expected[1400];
		size_t named = sizes[i] < 11 ? sizes[i] : 11;
		memcpy(expected, data, sizeof(expected));
		memcpy(expected, "web-3-7d9f", named);
		probe(prober, "127.0.0.1:5003", data, sizes[i]);
		bench_run(&bench, 1);
		assert_int_equal(prober->count, i + 1);
		assert_int_equal(prober->got[i].size, sizes[i]);
		assert_memory_equal(prober->answers[i], expected, sizes[i]);
	}
	assert_int_equal(bench_counters(&bench)->sent, array_size(sizes));
	assert_int_equal(bench_counters(&bench)->bytes_sent,
			 bench_counters(&bench)->bytes_received);
	bench_assert_settled(&bench);
	prober_close(prober);
	bench_free(&bench);
	free(data);
}

static void each_flow_is_counted_and_stamped(void **state)
{
	struct bench bench;
	struct prober *prober = open_one(
		&bench, &(struct memory_options){ .delay_ns = 2 * NS_PER_MS }, SERVICE_TRAFFIC);
	struct prober *other = prober_open(&bench, "127.0.0.1");
	uint64_t sent_ns = loop_now(bench.loop);
	probe_flow(prober, 1, 10);
	probe_flow(prober, 1, 11);
	probe_flow(prober, 2, 12);
	probe_flow(other, 1, 13);
	bench_run(&bench, 10);
	assert_int_equal(prober->count, 3);
	assert_int_equal(answer(prober, 0).receiver_count, 1);
	assert_int_equal(answer(prober, 1).receiver_count, 2);
	assert_int_equal(answer(prober, 1).sequence, 11);
	assert_int_equal(answer(prober, 2).receiver_count, 1);
	assert_int_equal(answer(prober, 2).flow, 2);
	assert_int_equal(answer(other, 0).receiver_count, 1);
	assert_int_equal(answer(prober, 0).receiver_clock_ns, sent_ns + 2 * NS_PER_MS);
	prober_close(prober);
	prober_close(other);
	bench_free(&bench);
}

static void every_copy_counts_and_is_answered(void **state)
{
	struct bench bench;
	struct prober *prober =
		open_one(&bench, &(struct memory_options){ .duplication = 1 }, SERVICE_TRAFFIC);
	probe_flow(prober, 1, 0);
	bench_run(&bench, 1);
	assert_int_equal(prober->count, 4); /* two copies, each answer doubled */
	assert_int_equal(answer(prober, 0).receiver_count, 1);
	assert_int_equal(answer(prober, 3).receiver_count, 2);
	assert_int_equal(bench_counters(&bench)->sent, 2);
	prober_close(prober);
	bench_free(&bench);
}

static void many_at_once_are_all_answered(void **state)
{
	struct bench bench;
	struct prober *prober = open_one(&bench, &(struct memory_options){ 0 }, SERVICE_TRAFFIC);
	for (unsigned i = 0; i < 500; i++)
		probe_flow(prober, i % 3, i);
	bench_run(&bench, 1);
	assert_int_equal(prober->count, 500);
	assert_int_equal(answer(prober, 499).receiver_count, 167);
	bench_assert_settled(&bench);
	prober_close(prober);
	bench_free(&bench);
}

static void answers_come_from_the_address_that_was_asked(void **state)
{
	struct bench bench;
	bench_init(&bench, &(struct memory_options){ 0 });
	bench_listen(&bench, SERVICE_TRAFFIC, TRANSPORT_UDP, PORT);
	bench.plan.serve.listen[0].local.family = 0; /* all addresses */
	memset(bench.plan.serve.listen[0].local.address, 0, 16);
	bench_start(&bench);
	struct prober *prober = prober_open(&bench, "127.0.0.9");
	struct endpoint asked = bench_endpoint("127.0.0.7:5003");
	probe(prober, "127.0.0.7:5003", "x", 1);
	bench_run(&bench, 1);
	assert_int_equal(prober->count, 1);
	assert_true(endpoint_is_equal(&prober->got[0].remote, &asked));
	prober_close(prober);
	bench_free(&bench);
}

static void nobody_on_our_ports_is_answered(void **state)
{
	struct bench bench;
	bench_init(&bench, &(struct memory_options){ 0 });
	bench_listen(&bench, SERVICE_TRAFFIC, TRANSPORT_UDP, PORT);
	bench_listen(&bench, SERVICE_ECHO, TRANSPORT_UDP, 5007);
	bench_start(&bench);
	struct prober *traffic = prober_open(&bench, "127.0.0.2:5003");
	struct prober *echo = prober_open(&bench, "127.0.0.2:5007");
	struct prober *other = prober_open(&bench, "127.0.0.2:5008");
	probe_flow(traffic, 1, 0);
	probe_flow(echo, 1, 0);
	probe_flow(other, 1, 0);
	bench_run(&bench, 10);
	assert_int_equal(traffic->count, 0);
	assert_int_equal(echo->count, 0);
	assert_int_equal(other->count, 1);
	assert_int_equal(bench_counters(&bench)->unasked_bytes, 2 * 128);
	assert_int_equal(bench_counters(&bench)->sent, 1);
	bench_assert_settled(&bench);
	prober_close(traffic);
	prober_close(echo);
	prober_close(other);
	bench_free(&bench);
}

static void echo_changes_nothing(void **state)
{
	struct bench bench;
	struct prober *prober = open_one(&bench, &(struct memory_options){ 0 }, SERVICE_ECHO);
	uint8_t data[128];
	wire_write_datagram(data, sizeof(data), 1, 2);
	probe(prober, "127.0.0.1:5003", data, sizeof(data));
	bench_run(&bench, 1);
	assert_int_equal(prober->count, 1);
	assert_int_equal(prober->got[0].size, sizeof(data));
	assert_memory_equal(prober->answers[0], data, sizeof(data));
	prober_close(prober);
	bench_free(&bench);
}

static void discard_counts_and_is_silent(void **state)
{
	struct bench bench;
	struct prober *prober = open_one(&bench, &(struct memory_options){ 0 }, SERVICE_DISCARD);
	for (unsigned i = 0; i < 9; i++)
		probe_flow(prober, 1, i);
	bench_run(&bench, 1);
	assert_int_equal(prober->count, 0);
	assert_int_equal(bench_counters(&bench)->received, 9);
	assert_int_equal(bench_counters(&bench)->bytes_received, 9 * 128);
	assert_int_equal(bench_counters(&bench)->bytes_sent, 0);
	bench_assert_settled(&bench);
	prober_close(prober);
	bench_free(&bench);
}

/* A transport whose send fails so as long as told. */
static int failure;

static int failing_send(struct datagram_socket *socket, const struct datagram *batch, int count)
{
	return failure != 0 ? -failure : datagram_memory.send(socket, batch, count);
}

static struct prober *open_with_failing_send(struct bench *bench,
					     struct datagram_transport *transport)
{
	*transport = datagram_memory;
	transport->send = failing_send;
	bench_init(bench, &(struct memory_options){ 0 });
	bench->plan.datagram = transport;
	bench_listen(bench, SERVICE_TRAFFIC, TRANSPORT_UDP, PORT);
	bench_start(bench);
	return prober_open(bench, "127.0.0.1");
}

static void answers_wait_for_room(void **state)
{
	struct datagram_transport transport;
	struct bench bench;
	struct prober *prober = open_with_failing_send(&bench, &transport);
	failure = EAGAIN;
	for (unsigned i = 0; i < 10; i++)
		probe_flow(prober, 1, i);
	bench_run(&bench, 10);
	assert_int_equal(prober->count, 0);
	assert_in_range(bench_counters(&bench)->debt, 1, 9);
	assert_null(counters_check(bench_counters(&bench)));
	failure = 0;
	probe_flow(prober, 1, 10); /* stands for STREAM_WRITABLE */
	bench_run(&bench, 10);
	assert_int_equal(prober->count, 11);
	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(answer(prober, i).sequence, i);
	bench_assert_settled(&bench);
	prober_close(prober);
	bench_free(&bench);
}

static void what_can_not_be_sent_is_missed(void **state)
{
	struct datagram_transport transport;
	struct bench bench;
	struct prober *prober = open_with_failing_send(&bench, &transport);
	failure = EHOSTUNREACH;
	for (unsigned i = 0; i < 10; i++)
		probe_flow(prober, 1, i);
	bench_run(&bench, 10);
	assert_int_equal(prober->count, 0);
	assert_int_equal(bench_counters(&bench)->missed_peer, 10);
	assert_int_equal(bench_errors(&bench, OUTCOME_UNREACHABLE), 10);
	bench_assert_settled(&bench);
	failure = 0;
	prober_close(prober);
	bench_free(&bench);
}

static void draining_closes_the_port(void **state)
{
	struct datagram_transport transport;
	struct bench bench;
	struct prober *prober = open_with_failing_send(&bench, &transport);
	failure = EAGAIN;
	probe_flow(prober, 1, 0);
	bench_run(&bench, 1);
	bench_end(&bench);
	failure = 0;
	assert_true(bench_is_done(&bench));
	assert_int_equal(bench_counters(&bench)->missed_peer, 1);
	bench_assert_settled(&bench);
	prober_close(prober);
	bench_free(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traffic_puts_its_name_over_the_head),
		cmocka_unit_test(each_flow_is_counted_and_stamped),
		cmocka_unit_test(every_copy_counts_and_is_answered),
		cmocka_unit_test(many_at_once_are_all_answered),
		cmocka_unit_test(answers_come_from_the_address_that_was_asked),
		cmocka_unit_test(nobody_on_our_ports_is_answered),
		cmocka_unit_test(echo_changes_nothing),
		cmocka_unit_test(discard_counts_and_is_silent),
		cmocka_unit_test(answers_wait_for_room),
		cmocka_unit_test(what_can_not_be_sent_is_missed),
		cmocka_unit_test(draining_closes_the_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
