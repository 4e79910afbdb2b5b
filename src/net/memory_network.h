/* The inside of the memory transports: flights (what is on the way) of one network, in the order
 * of their arrival. Only for net/memory*.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "net/memory.h"

struct flight;

struct flight_kind {
	/* Arrives: the flight is out of the network and belongs to the callee. */
	void (*land)(struct flight *flight);
	/* Is lost, or its network is freed. */
	void (*drop)(struct flight *flight);
	bool is_retransmitted; /* a cut holds it up instead of losing it */
};

struct flight {
	struct list node;
	const struct flight_kind *kind;
	uint64_t at_ns;
};

struct memory_network {
	struct loop *loop;
	struct memory_options options;
	struct random random;
	struct pacer pacer;  /* due when the first flight lands */
	struct list flights; /* by at_ns */
	struct list held;    /* by the cut, in their order */
	bool is_cut;
	uint64_t held_until_ns;  /* nothing retransmitted lands before */
	struct list listeners;   /* struct memory_listener */
	struct list connections; /* struct memory_connection */
	struct list sockets;     /* struct memory_socket */
	/* Of memory_network_set_clock(). */
	struct {
		struct endpoint at;
		int64_t ahead_ns;
	} other_clock;
	struct memory_narrow {
		struct endpoint to;
		struct endpoint teller;
		uint32_t mtu_bytes;
	} narrow[2]; /* mtu_bytes 0: not used */
	uint16_t last_port;
};

/* What a retransmission costs: the smallest RTO of Linux. */
#define MEMORY_RETRANSMIT_NS UINT64_C(200000000)

bool memory_network_draws(struct memory_network *network, double probability);
/* One way, with jitter. */
uint64_t memory_network_draw_delay(struct memory_network *network);
/* Takes the flight over; it lands no earlier than at_ns, or is dropped. */
void memory_network_launch(struct memory_network *network, struct flight *flight, uint64_t at_ns);
void memory_network_drop_all(struct list *flights);

/* Fills in what is left open: the loopback address of this family and a port of its own. */
void memory_network_name(struct memory_network *network, uint16_t family, struct endpoint *local);
/* Whether what is sent to `asked` arrives at `bound`, which may be a wildcard. */
bool memory_network_reaches(const struct endpoint *bound, const struct endpoint *asked);
