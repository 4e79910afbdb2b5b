/* Who probes whom: a function of the members, their places and a seed, so that every node computes
 * its own list and anybody can compute all of them. Up to PINGLIST_ALL members everybody probes
 * everybody. Beyond that each probes exactly k. Every one of the k choices has a ring of its own,
 * on which all members stand by a hash of their names: one probes whoever of the right place comes
 * next. So who joins or leaves changes O(k) pairs, and who is probed is nearly as often as who
 * probes. Of 10, with racks and two locations: 4 of the own rack, 3 of other racks in the own
 * location, 2 of the other location, and 1 of all that changes with each epoch; with more
 * locations 2 of each, up to half of them; a small location is not flooded by a large one. Where a
 * place has too few, the choice falls to the own location, then to all. No I/O. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/mesh_peer.h"

#define PINGLIST_ALL     30
#define PINGLIST_K_USUAL 10
#define PINGLIST_K_MAX   256
/* Locations beyond these are chosen from as any other member is. */
#define PINGLIST_LOCATIONS_MAX 256

struct pinglist_member {
	const char *name; /* the hash is of it */
	const char *location;
	const char *rack;
};

struct pinglist_setup {
	const struct pinglist_member *members; /* in any order; the same result */
	uint32_t count;
	uint32_t k;     /* 0: everybody, however many; at most PINGLIST_K_MAX are heeded */
	uint32_t all;   /* up to so many members everybody: PINGLIST_ALL */
	uint64_t seed;  /* the same in all nodes */
	uint64_t epoch; /* what changes with time alone: the random peers */
};

/* Whom member `self` probes: indices, in rising order; how many, at most `max`. O(k n). 0 also
 * where memory is short. */
uint32_t pinglist_of(const struct pinglist_setup *setup, uint32_t self, uint32_t *ret,
		     uint32_t max);

struct pinglist_coverage {
	uint64_t pairs;
	uint32_t out_min, out_max;
	uint32_t in_min, in_max; /* in-degree: by how many others a member is probed */
	double in_mean;
	uint32_t unseen;              /* members that nobody probes */
	uint32_t places, place_pairs; /* locations, and ordered pairs of different ones */
	uint32_t place_pairs_covered;
	uint32_t racks, rack_pairs, rack_pairs_covered;
};
/* Of all lists, no sample: O(k n log n) where places are not tiny. -ENOMEM. */
nodiscard int pinglist_cover(const struct pinglist_setup *setup, struct pinglist_coverage *ret);
