/* Which peer a pair belongs to: pairs are kept by places, peers by names, and there may be ten
 * thousand of these. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/mesh_peer.h"
#include "metric/mesh_snapshot.h"

/* For each place of the snapshot its peer, NULL where it is free or the peer is not listed (any
 * more). `ret` has room for snapshot->places. -ENOMEM. */
nodiscard int mesh_join(const struct mesh_snapshot *snapshot, const struct mesh_peer_list *peers,
			const struct mesh_peer **ret);
