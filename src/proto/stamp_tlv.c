#include "proto/stamp_tlv.h"

#include <assert.h>
#include <string.h>

#include "base/attributes.h"
#include "base/big_endian.h"

/* Values as RFC 8972, 4.3 names them. */
#define SYNCHRONISED_BY_NTP 1
#define FREE_RUNNING        5
#define STAMPED_BY_SOFTWARE 2

/* How long a value has to be; 0: of any length. */
static const uint8_t lengths[] = {
	[STAMP_TLV_STAMPING] = 4,
	[STAMP_TLV_CLASS] = 4,
	[STAMP_TLV_COUNTS] = 12,
	[STAMP_TLV_FOLLOW_UP] = 16,
	[STAMP_TLV_HMAC] = STAMP_HMAC_BYTES,
};

static bool is_known(uint8_t type, const struct stamp_key *key)
{
	switch (type) {
	case STAMP_TLV_PADDING:
	case STAMP_TLV_STAMPING:
	case STAMP_TLV_CLASS:
	case STAMP_TLV_COUNTS:
	case STAMP_TLV_FOLLOW_UP:
		return true;
	case STAMP_TLV_HMAC:
		return key != NULL;
	default:
		return false;
	}
}

static bool is_zero(const uint8_t *data, size_t size)
{
	return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

bool stamp_tlv_next(const uint8_t *tlvs, size_t size, size_t *at, struct stamp_tlv *ret,
		    bool *ret_is_malformed)
{
	size_t left = size - *at;
	const uint8_t *head = tlvs + *at;

	if (left < STAMP_TLV_HEAD_BYTES || is_zero(head, STAMP_TLV_HEAD_BYTES))
		return false;
	*ret = (struct stamp_tlv){ .flags = head[0],
				   .type = head[1],
				   .length = get_u16(head + 2),
				   .at = *at + STAMP_TLV_HEAD_BYTES };
	bool is_cut = ret->length > left - STAMP_TLV_HEAD_BYTES;
	bool is_fixed = ret->type < array_size(lengths) && lengths[ret->type] > 0;
	*ret_is_malformed = is_cut || (is_fixed && ret->length != lengths[ret->type]);
	*at = is_cut ? size : *at + STAMP_TLV_HEAD_BYTES + ret->length;
	return true;
}

/* ---- HMAC */

/* Where the HMAC TLV stands, and whether only padding follows it. */
struct signature {
	bool is_there;
	size_t at;
	bool is_last;
	bool has_others; /* anything but padding */
};

static struct signature find_signature(const uint8_t *tlvs, size_t size)
{
	struct signature signature = { .is_last = true };
	struct stamp_tlv tlv;
	bool is_malformed;

	for (size_t at = 0; stamp_tlv_next(tlvs, size, &at, &tlv, &is_malformed);) {
		if (tlv.type == STAMP_TLV_PADDING)
			continue;
		if (signature.is_there)
			signature.is_last = false;
		if (tlv.type != STAMP_TLV_HMAC || is_malformed) {
			signature.has_others = true;
			continue;
		}
		signature.is_there = true;
		signature.at = tlv.at - STAMP_TLV_HEAD_BYTES;
	}
	return signature;
}

static bool digest(const uint8_t *tlvs, const struct signature *signature,
		   const uint8_t sequence[4], const struct stamp_key *key,
		   uint8_t ret[STAMP_HMAC_BYTES])
{
	return stamp_key_sign(key, sequence, 4, tlvs, signature->at, ret);
}

/* RFC 8972, 4.8. */
bool stamp_tlv_is_tampered(const uint8_t *tlvs, size_t size, const uint8_t sequence[4],
			   const struct stamp_key *key)
{
	struct signature signature = find_signature(tlvs, size);
	uint8_t hmac[STAMP_HMAC_BYTES];

	if (key == NULL)
		return false;
	if (!signature.is_there)
		return signature.has_others;
	return !digest(tlvs, &signature, sequence, key, hmac) || !signature.is_last ||
	       !stamp_hmac_is(hmac, tlvs + signature.at + STAMP_TLV_HEAD_BYTES);
}

static void mark_all(uint8_t *tlvs, size_t size)
{
	struct stamp_tlv tlv;
	bool is_malformed;

	for (size_t at = 0; stamp_tlv_next(tlvs, size, &at, &tlv, &is_malformed);)
		tlvs[tlv.at - STAMP_TLV_HEAD_BYTES] |= STAMP_TLV_TAMPERED;
}

void stamp_tlv_sign(uint8_t *tlvs, size_t size, const uint8_t sequence[4],
		    const struct stamp_key *key)
{
	struct signature signature = find_signature(tlvs, size);

	if (key == NULL || !signature.is_there || (tlvs[signature.at] & STAMP_TLV_TAMPERED) != 0)
		return;
	(void)digest(tlvs, &signature, sequence, key, tlvs + signature.at + STAMP_TLV_HEAD_BYTES);
}

/* ---- values */

static void answer_stamping(uint8_t *value, const struct stamp_tlv_facts *facts)
{
	uint8_t source = facts->is_synchronised ? SYNCHRONISED_BY_NTP : FREE_RUNNING;

	value[0] = source;
	value[1] = STAMPED_BY_SOFTWARE;
	value[2] = source;
	value[3] = STAMPED_BY_SOFTWARE;
}

/* DSCP to answer with 6 bits | DSCP as it came 6 | ECN as it came 2 | RP 2 | zeros 16. Any DSCP is
 * answered with, so RP is 0. Returns the traffic class to answer with. */
static uint8_t answer_class(uint8_t *value, const struct stamp_tlv_facts *facts)
{
	unsigned asked = value[0] >> 2;
	unsigned arrived = facts->traffic_class >> 2;
	unsigned ecn = facts->traffic_class & 3;

	put_u16(value, (uint16_t)(asked << 10 | arrived << 4 | ecn << 2));
	put_u16(value + 2, 0);
	return (uint8_t)(asked << 2);
}

static void answer_counts(uint8_t *value, const struct stamp_tlv_facts *facts)
{
	put_u32(value + 4, facts->received);
	put_u32(value + 8, facts->answered);
}

static void answer_follow_up(uint8_t *value, const struct stamp_tlv_facts *facts)
{
	put_u32(value, facts->before_sequence);
	put_u64(value + 4, facts->before_sent);
	put_u32(value + 12, 0);
	value[12] = facts->before_sent != 0 ? STAMPED_BY_SOFTWARE : 0;
}

static void answer_one(uint8_t *value, uint8_t type, const struct stamp_tlv_facts *facts,
		       struct stamp_tlv_outcome *outcome)
{
	switch (type) {
	case STAMP_TLV_STAMPING:
		answer_stamping(value, facts);
		break;
	case STAMP_TLV_CLASS:
		outcome->traffic_class = answer_class(value, facts);
		outcome->has_class = true;
		break;
	case STAMP_TLV_COUNTS:
		answer_counts(value, facts);
		break;
	case STAMP_TLV_FOLLOW_UP:
		answer_follow_up(value, facts);
		outcome->wants_stamp = true;
		break;
	default:
		break;
	}
}

struct stamp_tlv_outcome stamp_tlv_answer(uint8_t *tlvs, size_t size, const uint8_t sequence[4],
					  const struct stamp_tlv_facts *facts)
{
	struct stamp_tlv_outcome outcome = { 0 };
	struct stamp_tlv tlv;
	bool is_malformed;

	outcome.is_tampered = stamp_tlv_is_tampered(tlvs, size, sequence, facts->key);
	for (size_t at = 0; stamp_tlv_next(tlvs, size, &at, &tlv, &is_malformed);) {
		uint8_t *flags = tlvs + tlv.at - STAMP_TLV_HEAD_BYTES;
		*flags = is_known(tlv.type, facts->key) ? 0 : STAMP_TLV_UNKNOWN;
		if (is_malformed)
			*flags |= STAMP_TLV_MALFORMED;
		else if (*flags == 0 && !outcome.is_tampered)
			answer_one(tlvs + tlv.at, tlv.type, facts, &outcome);
	}
	if (outcome.is_tampered)
		mark_all(tlvs, size);
	return outcome;
}

/* ---- of the sender */

/* Of zeros, `size` bytes with its head. */
static void write_empty(uint8_t *tlv, enum stamp_tlv_type type, size_t size)
{
	memset(tlv, 0, size);
	tlv[0] = STAMP_TLV_UNKNOWN;
	tlv[1] = (uint8_t)type;
	put_u16(tlv + 2, (uint16_t)(size - STAMP_TLV_HEAD_BYTES));
}

void stamp_tlv_pad(uint8_t *tlvs, size_t size)
{
	assert(size >= STAMP_TLV_HEAD_BYTES && size <= UINT16_MAX + STAMP_TLV_HEAD_BYTES);
	write_empty(tlvs, STAMP_TLV_PADDING, size);
}

#define COUNTS_BYTES (STAMP_TLV_HEAD_BYTES + 12)
#define HMAC_BYTES   (STAMP_TLV_HEAD_BYTES + STAMP_HMAC_BYTES)

size_t stamp_tlv_counts_bytes(const struct stamp_key *key)
{
	return COUNTS_BYTES + (key != NULL ? HMAC_BYTES : 0);
}

void stamp_tlv_ask_counts(uint8_t *tlvs, const uint8_t sequence[4], uint32_t sent,
			  const struct stamp_key *key)
{
	write_empty(tlvs, STAMP_TLV_COUNTS, COUNTS_BYTES);
	put_u32(tlvs + STAMP_TLV_HEAD_BYTES, sent);
	if (key == NULL)
		return;
	write_empty(tlvs + COUNTS_BYTES, STAMP_TLV_HMAC, HMAC_BYTES);
	stamp_tlv_sign(tlvs, COUNTS_BYTES + HMAC_BYTES, sequence, key);
}

uint32_t stamp_tlv_counted(const uint8_t *tlvs, size_t size)
{
	struct stamp_tlv tlv;
	bool is_malformed;

	for (size_t at = 0; stamp_tlv_next(tlvs, size, &at, &tlv, &is_malformed);) {
		if (tlv.type == STAMP_TLV_COUNTS && tlv.flags == 0 && !is_malformed)
			return get_u32(tlvs + tlv.at + 4);
	}
	return 0;
}
