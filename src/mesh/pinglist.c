/* See pinglist.h: the choices of one member. */
#include "mesh/pinglist.h"

#include <stdlib.h>

#include "mesh/pinglist_parts.h"

/* A member of a far location may be chosen by so many times as many as it would be if both
 * locations were of one size. */
#define FLOOD 4

enum kind {
	OWN_RACK,
	OTHER_RACKS, /* of the own location */
	OWN_LOCATION,
	FAR,
	ANYWHERE,
};

struct choice {
	enum kind kind;
	uint32_t location; /* of FAR */
};

/* What one member chooses by, and whom it has so far. */
struct chooser {
	const struct pinglist_table *table;
	uint32_t self;
	uint32_t *chosen;
	uint32_t count;
};

/* ---- who comes next ---- */

static bool fits(const struct chooser *chooser, const struct choice *choice, uint32_t member)
{
	const struct pinglist_table *table = chooser->table;
	uint32_t self = chooser->self;
	bool is_near = table->locations[member] == table->locations[self];

	switch (choice->kind) {
	case OWN_RACK:
		return table->racks[member] == table->racks[self];
	case OTHER_RACKS:
		return is_near && table->racks[member] != table->racks[self];
	case OWN_LOCATION:
		return is_near;
	case FAR:
		return table->locations[member] == choice->location;
	default:
		return true;
	}
}

static bool is_free(const struct chooser *chooser, const struct choice *choice, uint32_t member)
{
	if (member == chooser->self || !fits(chooser, choice, member))
		return false;
	for (uint32_t i = 0; i < chooser->count; i++) {
		if (chooser->chosen[i] == member)
			return false;
	}
	return true;
}

static uint32_t search_next(const struct chooser *chooser, const struct choice *choice,
			    uint32_t ring)
{
	const struct pinglist_table *table = chooser->table;
	uint64_t own = pinglist_point(table, ring, chooser->self);
	uint64_t nearest = UINT64_MAX;
	uint32_t found = PINGLIST_NOBODY;

	for (uint32_t i = 0; i < table->count; i++) {
		uint64_t distance = pinglist_point(table, ring, i) - own - 1;
		if (distance <= nearest && (distance < nearest || found == PINGLIST_NOBODY) &&
		    is_free(chooser, choice, i)) {
			nearest = distance;
			found = i;
		}
	}
	return found;
}

static uint32_t walk_next(const struct chooser *chooser, const struct choice *choice, uint32_t ring)
{
	const struct pinglist_table *table = chooser->table;
	const uint32_t *order = table->order + (size_t)ring * table->count;
	uint32_t at = table->at[(size_t)ring * table->count + chooser->self];

	for (uint32_t i = 1; i < table->count; i++) {
		at = at + 1 < table->count ? at + 1 : 0;
		if (is_free(chooser, choice, order[at]))
			return order[at];
	}
	return PINGLIST_NOBODY;
}

/* Whether the place may have somebody left: walks around a whole ring for nobody are dear. */
static bool has_more(const struct chooser *chooser, const struct choice *choice)
{
	const struct pinglist_table *table = chooser->table;
	uint32_t size = table->location_sizes[table->locations[chooser->self]];
	uint32_t rack = table->rack_sizes[table->racks[chooser->self]];
	uint32_t taken = 0;

	for (uint32_t i = 0; i < chooser->count; i++)
		taken += fits(chooser, choice, chooser->chosen[i]);
	switch (choice->kind) {
	case OWN_RACK:
		return rack - 1 > taken;
	case OTHER_RACKS:
		return size - rack > taken;
	case OWN_LOCATION:
		return size - 1 > taken;
	case FAR:
		return table->location_sizes[choice->location] > taken;
	default:
		return table->count - 1 > taken;
	}
}

static bool choose(struct chooser *chooser, const struct choice *choice, uint32_t ring)
{
	if (!has_more(chooser, choice))
		return false;
	uint32_t found = chooser->table->order ? walk_next(chooser, choice, ring)
					       : search_next(chooser, choice, ring);
	if (found == PINGLIST_NOBODY)
		return false;
	chooser->chosen[chooser->count++] = found;
	return true;
}

/* ---- from where ---- */

struct rank {
	uint64_t score;
	uint32_t location;
};

static int compare_ranks(const void *left, const void *right)
{
	uint64_t a = ((const struct rank *)left)->score;
	uint64_t b = ((const struct rank *)right)->score;

	return (a < b) - (a > b);
}

/* The other locations in an order of `self` alone (rendezvous), so that all of them are chosen
 * where each member has fewer choices than there are locations. */
