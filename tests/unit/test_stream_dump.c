/* What passes through a dumped stream passes unchanged, and is told; over the memory network. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "net/loop.h"
#include "net/memory.h"
#include "net/stream_dump.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

#define CLIENTS  2
#define TOLD_MAX 65536
#define MANY     50000 /* more than one room of a skip */

struct told {
	char text[TOLD_MAX]; /* "0>": the first connection sent; "1<": the second one received */
	size_t size;
	size_t bytes;
	unsigned ends;
};

struct client {
	struct stream stream;
	unsigned events;
	size_t skipped;
	bool has_end;
	bool skips;
	char got[64];
	size_t got_size;
};

struct bench {
	struct loop *loop;
	struct memory_network *network;
	struct listener listener;
	struct stream servers[CLIENTS];
	unsigned accepted;
	struct client clients[CLIENTS];
	struct stream_dump dump;
	struct told told;
};

static void sink(void *context, const struct dump_piece *piece)
{
	struct told *told = context;
	size_t left = piece->size;
	told->size +=
		(size_t)snprintf(told->text + told->size, TOLD_MAX - told->size, "%u%c",
				 piece->connection, piece->direction == DUMP_SENT ? '>' : '<');
	for (const struct iovec *part = piece->parts; left > 0; part++) {
		size_t size = part->iov_len < left ? part->iov_len : left;
		if (told->size + size < TOLD_MAX)
			memcpy(told->text + told->size, part->iov_base, size);
		told->size += size;
		left -= size;
	}
	told->bytes += piece->size;
	told->ends += piece->size == 0;
}

static void skip_all(struct client *client)
{
	ssize_t got = 0;
	do {
		got = stream_skip(&client->stream, MANY);
		client->skipped += got > 0 ? (size_t)got : 0;
	} while (got == MANY);
	client->has_end |= got == 0;
}

static void client_ready(struct stream *stream, unsigned events)
{
	struct client *client = container_of(stream, struct client, stream);
	client->events |= events;
	if ((events & STREAM_READABLE) == 0)
		return;
	if (client->skips) {
		skip_all(client);
		return;
	}
	ssize_t got = stream_receive(stream, client->got + client->got_size,
				     sizeof(client->got) - client->got_size);
	client->got_size += got > 0 ? (size_t)got : 0;
	client->has_end |= got == 0;
	if (client->got_size > 0 && client->got[0] == 'X')
		stream_close(stream); /* from within its own event */
}

static void server_ready(struct stream *stream, unsigned events)
{
	char data[64];
	if ((events & STREAM_READABLE) != 0)
		while (stream_receive(stream, data, sizeof(data)) == sizeof(data))
			;
}

static void accept_all(struct listener *listener)
{
	struct bench *bench = container_of(listener, struct bench, listener);
	while (bench->accepted < CLIENTS &&
	       listener_accept(listener, &bench->servers[bench->accepted], server_ready) == 0)
		bench->accepted++;
}

static void run(struct bench *bench)
{
	assert_int_equal(loop_run(bench->loop, UINT64_MAX), 0);
}

static void connect_client(struct bench *bench, struct client *client, uint16_t port)
{
	struct stream_connect connect = { .network = bench->network, .dump = &bench->dump };
	assert_int_equal(endpoint_parse("192.0.2.1", port, &connect.remote), 0);
	assert_int_equal(
		stream_connect(&client->stream, &stream_dump, bench->loop, &connect, client_ready),
		0);
	run(bench);
}

static void open_bench(struct bench *bench, struct stream_dump dump, bool skips)
{
	struct memory_options options = { .delay_ns = 1000 };
	struct loop_options loop_options = { .is_simulated = true };
	struct listen_options listen_options = { .local.port = 7 };
	memset(bench, 0, sizeof(*bench));
	bench->dump = dump;
	bench->dump.over = &stream_memory;
	bench->dump.sink = sink;
	bench->dump.context = &bench->told;
	assert_int_equal(loop_new(&loop_options, &bench->loop), 0);
	assert_int_equal(memory_network_new(bench->loop, &options, &bench->network), 0);
	listen_options.network = bench->network;
	assert_int_equal(listener_open(&bench->listener, &stream_memory, bench->loop,
				       &listen_options, accept_all),
			 0);
	for (unsigned i = 0; i < CLIENTS; i++) {
		bench->clients[i].skips = skips;
		connect_client(bench, &bench->clients[i], 7);
		assert_int_equal(bench->clients[i].events, STREAM_CONNECTED);
		assert_false(bench->clients[i].stream.is_connecting);
	}
}

static void close_bench(struct bench *bench)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		stream_close(&bench->clients[i].stream);
		stream_close(&bench->servers[i]);
	}
	listener_close(&bench->listener);
	memory_network_free(bench->network);
	loop_free(bench->loop);
}

static void send_text(struct stream *stream, const char *first, const char *second)
{
	struct iovec parts[] = { { (char *)first, strlen(first) },
				 { (char *)second, strlen(second) } };
	assert_int_equal(stream_send(stream, parts, 2), strlen(first) + strlen(second));
}

