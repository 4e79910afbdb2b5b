/* A mesh as node-04 of zone b knows it, for the tests of its views: made of windows that are
 * counted and judged as a node does it, the same each time. What it is made of may be bent before a
 * view reads `state`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/mesh_state.h"

#define SAMPLE_MESH_SELF 4                            /* the number of this node */
#define SAMPLE_MESH_NOW  INT64_C(1795160400000000000) /* 2026-11-20T07:40:00.000Z */

enum sample_mesh_trouble {
	SAMPLE_MESH_WELL,
	/* Screen A4: beyond 1,400 B all is swallowed on the way to node-12, for three minutes;
	 * node-09 loses 7 of 60 on 5 of 6 ports, for two; node-07 refused for a while before.
	 * Besides the peers, node-13 is leaving and an older pingmesh is a page alone. */
	SAMPLE_MESH_A4,
	/* Of every kind one, for ten minutes: node 2 is dead, 5 leaves, 7 has a black hole before
	 * it, 11 is slow, 13 refuses, 17 has less MTU; between the first two places packets are
	 * lost. */
	SAMPLE_MESH_MANY,
	/* This node is throttled, and all that it looks at seems slow. */
	SAMPLE_MESH_STARVED,
};

struct sample_mesh_setup {
	enum sample_mesh_trouble trouble;
	uint32_t peers;   /* besides this node */
	uint32_t chosen;  /* so many of them are probed; 0: all */
	uint32_t places;  /* "a", "b", ... at most 26 */
	uint32_t rows;    /* of so many other nodes, at most MESH_ROWS_MAX; 0: nobody was asked */
	uint32_t windows; /* complete ones; 0: 40 */
};

struct sample_mesh {
	struct mesh_state state;
	struct sample_mesh_setup setup;
	struct mesh_settings settings;
	struct mesh_snapshot *snapshot;
	struct mesh_peer *peers;
	uint32_t *numbers; /* of the nodes in the snapshot's places */
	struct mesh_source sources[3];
	struct mesh_peer_list list;
	struct mesh_events *events;
	struct mesh_judge *judge;
	struct mesh_rows rows;
};

struct sample_mesh *sample_mesh_new(const struct sample_mesh_setup *setup);
/* Screen A4 with the rows of three other nodes, of which one did not answer anew. */
struct sample_mesh *sample_mesh_a4(void);
void sample_mesh_free(struct sample_mesh *sample); /* takes NULL */
