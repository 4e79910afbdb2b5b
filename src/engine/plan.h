/* What to do, as plain data: a command turns its options into a plan, the engine runs it and
 * knows nothing of options. Memory is the caller's and outlives the engine. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/subnet.h"
#include "base/uri.h"
#include "net/datagram.h"
#include "net/source_pool.h"
#include "net/stream.h"
#include "proto/grpc.h"

struct rate_ramp;
struct script;
struct tls_client;
struct tls_server;

/* The streams of a run: each has its own schedule, recorder and figures. */
enum plan_stream {
	PLAN_PERSISTENT, /* traffic: slots that are kept connected, or datagram flows */
	PLAN_LOAD,       /* load: the same with messages of all kinds, as many as they can */
	PLAN_PROBE,      /* load --probe: one slot beside them that is answered */
	PLAN_NEW,        /* connect, one echo, close, at a rate */
	PLAN_PATH,       /* datagram probes beside the connections */
	PLAN_SERVED,     /* what a listener does */
	PLAN_STREAMS,
};
const char *plan_stream_name(enum plan_stream stream);
struct plan;
bool plan_has_stream(const struct plan *plan, enum plan_stream stream);

/* Slots, of traffic, load and its probe; over UDP datagram flows. */
struct plan_slots {
	uint32_t count; /* 0: no such stream */
	enum transport transport;
	uint32_t message_bytes; /* of a datagram, or of traffic's message; at least 64 */
	/* Over all slots: open loop. 0: closed loop, each slot sends as soon as it may. */
	double rate_per_second;
	/* NULL: constant; else of all slots, and rate_per_second is its highest. */
	const struct rate_ramp *ramp;
	uint32_t in_flight;               /* unanswered messages a slot, at most; 0: no limit */
	uint64_t messages_per_connection; /* then it ends and the next one begins; 0: no limit */
	uint64_t lifetime_ns;             /* of a connection; 0: no limit */
	double receive_bits_per_second;   /* of each slot: reads no faster; 0: no limit */
	bool has_greeting;      /* traffic: one uncounted message ahead, which tells the backend */
	bool warms_up;          /* sends before counting begins, too */
	bool is_reset_at_close; /* ends connections with a reset */
	bool is_one_a_send;     /* messages are not put together */
	double connect_rate_per_second; /* 0: as fast as they are accepted; reconnects included */
	uint64_t connect_over_ns;       /* spreads the first connections; 0: by connect_rate */
	bool has_reconnect;
	/* UDP, and the script's messages are not answered: */
	bool is_receiving; /* source: the peer sends, at the rate above */
	bool is_segmented; /* those due together go out in one send where the kernel can (GSO) */
};
/* Datagrams in one direction, to discard or from source: no flow waits for answers. */
bool plan_is_one_way(const struct plan *plan);

struct plan_attempts {
	double rate_per_second; /* 0: no such stream */
	bool is_reset_at_close; /* ends connections with a reset */
};

enum plan_probe { PLAN_PROBE_OFF, PLAN_PROBE_AUTO, PLAN_PROBE_ON };

struct plan_path {
	enum plan_probe mode;
	uint32_t flows;
	uint32_t message_bytes;         /* at least 96 */
	double rate_per_second;         /* of each flow */
	uint32_t outage_after;          /* unanswered in a row */
	const struct endpoint *remotes; /* the datagram addresses; of the same host */
	uint32_t remote_count;
};

/* What grpc.health.v1 answers for a service. */
struct plan_health {
	const char *service; /* "": the server as a whole */
	enum grpc_health health;
};

/* Whom a reflector of STAMP answers, and how. */
struct plan_stamp {
	const uint8_t *key; /* NULL: packets are open */
	size_t key_size;
	const struct subnet *allowed; /* in one of these; none: everybody */
	uint32_t allowed_count;
	bool is_stateful; /* numbers its answers by session */
};

struct plan_listen {
	enum service service;
	enum transport transport;
	struct endpoint local;
};
#define PLAN_LISTEN_MAX 32

