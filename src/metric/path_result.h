/* What a path lets through, as `conntest path` found it: plain data in a report. Sizes are whole IP
 * packets in bytes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"

struct report_hops;

/* PATH_VERDICT(symbol, name, sentence) */
/* clang-format off */
#define PATH_VERDICT_TABLE \
	PATH_VERDICT(OK,         "ok",         "the full size passes") \
	PATH_VERDICT(REDUCED,    "reduced",    "less than the full size passes, and ICMP says so") \
	PATH_VERDICT(BLACK_HOLE, "black hole", "large packets vanish without a word while small ones pass") \
	PATH_VERDICT(LOSS,       "loss",       "small packets are lost as well, too many to tell size from loss") \
	PATH_VERDICT(UNDECIDED,  "undecided",  "nothing answers that could tell")

enum path_verdict {
#define PATH_VERDICT(symbol, name, sentence) PATH_##symbol,
	PATH_VERDICT_TABLE
#undef PATH_VERDICT
	PATH_VERDICTS,
};
/* clang-format on */
const char *path_verdict_name(enum path_verdict verdict);
const char *path_verdict_sentence(enum path_verdict verdict);
/* PATH_VERDICTS: there is none of this name, NULL. */
enum path_verdict path_verdict_find(const char *name);

/* Who told that a probe had arrived. */
#define PATH_BY_ANSWER "answer" /* our serve, with a small answer: this direction alone */
#define PATH_BY_ECHO   "echo"   /* it came back whole: both directions as one */
#define PATH_BY_ICMP   "icmp"   /* the target's own "port unreachable" */

struct path_direction {
	bool is_measured;
	const char *reason;       /* why not */
	const char *verdict;      /* of path_verdict_name() */
	const char *told_by;      /* PATH_BY_...; NULL: nobody did */
	uint64_t mtu_bytes;       /* the largest that passed; 0: none did */
	uint64_t failed_bytes;    /* the smallest that did not; 0: none failed */
	uint64_t full_bytes;      /* the largest that was to be tried */
	uint64_t asked_bytes;     /* by the user; 0: as much as the interface takes */
	uint64_t interface_bytes; /* of the sender's interface; 0: not known */
	uint64_t route_bytes;     /* what its kernel believed when it began; 0: not known */
	uint64_t step_bytes;      /* so well it was to be known */
	uint64_t small_bytes;
	uint64_t small_sent;
	uint64_t small_answered;
	uint64_t large_sent;
	uint64_t large_answered;
	uint64_t rtt_min_ns; /* of the small ones; 0: none */
	uint64_t rtt_max_ns;
	bool is_signalled;       /* ICMP said "too large" */
	const char *signal_from; /* the address; NULL: it was not told */
	uint64_t signal_bytes;   /* 0: it named no size */
};

/* Why its MTU is not known; NULL: it is. */
const char *path_direction_lacks(const struct path_direction *direction);

/* What TCP makes of the path, over one connection to the same place. */
struct path_tcp {
	bool is_measured;
	const char *reason;            /* why not */
	uint64_t mss_first_bytes;      /* of what we send, when it was connected */
	uint64_t mss_bytes;            /* at the end */
	uint64_t path_mtu_first_bytes; /* as the kernel believes, when it was connected */
	uint64_t path_mtu_bytes;       /* at the end */
	uint64_t header_bytes;   /* of IP and TCP with its timestamps, where both sides have them */
	uint64_t sent_bytes;     /* 3 x MSS or more */
	uint64_t acked_bytes;    /* of these */
	uint64_t received_bytes; /* of their echo */
	uint64_t retransmits;    /* segments */
	uint64_t mtu_probing; /* net.ipv4.tcp_mtu_probing here: 0 never, 1 when stuck, 2 always */
	uint64_t duration_ns; /* until all was back, or it was given up */
	uint64_t silent_ns;   /* the longest time in which nothing was acknowledged or came */
	bool is_echoed;       /* all came back */
	const char *ended;    /* how the connection ended before that; NULL: it did not */
};

struct path_result {
	struct endpoint local;
	struct endpoint remote;
	const char *name; /* of the server as it answered; NULL: none */
	uint64_t interface_bytes;
	struct path_direction forward;
	struct path_direction reverse;
	struct path_tcp tcp;
	const struct report_hops *hops; /* one a way of asking */
	uint32_t hops_count;
};
