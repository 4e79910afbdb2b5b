/* The memory network in simulated time: what it promises to the tests that build on it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/loop.h"
#include "net/memory.h"
#include "support/end.h"

#define DELAY_NS      UINT64_C(12345678)
#define RETRANSMIT_NS UINT64_C(200000000)

struct bench {
	struct loop *loop;
	struct memory_network *network;
	struct listener listener;
	struct end client;
	struct end server;
	bool is_deaf; /* lets connections wait */
};

/* Byte n of what an end sends is n. Goes on until a send comes up short. */
static void send_more(struct end *end)
{
	uint8_t data[1000];
	size_t size = 0;
	size_t sent = 0;

	for (; end->to_send_bytes > 0 && sent == size; end->to_send_bytes -= sent) {
		size = end->to_send_bytes < sizeof(data) ? end->to_send_bytes : sizeof(data);
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)(end->sent_bytes + i);
		struct iovec parts[] = { { data, size / 2 }, { data + size / 2, size - size / 2 } };
		ssize_t rc = stream_send(&end->stream, parts, 2);
		assert_true(rc > 0 || rc == -EAGAIN);
		sent = rc > 0 ? (size_t)rc : 0;
		end->sent_bytes += sent;
	}
}

static void note(struct stream *stream, unsigned events)
{
	struct end *end = container_of(stream, struct end, stream);

	end_note(end, events);
	if ((events & STREAM_WRITABLE) != 0)
		send_more(end);
}

static void accept_one(struct listener *listener)
{
	struct bench *bench = container_of(listener, struct bench, listener);
	struct stream extra;

	if (bench->is_deaf)
		return;
	assert_int_equal(listener_accept(listener, &bench->server.stream, note), 0);
	assert_int_equal(listener_accept(listener, &extra, note), -EAGAIN);
}

static void open_bench(struct bench *bench, const struct memory_options *options)
{
	struct loop_options loop_options = { .is_simulated = true };
	struct listen_options listen_options = { .local.port = 7 };

	*bench = (struct bench){ .client.receive_size = 100, .server.receive_size = 100 };
	assert_int_equal(loop_new(&loop_options, &bench->loop), 0);
	assert_int_equal(memory_network_new(bench->loop, options, &bench->network), 0);
	listen_options.network = bench->network;
	assert_int_equal(listener_open(&bench->listener, &stream_memory, bench->loop,
				       &listen_options, accept_one),
			 0);
	assert_int_equal(bench->listener.local.port, 7);
}

static void start_connecting(struct bench *bench, uint16_t port)
{
	struct stream_connect connect = { .network = bench->network };

	assert_int_equal(endpoint_parse("192.0.2.1", port, &connect.remote), 0);
	assert_int_equal(
		stream_connect(&bench->client.stream, &stream_memory, bench->loop, &connect, note),
		0);
	assert_int_equal(bench->client.told, 0);
}

static void run(struct bench *bench)
{
	assert_int_equal(loop_run(bench->loop, UINT64_MAX), 0);
}

static void open_connected_bench(struct bench *bench, const struct memory_options *options)
{
	open_bench(bench, options);
	start_connecting(bench, 7);
	run(bench);
	assert_int_equal(bench->client.told, STREAM_CONNECTED);
	assert_true(stream_is_open(&bench->server.stream));
}

static void close_bench(struct bench *bench)
{
	stream_close(&bench->client.stream);
	stream_close(&bench->server.stream);
	listener_close(&bench->listener);
	memory_network_free(bench->network);
	loop_free(bench->loop);
}

static void send_bytes(struct end *end, size_t size)
{
	end->to_send_bytes = size;
	send_more(end);
}

static void test_delay_is_exact(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;
	struct stream_info info;
	struct endpoint local;
	struct endpoint remote;

	open_connected_bench(&bench, &options);
	assert_int_equal(bench.client.connected_ns, 2 * DELAY_NS);
	send_bytes(&bench.client, 10);
	run(&bench);
	assert_int_equal(bench.server.readable_ns, 3 * DELAY_NS);
	assert_int_equal(bench.server.got_bytes, 10);
	send_bytes(&bench.server, 5);
	run(&bench);
	assert_int_equal(bench.client.readable_ns, 4 * DELAY_NS);
	assert_int_equal(bench.client.got_bytes, 5);
	assert_int_equal(stream_info(&bench.client.stream, &info), 0);
	assert_int_equal(info.rtt_ns, 2 * DELAY_NS);
	assert_int_equal(stream_endpoints(&bench.client.stream, &local, NULL), 0);
	assert_int_equal(stream_endpoints(&bench.server.stream, NULL, &remote), 0);
	assert_true(endpoint_is_equal(&local, &remote));
	close_bench(&bench);
}

