/* What the kernel tells of datagrams that were sent, and ICMP echoes: over loopback. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/datagram.h"
#include "net/loop.h"
#include "proto/icmp.h"

static void ignore(struct datagram_socket *socket, unsigned events)
{
	(void)socket;
	(void)events;
}

static struct endpoint parse(const char *text, uint16_t port)
{
	struct endpoint endpoint = { 0 };
	assert_int_equal(endpoint_parse(text, port, &endpoint), 0);
	return endpoint;
}

static struct loop *new_loop(void)
{
	struct loop_options options = { 0 };
	struct loop *loop = NULL;
	assert_int_equal(loop_new(&options, &loop), 0);
	return loop;
}

/* A port that nobody has: of a socket that is closed again. */
static struct endpoint nobody(struct loop *loop, const char *address)
{
	struct datagram_options options = { .local = parse(address, 0) };
	struct datagram_socket socket;

	assert_int_equal(datagram_open(&socket, &datagram_udp, loop, &options, ignore), 0);
	struct endpoint place = socket.local;
	datagram_close(&socket);
	return place;
}

static int await_error(struct datagram_socket *socket, struct datagram_error *error)
{
	uint64_t end_ns = loop_read_clock(socket->loop) + 2 * NS_PER_S;
	int rc = datagram_take_error(socket, error);

	while (rc == -EAGAIN && loop_now(socket->loop) < end_ns) {
		assert_int_equal(loop_run(socket->loop, loop_now(socket->loop) + NS_PER_MS), 0);
		rc = datagram_take_error(socket, error);
	}
	return rc;
}

static void a_refusal_names_its_sender_and_its_datagram(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "::1" };
	struct loop *loop = new_loop();

	for (size_t i = 0; i < array_size(addresses); i++) {
		struct datagram_options options = {
			.remote = nobody(loop, addresses[i]),
			.wants_stamps = true,
			.wants_errors = true,
		};
		struct datagram datagram = { .data = "number 7", .size = 8, .wants_stamp = true };
		struct datagram_socket socket;
		struct datagram_error told;

		assert_int_equal(datagram_open(&socket, &datagram_udp, loop, &options, ignore), 0);
		assert_int_equal(datagram_take_error(&socket, &told), -EAGAIN);
		assert_int_equal(datagram_send(&socket, &datagram, 1), 1);
		assert_int_equal(await_error(&socket, &told), 0);
		/* Over loopback the answer may come first. */
		struct datagram_error other;
		assert_int_equal(await_error(&socket, &other), 0);
		assert_int_equal(told.is_sent + other.is_sent, 1);
		const struct datagram_error *error = told.is_sent ? &other : &told;
		const struct datagram_error *sent = told.is_sent ? &told : &other;
		assert_int_equal(sent->sent.number, 0);
		assert_true(sent->sent.stamp.at_ns > 0);
		assert_int_equal(error->code, ECONNREFUSED);
		assert_false(error->is_local);
		uint16_t family = options.remote.family;
		assert_int_equal(icmp_meaning(family, error->icmp_type, error->icmp_code),
				 ICMP_MEANS_REFUSED);
		struct endpoint from = parse(addresses[i], 0);
		assert_true(endpoint_is_equal(&error->from, &from));
		assert_int_equal(error->quote_size, 8);
		assert_memory_equal(error->quote, "number 7", 8);
		assert_int_equal(datagram_take_error(&socket, &told), -EAGAIN);
		datagram_close(&socket);
	}
	loop_free(loop);
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

/* Two sockets with ids of their own: each gets its reply, and no request. */
static void an_echo_comes_back_to_its_id(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "::1" };
	struct loop *loop = new_loop();

	for (size_t i = 0; i < array_size(addresses); i++) {
		struct datagram_options options = {
			.remote = parse(addresses[i], 0),
			.wants_stamps = true,
			.wants_errors = true,
			.wants_header = true,
		};
		struct datagram_socket sockets[2];
		int rc = datagram_open(&sockets[0], &datagram_icmp, loop, &options, ignore);
		if (rc == -EPERM || rc == -EACCES) {
			loop_free(loop);
			skip();
		}
		assert_int_equal(rc, 0);
		assert_int_equal(datagram_open(&sockets[1], &datagram_icmp, loop, &options, ignore),
				 0);
		for (size_t k = 0; k < 2; k++) {
			uint8_t message[13] = { [8] = 'h', 'e', 'l', 'l', (uint8_t)('0' + k) };
			icmp_write_request(options.remote.family, sockets[k].local.port,
					   (uint16_t)k, message, sizeof(message));
			struct datagram datagram = { .data = message, .size = sizeof(message) };
			assert_int_equal(datagram_send(&sockets[k], &datagram, 1), 1);
		}
		for (size_t k = 0; k < 2; k++) {
			uint8_t data[64];
			struct icmp_message message;
			struct datagram got = receive(&sockets[k], data, sizeof(data));
			assert_true(icmp_read(options.remote.family, data, got.size, &message));
			assert_int_equal(message.meaning, ICMP_MEANS_REPLY);
			assert_int_equal(message.sequence, k);
			assert_int_equal(message.body_size, 5);
			assert_int_equal(message.body[4], '0' + k);
			assert_int_equal(got.ttl, 64);
			assert_int_equal(datagram_receive(&sockets[k], &got, 1), -EAGAIN);
		}
		datagram_close(&sockets[0]);
		datagram_close(&sockets[1]);
	}
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_names_its_sender_and_its_datagram),
		cmocka_unit_test(an_echo_comes_back_to_its_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
