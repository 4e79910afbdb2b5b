/* Numbered datagrams of one flow (proto/one_way_wire.h) that leave together: one system call for
 * many of them and, where the socket can (segments_max), one passage through the kernel for up to
 * 128. Their memory is made once and only stamped from then on. One owner. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "net/datagram.h"

struct train {
	uint8_t *bytes; /* `most` datagrams */
	uint32_t datagram_bytes;
	uint32_t most;
};

/* Where it goes, and whose it is. */
struct train_track {
	struct datagram_socket *socket;
	struct endpoint remote; /* family 0: the socket is connected */
	struct endpoint local;  /* family 0: any of ours */
	uint32_t run;
};

/* Datagrams of this size, which holds a head and is at most 65,507. -ENOMEM. */
nodiscard int train_init(struct train *train, uint32_t datagram_bytes);
void train_deinit(struct train *train);

/* What one call did, added up. */
struct train_count {
	uint64_t segments; /* of what left: so many were several in one send */
	uint64_t sends;    /* that carried them */
};
/* Sends up to `count` (and `most`) datagrams numbered from `sequence`, stamped `now_ns`. How many
 * left (>= 1), or as datagram_send(); where the kernel can't segment so many, or for this way
 * not at all, the socket's segments_max becomes less, at last 1, and they go one by one. */
nodiscard int train_send(struct train *train, const struct train_track *track, uint64_t sequence,
			 uint32_t count, uint64_t now_ns, struct train_count *counts);
