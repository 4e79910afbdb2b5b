/* The kernel's TCP over loopback, with ports that the kernel chooses. */
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/loop.h"
#include "net/stream.h"
#include "sys/cpu.h"
#include "sys/limits.h"

/* One end of a connection that notes what it is told. */
struct end {
	struct stream stream;
	unsigned told; /* all events so far */
	unsigned calls;
	unsigned writable_calls;
	unsigned got_bytes;
	size_t receive_size; /* at most at once; 0: leaves it unread */
	bool has_end;
	ssize_t receive_error;
	char text[64];
};

struct bench {
	struct loop *loop;
	struct listener listener;
	struct end client;
	struct end server;
	unsigned arrived_calls;
	unsigned accepted;
};

/* As the contract has it: until short, the end or an error. */
static void receive_all(struct end *end)
{
	char data[64];
	ssize_t got = 0;

	do {
		got = stream_receive(&end->stream, data, end->receive_size);
		if (got > 0 && end->got_bytes + (size_t)got <= sizeof(end->text))
			memcpy(end->text + end->got_bytes, data, (size_t)got);
		end->got_bytes += got > 0 ? (unsigned)got : 0;
	} while (got == (ssize_t)end->receive_size);
	if (got == 0)
		end->has_end = true;
	if (got < 0)
		end->receive_error = got;
}

static void note(struct stream *stream, unsigned events)
{
	struct end *end = container_of(stream, struct end, stream);

	end->told |= events;
	end->calls++;
	end->writable_calls += (events & STREAM_WRITABLE) != 0;
	if ((events & STREAM_READABLE) != 0 && end->receive_size > 0)
		receive_all(end);
}

static void accept_all(struct listener *listener)
{
	struct bench *bench = container_of(listener, struct bench, listener);
	struct stream extra;
	int rc = 0;

	bench->arrived_calls++;
	if (bench->accepted == 0) {
		rc = listener_accept(listener, &bench->server.stream, note);
		bench->accepted += rc == 0;
	}
	while (rc == 0) {
		rc = listener_accept(listener, &extra, note);
		bench->accepted += rc == 0;
		if (rc == 0)
			stream_close(&extra);
	}
	assert_int_equal(rc, -EAGAIN);
}

static struct endpoint parse(const char *text)
{
	struct endpoint endpoint = { 0 };
	assert_int_equal(endpoint_parse(text, 0, &endpoint), 0);
	return endpoint;
}

/* Turns until the condition holds, at most for two seconds. */
#define run_until(loop, condition)                                                       \
	do {                                                                             \
		uint64_t end_ns = loop_read_clock(loop) + 2 * NS_PER_S;                  \
		while (!(condition) && loop_now(loop) < end_ns)                          \
			assert_int_equal(loop_run(loop, loop_now(loop) + NS_PER_MS), 0); \
		assert_true(condition);                                                  \
	} while (0)

static void run_for(struct loop *loop, uint64_t ns)
{
	assert_int_equal(loop_run(loop, loop_read_clock(loop) + ns), 0);
}

static int start_connecting(struct bench *bench, const struct endpoint *remote)
{
	struct stream_connect connect = { .remote = *remote };
	return stream_connect(&bench->client.stream, &stream_tcp, bench->loop, &connect, note);
}

static void open_bench(struct bench *bench, const char *listen_on)
{
	struct loop_options options = { 0 };
	struct listen_options listen_options = { .local = parse(listen_on) };

	*bench = (struct bench){ .client.receive_size = 16, .server.receive_size = 16 };
	assert_int_equal(loop_new(&options, &bench->loop), 0);
	assert_int_equal(listener_open(&bench->listener, &stream_tcp, bench->loop, &listen_options,
				       accept_all),
			 0);
	assert_true(bench->listener.local.port > 0);
}

static void close_bench(struct bench *bench)
{
	stream_close(&bench->client.stream);
	stream_close(&bench->server.stream);
	listener_close(&bench->listener);
	loop_free(bench->loop);
}

