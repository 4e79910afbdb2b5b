/* The datagram side of `serve` in one worker: answers come from the address that was asked, are
 * never larger than what asks, and never go to one of our own ports, so that two servers can't be
 * made to answer each other for ever. An answer that finds no room waits; meanwhile nothing more
 * is read. Loss is only what the queue overflowed, and that is counted. */
#pragma once

#include "engine/flow_counts.h"
#include "engine/service.h"
#include "net/datagram.h"

/* No datagram is larger than this. */
#define SERVICE_UDP_ROOM_BYTES 65536
#define SERVICE_UDP_BATCH      4

struct service_udp;

struct service_socket {
	struct datagram_socket socket;
	struct service_udp *owner;
	enum service service;
	struct deferred read_on; /* more may be there than one turn takes */
	uint8_t *room;           /* SERVICE_UDP_BATCH times SERVICE_UDP_ROOM_BYTES */
	struct datagram answers[SERVICE_UDP_BATCH];
	int answered; /* of `count` answers */
	int count;
};

struct service_udp {
	struct worker *worker;
	struct flow_counts *flows; /* NULL: no listener needs it */
	struct service_socket sockets[PLAN_LISTEN_MAX];
	unsigned socket_count;
};

void service_udp_init(struct service_udp *udp, struct worker *worker);
/* Closes what is open. */
void service_udp_deinit(struct service_udp *udp);
/* As service_tcp_listen(). */
nodiscard int service_udp_listen(struct service_udp *udp, uint32_t index, uint16_t port,
				 uint16_t *ret_port);
/* Answers what has arrived, then closes. */
void service_udp_drain(struct service_udp *udp);
void service_udp_close(struct service_udp *udp);
/* What the kernel's receive queues have dropped. */
uint64_t service_udp_overflows(const struct service_udp *udp);
