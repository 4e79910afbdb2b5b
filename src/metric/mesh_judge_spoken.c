/* What is said of a pair over its windows: whose fault it is, why, from when on, and until when. */
#include <string.h>

#include "metric/mesh_judge_parts.h"
#include "metric/mesh_judge_say.h"

/* Fewer lost packets than this, in two windows that follow one another, may be one burst over
 * their boundary (five in a row are common): then it takes a window more. */
#define BURST 6

/* Who was accused by this window is another's matter where others have seen the same, or have not.
 */
static uint8_t blame_with_others(const struct mesh_seen *seen)
{
	bool is_seen = seen->others_bad > 0 && seen->others_bad >= seen->others_good;
	uint8_t blame = seen->sight.blame;

	if (seen->others_bad + seen->others_good == 0)
		return blame;
	switch (seen->sight.verdict) {
	case MESH_VERDICT_SILENT:
	case MESH_VERDICT_LOSS:
		return is_seen ? MESH_BLAME_PEER_HOST : MESH_BLAME_NETWORK;
	case MESH_VERDICT_SLOW:
		if (blame == MESH_BLAME_UNDECIDED)
			return is_seen ? MESH_BLAME_PEER_HOST : MESH_BLAME_NETWORK;
		return blame;
	default:
		return blame;
	}
}

static void say_why(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	struct mesh_sight_case look = mesh_seen_case(judge, seen);
	uint8_t verdict = seen->sight.verdict;
	struct mesh_say say = { .text = seen->judged.evidence,
				.room = sizeof(seen->judged.evidence) };

	mesh_sight_say(&look, &seen->sight, say.text, say.room);
	say.used = strlen(say.text);
	if (verdict == MESH_VERDICT_AGENT)
		mesh_doubt_say(&judge->snapshot->node.closed, &say);
	if (!mesh_verdict_is_bad(verdict))
		return;
	if (seen->others_bad > 0)
		mesh_say(&say, "%u other node%s the same", seen->others_bad,
			 seen->others_bad == 1 ? " says" : "s say");
	if (seen->others_good > 0)
		mesh_say(&say, "%u other node%s it well", seen->others_good,
			 seen->others_good == 1 ? " reaches" : "s reach");
	if (!judge->doubt.is_held && (verdict == MESH_VERDICT_LOSS || verdict == MESH_VERDICT_SLOW))
		mesh_say(&say, "not this node's cpu");
}

/* ---- over windows */

static void call(struct mesh_seen *seen, uint8_t verdict, uint8_t blame, uint64_t since_ns)
{
	seen->judged.verdict = verdict;
	seen->judged.blame = blame;
	seen->judged.since_ns = since_ns;
	seen->other_in_a_row = 0;
	seen->blames_in_a_row = 0;
}

static uint8_t one_more(uint8_t count)
{
	return (uint8_t)(count + (count < UINT8_MAX));
}

static bool may_be_one_burst(const struct mesh_judge *judge, const struct mesh_seen *seen)
{
	uint32_t needed = judge->settings->windows_needed;

	return seen->sight.verdict == MESH_VERDICT_LOSS && needed > 1 &&
	       seen->judged.bad_in_a_row == needed && seen->lost_in_a_row < BURST;
}

/* It is bad, and was called so: otherwise bad, or by another's fault, only after as many. */
static void stays_bad(const struct mesh_judge *judge, struct mesh_seen *seen, uint8_t blame)
{
	uint8_t now = seen->sight.verdict;
	uint32_t needed = judge->settings->windows_needed;

	if (now != seen->judged.verdict) {
		if (seen->other_in_a_row == 0 || now != seen->other_verdict) {
			seen->other_in_a_row = 0;
			seen->other_since_ns = judge->began_ns;
		}
		seen->other_verdict = now;
		seen->other_in_a_row = one_more(seen->other_in_a_row);
		if (seen->other_in_a_row >= needed)
			call(seen, now, blame, seen->other_since_ns);
		return;
	}
	seen->other_in_a_row = 0;
	if (blame == seen->judged.blame || blame == MESH_BLAME_UNDECIDED) {
		seen->blames_in_a_row = 0;
		return;
	}
	seen->blames_in_a_row = blame == seen->other_blame ? one_more(seen->blames_in_a_row) : 1;
	seen->other_blame = blame;
	if (seen->judged.blame == MESH_BLAME_UNDECIDED || seen->blames_in_a_row >= needed)
		seen->judged.blame = blame;
}

