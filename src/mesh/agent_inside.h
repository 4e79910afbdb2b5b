/* The inside of agent.h: for agent*.c and its test. An agent is an activity of the engine's worker
 * that serves, so that it goes through the same stages: it probes while that measures, awaits what
 * is in flight while that lingers, and is done with it. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/units.h"
#include "engine/service.h"
#include "engine/worker.h"
#include "mesh/agent.h"
#include "mesh/agent_links.h"
#include "mesh/agent_own.h"
#include "mesh/caps.h"
#include "mesh/prober.h"
#include "proto/traffic_wire.h"

/* Between the snapshots, and between the looks at what the host takes from us. */
#define MESH_AGENT_PULSE_NS NS_PER_S
/* When somebody was looking just then. */
#define MESH_AGENT_RETRY_NS (10 * NS_PER_MS)

struct mesh_agent {
	/* The owner's. */
	struct mesh_settings asked; /* the newest that were taken */
	pthread_t thread;
	bool has_thread;
	/* Handed over by the owner under `orders`, whom the thread never makes wait for more than a
	 * copy of these. */
	pthread_mutex_t orders;
	struct mesh_targets *wanted_targets; /* NULL: no new ones */
	struct mesh_settings wanted_settings;
	bool has_wanted_settings;
	bool is_leave_wanted;
	/* Between both. */
	_Atomic bool is_done;
	pthread_mutex_t looking; /* held while somebody reads `published`, or writes it */
	struct mesh_snapshot *published;

	/* The probing thread's from its start on. */
	uint32_t places;
	struct loop *loop;
	bool is_own_loop; /* else a test's, which turns it */
	struct plan plan; /* of the worker: it serves */
	struct service_shared services;
	struct worker *worker;
	struct activity activity;
	char name[WIRE_NAME_BYTES]; /* that all answers bring */
	struct mesh_settings settings;
	struct mesh_snapshot *live;
	struct mesh_links links;
	struct mesh_own own;
	struct mesh_caps caps;
	struct random random;
	struct mesh_host host;
	struct timer pulse;         /* the next look and snapshot */
	struct timer turn;          /* the next window */
	struct timer retry;         /* a snapshot that somebody's looking put off */
	struct timer ending;        /* the next look whether all probers are done */
	uint64_t throttled_base_ns; /* of the control group, before we began */
	uint64_t cpu_waited_base_ns;
	void (*notify)(void *context);
	void *notify_context;
};

/* As mesh_agent_new(), with other kinds of probers (MESH_PROBERS of them) and on this loop, which
 * the caller turns: mesh_agent_start() then starts no thread. NULL: a loop and thread of its own.
 */
nodiscard int mesh_agent_new_with(const struct mesh_agent_setup *setup,
				  const struct mesh_prober_kind *const *kinds, struct loop *loop,
				  struct error *error, struct mesh_agent **ret);

/* agent_course.c: */
/* Makes it an activity of its worker, and has the loop's wake-ups. */
void mesh_agent_join_worker(struct mesh_agent *agent);
/* Where probers tell what they see. */
void mesh_agent_invite(struct mesh_agent *agent, struct mesh_host *ret);
/* Into `name` and the live snapshot. */
void mesh_agent_write_name(struct mesh_agent *agent);
void mesh_agent_be_done(struct mesh_agent *agent);

/* agent_windows.c: */
void mesh_agent_init_windows(struct mesh_agent *agent);
/* Counting begins: the first window, and from now on a snapshot each second. */
void mesh_agent_begin_windows(struct mesh_agent *agent);
void mesh_agent_end_windows(struct mesh_agent *agent);
/* A new snapshot, unless somebody is looking: then a little later. */
void mesh_agent_publish(struct mesh_agent *agent);
/* The same, and waits for who is looking. */
void mesh_agent_publish_last(struct mesh_agent *agent);