static uint32_t rank_locations(const struct pinglist_table *table, uint32_t self,
			       struct rank ret[PINGLIST_LOCATIONS_MAX])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->location_count && count < PINGLIST_LOCATIONS_MAX; i++) {
		if (i == table->locations[self])
			continue;
		ret[count++] = (struct rank){
			hash_mix(table->names[self] ^ table->location_hashes[i] ^ table->salts[0]),
			i,
		};
	}
	qsort(ret, count, sizeof(*ret), compare_ranks);
	return count;
}

/* Of a small location not all members of a large one may choose, so it is drawn who does. */
static bool may_choose(const struct pinglist_table *table, uint32_t self, uint32_t location,
		       uint32_t ring)
{
	uint64_t own = table->location_sizes[table->locations[self]];
	uint64_t there = (uint64_t)FLOOD * table->location_sizes[location];
	uint64_t drawn =
		hash_mix(pinglist_point(table, ring, self) + table->location_hashes[location]);

	return there >= own || drawn < UINT64_MAX / own * there;
}

static uint32_t plan_far(const struct pinglist_table *table, uint32_t self, struct choice *choices)
{
	struct rank ranks[PINGLIST_LOCATIONS_MAX];
	uint32_t others = rank_locations(table, self, ranks);
	uint32_t each = (2 * table->k + 5) / 10;
	uint32_t most = table->k / 2;
	uint32_t far = (each > 0 ? each : 1) * others;

	far = far < most ? far : most;
	for (uint32_t i = 0; i < far; i++) {
		uint32_t location = ranks[i % others].location;
		choices[i] = (struct choice){ FAR, location };
		if (!may_choose(table, self, location, i))
			choices[i].kind = OWN_LOCATION;
	}
	return far;
}

/* One choice a ring. What changes with time is behind the others, so that it changes no other. */
static void plan(const struct pinglist_table *table, uint32_t self,
		 struct choice choices[PINGLIST_K_MAX])
{
	uint32_t far = plan_far(table, self, choices);
	uint32_t random = table->k >= 4 ? 1 : 0;
	uint32_t near = table->k - far - random;
	uint32_t rack = (4 * table->k + 5) / 10;

	rack = rack < (near + 1) / 2 ? rack : (near + 1) / 2;
	for (uint32_t i = 0; i < near; i++) {
		enum kind kind = i < rack ? OWN_RACK : OTHER_RACKS;
		choices[far + i] = (struct choice){ .kind = kind };
		if (!table->has_rack[self])
			choices[far + i].kind = OWN_LOCATION;
	}
	if (random > 0)
		choices[table->k - 1] = (struct choice){ .kind = ANYWHERE };
}

uint32_t pinglist_choose(const struct pinglist_table *table, uint32_t self,
			 uint32_t ret[PINGLIST_K_MAX])
{
	static const struct choice near = { .kind = OWN_LOCATION };
	static const struct choice any = { .kind = ANYWHERE };
	struct chooser chooser = { .table = table, .self = self, .chosen = ret };
	struct choice choices[PINGLIST_K_MAX];

	plan(table, self, choices);
	for (uint32_t ring = 0; ring < table->k; ring++) {
		bool is_chosen = choose(&chooser, &choices[ring], ring) ||
				 (choices[ring].kind != ANYWHERE && choose(&chooser, &near, ring));
		if (!is_chosen)
			(void)choose(&chooser, &any, ring);
	}
	return chooser.count;
}

/* ---- of one ---- */

bool pinglist_is_all(const struct pinglist_setup *setup)
{
	return setup->k == 0 || setup->count <= setup->all || setup->count - 1 <= setup->k;
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static uint32_t take_all(const struct pinglist_setup *setup, uint32_t self, uint32_t *ret,
			 uint32_t max)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < setup->count && count < max; i++) {
		if (i != self)
			ret[count++] = i;
	}
	return count;
}

uint32_t pinglist_of(const struct pinglist_setup *setup, uint32_t self, uint32_t *ret, uint32_t max)
{
	uint32_t chosen[PINGLIST_K_MAX];
	struct pinglist_table table;

	if (pinglist_is_all(setup))
		return take_all(setup, self, ret, max);
	if (pinglist_table_make(setup, &table) < 0)
		return 0;
	uint32_t count = pinglist_choose(&table, self, chosen);
	pinglist_table_deinit(&table);
	if (count > max)
		count = max;
	qsort(chosen, count, sizeof(*chosen), compare_numbers);
	for (uint32_t i = 0; i < count; i++)
		ret[i] = chosen[i];
	return count;
}
