/* Stamps and IP headers of datagrams: the kernel's over loopback, and those of the memory network.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/datagram.h"
#include "net/loop.h"
#include "net/memory.h"
#include "sys/clock.h"

static void ignore(struct datagram_socket *socket, unsigned events)
{
	(void)socket;
	(void)events;
}

static struct loop *new_loop(const struct loop_options *options)
{
	struct loop *loop = NULL;
	assert_int_equal(loop_new(options, &loop), 0);
	return loop;
}

/* Each socket has an offset of its own between the clocks, no more exact than this machine's idle
 * moments let it be. */
#define SLACK_NS 100000

static struct endpoint parse(const char *text, uint16_t port)
{
	struct endpoint endpoint = { 0 };
	assert_int_equal(endpoint_parse(text, port, &endpoint), 0);
	return endpoint;
}

static struct datagram receive(struct datagram_socket *socket, void *data, size_t capacity)
{
	struct datagram got = { .data = data, .capacity = capacity };
	uint64_t end_ns = loop_read_clock(socket->loop) + 2 * NS_PER_S;
	int rc = datagram_receive(socket, &got, 1);

	while (rc == -EAGAIN && loop_now(socket->loop) < end_ns) {
		assert_int_equal(loop_run(socket->loop, loop_now(socket->loop) + NS_PER_MS), 0);
		rc = datagram_receive(socket, &got, 1);
	}
	assert_int_equal(rc, 1);
	return got;
}

struct pair {
	struct loop *loop;
	struct datagram_socket from;
	struct datagram_socket to;
};

static void open_kernel(struct pair *pair, const char *from, const char *to)
{
	struct loop_options loop_options = { 0 };
	struct datagram_options options = { .wants_stamps = true, .wants_header = true };

	pair->loop = new_loop(&loop_options);
	options.local = parse(to, 0);
	assert_int_equal(datagram_open(&pair->to, &datagram_udp, pair->loop, &options, ignore), 0);
	options.local = parse(from, 0);
	assert_int_equal(datagram_open(&pair->from, &datagram_udp, pair->loop, &options, ignore),
			 0);
}

static void close_pair(struct pair *pair)
{
	datagram_close(&pair->from);
	datagram_close(&pair->to);
	loop_free(pair->loop);
}

/* A kernel that takes its first packet after it was asked for stamps may have none yet. */
static void warm_up(struct pair *pair, struct datagram *datagram)
{
	char data[16];
	uint64_t end_ns = loop_read_clock(pair->loop) + 2 * NS_PER_S;
	struct datagram got;

	do {
		assert_int_equal(datagram_send(&pair->from, datagram, 1), 1);
		got = receive(&pair->to, data, sizeof(data));
	} while (got.stamp.at_ns == 0 && loop_read_clock(pair->loop) < end_ns);
	assert_true(got.stamp.at_ns > 0);
}

static void test_kernel(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		const char *asked;
	} rows[] = {
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1" },
		{ "[::1]", "[::1]", "::1" },
		{ "[::]", "[::]", "127.0.0.1" }, /* IPv4 by descriptors of IPv6 */
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct pair pair = { 0 };
		char data[16];
		struct datagram_sent sent[4];
		open_kernel(&pair, rows[i].from, rows[i].to);
		struct datagram datagram = {
			.data = "abc",
			.size = 3,
			.remote = parse(rows[i].asked, pair.to.local.port),
			.traffic_class = 0xb8,
		};
		warm_up(&pair, &datagram);
		assert_int_equal(datagram_sent_stamps(&pair.from, sent, 4), 0);
		datagram.wants_stamp = true;
		for (uint32_t number = 0; number < 3; number++) {
			uint64_t before_ns = clock_monotonic_ns();
			assert_int_equal(pair.from.stamps_asked, number);
			assert_int_equal(datagram_send(&pair.from, &datagram, 1), 1);
			struct datagram got = receive(&pair.to, data, sizeof(data));
			assert_int_equal(datagram_sent_stamps(&pair.from, sent, 4), 1);
			assert_int_equal(sent[0].number, number);
			assert_true(sent[0].stamp.at_ns + SLACK_NS >= before_ns);
			assert_true(sent[0].stamp.at_ns <= got.stamp.at_ns + SLACK_NS);
			assert_true(got.stamp.at_ns <= clock_monotonic_ns() + SLACK_NS);
			/* The same by either clock, but for how exact their offset is. */
			int64_t wall_ns = got.stamp.wall.unix_ns - sent[0].stamp.wall.unix_ns;
			int64_t apart_ns = (int64_t)(got.stamp.at_ns - sent[0].stamp.at_ns);
			assert_in_range(wall_ns - apart_ns + SLACK_NS, 0, 2 * SLACK_NS);
			assert_int_equal(got.ttl, 64);
			assert_int_equal(got.traffic_class, 0xb8);
			assert_int_equal(datagram_sent_stamps(&pair.from, sent, 4), 0);
		}
		close_pair(&pair);
	}
}

