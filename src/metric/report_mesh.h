/* What `conntest mesh --once` found, as a part of a report: plain data, with what the views and
 * --expect read. Texts are the report's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct mesh_state;
struct report;

#define REPORT_MESH_PAIRS_MAX    1024
#define REPORT_MESH_FINDINGS_MAX 32

/* The way to one peer. */
struct report_mesh_pair {
	const char *name;
	const char *location; /* NULL: not known */
	const char *address;
	const char *life;    /* of mesh_life_name() */
	const char *verdict; /* of mesh_verdict_name() */
	const char *blame;   /* of mesh_blame_name(); NULL: nobody's */
	const char *why;     /* NULL: there is nothing to say */
	uint64_t udp_sent;
	uint64_t udp_lost;
	uint64_t tcp_sent; /* connections, short and long */
	uint64_t tcp_lost;
	uint64_t look_sent; /* http and grpc */
	uint64_t look_lost;
	uint64_t retransmits;
	uint64_t rtt_p50_ns; /* of UDP, else of TCP; 0: nothing came back */
	uint64_t rtt_max_ns;
	uint64_t mtu_bytes; /* there; 0: not known */
	uint64_t mtu_reverse_bytes;
	uint64_t mtu_looks;
};

struct report_mesh_finding {
	const char *scope; /* of mesh_scope_name() */
	const char *subject;
	const char *verdict;
	const char *blame;
	const char *evidence;
	const char *besides; /* what it can't be told apart from; NULL */
	uint64_t pairs;      /* bad ones that it explains */
	uint64_t of;
	uint64_t witnesses;
};

struct report_mesh {
	const char *node;
	const char *location;
	const char *mechanism; /* by which the peers were found, "SRV"; NULL: several */
	uint64_t listed;       /* peers, this node apart */
	uint64_t probed;
	uint64_t bad; /* of these */
	uint64_t black_holes;
	uint64_t silent;
	uint64_t leaving;
	uint64_t udp_each; /* probes a peer, the most */
	uint64_t tcp_each;
	uint64_t looks_each;  /* at the MTU */
	double smallest_loss; /* that so many UDP probes see 95 times in 100, as a ratio */
	uint64_t delay_p99_ns;
	uint64_t throttled_ns;
	uint64_t skipped;
	struct report_mesh_pair *pairs; /* the worst first */
	uint32_t pair_count;
	uint64_t pairs_omitted;
	struct report_mesh_finding *findings;
	uint32_t finding_count;
};

/* The part `mesh` of a report and its streams, one a kind of probe; from what stands at the end. */
void report_mesh_fill(const struct mesh_state *state, struct report *report);
