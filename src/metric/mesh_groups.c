#include "metric/mesh_groups.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMES  (offsetof(struct mesh_figures, probes) / sizeof(uint64_t))
#define WORDS  (sizeof(struct mesh_figures) / sizeof(uint64_t))
#define COUNTS (WORDS - TIMES)

/* What was taken of a pair: a difference of counts fits into half of a word, one of times doesn't.
 */
struct taken {
	uint64_t id;
	uint64_t began_ns;
	uint32_t group;
	uint64_t times_ns[TIMES];
	uint32_t counts[COUNTS];
};

struct mesh_groups {
	uint32_t count;
	uint32_t places;
	struct mesh_group groups[MESH_GROUPS_MAX];
	struct taken taken[];
};

/* ---- figures */

static void widen(const uint32_t *from, uint64_t *ret, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ret[i] = from[i];
}

static void count_series(const struct mesh_series *series, struct mesh_counts *ret)
{
	ret->sent = series->sent;
	ret->received = series->received;
	ret->lost = series->lost;
	ret->late = series->late;
	ret->reordered = series->reordered;
	ret->duplicated = series->duplicated;
	ret->corrupted = series->corrupted;
	ret->skipped = series->skipped;
	widen(series->failures, ret->failures, MESH_REASONS);
	widen(series->rtt.counts, ret->rtt, MESH_SPREAD_BUCKETS);
}

void mesh_figures_of(const struct mesh_pair *pair, struct mesh_figures *ret)
{
	for (unsigned i = 0; i < MESH_PROBES; i++) {
		count_series(&pair->probes[i], &ret->probes[i]);
		ret->rtt_sum_ns[i] = pair->probes[i].rtt.sum_ns;
	}
	ret->smoothed_sum_ns = pair->tcp.rtt.sum_ns;
	ret->jitter_sum_ns = pair->udp.jitter.sum_ns;
	ret->lost_tcp = pair->probes[MESH_TCP].lost + pair->probes[MESH_TCP_LONG].lost;
	ret->retransmitted = pair->tcp.retransmitted;
	ret->segments = pair->tcp.sent;
	ret->timeouts = pair->tcp.timeouts;
	widen(pair->tcp.rtt.counts, ret->smoothed, MESH_SPREAD_BUCKETS);
	widen(pair->udp.jitter.counts, ret->jitter, MESH_SPREAD_BUCKETS);
	ret->lost_there = pair->udp.lost_there;
	ret->lost_back = pair->udp.lost_back;
	ret->mtu_looks = pair->mtu.looks;
	ret->mtu_probes = pair->mtu.probes;
	ret->mtu_signals = pair->mtu.signals;
}

/* What `now` has more than was taken is added, and taken. */
static void add_difference(struct mesh_figures *into, struct taken *taken,
			   const struct mesh_figures *now)
{
	uint64_t *to = (uint64_t *)into;
	const uint64_t *from = (const uint64_t *)now;

	for (size_t i = 0; i < TIMES; i++) {
		to[i] += from[i] - taken->times_ns[i];
		taken->times_ns[i] = from[i];
	}
	for (size_t i = 0; i < COUNTS; i++) {
		to[TIMES + i] += (uint32_t)((uint32_t)from[TIMES + i] - taken->counts[i]);
		taken->counts[i] = (uint32_t)from[TIMES + i];
	}
}

/* ---- groups */

const char *mesh_group_name(const struct mesh_pair *pair, const struct mesh_peer *peer)
{
	if (peer != NULL && peer->location[0] != '\0')
		return peer->location;
	return pair->told_place[0] != '\0' ? pair->told_place : MESH_GROUP_UNKNOWN;
}

static uint32_t add_group(struct mesh_groups *groups, const char *name)
{
	struct mesh_group *group = &groups->groups[groups->count];

	*group = (struct mesh_group){ .pairs = 0 };
	(void)snprintf(group->name, sizeof(group->name), "%s", name);
	return groups->count++;
}

static uint32_t find_name(const struct mesh_groups *groups, const char *name)
{
	uint32_t i = 0;

	while (i < groups->count && strcmp(groups->groups[i].name, name) != 0)
		i++;
	return i;
}

