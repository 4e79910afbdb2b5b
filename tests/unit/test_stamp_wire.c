/* STAMP packets byte by byte; the vectors were made with another program (Python's struct, hmac).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "proto/stamp_wire.h"

#define KEY   "0123456789abcdef"
#define T1_NS (1795158684 * INT64_C(1000000000) + 500000000)
#define T2_NS (T1_NS + 250000000)
#define T3_NS (T1_NS + 750000000)

static const char *const request_open =
	"00000007eeaa711c800000008380123400000000000000000000000000000000000000000000000000000000";
static const char *const reply_open =
	"00000009eeaa711d4000000008a01234eeaa711cc000000000000007eeaa711c80000000838000003f000000";
static const char *const request_light = "00000007eeaa711c800000008380";
static const char *const reply_light =
	"00000009eeaa711d4000000008a00000eeaa711cc000000000000007eeaa711c80000000838000003f";
static const char *const request_keyed =
	"00000007000000000000000000000000eeaa711c800000008380123400000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000015132761bcc66ec906d75b2e3a624e64";
static const char *const reply_keyed =
	"00000009000000000000000000000000eeaa711d4000000008a0123400000000eeaa711cc000000000000000"
	"0000000000000007000000000000000000000000eeaa711c8000000083800000000000003f00000000000000"
	"00000000000000009fe729cf2b0c98ce49cf4a34535253fe";

static size_t from_hex(const char *text, uint8_t *ret)
{
	size_t size = strlen(text) / 2;

	for (size_t i = 0; i < size; i++) {
		unsigned byte = 0;
		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		ret[i] = (uint8_t)byte;
	}
	return size;
}

static void assert_bytes(const uint8_t *data, size_t size, const char *text)
{
	uint8_t expected[256];

	assert_int_equal(from_hex(text, expected), size);
	assert_memory_equal(data, expected, size);
}

static struct stamp_key *new_key(const char *text)
{
	struct stamp_key *key = NULL;

	if (text != NULL)
		assert_int_equal(stamp_key_new((const uint8_t *)text, strlen(text), &key), 0);
	return key;
}

/* Request and answer, both written and read, with a key and without, and of TWAMP-light. */
static const struct exchange {
	const char *key;
	const char *request;
	const char *reply;
	uint16_t ssid;
} exchanges[] = {
	{ NULL, request_open, reply_open, 0x1234 },
	{ NULL, request_light, reply_light, 0 },
	{ KEY, request_keyed, reply_keyed, 0x1234 },
};

static void test_request(void **state)
{
	for (size_t i = 0; i < array_size(exchanges); i++) {
		const struct exchange *row = &exchanges[i];
		struct stamp_key *key = new_key(row->key);
		struct stamp_packet request = {
			.sequence = 7,
			.sent_unix_ns = T1_NS,
			.clock = { .error_ns = 238, .is_synchronised = true },
			.ssid = row->ssid,
		};
		size_t size = strlen(row->request) / 2;
		uint8_t data[128];
		stamp_request_write(data, size, &request, key);
		assert_bytes(data, size, row->request);
		struct stamp_packet got = { 0 };
		assert_int_equal(stamp_request_read(data, size, key, T3_NS, &got), STAMP_GOOD);
		assert_int_equal(got.sequence, 7);
		assert_int_equal(got.sent_unix_ns, T1_NS);
		assert_int_equal(got.ssid, row->ssid);
		assert_true(got.clock.is_synchronised);
		assert_false(got.clock.is_ptp);
		assert_int_equal(got.clock.error_ns, 239);
		assert_int_equal(
			stamp_request_read(data, size - 31 * (size > 31), key, T3_NS, &got),
			size == STAMP_OPEN_BYTES || key != NULL ? STAMP_SHORT : STAMP_GOOD);
		stamp_key_free(key);
	}
}

static void test_answer(void **state)
{
	for (size_t i = 0; i < array_size(exchanges); i++) {
		const struct exchange *row = &exchanges[i];
		struct stamp_key *key = new_key(row->key);
		struct stamp_answer answer = {
			.sequence = 9,
			.received_unix_ns = T2_NS,
			.clock = { .error_ns = 9500 },
			.ttl = 63,
		};
		uint8_t data[128] = { 0 };
		size_t size = strlen(row->reply) / 2;
		(void)from_hex(row->request, data);
		memset(data + (key ? 28 : 16), key ? 0xee : 0,
		       4); /* what MBZ holds is not told back */
		stamp_answer_write(data, size, &answer, key);
		stamp_answer_finish(data, T3_NS, &answer.clock, key);
		stamp_answer_finish(data, T3_NS, &answer.clock, key);
		assert_bytes(data, size, row->reply);
		struct stamp_reply got = { 0 };
		assert_int_equal(stamp_reply_read(data, size, key, T1_NS, &got), STAMP_GOOD);
		assert_int_equal(got.own.sequence, 9);
		assert_int_equal(got.own.sent_unix_ns, T3_NS);
		assert_int_equal(got.own.ssid, row->ssid);
		assert_int_equal(got.received_unix_ns, T2_NS);
		assert_int_equal(got.request.sequence, 7);
		assert_int_equal(got.request.sent_unix_ns, T1_NS);
		assert_true(got.request.clock.is_synchronised);
		assert_int_equal(got.ttl, 63);
		assert_int_equal(stamp_reply_read(data, 40, key, T1_NS, &got), STAMP_SHORT);
		stamp_key_free(key);
	}
}

