/* The list of peers, made anew from what all sources say. The first that lists an endpoint is the
 * one that counts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/discovery_parts.h"
#include "sys/interface.h"

#define OWN_ADDRESSES_MAX 256
/* Events of one kind at once. */
#define TOLD_MAX 16

struct maker {
	struct mesh_discovery *discovery;
	struct discovery_source *source;
	uint64_t now_ns;
	uint32_t listed;
	uint32_t refused;
	uint32_t refused_here; /* of the source, by where they are */
	uint32_t own_count;
	struct endpoint own[OWN_ADDRESSES_MAX];
};

/* ---- events */

void discovery_tell(struct mesh_discovery *discovery, enum mesh_event_kind kind, uint32_t place,
		    const char *text)
{
	const struct mesh_peer *peer = &discovery->peers[place];
	char address[ENDPOINT_TEXT_MAX];
	const char *place_text = peer->url ? peer->url : endpoint_format(&peer->endpoint, address);
	bool is_said = strcmp(place_text, peer->name) == 0;

	if (++discovery->told[kind] > TOLD_MAX)
		return;
	mesh_events_note(discovery->setup.events, kind, peer->name, "%s%s%s",
			 is_said ? "" : place_text, is_said ? "" : " ", text);
}

void discovery_tell_rest(struct mesh_discovery *discovery)
{
	for (unsigned kind = 0; kind < MESH_EVENTS; kind++) {
		if (discovery->told[kind] > TOLD_MAX)
			mesh_events_note(discovery->setup.events, (enum mesh_event_kind)kind, "",
					 "the same of %u more peers",
					 discovery->told[kind] - TOLD_MAX);
		discovery->told[kind] = 0;
	}
}

/* ---- the two arrays */

static int reserve(struct mesh_discovery *discovery)
{
	uint32_t capacity = discovery->capacity + discovery->capacity / 8 + 16;

	if (discovery->list.count < discovery->capacity)
		return 0;
	struct mesh_peer *peers = reallocarray(discovery->peers, capacity, sizeof(*peers));
	if (peers == NULL)
		return -ENOMEM;
	discovery->peers = peers;
	discovery->list.peers = peers;
	struct discovery_member *members =
		reallocarray(discovery->members, capacity, sizeof(*members));
	if (members == NULL)
		return -ENOMEM;
	discovery->members = members;
	discovery->capacity = capacity;
	return 0;
}

/* 10,000 peers are 2.5 MB: the slack of growing goes back. */
static void drop_slack(struct mesh_discovery *discovery)
{
	uint32_t count = discovery->list.count;

	if (count == 0 || count == discovery->capacity)
		return;
	struct mesh_peer *peers = reallocarray(discovery->peers, count, sizeof(*peers));
	discovery->peers = peers != NULL ? peers : discovery->peers;
	discovery->list.peers = discovery->peers;
	struct discovery_member *members =
		reallocarray(discovery->members, count, sizeof(*members));
	discovery->members = members != NULL ? members : discovery->members;
	discovery->capacity = count;
}

static int compare_names(const void *left, const void *right, void *context)
{
	const struct mesh_peer *peers = context;

	return strcmp(peers[*(const uint32_t *)left].name, peers[*(const uint32_t *)right].name);
}

/* order[i] is where the one is that belongs to i: each circle of places is moved once. */
static void arrange(struct mesh_discovery *discovery, uint32_t *order)
{
	for (uint32_t i = 0; i < discovery->list.count; i++) {
		struct mesh_peer peer = discovery->peers[i];
		struct discovery_member member = discovery->members[i];
		uint32_t at = i;
		while (order[at] != i) {
			uint32_t from = order[at];
			discovery->peers[at] = discovery->peers[from];
			discovery->members[at] = discovery->members[from];
			order[at] = at;
			at = from;
		}
		discovery->peers[at] = peer;
		discovery->members[at] = member;
		order[at] = at;
	}
}

static void index_all(struct mesh_discovery *discovery)
{
	memset(discovery->index.places, 0,
	       ((size_t)discovery->index.mask + 1) * sizeof(*discovery->index.places));
	for (uint32_t i = 0; i < discovery->list.count; i++)
		discovery_index_put(discovery, i);
}

void discovery_sort(struct mesh_discovery *discovery)
{
	uint32_t count = discovery->list.count;
	uint32_t *order = malloc((count + 1u) * sizeof(*order));

	for (uint32_t i = 0; order != NULL && i < count; i++)
		order[i] = i;
	if (order != NULL) {
		qsort_r(order, count, sizeof(*order), compare_names, discovery->peers);
		arrange(discovery, order);
	}
	free(order);
	index_all(discovery);
}

void discovery_drop(struct mesh_discovery *discovery)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < discovery->list.count; i++) {
		if (!discovery->members[i].is_kept) {
			free((char *)discovery->peers[i].url);
			continue;
		}
		discovery->peers[kept] = discovery->peers[i];
		discovery->members[kept++] = discovery->members[i];
	}
	discovery->is_changed |= kept != discovery->list.count;
	discovery->list.count = kept;
	index_all(discovery);
}

/* ---- one endpoint of one item */

