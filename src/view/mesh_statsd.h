/* StatsD datagrams of a mesh: what happened since the last time as counters, what is as gauges, by
 * location and probe, as in NAME.mesh.ZONE.udp.lost; with DogStatsD's tags NAME.mesh.lost and the
 * tags group and probe. A counter that did not move is told once, as zero. Of round trips
 * the mean is told, and the 99th percentile as the upper end of its bucket: up to twice too much,
 * and 26214.4 ms for all beyond. Pairs are not told. Pure. */
#pragma once

#include <stdint.h>

#include "metric/mesh_groups.h"
#include "metric/mesh_state.h"
#include "view/statsd.h"

struct mesh_statsd_group {
	char name[MESH_PLACE_MAX];
	struct mesh_figures figures;
};
/* What was told last; all zero at the start. */
struct mesh_statsd {
	bool has_told;
	uint64_t throttled_ns;
	uint64_t skipped;
	uint64_t events;
	uint32_t count;
	struct mesh_statsd_group groups[MESH_GROUPS_MAX];
};

/* `writer` tells where to and the name space; its tags are not used. -ENOMEM. */
nodiscard int mesh_statsd_write(const struct statsd_writer *writer, bool has_tags,
				struct mesh_statsd *told, const struct mesh_state *state);
