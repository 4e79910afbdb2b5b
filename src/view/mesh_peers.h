/* What a mesh tells other programs, in JSON: pingmesh's shapes, with more under "conntest" where
 * pingmesh has no place for it; http_sd; events as NDJSON. Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "metric/mesh_state.h"

/* GET /v1/peers: pingmesh's object, names and case; durations in integer ns, RFC 3339, indent 2. */
void mesh_peers_write(struct buffer *out, const struct mesh_state *state);
/* GET /v1/metrics of pingmesh: AppStart, NumPeers, NumActive, NumDeleted, MemStats. */
void mesh_peers_write_metrics(struct buffer *out, const struct mesh_state *state);
/* GET /v1/ping: the HTML whose location a client takes from "<p>Served from ". */
void mesh_peers_write_ping(struct buffer *out, const struct mesh_state *state);
/* GET /sd: http_sd of the peers and this node; `self`: how others reach it, "" leaves it out. */
void mesh_peers_write_sd(struct buffer *out, const struct mesh_state *state, const char *self);
/* An event as one line of NDJSON; those behind `after`, at most `most` of them. */
void mesh_events_write_one(struct buffer *out, const struct mesh_event *event);
void mesh_events_write(struct buffer *out, const struct mesh_events *events, uint64_t after,
		       uint32_t most);
