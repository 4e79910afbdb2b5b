#include "metric/mesh_judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/mesh_judge_parts.h"
#include "metric/mesh_judge_say.h"

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

const struct mesh_judged *mesh_judge_of(const struct mesh_judge *judge, uint32_t place, uint64_t id)
{
	const struct mesh_judged *judged =
		place < judge->places ? &judge->seen[place].judged : NULL;

	return judged != NULL && judged->window != 0 && judged->id == id ? judged : NULL;
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

struct mesh_sight_case mesh_seen_case(const struct mesh_judge *judge, const struct mesh_seen *seen)
{
	return (struct mesh_sight_case){
		.pair = seen->pair,
		.settings = judge->settings,
		.theirs = seen->theirs,
		.began_ns = judge->began_ns,
		.ended_ns = judge->ended_ns,
		.usual_ns = seen->judged.usual_ns,
		.others_ns = seen->others_ns,
		.spoken = seen->judged.verdict,
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
		look = mesh_seen_case(judge, seen);
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
			mesh_judge_take_in(judge, &judge->seen[i]);
	}
	mesh_judge_group(judge);
	mesh_judge_tell(judge, events);
	judge->snapshot = NULL;
	return true;
}
