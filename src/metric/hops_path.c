#include "metric/hops_path.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A hop that is silent for one flow and not for the other is no sign of another path. */
static bool is_same_way(const struct hop *a, const struct hop *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct endpoint *left = hop_address(&a[i]);
		const struct endpoint *right = hop_address(&b[i]);
		if (left && right && !endpoint_is_equal(left, right))
			return false;
	}
	return true;
}

static bool fits(const struct hops_path *path, const struct hops_flow *flow)
{
	if (path->is_reached && flow->is_reached && path->hop_count != flow->hop_count)
		return false;
	uint32_t count = path->hop_count < flow->hop_count ? path->hop_count : flow->hop_count;
	return is_same_way(path->hops, flow->hops, count);
}

static void add_address(struct hop *to, const struct hop_address *one)
{
	for (unsigned i = 0; i < to->address_count; i++) {
		if (endpoint_is_equal(&to->addresses[i].address, &one->address)) {
			to->addresses[i].answers += one->answers;
			return;
		}
	}
	if (to->address_count < HOP_ADDRESS_MAX)
		to->addresses[to->address_count++] = *one;
	else
		to->addresses_omitted += one->answers;
}

static void add_hop(struct hop *to, const struct hop *from)
{
	for (unsigned size = 0; size < HOPS_SIZES; size++) {
		struct hop_count *sum = &to->counts[size];
		const struct hop_count *one = &from->counts[size];
		for (uint32_t i = 0; i < one->timed; i++)
			sum->rtt_ns[sum->timed + i] = one->rtt_ns[i];
		sum->timed += one->timed;
		sum->answered += one->answered;
		sum->sent += one->sent;
		sum->too_big += one->too_big;
	}
	for (unsigned i = 0; i < from->address_count; i++)
		add_address(to, &from->addresses[i]);
	to->addresses_omitted += from->addresses_omitted;
	to->nameless += from->nameless;
	if (from->last.kind != HOP_NO_ANSWER)
		to->last = from->last;
	if (from->too_big.kind != HOP_NO_ANSWER)
		to->too_big = from->too_big;
}

static void add_flow(struct hops_path *path, uint32_t index, const struct hops_flow *flow)
{
	path->flows[path->flow_count++] = index;
	for (uint32_t i = 0; i < flow->hop_count; i++)
		add_hop(&path->hops[i], &flow->hops[i]);
	if (flow->hop_count > path->hop_count)
		path->hop_count = flow->hop_count;
	path->is_reached |= flow->is_reached;
}

/* With room for all flows, as they may all be of this path. */
static int begin_path(const struct hops *hops, struct hops_path *path)
{
	size_t times = (size_t)hops->rounds * hops->flow_count;

	*path = (struct hops_path){ .hops = calloc(hops->ttl_max, sizeof(*path->hops)) };
	if (!path->hops)
		return -ENOMEM;
	uint64_t *rtt_ns = calloc(times * HOPS_SIZES * hops->ttl_max, sizeof(*rtt_ns));
	if (!rtt_ns) {
		free(path->hops);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < hops->ttl_max; i++) {
		for (unsigned size = 0; size < HOPS_SIZES; size++) {
			path->hops[i].counts[size].rtt_ns = rtt_ns;
			rtt_ns += times;
		}
	}
	return 0;
}

static int place_flow(const struct hops *hops, uint32_t index, struct hops_paths *paths)
{
	const struct hops_flow *flow = &hops->flows[index];

	if (flow->hop_count == 0)
		return 0;
	for (uint32_t i = 0; i < paths->count; i++) {
		if (fits(&paths->paths[i], flow)) {
			add_flow(&paths->paths[i], index, flow);
			return 0;
		}
	}
	int rc = begin_path(hops, &paths->paths[paths->count]);
	if (rc == 0)
		add_flow(&paths->paths[paths->count++], index, flow);
	return rc;
}

