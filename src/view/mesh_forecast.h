/* `conntest mesh plan`: what a mesh of these members will do and what it can see, before it runs.
 * Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "metric/mesh_settings.h"

/* All that it needs, filled in by whoever has the members (mesh/pinglist.h: pinglist_cover()). */
struct mesh_forecast {
	const struct mesh_settings *settings;
	uint64_t members; /* with this node */
	uint32_t k;       /* 0: everybody */
	uint32_t all;     /* up to so many members everybody probes everybody */
	uint64_t pairs;
	uint64_t pairs_across; /* of these: between different locations */
	uint32_t out_min, out_max;
	uint32_t in_min, in_max;
	double in_mean;
	uint32_t unseen;
	uint32_t locations, location_pairs, location_pairs_covered;
	uint32_t racks, rack_pairs, rack_pairs_covered;
	uint64_t series; /* of a scrape of one node: mesh_metrics_series() */
};

/* What a node sends in a second, headers of IPv4 counted: its own probes, and its answers to those
 * of others. By the messages of the protocols, not measured. */
struct mesh_forecast_traffic {
	double packets_per_second;
	double bytes_per_second;
};
void mesh_forecast_traffic(const struct mesh_forecast *forecast, struct mesh_forecast_traffic *ret);
/* Of `paths` equal ones, how many none of so many random flows takes: m (1 - 1/m)^s. */
double mesh_forecast_missed_paths(uint32_t paths, uint32_t flows);

void mesh_forecast_write(struct buffer *out, const struct mesh_forecast *forecast);
