/* Against bytes of HdrHistogram's own libraries, in both directions, and against damage. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/base64.h"
#include "metric/hdr_codec.h"

/* Written by hdr-histogram-js 3.0.1, range 1..3,600,000,000,000, 3 digits, with `entries`. */
#define FOREIGN                                                                                    \
	"HISTFAAAAEN4nJNpmSzMwMAgw8DAwMjAwMDMAAGMDAzMbgY7FjDA+EwsP+XZmPpLFsxhnMvbULtfaZ78+5mMbazr" \
	"1zAyAQAxjg1X"
#define FOREIGN_EMPTY "HISTFAAAACB4nJNpmSzMwMDACMXMDBDAyMDA7GawYwEDnA8ASQ8DHw=="
/* 1..300 at 3 digits, with 100, 200 and 250. */
#define FOREIGN_SMALL "HISTFAAAACV4nJNpmSzMwMDAwQABzFCaEUrp2H+AsI4zMh1lZEpkAgBdIQSk"

static const struct entry {
	uint64_t value;
	uint64_t count;
} entries[] = {
	{ 0, 1 },
	{ 1, 2 },
	{ 2047, 3 },
	{ 2048, 1 },
	{ 330000, 10000 },
	{ 570000, 8000 },
	{ 2610000, 1999 },
	{ 2000000000, 323 },
	{ 3599999999999, 1 },
};

static struct hist *hist_new(struct hist_range range)
{
	struct hist *hist = calloc(1, hist_size(range));
	assert_non_null(hist);
	hist_init(hist, range);
	return hist;
}

static void hist_free(struct hist **hist)
{
	free(*hist);
}
#define scoped cleanup(hist_free)

static struct hist *hist_of_entries(void)
{
	struct hist *hist = hist_new(HIST_STREAM_RANGE);
	for (size_t i = 0; i < array_size(entries); i++)
		hist_add_many(hist, entries[i].value, entries[i].count);
	return hist;
}

/* What is inside of the zlib stream, which another zlib may write with other bytes. */
static size_t unpacked(const char *text, size_t size, uint8_t bytes[4096])
{
	struct buffer packed;
	uLongf length = 4096;
	buffer_init(&packed, 4096);
	assert_int_equal(base64_decode(text, size, &packed), 0);
	assert_memory_equal(packed.data, "\x1c\x84\x93\x14", 4);
	assert_int_equal(
		uncompress(bytes, &length, (const Bytef *)packed.data + 8, packed.size - 8), Z_OK);
	buffer_deinit(&packed);
	return length;
}

/* hdr-histogram-js has its own ideas of two fields that nobody reads: 8..11 and 32..39. */
static void check_same_bytes(const struct hist *hist, const char *foreign, bool is_exact)
{
	uint8_t ours[4096], theirs[4096];
	struct buffer text;
	buffer_init(&text, 4096);
	hdr_encode(hist, &text);
	assert_int_equal(text.error, 0);
	assert_memory_equal(text.data, "HISTFAAA", 8);
	size_t size = unpacked(foreign, strlen(foreign), theirs);
	assert_int_equal(unpacked(text.data, text.size, ours), size);
	if (!is_exact) {
		memcpy(theirs + 8, ours + 8, 4);
		memcpy(theirs + 32, ours + 32, 8);
	}
	assert_memory_equal(ours, theirs, size);
	buffer_deinit(&text);
}

static void writes_the_bytes_that_others_write(void **state)
{
	scoped struct hist *hist = hist_of_entries();
	scoped struct hist *empty = hist_new(HIST_STREAM_RANGE);
	scoped struct hist *small = hist_new((struct hist_range){ 300, 3 });
	hist_add(small, 100);
	hist_add(small, 200);
	hist_add(small, 250);
	check_same_bytes(small, FOREIGN_SMALL, true);
	check_same_bytes(hist, FOREIGN, false);
	check_same_bytes(empty, FOREIGN_EMPTY, false);
}