static void test_what_is_told(void **state)
{
	static const struct {
		struct stream_dump dump;
		const char *told;
	} cases[] = {
		{ { .is_sent_told = true, .is_received_told = true }, "0>ab1>cd0<yes0<1<no1<" },
		{ { .is_sent_told = true }, "0>ab1>cd" },
		{ { .is_received_told = true }, "0<yes0<1<no1<" },
		{ { .is_sent_told = true, .is_received_told = true, .is_first_only = true },
		  "0>ab0<yes0<" },
	};
	static struct bench bench;
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		open_bench(&bench, cases[i].dump, false);
		send_text(&bench.clients[0].stream, "a", "b");
		send_text(&bench.clients[1].stream, "cd", "");
		run(&bench);
		for (unsigned k = 0; k < CLIENTS; k++) {
			send_text(&bench.servers[k], k == 0 ? "yes" : "no", "");
			run(&bench);
			assert_int_equal(stream_finish(&bench.servers[k]), 0);
			run(&bench);
			assert_true(bench.clients[k].has_end);
		}
		assert_memory_equal(bench.clients[0].got, "yes", 3);
		assert_string_equal(bench.told.text, cases[i].told);
		close_bench(&bench);
	}
}

/* The end comes with the last bytes, and is told though the skip stopped at a full room. */
static void test_skipping(void **state)
{
	static const struct stream_dump both = { .is_sent_told = true, .is_received_told = true };
	static const struct stream_dump sent = { .is_sent_told = true };
	static const size_t sizes[] = { 1, 16384, 16385, 32768, MANY, MANY + 1 };
	static uint8_t data[MANY + 1];
	static struct bench bench;
	(void)state;
	for (size_t i = 0; i < 2 * array_size(sizes); i++) {
		bool is_told = i < array_size(sizes);
		size_t size = sizes[i % array_size(sizes)];
		open_bench(&bench, is_told ? both : sent, true);
		struct iovec part = { data, size };
		assert_int_equal(stream_send(&bench.servers[0], &part, 1), size);
		assert_int_equal(stream_finish(&bench.servers[0]), 0);
		run(&bench);
		assert_int_equal(bench.clients[0].skipped, size);
		assert_true(bench.clients[0].has_end);
		assert_int_equal(bench.told.bytes, is_told ? size : 0);
		close_bench(&bench);
	}
}

/* The kernel tells the end that came with the bytes in one event, and once. */
static void test_skipping_from_the_kernel(void **state)
{
	static uint8_t data[2 * 16384];
	struct loop_options loop_options = { .is_simulated = false };
	struct stream_dump dump = { .over = &stream_tcp, .sink = sink, .is_received_told = true };
	static struct told told;
	struct client client = { .skips = true };
	struct stream_connect connect = { .dump = &dump };
	struct loop *loop = NULL;
	(void)state;
	dump.context = &told;
	owned_fd int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(endpoint_parse("127.0.0.1", 0, &connect.remote), 0);
	assert_int_equal(ip_socket_bind(listening, &connect.remote), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(ip_socket_local(listening, &connect.remote), 0);
	assert_int_equal(loop_new(&loop_options, &loop), 0);
	assert_int_equal(stream_connect(&client.stream, &stream_dump, loop, &connect, client_ready),
			 0);
	owned_fd int server = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(send(server, data, sizeof(data), MSG_NOSIGNAL), sizeof(data));
	assert_int_equal(shutdown(server, SHUT_WR), 0);
	uint64_t until_ns = loop_read_clock(loop) + 2 * NS_PER_S;
	while (!client.has_end && loop_now(loop) < until_ns)
		assert_int_equal(loop_run(loop, loop_now(loop) + NS_PER_MS), 0);
	assert_int_equal(client.skipped, sizeof(data));
	assert_true(client.has_end);
	assert_int_equal(told.bytes, sizeof(data));
	stream_close(&client.stream);
	loop_free(loop);
}

static void test_closed_in_its_own_event(void **state)
{
	static struct bench bench;
	(void)state;
	open_bench(&bench, (struct stream_dump){ .is_received_told = true }, false);
	send_text(&bench.servers[0], "X", "");
	run(&bench);
	assert_false(stream_is_open(&bench.clients[0].stream));
	close_bench(&bench);
}

static void test_refused(void **state)
{
	static struct bench bench;
	(void)state;
	open_bench(&bench, (struct stream_dump){ .is_received_told = true }, false);
	stream_close(&bench.clients[0].stream);
	bench.clients[0].events = 0;
	connect_client(&bench, &bench.clients[0], 8);
	assert_int_equal(bench.clients[0].events, STREAM_FAILED);
	assert_int_equal(stream_error(&bench.clients[0].stream), ECONNREFUSED);
	close_bench(&bench);
}

static void test_information_is_of_the_stream_below(void **state)
{
	static struct bench bench;
	struct stream_info info;
	struct endpoint remote;
	(void)state;
	open_bench(&bench, (struct stream_dump){ .is_received_told = true }, false);
	assert_int_equal(stream_info(&bench.clients[0].stream, &info), 0);
	assert_int_equal(info.rtt_ns, 2000);
	assert_int_equal(stream_endpoints(&bench.clients[0].stream, NULL, &remote), 0);
	assert_int_equal(remote.port, 7);
	stream_reset(&bench.clients[0].stream);
	run(&bench);
	assert_int_equal(stream_error(&bench.servers[0]), ECONNRESET);
	close_bench(&bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_skipping),
		cmocka_unit_test(test_skipping_from_the_kernel),
		cmocka_unit_test(test_closed_in_its_own_event),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_information_is_of_the_stream_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