static void open_connected_bench(struct bench *bench)
{
	open_bench(bench, "127.0.0.1:0");
	assert_int_equal(start_connecting(bench, &bench->listener.local), 0);
	assert_int_equal(bench->client.calls, 0);
	run_until(bench->loop, bench->client.told != 0 && bench->accepted == 1);
	assert_int_equal(bench->client.told, STREAM_CONNECTED);
}

static void send_text(struct end *end, const char *text)
{
	struct iovec parts[2] = { { (void *)text, 1 }, { (void *)(text + 1), strlen(text) - 1 } };
	assert_int_equal(stream_send(&end->stream, parts, 2), strlen(text));
}

static void test_echo(void **state)
{
	struct bench bench;
	struct endpoint local;
	struct endpoint remote;

	open_connected_bench(&bench);
	send_text(&bench.client, "there and");
	run_until(bench.loop, bench.server.got_bytes == 9);
	send_text(&bench.server, "back again, in more than one piece");
	run_until(bench.loop, bench.client.got_bytes == 34);
	assert_memory_equal(bench.server.text, "there and", 9);
	assert_memory_equal(bench.client.text, "back again, in more than one piece", 34);
	/* Nobody waited for room, so nobody was told of it. */
	assert_int_equal(bench.client.told | bench.server.told, STREAM_CONNECTED | STREAM_READABLE);
	assert_int_equal(stream_endpoints(&bench.client.stream, &local, &remote), 0);
	assert_true(endpoint_is_equal(&remote, &bench.listener.local));
	assert_int_equal(stream_endpoints(&bench.server.stream, NULL, &remote), 0);
	assert_true(endpoint_is_equal(&remote, &local));
	close_bench(&bench);
}

static void test_refused(void **state)
{
	struct bench bench;

	open_bench(&bench, "127.0.0.1:0");
	struct endpoint nobody = bench.listener.local;
	listener_close(&bench.listener);
	listener_close(&bench.listener);
	assert_int_equal(start_connecting(&bench, &nobody), 0);
	run_until(bench.loop, bench.client.told != 0);
	assert_int_equal(bench.client.told, STREAM_FAILED);
	assert_int_equal(stream_error(&bench.client.stream), ECONNREFUSED);
	stream_close(&bench.client.stream);
	assert_false(stream_is_open(&bench.client.stream));
	stream_close(&bench.client.stream);
	close_bench(&bench);
}

/* The only port that a client may take is the one it connects to: it would meet itself. */
static void test_connection_to_itself_is_refused(void **state)
{
	struct bench bench;

	open_bench(&bench, "127.0.0.1:0");
	struct stream_connect connect = {
		.remote = bench.listener.local,
		.local = bench.listener.local,
	};
	listener_close(&bench.listener);
	for (int i = 0; i < 2; i++) {
		/* A port that is asked for need not be one that the kernel chooses. */
		connect.is_port_distinct = i == 1;
		assert_int_equal(stream_connect(&bench.client.stream, &stream_tcp, bench.loop,
						&connect, note),
				 -ECONNREFUSED);
		assert_false(stream_is_open(&bench.client.stream));
	}
	close_bench(&bench);
}

static void test_what_cannot_start_says_so(void **state)
{
	static const struct {
		const char *local;
		const char *remote;
		int code;
	} rows[] = {
		{ "192.0.2.1:0", "127.0.0.1:9", -EADDRNOTAVAIL },
		{ "127.0.0.1:0", "255.255.255.255:9", -ENETUNREACH },
		{ "[::1]:0", "127.0.0.1:9", -EAFNOSUPPORT },
	};
	struct bench bench;

	open_bench(&bench, "127.0.0.1:0");
	for (size_t i = 0; i < array_size(rows); i++) {
		struct stream_connect connect = {
			.remote = parse(rows[i].remote),
			.local = parse(rows[i].local),
		};
		int rc = stream_connect(&bench.client.stream, &stream_tcp, bench.loop, &connect,
					note);
		assert_int_equal(rc, rows[i].code);
		assert_false(stream_is_open(&bench.client.stream));
	}
	assert_int_equal(bench.client.calls, 0);
	close_bench(&bench);
}

