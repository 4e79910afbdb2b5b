/* What one look at a target came to: plain data that a prober fills and every view reads. Its
 * phases never overlap and sum to the total, because each ends where the next begins. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/outcome.h"

/* PROBE_PHASE(symbol, name, help), in the order in which they follow one another. */
/* clang-format off */
#define PROBE_PHASE_TABLE \
	PROBE_PHASE(RESOLVE,  "resolve",  "the name to addresses; none for a literal address") \
	PROBE_PHASE(CONNECT,  "connect",  "from the start of the connection to its being up") \
	PROBE_PHASE(TLS,      "tls",      "the TLS handshake") \
	PROBE_PHASE(SEND,     "send",     "until the request was handed to the kernel whole") \
	PROBE_PHASE(WAIT,     "wait",     "from then to the first byte of the answer: the server's time and one round trip") \
	PROBE_PHASE(TRANSFER, "transfer", "from the first byte of the answer to its last")

enum probe_phase {
#define PROBE_PHASE(symbol, name, help) PROBE_##symbol,
	PROBE_PHASE_TABLE
#undef PROBE_PHASE
	PROBE_PHASES,
};
/* clang-format on */
const char *probe_phase_name(enum probe_phase phase);
const char *probe_phase_help(enum probe_phase phase);

/* What `status` of an answer is a number of. */
enum probe_status {
	PROBE_STATUS_NONE,
	PROBE_STATUS_HTTP,   /* 200 */
	PROBE_STATUS_GRPC,   /* of the call, 0 OK; `health` beside it */
	PROBE_STATUS_DNS,    /* RCODE, 0 NOERROR */
	PROBE_STATUS_SOCKET, /* of a WebSocket's upgrade: 101 */
};

#define PROBE_WHY_BYTES      256
#define PROBE_LOCATION_BYTES 1024
#define PROBE_UNKNOWN        INT64_MIN

/* An answer to a probe that is over. */
enum probe_stray {
	PROBE_STRAY_LATE,   /* it was given up */
	PROBE_STRAY_SECOND, /* it was answered */
};

struct probe_result {
	uint32_t target; /* its index */
	uint64_t number; /* from 1, of this target */
	uint64_t due_ns; /* when it was due by the schedule */
	uint64_t started_ns;
	/* How long the phases took that it went through; `phases` has a bit 1u << PROBE_... for
	 * each that is over. One that failed or was given up is none of these: `failed_in`, which
	 * may have been gone through before, on the way to a redirect. An answer that was whole
	 * and not as expected (REJECTED) has all its phases, and `failed_after_ns` is 0. */
	uint64_t phase_ns[PROBE_PHASES];
	unsigned phases;
	enum outcome outcome; /* DONE, or why not */
	enum probe_phase failed_in;
	uint64_t failed_after_ns; /* in that phase */
	/* A whole clause behind the outcome's sentence, "SYN sent 2 times"; "": there is none. */
	char why[PROBE_WHY_BYTES];
	enum probe_status status_of;
	uint32_t status;
	int32_t health; /* enum grpc_health, -1: none was told */
	uint64_t head_bytes;
	uint64_t body_bytes;                 /* of an answer, or of a datagram */
	bool is_cut;                         /* more than --max-bytes was to come */
	bool is_kept;                        /* on a connection that was there already */
	unsigned redirects;                  /* that were followed */
	char location[PROBE_LOCATION_BYTES]; /* where a redirect goes; "": nowhere, or longer */
	struct endpoint local;
	struct endpoint remote;
	uint32_t addresses; /* of the name; 0: it is a literal address */
	/* Of TLS. */
	char tls_version[12];        /* "TLSv1.3"; "": none */
	char protocol[12];           /* what is spoken: "h2", "http/1.1", by ALPN or not; "" */
	int64_t certificate_until_s; /* Unix time; of the first in the chain to end. UNKNOWN */
	bool is_resumed;
	/* Of TCP, after the answer; 0: not known. */
	uint64_t tcp_rtt_ns;
	uint64_t tcp_rtt_min_ns;
	uint64_t tcp_retransmits;
	uint64_t tcp_mss_bytes;
	uint64_t tcp_path_mtu_bytes; /* as the kernel believes */
	/* Of a datagram. Kernel stamps make `wait` what the wire and the peer took, and `own_ns`
	 * what this host added between the process and the stamp. */
	bool has_kernel_stamps;
	uint64_t own_ns;
	uint8_t ttl;         /* of the answer as it came; 0: not known */
	uint8_t ttl_at_peer; /* of the question as it came there */
	/* One way, where the peer stamps too: its clock compared with ours, ± the sum of what both
	 * say of their error; UNKNOWN. The peer's own time is not in the round trip. */
	int64_t forward_ns;
	int64_t backward_ns;
	uint64_t clock_error_ns;
	uint64_t at_peer_ns;
	/* Of a stateful reflector: how many of ours it had seen, this one included, 0: not told;
	 * and how many had been sent. */
	uint64_t peer_count;
	uint64_t own_count;
};

/* The sum of the phases that are over. */
uint64_t probe_total(const struct probe_result *result);
static inline bool probe_has(const struct probe_result *result, enum probe_phase phase)
{
	return result->phases & 1u << phase;
}
