/* Verdicts on pairs, and what explains them together: looks at each window as it closes, speaks
 * after settings->windows_needed bad ones in a row, and takes a verdict back after as many good
 * ones. Pure: no clock, no I/O. A lost packet counts once a pair and window for what pairs have in
 * common. One thread. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/mesh_events.h"
#include "metric/mesh_peer.h"
#include "metric/mesh_row.h"
#include "metric/mesh_settings.h"
#include "metric/mesh_snapshot.h"
#include "metric/mesh_verdict.h"

#define MESH_EVIDENCE_MAX 256
#define MESH_HISTORY_MAX  120 /* windows: an hour of them */
#define MESH_FINDINGS_MAX 32

/* A window of a pair as the page draws it: loss and time on a scale of their own. */
struct mesh_past {
	uint8_t verdict;   /* of this window alone */
	uint8_t loss_200;  /* 200ths lost, rounded up; UINT8_MAX: nothing was sent */
	uint16_t rtt_10us; /* the median in units of 10 us, saturates; 0: none */
};

struct mesh_judged {
	uint64_t id;     /* of the peer; 0: a free place */
	uint8_t verdict; /* as spoken */
	uint8_t blame;
	uint8_t now; /* of the newest window alone */
	uint8_t bad_in_a_row;
	uint8_t good_in_a_row;
	uint64_t since_ns;                /* the start of the first window of this verdict */
	uint64_t window;                  /* the newest that was judged */
	uint64_t usual_ns;                /* the round trip that was usual; 0: not known */
	char evidence[MESH_EVIDENCE_MAX]; /* a clause of the newest window */
	struct mesh_past
		history[MESH_HISTORY_MAX]; /* a ring: of window w at w % MESH_HISTORY_MAX */
};

/* What several bad pairs have in common. */
struct mesh_finding {
	uint8_t scope;
	uint8_t verdict;
	uint8_t blame;
	char subject[MESH_NAME_MAX]; /* the peer, the location, or this node */
	uint32_t pairs;              /* bad ones that it explains */
	uint32_t of;                 /* pairs that it could concern */
	uint32_t witnesses;          /* other nodes that say the same */
	uint64_t since_ns;
	char evidence[MESH_EVIDENCE_MAX];
	char besides[MESH_NAME_MAX * 2]; /* what it can't be told apart from; "" */
};

struct mesh_judge;
struct mesh_judge_setup {
	const struct mesh_settings *settings; /* outlives it */
	uint32_t places;                      /* as of the snapshots */
};
nodiscard int mesh_judge_new(const struct mesh_judge_setup *setup, struct mesh_judge **ret);
void mesh_judge_free(struct mesh_judge *judge); /* takes NULL */
/* Where the snapshot has a closed window that was not looked at yet: judges it, and notes what
 * began and ended in `events`. `rows` may be NULL. True: it did. */
bool mesh_judge_look(struct mesh_judge *judge, const struct mesh_snapshot *snapshot,
		     const struct mesh_peer_list *peers, const struct mesh_rows *rows,
		     struct mesh_events *events);
/* Would other nodes' rows help now: a pair has had a bad window that is not explained. */
bool mesh_judge_wants_rows(const struct mesh_judge *judge);
/* Of the pair with this id in this place of the snapshots; NULL: it is not judged yet. A snapshot
 * may be newer than what was judged, and the place another peer's by now. */
const struct mesh_judged *mesh_judge_of(const struct mesh_judge *judge, uint32_t place,
					uint64_t id);
/* Ranked, the worst first; valid until the next look. */
const struct mesh_finding *mesh_judge_findings(const struct mesh_judge *judge, uint32_t *ret_count);
/* The smallest loss that `probes` probes see 95 times in 100, as a ratio: 1 - 0.05^(1/n); 1 for 0.
 */
double mesh_smallest_loss(uint64_t probes);
