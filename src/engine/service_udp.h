/* The datagram side of `serve` in one worker: answers come from the address that was asked, are
 * never larger than what asks (but for stamp's shortest), and never go to one of our own ports, so
 * that two servers can't be made to answer each other for ever. An answer that finds no room waits;
 * meanwhile nothing more is read. Loss is only what the queue overflowed, and that is counted. */
#pragma once

#include "engine/flow_counts.h"
#include "engine/service.h"
#include "engine/service_udp_source.h"
#include "net/datagram.h"

/* No datagram is larger than this. */
#define SERVICE_UDP_ROOM_BYTES 65536
#define SERVICE_UDP_BATCH_MAX  16

struct service_udp;
struct stamp_service;

struct service_socket {
	struct datagram_socket socket;
	struct service_udp *owner;
	enum service service;
	struct deferred read_on; /* more may be there than one turn takes */
	int batch;               /* so many are received at once */
	uint8_t *room;           /* `batch` times SERVICE_UDP_ROOM_BYTES */
	struct datagram answers[SERVICE_UDP_BATCH_MAX];
	int answered; /* of `count` answers */
	int count;
	struct stamp_service *stamp;                  /* stamp's own; else NULL */
	uint32_t stamp_places[SERVICE_UDP_BATCH_MAX]; /* of the sessions that are answered */
	uint32_t receiver;                            /* discard: of receiver_table_socket() */
	/* Discard: what comes fast is looked for by the clock. */
	struct timer gather;
	bool is_gathering;
	uint64_t looked_ns; /* since then `arrived` receives were not empty */
	uint32_t arrived;
	/* Of a path's: a call failed for what ICMP says. NULL: it is none. */
	void (*troubled)(struct service_socket *place);
};

/* Paths whose way back a worker tries at once. */
#define SERVICE_PATHS_MAX 16

struct service_udp {
	struct worker *worker;
	struct flow_counts *flows;        /* NULL: no listener needs it */
	struct receiver_table *receivers; /* the same */
	struct source_service *source;    /* the same */
	const uint8_t *secret;            /* its secret */
	struct service_socket sockets[PLAN_LISTEN_MAX];
	unsigned socket_count;
	struct service_socket *paths[SERVICE_PATHS_MAX]; /* NULL: a free place */
};

/* `receivers` is the worker's, NULL where nothing is discarded. `secret`: of service_shared. */
void service_udp_init(struct service_udp *udp, struct worker *worker,
		      struct receiver_table *receivers, const uint8_t *secret);
/* Closes what is open. */
void service_udp_deinit(struct service_udp *udp);
/* As service_tcp_listen(). */
nodiscard int service_udp_listen(struct service_udp *udp, uint32_t index, uint16_t port,
				 uint16_t *ret_port);
/* Answers what has arrived, then closes. */
void service_udp_drain(struct service_udp *udp);
void service_udp_close(struct service_udp *udp);
/* What the kernel's receive queues have dropped; also tells those who ask the receiver's table. */
uint64_t service_udp_overflows(struct service_udp *udp);

/* ---- for services of their own file */

/* Counts what a discard socket has received, and answers who only asks whether anybody is there. */
void service_udp_discard(struct service_socket *place, const struct datagram *batch, int count,
			 uint64_t now_ns);
bool service_udp_is_own_port(const struct service_udp *udp, uint16_t port);
/* Queues the answer, unless it would go to a port of ours. */
void service_udp_answer(struct service_socket *place, const struct datagram *datagram);
/* Parts of opening and closing a place. -errno. */
nodiscard int service_udp_prepare(struct service_udp *udp, struct service_socket *place,
				  enum service service);
void service_udp_ready(struct datagram_socket *socket, unsigned events);
void service_udp_close_place(struct service_socket *place);

/* ---- paths ---- */

/* A socket of the service traffic for this peer alone, where a listener of ours takes `server` too:
 * it sends with DF and hears of ICMP errors. -EUSERS: there are too many; -EADDRNOTAVAIL: no
 * listener of ours is there; else -errno. */
nodiscard int service_udp_open_path(struct service_udp *udp, const struct endpoint *server,
				    const struct endpoint *peer, struct service_socket *place);
/* Closed by itself when the service ends. */
bool service_udp_is_open(const struct service_socket *place);
/* Harmless twice. */
void service_udp_close_path(struct service_socket *place);
void service_udp_close_paths(struct service_udp *udp);
