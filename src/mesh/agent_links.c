#include "mesh/agent_links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/pages.h"
#include "metric/path_result.h"

#define NO_PLACE UINT32_MAX
/* What a list brings is added to what was there before, so at most half is in use. */
#define HASH_PER_PLACE 4

/* ---- lists that are handed over */

static int copy_url(struct mesh_target *target)
{
	if (target->url == NULL)
		return 0;
	target->url = strdup(target->url);
	return target->url != NULL ? 0 : -ENOMEM;
}

int mesh_targets_copy(const struct mesh_target *targets, uint32_t count, struct mesh_targets **ret)
{
	struct mesh_targets *copy =
		calloc(1, sizeof(*copy) + (size_t)count * sizeof(copy->items[0]));

	if (copy == NULL)
		return -ENOMEM;
	for (; copy->count < count; copy->count++) {
		copy->items[copy->count] = targets[copy->count];
		if (copy_url(&copy->items[copy->count]) < 0) {
			mesh_targets_free(copy);
			return -ENOMEM;
		}
	}
	*ret = copy;
	return 0;
}

void mesh_targets_free(struct mesh_targets *targets)
{
	if (targets == NULL)
		return;
	for (uint32_t i = 0; i < targets->count; i++)
		free((void *)targets->items[i].url);
	free(targets);
}

/* ---- finding */

static uint64_t hash_of_name(const char *name)
{
	return hash_mix(hash_text(HASH_BEGIN, name));
}

static void hash_put(const struct mesh_links *links, uint32_t *hash, uint64_t key, uint32_t place)
{
	uint32_t mask = links->hash_size - 1;
	uint32_t at = (uint32_t)key & mask;

	while (hash[at] != 0)
		at = (at + 1) & mask;
	hash[at] = place + 1;
}

static uint32_t find_id(const struct mesh_links *links, uint64_t id)
{
	uint32_t mask = links->hash_size - 1;

	for (uint32_t at = (uint32_t)hash_mix(id) & mask; links->by_id[at] != 0;
	     at = (at + 1) & mask) {
		uint32_t place = links->by_id[at] - 1;
		const struct mesh_link *link = &links->slots[place].link;
		if (link->pair != NULL && link->target.id == id)
			return place;
	}
	return NO_PLACE;
}

/* Has a name, and nobody is to be probed there. */
static bool is_left(const struct mesh_link_slot *slot)
{
	const struct mesh_pair *pair = slot->link.pair;

	return pair != NULL && pair->told_name[0] != '\0' && slot->fate != MESH_LINK_IS_PROBED;
}

static uint32_t find_left(const struct mesh_links *links, const char *name)
{
	uint32_t mask = links->hash_size - 1;
	uint32_t at = (uint32_t)hash_of_name(name) & mask;

	for (; links->by_name[at] != 0; at = (at + 1) & mask) {
		uint32_t place = links->by_name[at] - 1;
		const struct mesh_link_slot *slot = &links->slots[place];
		if (is_left(slot) && strcmp(slot->link.pair->told_name, name) == 0)
			return place;
	}
	return NO_PLACE;
}

static void index_ids(struct mesh_links *links)
{
	memset(links->by_id, 0, links->hash_size * sizeof(*links->by_id));
	for (uint32_t i = 0; i < links->live->places; i++) {
		const struct mesh_link *link = &links->slots[i].link;
		if (link->pair != NULL)
			hash_put(links, links->by_id, hash_mix(link->target.id), i);
	}
}

static void index_left(struct mesh_links *links)
{
	memset(links->by_name, 0, links->hash_size * sizeof(*links->by_name));
	for (uint32_t i = 0; i < links->live->places; i++) {
		const struct mesh_link_slot *slot = &links->slots[i];
		if (is_left(slot))
			hash_put(links, links->by_name, hash_of_name(slot->link.pair->told_name),
				 i);
	}
}

/* ---- the probers */

static void engage_with(struct mesh_links *links, struct mesh_link *link, unsigned kind)
{
	/* Where there is no memory it has no part in this link until the link is engaged anew. */
	if (links->states[kind] != NULL && links->kinds[kind]->add(links->states[kind], link) < 0)
		link->own[kind] = NULL;
}

