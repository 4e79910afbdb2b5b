/* The members of a pinglist as numbers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/pinglist_parts.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

static uint64_t hash_of(uint64_t seed, const char *text)
{
	return hash_mix(hash_text(HASH_BEGIN ^ seed, text));
}

static int compare_hashes(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static uint32_t sort_unique(uint64_t *hashes, uint32_t count)
{
	uint32_t kept = 0;

	qsort(hashes, count, sizeof(*hashes), compare_hashes);
	for (uint32_t i = 0; i < count; i++) {
		if (kept == 0 || hashes[i] != hashes[kept - 1])
			hashes[kept++] = hashes[i];
	}
	return kept;
}

static uint32_t number_of(const uint64_t *hashes, uint32_t count, uint64_t hash)
{
	const uint64_t *found = bsearch(&hash, hashes, count, sizeof(*hashes), compare_hashes);

	return (uint32_t)(found - hashes);
}

static uint64_t location_hash(const struct pinglist_member *member)
{
	return hash_of(0, member->location);
}

static uint64_t rack_hash(const struct pinglist_member *member)
{
	return hash_of(location_hash(member), member->rack);
}

typedef uint64_t place_hash_fn(const struct pinglist_member *member);

/* Numbers the places of one kind; `hashes` has room for one a member. */
static uint32_t number_places(const struct pinglist_setup *setup, place_hash_fn *place_hash,
			      uint64_t *hashes, uint32_t *numbers, uint32_t *sizes)
{
	for (uint32_t i = 0; i < setup->count; i++)
		hashes[i] = place_hash(&setup->members[i]);
	uint32_t places = sort_unique(hashes, setup->count);
	for (uint32_t i = 0; i < setup->count; i++) {
		numbers[i] = number_of(hashes, places, place_hash(&setup->members[i]));
		sizes[numbers[i]]++;
	}
	return places;
}

static void make_salts(const struct pinglist_setup *setup, struct pinglist_table *table)
{
	for (uint32_t ring = 0; ring < table->k; ring++)
		table->salts[ring] = hash_mix(setup->seed + (ring + 1) * GOLDEN);
	/* The last ring is the one that turns. */
	table->salts[table->k - 1] ^= hash_mix(setup->epoch * GOLDEN + 1);
}

int pinglist_table_make(const struct pinglist_setup *setup, struct pinglist_table *ret)
{
	uint32_t count = setup->count;
	size_t room = count > 0 ? count : 1;
	uint64_t *rack_hashes = malloc(room * sizeof(*rack_hashes));

	*ret = (struct pinglist_table){
		.count = count,
		.k = setup->k < PINGLIST_K_MAX ? setup->k : PINGLIST_K_MAX,
		.names = malloc(room * sizeof(*ret->names)),
		.locations = malloc(room * sizeof(*ret->locations)),
		.racks = malloc(room * sizeof(*ret->racks)),
		.has_rack = malloc(room * sizeof(*ret->has_rack)),
		.location_hashes = malloc(room * sizeof(*ret->location_hashes)),
		.location_sizes = calloc(room, sizeof(*ret->location_sizes)),
		.rack_sizes = calloc(room, sizeof(*ret->rack_sizes)),
	};
	if (!rack_hashes || !ret->names || !ret->locations || !ret->racks || !ret->has_rack ||
	    !ret->location_hashes || !ret->location_sizes || !ret->rack_sizes) {
		pinglist_table_deinit(ret);
		free(rack_hashes);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++) {
		ret->names[i] = hash_of(0, setup->members[i].name);
		ret->has_rack[i] = setup->members[i].rack[0] != '\0';
	}
	ret->location_count = number_places(setup, location_hash, ret->location_hashes,
					    ret->locations, ret->location_sizes);
	ret->rack_count = number_places(setup, rack_hash, rack_hashes, ret->racks, ret->rack_sizes);
	if (ret->k > 0)
		make_salts(setup, ret);
	free(rack_hashes);
	return 0;
}

struct ring_point {
	uint64_t point;
	uint32_t member;
};

static int compare_points(const void *left, const void *right)
{
	return compare_hashes(&((const struct ring_point *)left)->point,
			      &((const struct ring_point *)right)->point);
}

int pinglist_table_sort(struct pinglist_table *table)
{
	size_t places = (size_t)table->k * table->count;
	struct ring_point *points = malloc(table->count * sizeof(*points));

	table->order = malloc(places * sizeof(*table->order));
	table->at = malloc(places * sizeof(*table->at));
	if (!points || !table->order || !table->at) {
		free(points);
		return -ENOMEM;
	}
	for (uint32_t ring = 0; ring < table->k; ring++) {
		size_t first = (size_t)ring * table->count;
		for (uint32_t i = 0; i < table->count; i++)
			points[i] = (struct ring_point){ pinglist_point(table, ring, i), i };
		qsort(points, table->count, sizeof(*points), compare_points);
		for (uint32_t i = 0; i < table->count; i++) {
			table->order[first + i] = points[i].member;
			table->at[first + points[i].member] = i;
		}
	}
	free(points);
	return 0;
}

void pinglist_table_deinit(struct pinglist_table *table)
{
	free(table->names);
	free(table->locations);
	free(table->racks);
	free(table->has_rack);
	free(table->location_hashes);
	free(table->location_sizes);
	free(table->rack_sizes);
	free(table->order);
	free(table->at);
	*table = (struct pinglist_table){ 0 };
}
