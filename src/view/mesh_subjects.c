#include "view/mesh_subjects.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "metric/mesh_join.h"

const char *mesh_way_name(enum mesh_way way)
{
	static const char *const names[] = {
		[MESH_FORWARD] = "forward", [MESH_REVERSE] = "reverse"
	};

	assert(way < MESH_WAYS);
	return names[way];
}

const char *mesh_told_name(const struct mesh_told *told)
{
	return told->given_name ? told->given_name : told->address;
}

enum mesh_verdict mesh_told_verdict(const struct mesh_told *told)
{
	return told->judged ? (enum mesh_verdict)told->judged->verdict : MESH_VERDICT_UNKNOWN;
}

bool mesh_told_is_bad(const struct mesh_told *told)
{
	return mesh_told_verdict(told) > MESH_VERDICT_LEAVING;
}

/* ---- levels */

static uint64_t known(uint64_t value)
{
	return value > 0 ? value : MESH_LEVEL_UNKNOWN;
}

static void level_way(const struct mesh_mtu_direction *direction, enum mesh_way way,
		      struct mesh_levels *ret)
{
	bool is_measured = direction->verdict < PATH_VERDICTS;

	ret->mtu_bytes[way] = is_measured ? known(direction->mtu_bytes) : MESH_LEVEL_UNKNOWN;
	ret->holes[way] = is_measured ? direction->verdict == PATH_BLACK_HOLE : MESH_LEVEL_UNKNOWN;
}

static struct mesh_levels levels_of(const struct mesh_pair *pair)
{
	struct mesh_levels levels = {
		.deviation_ns = pair->tcp.rtt_ns > 0 ? pair->tcp.deviation_ns : MESH_LEVEL_UNKNOWN,
		.kernel_mtu_bytes = known(pair->tcp.path_mtu_bytes),
		.send_mss_bytes = known(pair->tcp.send_mss_bytes),
		.receive_mss_bytes = known(pair->tcp.receive_mss_bytes),
		.rtt_ns = known(pair->tcp.rtt_ns),
	};

	levels.deviation_us = levels.deviation_ns == MESH_LEVEL_UNKNOWN
				      ? MESH_LEVEL_UNKNOWN
				      : levels.deviation_ns / NS_PER_US;
	for (unsigned i = 0; i < MESH_PROBES; i++)
		levels.in_flight[i] = pair->probes[i].in_flight;
	level_way(&pair->mtu.forward, MESH_FORWARD, &levels);
	level_way(&pair->mtu.reverse, MESH_REVERSE, &levels);
	return levels;
}

static uint64_t smallest(uint64_t a, uint64_t b)
{
	return a < b ? a : b; /* what is not known is the largest */
}

static uint64_t largest(uint64_t a, uint64_t b)
{
	if (a == MESH_LEVEL_UNKNOWN || b == MESH_LEVEL_UNKNOWN)
		return smallest(a, b);
	return a > b ? a : b;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	if (a == MESH_LEVEL_UNKNOWN || b == MESH_LEVEL_UNKNOWN)
		return smallest(a, b);
	return a + b;
}

static void add_levels(struct mesh_levels *into, const struct mesh_levels *from)
{
	for (unsigned i = 0; i < MESH_PROBES; i++)
		into->in_flight[i] = sum(into->in_flight[i], from->in_flight[i]);
	into->deviation_ns = largest(into->deviation_ns, from->deviation_ns);
	into->deviation_us = largest(into->deviation_us, from->deviation_us);
	into->rtt_ns = largest(into->rtt_ns, from->rtt_ns);
	into->kernel_mtu_bytes = smallest(into->kernel_mtu_bytes, from->kernel_mtu_bytes);
	into->send_mss_bytes = smallest(into->send_mss_bytes, from->send_mss_bytes);
	into->receive_mss_bytes = smallest(into->receive_mss_bytes, from->receive_mss_bytes);
	for (unsigned i = 0; i < MESH_WAYS; i++) {
		into->mtu_bytes[i] = smallest(into->mtu_bytes[i], from->mtu_bytes[i]);
		into->holes[i] = sum(into->holes[i], from->holes[i]);
	}
}

/* ---- pairs */