static void test_half_close(void **state)
{
	struct bench bench;

	open_connected_bench(&bench);
	send_text(&bench.client, "last words");
	assert_int_equal(stream_finish(&bench.client.stream), 0);
	run_until(bench.loop, bench.server.has_end);
	assert_int_equal(bench.server.got_bytes, 10);
	send_text(&bench.server, "noted");
	run_until(bench.loop, bench.client.got_bytes == 5);
	assert_false(bench.client.has_end);
	stream_close(&bench.server.stream);
	run_until(bench.loop, bench.client.has_end);
	assert_int_equal(stream_error(&bench.client.stream), 0);
	close_bench(&bench);
}

/* Bytes and the end behind them in one event, for every way the bytes may fill the room. */
static void test_end_in_one_event_with_bytes(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 6, 16 };

	for (size_t i = 0; i < array_size(sizes); i++) {
		struct bench bench;
		open_connected_bench(&bench);
		bench.server.receive_size = sizes[i];
		send_text(&bench.client, "final");
		stream_close(&bench.client.stream);
		run_until(bench.loop, bench.server.has_end);
		assert_memory_equal(bench.server.text, "final", 5);
		assert_int_equal(bench.server.got_bytes, 5);
		close_bench(&bench);
	}
}

/* The same for an owner who reads later than it was told. */
static void test_late_reader_is_told_the_end(void **state)
{
	struct bench bench;

	open_connected_bench(&bench);
	bench.server.receive_size = 0;
	send_text(&bench.client, "final");
	stream_close(&bench.client.stream);
	run_until(bench.loop, bench.server.told != 0);
	run_for(bench.loop, 5 * NS_PER_MS);
	bench.server.receive_size = 16;
	receive_all(&bench.server);
	assert_false(bench.server.has_end);
	run_until(bench.loop, bench.server.has_end);
	close_bench(&bench);
}

/* A server that speaks and ends before the client's loop has turned once. */
static void test_bytes_arrive_with_the_connection(void **state)
{
	struct bench bench;

	open_bench(&bench, "127.0.0.1:0");
	assert_int_equal(start_connecting(&bench, &bench.listener.local), 0);
	assert_int_equal(listener_accept(&bench.listener, &bench.server.stream, note), 0);
	send_text(&bench.server, "hello");
	stream_close(&bench.server.stream);
	bench.accepted = 1;
	run_until(bench.loop, bench.client.has_end);
	assert_int_equal(bench.client.told, STREAM_CONNECTED | STREAM_READABLE);
	assert_int_equal(bench.client.got_bytes, 5);
	close_bench(&bench);
}

static void test_reset_right_after_connect(void **state)
{
	struct bench bench;

	open_bench(&bench, "127.0.0.1:0");
	assert_int_equal(start_connecting(&bench, &bench.listener.local), 0);
	assert_int_equal(listener_accept(&bench.listener, &bench.server.stream, note), 0);
	send_text(&bench.server, "hello");
	stream_reset(&bench.server.stream);
	bench.accepted = 1;
	run_until(bench.loop, (bench.client.told & STREAM_FAILED) != 0);
	assert_int_equal(bench.client.told, STREAM_CONNECTED | STREAM_READABLE | STREAM_FAILED);
	assert_int_equal(stream_error(&bench.client.stream), ECONNRESET);
	close_bench(&bench);
}

static void test_reset_is_seen(void **state)
{
	struct iovec part = { "x", 1 };
	struct bench bench;

	open_connected_bench(&bench);
	stream_reset(&bench.server.stream);
	run_until(bench.loop, (bench.client.told & STREAM_FAILED) != 0);
	assert_int_equal(bench.client.receive_error, -ECONNRESET);
	assert_false(bench.client.has_end);
	assert_int_equal(stream_error(&bench.client.stream), ECONNRESET);
	/* And it stays the reason. */
	assert_int_equal(stream_send(&bench.client.stream, &part, 1), -ECONNRESET);
	assert_int_equal(stream_skip(&bench.client.stream, 10), -ECONNRESET);
	assert_int_equal(stream_error(&bench.client.stream), ECONNRESET);
	close_bench(&bench);
}

