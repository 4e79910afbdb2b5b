/* See utf8.h. */
#include "base/utf8.h"

#include <string.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_length(const char *bytes)
{
	const unsigned char *text = (const unsigned char *)bytes;
	unsigned char first = text[0];
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4 || !is_continuation(text[1]))
		return 0;
	if (first < 0xe0)
		return 2;

	bool is_overlong = (first == 0xe0 && text[1] < 0xa0) || (first == 0xf0 && text[1] < 0x90);
	bool is_surrogate = first == 0xed && text[1] > 0x9f;
	bool is_too_large = first == 0xf4 && text[1] > 0x8f;
	if (is_overlong || is_surrogate || is_too_large || !is_continuation(text[2]))
		return 0;
	if (first < 0xf0)
		return 3;
	return is_continuation(text[3]) ? 4 : 0;
}

/* ---- in pieces */

/* What may follow this first byte; false: nothing, it is none. */
static bool begin_sequence(struct utf8_stream *stream, uint8_t first)
{
	if (first < 0xc2 || first > 0xf4)
		return false;
	stream->missing = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	stream->least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	stream->most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	return true;
}

static bool take_byte(struct utf8_stream *stream, uint8_t byte)
{
	if (stream->missing == 0)
		return byte < 0x80 || begin_sequence(stream, byte);
	if (byte < stream->least || byte > stream->most)
		return false;
	stream->missing--;
	stream->least = 0x80;
	stream->most = 0xbf;
	return true;
}

/* How many of the first bytes are ASCII, in whole words: most text is. */
static size_t ascii_words(const uint8_t *bytes, size_t size)
{
	size_t at = 0;
	uint64_t word;

	for (; at + sizeof(word) <= size; at += sizeof(word)) {
		memcpy(&word, bytes + at, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return at;
}

bool utf8_take(struct utf8_stream *stream, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t at = 0; at < size;) {
		if (stream->missing == 0)
			at += ascii_words(bytes + at, size - at);
		if (at < size && !take_byte(stream, bytes[at++]))
			return false;
	}
	return true;
}
