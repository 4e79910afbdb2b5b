/* What a mesh sends elsewhere, StatsD and OTLP, on the loop of its owner: every 10 s, and every
 * --otlp-interval. A sink that is dead, slow or resets costs what was to be sent, which is counted;
 * nothing waits for it, least of all a probe. Where nothing was asked for there is none, and every
 * call takes NULL. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/mesh_state.h"
#include "net/loop.h"
#include "run/push_plan.h"

struct mesh_push;

struct mesh_push_setup {
	struct loop *loop;
	const struct push_plan *plan; /* outlives it */
	uint32_t worst;               /* pairs that OTLP has on their own */
	/* The state of now, which stays until it is released; NULL: there is none yet. */
	const struct mesh_state *(*look)(void *context);
	void (*release)(void *context);
	/* A line for people: what goes wrong, once, and at the end how much was lost. */
	void (*tell)(void *context, const char *line);
	void *context;
};

/* `ret` stays NULL where the plan has nothing. -errno with the sentence. */
nodiscard int mesh_push_new(const struct mesh_push_setup *setup, struct error *error,
			    struct mesh_push **ret);
void mesh_push_free(struct mesh_push *push);
void mesh_push_start(struct mesh_push *push);
/* So many datagrams and requests, and so many of them that were not taken; of the state. */
void mesh_push_count(const struct mesh_push *push, uint64_t *ret_pushes, uint64_t *ret_dropped);
/* The last figures, and what became of all: runs the loop for two seconds at most. */
void mesh_push_stop(struct mesh_push *push);
/* From within that: no longer. */
void mesh_push_cut(struct mesh_push *push);
