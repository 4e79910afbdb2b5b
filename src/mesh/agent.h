/* The probing side of a mesh node: one thread with one loop that answers (the services of
 * engine/service.h) and probes, each peer on its own schedule. Everything here is for the thread
 * that owns it and never waits for the probing one; nothing is printed. Memory is bounded by
 * `places`, and touched as it is used. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "engine/plan.h"
#include "mesh/target.h"
#include "metric/mesh_settings.h"
#include "metric/mesh_snapshot.h"
#include "net/datagram.h"
#include "net/stream.h"

struct mesh_agent;
struct path_far_end;
struct tls_client;

struct mesh_agent_setup {
	const struct mesh_settings *settings; /* copied */
	const struct plan_serve *serve;       /* what it answers; outlives it. Its name is ours */
	uint32_t places;                      /* pairs at most */
	struct tls_client *tls;               /* of https and grpcs; NULL: none */
	const char *control_token; /* of the far ends, for the way back; NULL: not asked */
	uint64_t seed;             /* 0: drawn */
	/* The kernel's or a test's. */
	const struct stream_transport *stream;
	const struct datagram_transport *datagram;
	void *network;
	/* From the probing thread: a new snapshot stands, or mesh_agent_is_done() is true. */
	void (*notify)(void *context);
	void *context;
};

/* Opens the listeners; no thread runs yet. -errno with the sentence, which names the address. */
nodiscard int mesh_agent_new(const struct mesh_agent_setup *setup, struct error *error,
			     struct mesh_agent **ret);
/* What is under way still is cut. Takes NULL. */
void mesh_agent_free(struct mesh_agent *agent);
/* The port that listener `index` of setup->serve got. */
uint16_t mesh_agent_port(const struct mesh_agent *agent, uint32_t index);
nodiscard int mesh_agent_start(struct mesh_agent *agent);

/* From now on these are the peers, all of them: who is not among them is forgotten, with what was
 * counted of it; who stays keeps that, also under a new id where the name that it told is the same.
 * Those beyond `places` are left out: how many is returned. -ENOMEM. */
nodiscard int mesh_agent_set_targets(struct mesh_agent *agent, const struct mesh_target *targets,
				     uint32_t count);
/* Changes how probes are made, from each schedule's next turn on. -EINVAL: what can't be changed
 * while it runs (node, window, UDP ports) differs. */
nodiscard int mesh_agent_set_settings(struct mesh_agent *agent,
				      const struct mesh_settings *settings);

/* The newest copy, a second old at most; until mesh_agent_release() none is newer, and the probing
 * thread does not wait. */
const struct mesh_snapshot *mesh_agent_look(struct mesh_agent *agent);
void mesh_agent_release(struct mesh_agent *agent);

/* Answers say from now on that this node leaves; what is probed goes on. */
void mesh_agent_leave(struct mesh_agent *agent);
/* Nothing falls due any more, what is in flight is awaited, services drain; then is_done. */
void mesh_agent_stop(struct mesh_agent *agent);
bool mesh_agent_is_done(const struct mesh_agent *agent);