static void test_refused(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_bench(&bench, &options);
	start_connecting(&bench, 8);
	run(&bench);
	assert_int_equal(bench.client.told, STREAM_FAILED);
	assert_int_equal(bench.client.failed_ns, 2 * DELAY_NS);
	assert_int_equal(stream_error(&bench.client.stream), ECONNREFUSED);
	close_bench(&bench);
}

/* However it is cut up, all bytes come in order, and then the end. */
static void test_bytes_survive_every_disturbance(void **state)
{
	static const struct memory_options rows[] = {
		{ .delay_ns = 1000 },
		{ .delay_ns = 1000, .chunk_max_bytes = 1 },
		{ .delay_ns = 1000, .chunk_max_bytes = 7, .buffer_bytes = 100 },
		{ .delay_ns = 1000, .jitter_ns = 100000, .chunk_max_bytes = 13 },
		{ .delay_ns = 1000, .loss = 0.1, .chunk_max_bytes = 50, .seed = 9 },
		{ .buffer_bytes = 1 },
		{ .delay_ns = 1000, .reordering = 0.5, .duplication = 0.5 },
	};
	unsigned expected = 0;

	for (size_t i = 0; i < 5000; i++)
		expected = expected * 31 + (uint8_t)i;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct bench bench;
		open_connected_bench(&bench, &rows[i]);
		bench.server.receive_size = 33;
		send_bytes(&bench.client, 5000);
		run(&bench);
		assert_int_equal(bench.client.to_send_bytes, 0);
		assert_int_equal(bench.server.got_bytes, 5000);
		assert_int_equal(bench.server.checksum, expected);
		assert_false(bench.server.has_end);
		assert_int_equal(stream_finish(&bench.client.stream), 0);
		run(&bench);
		assert_true(bench.server.has_end);
		assert_int_equal(bench.server.told & STREAM_FAILED, 0);
		close_bench(&bench);
	}
}

static void test_full_buffer_holds_the_sender_up(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS, .buffer_bytes = 64 };
	struct iovec part = { (char[100]){ 0 }, 100 };
	struct bench bench;

	open_connected_bench(&bench, &options);
	bench.server.receive_size = 0;
	assert_int_equal(stream_send(&bench.client.stream, &part, 1), 64);
	assert_int_equal(stream_send(&bench.client.stream, &part, 1), -EAGAIN);
	run(&bench);
	assert_int_equal(bench.client.told & STREAM_WRITABLE, 0);
	uint64_t read_ns = loop_now(bench.loop);
	assert_int_equal(stream_skip(&bench.server.stream, 1000), 64);
	run(&bench);
	assert_int_equal(bench.client.writable_ns, read_ns + DELAY_NS);
	close_bench(&bench);
}

static void test_end_is_told_to_a_late_reader(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_connected_bench(&bench, &options);
	bench.server.receive_size = 0;
	send_bytes(&bench.client, 10);
	stream_close(&bench.client.stream);
	run(&bench);
	bench.server.receive_size = 100;
	end_receive_all(&bench.server);
	assert_int_equal(bench.server.got_bytes, 10);
	assert_false(bench.server.has_end);
	run(&bench);
	assert_true(bench.server.has_end);
	close_bench(&bench);
}

/* Bytes and the end that come before accept() are told after it. */
static void test_bytes_before_accept(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_bench(&bench, &options);
	bench.is_deaf = true;
	start_connecting(&bench, 7);
	run(&bench);
	send_bytes(&bench.client, 10);
	assert_int_equal(stream_finish(&bench.client.stream), 0);
	run(&bench);
	bench.is_deaf = false;
	accept_one(&bench.listener);
	assert_int_equal(bench.server.told, 0);
	run(&bench);
	assert_int_equal(bench.server.got_bytes, 10);
	assert_true(bench.server.has_end);
	close_bench(&bench);
}

static void test_reset_is_seen(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct iovec part = { "x", 1 };
	struct bench bench;

	open_connected_bench(&bench, &options);
	uint64_t now_ns = loop_now(bench.loop);
	send_bytes(&bench.server, 3);
	stream_reset(&bench.server.stream);
	run(&bench);
	assert_int_equal(bench.client.failed_ns, now_ns + DELAY_NS);
	assert_int_equal(bench.client.got_bytes, 3);
	assert_int_equal(bench.client.receive_error, -ECONNRESET);
	assert_int_equal(stream_error(&bench.client.stream), ECONNRESET);
	assert_int_equal(stream_send(&bench.client.stream, &part, 1), -ECONNRESET);
	close_bench(&bench);
}