/* The last free one is for all that have none. */
static uint32_t find_group(struct mesh_groups *groups, const char *name)
{
	uint32_t found = find_name(groups, name);

	if (found < groups->count)
		return found;
	if (groups->count < MESH_GROUPS_MAX - 1)
		return add_group(groups, name);
	found = find_name(groups, MESH_GROUP_OTHERS);
	return found < groups->count ? found : add_group(groups, MESH_GROUP_OTHERS);
}

static uint32_t *count_at(struct taken *taken, size_t offset)
{
	return &taken->counts[offset / sizeof(uint64_t) - TIMES];
}

/* Nobody will decide what was in flight: it is lost, for want of its pair, so that what was sent is
 * somewhere for ever. */
static void abandon(struct mesh_groups *groups, struct taken *taken)
{
	struct mesh_figures *figures = &groups->groups[taken->group].figures;

	for (unsigned i = 0; i < MESH_PROBES && taken->id != 0; i++) {
		size_t at = offsetof(struct mesh_figures, probes) + i * sizeof(struct mesh_counts);
		uint32_t open = *count_at(taken, at + offsetof(struct mesh_counts, sent)) -
				*count_at(taken, at + offsetof(struct mesh_counts, received)) -
				*count_at(taken, at + offsetof(struct mesh_counts, lost));
		figures->probes[i].lost += open;
		figures->probes[i].failures[MESH_REASON_ABORTED] += open;
		if (i == MESH_TCP || i == MESH_TCP_LONG)
			figures->lost_tcp += open;
	}
	taken->id = 0;
}

/* A pair that has a new id, for its peer's address changed, is the same by when it began. */
static void take_pair(struct mesh_groups *groups, uint32_t place, const struct mesh_pair *pair,
		      const struct mesh_peer *peer)
{
	struct taken *taken = &groups->taken[place];
	struct mesh_figures now;

	if (pair->id == 0 || taken->began_ns != pair->began_ns)
		abandon(groups, taken);
	if (pair->id == 0)
		return;
	if (taken->id == 0)
		*taken = (struct taken){ .began_ns = pair->began_ns };
	taken->id = pair->id;
	taken->group = find_group(groups, mesh_group_name(pair, peer));
	mesh_figures_of(pair, &now);
	add_difference(&groups->groups[taken->group].figures, taken, &now);
	groups->groups[taken->group].pairs++;
	for (unsigned i = 0; i < MESH_PROBES; i++)
		groups->groups[taken->group].in_flight[i] += pair->probes[i].in_flight;
}

/* The last one moves into the gap. */
static void forget_group(struct mesh_groups *groups, uint32_t index)
{
	uint32_t last = --groups->count;

	if (index == last)
		return;
	groups->groups[index] = groups->groups[last];
	for (uint32_t i = 0; i < groups->places; i++)
		if (groups->taken[i].id != 0 && groups->taken[i].group == last)
			groups->taken[i].group = index;
}

void mesh_groups_take(struct mesh_groups *groups, const struct mesh_snapshot *snapshot,
		      const struct mesh_peer *const *peers)
{
	assert(snapshot->places <= groups->places);
	for (uint32_t i = 0; i < groups->count; i++) {
		groups->groups[i].pairs = 0;
		memset(groups->groups[i].in_flight, 0, sizeof(groups->groups[i].in_flight));
	}
	for (uint32_t i = 0; i < snapshot->places; i++)
		take_pair(groups, i, &snapshot->pairs[i], peers[i]);
	for (uint32_t i = groups->count; i-- > 0;)
		if (groups->groups[i].pairs == 0)
			forget_group(groups, i);
}

const struct mesh_group *mesh_groups_list(const struct mesh_groups *groups, uint32_t *ret_count)
{
	*ret_count = groups->count;
	return groups->groups;
}

uint32_t mesh_groups_of(const struct mesh_groups *groups, uint32_t place)
{
	assert(place < groups->places && groups->taken[place].id != 0);
	return groups->taken[place].group;
}

/* ---- life */

int mesh_groups_new(uint32_t places, struct mesh_groups **ret)
{
	struct mesh_groups *groups = calloc(1, sizeof(*groups) + places * sizeof(groups->taken[0]));

	if (groups == NULL)
		return -ENOMEM;
	groups->places = places;
	*ret = groups;
	return 0;
}

void mesh_groups_free(struct mesh_groups *groups)
{
	free(groups);
}