struct plan_serve {
	struct plan_listen listen[PLAN_LISTEN_MAX];
	uint32_t listen_count;        /* 0: no such stream */
	const struct tls_server *tls; /* for those over TLS */
	const char *name;             /* the host name that goes out, at most 63 bytes */
	/* Who has it may ask control from another host: CONTROL_TOKEN_MAX bytes (proto/control.h).
	 * NULL: nobody may. */
	const char *control_token;
	const struct plan_health *health; /* besides what is there; the first of a name holds */
	uint32_t health_count;
	/* It is about to end: checks of health are told "not serving". May turn true at any time,
	 * in the thread of the one worker that has this plan. */
	bool is_leaving;
	struct plan_stamp stamp;
	uint64_t connections_max; /* 0: what the descriptors allow */
	/* Of traffic over UDP: of how many the datagrams are counted; 0: of 65,536. */
	uint32_t flows_max;
	uint64_t drain_ns;
};

/* One of the places that a run was told to go to. */
struct plan_target {
	const char *text; /* as used: "https://web:443/items" */
	const char *name; /* of its server, for TLS and the Host header */
	const struct script *script;
};

struct plan {
	struct plan_slots slots;
	enum plan_stream slots_stream; /* PERSISTENT or LOAD */
	struct plan_slots probe;       /* count 0 or 1 */
	const struct plan_target *probe_target;
	const struct endpoint *probe_remotes;
	uint32_t probe_remote_count;
	struct plan_attempts attempts;
	struct plan_path path;
	struct plan_serve serve;

	/* Slot i and attempt i go to remotes[i % remote_count]. */
	const struct endpoint *remotes;
	uint32_t remote_count;
	/* remotes[i] belongs to targets[remote_targets[i]]; NULL: all to the first. */
	const uint16_t *remote_targets;
	const struct plan_target *targets;
	uint32_t target_count;
	const struct source_pool *sources; /* NULL: the kernel chooses */
	/* The system's local ports; 0: not known. */
	uint16_t port_low;
	uint16_t port_high;
	/* So many connections are asked for that each is to look in a window of its own (stream.h).
	 */
	bool has_port_windows;

	uint64_t connect_timeout_ns;
	uint64_t reply_timeout_ns;
	uint64_t stall_after_ns;
	uint64_t give_up_ns;
	uint64_t linger_ns;   /* how long answers are awaited after the last message */
	uint64_t warmup_ns;   /* between the ramp and the measurement, uncounted */
	uint64_t duration_ns; /* 0: until stopped */

	/* Of the program; 0 or 1: its own. More: workers run in as many forked ones, as many in
	 * each or one more. */
	unsigned processes;
	unsigned workers; /* at least 1, and `processes` */
	/* load --serve: plan i is what serves the connections of worker i, which go to remotes[i].
	 * Plans of one worker, without a duration. NULL: the targets are others'. */
	const struct plan *far_ends;
	const unsigned *cpus; /* worker i is pinned to cpus[i % cpu_count] */
	unsigned cpu_count;   /* 0: not pinned */
	uint64_t tick_ns;
	bool is_spinning; /* workers never sleep */
	uint64_t seed;
	struct socket_options socket_options;

	/* The transports: the kernel's, or in-memory ones in tests with their `network`. */
	const struct stream_transport *stream; /* what the targets are reached by; tls: over... */
	const struct stream_transport *below;
	const struct tls_client *tls;
	struct stream_dump *dump; /* where `stream` is stream_dump */
	const struct datagram_transport *datagram;
	void *network;
};
/* In how many processes, at least 1; which of them, from 0, has a worker; and from which worker on
 * those of a process count (of `processes`: behind the last). */
#define PLAN_PROCESSES_MAX 64
unsigned plan_processes(const struct plan *plan);
unsigned plan_process_of(const struct plan *plan, unsigned worker);
unsigned plan_first_worker(const struct plan *plan, unsigned process);
/* How a connection to one of the target's addresses is made; its own end is the caller's choice. */
struct stream_connect plan_connect(const struct plan *plan, const struct endpoint *remote,
				   const struct plan_target *target);