static void engage(struct mesh_links *links, struct mesh_link *link)
{
	link->pair->is_probed = true;
	link->pair->window.is_probed = true;
	for (unsigned i = 0; i < MESH_PROBERS; i++)
		engage_with(links, link, i);
}

static void withdraw(struct mesh_links *links, struct mesh_link *link)
{
	if (!link->pair->is_probed)
		return;
	for (unsigned i = 0; i < MESH_PROBERS; i++) {
		if (links->states[i] != NULL && link->own[i] != NULL)
			links->kinds[i]->remove(links->states[i], link);
		link->own[i] = NULL;
	}
	link->pair->is_probed = false;
}

void mesh_links_open(struct mesh_links *links, enum mesh_prober_kind_index kind)
{
	for (uint32_t i = 0; i < links->live->places; i++) {
		struct mesh_link *link = &links->slots[i].link;
		if (link->pair != NULL && link->pair->is_probed)
			engage_with(links, link, kind);
	}
}

void mesh_links_withdraw_all(struct mesh_links *links)
{
	for (uint32_t i = 0; i < links->live->places; i++) {
		if (links->slots[i].link.pair != NULL)
			withdraw(links, &links->slots[i].link);
	}
}

/* ---- one link */

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Nothing that a prober may hold on to is different. The name is not: it is looked at each time. */
static bool is_same_way(const struct mesh_target *a, const struct mesh_target *b)
{
	return a->id == b->id && endpoint_is_equal(&a->endpoint, &b->endpoint) &&
	       a->http_port == b->http_port && a->grpc_port == b->grpc_port &&
	       a->speech == b->speech && is_same_text(a->url, b->url);
}

static void set_target(struct mesh_link *link, struct mesh_target *target)
{
	free((void *)link->target.url);
	link->target = *target;
	target->url = NULL;
	link->pair->id = target->id;
	link->pair->endpoint = target->endpoint;
}

static void update(struct mesh_links *links, uint32_t place, struct mesh_target *target)
{
	struct mesh_link *link = &links->slots[place].link;

	if (!target->is_probed || !is_same_way(&link->target, target))
		withdraw(links, link);
	set_target(link, target);
	if (target->is_probed && !link->pair->is_probed)
		engage(links, link);
}

static uint32_t find_free(struct mesh_links *links)
{
	while (links->free_from < links->places && links->slots[links->free_from].link.pair)
		links->free_from++;
	return links->free_from < links->places ? links->free_from : NO_PLACE;
}

static void forget(struct mesh_links *links, uint32_t place)
{
	struct mesh_link *link = &links->slots[place].link;

	withdraw(links, link);
	memset(link->pair, 0, sizeof(*link->pair));
	free((void *)link->target.url);
	*link = (struct mesh_link){ .pair = NULL };
	if (place < links->free_from)
		links->free_from = place;
}

static void begin(struct mesh_links *links, struct mesh_target *target, uint64_t now_ns)
{
	uint32_t place = find_free(links);

	/* Never probed: there is nothing to keep. Or it was named twice. */
	if (!target->is_probed || place == NO_PLACE || find_id(links, target->id) != NO_PLACE)
		return;
	struct mesh_link_slot *slot = &links->slots[place];
	struct mesh_pair *pair = &links->live->pairs[place];

	pair->began_ns = now_ns;
	pair->grpc_health = UINT8_MAX;
	pair->mtu.forward.verdict = PATH_VERDICTS;
	pair->mtu.reverse.verdict = PATH_VERDICTS;
	pair->window.number = links->live->node.window;
	slot->fate = MESH_LINK_IS_PROBED;
	slot->link = (struct mesh_link){ .pair = pair, .place = place };
	set_target(&slot->link, target);
	hash_put(links, links->by_id, hash_mix(target->id), place);
	if (place >= links->live->places)
		links->live->places = place + 1;
	engage(links, &slot->link);
}

/* ---- a list */

