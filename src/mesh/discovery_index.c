/* Peers by id. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* FNV-1a, mixed: the low bits are used. */
uint64_t discovery_hash(const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
	hash ^= hash >> 32;
	return hash != 0 ? hash : 1;
}
