/* Whom the figures of a mesh are of: its locations, and pairs that are told on their own. What a
 * view of figures is made of, put together once. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "metric/mesh_groups.h"
#include "metric/mesh_state.h"

enum mesh_way { MESH_FORWARD, MESH_REVERSE, MESH_WAYS };
const char *mesh_way_name(enum mesh_way way);

/* What goes up and down; of many pairs together as it says. All of it is uint64_t. */
#define MESH_LEVEL_UNKNOWN UINT64_MAX
struct mesh_levels {
	uint64_t in_flight[MESH_PROBES]; /* the sum */
	uint64_t deviation_ns;           /* the largest */
	uint64_t deviation_us;           /* the same */
	uint64_t kernel_mtu_bytes;       /* the smallest, as the rest of the sizes */
	uint64_t send_mss_bytes;
	uint64_t receive_mss_bytes;
	uint64_t mtu_bytes[MESH_WAYS];
	uint64_t holes[MESH_WAYS]; /* how many have a black hole */
	uint64_t rtt_ns;           /* the largest: the kernel's, of the newest connection */
};

/* A pair, and what is known of it besides its figures. */
struct mesh_told {
	const struct mesh_pair *pair;
	const struct mesh_peer *peer;     /* NULL: not listed */
	const struct mesh_judged *judged; /* NULL: not yet */
	const char *given_name;           /* NULL: none */
	char address[ENDPOINT_TEXT_MAX];
};
/* No other has it. */
const char *mesh_told_name(const struct mesh_told *told);
/* UNKNOWN: not judged yet. */
enum mesh_verdict mesh_told_verdict(const struct mesh_told *told);
/* Something is wrong, with the peer or with this node. */
bool mesh_told_is_bad(const struct mesh_told *told);

struct mesh_subject {
	const char *name;
	const struct mesh_told *told; /* NULL: it is a location */
	const struct mesh_figures *figures;
	struct mesh_levels levels;
	unsigned probes; /* bits 1u << MESH_...: what was tried, of a pair */
	uint32_t verdicts[MESH_VERDICTS];
};

struct mesh_subjects {
	const struct mesh_state *state;
	struct mesh_groups *own_groups; /* NULL: the state has them */
	const struct mesh_peer **peers; /* by place */
	struct mesh_told *told;         /* all pairs, in the order of names */
	uint32_t told_count;
	struct mesh_subject groups[MESH_GROUPS_MAX]; /* in the order of names */
	uint32_t group_count;
	struct mesh_subject *pairs; /* those on their own, in the order of names */
	uint32_t pair_count;
	struct mesh_figures *figures; /* of these */
	uint32_t omitted;             /* pairs that should have been on their own */
};

/* At most `pairs` of them on their own: the worst by verdict, then by the loss of the newest
 * window. -ENOMEM; then there is nothing to free. */
nodiscard int mesh_subjects_make(struct mesh_subjects *subjects, const struct mesh_state *state,
				 uint32_t pairs);
/* A pair; it needs both of them afterwards. */
void mesh_subject_of(const struct mesh_told *told, struct mesh_figures *figures,
		     struct mesh_subject *ret);
void mesh_subjects_deinit(struct mesh_subjects *subjects);
