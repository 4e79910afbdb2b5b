/* Packets of STAMP (RFC 8762, 8972) and of TWAMP-light (RFC 5357, appendix I). Bytes in, bytes out,
 * all big-endian; no I/O.
 *
 *   sender, open          0 sequence | 4 sent | 12 error | 14 SSID | 16 zeros, 44 bytes
 *   reflector, open       0 sequence | 4 sent | 12 error | 14 SSID | 16 received |
 *                         24 sender's sequence | 28 its sent | 36 its error | 40 its TTL | 44 bytes
 *   sender, with a key    0 sequence | 16 sent | 24 error | 26 SSID | 96 HMAC, 112 bytes
 *   reflector, with a key 0 sequence | 16 sent | 24 error | 26 SSID | 32 received |
 *                         48 sender's sequence | 64 its sent | 72 its error | 80 its TTL |
 *                         96 HMAC, 112 bytes
 *
 * TLVs (proto/stamp_tlv.h) follow. TWAMP-light has no SSID, and its sender may leave out all behind
 * the error: what is missing is zero, and the answer has 41 bytes or more. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define STAMP_PORT              862
#define STAMP_OPEN_BYTES        44
#define STAMP_KEYED_BYTES       112
#define STAMP_LIGHT_BYTES       14 /* the shortest request of TWAMP-light, */
#define STAMP_LIGHT_REPLY_BYTES 41 /* and the shortest answer */
#define STAMP_HMAC_BYTES        16
#define STAMP_KEY_MIN           8
#define STAMP_KEY_MAX           64 /* a block of SHA-256: longer ones would be hashed */

/* What both ends know, made ready for one thread. NULL: packets are open. */
struct stamp_key;

/* -EINVAL: it is shorter than 8 or longer than 64 bytes; -ENOMEM. */
nodiscard int stamp_key_new(const uint8_t *bytes, size_t size, struct stamp_key **ret);
void stamp_key_free(struct stamp_key *key);
/* HMAC-SHA-256 of two pieces, cut to 16 bytes. False: OpenSSL could not; they are zeros then, which
 * nobody takes for signed. */
bool stamp_key_sign(const struct stamp_key *key, const uint8_t *first, size_t first_size,
		    const uint8_t *second, size_t second_size, uint8_t ret[STAMP_HMAC_BYTES]);
/* Takes as long whatever is wrong. */
bool stamp_hmac_is(const uint8_t a[STAMP_HMAC_BYTES], const uint8_t b[STAMP_HMAC_BYTES]);

/* ---- times */

/* What a clock says of itself: how far it may be off, whether anything sets it, and its format. */
struct stamp_clock {
	uint64_t error_ns;
	bool is_synchronised;
	bool is_ptp; /* seconds and nanoseconds since 1970; else NTP's seconds since 1900, and 2^-32
		      */
};
/* An error is rounded up to what 8 bits with a scale can say; UINT64_MAX ns and 0 stand for the
 * most and the least. */
uint16_t stamp_clock_write(const struct stamp_clock *clock);
struct stamp_clock stamp_clock_read(uint16_t wire);

uint64_t stamp_time_write(int64_t unix_ns, const struct stamp_clock *clock);
/* Of NTP's eras the one that is nearest to `near_unix_ns`: 32 bits of seconds come round in 2036.
 */
int64_t stamp_time_read(uint64_t wire, const struct stamp_clock *clock, int64_t near_unix_ns);

/* ---- packets */

/* What either end says of a packet of its own. */
struct stamp_packet {
	uint32_t sequence;
	int64_t sent_unix_ns;
	struct stamp_clock clock;
	uint16_t ssid;
};

/* What the reflector adds to a request. */
struct stamp_answer {
	uint32_t sequence; /* the sender's, or where the reflector is stateful its own */
	int64_t received_unix_ns;
	struct stamp_clock clock; /* of both moments */
	uint8_t ttl;              /* of the request as it came; 0: not known */
};

struct stamp_reply {
	struct stamp_packet own;
	int64_t received_unix_ns; /* when the request came there */
	struct stamp_packet request;
	uint8_t ttl; /* of the request as it came there; 0: not told */
};

enum stamp_verdict {
	STAMP_GOOD,
	STAMP_SHORT,  /* no packet of STAMP */
	STAMP_FORGED, /* the HMAC is not of this key */
};

/* With a key 112 bytes, else 44. */
size_t stamp_base_bytes(const struct stamp_key *key);
/* Of `size` bytes the base, or of TWAMP-light as much of it as there is; the HMAC is over the
 * moment of sending, so this is called then. */
void stamp_request_write(uint8_t *data, size_t size, const struct stamp_packet *request,
			 const struct stamp_key *key);
enum stamp_verdict stamp_request_read(const uint8_t *data, size_t size, const struct stamp_key *key,
				      int64_t near_unix_ns, struct stamp_packet *ret);
/* Over a request that was read: its fields move to their places in the answer, bit by bit as they
 * came. `size` is the answer's, at least 41, of which the request was perhaps less, and zeros. */
void stamp_answer_write(uint8_t *data, size_t size, const struct stamp_answer *answer,
			const struct stamp_key *key);
/* When it is about to leave: puts in that moment, and the HMAC. May be done again. */
void stamp_answer_finish(uint8_t *data, int64_t sent_unix_ns, const struct stamp_clock *clock,
			 const struct stamp_key *key);
enum stamp_verdict stamp_reply_read(const uint8_t *data, size_t size, const struct stamp_key *key,
				    int64_t near_unix_ns, struct stamp_reply *ret);
