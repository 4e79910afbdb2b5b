/* One window of one pair, by itself: what was counted, what it would be called, and why. The rules
 * stand in the order of mesh_judge_sight.c's table: the first that holds names it. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/mesh_pair.h"
#include "metric/mesh_row.h"
#include "metric/mesh_settings.h"
#include "metric/mesh_verdict.h"

/* Which way a black hole is on. */
enum mesh_way { MESH_WAY_NONE, MESH_WAY_THERE, MESH_WAY_BACK, MESH_WAY_BOTH };

struct mesh_sight {
	/* Decided in this window: received or lost. */
	uint32_t decided;
	uint32_t received;
	uint32_t udp_decided;
	uint32_t udp_lost;
	uint32_t tcp_decided; /* short and long */
	uint32_t tcp_lost;    /* of these, for want of an answer */
	uint32_t lost;        /* packets, as the verdict counts them, with what TCP sent again */
	uint32_t reasons;     /* of all kinds */
	uint64_t rtt_ns;      /* the median, of UDP where there is enough of it; 0: none */
	uint64_t connect_ns;  /* the fastest; 0: none came up */
	uint8_t verdict;
	uint8_t blame;        /* by this window alone */
	uint8_t way;          /* enum mesh_way */
	bool is_doubtful;     /* OK, but for one lost packet, say: neither good nor bad */
	bool is_by_tcp;       /* BLACK_HOLE, and no look at the MTU has said so */
	bool lost_only_long;  /* what was lost had 10,000 B, and none such came back */
	bool is_by_connect;   /* SLOW, as the connection came up far faster than its echo */
	bool was_never_there; /* nothing ever came back */
};

struct mesh_sight_case {
	const struct mesh_pair *pair;
	const struct mesh_settings *settings;
	const struct mesh_cell *theirs; /* what the peer says of this node; NULL: not known */
	uint64_t began_ns;              /* the window */
	uint64_t ended_ns;
	uint64_t usual_ns;  /* 0: not known */
	uint64_t others_ns; /* the median of others in that location; 0: too few */
	uint8_t spoken;     /* verdict before this window */
	bool is_expected;   /* its silence: it drains, or is gone */
};

/* The counts and times of pair->closed; no verdict yet. */
void mesh_sight_measure(const struct mesh_pair *pair, struct mesh_sight *ret);
/* The rest. */
void mesh_sight_judge(const struct mesh_sight_case *look, struct mesh_sight *sight);
/* The evidence, "" where there is none. */
void mesh_sight_say(const struct mesh_sight_case *look, const struct mesh_sight *sight, char *text,
		    size_t room);
/* So often chance alone gives `least` or more where `expected` are. */
double mesh_chance_of(uint32_t least, double expected);

/* Lost for no reason: one of 10,000 (Pingmesh: 1e-4 to 1e-5 in healthy data centers). */
#define MESH_BASELINE_LOSS 1e-4
