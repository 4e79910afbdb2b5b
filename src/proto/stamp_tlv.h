/* The extensions behind the base of a STAMP packet (RFC 8972): U, M and I flags@0, type@1, length
 * of the value@2, value. The reflector answers each in its place, so an answer is as long as its
 * request. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/stamp_wire.h"

#define STAMP_TLV_HEAD_BYTES 4

enum stamp_tlv_type {
	STAMP_TLV_PADDING = 1,
	STAMP_TLV_STAMPING = 3,  /* what clocks and how stamped */
	STAMP_TLV_CLASS = 4,     /* DSCP to answer with; as the request's arrived */
	STAMP_TLV_COUNTS = 5,    /* direct measurement: sent, received, answered */
	STAMP_TLV_FOLLOW_UP = 7, /* when the answer before this one really left */
	STAMP_TLV_HMAC = 8,
};

enum stamp_tlv_flag {
	STAMP_TLV_UNKNOWN = 0x80,   /* the reflector doesn't know this type; set by the sender */
	STAMP_TLV_MALFORMED = 0x40, /* its length can't be */
	STAMP_TLV_TAMPERED = 0x20,  /* the HMAC is not of these */
};

/* What the reflector has to tell. */
struct stamp_tlv_facts {
	const struct stamp_key *key; /* NULL: none */
	uint8_t traffic_class;       /* that the request arrived with */
	bool is_synchronised;        /* this host's clock, by NTP or the like */
	/* Of a stateful reflector, this packet included; 0: it keeps no state. */
	uint32_t received;
	uint32_t answered;
	/* The answer before this one, where the kernel has said when it left; 0 and 0. */
	uint32_t before_sequence;
	uint64_t before_sent; /* as on the wire */
};

struct stamp_tlv_outcome {
	bool is_tampered;
	bool has_class;        /* it was asked for this one */
	uint8_t traffic_class; /* to answer with, ECN off */
	bool wants_stamp;      /* the next answer is to say when this one left */
};

/* Answers the TLVs of a request in place. `sequence` are the first 4 bytes of the request as it
 * came, which its HMAC covers. */
struct stamp_tlv_outcome stamp_tlv_answer(uint8_t *tlvs, size_t size, const uint8_t sequence[4],
					  const struct stamp_tlv_facts *facts);
/* The HMAC of the answer, when its own sequence is known; nothing where there is none, or where
 * what it came with was wrong. */
void stamp_tlv_sign(uint8_t *tlvs, size_t size, const uint8_t sequence[4],
		    const struct stamp_key *key);

/* Whether the TLVs of a packet are not those that its sender signed; with a key all but padding has
 * to be. */
bool stamp_tlv_is_tampered(const uint8_t *tlvs, size_t size, const uint8_t sequence[4],
			   const struct stamp_key *key);

/* ---- of the sender */

/* What asking for counts takes, with an HMAC where there is a key. */
size_t stamp_tlv_counts_bytes(const struct stamp_key *key);
/* Asks what arrived there of `sent` packets, in so many bytes. */
void stamp_tlv_ask_counts(uint8_t *tlvs, const uint8_t sequence[4], uint32_t sent,
			  const struct stamp_key *key);
/* The answer: how many arrived; 0: it does not say. */
uint32_t stamp_tlv_counted(const uint8_t *tlvs, size_t size);
/* Makes `size` bytes (at least 4, at most 65,539) one TLV of padding. */
void stamp_tlv_pad(uint8_t *tlvs, size_t size);

struct stamp_tlv {
	uint8_t flags;
	uint8_t type;
	size_t length; /* as it says; may be more than there is */
	size_t at;     /* of its value */
};
/* The next one from `*at` on, which moves behind it. False: none is left, or only zeros, the
 * padding of TWAMP. Of one that is cut short `*at` comes to `size` and it is malformed. */
bool stamp_tlv_next(const uint8_t *tlvs, size_t size, size_t *at, struct stamp_tlv *ret,
		    bool *ret_is_malformed);