static void test_room_again_after_a_short_send(void **state)
{
	static char block[65536];
	struct iovec part = { block, sizeof(block) };
	struct bench bench;
	ssize_t sent;
	size_t total = 0;

	open_connected_bench(&bench);
	bench.server.receive_size = 0;
	while ((sent = stream_send(&bench.client.stream, &part, 1)) > 0)
		total += (size_t)sent;
	assert_int_equal(sent, -EAGAIN);
	run_for(bench.loop, 5 * NS_PER_MS);
	assert_int_equal(bench.client.writable_calls, 0);
	for (size_t left = total; left > 0;) {
		ssize_t got = stream_skip(&bench.server.stream, left);
		assert_true(got > 0 || got == -EAGAIN);
		left -= got > 0 ? (size_t)got : 0;
		run_for(bench.loop, 0);
	}
	run_until(bench.loop, bench.client.writable_calls > 0);
	assert_int_equal(bench.client.writable_calls, 1);
	close_bench(&bench);
}

static void test_info(void **state)
{
	struct bench bench;
	struct stream_info info;

	open_connected_bench(&bench);
	send_text(&bench.client, "measured");
	run_until(bench.loop, bench.server.got_bytes == 8);
	assert_int_equal(stream_info(&bench.client.stream, &info), 0);
	assert_true(info.is_known);
	assert_in_range(info.rtt_ns, 1, NS_PER_S);
	assert_in_range(info.rtt_min_ns, 1, info.rtt_ns);
	assert_int_equal(info.bytes_acked, 8);
	assert_int_equal(info.queued_bytes, 0);
	assert_int_equal(info.unsent_bytes, 0);
	assert_int_equal(info.unacked_segments, 0);
	assert_int_equal(info.retransmitted_segments, 0);
	assert_true(info.path_mtu >= 1280);
	assert_in_range(info.mss_bytes, 536, info.path_mtu);
	assert_int_equal(info.congestion_window_bytes % info.mss_bytes, 0);
	assert_true(info.congestion_window_bytes > 0);
	assert_true(info.sent_segments >= 3); /* SYN, ACK, data */
	assert_true(info.rtt_variation_ns > 0);
	assert_false(info.is_fast_opened);
	close_bench(&bench);
}

/* What a peer leaves unread stands in our buffer, and the wait for its window is told. */
static void test_info_of_a_full_window(void **state)
{
	struct bench bench;
	struct stream_info info;
	static uint8_t zeros[1 << 20];
	struct iovec part = { zeros, sizeof(zeros) };
	size_t total = 0;
	ssize_t sent = 0;

	open_connected_bench(&bench);
	bench.server.receive_size = 0;
	while ((sent = stream_send(&bench.client.stream, &part, 1)) > 0)
		total += (size_t)sent;
	assert_int_equal(sent, -EAGAIN);
	run_for(bench.loop, 20 * NS_PER_MS);
	assert_int_equal(stream_info(&bench.client.stream, &info), 0);
	assert_int_equal(info.bytes_acked + info.queued_bytes, total);
	assert_true(info.unsent_bytes > 0);
	assert_true(info.queued_bytes >= info.unsent_bytes);
	assert_in_range(info.receiver_limited_ns, NS_PER_MS, info.busy_ns);
	close_bench(&bench);
}

/* Neither the SYN nor the FIN is payload, for who connected and for who accepted. */
static void test_info_counts_payload(void **state)
{
	struct bench bench;
	struct stream_info info;

	open_connected_bench(&bench);
	send_text(&bench.server, "from who accepted");
	run_until(bench.loop, bench.client.got_bytes == 17);
	assert_int_equal(stream_info(&bench.server.stream, &info), 0);
	assert_int_equal(info.bytes_acked, 17);
	send_text(&bench.client, "measured");
	assert_int_equal(stream_finish(&bench.client.stream), 0);
	run_until(bench.loop, bench.server.has_end);
	assert_int_equal(stream_info(&bench.client.stream, &info), 0);
	assert_int_equal(info.bytes_acked, 8);
	assert_int_equal(info.queued_bytes, 0);
	close_bench(&bench);
}

static void test_description(void **state)
{
	struct bench bench;
	struct stream_description description;

	open_connected_bench(&bench);
	assert_int_equal(stream_describe(&bench.client.stream, &description), 0);
	assert_true(description.is_known);
	assert_string_not_equal(description.congestion, "");
	assert_true(description.send_buffer_bytes > 0);
	assert_true(description.receive_buffer_bytes > 0);
	assert_false(description.is_multipath);
	close_bench(&bench);
}

