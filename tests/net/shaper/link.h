/* The two ways of a link: decides the fate of every packet and passes on what is due. What it
 * does is in the log. Packets meet in this order: cut, MTU, loss, rate and queue, duplication,
 * delay with jitter or (reorder) none. A packet that is on its way when the link is cut arrives. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/random.h"

struct way_settings {
	uint64_t delay_ns;
	uint64_t jitter_ns; /* uniform within delay - jitter .. delay + jitter */
	double loss;        /* probabilities: 0 .. 1 */
	double duplicate;
	double reorder;  /* overtakes: passes without delay */
	double rate_bps; /* bits a second of whole packets; 0: no limit */
	uint64_t queue_bytes;
	uint64_t mtu;     /* 0: no limit */
	bool sends_icmp;  /* false: larger packets vanish */
	bool keeps_order; /* jitter makes no packet overtake another */
	bool is_cut;
};

struct way_counters {
	uint64_t in, out, loss, cut, queue, mtu, duplicate, reorder;
};

struct way {
	const char *name;
	struct way_settings settings;
	struct way_counters counters;
	int from_fd;
	int to_fd;
	uint64_t free_at_ns; /* when the sender of a rate-limited way has sent all that waits */
	uint64_t last_due_ns;
};

enum { WAY_AB, WAY_BA, WAY_COUNT };

/* Packets on their way, in a heap by release time; as many as this are held, more are dropped. */
#define LINK_PACKETS_MAX 100000

struct link {
	struct way ways[WAY_COUNT];
	struct random random;
	struct link_packet **heap;
	size_t heap_count;
	uint64_t sequence;
};

/* A link without any fault between the TUN devices `a` and `b`, which stay the caller's. */
nodiscard int link_init(struct link *link, int a, int b);
void link_deinit(struct link *link);

/* Reads what has come in at the start of this way, a batch at most. */
void link_receive(struct link *link, struct way *way);

/* Passes on all that is due by now. */
void link_release(struct link *link, uint64_t now_ns);

/* When the next packet is due; UINT64_MAX without one. */
uint64_t link_due_ns(const struct link *link);
