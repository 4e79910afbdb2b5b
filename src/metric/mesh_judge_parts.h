/* What the files of mesh_judge share: the state of each place, and of one look at a snapshot. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/mesh_judge.h"
#include "metric/mesh_judge_own.h"
#include "metric/mesh_judge_sight.h"

#define MESH_LOCATIONS_MAX 64 /* those beyond are no part of what pairs may have in common */
#define MESH_NOWHERE       UINT8_MAX
#define MESH_GROUPS_MAX    8

/* A place of the snapshots. */
struct mesh_seen {
	struct mesh_judged judged;
	/* Of this look. */
	const struct mesh_pair *pair; /* NULL: it has no window to judge */
	const struct mesh_peer *peer; /* NULL: not listed */
	const struct mesh_cell *theirs;
	struct mesh_sight sight;
	uint8_t location;     /* index of judge->locations, or MESH_NOWHERE */
	bool is_covered;      /* by what pairs have in common */
	uint64_t others_ns;   /* what others of its location take; 0: too few */
	uint32_t others_bad;  /* nodes that say the same of it */
	uint32_t others_good; /* nodes that reach it, and would have seen it */
	/* Over windows. */
	uint8_t agent_in_a_row;
	uint8_t other_verdict; /* than the spoken one, and how often in a row */
	uint8_t other_in_a_row;
	uint8_t other_blame;
	uint8_t blames_in_a_row;
	uint32_t lost_in_a_row; /* packets, in bad windows in a row */
	uint64_t bad_since_ns;
	uint64_t good_since_ns;
	uint64_t other_since_ns;
};

/* What pairs have in common in this window. */
struct mesh_group {
	uint8_t scope;
	uint8_t location;
	uint8_t verdict;
	uint8_t blame;
	uint32_t pairs;
	uint32_t of;
	uint32_t witnesses;
	uint32_t reached; /* pairs that other nodes reach */
	uint64_t lost;
	uint64_t sent;
	uint64_t rtt_sum_ns; /* of the bad pairs */
	uint64_t usual_sum_ns;
	uint32_t mtu_bytes; /* the least of a way there; 0: not known */
};

/* A finding with its past. */
struct mesh_live {
	struct mesh_finding finding;
	uint64_t id; /* of the peer; of a group 0 */
	bool is_used;
	bool is_told;
	bool is_here; /* in this window */
	uint8_t in_a_row;
	uint8_t missing_in_a_row;
	uint8_t other_verdict;
	uint8_t other_in_a_row;
};

struct mesh_judge {
	const struct mesh_settings *settings;
	uint32_t places;
	uint32_t slots; /* of the table, a power of two */
	bool wants_rows;
	uint64_t window; /* the newest that was judged */
	uint64_t began_ns;
	uint64_t ended_ns;
	const struct mesh_snapshot *snapshot; /* of this look */
	struct mesh_doubt doubt;
	char locations[MESH_LOCATIONS_MAX][MESH_PLACE_MAX];
	uint32_t location_count;
	struct mesh_group groups[MESH_GROUPS_MAX];
	uint32_t group_count;
	struct mesh_live live[MESH_FINDINGS_MAX];
	struct mesh_finding told[MESH_FINDINGS_MAX];
	uint32_t told_count;
	double *room;    /* two figures a place */
	uint32_t *table; /* hash of an id or a name to 1 + place; 0: free */
	struct mesh_seen seen[];
};

/* How it is called: by its peer, by itself, by its address. */
const char *mesh_seen_name(const struct mesh_seen *seen, char text[ENDPOINT_TEXT_MAX]);

/* All that its window is judged by. */
struct mesh_sight_case mesh_seen_case(const struct mesh_judge *judge, const struct mesh_seen *seen);

/* mesh_judge_spoken.c: the newest window joins those before it. */
void mesh_judge_take_in(const struct mesh_judge *judge, struct mesh_seen *seen);
/* mesh_judge_rows.c: what other nodes say of the bad pairs, into `others_...` and `theirs`. */
void mesh_judge_ask_rows(struct mesh_judge *judge, const struct mesh_rows *rows);
/* mesh_judge_group.c: fills judge->groups. */
void mesh_judge_group(struct mesh_judge *judge);
/* Would this group be the cause of a pair that is called so. */
bool mesh_group_covers(uint8_t group_verdict, uint8_t pair_verdict);
/* mesh_judge_describe.c: findings as of this window. */
void mesh_describe_group(const struct mesh_judge *judge, const struct mesh_group *group,
			 struct mesh_finding *ret);
void mesh_describe_pair(const struct mesh_seen *seen, struct mesh_finding *ret);
/* False: this node was not held up so much that it is told, nor does that explain a pair. */
bool mesh_describe_own(const struct mesh_judge *judge, struct mesh_finding *ret);
/* mesh_judge_findings.c: begins, changes and ends them. */
void mesh_judge_tell(struct mesh_judge *judge, struct mesh_events *events);
