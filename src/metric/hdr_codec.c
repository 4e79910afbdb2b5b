/* See hdr_codec.h. The counts follow one another in the order of hist_index(), each a ZigZag LEB128
 * number of at most nine bytes; a negative one is a run of so many zeros. */
#include "metric/hdr_codec.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/base64.h"

#define COOKIE_UNPACKED UINT32_C(0x1c849303)
#define COOKIE_PACKED   UINT32_C(0x1c849304)
#define COOKIE_WIDTH    UINT32_C(0xf0) /* says how wide a count may be: nothing in version 2 */
#define COOKIE_WRITTEN  UINT32_C(0x10)

#define FRAME_BYTES  8
#define HEADER_BYTES 40
#define NUMBER_BYTES 9
#define COUNT_MAX    (UINT64_C(1) << 62)

/* The index offset: shifts are by powers of two, but hdr-histogram-js writes 1 and means 0. */
#define UNSHIFTED_MAX 1

/* ---- writing ---- */

static void put_word(struct buffer *out, uint64_t value, unsigned bytes)
{
	for (unsigned shift = 8 * bytes; shift > 0; shift -= 8) {
		uint8_t byte = (uint8_t)(value >> (shift - 8));
		buffer_append(out, &byte, 1);
	}
}

/* The ninth byte carries eight bits, so that nine are enough. */
static void put_number(struct buffer *out, int64_t value)
{
	uint64_t bits = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
	uint8_t bytes[NUMBER_BYTES];
	size_t size = 0;
	for (; bits > 0x7f && size < NUMBER_BYTES - 1; bits >>= 7)
		bytes[size++] = (uint8_t)(bits | 0x80);
	bytes[size++] = (uint8_t)bits;
	buffer_append(out, bytes, size);
}

/* One zero is written as itself, and so is an empty histogram. */
static void put_counts(struct buffer *out, const struct hist *hist)
{
	struct hist_bucket bucket;
	int64_t index = 0;
	for (int64_t next; (next = hist_next(hist, index, &bucket)) > 0; index = next) {
		int64_t zeros = next - 1 - index;
		if (zeros > 0)
			put_number(out, zeros == 1 ? 0 : -zeros);
		put_number(out, (int64_t)bucket.count);
	}
	if (hist->count == 0)
		put_number(out, 0);
}

static void put_unpacked(struct buffer *out, const struct hist *hist, const struct buffer *counts)
{
	static const uint64_t ratio = UINT64_C(0x3ff0000000000000); /* 1.0 */
	put_word(out, COOKIE_UNPACKED | COOKIE_WRITTEN, 4);
	put_word(out, counts->size, 4);
	put_word(out, 0, 4);
	put_word(out, hist->digits, 4);
	put_word(out, 1, 8);
	put_word(out, hist->highest, 8);
	put_word(out, ratio, 8);
	buffer_append(out, counts->data, counts->size);
}

static void put_packed(struct buffer *out, const struct buffer *unpacked)
{
	uLongf size = compressBound(unpacked->size);
	uint8_t *bytes = malloc(size);
	if (bytes &&
	    compress(bytes, &size, (const Bytef *)unpacked->data, unpacked->size) == Z_OK) {
		put_word(out, COOKIE_PACKED | COOKIE_WRITTEN, 4);
		put_word(out, size, 4);
		buffer_append(out, bytes, size);
	} else {
		out->error = -ENOMEM;
	}
	free(bytes);
}

void hdr_encode(const struct hist *hist, struct buffer *out)
{
	cleanup(buffer_deinit) struct buffer counts;
	cleanup(buffer_deinit) struct buffer unpacked;
	cleanup(buffer_deinit) struct buffer packed;
	buffer_init(&counts, HDR_UNPACKED_MAX);
	buffer_init(&unpacked, HDR_UNPACKED_MAX);
	buffer_init(&packed, 2 * HDR_UNPACKED_MAX);
	put_counts(&counts, hist);
	put_unpacked(&unpacked, hist, &counts);
	put_packed(&packed, &unpacked);
	base64_encode(packed.data, packed.size, out);
	if (counts.error || unpacked.error || packed.error)
		out->error = -ENOMEM;
}

/* ---- reading ---- */

static int wrong(struct error *error, const char *what)
{
	return error_set(error, EINVAL, "not an HdrHistogram: %s", what);
}

static uint64_t word_at(const struct buffer *bytes, size_t offset, unsigned size)
{
	const uint8_t *place = (const uint8_t *)bytes->data + offset;
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value = value << 8 | place[i];
	return value;
}

static bool has_cookie(const struct buffer *bytes, uint32_t cookie)
{
	return ((uint32_t)word_at(bytes, 0, 4) & ~COOKIE_WIDTH) == cookie;
}

/* 0, or why the bytes could not be unpacked into `out`. */
static const char *inflate_all(z_stream *stream, struct buffer *out)
{
	uint8_t block[16384];
	int status = Z_OK;
	while (status == Z_OK && out->error == 0) {
		stream->next_out = block;
		stream->avail_out = sizeof(block);
		status = inflate(stream, Z_NO_FLUSH);
		buffer_append(out, block, sizeof(block) - stream->avail_out);
	}
	if (out->error)
		return "it is larger than one can be";
	return status == Z_STREAM_END ? NULL : "its compressed bytes are damaged";
}

