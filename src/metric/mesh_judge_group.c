/* What bad pairs of one window have in common: a location, or this node. Two ways, as whatever is
 * dead is not a matter of rates:
 *   alike   nearly all pairs of a location have the same verdict. All of its pairs alike in every
 *           location, or at least half of all pairs where no location explains them: this node.
 *   loss    greedy maximum likelihood over the pairs that still answer. A pair that lost anything
 *           counts once, whatever it lost: bursts are common, and counted by packets they accuse
 *           somebody in every window (simulated: 300 of 300; so 0). With C such pairs of a
 * component and n probes to it, Poisson of rate r = C / n against the baseline b gains C ln(r / b)
 * - n (r - b); the best is taken where that is more than ln(components) + 6.9, its pairs are
 * explained, and the rest is looked at again. And as one rate is claimed for all, at least half as
 * many pairs must have lost something as that rate, by packets, would hit: four bad pairs among
 * eleven clean ones are four bad pairs.
 */
#include <math.h>
#include <stddef.h>

#include "base/attributes.h"
#include "metric/mesh_judge_parts.h"

#define ALIKE       0.75 /* of a location's pairs */
#define ALIKE_LEAST 3
#define SPREAD      0.5 /* of all pairs, where no location explains it */
#define GAIN        6.9 /* ln 1000 */
#define SEGMENTS    8   /* of an echo over TCP, short and long in turn */

bool mesh_group_covers(uint8_t group_verdict, uint8_t pair_verdict)
{
	if (group_verdict == pair_verdict)
		return true;
	/* Where a window is only partly dead, it loses; what loses is late too. */
	return (group_verdict == MESH_VERDICT_SILENT || group_verdict == MESH_VERDICT_LOSS) &&
	       (pair_verdict == MESH_VERDICT_LOSS || pair_verdict == MESH_VERDICT_SLOW);
}

static bool is_usable(const struct mesh_seen *seen)
{
	return seen->pair != NULL &&
	       (seen->sight.verdict == MESH_VERDICT_OK || mesh_verdict_is_bad(seen->sight.verdict));
}

static bool is_of(const struct mesh_group *group, const struct mesh_seen *seen)
{
	return is_usable(seen) &&
	       (group->scope == MESH_SCOPE_NODE || seen->location == group->location);
}

static void count_pair(struct mesh_group *group, const struct mesh_seen *seen, bool is_hit)
{
	uint32_t mtu_bytes = seen->pair->mtu.forward.mtu_bytes;

	group->of++;
	if (!is_hit)
		return;
	group->pairs++;
	group->rtt_sum_ns += seen->sight.rtt_ns;
	group->usual_sum_ns += seen->judged.usual_ns;
	if (mtu_bytes > 0 && (group->mtu_bytes == 0 || mtu_bytes < group->mtu_bytes))
		group->mtu_bytes = mtu_bytes;
	if (seen->others_bad > group->witnesses)
		group->witnesses = seen->others_bad;
	if (seen->others_good > seen->others_bad)
		group->reached++;
}

/* By a window that is neither good nor bad nothing is taken back. And a single long echo that alone
 * was lost proves nothing of its pair, but is one of many. */
static bool is_called(const struct mesh_seen *seen, uint8_t verdict)
{
	const struct mesh_sight *sight = &seen->sight;

	if (sight->verdict == verdict ||
	    (verdict == MESH_VERDICT_BLACK_HOLE && sight->lost_only_long))
		return true;
	return sight->is_doubtful && seen->judged.verdict == verdict;
}

static struct mesh_group count_alike(const struct mesh_judge *judge, uint8_t scope,
				     uint8_t location, uint8_t verdict)
{
	struct mesh_group group = { .scope = scope, .location = location, .verdict = verdict };

	for (uint32_t i = 0; i < judge->places; i++) {
		const struct mesh_seen *seen = &judge->seen[i];

		if (!is_of(&group, seen))
			continue;
		count_pair(&group, seen, is_called(seen, verdict));
		group.sent += seen->sight.decided;
		group.lost += seen->sight.decided - seen->sight.received;
	}
	return group;
}

