/* Flows that met the same addresses at the same distances are one path, and counted and judged
 * together (hops_verdict.h). Pure. */
#pragma once

#include "metric/hops.h"
#include "metric/hops_verdict.h"

struct hops_path {
	uint32_t flows[HOPS_FLOWS_MAX]; /* indexes */
	uint32_t flow_count;
	uint32_t hop_count;
	bool is_reached;
	struct hop *hops; /* of all its flows together */
	struct hops_verdict verdict[HOPS_SIZES];
};

struct hops_paths {
	struct hops_path *paths; /* the worst first */
	uint32_t count;
};

/* Owns what is in `ret`; of flows that were never traced there is no path. -ENOMEM. */
nodiscard int hops_paths_new(const struct hops *hops, struct hops_paths *ret);
void hops_paths_deinit(struct hops_paths *paths);
/* Loss at the end of all flows together. */
void hops_paths_end(const struct hops_paths *paths, enum hops_size size, uint32_t *ret_sent,
		    uint32_t *ret_lost);
