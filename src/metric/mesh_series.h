/* What a mesh counts of one kind of probe to one peer, since it began and in windows: flat, of
 * fixed size, one writer. In every copy sent = received + lost + in_flight, and the failures sum to
 * lost. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"

/* MESH_PROBE(symbol, name, help) */
/* clang-format off */
#define MESH_PROBE_TABLE \
	MESH_PROBE(TCP,      "tcp",      "a new TCP connection and an echo of 10 bytes") \
	MESH_PROBE(TCP_LONG, "tcp_long", "a new TCP connection and an echo of 10,000 bytes, more than three segments") \
	MESH_PROBE(UDP,      "udp",      "datagrams with sequence numbers, from several source ports in turn") \
	MESH_PROBE(HTTP,     "http",     "a page of the peer, by phase") \
	MESH_PROBE(GRPC,     "grpc",     "a call of grpc.health.v1")

enum mesh_probe {
#define MESH_PROBE(symbol, name, help) MESH_##symbol,
	MESH_PROBE_TABLE
#undef MESH_PROBE
	MESH_PROBES,
};
/* Why a probe failed: MESH_REASON(symbol, name). The list is closed. */
#define MESH_REASON_TABLE \
	MESH_REASON(RESOLVE_ERROR,    "resolve_error") \
	MESH_REASON(NO_ROUTE,         "no_route") \
	MESH_REASON(REFUSED,          "refused") \
	MESH_REASON(RESET,            "reset") \
	MESH_REASON(TIMEOUT,          "timeout") \
	MESH_REASON(MESSAGE_TOO_LONG, "message_too_long") \
	MESH_REASON(TLS_ERROR,        "tls_error") \
	MESH_REASON(PROTOCOL_ERROR,   "protocol_error") \
	MESH_REASON(BAD_STATUS,       "bad_status") \
	MESH_REASON(SHORT_REPLY,      "short_reply") \
	MESH_REASON(CORRUPTED,        "corrupted") \
	MESH_REASON(ABORTED,          "aborted") /* for want of something here: descriptors, ports */

enum mesh_reason {
#define MESH_REASON(symbol, name) MESH_REASON_##symbol,
	MESH_REASON_TABLE
#undef MESH_REASON
	MESH_REASONS,
};
/* clang-format on */
const char *mesh_probe_name(enum mesh_probe probe);
const char *mesh_probe_help(enum mesh_probe probe);
const char *mesh_reason_name(enum mesh_reason reason);
/* Of an outcome that is a failure. */
enum mesh_reason mesh_reason_of(enum outcome outcome);

/* A classic histogram of times: bucket i holds what is at most 50 us * 2^i, the last one all that
 * is longer than 26 s. */
#define MESH_SPREAD_BUCKETS 21
#define MESH_SPREAD_BASE_NS UINT64_C(50000)
struct mesh_spread {
	uint64_t sum_ns;
	uint32_t counts[MESH_SPREAD_BUCKETS];
};
unsigned mesh_spread_bucket(uint64_t ns);
/* The highest value of a bucket; UINT64_MAX: of the last. */
uint64_t mesh_spread_bound(unsigned bucket);
void mesh_spread_add(struct mesh_spread *spread, uint64_t ns);
void mesh_spread_merge(struct mesh_spread *into, const struct mesh_spread *from);
uint64_t mesh_spread_count(const struct mesh_spread *spread);

/* Since it began. */
struct mesh_series {
	uint64_t sent;
	uint64_t received; /* unique, in time, as expected */
	uint64_t lost;     /* decided once: at its time-out, or when it failed */
	uint32_t in_flight;
	uint32_t late; /* answers after the time-out; they stay lost */
	uint32_t reordered;
	uint32_t duplicated;
	uint32_t corrupted; /* answers that were not what was sent: lost, CORRUPTED */
	uint32_t skipped;   /* due, and not sent: a cap, or the one before is still under way */
	uint32_t failures[MESH_REASONS];
	struct mesh_spread rtt; /* of the received ones: question to answer, the connection apart */
};

/* The same of one window, for the verdicts. A probe belongs to the window in which it was decided.
 */
struct mesh_window_series {
	uint32_t received;
	uint32_t lost;
	uint32_t reasons; /* bits 1u << MESH_REASON_... of these */
	uint32_t late;
	uint64_t rtt_sum_ns;
	uint64_t rtt_min_ns; /* 0: nothing was received */
	uint64_t rtt_max_ns;
	uint16_t spread[MESH_SPREAD_BUCKETS]; /* saturates */
};
/* The median, as far as buckets tell: where all lie in one, their mean; else they are taken to be
 * spread evenly in theirs, but not beyond the least and the most. Within a factor of two. 0:
 * nothing was received. */
uint64_t mesh_window_median(const struct mesh_window_series *window);

/* One probe's way; `window` is the running one. */
void mesh_series_sent(struct mesh_series *series);
void mesh_series_received(struct mesh_series *series, struct mesh_window_series *window,
			  uint64_t rtt_ns);
void mesh_series_lost(struct mesh_series *series, struct mesh_window_series *window,
		      enum mesh_reason reason);