/* What is known by its id. True: that is all. */
static bool find_known(struct mesh_links *links, const struct mesh_targets *targets)
{
	bool are_all_known = true;

	for (uint32_t i = 0; i < links->live->places; i++)
		links->slots[i].fate = MESH_LINK_GOES;
	for (uint32_t i = 0; i < targets->count; i++) {
		const struct mesh_target *target = &targets->items[i];
		uint32_t place = find_id(links, target->id);
		links->found[i] = NO_PLACE;
		are_all_known &= place != NO_PLACE;
		if (place == NO_PLACE || links->slots[place].fate != MESH_LINK_GOES)
			continue;
		links->found[i] = place;
		links->slots[place].fate =
			target->is_probed ? MESH_LINK_IS_PROBED : MESH_LINK_RESTS;
	}
	return are_all_known;
}

/* The same node under another id. */
static void take_over(struct mesh_links *links, struct mesh_targets *targets)
{
	index_left(links);
	for (uint32_t i = 0; i < targets->count; i++) {
		struct mesh_target *target = &targets->items[i];
		if (!target->is_probed || target->name[0] == '\0' ||
		    find_id(links, target->id) != NO_PLACE)
			continue;
		uint32_t place = find_left(links, target->name);
		if (place == NO_PLACE)
			continue;
		links->slots[place].fate = MESH_LINK_IS_PROBED;
		links->slots[place].link.pair->is_leaving = false;
		update(links, place, target);
		hash_put(links, links->by_id, hash_mix(target->id), place);
	}
}

static void settle_places(struct mesh_links *links)
{
	struct mesh_snapshot *live = links->live;

	while (live->places > 0 && links->slots[live->places - 1].link.pair == NULL)
		live->places--;
	index_ids(links);
}

void mesh_links_take(struct mesh_links *links, struct mesh_targets *targets, uint64_t now_ns)
{
	if (!find_known(links, targets))
		take_over(links, targets);
	for (uint32_t i = 0; i < links->live->places; i++) {
		const struct mesh_link_slot *slot = &links->slots[i];
		if (slot->link.pair != NULL && slot->fate == MESH_LINK_GOES)
			forget(links, i);
	}
	for (uint32_t i = 0; i < targets->count; i++) {
		struct mesh_target *target = &targets->items[i];
		uint32_t place = links->found[i];
		/* Unless another has its place now, under the name that was this one's. */
		if (place != NO_PLACE && links->slots[place].link.target.id == target->id)
			update(links, place, target);
	}
	for (uint32_t i = 0; i < targets->count; i++)
		begin(links, &targets->items[i], now_ns);
	settle_places(links);
}

/* ---- life */

static uint32_t hash_size_for(uint32_t places)
{
	uint32_t size = 16;

	while (size < (uint64_t)places * HASH_PER_PLACE)
		size *= 2;
	return size;
}

static int new_pages(size_t count, size_t size, void *ret)
{
	return pages_new(count * size, PAGES_PRIVATE, ret);
}

int mesh_links_init(struct mesh_links *links, struct mesh_snapshot *live, uint32_t places,
		    const struct mesh_prober_kind *const *kinds)
{
	*links = (struct mesh_links){
		.live = live,
		.places = places,
		.kinds = kinds,
		.hash_size = hash_size_for(places),
	};
	int result = new_pages(places, sizeof(*links->slots), &links->slots);
	if (result >= 0)
		result = new_pages(links->hash_size, sizeof(*links->by_id), &links->by_id);
	if (result >= 0)
		result = new_pages(links->hash_size, sizeof(*links->by_name), &links->by_name);
	if (result >= 0)
		result = new_pages(places, sizeof(*links->found), &links->found);
	if (result < 0)
		mesh_links_deinit(links);
	return result;
}

void mesh_links_deinit(struct mesh_links *links)
{
	if (links->live == NULL)
		return;
	mesh_links_withdraw_all(links);
	for (uint32_t i = 0; i < links->live->places; i++)
		free((void *)links->slots[i].link.target.url);
	pages_free(links->slots, links->places * sizeof(*links->slots));
	pages_free(links->by_id, links->hash_size * sizeof(*links->by_id));
	pages_free(links->by_name, links->hash_size * sizeof(*links->by_name));
	pages_free(links->found, links->places * sizeof(*links->found));
	*links = (struct mesh_links){ .live = NULL };
}
