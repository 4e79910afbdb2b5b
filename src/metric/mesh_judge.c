#include "metric/mesh_judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/mesh_judge_parts.h"
#include "metric/mesh_judge_say.h"

/* Fewer lost packets than this, in two windows that follow one another, may be one burst over
 * their boundary (five in a row are common): then it takes a window more. */
#define BURST      6
#define OTHERS_MIN 3 /* pairs of a location that say what is usual there */

int mesh_judge_new(const struct mesh_judge_setup *setup, struct mesh_judge **ret)
{
	struct mesh_judge *judge =
		calloc(1, sizeof(*judge) + setup->places * sizeof(struct mesh_seen));

	if (judge == NULL)
		return -ENOMEM;
	judge->settings = setup->settings;
	judge->places = setup->places;
	judge->slots = 4;
	while (judge->slots < 2 * setup->places)
		judge->slots *= 2;
	judge->table = calloc(judge->slots, sizeof(*judge->table));
	judge->room = calloc(2 * (size_t)setup->places + 1, sizeof(*judge->room));
	if (judge->table == NULL || judge->room == NULL) {
		mesh_judge_free(judge);
		return -ENOMEM;
	}
	*ret = judge;
	return 0;
}

void mesh_judge_free(struct mesh_judge *judge)
{
	if (judge == NULL)
		return;
	free(judge->table);
	free(judge->room);
	free(judge);
}

bool mesh_judge_wants_rows(const struct mesh_judge *judge)
{
	return judge->wants_rows;
}

const struct mesh_judged *mesh_judge_of(const struct mesh_judge *judge, uint32_t place)
{
	if (place >= judge->places || judge->seen[place].judged.window == 0)
		return NULL;
	return &judge->seen[place].judged;
}

const struct mesh_finding *mesh_judge_findings(const struct mesh_judge *judge, uint32_t *ret_count)
{
	*ret_count = judge->told_count;
	return judge->told;
}

double mesh_smallest_loss(uint64_t probes)
{
	return probes > 0 ? 1 - pow(0.05, 1 / (double)probes) : 1;
}

const char *mesh_seen_name(const struct mesh_seen *seen, char text[ENDPOINT_TEXT_MAX])
{
	if (seen->peer != NULL && seen->peer->name[0] != '\0')
		return seen->peer->name;
	if (seen->pair->told_name[0] != '\0')
		return seen->pair->told_name;
	return endpoint_format(&seen->pair->endpoint, text);
}

/* ---- who is who */