static void test_socket_options(void **state)
{
	struct bench bench;
	int value = 0;
	socklen_t size = sizeof(value);

	open_bench(&bench, "127.0.0.1:0");
	struct socket_options options = {
		.has_no_delay = true,
		.receive_buffer_bytes = 50000,
		.receive_low_water_bytes = 7,
	};
	struct stream_connect connect = { .remote = bench.listener.local, .options = &options };
	assert_int_equal(
		stream_connect(&bench.client.stream, &stream_tcp, bench.loop, &connect, note), 0);
	int fd = bench.client.stream.watch.fd;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &size), 0);
	assert_int_equal(value, 100000); /* the kernel doubles it */
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value, &size), 0);
	assert_int_equal(value, 7);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &value, &size), 0);
	assert_int_not_equal(value, 0);
	stream_close(&bench.client.stream);
	options.congestion = "none-such";
	assert_int_equal(
		stream_connect(&bench.client.stream, &stream_tcp, bench.loop, &connect, note),
		-ENOENT);
	close_bench(&bench);
}

/* What a client leaves in TIME-WAIT must not keep a listener from its port. From an address of its
 * own, as other programs' clients may share a port of 127.0.0.1. */
static void test_listener_takes_a_port_in_time_wait(void **state)
{
	struct bench bench;
	struct endpoint local;

	open_bench(&bench, "127.0.0.1:0");
	struct stream_connect connect = {
		.remote = bench.listener.local,
		.local = parse("127.77.77.77:0"),
	};
	assert_int_equal(
		stream_connect(&bench.client.stream, &stream_tcp, bench.loop, &connect, note), 0);
	run_until(bench.loop, bench.accepted == 1);
	assert_int_equal(stream_endpoints(&bench.client.stream, &local, NULL), 0);
	stream_close(&bench.client.stream);
	run_until(bench.loop, bench.server.has_end);
	stream_close(&bench.server.stream);
	listener_close(&bench.listener);
	struct listen_options options = { .local = local };
	assert_int_equal(
		listener_open(&bench.listener, &stream_tcp, bench.loop, &options, accept_all), 0);
	close_bench(&bench);
}

static void test_local_address(void **state)
{
	struct bench bench;
	struct endpoint remote;
	struct endpoint expected = parse("127.0.0.77:0");

	open_bench(&bench, "127.0.0.1:0");
	struct stream_connect connect = { .remote = bench.listener.local, .local = expected };
	assert_int_equal(
		stream_connect(&bench.client.stream, &stream_tcp, bench.loop, &connect, note), 0);
	run_until(bench.loop, bench.accepted == 1);
	assert_int_equal(stream_endpoints(&bench.server.stream, NULL, &remote), 0);
	assert_memory_equal(remote.address, expected.address, sizeof(remote.address));
	close_bench(&bench);
}

static void test_listens_on_both_families(void **state)
{
	static const char *const remotes[] = { "127.0.0.1", "::1" };
	struct endpoint any[] = { parse("[::]:0"), { .family = 0 } };

	for (size_t i = 0; i < array_size(remotes) * array_size(any); i++) {
		struct bench bench;
		struct endpoint remote = parse(remotes[i % 2]);
		struct endpoint seen;
		struct listen_options options = { .local = any[i / 2] };
		open_bench(&bench, "127.0.0.1:0");
		listener_close(&bench.listener);
		assert_int_equal(listener_open(&bench.listener, &stream_tcp, bench.loop, &options,
					       accept_all),
				 0);
		remote.port = bench.listener.local.port;
		assert_int_equal(start_connecting(&bench, &remote), 0);
		run_until(bench.loop, bench.accepted == 1);
		assert_int_equal(stream_endpoints(&bench.server.stream, NULL, &seen), 0);
		assert_int_equal(seen.family, remote.family);
		assert_true(endpoint_is_loopback(&seen));
		close_bench(&bench);
	}
}