static void golden_bytes(void **state)
{
	static const uint8_t golden[] = {
		0x1c, 0x84, 0x93, 0x13, 0,    0, 0, 0x0b, 0, 0, 0, 0, 0,    0,    0,
		3,    0,    0,    0,    0,    0, 0, 0,    1, 0, 0, 3, 0x46, 0x30, 0xb8,
		0xa0, 0,    0x3f, 0xf0, 0,    0, 0, 0,    0, 0, 2, 4, 0,    2, /* 1 x 0, 2 x 1, one
										  zero, 1 x 3 */
		0xf7, 0x1f,                                                    /* 2,044 zeros */
		0x80, 0x80, 0x80, 0x80, 0x20,                                  /* 2^32 x 2,048 */
	};
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);
	uint8_t bytes[4096];
	struct buffer text;
	buffer_init(&text, 4096);
	hist_add(hist, 0);
	hist_add_many(hist, 1, 2);
	hist_add(hist, 3);
	hist_add_many(hist, 2048, UINT64_C(1) << 32);
	hdr_encode(hist, &text);
	assert_int_equal(unpacked(text.data, text.size, bytes), sizeof(golden));
	assert_memory_equal(bytes, golden, sizeof(golden));
	buffer_deinit(&text);
}

static void reads_what_others_wrote(void **state)
{
	scoped struct hist *want = hist_of_entries();
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);
	struct error error = { "" };
	assert_int_equal(hdr_decode(FOREIGN, strlen(FOREIGN), &error, hist), 0);
	assert_int_equal(hist->count, want->count);
	assert_memory_equal(hist->counts, want->counts, hist->counts_size * sizeof(uint64_t));
	assert_int_equal(hist_percentile(hist, 99), hist_percentile(want, 99));
	assert_int_equal(hdr_decode(FOREIGN, strlen(FOREIGN), &error, hist), 0);
	assert_int_equal(hist->count, 2 * want->count);
	assert_int_equal(hist->counts[0], 2);
}

/* Other ranges and digits, other writers. A bucket of two digits is a percent wide. */
static void reads_other_layouts(void **state)
{
	static const struct {
		const char *text;
		uint64_t count;
		uint64_t minimum;
		uint64_t maximum;
		double mean;
	} cases[] = {
		/* hdr-histogram-js: 1,000..60,000,000,000 at 2 digits */
		{ "HISTFAAAADN4nJNpmSzMwMDAzcDAwMjAwMDEAAbMLxgYGHh/uEcwQAEjA9dd5oZvD5xuqjIBAJnvCGc=",
		  70000006, 512, 60129542143, 124505 },
		/* the same: 1..3,600,000,000,000 at 5 digits */
		{ "HISTFAAAADF4nJNpmSzMwMDAw8DAwMjAwMDKAAGMDAzMbgY7FjDA+Uy//8vzndzey3iCEQCN4wgs",
		  108, 1, 123457023, 114328813 },
		{ FOREIGN_SMALL, 3, 100, 250, 183 },
		/* jHiccup (Java), at 2 digits, of which its log says 960.496 ms */
		{ "HISTFAAAAJV42pNpmSzMwMDUwAABTBDKT4GBgdnNYMcCBvsPEBEWLi4eNkY2PiYOPhYOLgGOLuZj"
		  "TGLrGZnKgTCYyZrJEoh1mWSZpMFQFkpyM/GCMTKJzOdkYoVCZjgLmc1MhDwzEyMQggl0SH1BbEJI"
		  "gIUJC2AhUoxchSwsLGwsMIBgYRUkQyFBaQ4g4EIl0PlcpKtB4wMAh5wT+Q==",
		  1397, 0, 960495615, 330182283 },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);
		struct error error = { "" };
		if (hdr_decode(cases[i].text, strlen(cases[i].text), &error, hist) < 0)
			fail_msg("%zu: %s", i, error.text);
		assert_int_equal(hist->count, cases[i].count);
		assert_int_equal(hist->minimum, cases[i].minimum);
		assert_int_equal(hist->maximum, cases[i].maximum);
		assert_true(fabs(hist_mean(hist) - cases[i].mean) <= 1);
	}
}

