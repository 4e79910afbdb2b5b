/* How a client asks source+udp for datagrams. No I/O. All messages are 64 bytes, so that no answer
 * is larger than what asks:
 *
 *   client                              server
 *   ask: what I want, no cookie    ->
 *                                  <-   cookie: made of a secret, the client's address, what it
 *                                       wants and the time; nothing is remembered
 *   ask: the same, with it         ->
 *                                  <-   datagrams (one_way_wire.h), for the time asked for
 *   ask again, four times a second ->
 *                                  <-   state: how many were sent so far, whether it is over
 *   stop: with the cookie          ->
 *                                  <-   state
 *
 * Who asks no more for SOURCE_PATIENCE_NS gets no more. Big-endian:
 *   0 magic and version | 4 kind | 8 run | 12 datagram bytes | 16 rate in millionths of a datagram
 *   a second | 24 duration in ns, 0: until stopped | 32 cookie, 16 bytes | 48 sent so far |
 *   56 is over | 57 zeros */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_MESSAGE_BYTES 64
#define SOURCE_COOKIE_BYTES  16
#define SOURCE_MAGIC         UINT32_C(0x434e5431)
#define SOURCE_KEEP_ALIVE_NS UINT64_C(250000000)
#define SOURCE_PATIENCE_NS   UINT64_C(3000000000)
#define SOURCE_BYTES_MIN     64
#define SOURCE_BYTES_MAX     65000

enum source_kind {
	SOURCE_ASK = 1,
	SOURCE_COOKIE,
	SOURCE_STATE,
	SOURCE_STOP,
	SOURCE_KIND_END,
};

struct source_message {
	enum source_kind kind;
	uint32_t run; /* also in the head of the datagrams */
	uint32_t datagram_bytes;
	uint64_t rate_micro;
	uint64_t duration_ns;
	uint8_t cookie[SOURCE_COOKIE_BYTES];
	uint64_t sent;
	bool is_over;
};

void source_write(uint8_t message[SOURCE_MESSAGE_BYTES], const struct source_message *from);
/* False where it is none, or asks for what nobody may have: a size beyond its limits, no rate. */
bool source_read(const uint8_t *data, size_t size, struct source_message *ret);
/* What the cookie vouches for beside the address: those bytes of an ask. */
#define SOURCE_WISH_AT    8
#define SOURCE_WISH_BYTES 24