static void test_address_in_use(void **state)
{
	struct bench bench;
	struct listener second;

	open_bench(&bench, "127.0.0.1:0");
	struct listen_options options = { .local = bench.listener.local };
	assert_int_equal(listener_open(&second, &stream_tcp, bench.loop, &options, accept_all),
			 -EADDRINUSE);
	listener_close(&second);
	close_bench(&bench);
}

static void test_full_listen_queue_is_counted(void **state)
{
	struct bench bench;
	struct end extra[4];
	uint64_t before = limits_listen_overflows();

	open_bench(&bench, "127.0.0.1:0");
	listener_close(&bench.listener);
	struct listen_options options = { .local = parse("127.0.0.1:0"), .backlog = 1 };
	assert_int_equal(
		listener_open(&bench.listener, &stream_tcp, bench.loop, &options, accept_all), 0);
	struct stream_connect connect = { .remote = bench.listener.local };
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			stream_connect(&extra[i].stream, &stream_tcp, bench.loop, &connect, note),
			0);
	assert_true(limits_listen_overflows() > before);
	for (int i = 0; i < 4; i++)
		stream_close(&extra[i].stream);
	close_bench(&bench);
}

/* ---- two listeners on one port */

struct worker {
	struct listener listener;
	unsigned accepted;
};

static void accept_and_drop(struct listener *listener)
{
	struct worker *worker = container_of(listener, struct worker, listener);
	struct stream stream;

	while (listener_accept(listener, &stream, note) == 0) {
		worker->accepted++;
		stream_close(&stream);
	}
}

static void open_workers(struct loop *loop, struct worker workers[2])
{
	struct listen_options options = { .local = parse("127.0.0.1:0"), .is_shared = true };

	for (int i = 0; i < 2; i++) {
		options.steer_to_count = i == 1 ? 2 : 0;
		assert_int_equal(listener_open(&workers[i].listener, &stream_tcp, loop, &options,
					       accept_and_drop),
				 0);
		options.local = workers[0].listener.local;
	}
}

/* Over loopback a connection arrives on the cpu that opens it. */
static void test_steering_by_cpu(void **state)
{
	enum { COUNT = 20 };
	unsigned cpus[CPU_LIST_MAX];
	unsigned cpu_total = 0;
	struct bench bench;
	struct worker workers[2] = { 0 };
	cpu_set_t before;

	assert_int_equal(cpu_list_parse("auto", NULL, cpus, &cpu_total), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	open_bench(&bench, "127.0.0.1:0");
	open_workers(bench.loop, workers);
	for (unsigned i = 0; i < cpu_total && i < 2; i++) {
		unsigned steered_to = cpus[i] % 2;
		unsigned already = workers[steered_to].accepted;
		assert_int_equal(cpu_pin(cpus[i]), 0);
		for (int n = 0; n < COUNT; n++) {
			assert_int_equal(start_connecting(&bench, &workers[0].listener.local), 0);
			run_until(bench.loop, bench.client.told != 0);
			stream_close(&bench.client.stream);
			bench.client.told = 0;
		}
		run_until(bench.loop, workers[steered_to].accepted == already + COUNT);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	listener_close(&workers[0].listener);
	listener_close(&workers[1].listener);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_connection_to_itself_is_refused),
		cmocka_unit_test(test_what_cannot_start_says_so),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_end_in_one_event_with_bytes),
		cmocka_unit_test(test_late_reader_is_told_the_end),
		cmocka_unit_test(test_bytes_arrive_with_the_connection),
		cmocka_unit_test(test_reset_right_after_connect),
		cmocka_unit_test(test_reset_is_seen),
		cmocka_unit_test(test_room_again_after_a_short_send),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_info_of_a_full_window),
		cmocka_unit_test(test_info_counts_payload),
		cmocka_unit_test(test_description),
		cmocka_unit_test(test_socket_options),
		cmocka_unit_test(test_listener_takes_a_port_in_time_wait),
		cmocka_unit_test(test_local_address),
		cmocka_unit_test(test_listens_on_both_families),
		cmocka_unit_test(test_address_in_use),
		cmocka_unit_test(test_full_listen_queue_is_counted),
		cmocka_unit_test(test_steering_by_cpu),
	};
	return cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
