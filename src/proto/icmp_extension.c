#include "proto/icmp_extension.h"

#include <stdbool.h>

#include "base/big_endian.h"
#include "proto/icmp.h"

#define HEADER_BYTES  4
#define OBJECT_BYTES  4
#define ENTRY_BYTES   4
#define MPLS_CLASS    1
#define INCOMING_TYPE 1

/* A checksum of 0 was not computed. */
static bool is_intact(const uint8_t *data, size_t size)
{
	return get_u16(data + 2) == 0 || icmp_is_intact(data, size);
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