/* As a kernel: unread bytes, or bytes for who is gone, are answered by a reset. */
static void test_closing_on_bytes_resets(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };

	for (int is_late = 0; is_late < 2; is_late++) {
		struct bench bench;
		open_connected_bench(&bench, &options);
		bench.server.receive_size = 0;
		send_bytes(&bench.client, 3);
		if (!is_late)
			run(&bench);
		stream_close(&bench.server.stream);
		run(&bench);
		assert_int_equal(stream_error(&bench.client.stream), ECONNRESET);
		assert_int_equal(bench.client.has_end, is_late);
		close_bench(&bench);
	}
}

static void test_reset_of_all_streams(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct endpoint other = { .family = 2, .port = 9 };
	struct bench bench;

	open_connected_bench(&bench, &options);
	assert_int_equal(memory_network_reset_streams(bench.network, &other), 0);
	assert_int_equal(memory_network_reset_streams(bench.network, &bench.listener.local), 1);
	run(&bench);
	assert_int_equal(stream_error(&bench.client.stream), ECONNRESET);
	assert_int_equal(stream_error(&bench.server.stream), ECONNRESET);
	assert_true((bench.server.told & STREAM_FAILED) != 0);
	assert_int_equal(memory_network_reset_streams(bench.network, &bench.listener.local), 0);
	close_bench(&bench);
}

static void test_waiting_connections_end_with_the_listener(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_bench(&bench, &options);
	bench.is_deaf = true;
	start_connecting(&bench, 7);
	run(&bench);
	listener_close(&bench.listener);
	run(&bench);
	assert_int_equal(stream_error(&bench.client.stream), ECONNRESET);
	close_bench(&bench);
}

static void test_cut_and_join(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	struct bench bench;

	open_connected_bench(&bench, &options);
	send_bytes(&bench.client, 10); /* on the way when the link is cut */
	memory_network_cut(bench.network);
	assert_int_equal(loop_run(bench.loop, NS_PER_S), 0);
	send_bytes(&bench.client, 10); /* sent meanwhile */
	assert_int_equal(loop_run(bench.loop, 2 * NS_PER_S), 0);
	assert_int_equal(bench.server.got_bytes, 0);
	memory_network_join(bench.network);
	send_bytes(&bench.client, 10); /* overtakes nothing */
	run(&bench);
	assert_int_equal(bench.server.got_bytes, 30);
	assert_int_equal(bench.server.readable_ns, 2 * NS_PER_S + RETRANSMIT_NS);
	uint64_t now_ns = loop_now(bench.loop);
	send_bytes(&bench.client, 10);
	run(&bench);
	assert_int_equal(bench.server.readable_ns, now_ns + DELAY_NS);
	close_bench(&bench);
}

/* ---- datagrams */

enum { DATAGRAMS = 2000 };

struct mailbox {
	struct datagram_socket socket;
	unsigned count;
	unsigned again;
	unsigned overtaken;
	unsigned last;
	bool has_seen[DATAGRAMS];
	uint64_t arrived_ns;
	struct endpoint local;
	int error;
};

static void open_letter(struct mailbox *mailbox, const struct datagram *datagram)
{
	unsigned number;

	assert_int_equal(datagram->size, sizeof(number));
	memcpy(&number, datagram->data, sizeof(number));
	mailbox->count++;
	mailbox->again += mailbox->has_seen[number];
	mailbox->overtaken += number < mailbox->last;
	mailbox->has_seen[number] = true;
	mailbox->last = number;
	mailbox->local = datagram->local;
}

static void open_mail(struct datagram_socket *socket, unsigned events)
{
	struct mailbox *mailbox = container_of(socket, struct mailbox, socket);
	unsigned numbers[4];
	struct datagram batch[4];
	int got;

	assert_int_equal(events, STREAM_READABLE);
	mailbox->arrived_ns = loop_now(socket->loop);
	for (int i = 0; i < 4; i++)
		batch[i] = (struct datagram){ .data = &numbers[i], .capacity = sizeof(numbers[i]) };
	do {
		got = datagram_receive(socket, batch, 4);
		for (int i = 0; i < got; i++)
			open_letter(mailbox, &batch[i]);
	} while (got == 4);
	if (got < 0)
		mailbox->error = got;
}

struct post {
	struct bench bench;
	struct mailbox client;
	struct mailbox server;
};

static void open_post(struct post *post, const struct memory_options *options)
{
	struct datagram_options open = { .local.port = 53, .wants_local = true };

	*post = (struct post){ 0 };
	open_bench(&post->bench, options);
	open.network = post->bench.network;
	assert_int_equal(datagram_open(&post->server.socket, &datagram_memory, post->bench.loop,
				       &open, open_mail),
			 0);
	open.local.port = 0;
	assert_int_equal(endpoint_parse("192.0.2.1", 53, &open.remote), 0);
	assert_int_equal(datagram_open(&post->client.socket, &datagram_memory, post->bench.loop,
				       &open, open_mail),
			 0);
}

