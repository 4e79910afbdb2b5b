/* The places of an agent: which peer has which, found by its id, and what changes when the list of
 * peers does. A place is its peer's until that is forgotten. Of the probing thread, but for
 * mesh_targets_*(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "mesh/prober.h"

/* A list that is handed over: its own copy of all. */
struct mesh_targets {
	uint32_t count;
	struct mesh_target items[];
};
/* -ENOMEM. */
nodiscard int mesh_targets_copy(const struct mesh_target *targets, uint32_t count,
				struct mesh_targets **ret);
void mesh_targets_free(struct mesh_targets *targets); /* takes NULL */

/* What a list wants with a peer that has a place. */
enum mesh_link_fate { MESH_LINK_GOES, MESH_LINK_RESTS, MESH_LINK_IS_PROBED };

struct mesh_link_slot {
	struct mesh_link link;    /* link.pair NULL: the place is free; target.url is its own */
	enum mesh_link_fate fate; /* by the newest list */
};

struct mesh_links {
	struct mesh_snapshot *live;
	uint32_t places;
	uint32_t free_from;           /* no place below is free */
	struct mesh_link_slot *slots; /* pages */
	uint32_t *by_id;              /* pages; a hash of places + 1, 0: free */
	uint32_t *by_name;            /* the same, while a list is taken, by what peers told */
	uint32_t *found;              /* of each target of such a list: its place */
	uint32_t hash_size;           /* of either, a power of two */
	const struct mesh_prober_kind *const *kinds; /* MESH_PROBERS of them */
	void *states[MESH_PROBERS];                  /* theirs; NULL: not open */
};

/* -errno. `live` has room for `places`, outlives it, and says which window is running. */
nodiscard int mesh_links_init(struct mesh_links *links, struct mesh_snapshot *live, uint32_t places,
			      const struct mesh_prober_kind *const *kinds);
/* Takes all from the probers first. */
void mesh_links_deinit(struct mesh_links *links);
/* From now on these are the peers (agent.h); what it takes over of `targets` is gone from there. */
void mesh_links_take(struct mesh_links *links, struct mesh_targets *targets, uint64_t now_ns);
/* A kind has been opened: it gets all that are probed. */
void mesh_links_open(struct mesh_links *links, enum mesh_prober_kind_index kind);
/* Takes all from the probers, at once. */
void mesh_links_withdraw_all(struct mesh_links *links);
