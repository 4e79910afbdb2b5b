/* When a link's turn comes, see prober.h: a hash instead of a draw, so that a node that starts anew
 * takes the moments that it had, and all of them stay spread. */
#include <string.h>

#include "base/random.h"
#include "mesh/prober.h"

/* FNV-1a */
static uint64_t hash_name(const char name[MESH_NAME_MAX])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < strnlen(name, MESH_NAME_MAX); i++)
		hash = (hash ^ (uint8_t)name[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t mesh_phase(const struct mesh_host *host, const struct mesh_link *link, uint64_t from_ns,
		    uint64_t interval_ns)
{
	struct random random;

	if (interval_ns == 0)
		return from_ns;
	/* Turned by a half, that two who have each other's name for id don't meet. */
	random_init(&random, hash_name(host->settings->node) ^
				     (link->target.id << 32 | link->target.id >> 32));
	return from_ns + random_below(&random, interval_ns);
}
