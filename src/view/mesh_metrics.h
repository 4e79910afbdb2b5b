/* The exposition of a mesh: Prometheus text 0.0.4 and OpenMetrics 1.0 from one table, by default
 * summed over the peers of a location, the pairs on demand and for the worst n. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "metric/mesh_state.h"
#include "view/prometheus.h"

struct mesh_metrics_style {
	enum prometheus_format format;
	bool has_pairs;  /* every pair on its own, besides */
	uint32_t worst;  /* so many pairs on their own, the worst ones */
	bool has_legacy; /* the older conntest's names and types, besides */
};

void mesh_metrics_write(struct buffer *out, const struct mesh_metrics_style *style,
			const struct mesh_state *state);
/* `conntest help metrics`, its part. */
void mesh_metrics_help(struct buffer *out);
/* How many series a scrape has with so many peers in so many locations. */
uint64_t mesh_metrics_series(const struct mesh_metrics_style *style,
			     const struct mesh_settings *settings, uint64_t locations,
			     uint64_t pairs);
