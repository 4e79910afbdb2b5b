#include "probe/packet_payload.h"

#include <stdio.h>
#include <string.h>

#include "base/big_endian.h"

void packet_payload_write(const struct packet_look *look, uint8_t *out, size_t size)
{
	uint8_t head[PACKET_PAYLOAD_MIN];
	size_t head_bytes = size < sizeof(head) ? size : sizeof(head);
	memcpy(head, look->owner->cookie, PACKET_COOKIE_BYTES);
	put_u64(head + PACKET_COOKIE_BYTES, look->serial);
	memcpy(out, head, head_bytes);
	for (size_t i = head_bytes; i < size; i++)
		out[i] = (uint8_t)(i + look->serial);
}

bool packet_payload_read(const struct packet_prober *owner, const uint8_t *data, size_t size,
			 uint64_t *ret_serial)
{
	if (size < PACKET_PAYLOAD_MIN || memcmp(data, owner->cookie, PACKET_COOKIE_BYTES) != 0)
		return false;
	*ret_serial = get_u64(data + PACKET_COOKIE_BYTES);
	return true;
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t from, size_t size)
{
	while (from < size && a[from] == b[from])
		from++;
	return from;
}

void packet_payload_judge(struct packet_look *look, const uint8_t *payload, size_t size,
			  size_t from, uint64_t at_ns)
{
	struct packet_prober *owner = look->owner;
	const uint8_t *sent = owner->out + owner->kind->head_bytes;
	char why[PROBE_WHY_BYTES];
	look->probe->result.body_bytes = size;
	(void)owner->kind->write(look, owner->out);
	if (size != owner->payload_bytes) {
		(void)snprintf(why, sizeof(why), "%zu of %zu bytes came back", size,
			       owner->payload_bytes);
		packet_look_failed(look, OUTCOME_CORRUPTED, why);
		return;
	}
	size_t first = first_difference(payload, sent, from, size);
	if (first == size) {
		packet_look_done(look, at_ns);
		return;
	}
	(void)snprintf(why, sizeof(why), "at byte %zu of %zu", first + 1, size);
	packet_look_failed(look, OUTCOME_CORRUPTED, why);
}
