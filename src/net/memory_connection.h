/* The inside of the memory streams: a connection is one block with its two ends. It lives as long
 * as a stream, a place in a listener's queue, a flight or an untold event refers to it, and is
 * freed at the end of a turn. Only for net/memory*.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/memory_network.h"

struct memory_end {
	struct memory_connection *connection;
	struct memory_end *peer;
	struct stream *stream; /* NULL: not accepted yet, or closed */
	struct endpoint local;
	struct list arrived;      /* struct parcel with bytes that are not received yet */
	size_t used_bytes;        /* of the buffer towards this end: on the way or arrived */
	uint64_t last_arrival_ns; /* of what is on the way here: nothing overtakes it */
	struct deferred telling;
	unsigned untold; /* events for the end of this turn */
	int failure;
	bool is_connected;
	bool is_closed;
	bool is_finished;
	bool has_ended; /* the peer's end has arrived */
};

struct memory_connection {
	struct loop *loop;
	struct memory_network *network; /* NULL: freed */
	struct list node;               /* network->connections */
	struct list waiting;            /* memory_listener.waiting */
	struct endpoint listening;
	struct memory_end client;
	struct memory_end server;
	unsigned references;
	struct deferred ending;
};

struct memory_listener {
	struct list node; /* network->listeners */
	struct memory_network *network;
	struct listener *listener;
	struct list waiting;
};

/* Between two ends that nobody refers to yet. NULL without memory. */
struct memory_connection *memory_connection_new(struct memory_network *network,
						const struct endpoint *client,
						const struct endpoint *server);
void memory_connection_release(struct memory_connection *connection);

/* Tells the stream of this end at the end of the turn. */
void memory_end_tell_later(struct memory_end *end, unsigned events);

/* What is sent to an end, and arrives there in this order. Without memory it is lost, as a packet
 * may be. */
void memory_end_send_request(struct memory_end *to);
void memory_end_send_end(struct memory_end *to);
void memory_end_send_reset(struct memory_end *to);
void memory_end_send_room(struct memory_end *to); /* the buffer towards its peer has room again */
/* The first `size` bytes of the parts. 0 or -ENOMEM. */
nodiscard int memory_end_send_bytes(struct memory_end *to, const struct iovec *parts, size_t size);

/* Moves what has arrived into `data` (NULL: nowhere). */
size_t memory_end_take(struct memory_end *end, uint8_t *data, size_t size);

/* Who listens there, or NULL. */
struct memory_listener *memory_listener_find(const struct memory_network *network,
					     const struct endpoint *asked);
