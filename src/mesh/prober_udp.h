/* The datagram probes of a mesh, all over one set of sockets. Between prober_udp.c (the schedule of
 * each link), prober_udp_send.c and prober_udp_hear.c (what became of them). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/units.h"
#include "engine/forward_loss.h"
#include "mesh/caps.h"
#include "mesh/prober.h"
#include "metric/window.h"
#include "net/datagram.h"

/* With many links an answer's own wake-up costs more than all the rest that this process does for
 * it, and the kernel's stamp knows when it came: from so many probes a second on the sockets are
 * looked at by the clock, and what falls due within a step leaves together at its beginning. */
#define UDP_LOOK_RATE_MIN 250
#define UDP_STEP_NS       MESH_GRID_NS
#define UDP_LOOK_NS       (5 * UDP_STEP_NS)

#define UDP_FAMILIES   2
#define UDP_PLACE_BITS 20 /* of a flow id; above is the epoch */

/* A link's way from one source port: it has numbers of its own, from 1, as the receiver counts what
 * comes from each. */
struct udp_way {
	struct forward_loss forward; /* its room is taken while it has jumps */
	uint32_t lost;               /* of those that left */
	uint32_t lost_there;
	uint32_t lost_back;
	uint64_t rtt_ns; /* the newest in time; 0: none yet */
};

struct udp_link {
	struct udp_prober *prober;
	struct mesh_link *link;
	struct timer timer; /* the next turn, or the oldest one's time-out */
	/* Number n leaves from port n % ports, as n / ports + 1 there. */
	struct window window;
	void *storage;
	uint32_t room; /* pending ones that the storage was made for */
	uint32_t flow;
	uint64_t due_ns;
	bool is_queued;
	struct udp_way ways[]; /* one a port */
};

struct udp_socket {
	struct datagram_socket socket;
	struct udp_prober *prober;
	uint32_t port; /* which of them */
	struct deferred read_on;
	uint64_t drained_ns; /* all that had arrived then has been heard */
};

struct udp_queued {
	struct udp_link *link;
	struct udp_socket *from;
	uint64_t due_ns;
};

struct udp_prober {
	const struct mesh_host *host;
	uint32_t ports;
	uint32_t bytes;
	uint32_t bytes_before; /* what is answered now may have been sent so */
	uint32_t epoch;
	uint64_t in_flight;
	uint32_t link_count[UDP_FAMILIES];
	bool is_stopped;
	bool is_looking; /* by the clock */
	struct timer look;
	struct udp_link **links; /* by place */
	/* Of this turn of the loop: sent together at its end. */
	struct udp_queued queue[DATAGRAM_BATCH_MAX];
	int queued;
	struct deferred flush;
	uint8_t *scratch; /* DATAGRAM_BATCH_MAX datagrams, each a byte more than `bytes` */
	bool has_family[UDP_FAMILIES];
	struct udp_socket sockets[UDP_FAMILIES][MESH_PORTS_MAX];
};

static inline unsigned udp_family(const struct udp_link *own)
{
	return own->link->target.endpoint.family == AF_INET6;
}

static inline struct mesh_series *udp_series(const struct udp_link *own)
{
	return &own->link->pair->probes[MESH_UDP];
}

static inline struct mesh_window_series *udp_window(const struct udp_link *own)
{
	return &own->link->pair->window.probes[MESH_UDP];
}

static inline uint64_t udp_sequence(const struct udp_prober *prober, uint64_t number)
{
	return number / prober->ports + 1;
}

/* Of prober_udp.c. */
/* Sets the timer to what comes next. */
void udp_arm(struct udp_link *own);

/* Of prober_udp_send.c. */
/* The link's next probe leaves at the end of this turn of the loop. */
void udp_queue(struct udp_link *own, uint64_t due_ns);
/* It does not. */
void udp_unqueue(struct udp_link *own);
void udp_on_flush(struct deferred *deferred);

/* Of prober_udp_look.c. */
/* After the number of links or their interval has changed. */
void udp_choose_look(struct udp_prober *prober);
void udp_on_look(struct timer *timer);
/* When a probe that is due then is to leave. */
uint64_t udp_step_of(const struct udp_prober *prober, uint64_t due_ns);

/* Of prober_udp_hear.c. */
/* Hears all that has arrived. */
void udp_receive(struct udp_socket *socket);
void udp_on_ready(struct datagram_socket *socket, unsigned events);
void udp_on_read_on(struct deferred *deferred);
/* ICMP about what was sent from this socket, and what else failed it. */
void udp_take_errors(struct udp_socket *socket);
/* Those whose time is over, when what has arrived is heard. */
void udp_give_up(struct udp_link *own, uint64_t now_ns);