/* Hosts limit their ICMP as routers do, and nobody is behind the last hop to tell that from loss.
 * Of full size more has to be missing than of small ones. */
static bool is_told_by_icmp(const struct hop *last, enum hops_size size)
{
	const struct hop_count *here = &last->counts[size];
	return last->last.is_icmp && hop_lost(here) > 0 &&
	       !hops_loses_more(&last->counts[HOPS_SMALL], here);
}

static enum hops_witness witness_of(const struct hops_path *path)
{
	const struct hop *last = &path->hops[path->hop_count - 1];
	bool has_gaps = last->last.is_icmp && hop_lost(&last->counts[HOPS_SMALL]) > 0;
	return path->is_reached && !has_gaps ? HOPS_TOLD_BY_TARGET : HOPS_TOLD_BY_ICMP;
}

static void judge_size(struct hops_path *path, enum hops_size size)
{
	struct hop_count counts[HOPS_TTL_MAX];
	struct hops_verdict *verdict = &path->verdict[size];
	struct hops_verdict small = path->verdict[HOPS_SMALL];
	uint32_t count = path->hop_count;

	if (path->is_reached)
		small.notes[count - 1] = HOP_FINE; /* of full size it may lose all the same */
	for (uint32_t i = 0; i < count; i++)
		counts[i] = path->hops[i].counts[size];
	bool is_limited = count > 1 && is_told_by_icmp(&path->hops[count - 1], size);
	hops_judge(counts, is_limited ? count - 1 : count, witness_of(path),
		   size == HOPS_SMALL ? NULL : &small, verdict);
	if (is_limited)
		verdict->notes[count - 1] = HOP_LIMITED;
}

static void judge_path(struct hops_path *path)
{
	judge_size(path, HOPS_SMALL);
	judge_size(path, HOPS_FULL);
}

static double badness(const struct hops_path *path)
{
	double worst = 0;
	for (unsigned size = 0; size < HOPS_SIZES; size++) {
		const struct hops_verdict *verdict = &path->verdict[size];
		if (verdict->sent > 0)
			worst = fmax(worst, (double)verdict->lost / verdict->sent);
	}
	return worst;
}

static int compare_paths(const void *left, const void *right)
{
	const struct hops_path *a = left;
	const struct hops_path *b = right;
	double difference = badness(b) - badness(a);

	if (difference != 0)
		return difference > 0 ? 1 : -1;
	return (a->flows[0] > b->flows[0]) - (a->flows[0] < b->flows[0]);
}

int hops_paths_new(const struct hops *hops, struct hops_paths *ret)
{
	*ret = (struct hops_paths){ .paths = calloc(hops->flow_count, sizeof(*ret->paths)) };
	if (!ret->paths)
		return -ENOMEM;
	for (uint32_t i = 0; i < hops->flow_count; i++) {
		int rc = place_flow(hops, i, ret);
		if (rc < 0) {
			hops_paths_deinit(ret);
			return rc;
		}
	}
	for (uint32_t i = 0; i < ret->count; i++)
		judge_path(&ret->paths[i]);
	qsort(ret->paths, ret->count, sizeof(*ret->paths), compare_paths);
	return 0;
}

void hops_paths_deinit(struct hops_paths *paths)
{
	for (uint32_t i = 0; i < paths->count; i++) {
		free(paths->paths[i].hops[0].counts[0].rtt_ns);
		free(paths->paths[i].hops);
	}
	free(paths->paths);
	*paths = (struct hops_paths){ 0 };
}

void hops_paths_end(const struct hops_paths *paths, enum hops_size size, uint32_t *ret_sent,
		    uint32_t *ret_lost)
{
	*ret_sent = 0;
	*ret_lost = 0;
	for (uint32_t i = 0; i < paths->count; i++) {
		*ret_sent += paths->paths[i].verdict[size].sent;
		*ret_lost += paths->paths[i].verdict[size].lost;
	}
}
