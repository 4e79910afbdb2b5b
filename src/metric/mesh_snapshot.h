/* A consistent copy of what the probing side of a mesh has measured, with what it knows of itself.
 * The pairs keep their places: a place belongs to one peer until the series expire. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/mesh_pair.h"

/* Own trouble in one window: what may have made a bad figure. */
struct mesh_own_window {
	uint64_t number;
	uint64_t began_ns;
	uint64_t length_ns;
	uint64_t probes;       /* that were due */
	uint64_t late;         /* of these: started more than 10 ms after they were due */
	uint64_t delay_p99_ns; /* of starting them */
	uint64_t delay_max_ns;
	uint64_t throttled_ns;  /* of the control group; 0 where it has no quota */
	uint64_t cpu_waited_ns; /* the probing thread, ready to run but without a cpu */
	uint64_t overflows;     /* of receive queues here */
	uint64_t skipped;
};

struct mesh_node {
	char name[MESH_NAME_MAX];
	char location[MESH_PLACE_MAX];
	int64_t started_unix_ns;
	uint64_t started_ns;
	uint64_t now_ns; /* of this copy, monotonic */
	uint64_t window; /* the number of the running one */
	uint64_t window_began_ns;
	struct mesh_own_window closed; /* the newest complete one */
	struct mesh_spread delay;      /* of starting probes, after they were due */
	struct mesh_spread phases[MESH_PROBES][PROBE_PHASES]; /* of all peers */
	uint64_t throttled_ns;
	uint64_t cpu_waited_ns;
	uint64_t skipped_cap;  /* probes, by --max-rate or --max-bandwidth */
	uint64_t skipped_late; /* held up for longer than their interval */
	uint64_t packets_sent; /* by probes, as far as they are counted */
	uint64_t bytes_sent;
	uint64_t overflows;      /* datagrams that the probers' own receive queues dropped */
	uint64_t stamps_missing; /* answers whose arrival the kernel did not stamp */
	uint64_t served_connections;
	uint64_t served_messages;
	uint64_t served_limited; /* turned away */
	uint64_t events_dropped;
	bool is_leaving;
};

struct mesh_snapshot {
	struct mesh_node node;
	uint32_t places; /* the pairs below, with free ones between them */
	struct mesh_pair pairs[];
};
