/* What the probing thread knows of its own trouble, window by window: how late probes started, what
 * held the thread up, what the host kept from it. The caller brings times and totals. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/mesh_snapshot.h"

struct hist;

/* A probe or a turn of the loop that is later than this counts as held up. */
#define MESH_OWN_LATE_NS UINT64_C(10000000)

/* What only rises, over the whole life of the node. */
struct mesh_own_totals {
	uint64_t throttled_ns;
	uint64_t cpu_waited_ns;
	uint64_t overflows;
	uint64_t skipped;
};

struct mesh_own {
	struct mesh_own_window window;   /* the running one */
	struct mesh_own_totals totals;   /* when it began */
	struct hist *delay;              /* of the running window */
	uint64_t held_ns, held_until_ns; /* the newest hold-up; 0: none */
};

/* -ENOMEM. */
nodiscard int mesh_own_init(struct mesh_own *own);
void mesh_own_deinit(struct mesh_own *own);
/* The first window. */
void mesh_own_begin(struct mesh_own *own, const struct mesh_own_totals *totals, uint64_t now_ns);
/* A probe started so long after it was due. */
void mesh_own_started(struct mesh_own *own, uint64_t late_ns);
/* The loop woke so late: probes that were to start, and answers that were to be heard meanwhile,
 * may not have been noticed otherwise. */
void mesh_own_lagged(struct mesh_own *own, uint64_t lag_ns, uint64_t now_ns);
/* The running window is over, and `number` begins at `began_ns`. A hold-up that ended less than
 * `decided_ns` ago goes into both: probes that it spoiled are still being decided. */
void mesh_own_turn(struct mesh_own *own, const struct mesh_own_totals *totals, uint64_t number,
		   uint64_t now_ns, uint64_t decided_ns, struct mesh_own_window *ret_closed);
