/* StatsD datagrams of what happened between two looks: tcpkali's names and types, byte for byte,
 * so that dashboards made for it go on; with tags only for who speaks DogStatsD. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "metric/counters.h"
#include "metric/hist.h"

#define STATSD_DATAGRAM_MAX   512
#define STATSD_NAME_SPACE_MAX 64
/* Stream and target; a longer target is cut. */
#define STATSD_TAGS_MAX 224

/* What names begin with. Under ours a percentile is one level of the name, "p99_5"; everywhere else
 * it is what tcpkali writes, "99.5". */
#define STATSD_TCPKALI "tcpkali"
#define STATSD_OURS    "conntest"

enum statsd_latency { STATSD_CONNECT, STATSD_FIRST_BYTE, STATSD_MESSAGE, STATSD_LATENCIES };

struct statsd_figures {
	/* Since the look before. */
	uint64_t opened;
	uint64_t bytes_received, bytes_sent;
	uint64_t reads, writes;
	uint64_t messages_received, messages_sent;
	/* Now. */
	uint64_t connections_in, connections_out;
	uint64_t bits_in, bits_out;                 /* a second */
	unsigned latencies;                         /* those that are told: bits 1u << STATSD_... */
	const struct hist *hists[STATSD_LATENCIES]; /* NULL: zeros; empty: nothing to say */
};

enum statsd_side { STATSD_OUTGOING, STATSD_INCOMING };

/* What a stream's counters became in `elapsed_ns`, 0: unknown, and then there is no bit rate.
 * Connections are those that we open or those that come in. */
void statsd_between(const struct counters *before, const struct counters *now, uint64_t elapsed_ns,
		    enum statsd_side side, struct statsd_figures *ret);
/* All but the latencies. */
void statsd_add(struct statsd_figures *into, const struct statsd_figures *from);

/* "stream:load,target:tcp://10.0.0.1:5003" with what ends a tag replaced; returns `text`. */
const char *statsd_tags(const char *stream, const char *target, char text[STATSD_TAGS_MAX]);

/* Behind the tags that `text` has already, with what ends a tag replaced; returns `text`. */
const char *statsd_tag(const char *name, const char *value, char text[STATSD_TAGS_MAX]);

struct statsd_writer {
	const char *name_space; /* at most STATSD_NAME_SPACE_MAX - 1 */
	const char *tags;       /* NULL: plain StatsD */
	/* One datagram of at most STATSD_DATAGRAM_MAX bytes. */
	void (*send)(void *context, const char *datagram, size_t size);
	void *context;
};
void statsd_write(const struct statsd_writer *writer, const struct statsd_figures *figures);
