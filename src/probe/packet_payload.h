/* What an echo carries so that it is known again: the prober's cookie, the look's serial number,
 * and a pattern that no two looks share. Only for probe/packet_*.c. */
#pragma once

#include "probe/packet_prober.h"

#define PACKET_PAYLOAD_MIN (PACKET_COOKIE_BYTES + 8)

/* `size` may be less than that: then as much of it as fits. */
void packet_payload_write(const struct packet_look *look, uint8_t *out, size_t size);
/* False: it is none of this prober's. */
bool packet_payload_read(const struct packet_prober *owner, const uint8_t *data, size_t size,
			 uint64_t *ret_serial);
/* Ends the look by the payload that came back: as it went out from byte `from` on, or CORRUPTED. */
void packet_payload_judge(struct packet_look *look, const uint8_t *payload, size_t size,
			  size_t from, uint64_t at_ns);