static void was_bad(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	struct mesh_judged *judged = &seen->judged;
	uint8_t blame = blame_with_others(seen);

	if (judged->bad_in_a_row == 0) {
		seen->bad_since_ns = judge->began_ns;
		seen->lost_in_a_row = 0;
	}
	judged->bad_in_a_row = one_more(judged->bad_in_a_row);
	judged->good_in_a_row = 0;
	seen->agent_in_a_row = 0;
	seen->lost_in_a_row += seen->sight.lost;
	if (mesh_verdict_is_bad(judged->verdict))
		stays_bad(judge, seen, blame);
	else if (judged->bad_in_a_row >= judge->settings->windows_needed &&
		 !may_be_one_burst(judge, seen))
		call(seen, seen->sight.verdict, blame, seen->bad_since_ns);
}

static void learn_usual(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	uint64_t rtt_ns = seen->sight.rtt_ns, usual_ns = seen->judged.usual_ns;

	if (rtt_ns == 0 || judge->doubt.is_moved)
		return;
	if (usual_ns == 0)
		seen->judged.usual_ns = rtt_ns;
	else if (rtt_ns < usual_ns)
		seen->judged.usual_ns -= (usual_ns - rtt_ns) / 4;
	else
		seen->judged.usual_ns += (rtt_ns - usual_ns) / 16;
}

static void was_good(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	struct mesh_judged *judged = &seen->judged;
	bool is_unsure =
		judged->verdict == MESH_VERDICT_UNKNOWN || judged->verdict == MESH_VERDICT_LEAVING;

	if (seen->sight.is_doubtful) {
		if (is_unsure)
			call(seen, MESH_VERDICT_OK, MESH_BLAME_NONE, judge->began_ns);
		return;
	}
	if (judged->good_in_a_row == 0)
		seen->good_since_ns = judge->began_ns;
	judged->good_in_a_row = one_more(judged->good_in_a_row);
	judged->bad_in_a_row = 0;
	seen->agent_in_a_row = 0;
	seen->other_in_a_row = 0;
	if (judged->verdict != MESH_VERDICT_OK &&
	    (is_unsure || judged->good_in_a_row >= judge->settings->windows_needed))
		call(seen, MESH_VERDICT_OK, MESH_BLAME_NONE, seen->good_since_ns);
	learn_usual(judge, seen);
}

/* A window of ours that was held up neither accuses a peer nor takes it back. */
static void was_held_up(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	seen->agent_in_a_row = one_more(seen->agent_in_a_row);
	if (seen->agent_in_a_row >= judge->settings->windows_needed &&
	    !mesh_verdict_is_bad(seen->judged.verdict) &&
	    seen->judged.verdict != MESH_VERDICT_AGENT)
		call(seen, MESH_VERDICT_AGENT, MESH_BLAME_AGENT, judge->began_ns);
}

static void is_let_go(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	seen->judged.bad_in_a_row = seen->judged.good_in_a_row = 0;
	seen->agent_in_a_row = 0;
	if (seen->judged.verdict != seen->sight.verdict)
		call(seen, seen->sight.verdict, MESH_BLAME_NONE, judge->began_ns);
}

static void remember(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	struct mesh_judged *judged = &seen->judged;
	const struct mesh_sight *sight = &seen->sight;
	uint64_t from = judged->window ? judged->window + 1 : judge->window;
	uint32_t sent = sight->udp_decided ? sight->udp_decided : sight->decided;
	uint32_t lost = sight->udp_decided ? seen->pair->closed.probes[MESH_UDP].lost
					   : sight->decided - sight->received;
	uint64_t rtt = sight->rtt_ns / 10000;

	if (from + MESH_HISTORY_MAX <= judge->window)
		from = judge->window - MESH_HISTORY_MAX + 1;
	for (; from < judge->window; from++) /* not seen: the reader was busy */
		judged->history[from % MESH_HISTORY_MAX] =
			(struct mesh_past){ .loss_200 = UINT8_MAX };
	judged->history[judge->window % MESH_HISTORY_MAX] = (struct mesh_past){
		.verdict = sight->verdict,
		.loss_200 = (uint8_t)(sent ? (200 * (uint64_t)lost + sent - 1) / sent : UINT8_MAX),
		.rtt_10us = (uint16_t)(rtt > UINT16_MAX ? UINT16_MAX : rtt),
	};
	judged->now = sight->verdict;
	judged->window = judge->window;
}

void mesh_judge_take_in(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	uint8_t now = seen->sight.verdict;

	if (mesh_verdict_is_bad(now))
		was_bad(judge, seen);
	else if (now == MESH_VERDICT_OK)
		was_good(judge, seen);
	else if (now == MESH_VERDICT_AGENT)
		was_held_up(judge, seen);
	else if (now == MESH_VERDICT_LEAVING || !seen->pair->is_probed)
		is_let_go(judge, seen);
	/* A verdict keeps the reason that it has while newer windows say something else. */
	if (now == seen->judged.verdict || !mesh_verdict_is_bad(seen->judged.verdict))
		say_why(judge, seen);
	remember(judge, seen);
}
