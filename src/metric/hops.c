#include "metric/hops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *hops_way_name(enum hops_way way)
{
	static const char *const names[] = {
#define HOPS_WAY(symbol, name, sentence) [HOPS_##symbol] = (name),
		HOPS_WAY_TABLE
#undef HOPS_WAY
	};
	return names[way];
}

const char *hops_way_sentence(enum hops_way way)
{
	static const char *const sentences[] = {
#define HOPS_WAY(symbol, name, sentence) [HOPS_##symbol] = (sentence),
		HOPS_WAY_TABLE
#undef HOPS_WAY
	};
	return sentences[way];
}

enum hops_way hops_way_find(const char *name)
{
	enum hops_way way = 0;
	while (way < HOPS_WAYS && strcmp(hops_way_name(way), name) != 0)
		way++;
	return way;
}

const char *hops_size_name(enum hops_size size)
{
	return size == HOPS_SMALL ? "small" : "full";
}

/* One block for all round-trip times of all hops, which is touched only where hops are. */
static int give_rooms(struct hops *hops)
{
	size_t hop_count = (size_t)hops->flow_count * hops->ttl_max;
	struct hop *all = calloc(hop_count, sizeof(*all));
	uint64_t *times = calloc(hop_count * HOPS_SIZES * hops->rounds, sizeof(*times));

	hops->flows[0].hops = all;
	if (!all || !times) {
		free(times);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < hops->flow_count; i++)
		hops->flows[i].hops = all + (size_t)i * hops->ttl_max;
	for (size_t i = 0; i < hop_count; i++) {
		for (unsigned size = 0; size < HOPS_SIZES; size++) {
			all[i].counts[size].rtt_ns = times;
			times += hops->rounds;
		}
	}
	return 0;
}

int hops_new(enum hops_way way, uint32_t flows, uint32_t ttl_max, uint32_t rounds,
	     struct hops **ret)
{
	if (flows == 0 || flows > HOPS_FLOWS_MAX || ttl_max == 0 || ttl_max > HOPS_TTL_MAX ||
	    rounds == 0 || rounds > HOPS_ROUNDS_MAX)
		return -EINVAL;
	struct hops *hops = calloc(1, sizeof(*hops));
	if (!hops)
		return -ENOMEM;
	hops->way = way;
	hops->rounds = rounds;
	hops->ttl_max = ttl_max;
	hops->flow_count = flows;
	hops->flows = calloc(flows, sizeof(*hops->flows));
	if (!hops->flows || give_rooms(hops) < 0) {
		hops_free(hops);
		return -ENOMEM;
	}
	*ret = hops;
	return 0;
}

void hops_free(struct hops *hops)
{
	if (!hops)
		return;
	if (hops->flows && hops->flows[0].hops) {
		free(hops->flows[0].hops[0].counts[0].rtt_ns);
		free(hops->flows[0].hops);
	}
	free(hops->flows);
	free(hops);
}

void hop_note_sent(struct hop *hop, enum hops_size size)
{
	hop->counts[size].sent++;
}

static bool is_same_host(const struct endpoint *a, const struct endpoint *b)
{
	return a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static void note_address(struct hop *hop, const struct endpoint *from)
{
	unsigned i = 0;
	while (i < hop->address_count && !is_same_host(&hop->addresses[i].address, from))
		i++;
	if (i == HOP_ADDRESS_MAX) {
		hop->addresses_omitted++;
		return;
	}
	if (i == hop->address_count) {
		hop->addresses[hop->address_count++] = (struct hop_address){ .address = *from };
		hop->addresses[i].address.port = 0;
	}
	hop->addresses[i].answers++;
	for (; i > 0 && hop->addresses[i].answers > hop->addresses[i - 1].answers; i--) {
		struct hop_address one = hop->addresses[i];
		hop->addresses[i] = hop->addresses[i - 1];
		hop->addresses[i - 1] = one;
	}
}

void hop_note_answer(struct hop *hop, enum hops_size size, const struct hop_answer *answer,
		     uint64_t rtt_ns)
{
	struct hop_count *count = &hop->counts[size];

	if (answer->kind == HOP_TOO_BIG) {
		count->too_big++;
		hop->too_big = *answer;
		return;
	}
	if (count->answered == count->sent)
		return;
	count->answered++;
	if (rtt_ns != HOP_NOT_TIMED)
		count->rtt_ns[count->timed++] = rtt_ns;
	hop->last = *answer;
	if (answer->from.family != 0)
		note_address(hop, &answer->from);
	else
		hop->nameless++;
}

const struct endpoint *hop_address(const struct hop *hop)
{
	return hop->address_count > 0 ? &hop->addresses[0].address : NULL;
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left;
	const uint64_t *b = right;
	return (*a > *b) - (*a < *b);
}

void hop_rtt(struct hop_count *count, struct hop_rtt *ret)
{
	*ret = (struct hop_rtt){ 0 };
	if (count->timed == 0)
		return;
	qsort(count->rtt_ns, count->timed, sizeof(*count->rtt_ns), compare);
	ret->min_ns = count->rtt_ns[0];
	ret->p50_ns = count->rtt_ns[(count->timed - 1) / 2];
	ret->max_ns = count->rtt_ns[count->timed - 1];
}
