#include "proto/icmp_extension.h"

#include <stdbool.h>

#include "base/big_endian.h"

#define HEADER_BYTES  4
#define OBJECT_BYTES  4
#define ENTRY_BYTES   4
#define MPLS_CLASS    1
#define INCOMING_TYPE 1

/* The ones' complement sum of all 16-bit words; a checksum of 0 was not computed. */
static bool is_intact(const uint8_t *data, size_t size)
{
	uint32_t sum = 0;

	if (get_u16(data + 2) == 0)
		return true;
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += get_u16(data + i);
	if (size % 2)
		sum += (uint32_t)data[size - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static unsigned read_stack(const uint8_t *data, size_t size, uint32_t *ret_labels,
			   unsigned count_max)
{
	unsigned count = 0;

	for (size_t at = 0; at + ENTRY_BYTES <= size && count < count_max; at += ENTRY_BYTES)
		ret_labels[count++] = get_u32(data + at) >> 12;
	return count;
}

unsigned icmp_extension_labels(const uint8_t *data, size_t size, uint32_t *ret_labels,
			       unsigned count_max)
{
	if (size < HEADER_BYTES || data[0] >> 4 != 2 || !is_intact(data, size))
		return 0;
	for (size_t at = HEADER_BYTES; at + OBJECT_BYTES <= size;) {
		size_t length = get_u16(data + at);
		if (length < OBJECT_BYTES || length > size - at)
			return 0;
		if (data[at + 2] == MPLS_CLASS && data[at + 3] == INCOMING_TYPE)
			return read_stack(data + at + OBJECT_BYTES, length - OBJECT_BYTES,
					  ret_labels, count_max);
		at += length;
	}
	return 0;
}
