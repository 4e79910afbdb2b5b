#include "metric/mesh_series.h"

#include <assert.h>

#include "base/attributes.h"

const char *mesh_probe_name(enum mesh_probe probe)
{
	static const char *const names[] = {
#define MESH_PROBE(symbol, name, help) [MESH_##symbol] = (name),
		MESH_PROBE_TABLE
#undef MESH_PROBE
	};
	assert(probe < MESH_PROBES);
	return names[probe];
}

const char *mesh_probe_help(enum mesh_probe probe)
{
	static const char *const helps[] = {
#define MESH_PROBE(symbol, name, help) [MESH_##symbol] = (help),
		MESH_PROBE_TABLE
#undef MESH_PROBE
	};
	assert(probe < MESH_PROBES);
	return helps[probe];
}

const char *mesh_reason_name(enum mesh_reason reason)
{
	static const char *const names[] = {
#define MESH_REASON(symbol, name) [MESH_REASON_##symbol] = (name),
		MESH_REASON_TABLE
#undef MESH_REASON
	};
	assert(reason < MESH_REASONS);
	return names[reason];
}

enum mesh_reason mesh_reason_of(enum outcome outcome)
{
	static const uint8_t reasons[OUTCOME_COUNT] = {
		[OUTCOME_OPEN] = MESH_REASON_TIMEOUT,
		[OUTCOME_CLOSED] = MESH_REASON_SHORT_REPLY,
		[OUTCOME_RESET] = MESH_REASON_RESET,
		[OUTCOME_REFUSED] = MESH_REASON_REFUSED,
		[OUTCOME_CONNECT_TIMEOUT] = MESH_REASON_TIMEOUT,
		[OUTCOME_TIMED_OUT] = MESH_REASON_TIMEOUT,
		[OUTCOME_NO_REPLY] = MESH_REASON_TIMEOUT,
		[OUTCOME_CORRUPTED] = MESH_REASON_CORRUPTED,
		[OUTCOME_REJECTED] = MESH_REASON_BAD_STATUS,
		[OUTCOME_PROTOCOL] = MESH_REASON_PROTOCOL_ERROR,
		[OUTCOME_UNTRUSTED] = MESH_REASON_TLS_ERROR,
		[OUTCOME_TLS] = MESH_REASON_TLS_ERROR,
		[OUTCOME_UNREACHABLE] = MESH_REASON_NO_ROUTE,
		[OUTCOME_PROHIBITED] = MESH_REASON_NO_ROUTE,
		[OUTCOME_NOT_RESOLVED] = MESH_REASON_RESOLVE_ERROR,
		[OUTCOME_NO_DESCRIPTORS] = MESH_REASON_ABORTED,
		[OUTCOME_NO_PORTS] = MESH_REASON_ABORTED,
		[OUTCOME_NO_MEMORY] = MESH_REASON_ABORTED,
		[OUTCOME_LIMITED] = MESH_REASON_REFUSED,
		[OUTCOME_OTHER] = MESH_REASON_ABORTED,
	};
	assert(outcome_is_failure(outcome) || outcome == OUTCOME_OPEN);
	return (enum mesh_reason)reasons[outcome];
}

/* ---- times */

unsigned mesh_spread_bucket(uint64_t ns)
{
	uint64_t steps = ns ? (ns - 1) / MESH_SPREAD_BASE_NS : 0;
	unsigned bucket = steps ? 64U - (unsigned)__builtin_clzll(steps) : 0;

	return bucket < MESH_SPREAD_BUCKETS ? bucket : MESH_SPREAD_BUCKETS - 1;
}

uint64_t mesh_spread_bound(unsigned bucket)
{
	assert(bucket < MESH_SPREAD_BUCKETS);
	return bucket == MESH_SPREAD_BUCKETS - 1 ? UINT64_MAX : MESH_SPREAD_BASE_NS << bucket;
}

void mesh_spread_add(struct mesh_spread *spread, uint64_t ns)
{
	spread->counts[mesh_spread_bucket(ns)]++;
	spread->sum_ns += ns;
}

void mesh_spread_merge(struct mesh_spread *into, const struct mesh_spread *from)
{
	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++)
		into->counts[i] += from->counts[i];
	into->sum_ns += from->sum_ns;
}

uint64_t mesh_spread_count(const struct mesh_spread *spread)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++)
		count += spread->counts[i];
	return count;
}

/* ---- one probe's way */

void mesh_series_sent(struct mesh_series *series)
{
	series->sent++;
	series->in_flight++;
}

void mesh_series_received(struct mesh_series *series, struct mesh_window_series *window,
			  uint64_t rtt_ns)
{
	unsigned bucket = mesh_spread_bucket(rtt_ns);

	assert(series->in_flight > 0);
	series->in_flight--;
	series->received++;
	mesh_spread_add(&series->rtt, rtt_ns);
	if (window->received == 0 || rtt_ns < window->rtt_min_ns)
		window->rtt_min_ns = rtt_ns;
	if (rtt_ns > window->rtt_max_ns)
		window->rtt_max_ns = rtt_ns;
	window->received++;
	window->rtt_sum_ns += rtt_ns;
	if (window->spread[bucket] < UINT16_MAX)
		window->spread[bucket]++;
}

void mesh_series_lost(struct mesh_series *series, struct mesh_window_series *window,
		      enum mesh_reason reason)
{
	assert(series->in_flight > 0);
	series->in_flight--;
	series->lost++;
	series->failures[reason]++;
	if (reason == MESH_REASON_CORRUPTED)
		series->corrupted++;
	window->lost++;
	window->reasons |= 1u << reason;
}

/* The time of the middle one of a bucket's, of which `below` lie in others and `all` are in all. */
static uint64_t within_bucket(const struct mesh_window_series *window, unsigned bucket,
			      uint64_t below, uint64_t all)
{
	uint64_t count = window->spread[bucket];
	uint64_t low_ns = bucket ? mesh_spread_bound(bucket - 1) : 0;
	uint64_t high_ns = mesh_spread_bound(bucket);

	if (count == all)
		return window->rtt_sum_ns / window->received;
	if (low_ns < window->rtt_min_ns)
		low_ns = window->rtt_min_ns;
	if (high_ns > window->rtt_max_ns)
		high_ns = window->rtt_max_ns;
	return low_ns + (uint64_t)((double)(high_ns - low_ns) * (double)(all - 2 * below) /
				   (double)(2 * count));
}

uint64_t mesh_window_median(const struct mesh_window_series *window)
{
	uint64_t all = 0, below = 0;

	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++)
		all += window->spread[i];
	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS && all > 0; i++) {
		if (2 * (below + window->spread[i]) >= all)
			return within_bucket(window, i, below, all);
		below += window->spread[i];
	}
	return 0;
}
