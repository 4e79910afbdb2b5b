/* The part of the service traffic over UDP that asks how large a packet may be (proto/path_wire.h):
 * small answers to probes of any size, with a cookie that proves whose path it is. */
#pragma once

#include "base/attributes.h"
#include "engine/service_udp_source.h"
#include "net/datagram.h"
#include "proto/path_wire.h"

enum service_path_take {
	SERVICE_PATH_OTHER,    /* no such probe */
	SERVICE_PATH_ANSWERED, /* the datagram has become the answer */
	SERVICE_PATH_DROPPED,  /* an answer itself: nobody asked us */
};
enum service_path_take service_path_take(struct datagram *datagram, const char *name,
					 const uint8_t secret[SOURCE_SECRET_BYTES],
					 uint64_t now_ns);
/* Was this cookie given to who now says that these are both ends of his path? For half a minute to
 * a minute. */
bool service_path_knows(const struct path_wire *claim, const uint8_t secret[SOURCE_SECRET_BYTES],
			uint64_t now_ns);