static bool is_self(const struct maker *maker, const struct endpoint *endpoint)
{
	struct endpoint address = *endpoint;

	if (endpoint->port != maker->discovery->own.port)
		return false;
	/* At one address alone: at the others of this host another node may answer. */
	if (maker->discovery->own.family != 0 && !endpoint_is_any(&maker->discovery->own))
		return endpoint_is_equal(endpoint, &maker->discovery->own);
	address.port = 0;
	for (uint32_t i = 0; i < maker->own_count; i++) {
		if (endpoint_is_equal(&address, &maker->own[i]))
			return true;
	}
	return false;
}

/* What came over the network may send us only to where it is allowed. */
static bool may_name(const struct maker *maker, const struct discovery_item *item,
		     const struct endpoint *endpoint)
{
	const struct mesh_discovery_setup *setup = &maker->discovery->setup;
	bool is_told = maker->source->kind == DISCOVERY_HTTP || item->question != NULL;

	if (!is_told || setup->allowed_count == 0)
		return true;
	for (uint32_t i = 0; i < setup->allowed_count; i++) {
		if (subnet_has(&setup->allowed[i], endpoint))
			return true;
	}
	return false;
}

static void apply_text(struct maker *maker, char *ret, size_t size, const char *text)
{
	if (strcmp(ret, text) == 0)
		return;
	(void)snprintf(ret, size, "%s", text);
	maker->discovery->is_changed = true;
}

/* Where it is spoken to, and how. */
static void apply_ways(struct maker *maker, struct mesh_peer *peer,
		       const struct discovery_marks *marks)
{
	uint8_t speech = peer->url != NULL ? MESH_SPEECH_HTTP : marks->speech;

	maker->discovery->is_changed |= peer->http_port != marks->http_port ||
					peer->grpc_port != marks->grpc_port ||
					peer->speech != speech;
	peer->http_port = marks->http_port;
	peer->grpc_port = marks->grpc_port;
	peer->speech = speech;
}

static void apply_marks(struct maker *maker, uint32_t place, const struct discovery_marks *marks)
{
	struct mesh_peer *peer = &maker->discovery->peers[place];
	struct discovery_member *member = &maker->discovery->members[place];
	const char *location = marks->text + marks->location_at;

	apply_ways(maker, peer, marks);
	apply_text(maker, peer->rack, sizeof(peer->rack), marks->text + marks->rack_at);
	if (*location != '\0' || !member->is_told_place) {
		apply_text(maker, peer->location, sizeof(peer->location), location);
		member->is_told_place = false;
	}
	if (marks->text[0] != '\0')
		(void)discovery_claim(maker->discovery, place, marks->text, DISCOVERY_BY_LABEL);
	else if (peer->name[0] == '\0' || member->name_from == DISCOVERY_BY_LABEL)
		discovery_claim_address(maker->discovery, place);
}

static uint32_t add_peer(struct maker *maker, uint64_t id, const struct endpoint *endpoint,
			 const char *url)
{
	struct mesh_discovery *discovery = maker->discovery;
	uint32_t place = discovery->list.count;
	char *copy = url != NULL ? strdup(url) : NULL;

	if ((url != NULL && copy == NULL) || reserve(discovery) < 0) {
		free(copy);
		return DISCOVERY_NOWHERE;
	}
	discovery->peers[place] = (struct mesh_peer){
		.id = id,
		.url = copy,
		.joined_ns = maker->now_ns,
		.life = MESH_LIFE_JOINING,
	};
	if (url == NULL)
		discovery->peers[place].endpoint = *endpoint;
	discovery->members[place] = (struct discovery_member){ .is_new = true };
	discovery->list.count++;
	discovery_index_put(discovery, place);
	discovery->is_changed = true;
	return place;
}

/* It was away, or on its way, and is listed again. */
static void list_again(struct maker *maker, uint32_t place)
{
	struct mesh_peer *peer = &maker->discovery->peers[place];
	struct discovery_member *member = &maker->discovery->members[place];

	if (peer->left_ns == 0)
		return;
	peer->left_ns = 0;
	maker->discovery->is_changed = true;
	if (member->is_leaving)
		return;
	member->leaving_ns = 0;
	member->is_new = peer->life == MESH_LIFE_GONE;
	if (peer->life == MESH_LIFE_GONE)
		peer->joined_ns = maker->now_ns;
	bool is_up = peer->life == MESH_LIFE_DRAINING && member->answered_ns != 0;
	peer->life = is_up ? MESH_LIFE_UP : MESH_LIFE_JOINING;
	member->gone_ns = 0;
}

