/* Traced hops as they stand in a report: paths, the worst first, with what follows from their
 * counts (hops_path.h), and the source ports that took them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "metric/hops.h"

/* One of several that answer at the same TTL. */
struct report_hop_address {
	const char *address; /* "10.9.1.254" */
	uint64_t answers;
};

struct report_hop {
	uint64_t ttl;
	const char *address; /* that answers most; NULL: nobody, or it is not known who */
	const struct report_hop_address *addresses;
	uint32_t address_count;
	uint64_t addresses_omitted; /* answers of others */
	uint64_t nameless;          /* answers of which it is not known who sent them */
	uint64_t small_sent;
	uint64_t small_lost;
	uint64_t full_sent;
	uint64_t full_lost;
	uint64_t rtt_min_ns; /* of the small ones; 0: none was answered */
	uint64_t rtt_p50_ns;
	uint64_t rtt_max_ns;
	const char *small_note; /* hop_note_name() */
	const char *full_note;  /* NULL: none were sent */
	bool is_target;
	/* The last answer: of what kind if by ICMP. */
	bool is_icmp;
	uint64_t icmp_type;
	uint64_t icmp_code;
	bool is_stopped;        /* it says that it does not go on from there */
	const char *labels;     /* MPLS, "24001 17"; NULL: none */
	uint64_t too_big;       /* full-size ones that somebody refused */
	uint64_t too_big_bytes; /* what he takes; 0: not said */
	const char *too_big_from;
};

struct report_hop_port {
	uint64_t port;
	uint64_t hops;       /* how far it was traced */
	bool is_reached;     /* the target */
	uint64_t small_sent; /* at the last hop */
	uint64_t small_lost;
	uint64_t full_sent;
	uint64_t full_lost;
	const char *failure; /* why it was given up; NULL: it was not */
};

struct report_hop_path {
	bool is_reached;
	uint64_t small_sent; /* at the last hop that counts; 0: what it says is no sign of loss */
	uint64_t small_lost;
	uint64_t small_lost_from; /* TTL; 0: none, or it can't be told */
	uint64_t full_sent;
	uint64_t full_lost;
	uint64_t full_lost_from;
	const struct report_hop *hops;
	uint32_t hop_count;
	const struct report_hop_port *ports;
	uint32_t port_count;
};

/* Of one way to ask. */
struct report_hops {
	const char *way;    /* hops_way_name() */
	const char *reason; /* why it could not be traced; NULL: it was */
	const char *local;  /* address */
	struct endpoint target;
	uint64_t rounds;
	uint64_t small_bytes; /* of a packet with its IP header */
	uint64_t full_bytes;  /* 0: none were sent */
	bool is_nameless;     /* no privilege to see who answers */
	uint64_t late;
	uint64_t unmatched;
	uint64_t unsent;
	const struct report_hop_path *paths;
	uint32_t path_count;
	const struct report_hop_port *failed; /* ports that never got as far as a hop */
	uint32_t failed_count;
};

/* Something is lost to its end, or nothing answers there. */
bool report_hop_path_is_bad(const struct report_hop_path *path);

/* Of all ways of asking together. */
struct report_hops_totals {
	uint64_t paths;
	uint64_t bad_paths;
	uint64_t sent; /* small ones at the ends */
	uint64_t lost; /* of these */
};
struct report_hops_totals report_hops_sum(const struct report_hops *hops, uint32_t count);

/* Copies all into the arena. -ENOMEM. */
nodiscard int report_hops_fill(struct arena *arena, const struct hops *hops,
			       struct report_hops *ret);
