/* The connections that a worker serves, and what each is doing: a state is a constant object whose
 * handlers return the state that follows. A connection is gone with `service_closed`; its memory
 * goes at the end of the turn.
 */
#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "base/slab.h"
#include "engine/backlog.h"
#include "engine/http_answer.h"
#include "engine/receiver_table.h"
#include "engine/service.h"
#include "engine/service_count.h"
#include "engine/worker.h"
#include "net/stream.h"

struct service_connection;
struct service_protocol;

struct service_state {
	const char *name;
	/* Bytes or the peer's end may have arrived: receives once. */
	const struct service_state *(*readable)(struct service_connection *connection);
	/* There is room to send and no backlog; also called once when the connection is new. */
	const struct service_state *(*writable)(struct service_connection *connection);
	/* Draining: it could end here if nothing is unread. */
	bool (*is_at_rest)(const struct service_connection *connection, uint64_t now_ns);
	/* Draining: says so to the peer, also again and again. NULL: there is nothing to say. */
	const struct service_state *(*part)(struct service_connection *connection);
	/* The peer has ended; or, draining, it is at rest and nothing is unread. */
	const struct service_state *(*leave)(struct service_connection *connection);
};

/* The services' first states; then what follows on any of them. */
extern const struct service_state service_echo;    /* sends back what it gets */
extern const struct service_state service_traffic; /* the same, its name over the first 64 bytes */
extern const struct service_state service_discard;
extern const struct service_state service_source;
extern const struct service_state service_control;  /* tells what has arrived */
extern const struct service_state service_ack;      /* answers every line */
extern const struct service_state service_http;     /* answers requests of HTTP, 1.1 or 2 */
extern const struct service_state service_h2c;      /* answers requests of HTTP/2 */
extern const struct service_state service_grpc;     /* answers calls of gRPC */
extern const struct service_state service_ws;       /* upgrades, then sends back each message */
extern const struct service_state service_flushing; /* its last bytes have no room yet */
extern const struct service_state service_finished; /* sent its end; waits for the peer's */
extern const struct service_state service_closed;

/* What a protocol keeps of a connection while a message is under way: the first member of a struct
 * of its own, which has at most SERVICE_PROTOCOL_BYTES and goes with the connection or before it.
 */
#define SERVICE_PROTOCOL_BYTES 256
/* The same of a request, where a connection has several. */
#define SERVICE_REQUEST_BYTES 512
struct service_protocol_kind {
	/* Its timer: a deadline, or a moment it waits for. */
	void (*timeout)(struct service_connection *connection);
	/* The connection has ended: lets go of buffers. */
	void (*release)(struct service_protocol *protocol);
};
struct service_protocol {
	const struct service_protocol_kind *kind;
	struct service_connection *connection;
	struct timer timer; /* not the protocol's any more once the connection has sent its end */
};

/* Connections that keep no state of their protocol, who waits longest first; and when that one has
 * waited for too long. */
struct service_waiting {
	struct list connections;
	struct timer over;
};

/* All of one worker. */
struct service_connections {
	struct worker *worker;
	struct service_shared *shared;
	_Atomic uint64_t *counted; /* open now, of those that the limit is for */
	struct counters *counters;
	struct receiver_table *receivers; /* for discard; NULL: there is none */
	struct service_udp *udp;          /* for control: the datagrams of the same worker */
	struct service_totals *totals;    /* the worker's */
	struct list open;
	struct list unread;             /* stopped before the end of what has arrived */
	struct service_waiting fresh;   /* of service http, for their first request */
	struct service_waiting resting; /* the same, for another one */
	struct list closed;             /* to be freed at the end of this turn */
	struct deferred read_on;
	struct deferred bury;
	struct slab slab;
	struct slab protocol_pool;
	struct slab request_pool; /* of HTTP/2 */
	struct slab backlog_pool;
	struct http_answer_common http_common;
	bool is_draining;
};

struct service_connection {
	struct stream stream;
	const struct service_state *state;
	struct service_connections *owner;
	struct list node;                  /* in `open` or `closed` */
	struct list unread;                /* in `unread`, or waiting, or alone */
	struct service_protocol *protocol; /* NULL: it has no state of its own */
	struct backlog backlog;
	struct service_count count;
	uint64_t moved_ns;           /* when bytes last arrived; finished: when it did */
	struct receiver_place place; /* discard: where its record is */
	bool has_peer_ended;
};
static_assert(sizeof(struct service_connection) <= 192, "memory of an idle connection");

void service_connections_init(struct service_connections *connections, struct worker *worker,
			      struct service_shared *shared);
/* All must have been closed. */
void service_connections_deinit(struct service_connections *connections);
/* For a stream that is still to be accepted. NULL: out of memory. */
struct service_connection *service_connection_new(struct service_connections *connections);
/* Takes back one that was never begun. */
void service_connection_free(struct service_connection *connection);
/* The stream has been accepted. */
void service_connection_begin(struct service_connection *connection,
			      const struct service_state *state);
/* The `ready` of its stream. */
void service_connection_ready(struct stream *stream, unsigned events);
/* Ends it if it is at rest with nothing unread. */
void service_connection_drain(struct service_connection *connection, uint64_t now_ns);
/* Ends it now, whatever it is doing. */
void service_connection_cut_off(struct service_connection *connection);

/* ---- for states */

/* Receives into the worker's scratch what a backlog can hold, and counts its messages; or throws
 * bytes away. Returns how many bytes; 0: there are none, `ret_next` is the state that follows. */
size_t service_receive(struct service_connection *connection,
		       const struct service_state **ret_next);
size_t service_skip(struct service_connection *connection, const struct service_state **ret_next);
/* The same, but no more than `most` at once. */
size_t service_receive_most(struct service_connection *connection, size_t most,
			    const struct service_state **ret_next);
/* Gives the connection the state of its protocol, all zero. NULL: out of memory. */
struct service_protocol *service_protocol_new(struct service_connection *connection,
					      const struct service_protocol_kind *kind);
/* The connection has no such state until it is given one anew. */
void service_protocol_drop(struct service_connection *connection);
/* Its timer is due so much later than now. */
void service_protocol_wait(struct service_connection *connection, uint64_t time_ns);
/* Sends, and keeps what finds no room in the backlog, which must be empty. 0 or -errno. */
nodiscard int service_send(struct service_connection *connection, const void *data, size_t size);
/* Goes on in the next turn: more may be there to read or to send. */
void service_go_on(struct service_connection *connection);
/* Nothing came for as long as makes a message's end likely. */
bool service_is_quiet(const struct service_connection *connection, uint64_t now_ns);

/* Each returns the state that follows. */
const struct service_state *service_stay(struct service_connection *connection);
/* Ends our direction when all is sent, then waits for the peer's end if it is still to come. */
const struct service_state *service_leave(struct service_connection *connection);
void service_record(const struct service_connection *connection, enum phase phase,
		    enum outcome outcome, int code);
const struct service_state *service_fail(struct service_connection *connection, enum phase phase,
					 int code);