static void list_endpoint(struct maker *maker, const struct discovery_item *item,
			  const struct endpoint *endpoint)
{
	struct mesh_discovery *discovery = maker->discovery;
	uint64_t id = item->url != NULL ? discovery_hash(item->url, strlen(item->url))
					: discovery_hash(endpoint, sizeof(*endpoint));
	uint32_t place = discovery_find(discovery, id);

	if (place != DISCOVERY_NOWHERE &&
	    discovery->members[place].generation == discovery->generation) {
		discovery->public[maker->source->index].peers++;
		return;
	}
	bool is_full = maker->listed >= discovery->setup.peers_max;
	if (!is_full && place == DISCOVERY_NOWHERE)
		place = add_peer(maker, id, endpoint, item->url);
	if (is_full || place == DISCOVERY_NOWHERE) {
		maker->refused++;
		return;
	}
	discovery->members[place].generation = discovery->generation;
	discovery->peers[place].source = maker->source->index;
	discovery->peers[place].is_self = item->url == NULL && is_self(maker, endpoint);
	discovery->public[maker->source->index].peers++;
	maker->listed++;
	list_again(maker, place);
	apply_marks(maker, place, item->marks);
}

static void list_item(struct maker *maker, const struct discovery_item *item)
{
	const struct discovery_question *question = item->question;
	uint32_t count = question != NULL ? question->count : 1;
	uint32_t refused = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct endpoint *endpoint =
			question != NULL ? &question->endpoints[i] : &item->endpoint;
		bool is_allowed = (item->url != NULL && endpoint->family == 0) ||
				  may_name(maker, item, endpoint);
		refused += !is_allowed;
		if (is_allowed && item->url == NULL)
			list_endpoint(maker, item, endpoint);
	}
	maker->refused_here += refused;
	/* A page may be at any of its addresses. */
	if (item->url != NULL && count > 0 && refused == 0)
		list_endpoint(maker, item, &item->endpoint);
}

static void list_source(struct maker *maker, struct discovery_source *source)
{
	struct mesh_discovery *discovery = maker->discovery;

	maker->source = source;
	maker->refused_here = 0;
	discovery->public[source->index].peers = 0;
	for (uint32_t i = 0; i < source->items.count; i++)
		list_item(maker, &source->items.rows[i]);
	maker->refused += maker->refused_here;
	if (maker->refused_here > 0 && !source->has_refused)
		mesh_events_note(discovery->setup.events, MESH_EVENT_SOURCE, "",
				 "%s names %u peers where none may be: refused",
				 discovery->public[source->index].text, maker->refused_here);
	source->has_refused = maker->refused_here > 0;
}

/* ---- the whole */

/* Those that no source lists any more: they drain, if they were looked at. */
static void leave(struct maker *maker)
{
	struct mesh_discovery *discovery = maker->discovery;
	uint32_t left = 0;

	for (uint32_t i = 0; i < discovery->list.count; i++) {
		struct mesh_peer *peer = &discovery->peers[i];
		struct discovery_member *member = &discovery->members[i];
		member->is_kept = true;
		if (member->generation == discovery->generation)
			continue;
		member->is_kept =
			member->was_chosen && !peer->is_self && left++ < DISCOVERY_LEFT_MAX;
		if (!member->is_kept || peer->left_ns != 0)
			continue;
		discovery->is_changed = true;
		peer->left_ns = maker->now_ns;
		if (member->leaving_ns == 0)
			member->leaving_ns = maker->now_ns;
		if (peer->life != MESH_LIFE_JOINING && peer->life != MESH_LIFE_UP)
			continue;
		peer->life = MESH_LIFE_DRAINING;
		discovery_tell(discovery, MESH_EVENT_LEAVING, i, "is not listed any more");
	}
	discovery_drop(discovery);
}

static void tell_new(struct mesh_discovery *discovery)
{
	for (uint32_t i = 0; i < discovery->list.count; i++) {
		if (discovery->members[i].is_new && !discovery->peers[i].is_self)
			discovery_tell(discovery, MESH_EVENT_JOINED, i, "is listed");
		discovery->members[i].is_new = false;
	}
	discovery_tell_rest(discovery);
}

static void tell_refused(struct mesh_discovery *discovery, uint32_t listed)
{
	bool is_full = listed >= discovery->setup.peers_max && discovery->list.refused > 0;

	if (is_full && !discovery->has_been_full)
		mesh_events_note(discovery->setup.events, MESH_EVENT_SOURCE, "",
				 "more than %u peers are listed: the others are refused",
				 discovery->setup.peers_max);
	discovery->has_been_full = is_full;
}

void discovery_rebuild(struct mesh_discovery *discovery)
{
	struct maker maker = {
		.discovery = discovery,
		.now_ns = loop_now(discovery->setup.loop),
	};

	discovery->is_dirty = false;
	discovery->is_changed = false;
	discovery->generation++;
	maker.own_count = interface_addresses(maker.own, OWN_ADDRESSES_MAX);
	for (uint32_t i = 0; i < discovery->source_count; i++)
		list_source(&maker, discovery->sources[i]);
	discovery->is_changed |= discovery->list.refused != maker.refused;
	discovery->list.refused = maker.refused;
	tell_refused(discovery, maker.listed);
	leave(&maker);
	discovery->is_changed |= discovery_name_all(discovery);
	drop_slack(discovery);
	discovery_sort(discovery);
	tell_new(discovery);
	discovery->is_changed |= discovery_choose(discovery);
	if (!discovery->is_changed && discovery->list.version > 0)
		return;
	discovery->list.version++;
	if (discovery->setup.changed != NULL)
		discovery->setup.changed(discovery->setup.context);
}
