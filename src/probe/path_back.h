/* The way back of a path: what the far end's service control is asked to send us, over the socket
 * of path_mtu.h, and which of it comes. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/endpoint.h"
#include "metric/path_result.h"
#include "net/control_client.h"
#include "net/loop.h"
#include "net/stream.h"
#include "probe/pmtu.h"
#include "proto/path_wire.h"

/* Whom to ask; plain data of the owner's, and outlives the path. */
struct path_far_end {
	bool is_off;
	struct endpoint place;
	char token[CONTROL_TOKEN_MAX]; /* "": none */
	const struct stream_transport *stream;
	void *network;
};

enum path_back_state {
	PATH_BACK_WAITING, /* for a cookie */
	PATH_BACK_ASKING,
	PATH_BACK_OVER,
};

/* Embedded in its owner. */
struct path_back {
	const struct path_far_end *far_end;
	struct loop *loop;
	struct pmtu pmtu;
	struct control_client client;
	struct control_question question; /* the same for all but number and size */
	struct endpoint place;
	struct timer timer;
	uint32_t header_bytes;
	uint64_t interface_bytes; /* of the far end; 0: not told */
	uint64_t route_bytes;
	enum path_back_state state;
	char reason[320]; /* why there is nothing; "": there is */
	void (*over)(struct path_back *back);
};

void path_back_init(struct path_back *back, struct loop *loop, const struct path_far_end *far_end,
		    void (*over)(struct path_back *back));
/* The cookie has come: asks from now on, from this address of ours, to which the far end sends. */
void path_back_start(struct path_back *back, const struct path_wire *answer,
		     const struct endpoint *local, const struct pmtu_setup *setup);
/* One that was asked for has come here. */
void path_back_arrived(struct path_back *back, uint64_t number);
/* Ends it as it stands, untold; `reason` where it has not begun. */
void path_back_stop(struct path_back *back, const char *reason);
/* Texts are in the arena. */
void path_back_describe(const struct path_back *back, struct arena *arena,
			struct path_direction *ret);