static uint8_t blame_for(const struct mesh_group *group)
{
	switch (group->verdict) {
	case MESH_VERDICT_REFUSED:
	case MESH_VERDICT_SERVICE:
		return MESH_BLAME_SERVICE;
	case MESH_VERDICT_LOSS: /* of size or packets, and this node's link is one too */
	case MESH_VERDICT_BLACK_HOLE:
	case MESH_VERDICT_MTU_REDUCED:
		return MESH_BLAME_NETWORK;
	default:
		return group->scope == MESH_SCOPE_NODE && group->reached == 0 ? MESH_BLAME_UNDECIDED
									      : MESH_BLAME_NETWORK;
	}
}

static void add(struct mesh_judge *judge, struct mesh_group group)
{
	for (uint32_t i = 0; i < judge->group_count; i++) {
		if (judge->groups[i].scope == group.scope &&
		    judge->groups[i].location == group.location)
			return;
	}
	if (judge->group_count == MESH_GROUPS_MAX)
		return;
	group.blame = blame_for(&group);
	judge->groups[judge->group_count++] = group;
	for (uint32_t i = 0; i < judge->places; i++) {
		if (is_of(&group, &judge->seen[i]) &&
		    (is_called(&judge->seen[i], group.verdict) ||
		     mesh_group_covers(group.verdict, judge->seen[i].sight.verdict)))
			judge->seen[i].is_covered = true;
	}
}

static bool is_alike(const struct mesh_group *group)
{
	return group->pairs >= ALIKE_LEAST && group->pairs >= ALIKE * group->of;
}

/* Others see most of them dead as well: then it is not this node. */
static bool is_seen_by_others(const struct mesh_judge *judge, uint8_t verdict)
{
	uint32_t bad = 0, seen_too = 0;

	for (uint32_t i = 0; i < judge->places; i++) {
		const struct mesh_seen *seen = &judge->seen[i];

		if (!is_usable(seen) || !is_called(seen, verdict))
			continue;
		bad++;
		if (seen->others_bad > 0 && seen->others_bad >= seen->others_good)
			seen_too++;
	}
	return 2 * seen_too > bad;
}

/* All pairs, and the locations that are bad; `unlike` of the others have enough pairs to tell. */
struct alike {
	struct mesh_group all;
	struct mesh_group places[MESH_LOCATIONS_MAX];
	uint32_t alike;
	uint32_t unlike;
	uint32_t of;    /* pairs in the bad ones */
	uint32_t pairs; /* of these, bad */
};

static void count_places(const struct mesh_judge *judge, uint8_t verdict, struct alike *ret)
{
	ret->all = count_alike(judge, MESH_SCOPE_NODE, MESH_NOWHERE, verdict);
	ret->alike = ret->unlike = ret->of = ret->pairs = 0;
	for (uint32_t i = 0; i < judge->location_count; i++) {
		ret->places[i] = count_alike(judge, MESH_SCOPE_PLACE, (uint8_t)i, verdict);
		if (is_alike(&ret->places[i])) {
			ret->alike++;
			ret->of += ret->places[i].of;
			ret->pairs += ret->places[i].pairs;
		} else if (ret->places[i].of >= ALIKE_LEAST) {
			ret->unlike++;
		}
	}
}

static bool is_of_all(const struct alike *found)
{
	uint32_t rest = found->all.of - found->of;
	uint32_t bad = found->all.pairs - found->pairs;

	/* In every location, but for those that are too small to tell. */
	if (is_alike(&found->all) && found->unlike == 0 &&
	    (found->alike != 1 || found->of == found->all.of))
		return true;
	return bad > ALIKE_LEAST && bad >= SPREAD * rest;
}

static void find_alike(struct mesh_judge *judge, uint8_t verdict)
{
	struct alike found;

	count_places(judge, verdict, &found);
	if (found.all.pairs < ALIKE_LEAST)
		return;
	if (is_of_all(&found) && !is_seen_by_others(judge, verdict)) {
		add(judge, found.all);
		return;
	}
	for (uint32_t i = 0; i < judge->location_count; i++) {
		if (is_alike(&found.places[i]))
			add(judge, found.places[i]);
	}
}

/* ---- loss */

