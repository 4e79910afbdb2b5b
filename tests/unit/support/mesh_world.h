/* A mesh as one node sees it, simulated: each window of each pair is drawn from what is said of it,
 * and given to a judge. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "metric/mesh_judge.h"

enum mesh_world_state {
	MESH_WORLD_UP,
	MESH_WORLD_DEAD,    /* nothing comes back */
	MESH_WORLD_CLOSED,  /* the host answers, nobody listens */
	MESH_WORLD_FROZEN,  /* the kernel takes connections, the process says nothing */
	MESH_WORLD_STUCK,   /* 10,000 B do not pass */
	MESH_WORLD_FAILING, /* its page answers 503 */
	MESH_WORLD_GARBLED, /* of 10,000 B others come back */
	MESH_WORLD_WANTING, /* this node has no descriptors for connections */
};

struct mesh_world_pair {
	enum mesh_world_state state;
	double loss;    /* of a packet, anywhere */
	unsigned burst; /* so many datagrams lost in a row, in the next window */
	uint16_t ports; /* bits: only these lose; 0: all */
	uint64_t rtt_ns;
	uint64_t process_ns; /* what its process takes on top */
	double spread;       /* sigma of the log-normal factor of each RTT */
	double spikes;       /* share of answers that take 20 ms longer */
};

struct mesh_world {
	struct mesh_settings settings;
	struct mesh_snapshot *snapshot;
	struct mesh_peer *peers;
	struct mesh_peer_list list;
	struct mesh_world_pair *pairs;
	struct mesh_judge *judge;
	struct mesh_events *events;
	struct mesh_rows *rows; /* the test's; NULL */
	struct random random;
	uint32_t count;
	uint32_t udp;               /* probes of a pair and window */
	uint32_t rounds;            /* of TCP, short and long, and of pages */
	struct mesh_own_window own; /* of the next windows */
	bool has_pages;
};

/* `count` peers p00, p01 ... of which the first half is in location a, where this node is, and the
 * others are in b; 0.3 ms away and without loss. */
void mesh_world_init(struct mesh_world *world, uint32_t count, uint32_t windows_needed);
void mesh_world_deinit(struct mesh_world *world);
/* So many windows pass, each looked at. */
void mesh_world_pass(struct mesh_world *world, uint32_t windows);
const struct mesh_judged *mesh_world_judged(const struct mesh_world *world, uint32_t pair);
/* How many events of this kind there are. */
uint32_t mesh_world_events(const struct mesh_world *world, enum mesh_event_kind kind);
/* The finding about this subject; NULL: there is none. */
const struct mesh_finding *mesh_world_finding(const struct mesh_world *world, const char *subject);
uint32_t mesh_world_findings(const struct mesh_world *world);
