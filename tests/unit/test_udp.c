/* The kernel's UDP over loopback, with ports that the kernel chooses. */
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

struct mailbox {
	struct datagram_socket socket;
	unsigned told;
	unsigned calls;
};

static void note(struct datagram_socket *socket, unsigned events)
{
	struct mailbox *mailbox = container_of(socket, struct mailbox, socket);
	mailbox->told |= events;
	mailbox->calls++;
}

static struct endpoint parse(const char *text)
{
	struct endpoint endpoint = { 0 };
	if (*text != '\0')
		assert_int_equal(endpoint_parse(text, 0, &endpoint), 0);
	return endpoint;
}

static struct loop *new_loop(void)
{
	struct loop_options options = { 0 };
	struct loop *loop = NULL;
	assert_int_equal(loop_new(&options, &loop), 0);
	return loop;
}

static void open_mailbox(struct mailbox *mailbox, struct loop *loop, const char *local,
			 const struct endpoint *remote)
{
	struct datagram_options options = { .local = parse(local), .wants_local = true };

	*mailbox = (struct mailbox){ 0 };
	if (remote != NULL)
		options.remote = *remote;
	assert_int_equal(datagram_open(&mailbox->socket, &datagram_udp, loop, &options, note), 0);
	assert_true(mailbox->socket.local.port > 0);
}

/* Turns at least once and until something arrives, at most for two seconds. */
static int receive(struct mailbox *mailbox, struct datagram *batch, int count)
{
	struct loop *loop = mailbox->socket.loop;
	uint64_t end_ns = loop_read_clock(loop) + 2 * NS_PER_S;
	uint64_t turn_end_ns = 0;
	int rc;

	do {
		assert_int_equal(loop_run(loop, turn_end_ns), 0);
		turn_end_ns = loop_now(loop) + NS_PER_MS;
		rc = datagram_receive(&mailbox->socket, batch, count);
	} while (rc == -EAGAIN && loop_now(loop) < end_ns);
	return rc;
}