/* Those of a batch that ask, and none that don't; then one that can't be sent. */
static void test_kernel_numbers(void **state)
{
	static char block[65508];
	struct pair pair = { 0 };
	struct datagram_sent sent[8];
	struct datagram batch[5];

	open_kernel(&pair, "127.0.0.1", "127.0.0.1");
	for (int i = 0; i < 5; i++)
		batch[i] = (struct datagram){ .data = block,
					      .size = 10,
					      .remote = pair.to.local,
					      .wants_stamp = i % 2 == 0 };
	assert_int_equal(datagram_send(&pair.from, batch, 5), 5);
	assert_int_equal(pair.from.stamps_asked, 3);
	assert_int_equal(datagram_sent_stamps(&pair.from, sent, 2), 2);
	assert_int_equal(sent[1].number, 1);
	assert_int_equal(datagram_sent_stamps(&pair.from, sent, 8), 1);
	assert_int_equal(sent[0].number, 2);
	batch[0].size = sizeof(block);
	assert_int_equal(datagram_send(&pair.from, batch, 1), -EMSGSIZE);
	assert_int_equal(pair.from.stamps_asked, 3);
	assert_int_equal(datagram_send(&pair.from, batch + 1, 4), 4);
	assert_int_equal(datagram_sent_stamps(&pair.from, sent, 8), 2);
	assert_int_equal(sent[0].number, 3);
	assert_int_equal(sent[1].number, 4);
	assert_int_equal(pair.from.stamps_discarded, 0);
	close_pair(&pair);
}

static void test_unasked(void **state)
{
	struct loop_options loop_options = { 0 };
	struct loop *loop = new_loop(&loop_options);
	struct datagram_options options = { .local = parse("127.0.0.1", 0) };
	struct datagram_socket socket;
	struct datagram_sent sent[1];
	char data[4];

	assert_int_equal(datagram_open(&socket, &datagram_udp, loop, &options, ignore), 0);
	struct datagram datagram = {
		.data = "abc", .size = 3, .remote = socket.local, .wants_stamp = true
	};
	assert_int_equal(datagram_send(&socket, &datagram, 1), 1);
	struct datagram got = receive(&socket, data, sizeof(data));
	assert_int_equal(got.stamp.at_ns, 0);
	assert_int_equal(got.ttl, 0);
	assert_int_equal(datagram_sent_stamps(&socket, sent, 1), 0);
	datagram_close(&socket);
	loop_free(loop);
}

static void test_memory(void **state)
{
	enum { DELAY_NS = 700000, AHEAD_NS = 5000000 };
	struct memory_options memory = { .delay_ns = DELAY_NS, .wall_ahead_ns = 1000 };
	struct loop_options loop_options = { .is_simulated = true, .simulated_start_ns = 50 };
	struct memory_network *network = NULL;
	struct pair pair = { .loop = new_loop(&loop_options) };
	struct datagram_options options = { .wants_stamps = true, .wants_header = true };
	struct datagram_sent sent[4];
	char data[4];

	assert_int_equal(memory_network_new(pair.loop, &memory, &network), 0);
	options.network = network;
	options.local = parse("192.0.2.1", 862);
	assert_int_equal(datagram_open(&pair.to, &datagram_memory, pair.loop, &options, ignore), 0);
	memory_network_set_clock(network, &pair.to.local, AHEAD_NS);
	options.local = (struct endpoint){ 0 };
	options.remote = pair.to.local;
	assert_int_equal(datagram_open(&pair.from, &datagram_memory, pair.loop, &options, ignore),
			 0);
	struct datagram datagram = { .data = "abc", .size = 3, .wants_stamp = true };
	datagram.traffic_class = 4;
	assert_int_equal(datagram_send(&pair.from, &datagram, 1), 1);
	struct datagram got = receive(&pair.to, data, sizeof(data));
	assert_int_equal(got.stamp.at_ns, 50 + DELAY_NS);
	assert_int_equal(got.stamp.wall.unix_ns, 50 + DELAY_NS + 1000 + AHEAD_NS);
	assert_int_equal(got.ttl, 64);
	assert_int_equal(got.traffic_class, 4);
	assert_int_equal(datagram_sent_stamps(&pair.from, sent, 4), 1);
	assert_int_equal(sent[0].number, 0);
	assert_int_equal(sent[0].stamp.at_ns, 50);
	assert_int_equal(sent[0].stamp.wall.unix_ns, 1050);
	assert_int_equal(datagram_wall(&pair.to).unix_ns, loop_now(pair.loop) + 1000 + AHEAD_NS);
	datagram_close(&pair.from);
	datagram_close(&pair.to);
	memory_network_free(network);
	loop_free(pair.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_kernel_numbers),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests_name("datagram_stamps", tests, NULL, NULL);
}
