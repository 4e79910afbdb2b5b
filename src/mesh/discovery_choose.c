/* Whom this node probes: the pinglist over what is listed. Members stand there by their labels,
 * else by their addresses, and not by what they say of themselves, which only those know that probe
 * them: so all nodes with the same sources compute the same lists. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "mesh/discovery_parts.h"
#include "mesh/pinglist.h"
#include "mesh/target.h"
#include "sys/clock.h"

#define EPOCH_NS (600 * NS_PER_S)

struct chooser {
	struct mesh_discovery *discovery;
	struct pinglist_member *members;
	uint32_t *places;                 /* of the members in the list */
	char (*texts)[ENDPOINT_TEXT_MAX]; /* of those without a label */
	uint32_t text_count;
	uint32_t count;
	uint32_t self;
};

static bool is_listed(const struct mesh_discovery *discovery, uint32_t place)
{
	return discovery->members[place].generation == discovery->generation;
}

static const char *key_of(struct chooser *chooser, uint32_t place)
{
	const struct mesh_peer *peer = &chooser->discovery->peers[place];
	const struct discovery_member *member = &chooser->discovery->members[place];

	if (member->name_from != DISCOVERY_AS_TOLD)
		return peer->name;
	if (peer->url != NULL)
		return peer->url;
	return endpoint_format(&peer->endpoint, chooser->texts[chooser->text_count++]);
}

static void add_member(struct chooser *chooser, uint32_t place)
{
	const struct mesh_peer *peer = &chooser->discovery->peers[place];
	bool is_told = chooser->discovery->members[place].is_told_place;

	chooser->places[chooser->count] = place;
	chooser->members[chooser->count++] = (struct pinglist_member){
		.name = key_of(chooser, place),
		.location = is_told ? "" : peer->location,
		.rack = peer->rack,
	};
}

/* One that no source lists is a member all the same. */
static void add_self(struct chooser *chooser, bool has_locations)
{
	const struct mesh_settings *settings = chooser->discovery->setup.settings;

	if (chooser->self != DISCOVERY_NOWHERE)
		return;
	chooser->self = chooser->count;
	chooser->places[chooser->count] = DISCOVERY_NOWHERE;
	chooser->members[chooser->count++] = (struct pinglist_member){
		.name = settings->node,
		.location = has_locations ? settings->location : "",
		.rack = "",
	};
}

static void gather(struct chooser *chooser)
{
	struct mesh_discovery *discovery = chooser->discovery;
	bool has_locations = false;

	chooser->self = DISCOVERY_NOWHERE;
	for (uint32_t i = 0; i < discovery->list.count; i++) {
		if (!is_listed(discovery, i))
			continue;
		/* This host may be listed by several of its addresses: it stands there once. */
		if (discovery->peers[i].is_self && chooser->self != DISCOVERY_NOWHERE)
			continue;
		if (discovery->peers[i].is_self)
			chooser->self = chooser->count;
		add_member(chooser, i);
		has_locations |= chooser->members[chooser->count - 1].location[0] != '\0';
	}
	add_self(chooser, has_locations);
}

static uint64_t epoch_now(void)
{
	return (uint64_t)clock_wall().unix_ns / EPOCH_NS;
}

/* Marks the chosen ones in `is_chosen`. */
static bool choose_some(struct mesh_discovery *discovery, bool *is_chosen)
{
	size_t room = discovery->list.count + 1u;
	struct chooser chooser = {
		.discovery = discovery,
		.members = malloc(room * sizeof(*chooser.members)),
		.places = malloc(room * sizeof(*chooser.places)),
		.texts = malloc(room * sizeof(*chooser.texts)),
	};
	uint32_t chosen[PINGLIST_K_MAX];
	bool has_room = chooser.members && chooser.places && chooser.texts;

	if (has_room) {
		gather(&chooser);
		struct pinglist_setup setup = {
			.members = chooser.members,
			.count = chooser.count,
			.k = discovery->setup.k,
			.seed = discovery->setup.seed,
			.epoch = epoch_now(),
		};
		uint32_t count = pinglist_of(&setup, chooser.self, chosen, PINGLIST_K_MAX);
		for (uint32_t i = 0; i < count; i++)
			is_chosen[chooser.places[chosen[i]]] = true;
	}
	free(chooser.members);
	free(chooser.places);
	free(chooser.texts);
	return has_room;
}

/* With this node. */
static uint32_t count_listed(const struct mesh_discovery *discovery)
{
	uint32_t count = 1;

	for (uint32_t i = 0; i < discovery->list.count; i++)
		count += is_listed(discovery, i) && !discovery->peers[i].is_self;
	return count;
}

static bool mark(struct mesh_discovery *discovery, uint32_t place, bool is_chosen)
{
	struct mesh_peer *peer = &discovery->peers[place];
	struct discovery_member *member = &discovery->members[place];

	if (peer->is_chosen == is_chosen)
		return false;
	peer->is_chosen = is_chosen;
	member->was_chosen |= is_chosen;
	member->unchosen_ns = is_chosen ? 0 : loop_now(discovery->setup.loop);
	return true;
}

bool discovery_choose(struct mesh_discovery *discovery)
{
	uint32_t listed = count_listed(discovery);
	uint32_t k = discovery->setup.k;
	bool is_all = k == 0 || listed <= PINGLIST_ALL || listed - 1 <= k;
	bool *is_chosen = calloc(discovery->list.count + 1u, sizeof(*is_chosen));
	bool is_changed = false;

	/* Where memory is short the choice stays as it was. */
	if (is_chosen == NULL || (!is_all && !choose_some(discovery, is_chosen))) {
		free(is_chosen);
		return false;
	}
	discovery->list.chosen = 0;
	for (uint32_t i = 0; i < discovery->list.count; i++) {
		const struct mesh_peer *peer = &discovery->peers[i];
		if (is_listed(discovery, i))
			is_changed |=
				mark(discovery, i, !peer->is_self && (is_all || is_chosen[i]));
		discovery->list.chosen += peer->is_chosen;
	}
	free(is_chosen);
	return is_changed;
}

/* ---- targets */

static void set_target(struct mesh_target *target, const struct mesh_peer *peer)
{
	*target = (struct mesh_target){
		.id = peer->id,
		.endpoint = peer->endpoint,
		.http_port = peer->http_port,
		.grpc_port = peer->grpc_port,
		.speech = peer->speech,
		.is_probed = peer->is_chosen,
		.url = peer->url,
	};
	memcpy(target->name, peer->name, sizeof(target->name));
}

uint32_t mesh_discovery_targets(const struct mesh_discovery *discovery, struct mesh_target *ret,
				uint32_t max)
{
	uint32_t count = 0;

	/* Those that are probed first: what is only kept has to do with the rest. */
	for (int is_kept = 0; is_kept <= 1; is_kept++) {
		for (uint32_t i = 0; i < discovery->list.count && count < max; i++) {
			const struct mesh_peer *peer = &discovery->peers[i];
			bool is_kept_only = !peer->is_chosen && !peer->is_self &&
					    discovery->members[i].was_chosen;
			if (is_kept ? is_kept_only : peer->is_chosen)
				set_target(&ret[count++], peer);
		}
	}
	return count;
}