/* Where there are no datagrams, of the segments of TCP, of which one sent again says nothing. */
static uint32_t packets_lost(const struct mesh_seen *seen)
{
	const struct mesh_sight *sight = &seen->sight;

	if (sight->lost_only_long)
		return 0;
	if (sight->udp_decided > 0)
		return sight->udp_lost + sight->tcp_lost;
	return sight->lost > 1 ? sight->lost : 0;
}

static uint32_t packets_sent(const struct mesh_seen *seen)
{
	const struct mesh_sight *sight = &seen->sight;

	if (sight->udp_decided > 0)
		return sight->udp_decided + sight->tcp_decided;
	return sight->tcp_decided * SEGMENTS;
}

static bool answers(const struct mesh_seen *seen)
{
	uint8_t now = seen->sight.verdict;

	return is_usable(seen) && !seen->is_covered && seen->sight.received > 0 &&
	       now != MESH_VERDICT_REFUSED && now != MESH_VERDICT_BLACK_HOLE &&
	       packets_sent(seen) > 0;
}

static struct mesh_group count_lossy(const struct mesh_judge *judge, uint8_t scope,
				     uint8_t location)
{
	struct mesh_group group = { .scope = scope,
				    .location = location,
				    .verdict = MESH_VERDICT_LOSS };

	for (uint32_t i = 0; i < judge->places; i++) {
		const struct mesh_seen *seen = &judge->seen[i];

		if (!is_of(&group, seen) || !answers(seen))
			continue;
		count_pair(&group, seen, packets_lost(seen) > 0);
		group.lost += packets_lost(seen);
		group.sent += packets_sent(seen);
	}
	return group;
}

static double gain_of(const struct mesh_group *group)
{
	double pairs = group->pairs, sent = (double)group->sent;
	double ratio = pairs / sent;

	if (group->pairs == 0 || ratio <= MESH_BASELINE_LOSS)
		return 0;
	return pairs * log(ratio / MESH_BASELINE_LOSS) - sent * (ratio - MESH_BASELINE_LOSS);
}

/* So many pairs lose something where all lose at the rate of the whole. */
static double pairs_expected(const struct mesh_judge *judge, const struct mesh_group *group)
{
	double ratio = (double)group->lost / (double)group->sent, expected = 0;

	for (uint32_t i = 0; i < judge->places; i++) {
		const struct mesh_seen *seen = &judge->seen[i];

		if (is_of(group, seen) && answers(seen))
			expected += 1 - exp(-ratio *
					    (seen->sight.udp_decided + seen->sight.tcp_decided));
	}
	return expected;
}

static bool find_lossy(struct mesh_judge *judge)
{
	struct mesh_group all = count_lossy(judge, MESH_SCOPE_NODE, MESH_NOWHERE);
	struct mesh_group best = all;
	double best_gain = gain_of(&all);
	double components = all.of + judge->location_count + 1.0;

	for (uint32_t i = 0; i < judge->location_count && all.pairs >= ALIKE_LEAST; i++) {
		struct mesh_group place = count_lossy(judge, MESH_SCOPE_PLACE, (uint8_t)i);
		double gain = gain_of(&place);

		if (place.of < all.of && gain > best_gain) {
			best = place;
			best_gain = gain;
		}
	}
	if (best_gain <= log(components) + GAIN || best.pairs < ALIKE_LEAST ||
	    best.pairs < pairs_expected(judge, &best) / 2)
		return false;
	add(judge, best);
	/* What it explains leaves the scene whole, with its clean windows. */
	for (uint32_t i = 0; i < judge->places; i++) {
		if (is_of(&best, &judge->seen[i]) && answers(&judge->seen[i]))
			judge->seen[i].is_covered = true;
	}
	return true;
}

void mesh_judge_group(struct mesh_judge *judge)
{
	static const uint8_t alike[] = { MESH_VERDICT_SILENT,     MESH_VERDICT_REFUSED,
					 MESH_VERDICT_BLACK_HOLE, MESH_VERDICT_SERVICE,
					 MESH_VERDICT_SLOW,       MESH_VERDICT_MTU_REDUCED };

	judge->group_count = 0;
	for (size_t i = 0; i < array_size(alike); i++)
		find_alike(judge, alike[i]);
	for (unsigned i = 0; i < MESH_GROUPS_MAX && find_lossy(judge); i++)
		;
}