static int unpack(const struct buffer *packed, struct error *error, struct buffer *unpacked)
{
	if (packed->size < FRAME_BYTES || !has_cookie(packed, COOKIE_PACKED))
		return wrong(error, "it does not begin like one of version 2");
	if (word_at(packed, 4, 4) != packed->size - FRAME_BYTES)
		return wrong(error, "it is cut off, or has something behind its end");
	z_stream stream = {
		.next_in = (Bytef *)packed->data + FRAME_BYTES,
		.avail_in = (uInt)(packed->size - FRAME_BYTES),
	};
	if (inflateInit(&stream) != Z_OK)
		return error_set(error, ENOMEM, "out of memory");
	const char *fault = inflate_all(&stream, unpacked);
	(void)inflateEnd(&stream);
	return fault ? wrong(error, fault) : 0;
}

/* How a foreign histogram counts: as ours do, in units of 2^unit. */
struct layout {
	unsigned unit;
	unsigned half_magnitude;
	uint32_t counts_size; /* of one that goes up to 2^63 - 1 */
};

static int read_layout(const struct buffer *unpacked, struct error *error, struct layout *ret)
{
	static const unsigned half_magnitudes[] = { 0, 4, 7, 10, 14, 17 };
	if (unpacked->size < HEADER_BYTES || !has_cookie(unpacked, COOKIE_UNPACKED))
		return wrong(error, "its compressed bytes are something else");
	uint64_t digits = word_at(unpacked, 12, 4);
	uint64_t lowest = word_at(unpacked, 16, 8);
	if (word_at(unpacked, 4, 4) != unpacked->size - HEADER_BYTES)
		return wrong(error, "its counts have another length than it says");
	if (word_at(unpacked, 8, 4) > UNSHIFTED_MAX)
		return wrong(error, "its counts are shifted");
	if (digits >= array_size(half_magnitudes) || lowest == 0)
		return wrong(error, "its range can't be");
	ret->half_magnitude = half_magnitudes[digits];
	ret->unit = 63U - (unsigned)__builtin_clzll(lowest);
	if (ret->unit + ret->half_magnitude > 61)
		return wrong(error, "its range can't be");
	ret->counts_size = (64 - ret->half_magnitude - ret->unit) << ret->half_magnitude;
	return 0;
}

struct counts {
	const uint8_t *next;
	const uint8_t *end;
	uint32_t index; /* of the count that comes next */
};

static bool take_number(struct counts *counts, int64_t *ret)
{
	uint64_t bits = 0;
	uint8_t byte = 0x80;
	for (unsigned i = 0; i < NUMBER_BYTES && (byte & 0x80); i++) {
		if (counts->next == counts->end)
			return false;
		byte = *counts->next++;
		bits |= (uint64_t)(i < NUMBER_BYTES - 1 ? byte & 0x7f : byte) << 7 * i;
	}
	*ret = (int64_t)(bits >> 1 ^ (bits & 1 ? UINT64_MAX : 0));
	return true;
}

static void add_bucket(struct hist *into, const struct layout *layout, uint32_t index,
		       uint64_t count)
{
	uint32_t half_count = UINT32_C(1) << layout->half_magnitude;
	uint32_t exponent = index < half_count ? 0 : (index >> layout->half_magnitude) - 1;
	uint64_t size = UINT64_C(1) << (exponent + layout->unit);
	uint64_t lowest = (uint64_t)(index - (exponent << layout->half_magnitude)) * size;
	uint64_t highest = lowest + size - 1;
	hist_add_many(into, lowest + size / 2, count);
	if (lowest < into->minimum)
		into->minimum = lowest;
	if (highest > into->maximum)
		into->maximum = highest < into->highest ? highest : into->highest;
}

/* Checks all counts, and adds them to `into` unless it is NULL. `room`: how many there may be. */
static const char *walk(const struct buffer *unpacked, const struct layout *layout, uint64_t room,
			struct hist *into)
{
	const uint8_t *bytes = (const uint8_t *)unpacked->data;
	struct counts counts = { bytes + HEADER_BYTES, bytes + unpacked->size, 0 };
	int64_t number = 0;
	while (counts.next < counts.end) {
		if (!take_number(&counts, &number))
			return "its last count is cut off";
		uint64_t places = number < 0 ? -(uint64_t)number : 1;
		if (places > layout->counts_size - counts.index)
			return "it counts beyond its range";
		if (number > 0 && (uint64_t)number > room)
			return "it counts more than can be";
		room -= number > 0 ? (uint64_t)number : 0;
		if (number > 0 && into)
			add_bucket(into, layout, counts.index, (uint64_t)number);
		counts.index += (uint32_t)places;
	}
	return NULL;
}

int hdr_decode(const char *text, size_t size, struct error *error, struct hist *into)
{
	cleanup(buffer_deinit) struct buffer packed;
	cleanup(buffer_deinit) struct buffer unpacked;
	struct layout layout = { 0 };
	buffer_init(&packed, HDR_UNPACKED_MAX);
	buffer_init(&unpacked, HDR_UNPACKED_MAX);
	if (base64_decode(text, size, &packed) < 0)
		return wrong(error, "it is not base64");
	if (packed.error)
		return wrong(error, "it is larger than one can be");
	int result = unpack(&packed, error, &unpacked);
	if (result == 0)
		result = read_layout(&unpacked, error, &layout);
	if (result < 0)
		return result;
	uint64_t room = into->count < COUNT_MAX ? COUNT_MAX - into->count : 0;
	const char *fault = walk(&unpacked, &layout, room, NULL);
	if (fault)
		return wrong(error, fault);
	(void)walk(&unpacked, &layout, room, into);
	return 0;
}
