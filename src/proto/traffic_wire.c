#include "proto/traffic_wire.h"

#include <string.h>

#include "base/big_endian.h"

#define MAGIC_AT          64
#define STREAM_SIZE_AT    68
#define SEQUENCE_AT       72
#define DATAGRAM_FLOW_AT  68
#define DATAGRAM_COUNT_AT 80
#define DATAGRAM_CLOCK_AT 88

static bool has_magic(const uint8_t *message, size_t size, size_t head_end, uint32_t magic)
{
	return size >= head_end && get_u32(message + MAGIC_AT) == magic;
}

void wire_write_stream_head(uint8_t *head, uint32_t message_bytes, uint64_t sequence)
{
	if (message_bytes < WIRE_STREAM_HEAD_END) {
		memset(head, 0, message_bytes);
		return;
	}
	memset(head, 0, MAGIC_AT);
	put_u32(head + MAGIC_AT, WIRE_STREAM_MAGIC);
	put_u32(head + STREAM_SIZE_AT, message_bytes);
	put_u64(head + SEQUENCE_AT, sequence);
}

uint32_t wire_read_stream_size(const uint8_t *head, size_t size)
{
	if (!has_magic(head, size, WIRE_STREAM_HEAD_END, WIRE_STREAM_MAGIC))
		return 0;
	uint32_t message_bytes = get_u32(head + STREAM_SIZE_AT);
	return message_bytes >= WIRE_STREAM_HEAD_END ? message_bytes : 0;
}

void wire_write_datagram(uint8_t *datagram, size_t size, uint32_t flow, uint64_t sequence)
{
	memset(datagram, 0, size);
	if (size < WIRE_DATAGRAM_HEAD_END)
		return;
	put_u32(datagram + MAGIC_AT, WIRE_DATAGRAM_MAGIC);
	put_u32(datagram + DATAGRAM_FLOW_AT, flow);
	put_u64(datagram + SEQUENCE_AT, sequence);
}

bool wire_read_datagram(const uint8_t *datagram, size_t size, struct wire_datagram *ret)
{
	if (!has_magic(datagram, size, WIRE_DATAGRAM_HEAD_END, WIRE_DATAGRAM_MAGIC))
		return false;
	*ret = (struct wire_datagram){
		.flow = get_u32(datagram + DATAGRAM_FLOW_AT),
		.sequence = get_u64(datagram + SEQUENCE_AT),
		.receiver_count = get_u64(datagram + DATAGRAM_COUNT_AT),
		.receiver_clock_ns = get_u64(datagram + DATAGRAM_CLOCK_AT),
	};
	return true;
}

void wire_fill_datagram(uint8_t *datagram, uint64_t receiver_count, uint64_t receiver_clock_ns)
{
	put_u64(datagram + DATAGRAM_COUNT_AT, receiver_count);
	put_u64(datagram + DATAGRAM_CLOCK_AT, receiver_clock_ns);
}

static bool is_printable(uint8_t byte)
{
	return byte >= ' ' && byte < 0x7f;
}

size_t wire_read_name(const uint8_t *answer, size_t size, char ret_name[WIRE_NAME_BYTES])
{
	size_t most = size < WIRE_NAME_BYTES ? size : WIRE_NAME_BYTES;
	size_t length = strnlen((const char *)answer, most);

	ret_name[0] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (!is_printable(answer[i]))
			return 0;
	}
	if (length == WIRE_NAME_BYTES)
		length--; /* no room for its NUL */
	memcpy(ret_name, answer, length);
	ret_name[length] = '\0';
	return length;
}

void wire_write_name(uint8_t *answer, size_t size, const char *name)
{
	size_t length = strnlen(name, WIRE_NAME_BYTES - 1);

	if (size <= length) {
		memcpy(answer, name, size);
		return;
	}
	memcpy(answer, name, length);
	answer[length] = '\0';
}
