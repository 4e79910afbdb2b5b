#include "proto/ack.h"

#include <stdbool.h>
#include <string.h>

static void keep(struct ack_reader *reader, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && reader->length + i < sizeof(reader->head); i++)
		reader->head[reader->length + i] = (char)data[i];
	reader->length += (uint32_t)size;
}

static bool is_end(const struct ack_reader *reader)
{
	size_t length = sizeof(ACK_END) - 1;
	bool is_return = reader->length == length + 1 && reader->head[length] == '\r';

	return (reader->length == length || is_return) &&
	       memcmp(reader->head, ACK_END, length) == 0;
}

enum ack_verdict ack_read(struct ack_reader *reader, const uint8_t *data, size_t size,
			  size_t *ret_lines)
{
	*ret_lines = 0;
	while (size > 0) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t piece = end != NULL ? (size_t)(end - data) : size;
		if (piece > ACK_LINE_MAX - reader->length)
			return ACK_IS_TOO_LONG;
		keep(reader, data, piece);
		if (end == NULL)
			return ACK_GOES_ON;
		if (is_end(reader))
			return ACK_IS_ENDED;
		++*ret_lines;
		reader->length = 0;
		data += piece + 1;
		size -= piece + 1;
	}
	return ACK_GOES_ON;
}
