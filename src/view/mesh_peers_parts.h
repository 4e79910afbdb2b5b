/* The parts of /v1/peers, see mesh_peers.h: mesh_peers.c writes what pingmesh has,
 * mesh_peers_more.c what is ours. */
#pragma once

#include "base/json.h"
#include "metric/mesh_state.h"
#include "view/mesh_peers.h"

/* A moment of the monotonic clock as RFC 3339; 0: never, as Go writes it. */
void mesh_peers_key_time(struct json *json, const char *key, const struct mesh_state *state,
			 uint64_t at_ns);
/* "conntest" of the pair in this place, whose peer may be NULL, and of the node. */
void mesh_peers_write_pair(struct json *json, enum mesh_peers_detail detail,
			   const struct mesh_state *state, uint32_t place,
			   const struct mesh_peer *peer);
void mesh_peers_write_node(struct json *json, const struct mesh_state *state);
