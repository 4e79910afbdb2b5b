/* What a mesh tells other programs, in JSON: pingmesh's shapes, with more under "conntest" where
 * pingmesh has no place for it; http_sd; events as NDJSON. Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "metric/mesh_state.h"

enum mesh_peers_detail {
	MESH_PEERS_WHOLE,
	MESH_PEERS_ROW, /* what a row of the matrix needs: a third of it */
};
/* GET /v1/peers: pingmesh's object, names and case; durations in integer ns, RFC 3339, indent 2. Of
 * each peer what pings it by HTTP, else by TCP, else by UDP; one that a pingmesh would have deleted
 * is in DelPeers. What is more is under "conntest", on one line. */
void mesh_peers_write(struct buffer *out, enum mesh_peers_detail detail,
		      const struct mesh_state *state);
/* GET /v1/metrics of pingmesh: AppStart, NumPeers, NumActive, NumDeleted, MemStats. */
void mesh_peers_write_metrics(struct buffer *out, const struct mesh_state *state);
/* GET /v1/ping: the HTML whose location a client takes from "<p>Served from ". */
void mesh_peers_write_ping(struct buffer *out, const struct mesh_state *state);
/* GET /sd: http_sd of the peers and this node, of all that serve /metrics as we do, at the place
 * where they do; `self`: how others reach it, "" leaves it out. Another mesh finds where they are
 * probed in the label __meta_conntest_traffic_port, which Prometheus drops. */
void mesh_peers_write_sd(struct buffer *out, const struct mesh_state *state, const char *self);
/* An event as one line of NDJSON; those behind `after`, at most `most` of them. A line with the
 * event "gap" and no number comes first where some of them are not there any more, or where `after`
 * is a number of another process, whose place this one has. */
void mesh_events_write_one(struct buffer *out, const struct mesh_event *event);
void mesh_events_write(struct buffer *out, const struct mesh_events *events, uint64_t after,
		       uint32_t most);
