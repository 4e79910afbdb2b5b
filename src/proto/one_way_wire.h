/* The head of datagrams that nobody answers: to discard, and from source. No I/O.
 * Big-endian, behind it zeros:
 *   0 magic and version | 4 run | 8 sequence | 16 the sender's clock in ns
 * It begins at 0, unlike the head of `traffic`, since no host name is put over it: so datagrams of
 * 64 bytes have one too. Whoever doesn't know it sees payload. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ONE_WAY_HEAD_BYTES 24
#define ONE_WAY_MAGIC      UINT32_C(0x434e5421)
/* Sequence numbers are below it. */
#define ONE_WAY_SEQUENCE_END (UINT64_C(1) << 62)
/* In place of a number: is anybody there? Not counted. */
#define ONE_WAY_GREETING UINT64_MAX

struct one_way_head {
	uint32_t run; /* chosen at random: another one on the same ports begins anew */
	uint64_t sequence;
	uint64_t sent_ns;
};

/* Writes a whole datagram of `size` bytes, at least the head: zeros behind it. */
void one_way_write(uint8_t *datagram, size_t size, const struct one_way_head *head);
/* Only the head. */
void one_way_stamp(uint8_t *datagram, const struct one_way_head *head);
/* False when there is no head of ours, or its number is none. */
bool one_way_read(const uint8_t *datagram, size_t size, struct one_way_head *ret);
