/* Small answers to probes of any size, and whose the cookie in them is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/service_path.h"
#include "proto/traffic_wire.h"

#define NOW_NS (100 * NS_PER_S)

static const uint8_t secret[SOURCE_SECRET_BYTES] = "the secret of this server";

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint = { 0 };
	assert_int_equal(endpoint_parse(text, 0, &endpoint), 0);
	return endpoint;
}

static void write_probe(struct datagram *datagram, enum path_wire_kind kind, size_t size)
{
	struct path_wire wire = { .kind = kind, .number = 3, .run = 7 };
	memset(datagram->data, 0x5a, size);
	path_wire_write(datagram->data, &wire);
	datagram->size = size;
	datagram->remote = endpoint_of("192.0.2.9:41000");
	datagram->local = endpoint_of("192.0.2.1:5003");
}

static struct path_wire answered(void)
{
	uint8_t data[1472];
	struct datagram datagram = { .data = data };
	struct path_wire wire;
	write_probe(&datagram, PATH_WIRE_PROBE, sizeof(data));
	assert_int_equal(service_path_take(&datagram, "web-3", secret, NOW_NS),
			 SERVICE_PATH_ANSWERED);
	assert_true(path_wire_read(data, datagram.size, &wire));
	return wire;
}

static void any_size_gets_a_small_answer(void **state)
{
	static const size_t sizes[] = { PATH_WIRE_BYTES, PATH_WIRE_BYTES + 1, 1472, 65507 };

	for (size_t i = 0; i < array_size(sizes); i++) {
		uint8_t *data = malloc(sizes[i]);
		struct datagram datagram = { .data = data };
		char name[WIRE_NAME_BYTES];
		struct path_wire wire;

		assert_non_null(data);
		write_probe(&datagram, PATH_WIRE_PROBE, sizes[i]);
		assert_int_equal(service_path_take(&datagram, "web-3", secret, NOW_NS),
				 SERVICE_PATH_ANSWERED);
		assert_int_equal(datagram.size, PATH_WIRE_BYTES);
		assert_true(path_wire_read(data, datagram.size, &wire));
		assert_int_equal(wire.kind, PATH_WIRE_ANSWER);
		assert_int_equal(wire.received, sizes[i]);
		assert_int_equal(wire.number, 3);
		assert_int_equal(wire.run, 7);
		assert_true(endpoint_is_equal(&wire.sender, &datagram.remote));
		assert_true(endpoint_is_equal(&wire.server, &datagram.local));
		assert_int_equal(wire_read_name(data, datagram.size, name), strlen("web-3"));
		free(data);
	}
}

static void other_datagrams_are_left_alone(void **state)
{
	uint8_t data[PATH_WIRE_BYTES];
	uint8_t before[PATH_WIRE_BYTES];
	struct datagram datagram = { .data = data };

	wire_write_datagram(data, sizeof(data), 1, 2);
	memcpy(before, data, sizeof(before));
	datagram.size = sizeof(data);
	assert_int_equal(service_path_take(&datagram, "web-3", secret, NOW_NS), SERVICE_PATH_OTHER);
	assert_memory_equal(data, before, sizeof(data));
	/* One that is too short for its answer is answered by nothing larger. */
	write_probe(&datagram, PATH_WIRE_PROBE, sizeof(data));
	datagram.size--;
	assert_int_equal(service_path_take(&datagram, "web-3", secret, NOW_NS), SERVICE_PATH_OTHER);
}

static void answers_are_not_answered(void **state)
{
	static const enum path_wire_kind kinds[] = { PATH_WIRE_ANSWER, PATH_WIRE_BACK };
	uint8_t data[PATH_WIRE_BYTES];
	struct datagram datagram = { .data = data };

	for (size_t i = 0; i < array_size(kinds); i++) {
		write_probe(&datagram, kinds[i], sizeof(data));
		assert_int_equal(service_path_take(&datagram, "web-3", secret, NOW_NS),
				 SERVICE_PATH_DROPPED);
	}
}

static void a_cookie_is_of_one_path_and_for_a_while(void **state)
{
	static const uint8_t other_secret[SOURCE_SECRET_BYTES] = "of another one";
	struct path_wire answer = answered();
	struct path_wire claim = answer;

	assert_true(service_path_knows(&claim, secret, NOW_NS));
	assert_true(service_path_knows(&claim, secret, NOW_NS + 30 * NS_PER_S));
	assert_false(service_path_knows(&claim, secret, NOW_NS + 60 * NS_PER_S));
	assert_false(service_path_knows(&claim, other_secret, NOW_NS));
	claim.sender = endpoint_of("192.0.2.9:41001");
	assert_false(service_path_knows(&claim, secret, NOW_NS));
	claim.sender = endpoint_of("192.0.2.10:41000");
	assert_false(service_path_knows(&claim, secret, NOW_NS));
	claim = answer;
	claim.server = endpoint_of("192.0.2.1:5004");
	assert_false(service_path_knows(&claim, secret, NOW_NS));
	claim = answer;
	claim.cookie[0] ^= 1;
	assert_false(service_path_knows(&claim, secret, NOW_NS));
	memset(claim.cookie, 0, sizeof(claim.cookie));
	assert_false(service_path_knows(&claim, secret, NOW_NS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_size_gets_a_small_answer),
		cmocka_unit_test(other_datagrams_are_left_alone),
		cmocka_unit_test(answers_are_not_answered),
		cmocka_unit_test(a_cookie_is_of_one_path_and_for_a_while),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
