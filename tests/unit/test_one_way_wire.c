#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/one_way_wire.h"

#define UNTOUCHED 0xa5

static const struct one_way_head some = { 0x01020304, UINT64_C(0x1122334455667788), 0x0a0b };

static void the_head_is_as_documented(void **state)
{
	static const uint8_t expected[ONE_WAY_HEAD_BYTES] = {
		'C',  'N',  'T',  0x21, 1, 2, 3, 4, 0x11, 0x22, 0x33, 0x44,
		0x55, 0x66, 0x77, 0x88, 0, 0, 0, 0, 0,    0,    0x0a, 0x0b,
	};
	uint8_t datagram[72];

	memset(datagram, UNTOUCHED, sizeof(datagram));
	one_way_write(datagram, 64, &some);
	assert_memory_equal(datagram, expected, sizeof(expected));
	for (size_t i = ONE_WAY_HEAD_BYTES; i < sizeof(datagram); i++)
		assert_int_equal(datagram[i], i < 64 ? 0 : UNTOUCHED);
}

static void a_stamp_leaves_the_rest(void **state)
{
	uint8_t datagram[64];
	struct one_way_head head;

	one_way_write(datagram, sizeof(datagram), &some);
	datagram[60] = 1;
	one_way_stamp(datagram, &(struct one_way_head){ 8, 9, 10 });
	assert_true(one_way_read(datagram, sizeof(datagram), &head));
	assert_int_equal(head.run, 8);
	assert_int_equal(head.sequence, 9);
	assert_int_equal(head.sent_ns, 10);
	assert_int_equal(datagram[60], 1);
}

static void only_our_numbers_are_read(void **state)
{
	static const struct {
		uint64_t sequence;
		bool is_read;
	} cases[] = {
		{ 0, true },
		{ ONE_WAY_SEQUENCE_END - 1, true },
		{ ONE_WAY_SEQUENCE_END, false },
		{ ONE_WAY_GREETING - 1, false },
		{ ONE_WAY_GREETING, true },
	};
	uint8_t datagram[64];
	struct one_way_head head;

	one_way_write(datagram, sizeof(datagram), &some);
	for (size_t i = 0; i < array_size(cases); i++) {
		one_way_stamp(datagram, &(struct one_way_head){ .sequence = cases[i].sequence });
		assert_int_equal(one_way_read(datagram, sizeof(datagram), &head), cases[i].is_read);
		assert_false(one_way_read(datagram, ONE_WAY_HEAD_BYTES - 1, &head));
	}
	datagram[3]++;
	assert_false(one_way_read(datagram, sizeof(datagram), &head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_is_as_documented),
		cmocka_unit_test(a_stamp_leaves_the_rest),
		cmocka_unit_test(only_our_numbers_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