static void test_forged(void **state)
{
	struct stamp_key *right = new_key(KEY);
	struct stamp_key *wrong = new_key("another key");
	uint8_t data[128];
	struct stamp_packet request;
	struct stamp_reply reply;
	size_t size = from_hex(request_keyed, data);

	assert_int_equal(stamp_request_read(data, size, wrong, 0, &request), STAMP_FORGED);
	for (size_t i = 0; i < size; i++) {
		data[i] ^= 1;
		assert_int_equal(stamp_request_read(data, size, right, 0, &request), STAMP_FORGED);
		data[i] ^= 1;
	}
	assert_int_equal(stamp_request_read(data, size, right, 0, &request), STAMP_GOOD);
	size = from_hex(reply_keyed, data);
	assert_int_equal(stamp_reply_read(data, size, wrong, 0, &reply), STAMP_FORGED);
	assert_int_equal(stamp_reply_read(data, size, right, 0, &reply), STAMP_GOOD);
	stamp_key_free(right);
	stamp_key_free(wrong);
}

static void test_key_sizes(void **state)
{
	uint8_t bytes[STAMP_KEY_MAX + 1] = { 0 };
	struct stamp_key *key = NULL;

	assert_int_equal(stamp_key_new(bytes, STAMP_KEY_MIN - 1, &key), -EINVAL);
	assert_int_equal(stamp_key_new(bytes, sizeof(bytes), &key), -EINVAL);
	assert_int_equal(stamp_key_new(bytes, STAMP_KEY_MAX, &key), 0);
	stamp_key_free(key);
	stamp_key_free(NULL);
}

static void test_clock(void **state)
{
	static const struct {
		struct stamp_clock clock;
		uint16_t wire;
		uint64_t error_ns; /* read back: rounded up */
	} rows[] = {
		{ { 0 }, 0x0001, 1 },
		{ { .error_ns = 1 }, 0x0005, 2 },
		{ { .error_ns = 59 }, 0x00fe, 60 },
		{ { .error_ns = 1000000, .is_synchronised = true }, 0x8f84, 1007081 },
		{ { .error_ns = 1000000000, .is_ptp = true }, 0x5980, 1000000000 },
		{ { .error_ns = UINT64_MAX }, 0x3980, 4294967296 * NS_PER_S },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(stamp_clock_write(&rows[i].clock), rows[i].wire);
		struct stamp_clock got = stamp_clock_read(rows[i].wire);
		assert_int_equal(got.error_ns, rows[i].error_ns);
		assert_int_equal(got.is_synchronised, rows[i].clock.is_synchronised);
		assert_int_equal(got.is_ptp, rows[i].clock.is_ptp);
	}
	/* Whatever is said, it is at least as much; and what a peer sends without a multiplier. */
	for (uint64_t error_ns = 1; error_ns < UINT64_MAX / 8; error_ns += error_ns / 3 + 1) {
		struct stamp_clock clock = { .error_ns = error_ns };
		uint64_t got_ns = stamp_clock_read(stamp_clock_write(&clock)).error_ns;
		assert_true(got_ns >= error_ns);
		if (error_ns > 1000)
			assert_true(got_ns <= error_ns + error_ns / 60);
	}
	assert_int_equal(stamp_clock_read(0x3f00).error_ns, UINT64_MAX);
}

static void test_times(void **state)
{
	static const struct stamp_clock ntp = { 0 };
	static const struct stamp_clock ptp = { .is_ptp = true };
	static const int64_t moments_ns[] = {
		0,
		T1_NS,
		T1_NS + 1,
		T1_NS + 999999999 - 500000000,
		INT64_C(2085978495999999999), /* the last of NTP's era 0, */
		INT64_C(2085978496000000000), /* the first of era 1 */
		INT64_C(4294967296000000123), /* 2106: PTP's 32 bits are over */
	};

	for (size_t i = 0; i < array_size(moments_ns); i++) {
		int64_t at_ns = moments_ns[i];
		for (int64_t off_s = -60; off_s <= 60; off_s += 60) {
			int64_t near_ns = at_ns + off_s * (int64_t)NS_PER_S;
			uint64_t wire = stamp_time_write(at_ns, &ntp);
			assert_int_equal(stamp_time_read(wire, &ntp, near_ns), at_ns);
			wire = stamp_time_write(at_ns, &ptp);
			assert_int_equal(stamp_time_read(wire, &ptp, near_ns), at_ns);
		}
	}
	assert_int_equal(stamp_time_write(T1_NS, &ptp), UINT64_C(1795158684) << 32 | 500000000);
	assert_int_equal(stamp_time_write(0, &ntp), UINT64_C(2208988800) << 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request), cmocka_unit_test(test_answer),
		cmocka_unit_test(test_forged),  cmocka_unit_test(test_key_sizes),
		cmocka_unit_test(test_clock),   cmocka_unit_test(test_times),
	};
	return cmocka_run_group_tests_name("stamp_wire", tests, NULL, NULL);
}