/* Into a smaller range all is counted, at the upper end at worst. */
static void values_beyond_the_range_are_saturated(void **state)
{
	scoped struct hist *hist = hist_new((struct hist_range){ 1000000, 2 });
	struct error error = { "" };
	assert_int_equal(hdr_decode(FOREIGN, strlen(FOREIGN), &error, hist), 0);
	assert_int_equal(hist->count, 20330);
	assert_int_equal(hist->saturated, 1999 + 323 + 1);
	assert_int_equal(hist->maximum, 1000000);
	assert_int_equal(hist_percentile(hist, 100), 1000000);
}

static void random_histograms_come_back(void **state)
{
	uint64_t seed = 1;
	for (unsigned round = 0; round < 20; round++) {
		scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);
		scoped struct hist *again = hist_new(HIST_STREAM_RANGE);
		struct error error = { "" };
		struct buffer text;
		buffer_init(&text, 1 << 20);
		for (unsigned i = 0; i < 40u << round % 8; i++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			hist_add_many(hist, seed >> (22 + seed % 42), 1 + (seed >> 60));
		}
		hdr_encode(hist, &text);
		assert_int_equal(hdr_decode(text.data, text.size, &error, again), 0);
		assert_memory_equal(hist->counts, again->counts,
				    hist->counts_size * sizeof(uint64_t));
		assert_int_equal(hist->count, again->count);
		buffer_deinit(&text);
	}
}

/* ---- damage ---- */

/* An unpacked histogram with these counts, packed as it has to be. */
static struct buffer packed_of(const char *counts, size_t size, uint32_t digits, uint64_t lowest)
{
	uint8_t bytes[256] = { 0x1c, 0x84, 0x93, 0x13 };
	uint8_t zipped[512] = { 0x1c, 0x84, 0x93, 0x14 };
	uLongf length = sizeof(zipped) - 8;
	struct buffer text;
	bytes[7] = (uint8_t)size;
	bytes[15] = (uint8_t)digits;
	for (unsigned i = 0; i < 8; i++)
		bytes[16 + i] = (uint8_t)(lowest >> (56 - 8 * i));
	memcpy(bytes + 40, counts, size);
	assert_int_equal(compress(zipped + 8, &length, bytes, 40 + size), Z_OK);
	zipped[6] = (uint8_t)(length >> 8);
	zipped[7] = (uint8_t)length;
	buffer_init(&text, 4096);
	base64_encode(zipped, length + 8, &text);
	return text;
}

static void check_refused(const char *text, size_t size, const char *sentence)
{
	scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);
	struct error error = { "" };
	int result = hdr_decode(text, size, &error, hist);
	assert_true(result < 0);
	assert_string_equal(error.text, sentence);
	assert_int_equal(hist->count, 0);
	assert_true(hist->minimum == UINT64_MAX);
}

static void damage_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} cases[] = {
		{ "", "not an HdrHistogram: it does not begin like one of version 2" },
		{ "HISTFAAA!", "not an HdrHistogram: it is not base64" },
		{ "HISTFAAAAAAA",
		  "not an HdrHistogram: it is cut off, or has something behind its end" },
		{ "HISTEgAAAAAA", "not an HdrHistogram: it does not begin like one of version 2" },
		{ "HISTFAAAAAAAAAAA",
		  "not an HdrHistogram: it is cut off, or has something behind its end" },
		{ "HISTFAAAAAQAAAAA", "not an HdrHistogram: its compressed bytes are damaged" },
	};
	for (size_t i = 0; i < array_size(cases); i++)
		check_refused(cases[i].text, strlen(cases[i].text), cases[i].sentence);
}

