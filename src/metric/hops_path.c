#include "metric/hops_path.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two shares are told apart when two rates explain the counts e^4 times better than one does:
 * chance does that once in 200 times. */
#define EVIDENCE_MIN 4.0

const char *hop_note_name(enum hop_note note)
{
	static const char *const names[] = {
#define HOP_NOTE(symbol, name) [HOP_##symbol] = (name),
		HOP_NOTE_TABLE
#undef HOP_NOTE
	};
	return names[note];
}

/* ---- loss along a path */

struct tally {
	double sent;
	double lost;
};

static double share(struct tally tally)
{
	return tally.sent > 0 ? tally.lost / tally.sent : 0;
}

/* The logarithm of how likely the count is with its own share. */
static double likelihood(struct tally tally)
{
	double kept = tally.sent - tally.lost;
	double result = 0;

	if (tally.lost > 0)
		result += tally.lost * log(tally.lost / tally.sent);
	if (kept > 0)
		result += kept * log(kept / tally.sent);
	return result;
}

static struct tally sum(struct tally a, struct tally b)
{
	return (struct tally){ a.sent + b.sent, a.lost + b.lost };
}

/* How much better two rates explain it than one; 0 where the second is not the larger. */
static double evidence(struct tally small, struct tally large)
{
	if (share(large) <= share(small))
		return 0;
	return likelihood(small) + likelihood(large) - likelihood(sum(small, large));
}

static struct tally tally_of(const struct hop_count *count)
{
	return (struct tally){ count->sent, hop_lost(count) };
}

/* The last hop that says anything: what is behind it is dead. */
static uint32_t find_end(const struct hop_count *counts, uint32_t hop_count)
{
	while (hop_count > 0 && counts[hop_count - 1].answered == 0)
		hop_count--;
	return hop_count;
}

static bool says_little(enum hop_note note)
{
	return note == HOP_LIMITED || note == HOP_SILENT;
}

/* From the end back: what is lost on the way to a hop is lost to all behind it too, so those behind
 * give the most that it can lose, and it limits what it says where it answers less. */
static void find_limited(const struct hop_count *counts, uint32_t end, struct hops_verdict *ret)
{
	struct tally behind = { 0 };

	for (uint32_t i = end; i-- > 0;) {
		struct tally here = tally_of(&counts[i]);
		if (says_little(ret->notes[i]))
			continue;
		if (behind.sent > 0 && evidence(behind, here) > EVIDENCE_MIN)
			ret->notes[i] = counts[i].answered > 0 ? HOP_LIMITED : HOP_SILENT;
		else
			behind = sum(behind, here);
	}
}

/* The hops from one to before another, but those that limit what they say. */
static struct tally tally_between(const struct hop_count *counts, uint32_t from, uint32_t to,
				  const struct hops_verdict *verdict)
{
	struct tally all = { 0 };
	for (uint32_t i = from; i < to; i++) {
		if (!says_little(verdict->notes[i]))
			all = sum(all, tally_of(&counts[i]));
	}
	return all;
}

/* The hop that best parts those before it from those that lose more; `to`: none does. */
static uint32_t find_part(const struct hop_count *counts, uint32_t from, uint32_t to,
			  const struct hops_verdict *verdict)
{
	double most = EVIDENCE_MIN;
	uint32_t found = to;

	for (uint32_t i = from + 1; i < to; i++) {
		double one = evidence(tally_between(counts, from, i, verdict),
				      tally_between(counts, i, to, verdict));
		if (one > most && verdict->notes[i] == HOP_FINE) {
			most = one;
			found = i;
		}
	}
	return found;
}

/* Loss that begins at several hops leaves several parts: each is looked at again. */
static void find_losing(const struct hop_count *counts, uint32_t end, struct hops_verdict *ret)
{
	uint32_t from = 0;

	while (from < end) {
		uint32_t to = end;
		for (uint32_t i = from + 1; i < to; i++) {
			if (ret->notes[i] == HOP_LOSES)
				to = i;
		}
		uint32_t part = find_part(counts, from, to, ret);
		if (part < to)
			ret->notes[part] = HOP_LOSES;
		else
			from = to;
	}
}

/* Each of the first hops loses, up to one that is known to lose more: then it begins with them. */
static void judge_first(const struct hop_count *counts, uint32_t end, struct hops_verdict *ret)
{
	uint32_t first = end;

	for (uint32_t i = 0; i < end && ret->notes[i] != HOP_LOSES; i++) {
		if (ret->notes[i] != HOP_FINE)
			continue;
		if (hop_lost(&counts[i]) == 0)
			return;
		first = first < i ? first : i;
	}
	if (first < end)
		ret->notes[first] = HOP_LOSES;
}

static void name_first(struct hops_verdict *verdict, uint32_t end)
{
	for (uint32_t i = 0; i < end; i++) {
		if (verdict->notes[i] == HOP_LOSES && verdict->from == 0)
			verdict->from = i + 1;
		else if (verdict->notes[i] == HOP_FINE && verdict->from > 0)
			verdict->notes[i] = HOP_BEHIND;
	}
}

/* Nothing answers behind the end. A hop that says little anyway can't tell. */
static void note_dead(uint32_t end, uint32_t hop_count, struct hops_verdict *verdict)
{
	for (uint32_t i = end; i < hop_count; i++) {
		if (says_little(verdict->notes[i]))
			continue;
		verdict->notes[i] = HOP_DEAD;
		if (verdict->from == 0)
			verdict->from = i + 1;
	}
}

void hops_judge(const struct hop_count *counts, uint32_t hop_count,
		const struct hops_verdict *small, struct hops_verdict *ret)
{
	uint32_t end = find_end(counts, hop_count);

	*ret = (struct hops_verdict){ 0 };
	if (hop_count == 0 || counts[0].sent == 0)
		return;
	ret->sent = counts[hop_count - 1].sent;
	ret->lost = hop_lost(&counts[hop_count - 1]);
	for (uint32_t i = 0; small && i < hop_count; i++) {
		if (says_little(small->notes[i]))
			ret->notes[i] = small->notes[i];
	}
	find_limited(counts, end, ret);
	find_losing(counts, end, ret);
	if (end == hop_count)
		judge_first(counts, end, ret);
	name_first(ret, end);
	note_dead(end, hop_count, ret);
}

/* ---- paths */

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
	struct tally small = tally_of(&last->counts[HOPS_SMALL]);
	struct tally here = tally_of(&last->counts[size]);
	return last->last.is_icmp && here.lost > 0 && evidence(small, here) <= EVIDENCE_MIN;
}

static void judge_size(struct hops_path *path, enum hops_size size)
{
	struct hop_count counts[HOPS_TTL_MAX];
	struct hops_verdict *verdict = &path->verdict[size];
	struct hops_verdict small = path->verdict[HOPS_SMALL];
	uint32_t count = path->hop_count;

	small.notes[count - 1] = HOP_FINE; /* of full size it may lose all the same */
	for (uint32_t i = 0; i < count; i++)
		counts[i] = path->hops[i].counts[size];
	bool is_limited = count > 1 && is_told_by_icmp(&path->hops[count - 1], size);
	hops_judge(counts, is_limited ? count - 1 : count, size == HOPS_SMALL ? NULL : &small,
		   verdict);
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
		struct tally end = { path->verdict[size].sent, path->verdict[size].lost };
		worst = fmax(worst, share(end));
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
