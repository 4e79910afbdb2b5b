/* Self-doubt: what of the bad figures this node's own trouble explains.
 *
 * Held up is the largest share of the window of: throttled by the control group; ready to run
 * without a cpu; probes begun more than 10 ms late. Being held up makes all peers look alike, so
 * what one pair shows beyond the others is not explained by it:
 *   loss    answers wait in the receive queue while this node does not run, so that it loses them
 *           only in three ways: the queues overflowed, at least as often as this pair lost and as
 *           half of all that was lost; it stood still for half a time-out (D), and the pair lost no
 *           larger a part than (D + time-out) is of the window; or it was held up for 15 % of the
 *           window, for an eighth of a time-out at a stretch (an echo over TCP takes several
 *           turns), and the pair lost no more than three standard deviations above twice what the
 *           median pair lost.
 *   slow    explained from 15 % on (a median moves only with many), up to twice what the median
 *           pair has become slower by. Up to twice the longest hold-up where it was throttled, or
 *           begun late, for 15 %: a quota's period may fall in step with the probes of one pair;
 *           or where there are fewer than four pairs to compare it with.
 *   silence explained only where it could lose, and the others fell silent too: with a share `a` of
 *           the others' probes answered, n lost ones are an accident of (1 - a)^n, and 1e-6 is too
 *           rare. Where there are no others, from 50 % on.
 *   refused, bad status, a black hole by the MTU's look: never, somebody else said or showed it.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/mesh_judge_say.h"
#include "metric/mesh_judge_sight.h"
#include "metric/mesh_snapshot.h"

struct mesh_doubt {
	bool is_held;  /* there is something that may explain */
	bool is_moved; /* for so long that it moves medians: usual times are not learned */
	bool is_heavy; /* so much that it is told even where no pair is bad */
	double share;  /* of the window, held up */
	double halts;  /* of it, by more than waiting for a cpu: throttled, or begun late */
	uint64_t delay_max_ns;
	uint64_t timeout_ns;
	uint64_t length_ns;
	uint64_t overflows;
	/* Over all pairs of the window. */
	uint64_t decided;
	uint64_t received;
	uint64_t udp_lost;
	double loss;       /* of the median pair */
	uint32_t compared; /* pairs whose usual times are known, or those of their connections */
	uint64_t slow_ns;  /* above these, of the median one */
};

/* The node's part; what is over all pairs is filled in by mesh_doubt_add() and _settle(). */
void mesh_doubt_begin(struct mesh_doubt *doubt, const struct mesh_own_window *own,
		      const struct mesh_settings *settings);
/* A pair of the window, with two figures of room at `losses` and `slows` each. */
struct mesh_doubt_pairs {
	double *losses;
	double *slows;
	uint32_t count;
	uint32_t slow_count;
};
void mesh_doubt_add(struct mesh_doubt *doubt, struct mesh_doubt_pairs *pairs,
		    const struct mesh_sight *sight, uint64_t usual_ns);
void mesh_doubt_settle(struct mesh_doubt *doubt, struct mesh_doubt_pairs *pairs);
bool mesh_doubt_explains(const struct mesh_doubt *doubt, const struct mesh_sight *sight,
			 uint64_t usual_ns);
void mesh_doubt_say(const struct mesh_own_window *own, struct mesh_say *say);
