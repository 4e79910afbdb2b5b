#include "metric/hops_verdict.h"

#include <math.h>

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
	return note == HOP_LIMITED || note == HOP_SILENT || note == HOP_UNSURE;
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

/* How many of these say what is lost. */
static uint32_t count_witnesses(const struct hops_verdict *verdict, uint32_t from, uint32_t to)
{
	uint32_t count = 0;
	for (uint32_t i = from; i < to; i++)
		count += !says_little(verdict->notes[i]);
	return count;
}

/* The hop that best parts those before it from those that lose more; `to`: none does. */
static uint32_t find_part(const struct hop_count *counts, uint32_t from, uint32_t to,
			  enum hops_witness witness, const struct hops_verdict *verdict)
{
	double most = EVIDENCE_MIN;
	uint32_t found = to;
	uint32_t enough = witness == HOPS_TOLD_BY_ICMP ? 2 : 1;

	for (uint32_t i = from + 1; i < to && count_witnesses(verdict, i, to) >= enough; i++) {
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
static void find_losing(const struct hop_count *counts, uint32_t end, enum hops_witness witness,
			struct hops_verdict *ret)
{
	uint32_t from = 0;

	while (from < end) {
		uint32_t to = end;
		for (uint32_t i = from + 1; i < to; i++) {
			if (ret->notes[i] == HOP_LOSES)
				to = i;
		}
		uint32_t part = find_part(counts, from, to, witness, ret);
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

/* Where it is not known who begins to lose, what ICMP leaves out may be a limit of each. */
static void note_unsure(const struct hop_count *counts, uint32_t end, struct hops_verdict *verdict)
{
	for (uint32_t i = 0; i < end && verdict->from == 0; i++) {
		if (verdict->notes[i] == HOP_FINE && hop_lost(&counts[i]) > 0)
			verdict->notes[i] = HOP_UNSURE;
	}
}

/* Nothing answers behind the end. A hop that says little anyway can't tell. */
static void note_dead(const struct hop_count *counts, uint32_t end, uint32_t hop_count,
		      struct hops_verdict *verdict)
{
	for (uint32_t i = end; i < hop_count; i++) {
		if (says_little(verdict->notes[i]) || counts[i].sent == 0)
			continue;
		verdict->notes[i] = HOP_DEAD;
		if (verdict->from == 0)
			verdict->from = i + 1;
	}
}

void hops_judge(const struct hop_count *counts, uint32_t hop_count, enum hops_witness witness,
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
	find_losing(counts, end, witness, ret);
	if (end == hop_count && witness == HOPS_TOLD_BY_TARGET)
		judge_first(counts, end, ret);
	name_first(ret, end);
	if (witness == HOPS_TOLD_BY_ICMP)
		note_unsure(counts, end, ret);
	note_dead(counts, end, hop_count, ret);
	if (ret->notes[hop_count - 1] == HOP_UNSURE)
		ret->sent = ret->lost = 0;
}

bool hops_loses_more(const struct hop_count *small, const struct hop_count *large)
{
	return evidence(tally_of(small), tally_of(large)) > EVIDENCE_MIN;
}
