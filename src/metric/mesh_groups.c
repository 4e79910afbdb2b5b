#include "metric/mesh_groups.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"

#define TIMES  (offsetof(struct mesh_figures, probes) / sizeof(uint64_t))
#define WORDS  (sizeof(struct mesh_figures) / sizeof(uint64_t))
#define COUNTS (WORDS - TIMES)

/* What was taken of a pair, its figures apart. */
struct taken {
	uint64_t id;
	uint64_t began_ns;
	uint32_t group;
};

/* The figures that were taken lie in columns, of all places each, in pages that are touched as they
 * are written to: most counts of most meshes are 0 for ever. A difference of counts fits into half
 * of a word, one of times doesn't. */
struct mesh_groups {
	uint32_t count;
	uint32_t places;
	struct taken *taken;
	uint64_t *times_ns; /* TIMES columns */
	uint32_t *counts;   /* COUNTS columns */
	struct mesh_group groups[MESH_GROUPS_MAX];
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

static void take_times(const struct mesh_groups *groups, uint32_t place, const uint64_t *now,
		       uint64_t *into)
{
	for (size_t i = 0; i < TIMES; i++) {
		uint64_t *taken = &groups->times_ns[i * groups->places + place];
		if (now[i] == 0)
			continue;
		into[i] += now[i] - *taken;
		*taken = now[i];
	}
}

static void take_counts(const struct mesh_groups *groups, uint32_t place, const uint64_t *now,
			uint64_t *into)
{
	for (size_t i = 0; i < COUNTS; i++) {
		uint32_t *taken = &groups->counts[i * groups->places + place];
		if (now[i] == 0)
			continue;
		into[i] += (uint32_t)((uint32_t)now[i] - *taken);
		*taken = (uint32_t)now[i];
	}
}

/* What `now` has more than was taken is added, and taken. What is 0 has never been more. */
static void add_difference(const struct mesh_groups *groups, uint32_t place,
			   const struct mesh_figures *now, struct mesh_figures *into)
{
	take_times(groups, place, (const uint64_t *)now, (uint64_t *)into);
	take_counts(groups, place, (const uint64_t *)now + TIMES, (uint64_t *)into + TIMES);
}

/* Nothing has been taken of who has this place now. */
static void begin_anew(const struct mesh_groups *groups, uint32_t place)
{
	for (size_t i = 0; i < TIMES; i++) {
		uint64_t *taken = &groups->times_ns[i * groups->places + place];
		if (*taken != 0)
			*taken = 0;
	}
	for (size_t i = 0; i < COUNTS; i++) {
		uint32_t *taken = &groups->counts[i * groups->places + place];
		if (*taken != 0)
			*taken = 0;
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

static uint32_t count_at(const struct mesh_groups *groups, uint32_t place, size_t offset)
{
	return groups->counts[(offset / sizeof(uint64_t) - TIMES) * groups->places + place];
}

/* Nobody will decide what was in flight: it is lost, for want of its pair, so that what was sent is
 * somewhere for ever. */
static void abandon(struct mesh_groups *groups, uint32_t place)
{
	struct taken *taken = &groups->taken[place];
	struct mesh_figures *figures = &groups->groups[taken->group].figures;

	for (unsigned i = 0; i < MESH_PROBES && taken->id != 0; i++) {
		size_t at = offsetof(struct mesh_figures, probes) + i * sizeof(struct mesh_counts);
		uint32_t open =
			count_at(groups, place, at + offsetof(struct mesh_counts, sent)) -
			count_at(groups, place, at + offsetof(struct mesh_counts, received)) -
			count_at(groups, place, at + offsetof(struct mesh_counts, lost));
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
		abandon(groups, place);
	if (pair->id == 0)
		return;
	if (taken->id == 0)
		begin_anew(groups, place);
	taken->began_ns = pair->began_ns;
	taken->id = pair->id;
	taken->group = find_group(groups, mesh_group_name(pair, peer));
	mesh_figures_of(pair, &now);
	add_difference(groups, place, &now, &groups->groups[taken->group].figures);
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
	struct mesh_groups *groups = calloc(1, sizeof(*groups));
	int result = groups == NULL ? -ENOMEM : 0;

	if (result >= 0) {
		groups->places = places;
		result = pages_new(places * sizeof(*groups->taken), PAGES_PRIVATE,
				   (void **)&groups->taken);
	}
	if (result >= 0)
		result = pages_new(places * TIMES * sizeof(*groups->times_ns), PAGES_PRIVATE,
				   (void **)&groups->times_ns);
	if (result >= 0)
		result = pages_new(places * COUNTS * sizeof(*groups->counts), PAGES_PRIVATE,
				   (void **)&groups->counts);
	if (result < 0)
		mesh_groups_free(groups);
	else
		*ret = groups;
	return result;
}

void mesh_groups_free(struct mesh_groups *groups)
{
	if (groups == NULL)
		return;
	pages_free(groups->taken, groups->places * sizeof(*groups->taken));
	pages_free(groups->times_ns, groups->places * TIMES * sizeof(*groups->times_ns));
	pages_free(groups->counts, groups->places * COUNTS * sizeof(*groups->counts));
	free(groups);
}
