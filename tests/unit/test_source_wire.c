#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/source_wire.h"

static const struct source_message some = {
	.kind = SOURCE_STATE,
	.run = 0x01020304,
	.datagram_bytes = 1400,
	.rate_micro = 1500000,
	.duration_ns = UINT64_C(10000000000),
	.cookie = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	.sent = 77,
	.is_over = true,
};

static void a_message_is_as_documented_and_comes_back(void **state)
{
	static const uint8_t expected[SOURCE_MESSAGE_BYTES] = {
		'C',  'N', 'T', 0x31, 0, 0, 0,    3,    1,    2, 3,  4,  0,  0,    5,
		0x78, 0,   0,   0,    0, 0, 0x16, 0xe3, 0x60, 0, 0,  0,  2,  0x54, 0x0b,
		0xe4, 0,   1,   2,    3, 4, 5,    6,    7,    8, 9,  10, 11, 12,   13,
		14,   15,  16,  0,    0, 0, 0,    0,    0,    0, 77, 1,
	};
	uint8_t message[SOURCE_MESSAGE_BYTES];
	struct source_message read;

	memset(message, 0xa5, sizeof(message));
	source_write(message, &some);
	assert_memory_equal(message, expected, sizeof(expected));
	assert_true(source_read(message, sizeof(message), &read));
	assert_int_equal(read.kind, some.kind);
	assert_int_equal(read.run, some.run);
	assert_int_equal(read.datagram_bytes, some.datagram_bytes);
	assert_int_equal(read.rate_micro, some.rate_micro);
	assert_int_equal(read.duration_ns, some.duration_ns);
	assert_memory_equal(read.cookie, some.cookie, sizeof(some.cookie));
	assert_int_equal(read.sent, some.sent);
	assert_true(read.is_over);
}

static void what_nobody_may_have_is_refused(void **state)
{
	static const struct {
		uint32_t kind;
		uint32_t bytes;
		uint64_t rate_micro;
		bool is_read;
	} cases[] = {
		{ SOURCE_ASK, 64, 1, true },
		{ SOURCE_STOP, 65000, UINT64_C(1000000000000000), true },
		{ 0, 64, 1, false },
		{ SOURCE_KIND_END, 64, 1, false },
		{ SOURCE_ASK, 63, 1, false },
		{ SOURCE_ASK, 65001, 1, false },
		{ SOURCE_ASK, 64, 0, false },
		{ SOURCE_ASK, 64, UINT64_C(1000000000000001), false },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		uint8_t message[SOURCE_MESSAGE_BYTES];
		struct source_message read = {
			.kind = (enum source_kind)cases[i].kind,
			.datagram_bytes = cases[i].bytes,
			.rate_micro = cases[i].rate_micro,
		};
		source_write(message, &read);
		assert_int_equal(source_read(message, sizeof(message), &read), cases[i].is_read);
	}
}

static void other_sizes_and_magics_are_no_messages(void **state)
{
	uint8_t message[SOURCE_MESSAGE_BYTES + 1] = { 0 };
	struct source_message read;

	source_write(message, &some);
	assert_false(source_read(message, SOURCE_MESSAGE_BYTES - 1, &read));
	assert_false(source_read(message, SOURCE_MESSAGE_BYTES + 1, &read));
	assert_false(source_read(message, 0, &read));
	message[0] = 'c';
	assert_false(source_read(message, SOURCE_MESSAGE_BYTES, &read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_as_documented_and_comes_back),
		cmocka_unit_test(what_nobody_may_have_is_refused),
		cmocka_unit_test(other_sizes_and_magics_are_no_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
