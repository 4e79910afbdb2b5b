/* What packets that trace hops carry: of UDP a cookie that both a router's quote and an echo bring
 * back, of TCP bytes that the service there takes without doing anything. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/service.h"
#include "proto/path_wire.h"

/* The first bytes, for routers that quote only these. Behind them it is a question of path_wire.h,
 * to which our serve has a small answer. */
#define HOP_COOKIE_BYTES 16
#define HOP_PAYLOAD_MIN  PATH_WIRE_BYTES

/* A payload of `size` >= HOP_PAYLOAD_MIN with the cookie of this run and packet. */
void hop_payload_write(uint8_t *payload, size_t size, uint64_t token, uint32_t number);
/* In a quote or an echo; false: it holds none of this run. */
bool hop_payload_read(const uint8_t *payload, size_t size, uint64_t token, uint32_t *ret_number);

#define HOP_SPEECH_BEGIN_MAX 512

/* Bytes of a connection: what opens it, and a filler after it of which any number up to
 * `filler_max` may follow before the service has anything to do: the middle of a header, of an
 * HTTP/2 frame that is to be ignored, of a ClientHello. */
struct hop_speech {
	uint8_t begin[HOP_SPEECH_BEGIN_MAX];
	size_t begin_size;
	uint8_t filler;
	uint32_t filler_max;
};
/* `host`: for HTTP. A service that sends unasked (source) can't be spoken to so: false. */
bool hop_speech_init(struct hop_speech *speech, enum service service, bool is_tls,
		     const char *host);