static void wrong_counts_are_named(void **state)
{
	static const struct {
		const char *counts;
		size_t size;
		uint32_t digits;
		uint64_t lowest;
		const char *sentence;
	} cases[] = {
		{ "\x02", 1, 6, 1, "not an HdrHistogram: its range can't be" },
		{ "\x02", 1, 3, 0, "not an HdrHistogram: its range can't be" },
		{ "\x02", 1, 3, UINT64_C(1) << 52, "not an HdrHistogram: its range can't be" },
		{ "\x02\x80", 2, 3, 1, "not an HdrHistogram: its last count is cut off" },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9, 3, 1,
		  "not an HdrHistogram: it counts beyond its range" },
		{ "\xfe\xff\xff\xff\xff\xff\xff\xff\xff", 9, 3, 1,
		  "not an HdrHistogram: it counts more than can be" },
		{ "\xff\xff\xff\xff\x0f\x02", 6, 3, 1,
		  "not an HdrHistogram: it counts beyond its range" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct buffer text =
			packed_of(cases[i].counts, cases[i].size, cases[i].digits, cases[i].lowest);
		check_refused(text.data, text.size, cases[i].sentence);
		buffer_deinit(&text);
	}
}

/* The highest bucket that can be: 55,295 zeros and it. One more is too many. */
static void the_last_bucket(void **state)
{
	scoped struct hist *hist = hist_new((struct hist_range){ INT64_MAX, 3 });
	struct error error = { "" };
	struct buffer text = packed_of("\xfd\xdf\x06\x02", 4, 3, 1);
	assert_int_equal(hdr_decode(text.data, text.size, &error, hist), 0);
	assert_true(hist->maximum == INT64_MAX);
	assert_int_equal(hist->counts[hist->counts_size - 1], 1);
	buffer_deinit(&text);
	text = packed_of("\xff\xdf\x06\x02", 4, 3, 1);
	check_refused(text.data, text.size, "not an HdrHistogram: it counts beyond its range");
	buffer_deinit(&text);
}

static void every_beginning_is_refused(void **state)
{
	for (size_t size = 0; size < strlen(FOREIGN); size++) {
		scoped struct hist *hist = hist_new(HIST_STREAM_RANGE);
		struct error error = { "" };
		char *part = malloc(size + 1);
		assert_non_null(part);
		memcpy(part, FOREIGN, size);
		assert_true(hdr_decode(part, size, &error, hist) < 0);
		assert_true(*error.text != '\0');
		free(part);
	}
}

/* 4 MiB of zeros are a few kB packed. */
static void a_bomb_is_refused(void **state)
{
	size_t size = HDR_UNPACKED_MAX + 1;
	uint8_t *zeros = calloc(1, size);
	uLongf length = compressBound(size);
	uint8_t *zipped = malloc(length + 8);
	struct buffer text;
	assert_true(zeros && zipped);
	assert_int_equal(compress(zipped + 8, &length, zeros, size), Z_OK);
	memcpy(zipped,
	       (uint8_t[]){ 0x1c, 0x84, 0x93, 0x14, (uint8_t)(length >> 24),
			    (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length },
	       8);
	buffer_init(&text, 1 << 20);
	base64_encode(zipped, length + 8, &text);
	check_refused(text.data, text.size, "not an HdrHistogram: it is larger than one can be");
	buffer_deinit(&text);
	free(zeros);
	free(zipped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_bytes_that_others_write),
		cmocka_unit_test(golden_bytes),
		cmocka_unit_test(reads_what_others_wrote),
		cmocka_unit_test(reads_other_layouts),
		cmocka_unit_test(values_beyond_the_range_are_saturated),
		cmocka_unit_test(random_histograms_come_back),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(wrong_counts_are_named),
		cmocka_unit_test(the_last_bucket),
		cmocka_unit_test(every_beginning_is_refused),
		cmocka_unit_test(a_bomb_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
