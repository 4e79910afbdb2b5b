/* What the files of the pinglist share: the members as numbers, and the choices of one of them. */
#pragma once

#include <stdbool.h>

#include "base/hash.h"
#include "mesh/pinglist.h"

#define PINGLIST_NOBODY UINT32_MAX

/* Places are numbered in the order of their hashes, so that no order of members shows. */
struct pinglist_table {
	uint32_t count;
	uint32_t k;
	uint64_t *names;     /* hashes */
	uint32_t *locations; /* numbers */
	uint32_t *racks;     /* numbers; of a rack in its location */
	bool *has_rack;
	uint32_t location_count;
	uint32_t rack_count;
	uint64_t *location_hashes; /* by number, as the next two */
	uint32_t *location_sizes;
	uint32_t *rack_sizes;
	uint64_t salts[PINGLIST_K_MAX]; /* of the rings */
	/* Members in their order on each ring, and the place of each there; NULL: the next one is
	 * searched for among all. */
	uint32_t *order;
	uint32_t *at;
};

nodiscard int pinglist_table_make(const struct pinglist_setup *setup, struct pinglist_table *ret);
/* Sorts the rings, for those who need the lists of all. -ENOMEM. */
nodiscard int pinglist_table_sort(struct pinglist_table *table);
void pinglist_table_deinit(struct pinglist_table *table);

/* Everybody probes everybody. */
bool pinglist_is_all(const struct pinglist_setup *setup);
/* The choices of `self`, in the order of the rings; how many. */
uint32_t pinglist_choose(const struct pinglist_table *table, uint32_t self,
			 uint32_t ret[PINGLIST_K_MAX]);

static inline uint64_t pinglist_point(const struct pinglist_table *table, uint32_t ring,
				      uint32_t member)
{
	return hash_mix(table->names[member] ^ table->salts[ring]);
}
