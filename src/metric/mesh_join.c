#include "metric/mesh_join.h"

#include <errno.h>
#include <stdlib.h>

struct row {
	uint64_t id;
	uint32_t place;
};

static int compare_rows(const void *a, const void *b)
{
	uint64_t one = ((const struct row *)a)->id;
	uint64_t other = ((const struct row *)b)->id;

	return (one > other) - (one < other);
}

static uint32_t list_rows(const struct mesh_snapshot *snapshot, struct row *rows)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->places; i++)
		if (snapshot->pairs[i].id != 0)
			rows[count++] = (struct row){ snapshot->pairs[i].id, i };
	qsort(rows, count, sizeof(*rows), compare_rows);
	return count;
}

int mesh_join(const struct mesh_snapshot *snapshot, const struct mesh_peer_list *peers,
	      const struct mesh_peer **ret)
{
	struct row *rows = calloc((size_t)snapshot->places + 1, sizeof(*rows));

	if (rows == NULL)
		return -ENOMEM;
	uint32_t count = list_rows(snapshot, rows);
	for (uint32_t i = 0; i < snapshot->places; i++)
		ret[i] = NULL;
	for (uint32_t i = 0; i < peers->count; i++) {
		const struct row key = { .id = peers->peers[i].id };
		const struct row *found = bsearch(&key, rows, count, sizeof(*rows), compare_rows);
		if (found != NULL)
			ret[found->place] = &peers->peers[i];
	}
	free(rows);
	return 0;
}