static uint32_t slot_of(const struct mesh_judge *judge, uint64_t id)
{
	return (uint32_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (judge->slots - 1);
}

static void find_peers(struct mesh_judge *judge, const struct mesh_peer_list *peers)
{
	memset(judge->table, 0, judge->slots * sizeof(*judge->table));
	for (uint32_t i = 0; i < judge->places; i++) {
		uint32_t slot = slot_of(judge, judge->seen[i].judged.id);

		judge->seen[i].peer = NULL;
		if (judge->seen[i].pair == NULL)
			continue;
		while (judge->table[slot] != 0)
			slot = (slot + 1) & (judge->slots - 1);
		judge->table[slot] = i + 1;
	}
	for (uint32_t i = 0; peers != NULL && i < peers->count; i++) {
		uint32_t slot = slot_of(judge, peers->peers[i].id);

		for (; judge->table[slot] != 0; slot = (slot + 1) & (judge->slots - 1)) {
			struct mesh_seen *seen = &judge->seen[judge->table[slot] - 1];
			if (seen->judged.id == peers->peers[i].id)
				seen->peer = &peers->peers[i];
		}
	}
}

static uint8_t find_location(struct mesh_judge *judge, const struct mesh_seen *seen)
{
	const char *location = seen->pair->told_place;

	if (seen->peer != NULL && seen->peer->location[0] != '\0')
		location = seen->peer->location;
	if (location[0] == '\0')
		return MESH_NOWHERE;
	for (uint32_t i = 0; i < judge->location_count; i++) {
		if (strcmp(judge->locations[i], location) == 0)
			return (uint8_t)i;
	}
	if (judge->location_count == MESH_LOCATIONS_MAX)
		return MESH_NOWHERE;
	(void)snprintf(judge->locations[judge->location_count], MESH_PLACE_MAX, "%s", location);
	return (uint8_t)judge->location_count++;
}

/* A free place, another peer in it, or no window in this look. */
static void settle_in(struct mesh_judge *judge, const struct mesh_pair *pair,
		      struct mesh_seen *seen)
{
	if (seen->judged.id != pair->id && (seen->judged.id != 0 || seen->judged.window != 0))
		memset(seen, 0, sizeof(*seen));
	seen->judged.id = pair->id;
	seen->pair = NULL;
	seen->is_covered = false;
	seen->others_bad = seen->others_good = 0;
	seen->theirs = NULL;
	if (pair->id != 0 && pair->closed.number == judge->window) {
		seen->pair = pair;
		mesh_sight_measure(pair, &seen->sight);
	}
}

/* ---- one window */

/* What the others of its location take: the bound of the bucket that holds their median. */
struct usual_there {
	uint32_t count;
	uint32_t buckets[MESH_SPREAD_BUCKETS];
};

static void count_usual(const struct mesh_judge *judge, struct usual_there *there)
{
	for (uint32_t i = 0; i < judge->places; i++) {
		const struct mesh_seen *seen = &judge->seen[i];

		if (seen->pair == NULL || seen->location == MESH_NOWHERE || !seen->sight.rtt_ns)
			continue;
		there[seen->location].count++;
		there[seen->location].buckets[mesh_spread_bucket(seen->sight.rtt_ns)]++;
	}
}

static uint64_t usual_there(const struct usual_there *there)
{
	uint32_t below = 0;

	if (there->count <= OTHERS_MIN)
		return 0;
	for (unsigned i = 0; i < MESH_SPREAD_BUCKETS; i++) {
		below += there->buckets[i];
		if (2 * below >= there->count)
			return mesh_spread_bound(i);
	}
	return 0;
}

static struct mesh_sight_case case_of(const struct mesh_judge *judge, const struct mesh_seen *seen)
{
	return (struct mesh_sight_case){
		.pair = seen->pair,
		.settings = judge->settings,
		.theirs = seen->theirs,
		.began_ns = judge->began_ns,
		.ended_ns = judge->ended_ns,
		.usual_ns = seen->judged.usual_ns,
		.others_ns = seen->others_ns,
		.is_expected = seen->peer != NULL && (seen->peer->life == MESH_LIFE_DRAINING ||
						      seen->peer->life == MESH_LIFE_GONE),
	};
}

static void look_at_pairs(struct mesh_judge *judge)
{
	struct usual_there there[MESH_LOCATIONS_MAX] = { 0 };
	struct mesh_doubt_pairs pairs = { .losses = judge->room,
					  .slows = judge->room + judge->places };

	count_usual(judge, there);
	for (uint32_t i = 0; i < judge->places; i++) {
		struct mesh_seen *seen = &judge->seen[i];
		struct mesh_sight_case look;

		if (seen->pair == NULL)
			continue;
		seen->others_ns =
			seen->location != MESH_NOWHERE ? usual_there(&there[seen->location]) : 0;
		look = case_of(judge, seen);
		mesh_sight_judge(&look, &seen->sight);
		if (seen->sight.verdict != MESH_VERDICT_LEAVING)
			mesh_doubt_add(&judge->doubt, &pairs, &seen->sight, seen->judged.usual_ns);
	}
	mesh_doubt_settle(&judge->doubt, &pairs);
}

static void doubt_itself(struct mesh_judge *judge, struct mesh_seen *seen)
{
	if (!mesh_doubt_explains(&judge->doubt, &seen->sight, seen->judged.usual_ns))
		return;
	seen->sight.verdict = MESH_VERDICT_AGENT;
	seen->sight.blame = MESH_BLAME_AGENT;
}

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
	struct mesh_sight_case look = case_of(judge, seen);
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

	if (rtt_ns == 0 || judge->doubt.is_held)
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

static void take_in(const struct mesh_judge *judge, struct mesh_seen *seen)
{
	uint8_t now = seen->sight.verdict;

	if (mesh_verdict_is_bad(now))
		was_bad(judge, seen);
	else if (now == MESH_VERDICT_OK)
		was_good(judge, seen);
	else if (now == MESH_VERDICT_AGENT)
		was_held_up(judge, seen);
	else if (now == MESH_VERDICT_LEAVING || !seen->pair->closed.is_probed)
		is_let_go(judge, seen);
	/* A verdict keeps the reason that it has while newer windows say something else. */
	if (now == seen->judged.verdict || !mesh_verdict_is_bad(seen->judged.verdict))
		say_why(judge, seen);
	remember(judge, seen);
}

/* ---- all of them */

static void look_around(struct mesh_judge *judge, const struct mesh_peer_list *peers)
{
	const struct mesh_snapshot *snapshot = judge->snapshot;

	judge->location_count = 0;
	for (uint32_t i = 0; i < judge->places; i++) {
		static const struct mesh_pair nobody;
		settle_in(judge, i < snapshot->places ? &snapshot->pairs[i] : &nobody,
			  &judge->seen[i]);
	}
	find_peers(judge, peers);
	for (uint32_t i = 0; i < judge->places; i++) {
		if (judge->seen[i].pair != NULL)
			judge->seen[i].location = find_location(judge, &judge->seen[i]);
	}
	mesh_doubt_begin(&judge->doubt, &snapshot->node.closed, judge->settings);
	look_at_pairs(judge);
}

static bool begin_window(struct mesh_judge *judge, const struct mesh_snapshot *snapshot)
{
	const struct mesh_own_window *own = &snapshot->node.closed;

	if (own->number == 0 || own->number == judge->window)
		return false;
	judge->snapshot = snapshot;
	judge->window = own->number;
	judge->ended_ns = own->began_ns + own->length_ns;
	if (own->length_ns == 0)
		judge->ended_ns = snapshot->node.now_ns;
	judge->began_ns = own->began_ns;
	return true;
}

bool mesh_judge_look(struct mesh_judge *judge, const struct mesh_snapshot *snapshot,
		     const struct mesh_peer_list *peers, const struct mesh_rows *rows,
		     struct mesh_events *events)
{
	if (!begin_window(judge, snapshot))
		return false;
	look_around(judge, peers);
	for (uint32_t i = 0; i < judge->places; i++) {
		if (judge->seen[i].pair != NULL)
			doubt_itself(judge, &judge->seen[i]);
	}
	judge->wants_rows = false;
	for (uint32_t i = 0; i < judge->places; i++) {
		if (judge->seen[i].pair != NULL &&
		    mesh_verdict_is_bad(judge->seen[i].sight.verdict))
			judge->wants_rows = true;
	}
	if (rows != NULL && judge->wants_rows)
		mesh_judge_ask_rows(judge, rows);
	for (uint32_t i = 0; i < judge->places; i++) {
		if (judge->seen[i].pair != NULL)
			take_in(judge, &judge->seen[i]);
	}
	mesh_judge_group(judge);
	mesh_judge_tell(judge, events);
	judge->snapshot = NULL;
	return true;
}
