#include "proto/one_way_wire.h"

#include <string.h>

#include "base/big_endian.h"

#define RUN_AT      4
#define SEQUENCE_AT 8
#define CLOCK_AT    16

void one_way_write(uint8_t *datagram, size_t size, const struct one_way_head *head)
{
	memset(datagram, 0, size);
	one_way_stamp(datagram, head);
}

void one_way_stamp(uint8_t *datagram, const struct one_way_head *head)
{
	put_u32(datagram, ONE_WAY_MAGIC);
	put_u32(datagram + RUN_AT, head->run);
	put_u64(datagram + SEQUENCE_AT, head->sequence);
	put_u64(datagram + CLOCK_AT, head->sent_ns);
}

bool one_way_read(const uint8_t *datagram, size_t size, struct one_way_head *ret)
{
	if (size < ONE_WAY_HEAD_BYTES || get_u32(datagram) != ONE_WAY_MAGIC)
		return false;
	*ret = (struct one_way_head){
		.run = get_u32(datagram + RUN_AT),
		.sequence = get_u64(datagram + SEQUENCE_AT),
		.sent_ns = get_u64(datagram + CLOCK_AT),
	};
	return ret->sequence < ONE_WAY_SEQUENCE_END || ret->sequence == ONE_WAY_GREETING;
}
