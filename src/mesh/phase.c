/* When a link's turn comes, see prober.h: a hash instead of a draw, so that a node that starts anew
 * takes the moments that it had, and all of them stay spread. */
#include "base/hash.h"
#include "base/random.h"
#include "mesh/prober.h"

uint64_t mesh_phase(const struct mesh_host *host, const struct mesh_link *link, uint64_t from_ns,
		    uint64_t interval_ns)
{
	struct random random;

	if (interval_ns == 0)
		return from_ns;
	/* Turned by a half, that two who have each other's name for id don't meet. */
	random_init(&random, hash_text(HASH_BEGIN, host->settings->node) ^
				     (link->target.id << 32 | link->target.id >> 32));
	uint64_t drawn_ns = from_ns + random_below(&random, interval_ns);
	uint64_t due_ns = drawn_ns - drawn_ns % MESH_GRID_NS;
	return due_ns >= from_ns ? due_ns : drawn_ns;
}
