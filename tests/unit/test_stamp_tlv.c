/* The extensions of STAMP, as a reflector answers them. Digests were made by Python's hmac. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/stamp_tlv.h"

static size_t from_hex(const char *text, uint8_t *ret)
{
	size_t size = 0;

	for (; *text != '\0'; text++) {
		unsigned byte = 0;
		if (*text == ' ')
			continue;
		assert_int_equal(sscanf(text++, "%2x", &byte), 1);
		ret[size++] = (uint8_t)byte;
	}
	return size;
}

static struct stamp_key *new_key(void)
{
	struct stamp_key *key = NULL;

	assert_int_equal(stamp_key_new((const uint8_t *)"0123456789abcdef", 16, &key), 0);
	return key;
}

/* Request number 7 came with DSCP 10 and ECN 1; the fifth of its session. The answer is number 9.
 */
static struct stamp_tlv_outcome answer(uint8_t *data, size_t size, const struct stamp_key *key)
{
	struct stamp_tlv_facts facts = {
		.key = key,
		.traffic_class = 10 << 2 | 1,
		.received = 5,
		.answered = 4,
		.before_sequence = 8,
		.before_sent = UINT64_C(0xeeaa711c80000000),
	};
	struct stamp_tlv_outcome outcome =
		stamp_tlv_answer(data, size, (const uint8_t *)"\0\0\0\7", &facts);
	stamp_tlv_sign(data, size, (const uint8_t *)"\0\0\0\x09", key);
	return outcome;
}

enum { OPEN, KEYED };

static const struct row {
	int mode;
	const char *sent;
	const char *answered;
	bool is_tampered;
	uint8_t traffic_class;
} rows[] = {
	/* Padding keeps what it holds. */
	{ OPEN, "80010003 aabbcc", "00010003 aabbcc", false, 0 },
	{ OPEN, "80030004 00000000", "00030004 05020502", false, 0 },
	{ OPEN, "80040004 b8000000", "00040004 b8a40000", false, 0xb8 },
	{ OPEN, "8005000c 00000001 00000000 00000000", "0005000c 00000001 00000005 00000004", false,
	  0 },
	{ OPEN, "80070010 00000000 0000000000000000 00000000",
	  "00070010 00000008 eeaa711c80000000 02000000", false, 0 },
	/* Unknown ones, an HMAC where nobody has a key among them, come back as they are. */
	{ OPEN, "80020004 01020304 8001 0000", "80020004 01020304 0001 0000", false, 0 },
	{ OPEN, "00ee0002 0102", "80ee0002 0102", false, 0 },
	{ OPEN, "80080010 00112233445566778899aabbccddeeff",
	  "80080010 00112233445566778899aabbccddeeff", false, 0 },
	/* Of a wrong length; longer than there is; no room for a head. */
	{ OPEN, "80040003 b80000 80010000", "40040003 b80000 00010000", false, 0 },
	{ OPEN, "80050020 00000001", "40050020 00000001", false, 0 },
	{ OPEN, "80ee0020 00000001", "c0ee0020 00000001", false, 0 },
	{ OPEN, "80010001 aa 8001", "00010001 aa 8001", false, 0 },
	/* The zeros of TWAMP are nobody's. */
	{ OPEN, "0000000000000000", "0000000000000000", false, 0 },
	{ KEYED,
	  "8005000c 00000001 00000000 00000000 80040004 b8000000"
	  "80080010 7862822a826a51ed6b0543b3df58d4de",
	  "0005000c 00000001 00000005 00000004 00040004 b8a40000"
	  "00080010 2b3ec388c50b74b28f251110c4adce6f",
	  false, 0xb8 },
	/* One bit; then an HMAC with something behind it; then none at all. */
	{ KEYED,
	  "8005000c 00000001 00000000 00000000 80040004 b8000001"
	  "80080010 7862822a826a51ed6b0543b3df58d4de",
	  "2005000c 00000001 00000000 00000000 20040004 b8000001"
	  "20080010 7862822a826a51ed6b0543b3df58d4de",
	  true, 0 },
	{ KEYED,
	  "8005000c 00000001 00000000 00000000 80040004 b8000000"
	  "80080010 7862822a826a51ed6b0543b3df58d4de 80030004 00000000",
	  "2005000c 00000001 00000000 00000000 20040004 b8000000"
	  "20080010 7862822a826a51ed6b0543b3df58d4de 20030004 00000000",
	  true, 0 },
	{ KEYED, "80040004 b8000000", "20040004 b8000000", true, 0 },
	/* Padding alone needs none, and may follow it. */
	{ KEYED, "80010003 aabbcc", "00010003 aabbcc", false, 0 },
	{ KEYED,
	  "8005000c 00000001 00000000 00000000 80040004 b8000000"
	  "80080010 7862822a826a51ed6b0543b3df58d4de 80010001 ff",
	  "0005000c 00000001 00000005 00000004 00040004 b8a40000"
	  "00080010 2b3ec388c50b74b28f251110c4adce6f 00010001 ff",
	  false, 0xb8 },
};

static void test_answers(void **state)
{
	for (size_t i = 0; i < array_size(rows); i++) {
		struct stamp_key *key = rows[i].mode == KEYED ? new_key() : NULL;
		uint8_t data[128];
		uint8_t expected[128];
		size_t size = from_hex(rows[i].sent, data);
		assert_int_equal(from_hex(rows[i].answered, expected), size);
		struct stamp_tlv_outcome outcome = answer(data, size, key);
		if (memcmp(data, expected, size) != 0)
			fail_msg("row %zu", i);
		assert_int_equal(outcome.is_tampered, rows[i].is_tampered);
		assert_int_equal(outcome.traffic_class, rows[i].traffic_class);
		stamp_key_free(key);
	}
}

static void test_padding(void **state)
{
	static uint8_t data[70000];
	static const size_t sizes[] = { 4, 5, 1000, 65539 };

	for (size_t i = 0; i < array_size(sizes); i++) {
		struct stamp_tlv tlv;
		bool is_malformed;
		size_t at = 0;
		stamp_tlv_pad(data, sizes[i]);
		assert_true(stamp_tlv_next(data, sizes[i], &at, &tlv, &is_malformed));
		assert_false(is_malformed);
		assert_int_equal(tlv.type, STAMP_TLV_PADDING);
		assert_int_equal(tlv.length, sizes[i] - 4);
		assert_int_equal(tlv.flags, STAMP_TLV_UNKNOWN);
		assert_int_equal(at, sizes[i]);
		assert_false(stamp_tlv_next(data, sizes[i], &at, &tlv, &is_malformed));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_padding),
	};
	return cmocka_run_group_tests_name("stamp_tlv", tests, NULL, NULL);
}
