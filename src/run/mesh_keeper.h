/* What a node knows of its mesh, kept together on the loop of the thread that shows it: discovery
 * tells whom to probe, the agent probes in a thread of its own, its snapshots are heard and judged,
 * and what follows becomes events. */
#pragma once

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/mesh_state.h"
#include "net/loop.h"
#include "run/mesh_plan.h"

struct mesh_keeper;

struct mesh_keeper_setup {
	const struct mesh_plan *plan; /* outlives it */
	struct loop *loop;            /* whose wake-ups become the keeper's */
	/* Each event once, in order. */
	void (*told)(void *context, const struct mesh_event *event);
	/* A newer snapshot has been looked at, or the agent is done. */
	void (*looked)(void *context);
	void *context;
};

/* Opens the listeners. -errno with the sentence. */
nodiscard int mesh_keeper_new(const struct mesh_keeper_setup *setup, struct error *error,
			      struct mesh_keeper **ret);
/* Takes NULL. */
void mesh_keeper_free(struct mesh_keeper *keeper);
nodiscard int mesh_keeper_start(struct mesh_keeper *keeper, struct error *error);

/* All of it, as it stands until the release; not twice. */
const struct mesh_state *mesh_keeper_look(struct mesh_keeper *keeper);
void mesh_keeper_release(struct mesh_keeper *keeper);
struct mesh_events *mesh_keeper_events(struct mesh_keeper *keeper);
/* Tells what was added to the events. */
void mesh_keeper_tell(struct mesh_keeper *keeper);

/* The port that listener `index` of the plan got. */
uint16_t mesh_keeper_port(const struct mesh_keeper *keeper, uint32_t index);
/* Every source has answered or failed, once. */
bool mesh_keeper_is_settled(const struct mesh_keeper *keeper);
/* Somebody looks at the other nodes' rows: asks for those that are old. */
void mesh_keeper_want_rows(struct mesh_keeper *keeper);
/* As mesh_discovery_add(). */
nodiscard int mesh_keeper_add_peer(struct mesh_keeper *keeper, const char *text,
				   struct error *error);
/* Sources of peers, their refresh, whom to probe of many, and settings: from now on as this plan
 * says. -EINVAL or -ENOSPC with the sentence: the old ones stay. */
nodiscard int mesh_keeper_change(struct mesh_keeper *keeper, const struct mesh_plan *plan,
				 struct error *error);

/* Answers say that this node leaves. */
void mesh_keeper_leave(struct mesh_keeper *keeper);
/* Nothing falls due any more; looked() is told once mesh_keeper_is_done(). */
void mesh_keeper_stop(struct mesh_keeper *keeper);
bool mesh_keeper_is_done(const struct mesh_keeper *keeper);
