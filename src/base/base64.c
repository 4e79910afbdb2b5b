/* See base64.h. Four letters carry three bytes, six bits a letter. */
#include "base/base64.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t size, struct buffer *out)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)bytes[i] << 16 |
				(uint32_t)(left > 1 ? bytes[i + 1] : 0) << 8 |
				(uint32_t)(left > 2 ? bytes[i + 2] : 0);
		char group[4] = { letters[bits >> 18], letters[bits >> 12 & 63],
				  left > 1 ? letters[bits >> 6 & 63] : '=',
				  left > 2 ? letters[bits & 63] : '=' };
		buffer_append(out, group, sizeof(group));
	}
}

static int value_of(char letter)
{
	const char *place = letter ? strchr(letters, letter) : NULL;
	return place ? (int)(place - letters) : -EINVAL;
}

/* How many bytes a group of four stands for; 0: it is no group. */
static size_t decode_group(const char group[4], uint8_t bytes[3])
{
	size_t count = group[3] != '=' ? 3 : group[2] != '=' ? 2 : 1;
	uint32_t bits = 0;
	for (size_t i = 0; i <= count; i++) {
		int value = value_of(group[i]);
		if (value < 0)
			return 0;
		bits |= (uint32_t)value << (18 - 6 * i);
	}
	bytes[0] = (uint8_t)(bits >> 16);
	bytes[1] = (uint8_t)(bits >> 8);
	bytes[2] = (uint8_t)bits;
	/* Bits that no byte has are zero, so that no two texts mean the same. */
	return (bits & 0xffffff >> 8 * count) == 0 ? count : 0;
}

int base64_decode(const char *text, size_t size, struct buffer *out)
{
	if (size % 4 != 0)
		return -EINVAL;
	for (size_t i = 0; i < size; i += 4) {
		uint8_t bytes[3];
		size_t count = decode_group(text + i, bytes);
		bool is_last = i + 4 == size;
		if (count == 0 || (count < 3 && !is_last))
			return -EINVAL;
		buffer_append(out, bytes, count);
	}
	return 0;
}
