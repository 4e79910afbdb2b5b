/* Before anything is sent: can this host hold what the plan asks for? Counts usable 4-tuples,
 * file descriptors, the listen queue and conntrack's room, and says exactly what to raise. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"

#define PREFLIGHT_PROCESSES_MAX 64 /* as --processes */

struct preflight_need {
	uint64_t connections;       /* -c: held at once */
	bool is_datagram;           /* these are UDP flows */
	uint64_t connections_per_s; /* opened and closed besides, and then in TIME-WAIT here */
	uint64_t open_s;            /* how long each of those may be open */
	uint64_t flows;             /* --path-flows: UDP sockets besides */
	uint64_t descriptors;       /* what each process itself holds */
	uint64_t processes;        /* share the connections; 0 or 1: one. The rest is the first's */
	uint64_t source_addresses; /* 1 unless --source gives more */
	uint64_t source_ports;     /* how many of these have a port of their own */
	uint64_t remote_endpoints; /* address and port pairs connected to */
	struct endpoint remote;    /* one of them */
};

struct preflight_room {
	uint64_t descriptors;    /* the soft limit after raising it to the hard one */
	uint64_t ports;          /* in ip_local_port_range without the reserved ones */
	uint64_t tuples;         /* ports x sources x remotes: TCP connections */
	uint64_t flows;          /* ports x sources: UDP sockets */
	uint64_t time_wait_s;    /* 60; 2 where net.ipv4.tcp_tw_reuse gives a port back earlier */
	uint64_t conntrack_free; /* UINT64_MAX where conntrack is not loaded or tracks nothing */
	uint64_t conntrack_max;
	uint64_t somaxconn;
};

/* Raises RLIMIT_NOFILE's soft limit to the hard one and reads the rest. */
nodiscard int preflight_measure(const struct preflight_need *need, struct preflight_room *ret);
/* Descriptors alone, which no name needs to be resolved for. -EMFILE as below. */
nodiscard int preflight_check_descriptors(const struct preflight_need *need, struct error *error);
/* -EMFILE, -EADDRNOTAVAIL or -ENOBUFS with the sentence that names the setting, its value and the
 * value it needs, or the options to lower and to what; 0 when all fits. */
nodiscard int preflight_check(const struct preflight_need *need, const struct preflight_room *room,
			      struct error *error);
