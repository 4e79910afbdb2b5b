/* What a mesh counted, summed over the pairs of a location. A sum never goes back: when a pair is
 * forgotten, or its location becomes known, what it counted stays where it was counted. One
 * thread. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/mesh_peer.h"
#include "metric/mesh_snapshot.h"

/* Of one kind of probe, as metric/mesh_series.h has it, all that only rises. */
struct mesh_counts {
	uint64_t sent;
	uint64_t received;
	uint64_t lost;
	uint64_t late;
	uint64_t reordered;
	uint64_t duplicated;
	uint64_t corrupted;
	uint64_t skipped;
	uint64_t failures[MESH_REASONS];
	uint64_t rtt[MESH_SPREAD_BUCKETS];
};

/* Of a pair, or of many. All of it is uint64_t, and the times come first. */
struct mesh_figures {
	uint64_t rtt_sum_ns[MESH_PROBES];
	uint64_t smoothed_sum_ns;
	uint64_t jitter_sum_ns;
	struct mesh_counts probes[MESH_PROBES];
	uint64_t lost_tcp; /* both kinds of TCP probes */
	uint64_t retransmitted;
	uint64_t segments;
	uint64_t timeouts;
	uint64_t smoothed[MESH_SPREAD_BUCKETS];
	uint64_t jitter[MESH_SPREAD_BUCKETS];
	uint64_t lost_there; /* and back: one behind the other */
	uint64_t lost_back;
	uint64_t mtu_looks;
	uint64_t mtu_probes;
	uint64_t mtu_signals;
};
void mesh_figures_of(const struct mesh_pair *pair, struct mesh_figures *ret);

/* Locations beyond these are one group. */
#define MESH_GROUPS_MAX    64
#define MESH_GROUP_UNKNOWN "unknown"
#define MESH_GROUP_OTHERS  "others"
/* By the peer's location, else as it tells it; never "". */
const char *mesh_group_name(const struct mesh_pair *pair, const struct mesh_peer *peer);

struct mesh_group {
	char name[MESH_PLACE_MAX];
	uint32_t pairs; /* that are there now */
	struct mesh_figures figures;
	uint64_t in_flight[MESH_PROBES]; /* sent = received + lost + in flight, always */
};

struct mesh_groups;
/* `places` as of the snapshots. */
nodiscard int mesh_groups_new(uint32_t places, struct mesh_groups **ret);
void mesh_groups_free(struct mesh_groups *groups); /* takes NULL */
/* Adds what was counted since the last time; what a forgotten pair had in flight is lost,
 * aborted. `peers`: of each place, as mesh_join() gives it. A
 * group without a pair is forgotten. */
void mesh_groups_take(struct mesh_groups *groups, const struct mesh_snapshot *snapshot,
		      const struct mesh_peer *const *peers);
/* In no order; valid until the next take. */
const struct mesh_group *mesh_groups_list(const struct mesh_groups *groups, uint32_t *ret_count);