static int compare_names(const void *a, const void *b)
{
	const struct mesh_told *one = a, *other = b;
	int order = strcmp(mesh_told_name(one), mesh_told_name(other));

	if (order != 0)
		return order;
	/* Of those that claim a name, whoever has it in the list comes first. */
	if (!one->peer != !other->peer)
		return one->peer ? -1 : 1;
	return (one->pair > other->pair) - (one->pair < other->pair);
}

static void tell(struct mesh_subjects *subjects, uint32_t place)
{
	const struct mesh_state *state = subjects->state;
	const struct mesh_pair *pair = &state->snapshot->pairs[place];
	struct mesh_told *told = &subjects->told[subjects->told_count++];

	*told = (struct mesh_told){
		.pair = pair,
		.peer = subjects->peers[place],
		.judged = state->judge ? mesh_judge_of(state->judge, place, pair->id) : NULL,
	};
	(void)endpoint_format(&pair->endpoint, told->address);
	if (told->peer && told->peer->name[0] != '\0')
		told->given_name = told->peer->name;
	else if (pair->told_name[0] != '\0')
		told->given_name = pair->told_name;
}

/* No sample is there twice: of those that have one name the first is left. */
static void list_told(struct mesh_subjects *subjects)
{
	const struct mesh_snapshot *snapshot = subjects->state->snapshot;
	uint32_t count = 0;

	for (uint32_t i = 0; i < snapshot->places; i++)
		if (snapshot->pairs[i].id != 0)
			tell(subjects, i);
	qsort(subjects->told, subjects->told_count, sizeof(*subjects->told), compare_names);
	for (uint32_t i = 0; i < subjects->told_count; i++) {
		const char *name = mesh_told_name(&subjects->told[i]);
		if (count == 0 || strcmp(mesh_told_name(&subjects->told[count - 1]), name) != 0)
			subjects->told[count++] = subjects->told[i];
	}
	subjects->told_count = count;
}

/* ---- the worst */

struct badness {
	uint32_t verdict; /* 0: nothing is wrong */
	uint32_t loss_permille;
	uint32_t index;
};

static uint32_t window_loss(const struct mesh_pair *pair)
{
	uint64_t lost = 0, all = 0;

	for (unsigned i = 0; i < MESH_PROBES; i++) {
		lost += pair->closed.probes[i].lost;
		all += pair->closed.probes[i].lost + pair->closed.probes[i].received;
	}
	return all > 0 ? (uint32_t)(lost * 1000 / all) : 0;
}

static int compare_badness(const void *a, const void *b)
{
	const struct badness *one = a, *other = b;

	if (one->verdict != other->verdict)
		return one->verdict > other->verdict ? -1 : 1;
	if (one->loss_permille != other->loss_permille)
		return one->loss_permille > other->loss_permille ? -1 : 1;
	return (one->index > other->index) - (one->index < other->index);
}

static int compare_indexes(const void *a, const void *b)
{
	const struct badness *one = a, *other = b;
	return (one->index > other->index) - (one->index < other->index);
}

void mesh_subject_of(const struct mesh_told *told, struct mesh_figures *figures,
		     struct mesh_subject *ret)
{
	mesh_figures_of(told->pair, figures);
	*ret = (struct mesh_subject){
		.name = mesh_told_name(told),
		.told = told,
		.figures = figures,
		.levels = levels_of(told->pair),
	};
	for (unsigned i = 0; i < MESH_PROBES; i++)
		if (told->pair->probes[i].sent > 0 || told->pair->probes[i].skipped > 0)
			ret->probes |= 1u << i;
}

static int list_pairs(struct mesh_subjects *subjects, uint32_t most)
{
	uint32_t count = most < subjects->told_count ? most : subjects->told_count;
	struct badness *worst = calloc((size_t)subjects->told_count + 1, sizeof(*worst));

	subjects->pairs = calloc((size_t)count + 1, sizeof(*subjects->pairs));
	subjects->figures = calloc((size_t)count + 1, sizeof(*subjects->figures));
	if (!worst || !subjects->pairs || !subjects->figures) {
		free(worst);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < subjects->told_count; i++) {
		const struct mesh_told *told = &subjects->told[i];
		worst[i] = (struct badness){
			.verdict = mesh_told_is_bad(told) ? mesh_told_verdict(told) : 0,
			.loss_permille = window_loss(told->pair),
			.index = i,
		};
	}
	qsort(worst, subjects->told_count, sizeof(*worst), compare_badness);
	qsort(worst, count, sizeof(*worst), compare_indexes);
	for (uint32_t i = 0; i < count; i++)
		mesh_subject_of(&subjects->told[worst[i].index], &subjects->figures[i],
				&subjects->pairs[i]);
	subjects->pair_count = count;
	free(worst);
	return 0;
}

