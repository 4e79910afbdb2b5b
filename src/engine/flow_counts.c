#include "engine/flow_counts.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define WAYS 8 /* flows that share a place */

struct flow_count {
	struct endpoint remote;
	uint32_t flow;
	uint64_t count; /* 0: free */
	uint64_t heard_ns;
};

struct flow_counts {
	uint64_t seed;
	uint32_t set_count;
	struct flow_count sets[][WAYS];
};

int flow_counts_new(uint64_t seed, uint32_t flows_max, struct flow_counts **ret)
{
	uint32_t set_count = (flows_max + WAYS - 1) / WAYS;
	struct flow_counts *counts =
		calloc(1, sizeof(*counts) + set_count * sizeof(counts->sets[0]));

	assert(flows_max > 0 && flows_max <= FLOW_COUNTS_MAX);
	if (counts == NULL)
		return -ENOMEM;
	counts->seed = seed;
	counts->set_count = set_count;
	*ret = counts;
	return 0;
}

void flow_counts_free(struct flow_counts *counts)
{
	free(counts);
}

static size_t place_of(const struct flow_counts *counts, const struct endpoint *remote,
		       uint32_t flow)
{
	uint64_t words[2];
	memcpy(words, remote->address, sizeof(words));
	uint64_t hash = hash_mix(counts->seed ^ words[0]);
	hash = hash_mix(hash ^ words[1]);
	hash = hash_mix(hash ^ ((uint64_t)flow << 32 | remote->port));
	return hash % counts->set_count;
}

static bool is_same(const struct flow_count *entry, const struct endpoint *remote, uint32_t flow)
{
	return entry->count != 0 && entry->flow == flow &&
	       endpoint_is_equal(&entry->remote, remote);
}

/* The flow's own entry or, made ready for it, the free or oldest one. */
static struct flow_count *find(struct flow_count set[WAYS], const struct endpoint *remote,
			       uint32_t flow)
{
	struct flow_count *oldest = &set[0];

	for (struct flow_count *entry = set; entry < set + WAYS; entry++) {
		if (is_same(entry, remote, flow))
			return entry;
		if (entry->heard_ns < oldest->heard_ns)
			oldest = entry;
	}
	*oldest = (struct flow_count){ .remote = *remote, .flow = flow };
	return oldest;
}

uint64_t flow_counts_add_at(struct flow_counts *counts, const struct endpoint *remote,
			    uint32_t flow, uint64_t now_ns, uint32_t *ret_place)
{
	struct flow_count *entry = find(counts->sets[place_of(counts, remote, flow)], remote, flow);

	entry->heard_ns = now_ns;
	*ret_place = (uint32_t)(entry - counts->sets[0]);
	return ++entry->count;
}

uint64_t flow_counts_add(struct flow_counts *counts, const struct endpoint *remote, uint32_t flow,
			 uint64_t now_ns)
{
	uint32_t place;

	return flow_counts_add_at(counts, remote, flow, now_ns, &place);
}