/* From a client at one address of ours to a server at another, and back from there. */
static void test_answers_come_from_the_address_asked(void **state)
{
	static const struct {
		const char *server;
		const char *client;
		const char *asked;
	} rows[] = {
		{ "0.0.0.0", "127.0.0.3", "127.0.0.2" },
		{ "127.0.0.2", "127.0.0.1", "127.0.0.2" },
		{ "[::]", "127.0.0.3", "127.0.0.2" },
		{ "", "127.0.0.3", "127.0.0.2" },
		{ "[::]", "[::1]", "::1" },
		{ "[::1]", "[::1]", "::1" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct loop *loop = new_loop();
		struct mailbox server;
		struct mailbox client;
		char data[16];
		struct datagram got = { .data = data, .capacity = sizeof(data) };
		struct datagram question = { .data = "question", .size = 8 };
		struct endpoint asked = parse(rows[i].asked);

		open_mailbox(&server, loop, rows[i].server, NULL);
		asked.port = server.socket.local.port;
		/* Connected: it would not take an answer from elsewhere. */
		open_mailbox(&client, loop, rows[i].client, &asked);
		assert_int_equal(datagram_send(&client.socket, &question, 1), 1);
		assert_int_equal(receive(&server, &got, 1), 1);
		assert_memory_equal(data, "question", 8);
		assert_true(endpoint_is_equal(&got.local, &asked));
		assert_true(endpoint_is_equal(&got.remote, &client.socket.local));
		assert_int_equal(datagram_send(&server.socket, &got, 1), 1);
		assert_int_equal(receive(&client, &got, 1), 1);
		assert_int_equal(got.size, 8);
		assert_true(endpoint_is_equal(&got.remote, &asked));
		assert_int_equal(server.told | client.told, STREAM_READABLE);
		datagram_close(&client.socket);
		datagram_close(&server.socket);
		loop_free(loop);
	}
}

static void test_batches(void **state)
{
	enum { COUNT = 100 };
	struct loop *loop = new_loop();
	struct mailbox server;
	struct mailbox client;
	struct datagram batch[COUNT];
	unsigned numbers[COUNT];
	unsigned next = 0;

	open_mailbox(&server, loop, "127.0.0.1", NULL);
	open_mailbox(&client, loop, "", NULL);
	for (unsigned i = 0; i < COUNT; i++) {
		numbers[i] = i;
		batch[i] = (struct datagram){
			.data = &numbers[i],
			.size = sizeof(unsigned),
			.capacity = sizeof(unsigned),
			.remote = server.socket.local,
		};
	}
	assert_int_equal(datagram_send(&client.socket, batch, COUNT), DATAGRAM_BATCH_MAX);
	assert_int_equal(datagram_send(&client.socket, batch + DATAGRAM_BATCH_MAX,
				       COUNT - DATAGRAM_BATCH_MAX),
			 COUNT - DATAGRAM_BATCH_MAX);
	memset(numbers, 0xff, sizeof(numbers));
	while (next < COUNT) {
		int got = receive(&server, batch, 30);
		assert_in_range(got, 1, 30);
		for (int i = 0; i < got; i++)
			assert_int_equal(numbers[i], next++);
	}
	assert_int_equal(datagram_receive(&server.socket, batch, 30), -EAGAIN);
	datagram_close(&client.socket);
	datagram_close(&server.socket);
	loop_free(loop);
}

static void test_refused(void **state)
{
	struct loop *loop = new_loop();
	struct mailbox server;
	struct mailbox client;
	struct datagram datagram = { .data = "x", .size = 1, .capacity = 1 };
	struct endpoint nobody;

	open_mailbox(&server, loop, "127.0.0.1", NULL);
	nobody = server.socket.local;
	datagram_close(&server.socket);
	datagram_close(&server.socket);
	open_mailbox(&client, loop, "", &nobody);
	assert_int_equal(datagram_send(&client.socket, &datagram, 1), 1);
	assert_int_equal(receive(&client, &datagram, 1), -ECONNREFUSED);
	assert_int_equal(client.told, STREAM_READABLE);
	/* It is told once; then sending is tried again. */
	assert_int_equal(datagram_send(&client.socket, &datagram, 1), 1);
	assert_int_equal(datagram_send(&client.socket, &datagram, 1), -ECONNREFUSED);
	datagram_close(&client.socket);
	loop_free(loop);
}

static void test_sizes(void **state)
{
	static char block[65508];
	struct loop *loop = new_loop();
	struct mailbox server;
	struct datagram datagram = { .data = block, .size = 0, .capacity = 100 };

	open_mailbox(&server, loop, "127.0.0.1", NULL);
	datagram.remote = server.socket.local;
	assert_int_equal(datagram_send(&server.socket, &datagram, 1), 1);
	datagram.size = 1000;
	assert_int_equal(datagram_send(&server.socket, &datagram, 1), 1);
	datagram.size = sizeof(block);
	assert_int_equal(datagram_send(&server.socket, &datagram, 1), -EMSGSIZE);
	assert_int_equal(receive(&server, &datagram, 1), 1);
	assert_int_equal(datagram.size, 0);
	assert_false(datagram.is_truncated);
	assert_int_equal(receive(&server, &datagram, 1), 1);
	assert_int_equal(datagram.size, 100);
	assert_true(datagram.is_truncated);
	datagram_close(&server.socket);
	loop_free(loop);
}

static void test_overflows_are_counted(void **state)
{
	static char block[1000];
	struct socket_options small = { .receive_buffer_bytes = 4096 };
	struct datagram_options options = { .local = parse("127.0.0.1"), .options = &small };
	struct loop *loop = new_loop();
	struct mailbox server = { 0 };
	unsigned got = 0;

	assert_int_equal(datagram_open(&server.socket, &datagram_udp, loop, &options, note), 0);
	struct datagram datagram = {
		.data = block,
		.size = sizeof(block),
		.capacity = sizeof(block),
		.remote = server.socket.local,
	};
	for (int i = 0; i < 100; i++)
		assert_int_equal(datagram_send(&server.socket, &datagram, 1), 1);
	while (datagram_receive(&server.socket, &datagram, 1) == 1) {
		got++;
		assert_int_equal(datagram.local.family, 0); /* it was not asked for */
	}
	/* Unasked the kernel tells only with what comes after the loss. */
	assert_int_equal(server.socket.queue_overflows, 0);
	datagram_look(&server.socket);
	assert_int_equal(server.socket.queue_overflows, 100 - got);
	server.socket.queue_overflows = 0;
	assert_int_equal(datagram_send(&server.socket, &datagram, 1), 1);
	assert_int_equal(receive(&server, &datagram, 1), 1);
	assert_in_range(got, 1, 99);
	assert_int_equal(server.socket.queue_overflows, 100 - got);
	datagram_close(&server.socket);
	loop_free(loop);
}

/* What one send of `count` datagrams brings, taken apart into `ret`; how many sends arrived. */
static unsigned receive_apart(struct mailbox *server, uint8_t *ret, size_t room, size_t *ret_size)
{
	static uint8_t block[65536];
	struct datagram got = { .data = block, .capacity = sizeof(block) };
	unsigned count = 0;

	*ret_size = 0;
	for (int rc = receive(server, &got, 1); rc == 1;
	     rc = datagram_receive(&server->socket, &got, 1), count++) {
		assert_false(got.is_truncated);
		assert_in_range(*ret_size + got.size, 0, room);
		memcpy(ret + *ret_size, block, got.size);
		*ret_size += got.size;
		if (got.segment_bytes > 0)
			assert_in_range(got.segment_bytes, 1, got.size - 1);
	}
	return count;
}

/* Through loopback they stay together; a socket that did not ask for that gets them one by one. */
static void test_segments(void **state)
{
	enum { SEGMENT = 100, COUNT = 64 }; /* what any kernel takes */
	static uint8_t sent[SEGMENT * COUNT];
	static uint8_t got[sizeof(sent)];
	struct loop *loop = new_loop();

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / SEGMENT);
	for (int is_segmented = 0; is_segmented < 2; is_segmented++) {
		struct datagram_options options = { .local = parse("127.0.0.1"),
						    .wants_local = true,
						    .is_segmented = is_segmented };
		struct mailbox server = { 0 };
		struct mailbox client = { 0 };
		assert_int_equal(datagram_open(&server.socket, &datagram_udp, loop, &options, note),
				 0);
		assert_int_equal(
			datagram_open(&client.socket, &datagram_udp, loop,
				      &(struct datagram_options){ .local = parse("127.0.0.1"),
								  .is_segmented = true },
				      note),
			0);
		if (client.socket.segments_max == 1) {
			datagram_close(&client.socket);
			datagram_close(&server.socket);
			loop_free(loop);
			skip(); /* a kernel without UDP_SEGMENT */
		}
		assert_int_equal(server.socket.segments_max,
				 is_segmented ? DATAGRAM_SEGMENTS_MAX : 1);
		/* The last one is shorter; they go to an address, and from one. */
		struct datagram datagram = { .data = sent,
					     .size = sizeof(sent) - 30,
					     .segment_bytes = SEGMENT,
					     .remote = server.socket.local,
					     .local = client.socket.local };
		size_t size = 0;
		assert_int_equal(datagram_send(&client.socket, &datagram, 1), 1);
		unsigned count = receive_apart(&server, got, sizeof(got), &size);
		assert_int_equal(size, datagram.size);
		assert_memory_equal(got, sent, size);
		if (is_segmented)
			assert_in_range(count, 1, COUNT - 1);
		else
			assert_int_equal(count, COUNT);
		datagram_close(&client.socket);
		datagram_close(&server.socket);
	}
	loop_free(loop);
}

static void test_shared_port(void **state)
{
	struct datagram_options options = { .local = parse("127.0.0.1"), .is_shared = true };
	struct loop *loop = new_loop();
	struct mailbox first = { 0 };
	struct mailbox second = { 0 };

	assert_int_equal(datagram_open(&first.socket, &datagram_udp, loop, &options, note), 0);
	options.local = first.socket.local;
	assert_int_equal(datagram_open(&second.socket, &datagram_udp, loop, &options, note), 0);
	datagram_close(&second.socket);
	options.is_shared = false;
	assert_int_equal(datagram_open(&second.socket, &datagram_udp, loop, &options, note),
			 -EADDRINUSE);
	datagram_close(&first.socket);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_come_from_the_address_asked),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_overflows_are_counted),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_shared_port),
	};
	return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