/* ---- locations */

static int compare_groups(const void *a, const void *b)
{
	return strcmp(((const struct mesh_subject *)a)->name,
		      ((const struct mesh_subject *)b)->name);
}

static struct mesh_subject *find_group(struct mesh_subjects *subjects, const char *name)
{
	for (uint32_t i = 0; i < subjects->group_count; i++)
		if (strcmp(subjects->groups[i].name, name) == 0)
			return &subjects->groups[i];
	return NULL;
}

static void add_to_group(struct mesh_subjects *subjects, const struct mesh_told *told)
{
	struct mesh_subject *group = find_group(subjects, mesh_group_name(told->pair, told->peer));
	struct mesh_levels levels = levels_of(told->pair);

	if (!group)
		group = find_group(subjects, MESH_GROUP_OTHERS);
	if (!group)
		return; /* the groups were taken before it came */
	add_levels(&group->levels, &levels);
	group->verdicts[mesh_told_verdict(told)]++;
}

/* As of when the sums were taken: a later snapshot would not add up with them. */
static void take_in_flight(struct mesh_subject *subject, const struct mesh_group *groups,
			   uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (subject->name == groups[i].name)
			memcpy(subject->levels.in_flight, groups[i].in_flight,
			       sizeof(subject->levels.in_flight));
}

static void list_groups(struct mesh_subjects *subjects, const struct mesh_groups *from)
{
	const struct mesh_group *groups = mesh_groups_list(from, &subjects->group_count);

	for (uint32_t i = 0; i < subjects->group_count; i++) {
		struct mesh_subject *subject = &subjects->groups[i];
		*subject = (struct mesh_subject){ .name = groups[i].name,
						  .figures = &groups[i].figures,
						  .probes = subjects->state->settings->probes };
		memset(&subject->levels, 0xff, sizeof(subject->levels));
	}
	qsort(subjects->groups, subjects->group_count, sizeof(subjects->groups[0]), compare_groups);
	for (uint32_t i = 0; i < subjects->told_count; i++)
		add_to_group(subjects, &subjects->told[i]);
	for (uint32_t i = 0; i < subjects->group_count; i++)
		take_in_flight(&subjects->groups[i], groups, subjects->group_count);
}

static int sum_groups(struct mesh_subjects *subjects)
{
	const struct mesh_snapshot *snapshot = subjects->state->snapshot;

	if (mesh_groups_new(snapshot->places, &subjects->own_groups) < 0)
		return -ENOMEM;
	mesh_groups_take(subjects->own_groups, snapshot, subjects->peers);
	return 0;
}

/* ---- the whole */

static int make(struct mesh_subjects *subjects, uint32_t pairs)
{
	const struct mesh_state *state = subjects->state;
	size_t places = (size_t)state->snapshot->places + 1;

	subjects->peers = calloc(places, sizeof(const struct mesh_peer *));
	subjects->told = calloc(places, sizeof(*subjects->told));
	if (!subjects->peers || !subjects->told ||
	    mesh_join(state->snapshot, state->peers, subjects->peers) < 0)
		return -ENOMEM;
	if (!state->groups && sum_groups(subjects) < 0)
		return -ENOMEM;
	list_told(subjects);
	list_groups(subjects, state->groups ? state->groups : subjects->own_groups);
	return list_pairs(subjects, pairs);
}

int mesh_subjects_make(struct mesh_subjects *subjects, const struct mesh_state *state,
		       uint32_t pairs)
{
	*subjects = (struct mesh_subjects){ .state = state };
	int result = make(subjects, pairs);

	if (result < 0)
		mesh_subjects_deinit(subjects);
	return result;
}

void mesh_subjects_deinit(struct mesh_subjects *subjects)
{
	mesh_groups_free(subjects->own_groups);
	free((void *)subjects->peers);
	free(subjects->told);
	free(subjects->pairs);
	free(subjects->figures);
	*subjects = (struct mesh_subjects){ 0 };
}
