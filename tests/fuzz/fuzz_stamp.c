// Whatever arrives as STAMP: requests and answers are read within their bounds, an answer is read
// again, and its TLVs stand where they stood. The first byte says whether there is a key.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/stamp_tlv.h"
#include "proto/stamp_wire.h"

#define NOW_NS INT64_C(1795158684000000000)

static size_t count_tlvs(uint8_t *tlvs, size_t size)
{
	struct stamp_tlv tlv;
	bool is_malformed;
	size_t count = 0;
	for (size_t at = 0; stamp_tlv_next(tlvs, size, &at, &tlv, &is_malformed); count++) {
		assert(at <= size && tlv.at <= size);
		assert(is_malformed || tlv.at + tlv.length <= size);
	}
	return count;
}

static void answer(uint8_t *data, size_t size, const struct stamp_key *key)
{
	struct stamp_tlv_facts facts = { .key = key, .received = 3, .answered = 2 };
	struct stamp_answer own = { .sequence = 3, .received_unix_ns = NOW_NS, .ttl = 64 };
	size_t base = stamp_base_bytes(key);
	struct stamp_reply reply;
	uint8_t sequence[4];
	memcpy(sequence, data, sizeof(sequence));
	uint8_t *tlvs = data + (size < base ? size : base);
	size_t tlv_size = size < base ? 0 : size - base;
	size_t count = count_tlvs(tlvs, tlv_size);
	(void)stamp_tlv_answer(tlvs, tlv_size, sequence, &facts);
	stamp_answer_write(data, size, &own, key);
	stamp_tlv_sign(tlvs, tlv_size, data, key);
	stamp_answer_finish(data, NOW_NS, &own.clock, key);
	assert(count_tlvs(tlvs, tlv_size) == count);
	assert(stamp_reply_read(data, size, key, NOW_NS, &reply) == STAMP_GOOD);
	assert(reply.own.sequence == 3 && reply.ttl == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stamp_key *key = NULL;
	struct stamp_packet request;
	struct stamp_reply reply;
	if (size == 0)
		return 0;
	if (data[0] % 2 == 1 && stamp_key_new((const uint8_t *)"0123456789abcdef", 16, &key) < 0)
		return 0;
	size--;
	size_t room = size < STAMP_KEYED_BYTES ? STAMP_KEYED_BYTES : size;
	uint8_t *copy = calloc(1, room);
	if (copy && size > 0)
		memcpy(copy, data + 1, size);
	if (copy) {
		(void)stamp_reply_read(copy, size, key, NOW_NS, &reply);
		if (stamp_request_read(copy, size, key, NOW_NS, &request) != STAMP_SHORT)
			answer(copy,
			       size < STAMP_LIGHT_REPLY_BYTES ? STAMP_LIGHT_REPLY_BYTES : size,
			       key);
	}
	free(copy);
	stamp_key_free(key);
	return 0;
}
