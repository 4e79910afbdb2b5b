/* The kinds of probers of a mesh, and what they have in common: all on the agent's loop, each with
 * its own schedule for each link. A kind takes part in everything by its functions alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/random.h"
#include "mesh/target.h"
#include "metric/mesh_settings.h"
#include "metric/mesh_snapshot.h"
#include "net/datagram.h"
#include "net/loop.h"
#include "net/stream.h"

struct tls_client;
struct mesh_caps;

enum mesh_prober_kind_index {
	MESH_PROBER_ECHO, /* TCP, short and long, or the older line protocol */
	MESH_PROBER_UDP,
	MESH_PROBER_LOOK, /* http and grpc */
	MESH_PROBER_MTU,
	MESH_PROBERS,
};

/* A peer as the probers have it. It never moves while it is added, and of its target only the name
 * changes then. */
struct mesh_link {
	struct mesh_target target;
	struct mesh_pair *pair; /* what they write; the place is pair - snapshot->pairs */
	uint32_t place;
	void *own[MESH_PROBERS]; /* of the kinds; NULL: it has no part in this link */
};

/* What they share; the agent's. */
struct mesh_host {
	struct loop *loop;
	const struct mesh_settings *settings;
	struct mesh_node *node; /* counts of all links */
	struct mesh_caps *caps;
	struct random *random;
	struct tls_client *tls;
	const char *control_token;
	uint32_t places;
	const struct stream_transport *stream;
	const struct datagram_transport *datagram;
	void *network;
	/* A probe started so long after it was due. */
	void (*started)(void *context, uint64_t late_ns);
	/* Something answered: in the pair, answered_ns and what the answer told. `name` as the wire
	 * has it (mesh_name.h), NULL: it told none. */
	void (*answered)(void *context, struct mesh_link *link, const char *name);
	void *context;
};

struct mesh_prober_kind {
	const char *name;
	/* State of its own in `ret`. -errno with the sentence; 0 and NULL: it is not asked for. */
	int (*open)(const struct mesh_host *host, struct error *error, void **ret);
	/* Nothing is added any more. */
	void (*close)(void *state);
	/* From now on it looks at this link, the first time at a moment that the pair's hash puts
	 * into its interval; `own` is link->own[...]. -ENOMEM. */
	int (*add)(void *state, struct mesh_link *link);
	/* No more, and at once: what is in flight counts as neither received nor lost, and is taken
	 * from `sent`. */
	void (*remove)(void *state, struct mesh_link *link);
	/* The settings have changed (host->settings). NULL: it looks at them each time. */
	void (*change)(void *state);
	/* Nothing falls due any more; what is in flight is awaited. */
	void (*stop)(void *state);
	bool (*is_done)(const void *state);
};

extern const struct mesh_prober_kind mesh_prober_echo;
extern const struct mesh_prober_kind mesh_prober_udp;
extern const struct mesh_prober_kind mesh_prober_look;
extern const struct mesh_prober_kind mesh_prober_mtu;

/* First probes are due at multiples of this, so that what is due about then leaves in one turn of
 * the loop, and answers come to be heard together: of 1,000 peers four at a time. A turn costs more
 * than a probe. 4.2 ms: a slot of the second level of the loop's timers (net/wheel.h), which wake
 * nobody then on their way to the first. */
#define MESH_GRID_NS (UINT64_C(1) << 22)
/* When the first probe of a link is due within an interval that begins at `from_ns`: the hash of
 * the pair of names or ids spreads all peers, and both ends, over it. */
uint64_t mesh_phase(const struct mesh_host *host, const struct mesh_link *link, uint64_t from_ns,
		    uint64_t interval_ns);
