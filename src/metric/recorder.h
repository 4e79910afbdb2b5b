/* What one worker records of one stream: counters, histograms, errors. A flat block without
 * pointers. The worker publishes a consistent copy at each tick; any thread may read it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "metric/counters.h"
#include "metric/error_rows.h"
#include "metric/hist.h"
#include "metric/tcp_facts.h"

/* LATENCY(symbol, name, help): the histograms of a stream. Those that a recorder has come first,
 * behind them what is measured of probes alone (metric/probe_series.h). */
/* clang-format off */
#define LATENCY_TABLE \
	LATENCY(RESPONSE,    "response",    "from the time a message was due") \
	LATENCY(SERVICE,     "service",     "from the first byte sent; answered ones only") \
	LATENCY(CONNECT,     "connect",     "from the SYN to the connection") \
	LATENCY(TLS,         "tls",         "the TLS handshake") \
	LATENCY(UPGRADE,     "upgrade",     "from the WebSocket upgrade sent to its 101") \
	LATENCY(FIRST_BYTE,  "first_byte",  "from the first byte sent to the first byte of the answer") \
	LATENCY(FIRST_REPLY, "first_reply", "from the start of the connection to the first reply") \
	LATENCY(RTT,         "rtt",         "the kernel's round-trip time, sampled of some connections in turn, and when one ends") \
	LATENCY(SEND_ERROR,  "send_error",  "how late messages went out") \
	LATENCY(DELAY_VARIATION, "delay_variation", "one way, above the least seen until then") \
	LATENCY(RESOLVE,     "resolve",     "the name to addresses") \
	LATENCY(SEND,        "send",        "until the request was handed to the kernel whole") \
	LATENCY(WAIT,        "wait",        "from then to the first byte of the answer") \
	LATENCY(TRANSFER,    "transfer",    "from the first byte of the answer to its last") \
	LATENCY(TOTAL,       "total",       "the sum of a probe's phases; answered ones only") \
	LATENCY(JITTER,      "jitter",      "by how much round trips that follow one another differ")
#define LATENCY_RECORDED LATENCY_RESOLVE /* so many of them are a recorder's */

enum latency {
#define LATENCY(symbol, name, help) LATENCY_##symbol,
	LATENCY_TABLE
#undef LATENCY
	LATENCY_COUNT,
};
/* clang-format on */
const char *latency_name(enum latency latency);
const char *latency_help(enum latency latency);

struct recorder {
	struct counters counters;
	struct tcp_facts tcp;
	struct status_row statuses[STATUS_ROWS_MAX];
	struct error_row errors[ERROR_ROWS_MAX];
	/* LATENCY_RECORDED histograms of HIST_STREAM_RANGE follow, see recorder_hist(). */
};

size_t recorder_size(void);
/* -errno. mmap'd: pages are taken on first use. */
nodiscard int recorder_new(struct recorder **ret);
void recorder_free(struct recorder *recorder);

static inline struct hist *recorder_hist(struct recorder *recorder, enum latency latency)
{
	return (struct hist *)(void *)((char *)(recorder + 1) + latency * HIST_STREAM_BYTES);
}

static inline const struct hist *recorder_hist_const(const struct recorder *recorder,
						     enum latency latency)
{
	return (const struct hist *)(const void *)((const char *)(recorder + 1) +
						   latency * HIST_STREAM_BYTES);
}

/* `code` is an errno, 0 if none. */
void recorder_error(struct recorder *recorder, enum phase phase, enum outcome outcome, int code,
		    uint64_t at_ns);
/* The same, with a word on what the peer did; cut to its room. NULL: none. */
void recorder_error_why(struct recorder *recorder, enum phase phase, enum outcome outcome, int code,
			uint64_t at_ns, const char *why);
void recorder_status(struct recorder *recorder, uint32_t code);
void recorder_merge(struct recorder *into, const struct recorder *from);
void recorder_clear(struct recorder *recorder);

/* The published copy: two buffers; the writer fills the one that readers are not on, and waits for
 * nobody. Words are copied as atomics and guarded by a generation, so a reader that was overtaken
 * (it slept for a whole tick) tries again. The memory is shared with processes that are forked
 * later; what a killed one published last stays whole. */
struct publication;
nodiscard int publication_new(struct publication **ret);
void publication_free(struct publication *publication);
/* The worker: publishes what `recorder` holds now, under `tick`. Copies only dirty pages, so it is
 * always the same recorder. */
void publication_publish(struct publication *publication, struct recorder *recorder, uint64_t tick);
/* Any thread: adds the newest copy to `into`, a recorder of recorder_new(), and tells its tick;
 * 0 ticks published: adds none. */
void publication_read(const struct publication *publication, struct recorder *into,
		      uint64_t *ret_tick);
/* Any thread: the newest tick, 0 before the first. */
uint64_t publication_tick(const struct publication *publication);
