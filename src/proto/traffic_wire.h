/* The wire of `traffic`: ctraffic's echo with a head of our own behind its first 64 bytes.
 * Bytes 0-63 of a TCP connection and of every datagram come back overwritten with the server's
 * host name up to a NUL (or untouched from a plain echo); all else is echoed. They are sent zero
 * and not verified. No I/O.
 *
 * Head at byte 64, big-endian; messages too short for it are checked by length and content:
 *   TCP message, 80 bytes or more:  64 magic | 68 message size | 72 sequence
 *   datagram, 96 bytes or more:     64 magic | 68 flow id | 72 sequence | 80 the receiver's count
 *                                   for this flow | 88 the receiver's clock in ns
 * Count and clock are sent zero; our serve fills them; zero back: the direction is unknown. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_NAME_BYTES        64
#define WIRE_STREAM_HEAD_END   80
#define WIRE_DATAGRAM_HEAD_END 96

/* Version 1 of each kind. */
#define WIRE_STREAM_MAGIC   UINT32_C(0x434e5411)
#define WIRE_DATAGRAM_MAGIC UINT32_C(0x434e5401)

/* Writes the first min(size, 80) bytes of a TCP message: zeros, then the head if it fits whole. */
void wire_write_stream_head(uint8_t *head, uint32_t message_bytes, uint64_t sequence);
/* Message size from the first 80 bytes of a connection; 0 if they hold no head of ours. */
uint32_t wire_read_stream_size(const uint8_t *head, size_t size);

struct wire_datagram {
	uint32_t flow;
	uint64_t sequence;
	uint64_t receiver_count; /* datagrams of this flow that it has got, with this one; 0 unknown
				  */
	uint64_t receiver_clock_ns;
};
/* Writes a whole datagram of `size` (at least 64) bytes: zeros and, where it fits, the head. */
void wire_write_datagram(uint8_t *datagram, size_t size, uint32_t flow, uint64_t sequence);
/* False when there is no head of ours. */
bool wire_read_datagram(const uint8_t *datagram, size_t size, struct wire_datagram *ret);
/* The receiver's part, put into a datagram that wire_read_datagram() took. */
void wire_fill_datagram(uint8_t *datagram, uint64_t receiver_count, uint64_t receiver_clock_ns);

/* The host name in the first bytes of an answer: its length, 0 if there is none (a plain echo) or
 * it holds bytes that are no printable ASCII; `size` may be over 64. Copies at most 63 and a NUL.
 */
size_t wire_read_name(const uint8_t *answer, size_t size, char ret_name[WIRE_NAME_BYTES]);
/* Puts `name` and a NUL over the first bytes, at most 64 and never beyond `size`; the rest stays.
 */
void wire_write_name(uint8_t *answer, size_t size, const char *name);
