/* The datagram side of `serve` in one worker: answers come from the address that was asked, are
 * never larger than what asks, and never go to one of our own ports, so that two servers can't be
 * made to answer each other for ever. An answer that finds no room waits; meanwhile nothing more
 * is read. Loss is only what the queue overflowed, and that is counted. */
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
};

struct service_udp {
	struct worker *worker;
	struct flow_counts *flows;        /* NULL: no listener needs it */
	struct receiver_table *receivers; /* the same */
	struct source_service *source;    /* the same */
	const uint8_t *secret;            /* its secret */
	struct service_socket sockets[PLAN_LISTEN_MAX];
	unsigned socket_count;
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
