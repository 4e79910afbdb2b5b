#include "proto/source_wire.h"

#include <string.h>

#include "base/big_endian.h"

#define KIND_AT     4
#define RUN_AT      8
#define BYTES_AT    12
#define RATE_AT     16
#define DURATION_AT 24
#define COOKIE_AT   32
#define SENT_AT     48
#define OVER_AT     56

#define RATE_MICRO_MAX UINT64_C(1000000000000000) /* SCHEDULE_RATE_MAX */

void source_write(uint8_t message[SOURCE_MESSAGE_BYTES], const struct source_message *from)
{
	memset(message, 0, SOURCE_MESSAGE_BYTES);
	put_u32(message, SOURCE_MAGIC);
	put_u32(message + KIND_AT, (uint32_t)from->kind);
	put_u32(message + RUN_AT, from->run);
	put_u32(message + BYTES_AT, from->datagram_bytes);
	put_u64(message + RATE_AT, from->rate_micro);
	put_u64(message + DURATION_AT, from->duration_ns);
	memcpy(message + COOKIE_AT, from->cookie, SOURCE_COOKIE_BYTES);
	put_u64(message + SENT_AT, from->sent);
	message[OVER_AT] = from->is_over;
}

static bool may_be_wanted(const struct source_message *message)
{
	return message->datagram_bytes >= SOURCE_BYTES_MIN &&
	       message->datagram_bytes <= SOURCE_BYTES_MAX && message->rate_micro > 0 &&
	       message->rate_micro <= RATE_MICRO_MAX;
}

bool source_read(const uint8_t *data, size_t size, struct source_message *ret)
{
	if (size != SOURCE_MESSAGE_BYTES || get_u32(data) != SOURCE_MAGIC)
		return false;
	uint32_t kind = get_u32(data + KIND_AT);
	if (kind < SOURCE_ASK || kind >= SOURCE_KIND_END)
		return false;
	*ret = (struct source_message){
		.kind = (enum source_kind)kind,
		.run = get_u32(data + RUN_AT),
		.datagram_bytes = get_u32(data + BYTES_AT),
		.rate_micro = get_u64(data + RATE_AT),
		.duration_ns = get_u64(data + DURATION_AT),
		.sent = get_u64(data + SENT_AT),
		.is_over = data[OVER_AT] != 0,
	};
	memcpy(ret->cookie, data + COOKIE_AT, SOURCE_COOKIE_BYTES);
	return may_be_wanted(ret);
}
