/* The lives of peers: from what the probing side heard of them, from what sources list, and from
 * time. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "mesh/discovery_parts.h"
#include "mesh/discovery_read_parts.h"

#define SILENCE_MIN_NS (10 * NS_PER_S)

static uint64_t latest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- what was heard */

static void hear_name(struct mesh_discovery *discovery, uint32_t place,
		      const struct mesh_pair *pair)
{
	struct mesh_peer *peer = &discovery->peers[place];
	struct discovery_member *member = &discovery->members[place];
	char name[MESH_NAME_MAX];
	char location[MESH_PLACE_MAX];

	discovery_clean(name, sizeof(name), pair->told_name);
	if (name[0] != '\0' && member->name_from != DISCOVERY_BY_LABEL)
		(void)discovery_claim(discovery, place, name, DISCOVERY_AS_TOLD);
	discovery_clean(location, sizeof(location), pair->told_place);
	bool is_free = peer->location[0] == '\0' || member->is_told_place;
	if (location[0] == '\0' || !is_free || strcmp(location, peer->location) == 0)
		return;
	memcpy(peer->location, location, sizeof(location));
	member->is_told_place = true;
	discovery->is_changed = true;
}

static void say_leaving(struct mesh_discovery *discovery, uint32_t place, uint64_t now_ns)
{
	struct mesh_peer *peer = &discovery->peers[place];
	struct discovery_member *member = &discovery->members[place];

	if (member->leaving_ns == 0)
		member->leaving_ns = now_ns;
	if (peer->life == MESH_LIFE_DRAINING || peer->life == MESH_LIFE_GONE)
		return;
	peer->life = MESH_LIFE_DRAINING;
	discovery->is_changed = true;
	discovery_tell(discovery, MESH_EVENT_LEAVING, place, "says that it leaves");
}

static void say_here(struct mesh_discovery *discovery, uint32_t place)
{
	struct mesh_peer *peer = &discovery->peers[place];
	struct discovery_member *member = &discovery->members[place];

	if (peer->left_ns != 0 || peer->life == MESH_LIFE_UP)
		return;
	if (peer->life == MESH_LIFE_GONE || peer->life == MESH_LIFE_DRAINING)
		discovery_tell(discovery, MESH_EVENT_JOINED, place, "is back");
	peer->life = MESH_LIFE_UP;
	member->leaving_ns = 0;
	member->gone_ns = 0;
	discovery->is_changed = true;
}

static void hear_pair(struct mesh_discovery *discovery, const struct mesh_pair *pair,
		      uint64_t now_ns)
{
	uint32_t place = pair->id != 0 ? discovery_find(discovery, pair->id) : DISCOVERY_NOWHERE;

	if (place == DISCOVERY_NOWHERE || discovery->peers[place].is_self)
		return;
	struct discovery_member *member = &discovery->members[place];
	hear_name(discovery, place, pair);
	if (pair->answered_ns <= member->answered_ns)
		return;
	member->answered_ns = pair->answered_ns;
	member->is_leaving = pair->is_leaving;
	if (pair->is_leaving)
		say_leaving(discovery, place, now_ns);
	else
		say_here(discovery, place);
}

/* ---- what time brings */

static void let_go(struct mesh_discovery *discovery, uint32_t place, uint64_t now_ns)
{
	struct mesh_peer *peer = &discovery->peers[place];
	struct discovery_member *member = &discovery->members[place];

	peer->life = MESH_LIFE_GONE;
	member->gone_ns = now_ns;
	discovery->is_changed = true;
	/* One that is still listed is looked at: it may come back. */
	if (peer->left_ns != 0 && peer->is_chosen) {
		peer->is_chosen = false;
		discovery->list.chosen--;
	}
	discovery_tell(discovery, MESH_EVENT_GONE, place, "left and is silent");
}

/* It is listed and was expected back: its silence is no leave any more. */
static void expect_again(struct mesh_discovery *discovery, uint32_t place, uint64_t now_ns)
{
	struct mesh_peer *peer = &discovery->peers[place];
	struct discovery_member *member = &discovery->members[place];

	peer->life = MESH_LIFE_JOINING;
	peer->joined_ns = now_ns;
	member->is_leaving = false;
	member->leaving_ns = 0;
	member->gone_ns = 0;
	discovery->is_changed = true;
}

/* False: the peer is forgotten. */
static bool pass_one(struct mesh_discovery *discovery, uint32_t place, uint64_t now_ns)
{
	const struct mesh_settings *settings = discovery->setup.settings;
	uint64_t silence_ns = latest(3 * settings->timeout_ns, SILENCE_MIN_NS);
	const struct mesh_peer *peer = &discovery->peers[place];
	struct discovery_member *member = &discovery->members[place];
	uint64_t heard_ns = latest(member->answered_ns, member->leaving_ns);

	if (peer->life == MESH_LIFE_DRAINING && now_ns >= heard_ns + silence_ns)
		let_go(discovery, place, now_ns);
	if (member->unchosen_ns != 0 && now_ns >= member->unchosen_ns + settings->forget_ns) {
		member->unchosen_ns = 0;
		member->was_chosen = false;
		discovery->is_changed = true;
	}
	if (peer->life != MESH_LIFE_GONE || now_ns < member->gone_ns + settings->forget_ns)
		return true;
	if (peer->left_ns != 0)
		return false;
	expect_again(discovery, place, now_ns);
	return true;
}

bool discovery_lives_pass(struct mesh_discovery *discovery, uint64_t now_ns)
{
	bool has_forgotten = false;

	for (uint32_t i = 0; i < discovery->list.count; i++) {
		discovery->members[i].is_kept = pass_one(discovery, i, now_ns);
		has_forgotten |= !discovery->members[i].is_kept;
	}
	if (has_forgotten)
		discovery_drop(discovery);
	return has_forgotten;
}

bool mesh_discovery_hear(struct mesh_discovery *discovery, const struct mesh_snapshot *snapshot,
			 uint64_t now_ns)
{
	discovery->is_changed = false;
	for (uint32_t i = 0; snapshot != NULL && i < snapshot->places; i++)
		hear_pair(discovery, &snapshot->pairs[i], now_ns);
	(void)discovery_lives_pass(discovery, now_ns);
	if (!discovery->is_changed)
		return false;
	(void)discovery_name_all(discovery);
	discovery_sort(discovery);
	discovery_tell_rest(discovery);
	discovery->list.version++;
	return true;
}
