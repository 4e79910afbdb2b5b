/* Peers by id. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "mesh/discovery_parts.h"

int discovery_index_make(struct discovery_index *index, uint32_t count)
{
	uint32_t size = 64;

	while (size < count + count / 2)
		size *= 2;
	index->places = calloc(size, sizeof(*index->places));
	index->mask = size - 1;
	return index->places != NULL ? 0 : -ENOMEM;
}

void discovery_index_free(struct discovery_index *index)
{
	free(index->places);
	index->places = NULL;
}

uint32_t discovery_find(const struct mesh_discovery *discovery, uint64_t id)
{
	const struct discovery_index *index = &discovery->index;
	uint32_t at = (uint32_t)id & index->mask;

	for (; index->places[at] != 0; at = (at + 1) & index->mask) {
		if (discovery->peers[index->places[at] - 1].id == id)
			return index->places[at] - 1;
	}
	return DISCOVERY_NOWHERE;
}

void discovery_index_put(struct mesh_discovery *discovery, uint32_t place)
{
	struct discovery_index *index = &discovery->index;
	uint32_t at = (uint32_t)discovery->peers[place].id & index->mask;

	while (index->places[at] != 0)
		at = (at + 1) & index->mask;
	index->places[at] = place + 1;
}

/* 0 is nobody. */
uint64_t discovery_hash(const void *bytes, size_t size)
{
	uint64_t hash = hash_mix(hash_bytes(HASH_BEGIN, bytes, size));

	return hash != 0 ? hash : 1;
}
