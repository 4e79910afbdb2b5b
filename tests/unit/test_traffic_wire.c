#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/traffic_wire.h"

/* Longer than any head, filled with a byte that no head holds. */
#define ROOM_BYTES 128
#define UNTOUCHED  0xa5

static void assert_all(const uint8_t *bytes, uint8_t byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(bytes[i], byte);
}

static void stream_head_is_as_documented(void **state)
{
	static const uint8_t expected[] = { 'C', 'N', 'T', 0x11, 0, 1, 0,    0,
					    0,   0,   0,   0,    0, 0, 0x02, 0x01 };
	uint8_t head[ROOM_BYTES];
	memset(head, UNTOUCHED, sizeof(head));
	wire_write_stream_head(head, 65536, 0x0201);
	assert_all(head, 0, 64);
	assert_memory_equal(head + 64, expected, sizeof(expected));
	assert_all(head + WIRE_STREAM_HEAD_END, UNTOUCHED, ROOM_BYTES - WIRE_STREAM_HEAD_END);
}

static void stream_size_comes_back(void **state)
{
	static const uint32_t sizes[] = { 80, 81, 1024, 65536, UINT32_MAX };
	uint8_t head[ROOM_BYTES];
	for (size_t i = 0; i < array_size(sizes); i++) {
		wire_write_stream_head(head, sizes[i], i);
		assert_int_equal(wire_read_stream_size(head, 80), sizes[i]);
		assert_int_equal(wire_read_stream_size(head, 79), 0);
	}
}

static void short_stream_message_has_no_head(void **state)
{
	static const uint32_t sizes[] = { 64, 72, 79 };
	for (size_t i = 0; i < array_size(sizes); i++) {
		uint8_t head[ROOM_BYTES];
		memset(head, UNTOUCHED, sizeof(head));
		wire_write_stream_head(head, sizes[i], UINT64_MAX);
		assert_all(head, 0, sizes[i]);
		assert_all(head + sizes[i], UNTOUCHED, ROOM_BYTES - sizes[i]);
		assert_int_equal(wire_read_stream_size(head, sizeof(head)), 0);
	}
}

static void foreign_stream_has_no_size(void **state)
{
	uint8_t head[ROOM_BYTES] = { 0 };
	assert_int_equal(wire_read_stream_size(head, sizeof(head)), 0);
	wire_write_datagram(head, sizeof(head), 1024, 0);
	assert_int_equal(wire_read_stream_size(head, sizeof(head)), 0);
	wire_write_stream_head(head, 1024, 0);
	memset(head + 68, 0, 4); /* a size that can't hold the head */
	assert_int_equal(wire_read_stream_size(head, sizeof(head)), 0);
}

static void datagram_comes_back_filled(void **state)
{
	uint8_t datagram[ROOM_BYTES];
	struct wire_datagram read;
	memset(datagram, UNTOUCHED, sizeof(datagram));
	wire_write_datagram(datagram, 100, 0x01020304, UINT64_C(0x1122334455667788));
	assert_int_equal(datagram[100], UNTOUCHED);
	assert_true(wire_read_datagram(datagram, 100, &read));
	assert_int_equal(read.flow, 0x01020304);
	assert_int_equal(read.sequence, UINT64_C(0x1122334455667788));
	assert_int_equal(read.receiver_count, 0);
	assert_int_equal(read.receiver_clock_ns, 0);

	wire_fill_datagram(datagram, 7, UINT64_C(1) << 40);
	assert_true(wire_read_datagram(datagram, 100, &read));
	assert_int_equal(read.flow, 0x01020304);
	assert_int_equal(read.sequence, UINT64_C(0x1122334455667788));
	assert_int_equal(read.receiver_count, 7);
	assert_int_equal(read.receiver_clock_ns, UINT64_C(1) << 40);
	assert_int_equal(datagram[87], 7);
	assert_int_equal(datagram[90], 1);
	assert_all(datagram + 96, 0, 4);
}

static void short_or_foreign_datagram_has_no_head(void **state)
{
	uint8_t datagram[ROOM_BYTES];
	struct wire_datagram read;
	wire_write_datagram(datagram, 95, 1, 2);
	assert_all(datagram, 0, 95);
	wire_write_datagram(datagram, 96, 1, 2);
	assert_true(wire_read_datagram(datagram, 96, &read));
	assert_false(wire_read_datagram(datagram, 95, &read));
	wire_write_stream_head(datagram, 1024, 2);
	assert_false(wire_read_datagram(datagram, 96, &read));
}

static void names_are_written_and_read(void **state)
{
	static const char *const names[] = { "a", "web-3-7d9f",
					     "sixty-three-bytes-are-the-longest-name-that-leaves-"
					     "room-for-its-nul" };
	assert_true(strlen(names[2]) > 63);
	for (size_t i = 0; i < array_size(names); i++) {
		uint8_t answer[ROOM_BYTES];
		char name[WIRE_NAME_BYTES];
		memset(answer, UNTOUCHED, sizeof(answer));
		wire_write_name(answer, sizeof(answer), names[i]);
		size_t length = strnlen(names[i], 63);
		assert_int_equal(wire_read_name(answer, sizeof(answer), name), length);
		assert_memory_equal(name, names[i], length);
		assert_int_equal(name[length], '\0');
		assert_int_equal(answer[length], '\0');
		assert_all(answer + length + 1, UNTOUCHED, ROOM_BYTES - length - 1);
	}
}

static void name_never_goes_beyond_the_answer(void **state)
{
	for (size_t size = 0; size <= 12; size++) {
		uint8_t answer[ROOM_BYTES];
		memset(answer, UNTOUCHED, sizeof(answer));
		wire_write_name(answer, size, "web-3-7d9f");
		size_t written = size < 11 ? size : 11;
		assert_memory_equal(answer, "web-3-7d9f", written);
		assert_all(answer + written, UNTOUCHED, ROOM_BYTES - written);
	}
}

static void other_bytes_are_no_name(void **state)
{
	char name[WIRE_NAME_BYTES] = "before";
	uint8_t answer[ROOM_BYTES] = { 0 };
	assert_int_equal(wire_read_name(answer, sizeof(answer), name), 0); /* a plain echo */
	assert_string_equal(name, "");
	memcpy(answer, "web\x7f", 5);
	assert_int_equal(wire_read_name(answer, sizeof(answer), name), 0);
	memcpy(answer, "\nweb", 5);
	assert_int_equal(wire_read_name(answer, sizeof(answer), name), 0);
	assert_int_equal(wire_read_name(answer, 0, name), 0);
	memset(answer, 'x', sizeof(answer)); /* of 64 bytes and more: cut */
	assert_int_equal(wire_read_name(answer, sizeof(answer), name), 63);
	assert_int_equal(strlen(name), 63);
	assert_int_equal(wire_read_name(answer, 5, name), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_head_is_as_documented),
		cmocka_unit_test(stream_size_comes_back),
		cmocka_unit_test(short_stream_message_has_no_head),
		cmocka_unit_test(foreign_stream_has_no_size),
		cmocka_unit_test(datagram_comes_back_filled),
		cmocka_unit_test(short_or_foreign_datagram_has_no_head),
		cmocka_unit_test(names_are_written_and_read),
		cmocka_unit_test(name_never_goes_beyond_the_answer),
		cmocka_unit_test(other_bytes_are_no_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
