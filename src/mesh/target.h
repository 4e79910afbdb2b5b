/* Whom the probing side of a mesh is to look at: plain data that the side which finds peers hands
 * over, copied. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "metric/mesh_pair.h"

struct mesh_target {
	uint64_t id; /* of the peer */
	struct endpoint endpoint;
	uint16_t http_port;
	uint16_t grpc_port;
	uint8_t speech; /* enum mesh_speech */
	/* False: what is known of it stays, and nothing more is sent (it is gone, or it is another
	 * node's turn). */
	bool is_probed;
	char name[MESH_NAME_MAX]; /* for TLS and the Host header where it has a label; may be "" */
	const char *url;          /* NULL: none; copied */
};