static void close_post(struct post *post)
{
	datagram_close(&post->client.socket);
	datagram_close(&post->server.socket);
	close_bench(&post->bench);
}

/* One a millisecond. */
static void send_letters(struct post *post)
{
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct datagram datagram = { .data = &i, .size = sizeof(i) };
		assert_int_equal(datagram_send(&post->client.socket, &datagram, 1), 1);
		uint64_t next_ns = loop_now(post->bench.loop) + NS_PER_MS;
		assert_int_equal(loop_run(post->bench.loop, next_ns), 0);
	}
	run(&post->bench);
}

static void test_datagrams_undisturbed(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	static struct post post;

	open_post(&post, &options);
	send_letters(&post);
	assert_int_equal(post.server.count, DATAGRAMS);
	assert_int_equal(post.server.overtaken + post.server.again, 0);
	assert_int_equal(post.server.arrived_ns, (DATAGRAMS - 1) * NS_PER_MS + DELAY_NS);
	assert_int_equal(post.server.local.port, 53);
	assert_int_equal(post.server.local.family, 2);
	close_post(&post);
}

static void test_datagrams_disturbed(void **state)
{
	struct memory_options options = {
		.delay_ns = DELAY_NS,
		.loss = 0.1,
		.duplication = 0.2,
		.reordering = 0.05,
		.seed = 5,
	};
	static struct post post;
	unsigned unique = 0;

	open_post(&post, &options);
	send_letters(&post);
	for (int i = 0; i < DATAGRAMS; i++)
		unique += post.server.has_seen[i];
	assert_in_range(unique, DATAGRAMS * 0.87, DATAGRAMS * 0.93);
	assert_int_equal(post.server.count - unique, post.server.again);
	assert_in_range(post.server.again, DATAGRAMS * 0.14, DATAGRAMS * 0.22);
	assert_true(post.server.overtaken > DATAGRAMS * 0.02);
	close_post(&post);
}

static void test_cut_loses_datagrams(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	unsigned number = 7;
	struct datagram datagram = { .data = &number, .size = sizeof(number) };
	static struct post post;

	open_post(&post, &options);
	assert_int_equal(datagram_send(&post.client.socket, &datagram, 1), 1);
	memory_network_cut(post.bench.network);
	assert_int_equal(datagram_send(&post.client.socket, &datagram, 1), 1);
	memory_network_join(post.bench.network);
	run(&post.bench);
	assert_int_equal(post.server.count, 0);
	assert_int_equal(datagram_send(&post.client.socket, &datagram, 1), 1);
	run(&post.bench);
	assert_int_equal(post.server.count, 1);
	close_post(&post);
}

static void test_refused_datagram(void **state)
{
	struct memory_options options = { .delay_ns = DELAY_NS };
	unsigned number = 7;
	struct datagram datagram = { .data = &number, .size = sizeof(number) };
	static struct post post;

	open_post(&post, &options);
	datagram_close(&post.server.socket);
	assert_int_equal(datagram_send(&post.client.socket, &datagram, 1), 1);
	run(&post.bench);
	assert_int_equal(post.client.error, -ECONNREFUSED);
	assert_int_equal(post.client.arrived_ns, 2 * DELAY_NS);
	close_post(&post);
}

static void leave_unread(struct datagram_socket *socket, unsigned events)
{
	(void)socket;
	(void)events;
}

static void test_unread_datagrams_overflow(void **state)
{
	struct memory_options options = { 0 };
	static struct post post;

	open_post(&post, &options);
	post.server.socket.ready = leave_unread;
	send_letters(&post);
	open_mail(&post.server.socket, STREAM_READABLE);
	assert_in_range(post.server.count, 1, DATAGRAMS - 1);
	assert_int_equal(post.server.count + post.server.socket.queue_overflows, DATAGRAMS);
	close_post(&post);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay_is_exact),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bytes_survive_every_disturbance),
		cmocka_unit_test(test_full_buffer_holds_the_sender_up),
		cmocka_unit_test(test_end_is_told_to_a_late_reader),
		cmocka_unit_test(test_bytes_before_accept),
		cmocka_unit_test(test_reset_is_seen),
		cmocka_unit_test(test_closing_on_bytes_resets),
		cmocka_unit_test(test_reset_of_all_streams),
		cmocka_unit_test(test_waiting_connections_end_with_the_listener),
		cmocka_unit_test(test_cut_and_join),
		cmocka_unit_test(test_datagrams_undisturbed),
		cmocka_unit_test(test_datagrams_disturbed),
		cmocka_unit_test(test_cut_loses_datagrams),
		cmocka_unit_test(test_refused_datagram),
		cmocka_unit_test(test_unread_datagrams_overflow),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
