/* All that a mesh knows of the way from this node to one peer, by its own probes: flat, of fixed
 * size, one writer, published in copies (mesh_snapshot.h). */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "metric/mesh_series.h"
#include "metric/path_result.h"
#include "metric/probe_result.h"

#define MESH_NAME_MAX  64 /* of a node, with its end */
#define MESH_PLACE_MAX 32 /* of a zone or rack */
#define MESH_PORTS_MAX 16 /* source ports of UDP */

/* Of TCP_INFO, read when the echo was back. */
struct mesh_tcp {
	uint64_t retransmitted; /* segments, all connections together */
	uint64_t sent;          /* segments */
	uint64_t timeouts; /* retransmission time-outs that a connection stood in when it ended */
	struct mesh_spread rtt; /* smoothed, by the kernel */
	uint64_t rtt_ns;        /* of the newest connection; 0: none yet */
	uint64_t deviation_ns;  /* rttvar: a mean deviation */
	uint32_t send_mss_bytes;
	uint32_t receive_mss_bytes;
	uint32_t path_mtu_bytes; /* as the kernel believes */
	uint32_t connects;       /* that came up */
	uint64_t connect_sum_ns; /* the peer's kernel answers them, not its process */
};

struct mesh_udp {
	struct mesh_spread jitter; /* |difference of transit times that follow one another| */
	uint32_t lost_there;       /* by the receiver's counts; where it tells none: 0 */
	uint32_t lost_back;
	uint32_t sent[MESH_PORTS_MAX];
	uint32_t lost[MESH_PORTS_MAX];
};

/* Of one direction, as metric/path_result.h has it. */
struct mesh_mtu_direction {
	uint8_t verdict; /* enum path_verdict; PATH_VERDICTS: not measured yet */
	bool is_signalled;
	uint16_t reserved;
	uint32_t mtu_bytes;    /* the largest that passed; 0: none did */
	uint32_t failed_bytes; /* the smallest that did not; 0: none failed */
	uint32_t full_bytes;   /* the largest that was tried */
	uint32_t large_sent;   /* in the newest look */
	uint32_t large_lost;
	uint32_t small_sent;
	uint32_t small_lost;
	struct endpoint signal_from; /* family 0: nobody */
};
struct mesh_mtu {
	uint32_t looks;
	uint32_t probes;  /* packets, all looks together */
	uint32_t signals; /* ICMP "too large" */
	uint32_t interface_bytes;
	uint64_t looked_ns; /* when the newest look ended; 0: none has */
	struct mesh_mtu_direction forward;
	struct mesh_mtu_direction
		reverse; /* of the far end, where it is asked; else not measured */
};

/* What came to be in one window. */
struct mesh_window {
	uint64_t number; /* windows are numbered from 1, the same for all pairs; 0: none */
	struct mesh_window_series probes[MESH_PROBES];
	uint32_t retransmitted; /* TCP segments */
	uint32_t connects;
	uint64_t connect_sum_ns;
	uint64_t connect_min_ns;
	uint16_t ports_used; /* bits of UDP's source ports */
	uint16_t ports_lost;
	uint32_t lost_there;
	uint32_t lost_back;
	/* Since the window before: it said that it leaves; it was probed at all. */
	bool is_leaving;
	bool is_probed;
};

/* How a peer is spoken to. */
enum mesh_speech {
	MESH_SPEECH_OURS, /* traffic over TCP and UDP */
	MESH_SPEECH_ACK,  /* the older conntest's line protocol, TCP alone */
	MESH_SPEECH_HTTP, /* a page alone: an older pingmesh */
};

struct mesh_pair {
	uint64_t id; /* of the peer (mesh_peer.h); 0: a free place */
	struct endpoint endpoint;
	char told_name[MESH_NAME_MAX];   /* as it calls itself in its answers; "": not told */
	char told_place[MESH_PLACE_MAX]; /* its location by the same */
	uint64_t began_ns;
	uint64_t answered_ns; /* the newest answer to anything; 0: none yet */
	bool is_leaving;      /* its answers say so */
	bool is_probed;       /* else what is here is kept and nothing is added */
	struct mesh_series probes[MESH_PROBES];
	struct mesh_tcp tcp;
	struct mesh_udp udp;
	struct mesh_mtu mtu;
	/* Of http: sums over the received ones, and how many of them had the phase. */
	uint64_t phase_sum_ns[PROBE_PHASES];
	uint32_t phase_count[PROBE_PHASES];
	uint16_t http_status;      /* of the newest; 0: none */
	uint8_t grpc_health;       /* enum grpc_health of the newest; UINT8_MAX: none */
	struct mesh_window window; /* the running one */
	struct mesh_window closed; /* the newest that is complete */
};
static_assert(sizeof(struct mesh_pair) <= 3072, "1,000 of them, twice, in a node of 16 MiB");
/* The running window becomes the closed one and `number` begins. */
void mesh_pair_turn(struct mesh_pair *pair, uint64_t number);
