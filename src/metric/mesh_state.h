/* What a node knows of its mesh at one moment, as every view of it reads it: all of it is the
 * owner's, and stays as it is while a view runs. */
#pragma once

#include <stdint.h>

#include "metric/mesh_events.h"
#include "metric/mesh_groups.h"
#include "metric/mesh_judge.h"
#include "metric/mesh_peer.h"
#include "metric/mesh_row.h"
#include "metric/mesh_settings.h"
#include "metric/mesh_snapshot.h"

struct mesh_state {
	const struct mesh_settings *settings;
	const struct mesh_snapshot *snapshot;
	const struct mesh_peer_list *peers;
	const struct mesh_judge *judge;
	const struct mesh_events *events;
	const struct mesh_rows *rows; /* of other nodes; NULL: not asked */
	/* Of the locations, as they were last taken; NULL: summed anew from the pairs that are
	 * there, so that a sum goes back when one is forgotten. */
	const struct mesh_groups *groups;
	uint64_t now_ns;
	int64_t unix_now_ns;
	uint16_t page_port;      /* where it answers HTTP itself; 0: nowhere */
	uint64_t requests;       /* answered over HTTP */
	uint64_t pushes;         /* StatsD's datagrams and OTLP's requests */
	uint64_t pushes_dropped; /* of these: not taken */
	uint64_t cpu_ns;         /* of this process */
	uint64_t resident_bytes;
	const char *version;
};
/* The peer with this id; NULL: it is not listed any more. */
const struct mesh_peer *mesh_state_peer(const struct mesh_state *state, uint64_t id);
/* How a pair is called: its peer's name, else as it calls itself, else its address. Returns
 * `text`, or a name. */
const char *mesh_state_name(const struct mesh_state *state, const struct mesh_pair *pair,
			    char text[MESH_NAME_MAX + ENDPOINT_TEXT_MAX]);
