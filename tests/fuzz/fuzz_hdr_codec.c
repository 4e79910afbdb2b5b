// An encoded histogram from anywhere, as base64 text or as the bytes inside of its zlib stream:
// read or refused with a sentence. What was read is written and read again the same.
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/base64.h"
#include "fuzz.h"
#include "metric/hdr_codec.h"

#define TEXT_MAX (1 << 20)

static struct hist *hist_new(void)
{
	struct hist *hist = calloc(1, HIST_STREAM_BYTES);
	assert(hist != NULL);
	hist_init(hist, HIST_STREAM_RANGE);
	return hist;
}

static void decode(const char *text, size_t size)
{
	struct error error = { "" };
	struct hist *hist = hist_new();
	struct hist *again = hist_new();
	struct buffer out;
	buffer_init(&out, TEXT_MAX);
	if (hdr_decode(text, size, &error, hist) < 0) {
		assert(*error.text != '\0' && hist->count == 0);
	} else {
		hdr_encode(hist, &out);
		assert(out.error == 0);
		assert(hdr_decode(out.data, out.size, &error, again) == 0);
		assert(memcmp(hist->counts, again->counts, hist->counts_size * 8) == 0);
		assert(hist_percentile(hist, 99) <= hist->maximum);
	}
	buffer_deinit(&out);
	free(hist);
	free(again);
}

// The fuzzer finds no way through a checksum, so it is put around what it makes.
static void decode_packed(const uint8_t *data, size_t size)
{
	uLongf length = compressBound(size);
	uint8_t *packed = malloc(length + 8);
	struct buffer text;
	assert(packed != NULL && compress(packed + 8, &length, data, size) == Z_OK);
	const uint8_t frame[8] = { 0x1c,
				   0x84,
				   0x93,
				   0x14,
				   (uint8_t)(length >> 24),
				   (uint8_t)(length >> 16),
				   (uint8_t)(length >> 8),
				   (uint8_t)length };
	memcpy(packed, frame, sizeof(frame));
	buffer_init(&text, TEXT_MAX);
	base64_encode(packed, length + 8, &text);
	decode(buffer_text(&text), text.size);
	buffer_deinit(&text);
	free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decode((const char *)data, size);
	decode_packed(data, size);
	return 0;
}
